"""What the played dialer's board shows after a request, as the real one's would.  Pure.

A room that asks the dialer for something new adds a row to `PLAYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.dialer.messages import (
    AnswerHelp,
    Board,
    CallForHelp,
    EndBreak,
    EndListening,
    Listen,
    Listener,
    SeatBoard,
    ShowMessage,
    StartBreak,
    TakeSeat,
)

Play = Callable[[SeatBoard, Any, float], SeatBoard]


def _with(seat: SeatBoard, **values: Any) -> SeatBoard:
    return msgspec.structs.replace(seat, **values)


def start_break(seat: SeatBoard, body: StartBreak, now: float) -> SeatBoard:
    """At once where no call is in hand, else noted."""
    if seat.state in ("waiting", "paused", "break"):
        return _with(seat, state="break", since_at=now, break_reason=body.reason)
    return _with(seat, break_wanted=body.reason)


def end_break(seat: SeatBoard, _body: EndBreak, now: float) -> SeatBoard:
    """Back to paused, or the wish gone."""
    if seat.state == "break":
        return _with(seat, state="paused", since_at=now, break_reason="", break_wanted="")
    return _with(seat, break_wanted="")


def call_for_help(seat: SeatBoard, body: CallForHelp, now: float) -> SeatBoard:
    """The tile alarms, or no more."""
    return _with(seat, help_since_at=now if body.is_on else 0.0, helper="")


def answer_help(seat: SeatBoard, body: AnswerHelp, _now: float) -> SeatBoard:
    """Answered, and by whom."""
    return _with(seat, help_since_at=0.0, helper=body.user_name)


def listen(seat: SeatBoard, body: Listen, now: float) -> SeatBoard:
    """His handset is up at once."""
    others = tuple(one for one in seat.listeners if one.user_id != body.user_id)
    own = Listener(body.user_id, body.user_name, body.how, is_on=True, since_at=now)
    return _with(seat, listeners=(*others, own))


def end_listening(seat: SeatBoard, body: EndListening, _now: float) -> SeatBoard:
    """He is gone."""
    return _with(seat, listeners=tuple(one for one in seat.listeners if one.user_id != body.user_id))


def show_message(seat: SeatBoard, body: ShowMessage, now: float) -> SeatBoard:
    """Words on the operator's screen."""
    return _with(seat, message=body.text, message_from=body.from_name, message_at=now)


def take_seat(seat: SeatBoard, body: TakeSeat, now: float) -> SeatBoard:
    """As if the handset had been lifted at once."""
    who: dict[str, Any] = {"user_id": body.user_id, "user_name": body.user_name, "tenant_id": body.tenant_id}
    return _with(seat, state="paused", since_at=now, **who)


PLAYS: Final[dict[type, Play]] = {
    StartBreak: start_break,
    EndBreak: end_break,
    CallForHelp: call_for_help,
    AnswerHelp: answer_help,
    Listen: listen,
    EndListening: end_listening,
    ShowMessage: show_message,
    TakeSeat: take_seat,
}


def played(board: Board, body: Any, now: float) -> Board:
    """The board after a request; the same where it changes nothing that shows."""
    play = PLAYS.get(type(body))
    if play is None:
        return board
    seats = tuple(play(seat, body, now) if seat.seat_id == body.seat_id else seat for seat in board.seats)
    return msgspec.structs.replace(board, seats=seats)
