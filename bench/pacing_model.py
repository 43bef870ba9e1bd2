"""A floor at call level, in virtual time: just enough of a shift to judge a pacer.  No dialer core, no store.

The laws are those of the figures: answers after 1.5 s + Gamma, ring time-out, busy or invalid early,
lognormal talks, exponential wrap-ups, an answer window.  The pacer under test is never told them.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from appliance.dialer.pacing import SeatsSeen, Verdict

WARM_UP_S: Final = 1800.0
WINDOW_S: Final = 2.0
RING_TIMEOUT_S: Final = 22.0
BUSY_SHARE: Final = 0.15
BUSY_S: Final = 2.5


class Paces(Protocol):
    """The part of the pacer a floor needs."""

    def placed(self, attempt_id: int, list_id: int, hour: int, now: float) -> None: ...
    def ended(self, attempt_id: int, now: float, *, is_answered: bool) -> None: ...
    def connected(self, now: float, *, is_abandoned: bool) -> None: ...
    def seat_talked(self, seconds: float) -> None: ...
    def seat_wrapped(self, seconds: float) -> None: ...
    def calls_to_place(
        self, now: float, seen: SeatsSeen, *, callable: int, channels_free: int
    ) -> Verdict: ...
    def due(self, now: float) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Floor:
    """One shift.  `answer` is the rate, or a function of the second of the shift."""

    seats: int
    answer: float | Callable[[float], float] = 0.25
    hours: float = 8.0
    channels: int = 100_000
    lunch_at_s: float = math.inf  # half the seats leave at once
    lunch_s: float = 3600.0
    talk_mean_s: float = 90.0
    talk_cv: float = 1.1
    wrap_mean_s: float = 20.0

    def rate(self, at_s: float) -> float:
        return self.answer(at_s) if callable(self.answer) else self.answer


def quarters(at_s: float) -> float:
    """An answer rate that moves by quarters of an 8-hour shift."""
    return (0.12, 0.30, 0.18, 0.40)[min(3, int(at_s // 7200))]


@dataclass(slots=True)
class Seat:
    """One operator."""

    state: str = "waiting"
    since: float = 0.0
    is_leaving: bool = False
    talk_s: float = 0.0
    wrap_s: float = 0.0
    seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("waiting", "talk", "wrap", "away"), 0.0)
    )


class Shift:
    """Runs one floor with one pacer; everything that counts is in the attributes after `run`."""

    def __init__(self, floor: Floor, pacer: Paces, seed: int) -> None:
        self.floor, self.pacer = floor, pacer
        self.random = random.Random(seed)
        self.seats = [Seat() for _ in range(floor.seats)]
        self.waiting: deque[Seat] = deque(self.seats)
        self.talking: dict[int, Seat] = {}
        self.wrapup: dict[int, Seat] = {}
        self.unserved: deque[tuple[int, float]] = deque()
        self.events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self.serial = itertools.count()
        self.now = 0.0
        self.attempts = self.ringing = self.decisions = 0
        self.answers: list[tuple[float, bool]] = []
        sigma2 = math.log(1.0 + floor.talk_cv**2)
        self._talk = math.log(floor.talk_mean_s) - sigma2 / 2.0, math.sqrt(sigma2)

    def run(self) -> Shift:
        """To the end of the shift."""
        end = self.floor.hours * 3600.0
        if self.floor.lunch_at_s < end:
            self._at(self.floor.lunch_at_s, self._lunch)
            self._at(self.floor.lunch_at_s + self.floor.lunch_s, self._back)
        self._decide()
        asked = self.pacer.due(self.now)
        while True:
            at = self.events[0][0] if self.events else math.inf
            at = min(at, asked if asked is not None else math.inf)
            if at > end:
                break
            self.now = max(self.now, at)
            while self.events and self.events[0][0] <= self.now:
                _, _, do, arguments = heapq.heappop(self.events)
                do(*arguments)
            self._decide()
            asked = self.pacer.due(self.now)
        self.now = end
        for seat in self.seats:
            self._spend(seat)
        return self

    def _at(self, at: float, do: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(self.events, (at, next(self.serial), do, arguments))

    def _decide(self) -> None:
        seen = SeatsSeen(
            len(self.waiting),
            tuple(seat.since for seat in self.talking.values()),
            tuple(seat.since for seat in self.wrapup.values()),
            len(self.unserved),
        )
        channels = self.floor.channels - self.ringing - len(self.talking) - len(self.unserved)
        self.decisions += 1
        count = self.pacer.calls_to_place(self.now, seen, callable=1_000_000, channels_free=channels).count
        assert count <= channels or count == 0
        for _ in range(count):
            self._place()

    def _place(self) -> None:
        self.attempts += 1
        self.ringing += 1
        attempt = self.attempts
        self.pacer.placed(attempt, 1, int(self.now // 3600) + 9, self.now)
        draw = self.random.random()
        rate = self.floor.rate(self.now)
        age = 1.5 + self.random.gammavariate(1.0 / 0.36, 7.5 * 0.36)
        if draw < rate and age < RING_TIMEOUT_S:
            self._at(self.now + age, self._answered, attempt)
        else:
            is_busy = rate <= draw < rate + BUSY_SHARE
            self._at(self.now + (BUSY_S if is_busy else RING_TIMEOUT_S), self._unanswered, attempt)

    def _unanswered(self, attempt: int) -> None:
        self.ringing -= 1
        self.pacer.ended(attempt, self.now, is_answered=False)

    def _answered(self, attempt: int) -> None:
        self.ringing -= 1
        self.pacer.ended(attempt, self.now, is_answered=True)
        if self.waiting:
            self._connect(self.waiting.popleft())
        else:
            self.unserved.append((attempt, self.now))
            self._at(self.now + WINDOW_S, self._window_over, attempt)

    def _window_over(self, attempt: int) -> None:
        if self.unserved and self.unserved[0][0] == attempt:
            _, answered_at = self.unserved.popleft()
            self.answers.append((answered_at, True))
            self.pacer.connected(self.now, is_abandoned=True)

    def _connect(self, seat: Seat) -> None:
        self.answers.append((self.now, False))
        self.pacer.connected(self.now, is_abandoned=False)
        self._move(seat, "talk")
        self.talking[id(seat)] = seat
        self._at(self.now + max(5.0, self.random.lognormvariate(*self._talk)), self._talk_over, seat)

    def _talk_over(self, seat: Seat) -> None:
        del self.talking[id(seat)]
        self.pacer.seat_talked(self.now - seat.since)
        self._move(seat, "wrap")
        self.wrapup[id(seat)] = seat
        self._at(self.now + self.random.expovariate(1.0 / self.floor.wrap_mean_s), self._wrap_over, seat)

    def _wrap_over(self, seat: Seat) -> None:
        if self.wrapup.pop(id(seat), None) is None:
            return
        self.pacer.seat_wrapped(self.now - seat.since)
        self._free(seat)

    def _free(self, seat: Seat) -> None:
        if seat.is_leaving:
            self._move(seat, "away")
            return
        self._move(seat, "waiting")
        if self.unserved:
            self.unserved.popleft()
            self._connect(seat)
        else:
            self.waiting.append(seat)

    def _lunch(self) -> None:
        for seat in self.seats[: len(self.seats) // 2]:
            seat.is_leaving = True
            if seat in self.waiting:
                self.waiting.remove(seat)
                self._move(seat, "away")

    def _back(self) -> None:
        for seat in self.seats:
            seat.is_leaving = False
            if seat.state == "away":
                self._free(seat)

    def _move(self, seat: Seat, state: str) -> None:
        self._spend(seat)
        seat.state, seat.since = state, self.now

    def _spend(self, seat: Seat) -> None:
        seat.seconds[seat.state] += max(0.0, self.now - max(seat.since, WARM_UP_S))

    def utilisation(self) -> float:
        """Talk and wrap-up over talk, wrap-up and wait, after the warm-up."""
        busy = sum(seat.seconds["talk"] + seat.seconds["wrap"] for seat in self.seats)
        return busy / max(1e-9, busy + sum(seat.seconds["waiting"] for seat in self.seats))

    def abandon_ratio(self) -> float:
        """Abandoned over answered, after the warm-up."""
        counted = [is_abandoned for at, is_abandoned in self.answers if at >= WARM_UP_S]
        return sum(counted) / max(1, len(counted))

    def worst_half_hour(self) -> float:
        """The highest abandon ratio of any 30 minutes after the warm-up, looked at every minute."""
        first, end = int(WARM_UP_S // 60), int(self.floor.hours * 60)
        answered, abandoned = [0] * (end + 1), [0] * (end + 1)
        for at, is_abandoned in self.answers:
            answered[min(end, int(at // 60))] += 1
            abandoned[min(end, int(at // 60))] += is_abandoned
        windows = [slice(minute, minute + 30) for minute in range(first, end - 29)]
        return max(sum(abandoned[window]) / max(1, sum(answered[window])) for window in windows)
