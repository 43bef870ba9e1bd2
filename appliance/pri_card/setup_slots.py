"""When may the next SETUP of a span leave?  Pure arithmetic over `now`.

SETUPs keep a minimum distance, the slot.  When the exchange refuses for want of room (34, 42, 44, 47) the
slot grows by half, and shrinks by a tenth for each second in which SETUPs were accepted.  Requests wait;
none is thrown away.
"""

from __future__ import annotations

import math
from typing import Final

STEP_S: Final = 0.010  # slots move in steps of 10 ms
SLOT_MAX_S: Final = 1.0  # slower than one call a second a floor stands still; the exchange is then broken
GROWTH: Final = 1.5  # like the far end's queue, it empties in a few round trips
SHRINK: Final = 0.9
SHRINK_EVERY_S: Final = 1.0
CONGESTION_CAUSES: Final = frozenset({34, 42, 44, 47})


class SetupSlots:
    """The pace of one span.  Times are monotonic seconds."""

    def __init__(self, slot_s: float) -> None:
        assert slot_s >= STEP_S, "a slot is at least 10 ms"
        self._base_s = slot_s
        self._slot_s = slot_s
        self._next_at = 0.0
        self._raised_at = -math.inf
        self._shrink_at = math.inf

    @property
    def slot_s(self) -> float:
        return self._slot_s

    @property
    def next_at(self) -> float:
        """The earliest time of the next SETUP."""
        return self._next_at

    def take(self, now: float) -> None:
        """A SETUP leaves now."""
        assert now >= self._next_at, "a SETUP never leaves before its slot"
        self._next_at = now + self._slot_s

    def congested(self, sent_at: float, now: float) -> bool:
        """The SETUP of `sent_at` was refused; whether the slot grew.

        One growth a round trip: refusals of SETUPs that left before the last growth say nothing new.
        """
        if sent_at <= self._raised_at:
            return False
        grown = max(self._slot_s * GROWTH, self._slot_s + STEP_S)
        self._slot_s = min(_to_step(grown), SLOT_MAX_S)
        self._raised_at = now
        self._shrink_at = now + SHRINK_EVERY_S
        self._next_at = max(self._next_at, now + self._slot_s)
        return True

    def accepted(self, sent_at: float, now: float) -> None:
        """The SETUP of `sent_at` was taken; the slot may shrink."""
        if self._slot_s > self._base_s and sent_at > self._raised_at and now >= self._shrink_at:
            shrunk = min(self._slot_s * SHRINK, self._slot_s - STEP_S)
            self._slot_s = max(_to_step(shrunk), self._base_s)
            self._shrink_at = now + SHRINK_EVERY_S


def _to_step(seconds: float) -> float:
    """To the next whole step; a thousandth of slack for the binary fractions."""
    return math.ceil(seconds / STEP_S - 0.001) * STEP_S
