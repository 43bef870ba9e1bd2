"""Turns looks at the chassis into alarms that are raised and cleared, by the table in `rules.py`.

Pure: a look and `now` in monotonic seconds go in, changes come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.chassis.messages import Severity
from appliance.chassis.rules import RULES, Rule, Seen

WORST_FIRST: Final = (Severity.CRITICAL, Severity.WARNING)
RANKS: Final[dict[Severity | None, int]] = {None: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True)
class Change:
    """An alarm is raised, or changes its severity; cleared where `severity` is None."""

    name: str
    severity: Severity | None
    what: str


def level(rule: Rule, value: float | None, standing: Severity | None) -> Severity | None:
    """The severity of a value; a standing one holds until the value is back by the hysteresis."""
    if value is None:
        return None
    sign = -1 if rule.is_low_bad else 1
    for severity in WORST_FIRST:
        limit = rule.limit(severity)
        if limit is None:
            continue
        slack = rule.hysteresis if RANKS[standing] >= RANKS[severity] else 0.0
        if sign * value >= sign * limit - slack:
            return severity
    return None


class _Watch:
    """One rule over time."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.standing: Severity | None = None
        self._pending: Severity | None = None
        self._since = 0.0

    def look(self, seen: Seen, now: float) -> Change | None:
        """A change, once it has lasted."""
        if self.rule.needs_readings and not seen.is_fresh:
            self._pending = self.standing
            return None
        value = self.rule.of(seen)
        found = level(self.rule, value, self.standing)
        if found != self._pending:
            self._pending, self._since = found, now
        if found == self.standing or now - self._since < self._patience_s(found):
            return None
        self.standing = found
        what = "" if found is None or value is None else self.rule.say(seen, value)
        return Change(self.rule.name, found, what)

    def _patience_s(self, found: Severity | None) -> float:
        is_worse = RANKS[found] > RANKS[self.standing]
        return self.rule.raise_s if is_worse else self.rule.clear_s


class Judge:
    """All rules over time."""

    def __init__(self) -> None:
        self._watches = tuple(_Watch(rule) for rule in RULES)

    def look(self, seen: Seen, now: float) -> list[Change]:
        """What has changed by this look."""
        changes = (watch.look(seen, now) for watch in self._watches)
        return [change for change in changes if change is not None]

    def standing(self) -> dict[str, Severity]:
        """Name to severity of what stands."""
        return {watch.rule.name: watch.standing for watch in self._watches if watch.standing is not None}
