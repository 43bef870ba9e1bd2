"""The machine's part that listens to phones: who is registered, who lifts, presses, holds, falls silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_ringing import SILENT_GONE_S, Rings
from appliance.dialer.machine_seats import Desks
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.seat import Event, State
from appliance.phones import messages as phones

STATUS_NOT_FOUND: Final = 404
SILENT_AWAY_S: Final = 10.0  # a ready phone without RTP this long would be handed a customer in vain
_PIN_KEYED: Final = frozenset({State.ASKING_PIN, State.BREAK})


class Phones:
    """Turns what phones and their keys report into events of seats."""

    def __init__(self, core: Core, desks: Desks, transfers: Transfers, rings: Rings) -> None:
        self._core = core
        self._transfers, self._rings = transfers, rings
        self._desks = desks
        self._locked_out_phones: set[str] = set()

    def handlers(self) -> dict[type, Callable[[Any], None]]:
        return {
            phones.Registered: lambda what: self._registered(what.extension, is_registered=True),
            phones.Unregistered: lambda what: self._registered(what.extension, is_registered=False),
            phones.LockedOut: self._locked_out,
            phones.Invited: self._invited,
            phones.LegAnswered: self._rings.lifted,
            phones.MediaChanged: self._media_changed,
            phones.InfoDigit: lambda what: self.digit(what.leg, what.digit),
            phones.LegEnded: self._leg_ended,
            phones.PhonesSnapshot: self._snapshot,
            audio.Silence: self._silence,
        }

    def is_secret(self, what: inputs.Any_) -> bool:
        """A digit of a PIN that is being keyed."""
        if isinstance(what, audio.Digit):
            seat = self._core.seat_of_leg.get(what.port)
        elif isinstance(what, phones.InfoDigit):
            seat = self._core.seat_of_leg.get(what.leg)
        else:
            return False
        return seat is not None and seat.state in _PIN_KEYED and what.digit.isdecimal()

    def reattach_legs(self, what: audio.AudioSnapshot) -> None:
        """Audio restarted: legs without a port get one again, and are told again what is asked of them."""
        for leg, seat in self._core.seat_of_leg.items():
            if leg not in what.ports:
                self._core.emit(outputs.AnswerPhone(leg, is_again=True))
                self._desks.repeat(seat)
        self._rings.reattach(what.ports)

    def played(self, leg: str, tag: str) -> None:
        """Something has been said to a leg to its end."""
        self._desks.played(leg, tag)

    def _registered(self, extension: str, *, is_registered: bool) -> None:
        seat = self._core.seat_of_extension.get(extension)
        if seat is not None and seat.is_registered != is_registered:
            seat.is_registered = is_registered
            self._core.show(seat)
        if is_registered and extension in self._locked_out_phones:
            self._locked_out_phones.discard(extension)
            self._core.emit(outputs.Alarm(f"phone-{extension}", False))

    def _locked_out(self, what: phones.LockedOut) -> None:
        text = f"Phone {what.extension} is locked out: wrong passwords from {what.source}."
        seat = self._core.seat_of_extension.get(what.extension)
        self._locked_out_phones.add(what.extension)
        owner_id = seat.owner_id if seat is not None else 0
        self._core.emit(outputs.Alarm(f"phone-{what.extension}", True, text, owner_id))

    def _invited(self, what: phones.Invited) -> None:
        seat = self._core.seat_of_extension.get(what.extension)
        if seat is None or what.dialled != self._core.service_code:
            self._core.emit(phones.RejectLeg(what.leg, STATUS_NOT_FOUND))
            return
        self._desks.off_hook(seat, what.leg)

    def _leg_ended(self, what: phones.LegEnded) -> None:
        seat = self._core.seat_of_leg.get(what.leg)
        if seat is not None:
            self._desks.on_hook(seat)
        else:
            self._rings.ended(what.leg)

    def digit(self, leg: str, digit: str) -> None:
        """A key of a phone."""
        seat = self._core.seat_of_leg.get(leg)
        if seat is not None:
            self._desks.key(seat, digit)

    def _media_changed(self, what: phones.MediaChanged) -> None:
        """Hold: a waiting seat is away; a customer hears music until he is taken back."""
        seat = self._core.seat_of_leg.get(what.leg)
        if seat is None:
            return
        if seat.state is State.TALKING and seat.attempt is not None:
            self._transfers.phone_held(seat, is_held=what.media.is_held)
        elif what.media.is_held:
            self._desks.step(seat, Event.AWAY)

    def _silence(self, what: audio.Silence) -> None:
        seat = self._core.seat_of_leg.get(what.port)
        if seat is None:
            self._rings.silent(what.port, what.seconds)
        elif what.seconds >= SILENT_GONE_S:
            self._core.emit(phones.HangUpLeg(seat.leg))
            self._desks.on_hook(seat)
        elif what.seconds >= SILENT_AWAY_S:
            self._desks.step(seat, Event.AWAY)

    def _snapshot(self, what: phones.PhonesSnapshot) -> None:
        """Phones restarted, or we did: legs that are gone end, legs nobody knows are hung up."""
        for seat in self._core.seats.values():
            self._registered(seat.extension, is_registered=seat.extension in what.registered)
        standing = {leg.leg for leg in what.legs}
        for seat in [seat for leg, seat in self._core.seat_of_leg.items() if leg not in standing]:
            self._desks.on_hook(seat)
        self._rings.look(standing)
        for leg in what.legs:
            if leg.leg not in self._core.seat_of_leg and not self._rings.knows(leg.leg):
                self._unknown(leg)

    def _unknown(self, leg: phones.LegState) -> None:
        if not leg.dialled and self._rings.is_ordered(leg.extension):
            return  # we rang it, and are about to hear its name
        if leg.is_answered:
            self._core.emit(phones.HangUpLeg(leg.leg))
            self._core.emit(audio.ClosePort(leg.leg))
        else:
            self._invited(phones.Invited(leg.leg, leg.extension, leg.dialled, leg.media))
