"""Counts a simulated shift from the machine's outputs alone, as the store would, and gives its figures."""

from __future__ import annotations

import collections
from typing import Any, Final

from appliance.dialer import outputs
from appliance.dialer.messages import SeatChanged
from appliance.pri_card import trunk
from appliance.simulator.shift_world import World

WINDOW_MIN: Final = 30


class Tally:
    """What happened after `warm_up_s`.  Times are virtual seconds."""

    def __init__(self, world: World, warm_up_s: float) -> None:
        self._warm_up_s = warm_up_s
        self.attempts = 0
        self.ring_cuts = 0
        self.talks = 0
        self.answers: list[tuple[float, bool]] = []  # (when it was decided, is_abandoned)
        self.seconds: dict[str, float] = collections.defaultdict(float)
        self.waits: list[float] = []
        self.results: collections.Counter[str] = collections.Counter()
        self._since: dict[int, tuple[str, float]] = {}
        world.observers.append(self._observe)

    def _observe(self, now: float, what: Any, decided: list[Any]) -> None:
        if type(what) is trunk.SetupSent:
            self.attempts += now >= self._warm_up_s
        for output in decided:
            kind = type(output)
            if kind is SeatChanged:
                self._seat(now, output)
            elif kind is outputs.SaveAttempt:
                self._attempt(now, output)

    def _seat(self, now: float, changed: SeatChanged) -> None:
        seat = changed.seat
        state, since = self._since.get(seat.seat_id, ("logged_out", 0.0))
        if state == seat.state:
            return
        self._spend(state, since, now)
        self._since[seat.seat_id] = (seat.state, now)
        if state == "waiting" and seat.state == "talking" and now >= self._warm_up_s:
            self.waits.append(now - since)
            self.talks += 1

    def _spend(self, state: str, since: float, until: float) -> None:
        self.seconds[state] += max(0.0, until - max(since, self._warm_up_s))

    def _attempt(self, now: float, saved: outputs.SaveAttempt) -> None:
        if saved.connected_at and not saved.cleared_at:
            self.answers.append((now, False))
        if not saved.end:
            return
        self.results[saved.result or saved.end] += 1
        if saved.result == "92" and now >= self._warm_up_s:
            self.ring_cuts += 1
        if saved.result == "96":
            self.answers.append((now, True))

    # --- figures --------------------------------------------------------------------------------------

    def figures(self, end: float) -> dict[str, float]:
        """At the end of a shift; open stretches of time are counted up to `end`."""
        for seat_id, (state, since) in self._since.items():
            self._spend(state, since, end)
            self._since[seat_id] = (state, end)
        counted = [is_abandoned for at, is_abandoned in self.answers if at >= self._warm_up_s]
        busy = self.seconds["talking"] + self.seconds["wrapup"]
        worked = busy + self.seconds["waiting"]
        return {
            "attempts": self.attempts,
            "answered": len(counted),
            "abandoned": sum(counted),
            "abandon_ratio": sum(counted) / len(counted) if counted else 0.0,
            "abandon_ratio_worst_30min": self._worst(end),
            "utilisation": busy / worked if worked else 0.0,
            "wait_s_mean": sum(self.waits) / len(self.waits) if self.waits else 0.0,
            "ring_cuts": self.ring_cuts,
            "attempts_per_talk": self.attempts / self.talks if self.talks else 0.0,
        }

    def _worst(self, end: float) -> float:
        """The highest abandon ratio of any 30 minutes, looked at every minute."""
        first, last = int(self._warm_up_s // 60), int(end // 60)
        answered, abandoned = [0] * (last + 1), [0] * (last + 1)
        for at, is_abandoned in self.answers:
            minute = min(last, int(at // 60))
            answered[minute] += 1
            abandoned[minute] += is_abandoned
        windows = [slice(m, m + WINDOW_MIN) for m in range(first, max(first + 1, last - WINDOW_MIN + 1))]
        return max(sum(abandoned[w]) / max(1, sum(answered[w])) for w in windows)
