"""The machine's part for keys in a talk: what the phone alone can ask; refusals are spoken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from appliance.dialer.machine_core import Core
from appliance.dialer.machine_seats import Desks
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.machine_wishes import Wishes
from appliance.dialer.messages import CallTarget, HoldCall
from appliance.dialer.party import State
from appliance.dialer.seat import Seat
from appliance.dialer.seat import State as SeatState
from appliance.dialer.talk_keys import PAUSE_S, Keyed, Wish, read

SPOKEN: Final = {
    "target-unknown": "transfer-unknown",
    "number-invalid": "transfer-unknown",
    "target-forbidden": "transfer-forbidden",
    "target-busy": "transfer-busy",
    "target-away": "transfer-no-answer",
    "channels": "transfer-no-channel",
}
"""Refusals that have words of their own; all others are one."""
NOT_NOW: Final = "transfer-not-now"


class TalkKeys:
    """Collects the keys after `*`, and does what they ask for."""

    def __init__(self, core: Core, desks: Desks, transfers: Transfers) -> None:
        self._core, self._desks, self._transfers = core, desks, transfers
        self._wishes = Wishes(core, transfers)
        self._do: dict[Wish, Callable[[Seat, str], str]] = {
            Wish.HOLD: self._hold,
            Wish.SHORT_DIAL: self._short_dial,
            Wish.HAND_OVER: self._hand_over,
            Wish.BACK: self._back,
            Wish.JOIN: self._join,
            Wish.EXTENSION: lambda seat, digits: self._call(
                seat, CallTarget(seat.seat_id, extension=digits), digits
            ),
            Wish.NUMBER: lambda seat, digits: self._call(
                seat, CallTarget(seat.seat_id, number=digits), digits
            ),
            Wish.HELP: self._help,
        }
        assert set(self._do) == set(Wish)

    def key(self, seat: Seat, digit: str) -> None:
        """One key of a seat that talks.  A digit without `*` before it means nothing."""
        if digit == "*":
            seat.dialled = "*"
        elif seat.dialled:
            seat.dialled += digit
        else:
            return
        self._look(seat, is_paused=False)

    def timer(self, seat_id: int) -> None:
        """No further key came."""
        seat = self._core.seats.get(seat_id)
        if seat is not None and seat.dialled and seat.state is SeatState.TALKING:
            self._look(seat, is_paused=True)

    def _look(self, seat: Seat, *, is_paused: bool) -> None:
        core, keyed = self._core, read(seat.dialled, is_paused=is_paused)
        if keyed == "more":
            core.timers.arm("keys", seat.seat_id, core.now + PAUSE_S)
            return
        core.timers.disarm("keys", seat.seat_id)
        seat.dialled = ""
        if isinstance(keyed, Keyed):
            refusal = self._do[keyed.wish](seat, keyed.digits)
            if refusal:
                self._desks.say(seat, SPOKEN.get(refusal, NOT_NOW))
        else:
            self._desks.say(seat, "transfer-keys")  # a lone `*`, or an unknown one: what there is

    def _hold(self, seat: Seat, _digits: str) -> str:
        is_on = self._transfers.state_of(seat) is not State.HELD
        refusal = self._wishes.hold_refusal(seat, HoldCall(seat.seat_id, is_on), self._core.now)
        if not refusal:
            self._transfers.hold(seat, is_on=is_on)
            self._desks.say(seat, "transfer-held" if is_on else "tone:beep")
        return refusal

    def _short_dial(self, seat: Seat, digits: str) -> str:
        target_id = self._wishes.short_dial(seat, digits)
        return (
            self._call(seat, CallTarget(seat.seat_id, target_id), digits) if target_id else "target-unknown"
        )

    def _call(self, seat: Seat, wanted: CallTarget, digits: str) -> str:
        refusal = self._wishes.call_refusal(seat, wanted, self._core.now)
        target = self._wishes.target_of(seat, wanted)
        if not refusal and not isinstance(target, str):
            self._read_back(seat, digits)
            self._transfers.call(seat, target)
        return refusal

    def _read_back(self, seat: Seat, digits: str) -> None:
        """Whom the keys call, until it rings: a wrong digit is heard before the wrong person answers."""
        self._desks.say(seat, *(f"digit-{digit}" for digit in digits), "transfer-calling")

    def _hand_over(self, seat: Seat, _digits: str) -> str:
        refusal = self._wishes.hand_over_refusal(seat, None, self._core.now)
        if not refusal:
            self._transfers.hand_over(seat)
            if seat.state is SeatState.ENTERING:
                self._desks.say(seat, "transfer-handed", "enter-code")
        return refusal

    def _back(self, seat: Seat, _digits: str) -> str:
        refusal = self._wishes.drop_refusal(seat, None, self._core.now)
        if not refusal:
            self._transfers.drop(seat)
            self._desks.say(seat, "tone:beep")
        return refusal

    def _join(self, seat: Seat, _digits: str) -> str:
        refusal = self._wishes.join_refusal(seat, None, self._core.now)
        if not refusal:
            self._transfers.join(seat)
            self._desks.say(seat, "transfer-joined")
        return refusal

    def _help(self, seat: Seat, _digits: str) -> str:
        """The operator alone hears that somebody is called."""
        self._desks.breaks.help_by_key(seat)
        return ""
