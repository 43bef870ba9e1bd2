"""What the next seconds bring: answers of the calls that ring, releases of the seats that are busy.

Joins the learnt laws with the calls and seats of this moment.  Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from appliance.dialer.answer_law import BIN_S, BINS, AnswerLaw
from appliance.dialer.pacing_chance import Candidate, cumulants
from appliance.dialer.pacing_rate import AnswerRate
from appliance.dialer.release_law import SECONDS_MAX, ReleaseLaw

Vector = npt.NDArray[np.float64]
Key = tuple[int, int]  # list, hour

EXACT_MAX: Final = 28  # ringing calls and busy seats up to which the exact law is affordable
RATE_STEP: Final = 0.01  # a relative change of the answer rate under this one does not move a table


@dataclass(frozen=True, slots=True)
class SeatsSeen:
    """Seats that work for the project: how many wait, and since when (monotonic s) the others are busy.

    `unserved` answered calls wait for a seat inside their window: each takes the next one.
    """

    waiting: int
    talking_since: tuple[float, ...] = ()
    wrapup_since: tuple[float, ...] = ()
    unserved: int = 0


class Ringing:
    """Calls of one list and hour that ring, and their table of answers ahead."""

    def __init__(self) -> None:
        self.placed_at: dict[int, float] = {}
        self._version, self._rate = -1, -1.0
        self.candidate = Candidate(np.zeros(1))
        self._hazards: Vector = np.zeros(0)
        self._ahead: Vector = np.zeros(0)

    def refresh(self, law: AnswerLaw, rate: float) -> None:
        """Follow the law and the rate."""
        if self._version == law.version and abs(rate - self._rate) <= RATE_STEP * self._rate:
            return
        self._version, self._rate = law.version, rate
        hazards = law.hazards(rate)
        self.candidate, self._hazards, self._ahead = Candidate(hazards[0]), hazards, cumulants(hazards)

    def by_age(self, now: float) -> Vector:
        """Calls in each age bin."""
        return np.bincount(self._bins(now), minlength=BINS).astype(float)

    def chances(self, now: float) -> Vector:
        """[call, step]: chance of each call to be answered by the end of each step."""
        return np.asarray(self._hazards[self._bins(now)])

    def _bins(self, now: float) -> npt.NDArray[np.intp]:
        placed = np.fromiter(self.placed_at.values(), float, len(self.placed_at))
        return np.minimum((now - placed) * (1.0 / BIN_S), BINS - 1.0).astype(np.intp)

    def ahead(self, now: float) -> Vector:
        """Summed cumulants of answers by the end of each step."""
        return np.asarray(self.by_age(now) @ self._ahead)


class Forecast:
    """The laws of one project and its ringing calls."""

    def __init__(self, *, answer_window_s: float) -> None:
        self.answer_law = AnswerLaw()
        self.release_law = ReleaseLaw(window_s=answer_window_s)
        self.rate = AnswerRate()
        self._ringing: dict[Key, Ringing] = {}
        self._key_of: dict[int, Key] = {}
        self._next: Key = (0, 0)  # the next call is taken for one like the last
        self._version = -1
        self._free_by: Vector = np.zeros(0)  # rows: seconds of talk, then seconds of wrap-up
        self._free_cumulants: Vector = np.zeros(0)

    @property
    def calls(self) -> int:
        """Calls that ring."""
        return len(self._key_of)

    @property
    def next_rate(self) -> float:
        """Answer rate (0-1) reckoned for the next call."""
        return self.rate.rate(*self._next)

    def placed(self, attempt_id: int, key: Key, now: float) -> None:
        """A call was started."""
        self._of(key).placed_at[attempt_id] = now
        self._key_of[attempt_id] = self._next = key
        self.rate.placed(attempt_id, *key, now)

    def withdrawn(self, attempt_id: int) -> None:
        """A call that taught nothing is no longer on its way."""
        key = self._key_of.pop(attempt_id, None)
        if key is not None:
            del self._ringing[key].placed_at[attempt_id]
            self.rate.withdrawn(attempt_id, key[0])

    def ended(self, attempt_id: int, now: float, *, is_answered: bool) -> None:
        """A ringing call was answered or ended otherwise; one that is not known teaches nothing."""
        key = self._key_of.pop(attempt_id, None)
        if key is None:
            return
        age_s = now - self._ringing[key].placed_at.pop(attempt_id)
        if not self._ringing[key].placed_at and key != self._next:
            del self._ringing[key]
        self.rate.ended(attempt_id, key[0], now, is_answered=is_answered)
        if self.answer_law.learn(age_s, is_answered=is_answered):
            self.answer_law.fit(sum((calls.by_age(now) for calls in self._ringing.values()), np.zeros(BINS)))

    def chances_of_no_seat(self, now: float, seen: SeatsSeen, free: int, calls: int) -> Vector:
        """For the 1st to `calls`-th further call: the chance that its answer finds no seat in the window."""
        self._refresh()
        candidate = self._of(self._next).candidate
        busy = self._busy_rows(now, seen)
        if len(busy) + self.calls <= EXACT_MAX:
            answers = np.concatenate([group.chances(now) for group in self._ringing.values()])
            return candidate.exact_chances(free, answers, self._free_by[busy], calls)
        excess = self._free_cumulants[busy].sum(0)
        for group in self._ringing.values():
            if group.placed_at:
                excess = excess + group.ahead(now)
        return candidate.chances(free, excess, calls)

    def _of(self, key: Key) -> Ringing:
        ringing = self._ringing.get(key)
        if ringing is None:
            ringing = self._ringing[key] = Ringing()
        return ringing

    def _refresh(self) -> None:
        """Let the tables follow the laws."""
        self._of(self._next)
        for key, group in self._ringing.items():
            group.refresh(self.answer_law, self.rate.rate(*key))
        if self._version != self.release_law.version:
            self._version = self.release_law.version
            self._free_by = np.concatenate((self.release_law.free_from_talk, self.release_law.free_from_wrap))
            self._free_cumulants = cumulants(self._free_by, counts=-1.0)

    def _busy_rows(self, now: float, seen: SeatsSeen) -> npt.NDArray[np.intp]:
        since = np.array(seen.talking_since + seen.wrapup_since, float)
        rows = np.minimum(now - since, SECONDS_MAX - 1.0).astype(np.intp)
        rows[len(seen.talking_since) :] += SECONDS_MAX
        return rows

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {
            "answers": self.answer_law.memory(),
            "releases": self.release_law.memory(),
            "rates": self.rate.memory(),
        }

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`; what is missing in it is learnt again."""
        self.answer_law.remember(memory.get("answers", {}))
        self.release_law.remember(memory.get("releases", {}))
        self.rate.remember(memory.get("rates", []))
