"""All alarms and the schedule of checks: which check is due, what its result changes.  Pure; time comes in.

`now` is monotonic and orders checks, `at` is wall-clock and is told to people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from appliance.errors import BadInput
from appliance.monitoring.alarm import Alarm, Change, State
from appliance.monitoring.box import NotFitted, NotSetUp
from appliance.monitoring.messages import AlarmWord, CheckHealth
from appliance.monitoring.plugin import SEVERITY, Status, Verdict
from appliance.monitoring.table import Check

SPREAD_S: Final = 0.15  # checks begin one after the other, so that a start is no storm
RETRY_SHARE: Final = 3  # the retry interval where a check has none of its own
NOT_FITTED: Final = frozenset({NotFitted.key, NotSetUp.key})
PENDING: Final = Verdict(Status.OK, "pending")


class Watch:
    """Ask `due`, start those checks, `feed` their results."""

    def __init__(self, checks: Iterable[Check], *, interval_s: float, now: float) -> None:
        self._checks = {check.name: check for check in checks}
        self._interval_s = interval_s
        self._begun = now
        self.alarms = {name: Alarm(name) for name in self._checks}
        self.verdicts: dict[str, Verdict] = dict.fromkeys(self._checks, PENDING)
        self._checked_at: dict[str, float] = {}
        self._held_by: dict[str, str] = {}
        self._due = {name: now + place * SPREAD_S for place, name in enumerate(self._checks)}
        self._running: set[str] = set()

    # --- the schedule ---------------------------------------------------------------------------------

    def due(self, now: float) -> list[Check]:
        """The checks to start now; each is then running until it is fed."""
        found = [
            self._checks[name] for name, due in self._due.items() if due <= now and name not in self._running
        ]
        self._running |= {check.name for check in found}
        return found

    def _again_at(self, check: Check, now: float) -> float:
        every = check.every_s or self._interval_s
        is_doubtful = self.alarms[check.name].state is State.DOUBTFUL
        return now + ((check.retry_s or every / RETRY_SHARE) if is_doubtful else every)

    # --- results --------------------------------------------------------------------------------------

    def feed(self, name: str, verdict: Verdict, *, now: float, at: float) -> list[Change]:
        """A check ended.  What is to be told comes back."""
        check, alarm = self._checks[name], self.alarms[name]
        self._running.discard(name)
        self.verdicts[name] = verdict
        self._checked_at[name] = at
        cause = self._cause(check) if verdict.status is not Status.OK else ""
        self._held_by[name] = cause
        is_settling = now - self._begun < check.settles_s and not alarm.stands
        changes = alarm.feed(verdict.status, at=at, is_explained=bool(cause) or is_settling)
        if alarm.state is State.DOUBTFUL:
            self._look_at_causes(check, now)
        self._due[name] = self._again_at(check, now)
        return changes

    def _cause(self, check: Check) -> str:
        """What else is wrong, even if not yet confirmed, that explains this check."""
        for name in check.explained_by:
            if name in self.alarms and self.alarms[name].state is not State.FINE:
                return name
        return ""

    def _look_at_causes(self, check: Check, now: float) -> None:
        """Before this alarm can be raised, its causes have been looked at."""
        for name in check.explained_by:
            if name in self._due and name not in self._running:
                self._due[name] = min(self._due[name], now)

    def acknowledge(self, name: str, who: str, note: str, *, at: float) -> list[Change]:
        """A person knows of an alarm.  Raises BadInput."""
        if name not in self.alarms:
            raise BadInput(f"There is no check {name}.")
        return self.alarms[name].acknowledge(who, note, at=at)

    # --- what is shown --------------------------------------------------------------------------------

    def health(self) -> tuple[CheckHealth, ...]:
        """Every check as it stands, in the order of the table."""
        return tuple(self._health(name) for name in self._checks)

    def _health(self, name: str) -> CheckHealth:
        alarm, verdict = self.alarms[name], self.verdicts[name]
        word: AlarmWord = alarm.word
        return CheckHealth(
            name=name,
            status=verdict.status,
            alarm=word,
            key=verdict.key,
            values=verdict.values,
            figures=verdict.figures,
            is_fitted=verdict.key not in NOT_FITTED,
            checked_at=self._checked_at.get(name, 0.0),
            problem_at=alarm.problem_at,
            is_flapping=alarm.flap.is_flapping,
            held_by=self._held_by.get(name, ""),
            acknowledged_by=alarm.who,
            acknowledged_at=alarm.acknowledged_at,
            note=alarm.note,
        )

    def figures(self) -> dict[str, float]:
        """Of each check the figure that is drawn over a day; the greatest where there are several."""
        found: dict[str, float] = {}
        for name, check in self._checks.items():
            values = [
                figure.value
                for figure in self.verdicts[name].figures
                if check.main and figure.label.startswith(check.main)
            ]
            if values:
                found[name] = max(values)
        return found


def worst(checks: Iterable[CheckHealth]) -> CheckHealth | None:
    """The gravest alarm that stands, the unacknowledged first; None while none stands."""
    standing = [check for check in checks if check.alarm in ("raised", "acknowledged")]
    return max(
        standing,
        key=lambda check: (check.alarm == "raised", SEVERITY[check.status], -check.problem_at),
        default=None,
    )
