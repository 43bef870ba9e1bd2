"""The share of calls that is answered, per list and hour, following changes within minutes.

A slow average per list is believed until a fast one contradicts it; a list without calls of its own leans on
its hour in earlier days, on the project, and at last on a guess.  Pure arithmetic; calls are its only clock.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

GUESS: Final = 0.30  # before any call: rather high, so that the first minutes are careful
GUESS_CALLS: Final = 10.0
SHRINK_CALLS: Final = 25.0  # what is known of the hour or the project counts as this many calls of the list
FAST_CALLS: Final = 50.0  # contradiction shows within a minute or two of a mid-size floor
SLOW_CALLS: Final = 600.0
CONTRADICTION: Final = 3.6  # standard errors between fast and slow at which the slow one is dropped
HOUR_CALLS_MAX: Final = 2000.0
OPEN_MAX_S: Final = 120.0  # far over any ring time-out: whose end is lost by then is counted no more


@dataclass(slots=True)
class Average:
    """Exponentially forgetting share: `calls` is its weight, never over `calls_max`."""

    calls_max: float
    calls: float = 0.0
    answers: float = 0.0

    def learn(self, is_answered: bool) -> None:
        keep = 1.0 - 1.0 / self.calls_max
        self.calls = self.calls * keep + 1.0
        self.answers = self.answers * keep + is_answered

    def shrunk(self, prior: float, weight: float) -> float:
        return (self.answers + prior * weight) / (self.calls + weight)


@dataclass(slots=True)
class Outcome:
    """One call, in the order of placing."""

    attempt_id: int
    hour: int
    is_answered: bool | None = None  # None: still ringing
    is_void: bool = False  # it never rang
    placed_at: float = 0.0


class AnswerRate:
    """Answer rates (0-1) of one project's lists.

    Outcomes are counted in the order in which the calls were placed: answers come sooner than ring time-outs,
    and counted as they come they would make every burst of calls look like a better rate.
    """

    def __init__(self) -> None:
        self.calls = 0  # counted so far
        self._project = Average(SLOW_CALLS)
        self._slow: dict[int, Average] = {}
        self._fast: dict[int, Average] = {}
        self._hours: dict[tuple[int, int], Average] = {}
        self._earlier: dict[tuple[int, int], float] = {}  # hours as they were when remembered
        self._open: dict[int, deque[Outcome]] = {}
        self._outcome_of: dict[int, Outcome] = {}

    def placed(self, attempt_id: int, list_id: int, hour: int, now: float = 0.0) -> None:
        """A call of this list was started."""
        self._outcome_of[attempt_id] = outcome = Outcome(attempt_id, hour, placed_at=now)
        self._open.setdefault(list_id, deque()).append(outcome)

    def ended(self, attempt_id: int, list_id: int, now: float = 0.0, *, is_answered: bool) -> None:
        """It was answered or not; counted once all calls of the list placed before it have ended.

        A call without an end holds the others up for `OPEN_MAX_S` and no longer.
        """
        self._outcome_of.pop(attempt_id).is_answered = is_answered
        waiting = self._open[list_id]
        while waiting and waiting[0].is_answered is None and waiting[0].placed_at < now - OPEN_MAX_S:
            waiting.popleft()
        self._count(list_id)

    def withdrawn(self, attempt_id: int, list_id: int) -> None:
        """It never rang, so that it is not counted, and nobody waits for it."""
        self._outcome_of.pop(attempt_id).is_void = True
        self._count(list_id)

    def _count(self, list_id: int) -> None:
        waiting = self._open[list_id]
        while waiting and (waiting[0].is_void or waiting[0].is_answered is not None):
            outcome = waiting.popleft()
            if not outcome.is_void:
                self._learn(list_id, outcome.hour, bool(outcome.is_answered))

    def _learn(self, list_id: int, hour: int, is_answered: bool) -> None:
        slow = self._slow.setdefault(list_id, Average(SLOW_CALLS))
        fast = self._fast.setdefault(list_id, Average(FAST_CALLS))
        own_hour = self._hours.setdefault((list_id, hour), Average(HOUR_CALLS_MAX))
        self.calls += 1
        for average in (self._project, slow, fast, own_hour):
            average.learn(is_answered)
        if _contradict(slow, fast):
            slow.calls, slow.answers = fast.calls, fast.answers
            self._project.calls, self._project.answers = fast.calls, fast.answers

    def rate(self, list_id: int, hour: int) -> float:
        """The rate to reckon with for a call of this list placed in this hour."""
        prior = self._earlier.get((list_id, hour))
        if prior is None:
            prior = self._project.shrunk(GUESS, GUESS_CALLS)
        slow = self._slow.get(list_id)
        return prior if slow is None else slow.shrunk(prior, SHRINK_CALLS)

    def memory(self) -> list[list[float]]:
        """Rows of list, hour, calls and answers."""
        return [[*key, round(seen.calls, 2), round(seen.answers, 2)] for key, seen in self._hours.items()]

    def remember(self, memory: list[list[Any]]) -> None:
        """Take over an earlier `memory()` as what is known of the hours."""
        for list_id, hour, calls, answers in memory:
            key = (int(list_id), int(hour))
            self._hours[key] = Average(HOUR_CALLS_MAX, float(calls), float(answers))
            self.calls += int(calls)
            self._earlier[key] = self._hours[key].shrunk(GUESS, GUESS_CALLS)


def _contradict(slow: Average, fast: Average) -> bool:
    """Whether the last calls can hardly come from the slow average."""
    if slow.calls < 3 * FAST_CALLS:
        return False
    share = min(0.98, max(0.02, slow.answers / slow.calls))
    # an exponential average of weight n has the variance of n(2 - 1/n) plain calls: about 2n
    error = math.sqrt(share * (1.0 - share) * (0.5 / FAST_CALLS + 0.5 / slow.calls))
    return abs(fast.answers / fast.calls - share) > CONTRADICTION * error
