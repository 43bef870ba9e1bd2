"""How much chance of no seat may be taken: a threshold that holds the abandoned share at the target.

A ledger of the shift: every answer earns its share of an abandon, every abandon costs one.  Counts answers;
knows neither calls nor seats nor time.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

START: Final = 0.027  # chance of no seat at which calls are started until the ledger says otherwise
LOWEST: Final = math.log(1e-4)
HIGHEST: Final = math.log(0.7)
SMALL_SEATS: Final = 5.0  # the numbers below are for a floor of this size
DAY_ANSWERS: Final = 180.0  # per seat in a full shift
GAIN_EARLY: Final = 0.15  # of the logarithm, per abandon too many or too few: the day can still even it out
GAIN_LATE: Final = 0.5
RESERVE: Final = 1.6  # abandons kept unspent by the end of a day, so that chance rarely carries it over
DRIFT: Final = 1.0 / 1000.0  # share of the gain that stays for good, per answer
RECENT_ANSWERS: Final = 10.0  # per seat: the memory of the brake, about half an hour
RECENT_SHARE: Final = 1.5  # abandons in it that are due at the target
RECENT_SPARE: Final = 1.1  # and by chance; the brake works from their sum
BRAKE: Final = 1.0  # of the logarithm, per recent abandon over that
WINDOW_ANSWERS: Final = 12.0  # per seat: rather more than half an hour's, looked at to the answer
WINDOW_TARGETS: Final = 2.5  # targets it may hold on a small floor, and by this factor
WINDOW_LARGE: Final = 0.72  # less on one four times as large
WINDOW_STRICT: Final = 0.9  # and less again from there up, where a half hour is held to 6 % instead of 9
STOP: Final = 1.6  # of the logarithm, per abandon in it from one short of that
WALL: Final = 0.6  # of the logarithm, per abandon the day is nearer to its target than WALL_AT
WALL_AT: Final = 1.0
LARGE_SCALE: Final = 4.0  # 20 seats; from there up the wall is gentler: an abandon is less of the day


class Budget:
    """Abandons allowed, and spent.  The limits are for a target of 3 %; they scale with it and the seats."""

    def __init__(self, target: float) -> None:
        self.target = target
        self._base = math.log(START)
        self._scale = 1.0
        self.begin()

    def begin(self) -> None:
        """A shift begins with an empty ledger; the threshold learnt stays."""
        self._answers = 0
        self._saved = self._recent = 0.0
        self._window: deque[bool] = deque()
        self._in_window = 0
        self._is_binding = True
        self.threshold = self._threshold()

    def _threshold(self) -> float:
        """The chance (0-1) at which a call is still started."""
        expected = RECENT_SHARE * self._scale + RECENT_SPARE * math.pow(self._scale, 0.25)
        over = max(0.0, self._recent - expected * self.target / 0.03)
        brake = BRAKE / math.sqrt(self._scale) * over + self._stop + self._wall
        return math.exp(min(HIGHEST, max(LOWEST, self._base + self._gain * self._excess - brake)))

    @property
    def _stop(self) -> float:
        """Grows steep before a half hour holds more abandons than it may."""
        share = WINDOW_TARGETS * math.pow(WINDOW_LARGE, min(1.0, math.log(self._scale, LARGE_SCALE)))
        share *= WINDOW_STRICT if self._scale >= LARGE_SCALE else 1.0
        most = share * self.target * WINDOW_ANSWERS * SMALL_SEATS * self._scale
        return STOP / math.sqrt(self._scale) * max(0.0, self._in_window + math.sqrt(self._scale) - most)

    @property
    def _wall(self) -> float:
        """Grows steep, most of all late in the day, before one more abandon would break the target."""
        near = max(0.0, WALL_AT * math.sqrt(self._scale) - self._saved)
        return WALL * math.sqrt(min(self._scale, LARGE_SCALE) / self._scale) * near * self._day

    @property
    def _day(self) -> float:
        """How much of a full shift's answers has come (0-1)."""
        return min(1.0, self._answers / (DAY_ANSWERS * SMALL_SEATS * self._scale))

    @property
    def _reserve(self) -> float:
        return RESERVE * math.pow(self._scale, 0.9) * self.target / 0.03

    @property
    def _gain(self) -> float:
        return (GAIN_EARLY + (GAIN_LATE - GAIN_EARLY) * self._day**2) / math.sqrt(self._scale)

    @property
    def _excess(self) -> float:
        """Abandons that may be spent beyond the reserve; negative when the ledger is overdrawn."""
        return self._saved - self._reserve * self._day

    def set_target(self, target: float) -> None:
        """Change the target while running."""
        self.target = target
        self.threshold = self._threshold()

    def set_seats(self, seats: int) -> None:
        """A larger floor has more answers to even things out: a gentler gain, a deeper reserve."""
        scale = max(1.0, seats / SMALL_SEATS)
        if scale != self._scale:
            self._scale = scale
            self.threshold = self._threshold()

    def note_limit(self, *, is_binding: bool) -> None:
        """Whether the threshold was what held the last decision back; else channels or customers were.

        What a floor saves while it is short of channels says nothing about the threshold: it would drift up
        until a burst of answers meets it.
        """
        self._is_binding = is_binding

    def spend(self, *, is_abandoned: bool) -> None:
        """One answered call was connected or abandoned.

        Savings are bounded, lest they be spent at once; those of the first half hour are not kept at all.
        """
        self._answers += 1
        self._recent *= 1.0 - 1.0 / (RECENT_ANSWERS * SMALL_SEATS * self._scale)
        self._recent += is_abandoned
        is_early = self._answers < WINDOW_ANSWERS * SMALL_SEATS * self._scale
        self._saved = min(self._saved + self.target - is_abandoned, 0.0 if is_early else 2.5 * self._reserve)
        self._look_back(is_abandoned)
        drift = self._gain * self._excess * DRIFT
        if self._is_binding or drift < 0.0:
            self._base = min(HIGHEST, max(LOWEST, self._base + drift))
        self.threshold = self._threshold()

    def _look_back(self, is_abandoned: bool) -> None:
        self._window.append(is_abandoned)
        self._in_window += is_abandoned
        while len(self._window) > WINDOW_ANSWERS * SMALL_SEATS * self._scale:
            self._in_window -= self._window.popleft()

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {"threshold": round(math.exp(self._base), 6)}

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`."""
        learnt = float(memory.get("threshold", START))
        self._base = min(HIGHEST, max(LOWEST, math.log(max(1e-9, learnt))))
        self.threshold = self._threshold()
