"""The machine's part for what pages ask beside calls: log-in, breaks, help, listening, words for an operator.

`refusal` changes nothing, and is asked again when the request comes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from appliance.dialer.machine_breaks import RESTED, Breaks
from appliance.dialer.machine_core import Core
from appliance.dialer.machine_listening import Listenings
from appliance.dialer.machine_summons import Summoning
from appliance.dialer.messages import (
    AnswerHelp,
    CallForHelp,
    EndBreak,
    EndListening,
    Listen,
    ShowMessage,
    StartBreak,
    TakeSeat,
)
from appliance.dialer.seat import Seat

REASON_MAX: Final = 40  # letters of a break's reason
MESSAGE_MAX: Final = 400  # letters: what an operator reads at a glance, beside a call

Judge = Callable[[Seat, Any], str]
Handler = Callable[[Seat, Any], None]


class FloorRequests:
    """Takes them."""

    def __init__(self, core: Core, breaks: Breaks, summoning: Summoning, listenings: Listenings) -> None:
        self._core, self._summoning, self._breaks, self._listenings = core, summoning, breaks, listenings
        self.rows: dict[type, tuple[Judge, Handler]] = {
            TakeSeat: (summoning.refusal, summoning.take_seat),
            StartBreak: (_reason_refusal, lambda seat, what: breaks.start(seat, what.reason)),
            EndBreak: (self._end_break_refusal, self._end_break),
            CallForHelp: (_none, lambda seat, what: breaks.call_for_help(seat, is_on=what.is_on)),
            AnswerHelp: (_help_refusal, lambda seat, what: breaks.answer_help(seat, what.user_name)),
            Listen: (listenings.refusal, listenings.listen),
            EndListening: (self._end_listening_refusal, lambda _seat, what: listenings.end(what)),
            ShowMessage: (
                _message_refusal,
                lambda seat, what: breaks.show_message(seat, what.text, what.from_name),
            ),
        }

    def handlers(self) -> dict[type, Callable[[Any], None]]:
        return dict.fromkeys(self.rows, self._take)

    def refusal(self, what: Any) -> str:
        """Why it would do nothing, as a word of `shell_requests.REFUSALS`; empty when it would."""
        seat = self._core.seats.get(what.seat_id)
        if seat is None:
            return "seat-unknown"
        if not seat.user_id and not isinstance(what, TakeSeat):
            return "nobody"
        return self.rows[type(what)][0](seat, what)

    def _take(self, what: Any) -> None:
        if not self.refusal(what):
            self.rows[type(what)][1](self._core.seats[what.seat_id], what)

    def _end_break_refusal(self, seat: Seat, _what: EndBreak) -> str:
        if seat.state in RESTED:
            return "" if seat.leg else self._summoning.phone_refusal(seat)
        return "" if seat.break_wanted else "as-it-is"

    def _end_break(self, seat: Seat, _what: EndBreak) -> None:
        if seat.state in RESTED and not seat.leg:
            self._summoning.bring_back(seat)
        else:
            self._breaks.end(seat)

    def _end_listening_refusal(self, seat: Seat, what: EndListening) -> str:
        return "" if self._listenings.is_listening(seat, what) else "as-it-is"


def _none(_seat: Seat, _what: object) -> str:
    return ""


def _reason_refusal(_seat: Seat, what: StartBreak) -> str:
    return "" if 0 < len(what.reason) <= REASON_MAX else "reason-invalid"


def _help_refusal(seat: Seat, _what: AnswerHelp) -> str:
    return "" if seat.help_since >= 0 else "as-it-is"


def _message_refusal(_seat: Seat, what: ShowMessage) -> str:
    return "" if len(what.text) <= MESSAGE_MAX else "message-long"
