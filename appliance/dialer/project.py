"""One project while it dials: its seats by what they do, its calls out, and its rolling abandon ratio.

Counts and queues only; who changes them is in the machine's parts.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from appliance.dialer.inputs import ProjectSettings
from appliance.dialer.messages import Limit
from appliance.dialer.pacing import SeatsSeen, Verdict
from appliance.dialer.rules import Refusal
from appliance.dialer.selection import ListRun

ROLLING_S: Final = 1800.0  # the abandon ratio shown is that of the last 30 minutes
SMOOTHED_OVER: Final = 200  # attempts: some minutes of a small floor


class Paces(Protocol):
    """What the machine asks of a pacer; `pacing.Pacer` is the one in use."""

    def set_target(self, target: float) -> None: ...

    def placed(self, attempt_id: int, list_id: int, hour: int, now: float) -> None: ...

    def ended(self, attempt_id: int, now: float, *, is_answered: bool) -> None: ...

    def withdrawn(self, attempt_id: int) -> None: ...

    def connected(self, now: float, *, is_abandoned: bool) -> None: ...

    def seat_talked(self, seconds: float) -> None: ...

    def seat_wrapped(self, seconds: float) -> None: ...

    def calls_to_place(
        self, now: float, seen: SeatsSeen, *, callable: int, channels_free: int
    ) -> Verdict: ...

    def due(self, now: float) -> float | None: ...

    def memory(self) -> dict[str, Any]: ...

    def remember(self, memory: dict[str, Any]) -> None: ...


class Wish(NamedTuple):
    """What the mode asks for: `calls` now, bound by `limit`; `wanted` were there lines and customers."""

    calls: int
    wanted: int
    limit: Limit
    figures: dict[str, float]


class Paced(NamedTuple):
    """How the last look at a project's pace went."""

    refusal: Refusal | None
    wish: Wish
    placed: int
    buffered: int

    @property
    def is_short(self) -> bool:
        """Whether a freed channel would be used at once."""
        return self.placed < self.wish.wanted


NO_WISH: Final = Wish(0, 0, "mode", {})


@dataclass(slots=True)
class Smoothed:
    """A mean that follows: exact for the first `SMOOTHED_OVER` values, exponential after."""

    mean: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.count = min(self.count + 1, SMOOTHED_OVER)
        self.mean += (value - self.mean) / self.count


@dataclass(slots=True)
class Project:
    """Who is where, in order of since when; dictionaries keep that order."""

    settings: ProjectSettings
    pacer: Paces
    codes: frozenset[str] = frozenset()
    lists: list[ListRun] = field(default_factory=list)
    turn: int = 0  # whose turn among the started lists
    waiting: dict[int, float] = field(default_factory=dict)  # seat -> since
    talking: dict[int, float] = field(default_factory=dict)
    wrapup: dict[int, float] = field(default_factory=dict)
    narrow: dict[int, int] = field(default_factory=dict)  # list -> calls that ring, see narrow.py
    kept: dict[int, bool] = field(default_factory=dict)  # waits, for a promise alone: strictly
    uncounted: set[int] = field(default_factory=set)  # busy, and what comes free is not for list calls
    dialling: int = 0  # attempts on their way to an answer, queued ones included
    calls_out: int = 0  # all attempts that hold or will hold a channel
    unserved: collections.deque[int] = field(default_factory=collections.deque)  # answered, no seat yet
    answers: collections.deque[tuple[float, bool]] = field(default_factory=collections.deque)
    abandoned_rolling: int = 0
    last_pace: Paced = field(default_factory=lambda: Paced(None, NO_WISH, 0, 0))
    asked_at: float = 0.0
    last_placed: int = 0  # attempt id
    answer_rate: Smoothed = field(default_factory=Smoothed)
    ring_s: Smoothed = field(default_factory=Smoothed)

    @property
    def project_id(self) -> int:
        return self.settings.project_id

    @property
    def ready(self) -> int:
        """Seats that work: waiting, talking or in wrap-up."""
        return len(self.waiting) + len(self.talking) + len(self.wrapup)

    @property
    def kept_lightly(self) -> list[int]:
        """Seats that are kept for a promise, and would yet take a call before it is abandoned."""
        return [seat_id for seat_id, is_strict in self.kept.items() if not is_strict]

    def started(self) -> list[ListRun]:
        """Lists that are dialled now."""
        return [run for run in self.lists if run.settings.is_enabled and run.settings.is_started]

    def has_customers(self) -> bool:
        """Whether somebody may be left to call; a list that was not asked yet may hold anybody."""
        return any(run.buffer or not run.is_exhausted for run in self.started())

    def seats_seen(self, reserved: int = 0) -> SeatsSeen:
        """What the pacer is told.  `reserved`: waiting seats that calls of other lists are for."""
        return SeatsSeen(
            len(self.waiting) - reserved,
            self._counted(self.talking),
            self._counted(self.wrapup),
            len(self.unserved),
        )

    def _counted(self, book: dict[int, float]) -> tuple[float, ...]:
        """Since when those are busy who will take list calls again."""
        if not self.uncounted:
            return tuple(book.values())
        return tuple(since for seat_id, since in book.items() if seat_id not in self.uncounted)

    def count_answer(self, now: float, *, is_abandoned: bool) -> None:
        """One answered call was connected or abandoned."""
        self.answers.append((now, is_abandoned))
        self.abandoned_rolling += is_abandoned
        while self.answers[0][0] < now - ROLLING_S:
            self.abandoned_rolling -= self.answers.popleft()[1]
        self.pacer.connected(now, is_abandoned=is_abandoned)

    def rolling(self, now: float) -> tuple[int, int]:
        """(answered, abandoned) of the last 30 minutes."""
        answered, abandoned = len(self.answers), self.abandoned_rolling
        for at, is_abandoned in self.answers:
            if at >= now - ROLLING_S:
                break
            answered -= 1
            abandoned -= is_abandoned
        return answered, abandoned
