"""The nightly backup: its age, whether the last run went through, and when one was last restored as a test.

Thresholds: hours since the last good backup.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from appliance.backup import messages as status
from appliance.monitoring.box import Box, NotSetUp
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited

DRILL_MAX_H: Final = 24 * 40  # a test restore a month, and some days of grace


@dataclass(frozen=True)
class Backup:
    """Hours since the last good backup and the last good test restore; None: there was never one.

    `error` is why the latest run failed, "" where it went through.  `has_target`: false on a box that has
    real lines and nowhere to save to.
    """

    age_h: float | None
    drill_h: float | None
    error: str = ""
    has_target: bool = True


def read_backup(box: Box) -> Backup:
    """Raises NotSetUp where a floor without a real line, such as a demonstration, names no target."""
    if not box.settings.backup.target:
        if any(span.kind == "dahdi" for span in box.settings.spans):
            return Backup(None, None, has_target=False)
        raise NotSetUp("backup.target is not set.")
    found, now = status.read(box.home), time.time()
    return Backup(_hours(found.last_good_at, now), _hours(found.last_drill_at, now), found.error)


def _hours(at_ms: int, now: float) -> float | None:
    return (now - at_ms / 1000) / 3600 if at_ms else None


def judge_backup(seen: Backup, limits: Thresholds) -> Verdict:
    drill = "-" if seen.drill_h is None else f"{seen.drill_h / 24:.0f}"
    values = {"hours": f"{seen.age_h or 0:.0f}", "drill": drill, "what": seen.error or "-"}
    if not seen.has_target:
        return Verdict(Status.WARNING, "backup_unset", values)
    if seen.age_h is None:
        return Verdict(Status.WARNING, "backup_failed" if seen.error else "backup_none", values)
    figures = [limited("age", seen.age_h, "", limits)]
    if seen.drill_h is not None:
        figures.append(Figure("drill_age", seen.drill_h, "", str(DRILL_MAX_H), "", "0"))
    by_age = limits.status(seen.age_h)
    if by_age is not Status.OK:
        return Verdict(by_age, "backup_failed" if seen.error else "backup_old", values, tuple(figures))
    if seen.error:
        return Verdict(Status.WARNING, "backup_failed", values, tuple(figures))
    if seen.drill_h is not None and seen.drill_h > DRILL_MAX_H:
        return Verdict(Status.WARNING, "backup_untested", values, tuple(figures))
    key = "backup" if seen.drill_h is not None else "backup_undrilled"
    return Verdict(Status.OK, key, values, tuple(figures))
