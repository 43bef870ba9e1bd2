"""When calls are answered: the laws of answer and of other ends by age, learnt from calls that ended.

F(a) is the chance that a call which is answered at all is answered by age `a` seconds after it was placed,
G(a) the chance that one which is not has ended by then.  Knows nothing of seats; has no clock.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

BIN_S: Final = 0.5  # finer than any decision needs, coarse enough to fill within minutes
BINS: Final = 160  # 80 s: longer than any ring time-out in use
STEPS: Final = 26  # the forecast looks this many seconds ahead: longer than most calls still ring
STEP_BINS: Final = 2  # a forecast step is one second
PRIOR_ANSWERS: Final = 12.0  # weight, in calls, of the guess that stands before any call was seen
PRIOR_OTHERS: Final = 4.0
CALLS_MAX: Final = 6000.0  # beyond it old calls are halved, so that the law follows the days


class AnswerLaw:
    """Two histograms by age, shared by the lists of a project; the answer rate is kept elsewhere."""

    def __init__(self) -> None:
        self._answered = np.zeros(BINS)
        self._other = np.zeros(BINS)
        self._answered[2:40] = PRIOR_ANSWERS / 38  # anything between 1 and 20 s
        self._other[60] = PRIOR_OTHERS  # ring time-out
        self.calls = 0
        self.version = 0
        self.fit(np.zeros(BINS))

    def learn(self, age_s: float, *, is_answered: bool) -> bool:
        """One call ended at this age.  True when it is time to `fit`: often at first, then every 50th."""
        histogram = self._answered if is_answered else self._other
        histogram[min(BINS - 1, max(0, int(age_s / BIN_S)))] += 1.0
        if self._answered.sum() + self._other.sum() > CALLS_MAX:
            self._answered *= 0.5
            self._other *= 0.5
        self.calls += 1
        return self.calls % 50 == 0 or self.calls in (5, 10, 15, 20, 30, 40)

    def fit(self, ringing: Vector) -> None:
        """Aalen and Johansen's estimate for two competing ends; `ringing` counts calls still out by age bin.

        Calls that still ring belong to those at risk: without them the first answers, being the early ones,
        would make all later answers look impossible.
        """
        at_risk = np.cumsum((self._answered + self._other + ringing)[::-1])[::-1]
        answered, other = self._answered / np.maximum(at_risk, 1e-9), self._other / np.maximum(at_risk, 1e-9)
        alive = np.concatenate(([1.0], np.cumprod(1.0 - answered - other)[:-1]))
        self.answered_by = _cumulative(alive * answered)
        self.other_by = _cumulative(alive * other)
        self.version += 1

    def hazards(self, answer_rate: float) -> Vector:
        """q[age bin, step]: chance that a call still ringing at that age is answered within 1, 2, … s.

        q(a,t) = p(F(a+t) - F(a)) / (1 - p F(a) - (1-p) G(a)), `answer_rate` being p (0-1).
        """
        ages = np.arange(BINS)[:, None]
        ahead = np.minimum(ages + STEP_BINS * np.arange(1, STEPS + 1)[None, :], BINS)
        by_now = self.answered_by[:BINS, None]
        alive = 1.0 - answer_rate * by_now - (1.0 - answer_rate) * self.other_by[:BINS, None]
        gained = answer_rate * (self.answered_by[ahead] - by_now)
        return np.asarray(np.clip(gained / np.maximum(alive, 1e-9), 0.0, 1.0))

    def mean_s(self) -> float:
        """Mean age of an answer, in seconds."""
        return float((1.0 - self.answered_by[:BINS]).sum() * BIN_S)

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {"answered": self._answered.round(3).tolist(), "other": self._other.round(3).tolist()}

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`; one of another shape is passed over."""
        answered, other = memory.get("answered", []), memory.get("other", [])
        if len(answered) == BINS and len(other) == BINS:
            self._answered, self._other = np.array(answered, float), np.array(other, float)
            self.calls = int(self._answered.sum() + self._other.sum())
            self.fit(np.zeros(BINS))


def _cumulative(histogram: Vector) -> Vector:
    """Chance to have ended before the start of each bin; BINS + 1 values from 0 to 1."""
    total = np.concatenate(([0.0], np.cumsum(histogram)))
    return np.asarray(total / total[-1])
