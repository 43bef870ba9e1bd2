"""How many calls to start now, so that a seat is free when one is answered: adaptive pacing of one project.

A pure controller: told what happens, it learns the laws and answers with a number and the limit that
binds.  It never asks for a call to be cut.  PACING.md derives the formulas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from appliance.dialer.answer_law import BIN_S, BINS, AnswerLaw
from appliance.dialer.messages import Limit
from appliance.dialer.pacing_chance import chance_of_no_seat
from appliance.dialer.pacing_rate import AnswerRate
from appliance.dialer.release_law import SECONDS_MAX, ReleaseLaw

Vector = npt.NDArray[np.float64]

AGAIN_S: Final = 0.25  # ringing calls age: asked again this soon even when nothing happens
BURST_MAX: Final = 32  # calls started in one decision; the next follows AGAIN_S later
CALLS_PER_SEAT_MAX: Final = 40  # a law gone wrong must not fill the lines


@dataclass(frozen=True, slots=True)
class SeatsSeen:
    """Seats that work for the project: how many wait, and since when (monotonic s) the others are busy."""

    waiting: int
    talking_since: tuple[float, ...] = ()
    wrapup_since: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Calls to start now, and why not more.  `figures` fills the sentence of `limit` on the page."""

    count: int
    limit: Limit
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ringing:
    placed_at: float
    list_id: int
    hour: int


class Pacer:
    """Paces one project.  `target` is the share of answered calls that may be abandoned (0-1)."""

    def __init__(self, *, target: float, answer_window_s: float = 2.0) -> None:
        self._target = target
        self._window_steps = max(0, round(answer_window_s))
        self._answer_law = AnswerLaw()
        self._release_law = ReleaseLaw()
        self._rate = AnswerRate()
        self._ringing: dict[int, _Ringing] = {}
        self._log_threshold = math.log(0.05)
        self._unserved = 0
        self._list_id, self._hour = 0, 0
        self._asked_at = -math.inf
        self._is_waiting_for_time = False

    def set_target(self, target: float) -> None:
        """Change the abandon target while running."""
        self._target = target

    def placed(self, attempt_id: int, list_id: int, hour: int, now: float) -> None:
        """A call was started, for a list, in an hour of the day."""
        self._ringing[attempt_id] = _Ringing(now, list_id, hour)
        self._list_id, self._hour = list_id, hour

    def ended(self, attempt_id: int, now: float, *, is_answered: bool) -> None:
        """A ringing call was answered, or ended otherwise."""
        call = self._ringing.pop(attempt_id, None)
        if call is None:
            return
        self._unserved += is_answered
        self._answer_law.learn(now - call.placed_at, is_answered=is_answered)
        self._rate.learn(call.list_id, call.hour, is_answered=is_answered)

    def connected(self, now: float, *, is_abandoned: bool) -> None:
        """An answered call got its seat, or was abandoned."""
        self._unserved = max(0, self._unserved - 1)
        self._log_threshold += 0.5 * (self._target - is_abandoned)
        self._log_threshold = min(math.log(0.5), max(math.log(1e-3), self._log_threshold))

    def seat_talked(self, seconds: float) -> None:
        """A talk ended."""
        self._release_law.talked(seconds)

    def seat_wrapped(self, seconds: float) -> None:
        """A wrap-up ended."""
        self._release_law.wrapped(seconds)

    def calls_to_place(self, now: float, seen: SeatsSeen, *, callable: int, channels_free: int) -> Verdict:
        """Decide.  `callable` customers and `channels_free` channels bound the count."""
        self._asked_at, self._is_waiting_for_time = now, False
        seats = seen.waiting + len(seen.talking_since) + len(seen.wrapup_since)
        rate = self._rate.rate(self._list_id, self._hour)
        threshold = math.exp(self._log_threshold)
        figures = {
            "waiting": float(seen.waiting), "ringing": float(len(self._ringing)),
            "answer_rate": rate, "threshold": threshold, "target": self._target,
        }  # fmt: skip
        if not seats:
            return Verdict(0, "no_operators", figures)
        bound = min(callable, channels_free, BURST_MAX, CALLS_PER_SEAT_MAX * seats - len(self._ringing))
        if bound <= 0:
            return Verdict(
                0, "customers" if callable <= 0 else "channels" if channels_free <= 0 else "target", figures
            )
        chances = self._chances(now, seen, rate)
        count = 0
        while count < bound and chances[count] <= threshold:
            count += 1
        figures["chance"] = float(chances[min(count, BURST_MAX - 1)])
        if count < bound:
            self._is_waiting_for_time = True
            return Verdict(count, "target" if seen.waiting else "wrapup", figures)
        return Verdict(count, _bound_by(count, callable, channels_free), figures)

    def _chances(self, now: float, seen: SeatsSeen, rate: float) -> Vector:
        """For the 1st, 2nd, … further call: the chance that its answer finds no seat within the window."""
        hazards = self._answer_law.hazards(rate)
        ages = np.fromiter((call.placed_at for call in self._ringing.values()), float, len(self._ringing))
        bins = np.clip((now - ages) / BIN_S, 0, BINS - 1).astype(np.intp)
        answers = hazards[bins]
        talking = self._release_law.free_from_talk[_ages(now, seen.talking_since)]
        wrapup = self._release_law.free_from_wrap[_ages(now, seen.wrapup_since)]
        return chance_of_no_seat(
            seen.waiting - self._unserved, answers, np.concatenate((talking, wrapup)), hazards[0],
            window_steps=self._window_steps, calls=BURST_MAX,
        )  # fmt: skip

    def due(self, now: float) -> float | None:
        """When to ask again although nothing happened; None when only an event can change the answer."""
        return self._asked_at + AGAIN_S if self._is_waiting_for_time else None

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {
            "answer_law": self._answer_law.memory(), "release_law": self._release_law.memory(),
            "rates": self._rate.memory(), "log_threshold": self._log_threshold,
        }  # fmt: skip

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`; what is missing in it is learnt again."""
        self._answer_law.remember(memory.get("answer_law", {}))
        self._release_law.remember(memory.get("release_law", {}))
        self._rate.remember(memory.get("rates", []))
        self._log_threshold = float(memory.get("log_threshold", self._log_threshold))


def _ages(now: float, since: tuple[float, ...]) -> npt.NDArray[np.intp]:
    return np.clip(now - np.array(since, float), 0, SECONDS_MAX - 1).astype(np.intp)


def _bound_by(count: int, callable: int, channels_free: int) -> Limit:
    if count >= channels_free:
        return "channels"
    return "customers" if count >= callable else "none"
