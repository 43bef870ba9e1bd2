"""WAIT + TALK + WRAP + breaks + pauses = the time a user was logged in, judged from what seats show.

Counts each user's time by shown state from `SeatChanged` alone, by a table of its own, and compares it
with the intervals written for that user, kind by kind, at each log-out.  Monotonic seconds; sums may
differ by rounding alone.  A dialer that is killed loses the stretch that was open then; nothing else.
"""

from __future__ import annotations

import collections
from typing import Any, Final

from appliance.dialer import outputs
from appliance.dialer.messages import SeatBoard, SeatChanged
from appliance.simulator.shift_world import World

DIFFERENCE_S_MAX: Final = 0.001
KIND: Final[dict[str, str]] = {
    "paused": "paused",
    "waiting": "wait",
    "manual": "wait",
    "ringing": "wait",
    "talking": "talk",
    "wrapup": "wrap",
    "break": "break",
}
"""What the time in each shown state is called in reports; a log-in is nobody's time yet."""


Seconds = collections.defaultdict[str, float]
"""By kind."""


def _none() -> Seconds:
    return collections.defaultdict(float)


class Times:
    """Time of each user, by kind: shown and written."""

    def __init__(self, world: World) -> None:
        self.shown: dict[int, Seconds] = collections.defaultdict(_none)
        self.written: dict[int, Seconds] = collections.defaultdict(_none)
        self.stretches = 0
        self.lost_s = 0.0  # by kills of the dialer
        self._sits: dict[int, tuple[int, str, float]] = {}  # seat to user, shown state, since
        self._since: dict[int, float] = {}  # when the last interval of a seat ended
        world.observers.append(self.observe)

    def observe(self, now: float, _what: Any, decided: list[Any]) -> None:
        """Look at one event: intervals are written before the seat is shown anew."""
        for output in decided:
            if isinstance(output, outputs.SaveInterval):
                self._kept(now, output)
            elif isinstance(output, SeatChanged):
                self._seen(now, output.seat)

    def restarted(self, now: float) -> None:
        """The dialer was killed: what was not written of each seat's time is lost, and counted here."""
        for seat_id, (user_id, state, since) in self._sits.items():
            self.lost_s += now - since
            written_to = self._since.get(seat_id, since)
            self.shown[user_id][KIND[state]] += max(0.0, written_to - since)
        self._sits.clear()
        self._since.clear()

    def at_rest(self) -> None:
        """After everybody went home: nobody is logged in, and all time is written."""
        assert not self._sits, f"still logged in: {self._sits}"
        for user_id in self.shown:
            self._compare(user_id)

    def _kept(self, now: float, row: outputs.SaveInterval) -> None:
        name = f"{now:.3f}: seat {row.seat_id}"
        assert row.user_id, f"{name}: an interval of nobody: {row}"
        assert row.seconds >= 0, f"{name}: {row}"
        begun = self._since.get(row.seat_id)
        if begun is not None:
            gap = abs(now - row.seconds - begun)
            assert gap < DIFFERENCE_S_MAX, f"{name}: {gap:.3f} s are in no interval, or in two"
        assert bool(row.reason) == (row.kind == "break"), f"{name}: {row}"
        self._since[row.seat_id] = now
        self.written[row.user_id][row.kind] += row.seconds
        self.stretches += 1

    def _seen(self, now: float, seat: SeatBoard) -> None:
        sits_now = seat.user_id if seat.state in KIND else 0
        if self._sits.get(seat.seat_id, ())[:2] == (sits_now, seat.state):
            return
        before = self._sits.pop(seat.seat_id, None)
        if before is not None:
            user_id, state, since = before
            self.shown[user_id][KIND[state]] += now - since
            if user_id != sits_now:
                self._compare(user_id)
                del self._since[seat.seat_id]
        if sits_now:
            self._since.setdefault(seat.seat_id, now)
            self._sits[seat.seat_id] = (sits_now, seat.state, now)

    def _compare(self, user_id: int) -> None:
        shown, written = self.shown[user_id], self.written[user_id]
        for kind in {*shown, *written}:
            gap = abs(shown[kind] - written[kind])
            assert gap < DIFFERENCE_S_MAX, (
                f"user {user_id}: {shown[kind]:.3f} s of {kind} were shown, {written[kind]:.3f} s are written"
            )
