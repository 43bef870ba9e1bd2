"""What a supervisor does to a seat from the board's side panel: listen, whisper, barge, answer a call for
help, send words to the operator's screen.  Everything is logged; the dialer does it.

The supervisor's own desk phone is named once on a PC and kept in its cookie: another desk, another phone.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import AnswerHelp, EndListening, How, Listen, SeatBoard, ShowMessage
from appliance.store import seats
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

COOKIE: Final = "telephone"
COOKIE_AGE_S: Final = 365 * 86_400
MESSAGE_CHARACTERS_MAX: Final = 200
HOW_WORDS: Final[dict[How, str]] = {"listen": "聞く", "whisper": "ささやく", "barge": "割り込む"}


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/supervise/phone", "supervise", name_phone),
        Route("POST", "/seats/<seat_id:int>/listen", "supervise", listen),
        Route("POST", "/seats/<seat_id:int>/listen-end", "supervise", end_listening),
        Route("POST", "/seats/<seat_id:int>/answer-help", "supervise", answer_help),
        Route("POST", "/seats/<seat_id:int>/message", "supervise", show_message),
    ]


def phone_of(ask: Ask) -> str:
    """The extension this PC's supervisor named, if it is still one of the house."""
    named = str(ask.request.get_cookie(COOKIE) or "")
    return named if named in extensions(ask) else ""


def extensions(ask: Ask) -> set[str]:
    """The desk phones of the house, any of which a supervisor may name."""
    every = seats.every(ask.services.store)
    return {seat.extension for seat in every if seat.tenant_id in (None, ask.tenant_id)}


def name_phone(ask: Ask) -> Any:
    """The phone that rings when this supervisor listens."""
    extension = ask.text("extension", size_max=6)
    if extension and extension not in extensions(ask):
        raise Invalid(
            ask.t("内線「{extension}」はありません。登録済みの内線を選んでください。", extension=extension)
        )
    log_action(ask, "board", "supervisor's phone", extension)
    answer = ask.json({"extension": extension})
    answer.set_cookie(
        COOKIE, extension, path="/", secure=True, httponly=True, samesite="strict", max_age=COOKIE_AGE_S
    )
    return answer


def _seat(ask: Ask, seat_id: int) -> SeatBoard:
    """A seat of the board, somebody of the tenant's at it.  Raises NotFound."""
    seat = next((row for row in ask.services.live.board.seats if row.seat_id == seat_id), None)
    if seat is None or seat.tenant_id != ask.tenant_id:
        raise NotFound(ask.t("この座席には誰もいません。"))
    return seat


def listen(ask: Ask, seat_id: int) -> Any:
    """Listen, or change how: the named phone rings, or its standing leg is used."""
    how = ask.text("how")
    if how not in HOW_WORDS:
        raise Invalid(ask.t("聞く、ささやく、割り込むのいずれかを選んでください。"))
    seat, extension = _seat(ask, seat_id), phone_of(ask)
    if not extension:
        raise Invalid(ask.t("監督電話の内線を先に登録してください。"))
    if extension == seat.extension:
        raise Invalid(ask.t("この座席の電話では聞けません。ほかの内線を監督電話にしてください。"))
    person = ask.person
    ask.command(Listen(seat_id, person.user_id, person.name, extension, how))
    log_action(ask, "board", how, f"{seat.label} {seat.user_name}")
    return ask.json({"done": True})


def end_listening(ask: Ask, seat_id: int) -> Any:
    """Hang up: the operator and the customer talk on."""
    seat = _seat(ask, seat_id)
    ask.command(EndListening(seat_id, ask.person.user_id))
    log_action(ask, "board", "listening ended", f"{seat.label} {seat.user_name}")
    return ask.json({"done": True})


def answer_help(ask: Ask, seat_id: int) -> Any:
    """The panel of a seat that called for help was opened."""
    seat = _seat(ask, seat_id)
    ask.command(AnswerHelp(seat_id, ask.person.user_id, ask.person.name))
    log_action(ask, "board", "help answered", f"{seat.label} {seat.user_name}")
    return ask.json({"done": True})


def show_message(ask: Ask, seat_id: int) -> Any:
    """Words for the operator's screen; none take the last ones away."""
    seat, text = _seat(ask, seat_id), ask.text("text", size_max=MESSAGE_CHARACTERS_MAX)
    ask.command(ShowMessage(seat_id, text, ask.person.name))
    log_action(ask, "board", "message", f"{seat.label} {seat.user_name}: {text}")
    return ask.json({"done": True})
