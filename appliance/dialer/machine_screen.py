"""The machine's part for what a page asks of a seat: the same steps of the seat's table as its keys take.

Whichever comes first wins, key or page; what comes second finds another state and is refused by a word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.dialer.inputs import SeatRequest
from appliance.dialer.machine_breaks import RESTED
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_incoming import Incoming
from appliance.dialer.machine_manual import Manual
from appliance.dialer.machine_seats import Desks
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.machine_wishes import Wishes
from appliance.dialer.machine_wrap import TAKE_BACK_S
from appliance.dialer.messages import (
    AnswerCaller,
    AnswerTransfer,
    CallTarget,
    DialNumber,
    DropTarget,
    EnterCode,
    HandOver,
    HangUp,
    HoldCall,
    JoinAll,
    SetMode,
    SetReady,
    TakeBack,
)
from appliance.dialer.party_leg import FIRST_CALL
from appliance.dialer.seat import Event, Seat, State

Handler = Callable[[Seat, Any], None]
Judge = Callable[[Seat, Any, float], str]


class Screen:
    """Takes requests of pages.  `refusal` changes nothing and is asked again when the request comes."""

    def __init__(
        self, core: Core, desks: Desks, transfers: Transfers, incoming: Incoming, manual: Manual
    ) -> None:
        self._core, self._desks, self._transfers = core, desks, transfers
        self._incoming = incoming
        self._wishes = Wishes(core, transfers)
        self._rows: dict[type, tuple[Judge, Handler]] = {
            HangUp: (self._hang_up_refusal, self._hang_up),
            HoldCall: (self._wishes.hold_refusal, self._hold),
            CallTarget: (self._wishes.call_refusal, self._call),
            HandOver: (self._wishes.hand_over_refusal, lambda seat, _what: transfers.hand_over(seat)),
            DropTarget: (self._wishes.drop_refusal, lambda seat, _what: transfers.drop(seat)),
            JoinAll: (self._wishes.join_refusal, lambda seat, _what: transfers.join(seat)),
            AnswerTransfer: (self._wishes.answer_refusal, self._answer),
            AnswerCaller: (self._caller_refusal, self._answer_caller),
            EnterCode: (self._code_refusal, self._enter_code),
            TakeBack: (self._take_back_refusal, self._take_back),
            SetReady: (self._ready_refusal, self._set_ready),
            SetMode: (manual.mode_refusal, manual.set_mode),
            DialNumber: (manual.refusal, manual.dial),
        }

    def handlers(self) -> dict[type, Callable[[Any], None]]:
        return dict.fromkeys(self._rows, self._take)

    def refusal(self, what: SeatRequest, now: float) -> str:
        """Why it would do nothing, as a word of `shell_requests.REFUSALS`; empty when it would."""
        seat = self._core.seats.get(what.seat_id)
        if seat is None or not seat.user_id:
            return "nobody"
        return self._rows[type(what)][0](seat, what, now)

    def _take(self, what: SeatRequest) -> None:
        if self.refusal(what, self._core.now):
            return
        seat = self._core.seats[what.seat_id]
        seat.last_action = self._core.now
        self._rows[type(what)][1](seat, what)

    # --- the end of a talk, hold ----------------------------------------------------------------------

    @staticmethod
    def _hang_up_refusal(seat: Seat, _what: HangUp, _now: float) -> str:
        in_call = (State.TALKING, State.CALLING, State.RUNG, State.OFFERED, State.ASSISTING)
        return "" if seat.state in in_call else "no-call"

    def _hang_up(self, seat: Seat, _what: HangUp) -> None:
        self._desks.hang_up(seat)

    def _hold(self, seat: Seat, what: HoldCall) -> None:
        self._transfers.hold(seat, is_on=what.is_on)

    def _call(self, seat: Seat, what: CallTarget) -> None:
        target = self._wishes.target_of(seat, what)
        assert not isinstance(target, str)
        self._transfers.call(seat, target)

    def _answer(self, seat: Seat, what: AnswerTransfer) -> None:
        self._transfers.parties.pick_up(self._core.legs[FIRST_CALL + what.transfer_id], seat)

    def _caller_refusal(self, seat: Seat, what: AnswerCaller, _now: float) -> str:
        return self._incoming.pick_up_refusal(seat, what.incoming_id)

    def _answer_caller(self, seat: Seat, what: AnswerCaller) -> None:
        callback = self._incoming.of_id(what.incoming_id)
        assert callback is not None
        self._incoming.take(callback, seat)

    # --- the code -------------------------------------------------------------------------------------

    def _code_refusal(self, seat: Seat, what: EnterCode, _now: float) -> str:
        attempt = seat.attempt
        if seat.state in (State.TALKING, State.CALLING):
            return "still-talking"
        if attempt is None or attempt.attempt_id != what.attempt_id or not seat.takes(Event.ENTERED):
            return "no-code-owed"
        is_known = what.code in self._core.projects[attempt.project_id].codes
        return "" if is_known else "code-unknown"

    def _enter_code(self, seat: Seat, what: EnterCode) -> None:
        seat.typed = what.code
        self._desks.step(seat, Event.ENTERED_NEXT if what.is_next else Event.ENTERED)

    def _take_back_refusal(self, seat: Seat, what: TakeBack, now: float) -> str:
        is_last = seat.last is not None and seat.last.attempt_id == what.attempt_id
        if not (is_last and seat.takes(Event.TAKE_BACK)):
            return "not-the-last"
        return "" if now - seat.coded <= TAKE_BACK_S else "too-late"

    def _take_back(self, seat: Seat, _what: TakeBack) -> None:
        self._desks.step(seat, Event.TAKE_BACK)

    # --- ready ----------------------------------------------------------------------------------------

    @staticmethod
    def _ready_refusal(seat: Seat, what: SetReady, _now: float) -> str:
        if seat.state is (State.WAITING if what.is_on else State.PAUSED):
            return "as-it-is"
        if seat.state in RESTED:
            return "on-break"
        if what.is_on and seat.state is State.MANUAL:
            return "as-it-is"
        wanted = (State.PAUSED,) if what.is_on else (State.WAITING, State.MANUAL)
        return "" if seat.state in wanted else "call-in-hand"

    def _set_ready(self, seat: Seat, what: SetReady) -> None:
        self._desks.step(seat, Event.STAR if what.is_on else Event.HASH)
