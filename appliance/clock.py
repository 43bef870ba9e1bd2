"""Time for everything else: monotonic seconds inside, wall-clock time only at the edges.

Cores never import this; they are handed `now`.  Shells take a `Clock`, so that a simulation can run
an eight-hour shift in seconds.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

from appliance.errors import SettingsError

NOT_BEFORE: Final = 1_577_836_800.0  # 2020-01-01 UTC: older than this product, so the clock was never set


class Clock(Protocol):
    """A source of time.  Both are seconds as float; `wall` counts from 1970-01-01 UTC."""

    def monotonic(self) -> float: ...

    def wall(self) -> float: ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()


def check_is_set(clock: Clock) -> None:
    """Refuse a clock that was never set: its times would stand in the books.  Raises SettingsError."""
    wall = clock.wall()
    if wall < NOT_BEFORE:
        shown = time.strftime("%Y-%m-%d %H:%M", time.gmtime(wall))
        raise SettingsError(
            f"The clock of this box is not set: it says {shown} UTC.",
            remedy="Set it (`timedatectl set-time '2026-04-01 09:00:00'`) or give it a time server.",
        )


class VirtualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, *, wall_start: float = 1_795_000_000.0) -> None:
        self._now = 0.0
        self._wall_start = wall_start

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall_start + self._now

    def advance_to(self, now: float) -> None:
        assert now >= self._now, "a virtual clock never runs backwards"
        self._now = now

    def step_wall(self, seconds: float) -> None:
        """Move the wall clock alone, as NTP or a technician does."""
        self._wall_start += seconds
