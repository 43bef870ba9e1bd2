"""When busy seats come free: the laws of talk and of wrap-up, learnt from those that ended.

A law is a hazard by age in classes that widen with age (Kaplan-Meier style), shrunk towards a constant one.
Knows nothing of calls; has no clock.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from appliance.dialer.answer_law import STEPS

Vector = npt.NDArray[np.float64]

SECONDS_MAX: Final = 1200  # older talks all have the hazard of the last class
EDGES: Final = (0, 2, 4, 6, 8, 11, 15, 20, 26, 33, 42, 54, 70, 90, 120, 160, 220, 320, 500, 800, SECONDS_MAX)
SHRINK_ENDS: Final = 8.0  # the overall rate counts as this many ends in every class
SEEN_MAX: Final = 3000.0  # beyond it old ones are halved
FIT_EVERY: Final = 25


class DurationLaw:
    """One kind of busy time."""

    def __init__(self, *, guess_s: float) -> None:
        self._ends = np.zeros(len(EDGES) - 1)
        self._exposure = np.zeros(len(EDGES) - 1)  # seconds lived through in each class
        self._guess_s = guess_s
        self._seen = 0
        self.hazard = np.zeros(SECONDS_MAX)
        self._fit()

    def learn(self, seconds: float) -> bool:
        """One ended after so many seconds; True when the fitted law changed."""
        lived = np.clip(seconds - _LOW, 0.0, _WIDE)
        self._exposure += lived
        self._ends[min(len(_WIDE) - 1, int(np.searchsorted(_HIGH, seconds, side="right")))] += 1.0
        if self._ends.sum() > SEEN_MAX:
            self._ends *= 0.5
            self._exposure *= 0.5
        self._seen += 1
        if self._seen % FIT_EVERY and self._seen not in (5, 10, 15):
            return False
        self._fit()
        return True

    def _fit(self) -> None:
        """Ends by seconds of exposure in each class, shrunk to the overall rate; by second of age."""
        overall = (self._ends.sum() + 4.0) / (self._exposure.sum() + 4.0 * self._guess_s)
        by_class = (self._ends + SHRINK_ENDS * 0.5) / (self._exposure + SHRINK_ENDS * 0.5 / overall)
        self.hazard = np.repeat(by_class, np.diff(EDGES))
        self.mean_s = 1.0 / overall

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {"ends": self._ends.round(3).tolist(), "exposure": self._exposure.round(1).tolist()}

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`; one of another shape is passed over."""
        ends, exposure = memory.get("ends", []), memory.get("exposure", [])
        if len(ends) == len(self._ends) and len(exposure) == len(self._exposure):
            self._ends, self._exposure = np.array(ends, float), np.array(exposure, float)
            self._fit()


_LOW: Final = np.array(EDGES[:-1], float)
_HIGH: Final = np.array(EDGES[1:], float)
_WIDE: Final = _HIGH - _LOW


class ReleaseLaw:
    """Talk, then wrap-up, then free: chances for the next seconds from what a seat does and since when.

    A seat that comes free within `window_s` after an answer still serves it, so every chance is looked at
    that much later.
    """

    def __init__(self, *, window_s: float = 0.0) -> None:
        self._window_steps = round(window_s)
        self.talk = DurationLaw(guess_s=60.0)
        self.wrap = DurationLaw(guess_s=30.0)
        self.version = 0
        self._fit()

    def talked(self, seconds: float) -> None:
        """A talk ended after so many seconds."""
        if self.talk.learn(seconds):
            self._fit()

    def wrapped(self, seconds: float) -> None:
        """A wrap-up ended after so many seconds."""
        if self.wrap.learn(seconds):
            self._fit()

    def _fit(self) -> None:
        """Tables [age in s, step]: chance to be free 1, 2, … s and the window from now."""
        steps = STEPS + self._window_steps
        wrap_ended = _ended_within(self.wrap.hazard, steps)
        talk_ended = _ended_within(self.talk.hazard, steps)
        ends_in_step = np.diff(talk_ended, axis=1, prepend=0.0)
        wrap_by = np.concatenate(([0.0], wrap_ended[0]))
        halfway = (wrap_by[1:] + wrap_by[:-1]) / 2.0  # a talk ends in the middle of its step
        free = np.zeros_like(talk_ended)
        for step in range(steps):
            free[:, step:] += ends_in_step[:, step : step + 1] * halfway[: steps - step]
        self.free_from_talk = free[:, self._window_steps :]
        self.free_from_wrap = wrap_ended[:, self._window_steps :]
        self.version += 1

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {"talk": self.talk.memory(), "wrap": self.wrap.memory()}

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`."""
        self.talk.remember(memory.get("talk", {}))
        self.wrap.remember(memory.get("wrap", {}))
        self._fit()


def _ended_within(hazard: Vector, steps: int) -> Vector:
    """[age, step]: chance that what has lasted `age` seconds ends within 1, 2, … seconds."""
    longer = np.concatenate((hazard, np.full(steps, hazard[-1])))
    summed = np.concatenate(([0.0], np.cumsum(longer)))
    ages = np.arange(len(hazard))[:, None]
    return np.asarray(1.0 - np.exp(summed[ages] - summed[ages + np.arange(1, steps + 1)[None, :]]))
