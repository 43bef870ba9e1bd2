"""When the next tick is due: 20 ms after the last by the timer, or by the card's blocks.  Pure.

The card's clock is the network's; ticking with it, nothing is ever dropped or repeated between line and
phone.  A card that falls silent is given up for the timer until one gives blocks again.
"""

from __future__ import annotations

from typing import Final

from appliance.audio.mulaw import TICK_S

EARLIEST_S: Final = 0.015  # a block that comes sooner after a tick is an old one
LATEST_S: Final = 0.024  # one that comes later is missing
MISSES_MAX: Final = 5
BEHIND_MAX: Final = 5  # ticks made up for one after the other, as the card's cushion allows; beyond, let go


class TickClock:
    """Monotonic seconds.  `lost` counts ticks that were never made."""

    def __init__(self, now: float) -> None:
        self.due_at = now + TICK_S
        self.lost = 0
        self._last_at = now
        self._misses = MISSES_MAX  # no line yet
        self._owed = 0  # ticks to make up for after a late wake-up

    @property
    def follows_line(self) -> bool:
        return self._misses < MISSES_MAX

    def follow(self) -> None:
        """Another line is the reference."""
        self._misses = 0
        self.due_at = self._last_at + LATEST_S

    def leave(self) -> None:
        """There is no reference any more."""
        self._misses = MISSES_MAX
        self._owed = 0
        self.due_at = self._last_at + TICK_S

    def listen_at(self) -> float:
        """From when on a block on the reference line is the tick."""
        return self._last_at + EARLIEST_S if self.follows_line and not self._owed else self.due_at

    def ticked(self, now: float, *, by_line: bool) -> float:
        """A tick is being made at `now`; how many seconds behind its time."""
        since_s, self._last_at = now - self._last_at, now
        if by_line:
            self._misses = 0
            self._owed = min(BEHIND_MAX, max(0, round(since_s / TICK_S) - 1))
            self._await_line(now)
            return max(0.0, since_s - TICK_S)
        late_s = max(0.0, now - self.due_at)
        if self._owed:
            self._owed -= 1
            self._await_line(now)
        elif self.follows_line:
            self._misses += 1
            self._await_line(now)
        else:
            self.due_at += TICK_S
            self._let_go(now)
        return late_s

    def _await_line(self, now: float) -> None:
        """A tick still owed is due at once, else the next block may take its time."""
        self.due_at = now if self._owed else now + (LATEST_S if self.follows_line else TICK_S)

    def _let_go(self, now: float) -> None:
        behind = int((now - self.due_at) / TICK_S)
        if behind > BEHIND_MAX:
            self.lost += behind
            self.due_at += behind * TICK_S
