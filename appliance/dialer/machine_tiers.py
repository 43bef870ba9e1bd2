"""The machine's part that rings phones and seats for callers: which of a tier's may ring, and who rings now.

A phone whose handset is down rings, whoever sits there; a seat that waits to be dialled for hears it in the
ear.  Of those that wait, no more than the calls on their way leave over are taken from the dialling at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.dialer.callback import Callback, ring_ends
from appliance.dialer.machine_core import Core
from appliance.dialer.ringing import Rung, Told
from appliance.dialer.seat import Event, Seat, State

GRACE_S: Final = 5.0  # the tier ends the ringing; the phone's own limit comes after it


class Desks(Protocol):
    """What this part needs of the seats' part."""

    def step(self, seat: Seat, event: Event) -> bool: ...


class Phones(Protocol):
    """What this part needs of the part that rings phones."""

    def order(self, extension: str, caller: str, tell: Callable[[Told], None], *, ring_s: float) -> Rung: ...

    def drop(self, rung: Rung) -> None: ...

    def give(self, rung: Rung) -> str: ...

    def is_busy(self, extension: str) -> bool: ...


class Tiers:
    """`tell(callback, seat, told)`: what became of a phone that rang for a caller."""

    def __init__(
        self, core: Core, rings: Phones, desks: Desks, tell: Callable[[Callback, Seat, Told], None]
    ) -> None:
        self._core, self._rings, self._desks, self._tell = core, rings, desks, tell

    # --- who may ring ---------------------------------------------------------------------------------

    def seats(self, callback: Callback) -> list[Seat]:
        """The tier's seats that the tenant may ring and whose phone is there, in the tier's order."""
        assert callback.stage is not None
        named = (self._core.seat_of_extension.get(each) for each in callback.stage.extensions)
        found = [
            seat
            for seat in named
            if seat is not None and seat.is_registered and seat.owner_id in (0, callback.tenant_id)
        ]
        if callback.stage.ring_order == "longest_idle":
            found.sort(key=lambda seat: seat.since)
        return found

    def free(self, callback: Callback) -> list[Seat]:
        """Those that can ring now and have not rung in this tier."""
        return [
            seat
            for seat in self.seats(callback)
            if self._is_untried(callback, seat) and self._can_ring(callback, seat)
        ]

    def is_any_busy(self, callback: Callback) -> bool:
        """Whether one may become free that has not rung yet."""
        return any(self._is_untried(callback, seat) for seat in self.seats(callback))

    def _can_ring(self, callback: Callback, seat: Seat) -> bool:
        if seat.state is State.OUT:
            return not seat.leg and not self._rings.is_busy(seat.extension)
        if (
            seat.state is not State.WAITING
            or seat.tenant_id != callback.tenant_id
            or not self._is_spare(seat)
        ):
            return False
        project = self._core.projects.get(seat.project_id)
        spare = len(project.waiting) - project.dialling if project is not None else 1
        return spare > 0 or not self._takes_waiting(callback)

    @staticmethod
    def _is_spare(seat: Seat) -> bool:
        """Not about to leave, and not kept for a promise."""
        return not seat.break_wanted and seat.kept is None

    @staticmethod
    def _is_untried(callback: Callback, seat: Seat) -> bool:
        return seat.seat_id not in callback.tried and seat.seat_id not in callback.turn

    @staticmethod
    def _takes_waiting(callback: Callback) -> bool:
        """Whether a seat that waited rings for this caller: one always may, so that nobody waits for ever."""
        return any(rung is None for rung in callback.turn.values())

    # --- ringing --------------------------------------------------------------------------------------

    def ring(self, callback: Callback, seat: Seat) -> None:
        """Let it ring, if it still can: the ones before it may have taken the dialling's last seat."""
        if not self._can_ring(callback, seat):
            return
        core = self._core
        seat.called_by = callback.call_id
        if seat.state is State.WAITING:
            callback.turn[seat.seat_id] = None
            self._desks.step(seat, Event.OFFERED)
            return
        shown = callback.number or core.service_code
        callback.turn[seat.seat_id] = self._rings.order(
            seat.extension,
            shown,
            lambda told: self._tell(callback, seat, told),
            ring_s=ring_ends(callback) - core.now + GRACE_S,
        )
        self._desks.step(seat, Event.CALLED)

    def stop(self, callback: Callback) -> None:
        """Nobody rings for him any more."""
        turn, callback.turn = callback.turn, {}
        callback.tried |= turn.keys()
        for seat_id, rung in turn.items():
            if rung is not None:
                self._rings.drop(rung)
            seat = self._core.seats.get(seat_id)
            if seat is not None and seat.called_by == callback.call_id:
                seat.called_by = 0
                self._desks.step(seat, Event.RELEASED if seat.state is State.CALLED else Event.RUNG_WAITING)

    def leave(self, callback: Callback, seat: Seat, *, is_phone_gone: bool = False) -> None:
        """This one rings no more, of its own accord."""
        rung = callback.turn.pop(seat.seat_id, None)
        callback.tried.add(seat.seat_id)
        seat.called_by = 0
        if rung is not None and not is_phone_gone:
            self._rings.drop(rung)
        if seat.state is State.CALLED:
            self._desks.step(seat, Event.RELEASED)

    def lift(self, callback: Callback, seat: Seat) -> None:
        """The phone that rang is up: its leg is the seat's."""
        rung = callback.turn.pop(seat.seat_id)
        assert rung is not None
        seat.leg = self._rings.give(rung)
        self._core.seat_of_leg[seat.leg] = seat
