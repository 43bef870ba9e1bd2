"""How many calls to start now, so that a seat is free when one is answered: adaptive pacing of one project.

A pure controller: told what happens, it learns the laws and answers with a number and the limit that
binds.  It never asks for a call to be cut.  PACING.md derives the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from appliance.dialer.messages import Limit
from appliance.dialer.pacing_budget import Budget
from appliance.dialer.pacing_chance import SEVERAL_MAX
from appliance.dialer.pacing_forecast import Forecast, SeatsSeen

__all__ = ["Pacer", "SeatsSeen", "Verdict"]

PAUSE_S: Final = 4 * 3600.0  # without a call: what follows is another day, with a ledger of its own
AGAIN_S: Final = 0.25  # ringing calls age: asked again this soon even when nothing happens
KNOWN_CALLS: Final = 20  # until so many calls are known, one call for each waiting seat
CALLS_PER_SEAT_MAX: Final = 40  # a law gone wrong must not fill the lines


@dataclass(frozen=True, slots=True)
class Verdict:
    """Calls to start now, and why not more.  `figures` fills the sentence of `limit` on the page."""

    count: int
    limit: Limit
    figures: dict[str, float] = field(default_factory=dict)


class Pacer:
    """Paces one project.  `target` is the share of answered calls that may be abandoned (0-1)."""

    def __init__(self, *, target: float, answer_window_s: float = 2.0) -> None:
        self._forecast = Forecast(answer_window_s=answer_window_s)
        self._budget = Budget(target)
        self._again_at: float | None = None
        self._placed_at = 0.0

    def set_target(self, target: float) -> None:
        """Change the abandon target while running."""
        self._budget.set_target(target)

    def placed(self, attempt_id: int, list_id: int, hour: int, now: float) -> None:
        """A call was started, for a list, in an hour of the day."""
        if now - self._placed_at > PAUSE_S:
            self._budget.begin()
        self._placed_at = now
        self._forecast.placed(attempt_id, (list_id, hour), now)

    def ended(self, attempt_id: int, now: float, *, is_answered: bool) -> None:
        """A ringing call was answered, or ended otherwise."""
        self._forecast.ended(attempt_id, now, is_answered=is_answered)

    def withdrawn(self, attempt_id: int) -> None:
        """A call never went out, or the line failed: it says nothing about answers."""
        self._forecast.withdrawn(attempt_id)

    def connected(self, now: float, *, is_abandoned: bool) -> None:
        """An answered call got its seat, or was abandoned."""
        self._budget.spend(is_abandoned=is_abandoned)

    def seat_talked(self, seconds: float) -> None:
        """A talk ended."""
        self._forecast.release_law.talked(seconds)

    def seat_wrapped(self, seconds: float) -> None:
        """A wrap-up ended."""
        self._forecast.release_law.wrapped(seconds)

    def calls_to_place(self, now: float, seen: SeatsSeen, *, callable: int, channels_free: int) -> Verdict:
        """Decide.  `callable` customers and `channels_free` channels bound the count."""
        self._again_at = None
        seats = seen.waiting + len(seen.talking_since) + len(seen.wrapup_since)
        figures = {
            "waiting": float(seen.waiting),
            "ringing": float(self._forecast.calls),
            "answer_rate": self._forecast.next_rate,
            "threshold": self._budget.threshold,
            "target": self._budget.target,
        }
        if not seats:
            return Verdict(0, "no_operators", figures)
        room = min(callable, channels_free)
        if room <= 0:
            self._budget.note_limit(is_binding=False)
            return Verdict(0, "customers" if callable <= 0 else "channels", figures)
        self._budget.set_seats(seats)
        if self._forecast.rate.calls < KNOWN_CALLS:
            allowed = seen.waiting - seen.unserved - self._forecast.calls
        else:
            allowed = CALLS_PER_SEAT_MAX * seats - self._forecast.calls
        bound = max(0, min(room, allowed))
        count, chance = self._count(now, seen, bound)
        self._budget.note_limit(is_binding=count < room)
        figures["chance"] = chance
        if count == bound:
            return Verdict(count, _bound_by(count, callable, channels_free), figures)
        over = chance / self._budget.threshold
        self._again_at = now + AGAIN_S * (1.0 if over < 2.0 else 2.0 if over < 4.0 else 4.0)
        return Verdict(count, "target" if seen.waiting else "wrapup", figures)

    def _count(self, now: float, seen: SeatsSeen, bound: int) -> tuple[int, float]:
        """Calls whose chance of no seat keeps under the threshold, and the chance of the one after."""
        free = seen.waiting - seen.unserved
        threshold = self._budget.threshold
        for at_once in (0, 2, 12, SEVERAL_MAX):  # most often none: asked first, being cheap
            chances = self._forecast.chances_of_no_seat(now, seen, free, at_once + 1)
            count = min(bound, _leading(chances, threshold), at_once)
            if count == bound or chances[count] > threshold:
                break
        return count, float(chances[count])

    def due(self, now: float) -> float | None:
        """When to ask again although nothing happened; None when only an event can change the answer."""
        return self._again_at

    def memory(self) -> dict[str, Any]:
        """What is learnt, as JSON values."""
        return {"forecast": self._forecast.memory(), "budget": self._budget.memory()}

    def remember(self, memory: dict[str, Any]) -> None:
        """Take over an earlier `memory()`; what is missing in it is learnt again."""
        self._forecast.remember(memory.get("forecast", {}))
        self._budget.remember(memory.get("budget", {}))


def _leading(chances: npt.NDArray[np.float64], threshold: float) -> int:
    """How many from the start keep under the threshold."""
    over = np.flatnonzero(chances > threshold)
    return int(over[0]) if len(over) else len(chances)


def _bound_by(count: int, callable: int, channels_free: int) -> Limit:
    if count >= channels_free:
        return "channels"
    return "customers" if count >= callable else "target"
