"""How many calls may be out for the seats that wait, by dial mode.  Arithmetic only; adaptive is the pacer's.

A hard gate stands before all of them: no seat waits, nothing is started.
"""

from __future__ import annotations

import math
from typing import Final

from appliance.dialer.inputs import ProjectSettings
from appliance.dialer.messages import Mode

FIXED: Final[frozenset[Mode]] = frozenset({"progressive", "overdial", "ratio"})
"""Modes whose number of calls follows from the waiting seats alone."""


def calls_allowed(project: ProjectSettings, waiting: int) -> int:
    """Calls that may be on their way for `waiting` seats.  Ratio is rounded half up."""
    if waiting <= 0 or project.mode == "preview":
        return 0
    if project.mode == "progressive":
        return waiting
    if project.mode == "overdial":
        return max(0, waiting + project.overdial)
    assert project.mode == "ratio", f"{project.mode} is not counted from seats"
    return math.floor(waiting * project.ratio + 0.5)
