"""The machine's part for supervisors who listen: carries out what `listening.py` says.

Lays them over the matrix of every talk of their seat (`mixing.py`, by `Core.mix_overlays`), so that hold,
third party and the next call need nothing from here but the matrix once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appliance.audio import messages as audio
from appliance.dialer import listening as table
from appliance.dialer import outputs
from appliance.dialer.attempt import Attempt
from appliance.dialer.attempt import State as CallState
from appliance.dialer.listening import ENDED_BY, HEARING, LISTEN_MAX_S, Do, Event, Listening, State
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_mix import mix_of
from appliance.dialer.machine_ringing import Rings
from appliance.dialer.messages import EndListening, Listen
from appliance.dialer.mixing import Ear, overheard
from appliance.dialer.ringing import Told
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState

QUIET: Final = frozenset({SeatState.PAUSED, SeatState.BREAK})
"""States of a supervisor's own seat in which its handset is free for listening."""
TOLD: Final[dict[Told, Event]] = {"up": Event.UP, "failed": Event.FAILED, "down": Event.DOWN}


class Listenings:
    """Everybody who listens, at one seat each."""

    def __init__(self, core: Core, rings: Rings) -> None:
        self._core, self._rings = core, rings
        core.mix_overlays.append(self._overlay)
        self._do: dict[Do, Callable[[Listening, Event], None]] = {
            Do.NOTHING: lambda _who, _event: None,
            Do.BEGIN: self._begin,
            Do.CHANGE: lambda _who, _event: None,  # `_take` has both stretches in hand
            Do.FORGET: self._forget,
            Do.DROP: self._drop,
            Do.STOP: self._stop,
            Do.STOP_AND_HANG_UP: self._stop_and_hang_up,
        }
        assert set(self._do) == set(Do)

    # --- what a page asks -----------------------------------------------------------------------------

    def refusal(self, seat: Seat, what: Listen) -> str:
        """Why `listen` would do nothing, as a word; else empty."""
        if seat.user_id == what.user_id:
            return "own-seat"
        if what.user_id in self._core.listenings:
            return ""
        phone = self._core.seat_of_extension.get(what.extension)
        if phone is None or phone.owner_id not in (0, seat.tenant_id):
            return "extension-unknown"  # another tenant's is not told apart from none
        if phone.leg or phone.user_id:
            is_free = phone.user_id == what.user_id and phone.leg and phone.state in QUIET
            return "" if is_free else "phone-in-use"
        if self._rings.is_busy(what.extension):
            return "phone-in-use"
        return "" if phone.is_registered else "phone-away"

    def listen(self, seat: Seat, what: Listen) -> None:
        """Begin, change how, or move to another seat."""
        standing = self._core.listenings.get(what.user_id)
        if standing is not None:
            self._take(standing, seat, what)
            return
        who = Listening(what.user_id, what.user_name, seat.seat_id, what.extension, what.how)
        self._core.listenings[who.user_id] = who
        phone = self._core.seat_of_extension[what.extension]
        if phone.leg:
            who.leg = phone.leg
            self.step(who, Event.BORROW)
        else:
            who.rung = self._rings.order(what.extension, seat.extension, lambda told: self._told(who, told))
            self.step(who, Event.RING)
        self._core.show(seat)

    def is_listening(self, seat: Seat, what: EndListening) -> bool:
        who = self._core.listenings.get(what.user_id)
        return who is not None and who.seat_id == seat.seat_id

    def end(self, what: EndListening) -> None:
        self.step(self._core.listenings[what.user_id], Event.ENDED)

    def _take(self, who: Listening, seat: Seat, what: Listen) -> None:
        """Another seat, or another way: one stretch ends, the next begins."""
        core, before = self._core, self._seat(who)
        event = Event.CHANGED if who.seat_id == seat.seat_id else Event.MOVED
        if event is Event.CHANGED and who.how == what.how:
            return
        self._save(who, ENDED_BY[event])
        who.how, who.seat_id = what.how, seat.seat_id
        self.step(who, event)
        if who.since >= 0:
            self._open(who)
            core.timers.arm("listen", who.user_id, core.now + LISTEN_MAX_S)
        for each in {before.seat_id: before, seat.seat_id: seat}.values():
            self._remix(each)
            core.show(each)
        if event is Event.MOVED:
            self._beep(seat)

    # --- what happens ---------------------------------------------------------------------------------

    def step(self, who: Listening, event: Event) -> None:
        """Let something happen to a listener; what has no meaning in his state is ignored."""
        do = who.step(event)
        if do is not None:
            self._do[do](who, event)

    def seat_moved(self, seat: Seat) -> None:
        """A seat's state changed: nobody listens to an empty seat, nor on a phone that is to take calls."""
        for who in [who for who in self._core.listenings.values() if who.state is not State.OVER]:
            if who.seat_id == seat.seat_id and not seat.user_id:
                self.step(who, Event.SEAT_LEFT)
            elif who.state is State.BORROWED and who.leg == seat.leg and seat.state not in QUIET:
                self.step(who, Event.BUSY)

    def talk_began(self, seat: Seat, attempt: Attempt) -> None:
        """The seat was just given a customer."""
        if self._ears(seat):
            self._core.emit(mix_of(self._core, attempt))
            self._beep(seat)

    def timer(self, user_id: int) -> None:
        if (who := self._core.listenings.get(user_id)) is not None:
            self.step(who, Event.TOO_LONG)

    def _told(self, who: Listening, told: Told) -> None:
        if told == "up" and who.rung is not None:
            who.leg = who.rung.leg
        self.step(who, TOLD[told])

    # --- what the table says --------------------------------------------------------------------------

    def _begin(self, who: Listening, _event: Event) -> None:
        core, seat = self._core, self._seat(who)
        self._open(who)
        core.timers.arm("listen", who.user_id, core.now + LISTEN_MAX_S)
        self._remix(seat)
        self._beep(seat)
        core.show(seat)

    def _forget(self, who: Listening, _event: Event) -> None:
        core = self._core
        core.timers.disarm("listen", who.user_id)
        del core.listenings[who.user_id]
        if who.seat_id in core.seats:
            core.show(core.seats[who.seat_id])

    def _drop(self, who: Listening, event: Event) -> None:
        if who.rung is not None:
            self._rings.drop(who.rung)
        self._forget(who, event)

    def _stop(self, who: Listening, event: Event) -> None:
        self._save(who, ENDED_BY[event])
        self._forget(who, event)
        self._remix(self._seat(who))

    def _stop_and_hang_up(self, who: Listening, event: Event) -> None:
        self._stop(who, event)
        if who.rung is not None:
            self._rings.drop(who.rung)

    # --- who hears whom -------------------------------------------------------------------------------

    def _ears(self, seat: Seat) -> list[Ear]:
        return [
            Ear(who.leg, seat.leg, who.how)
            for who in self._core.listenings.values()
            if who.seat_id == seat.seat_id and who.state in HEARING and who.leg and seat.leg
        ]

    def _overlay(self, _seat_id: int, mix: audio.Mix) -> audio.Mix:
        if not self._core.listenings:
            return mix
        seats = [self._core.seat_of_leg[port] for port in mix.hears if port in self._core.seat_of_leg]
        return overheard(mix, [ear for seat in seats for ear in self._ears(seat)])

    def _remix(self, seat: Seat) -> None:
        attempt = self._attempt_of(seat)
        if attempt is not None:
            self._core.emit(mix_of(self._core, attempt))

    def _attempt_of(self, seat: Seat) -> Attempt | None:
        """The customer's call that a seat takes part in: its own, or the one it is asked about."""
        if seat.state is SeatState.TALKING:
            return seat.attempt
        leg = self._core.legs.get(seat.rung_by) if seat.state is SeatState.ASSISTING else None
        return self._core.attempts.get(leg.attempt_id) if leg is not None else None

    def _beep(self, seat: Seat) -> None:
        """Where the project wants it, both sides hear that somebody listens."""
        attempt = self._attempt_of(seat)
        if attempt is None or not self._core.projects[attempt.project_id].settings.is_listening_told:
            return
        ports = [seat.leg]
        if attempt.state is CallState.CONNECTED and attempt.attempt_id not in self._core.talks:
            ports.append(attempt.port)  # a customer who waits with music is spared it
        for port in ports:
            self._core.emit(audio.Play(port, ("tone:beep",), is_cutting=False))

    # --- the book -------------------------------------------------------------------------------------

    def _open(self, who: Listening) -> None:
        seat = self._seat(who)
        who.since, who.since_at = self._core.now, self._core.wall_now
        who.operator_id, who.tenant_id = seat.user_id, seat.tenant_id
        self._write(who, "")

    def _save(self, who: Listening, ended: table.Ended) -> None:
        if who.since >= 0:
            self._write(who, ended)

    def _write(self, who: Listening, ended: table.Ended) -> None:
        core = self._core
        core.emit(
            outputs.SaveListening(
                user_id=who.user_id,
                from_at=who.since_at,
                tenant_id=who.tenant_id,
                seat_id=who.seat_id,
                operator_id=who.operator_id,
                how=who.how,
                to_at=who.since_at + core.now - who.since if ended else 0.0,
                ended=ended,
            )
        )

    def _seat(self, who: Listening) -> Seat:
        """The seat he listens to."""
        return self._core.seats[who.seat_id]
