"""The laws of a simulated shift: who answers when, how long people talk, how long a result takes.

Draws only; who acts on them is in `shift_exchange.py` and `shift_robots.py`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

QUARTERS: Final = (0.12, 0.30, 0.18, 0.40)
"""Answer rates by quarter shifts: the moving floor of the figures."""

AnswerRate = Callable[[float], float]
"""The share of calls that would be answered, by seconds since the shift began."""


def steady(rate: float) -> AnswerRate:
    return lambda _elapsed_s: rate


def by_parts(rates: Sequence[float], shift_s: float) -> AnswerRate:
    """Rates that hold for equal parts of a shift, one after the other."""
    return lambda elapsed_s: rates[min(len(rates) - 1, int(elapsed_s / shift_s * len(rates)))]


class Laws(msgspec.Struct, frozen=True):
    """All in seconds.  The defaults are those of the figures."""

    ring_least_s: float = 1.5
    ring_mean_s: float = 7.5  # of the Gamma part
    ring_cv: float = 0.6
    ring_timeout_s: float = 22.0
    short_share: float = 0.15  # busy or invalid
    short_s: float = 2.5
    talk_mean_s: float = 90.0
    talk_cv: float = 1.1
    talk_least_s: float = 5.0
    wrap_mean_s: float = 20.0

    def ring_s(self, rng: random.Random) -> float:
        """From SETUP to the answer."""
        shape = 1 / self.ring_cv**2
        return self.ring_least_s + rng.gammavariate(shape, self.ring_mean_s / shape)

    def talk_s(self, rng: random.Random) -> float:
        """Lognormal with the mean and coefficient of variation given."""
        variance = math.log(1 + self.talk_cv**2)
        drawn = rng.lognormvariate(math.log(self.talk_mean_s) - variance / 2, math.sqrt(variance))
        return max(self.talk_least_s, drawn)

    def wrap_s(self, rng: random.Random) -> float:
        return rng.expovariate(1 / self.wrap_mean_s)
