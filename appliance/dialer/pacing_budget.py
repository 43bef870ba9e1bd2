"""How much chance of no seat may be taken: a threshold that holds the abandoned share at the target.

A ledger of the shift: every answer earns its share of an abandon, every abandon costs one.  Counts answers;
knows neither calls nor seats nor time.
"""

from __future__ import annotations

import math
from typing import Any, Final

START: Final = 0.02  # chance of no seat at which calls are started until the ledger says otherwise
LOWEST: Final = math.log(1e-4)
HIGHEST: Final = math.log(0.7)
GAIN: Final = 0.5  # of the logarithm, per abandon too many or too few, at SMALL_SEATS
SMALL_SEATS: Final = 5.0
RESERVE: Final = 2.5  # abandons kept unspent, at SMALL_SEATS, so that chance rarely carries a day over
RESERVE_ANSWERS: Final = 300.0  # answers over which the reserve is put by
DRIFT: Final = 1.0 / 1000.0  # share of the gain that stays for good, per answer


class Budget:
    """Abandons allowed, and spent."""

    def __init__(self, target: float) -> None:
        self.target = target
        self._base = math.log(START)
        self._gain, self._reserve = GAIN, RESERVE
        self.begin()

    def begin(self) -> None:
        """A shift begins with an empty ledger; the threshold learnt stays."""
        self._answers = 0
        self._saved = 0.0

    @property
    def threshold(self) -> float:
        """The chance (0-1) at which a call is still started."""
        return math.exp(min(HIGHEST, max(LOWEST, self._base + self._gain * self._excess)))

    @property
    def _excess(self) -> float:
        """Abandons that may be spent beyond the reserve; negative when the ledger is overdrawn."""
        return self._saved - self._reserve * min(1.0, self._answers / RESERVE_ANSWERS)

    def set_target(self, target: float) -> None:
        """Change the target while running."""
        self.target = target

    def set_seats(self, seats: int) -> None:
        """A larger floor has more answers to even things out: a gentler gain, a deeper reserve."""
        scale = math.sqrt(max(1.0, seats / SMALL_SEATS))
        self._gain, self._reserve = GAIN / scale, RESERVE * scale

    def spend(self, *, is_abandoned: bool) -> None:
        """One answered call was connected or abandoned.  Savings are bounded, lest they be spent at once."""
        self._answers += 1
        self._saved = min(self._saved + self.target - is_abandoned, 2.0 * self._reserve)
        self._base = min(HIGHEST, max(LOWEST, self._base + self._gain * self._excess * DRIFT))

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {"threshold": round(math.exp(self._base), 6)}

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`."""
        learnt = float(memory.get("threshold", START))
        self._base = min(HIGHEST, max(LOWEST, math.log(max(1e-9, learnt))))
