"""What the call screen does with the telephone: every button is one message to the dialer, who decides.

Asked by whoever sits at the seat, of that seat alone.  What the dialer refuses is said in his words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from appliance.dialer.messages import (
    CallForHelp,
    CallTarget,
    DialCustomer,
    DropTarget,
    HandOver,
    HangUp,
    HoldCall,
    JoinAll,
    Message,
    SeatBoard,
    SetMode,
    SetReady,
)
from appliance.store import customers, numbers, projects, transfers
from webui import call
from webui.ask import Ask, Invalid, Services
from webui.auth import log_action
from webui.roles import Route

ACTS: Final[dict[str, Callable[[int], Message]]] = {
    "hang-up": lambda seat_id: HangUp(seat_id=seat_id),
    "hold": lambda seat_id: HoldCall(seat_id=seat_id, is_on=True),
    "resume": lambda seat_id: HoldCall(seat_id=seat_id, is_on=False),
    "manual": lambda seat_id: SetMode(seat_id=seat_id, is_manual=True),
    "predictive": lambda seat_id: SetMode(seat_id=seat_id, is_manual=False),
    "ready": lambda seat_id: SetReady(seat_id=seat_id, is_on=True),
    "pause": lambda seat_id: SetReady(seat_id=seat_id, is_on=False),
    "help": lambda seat_id: CallForHelp(seat_id=seat_id, is_on=True),
    "help-off": lambda seat_id: CallForHelp(seat_id=seat_id, is_on=False),
    "hand-over": lambda seat_id: HandOver(seat_id=seat_id),
    "drop-target": lambda seat_id: DropTarget(seat_id=seat_id),
    "join-all": lambda seat_id: JoinAll(seat_id=seat_id),
}


SHORT: Final = re.compile(r"0\d\d")  # a short dial; the page names those it knows by their id


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/call/act", "call", act),
        Route("POST", "/call/dial", "call", dial),
        Route("POST", "/call/target", "call", call_target),
    ]


def own_seat(ask: Ask) -> SeatBoard:
    """The seat of whoever asks.  Raises Invalid without one."""
    seat = call.seat_of(ask)
    if seat is None:
        raise Invalid(ask.t("座席についていません。電話機でログインするか、座席を選んでください。"))
    return seat


def act(ask: Ask) -> Any:
    """One button without values."""
    name = ask.text("what")
    if name not in ACTS:
        raise Invalid(ask.t("この操作はありません。"))
    seat = own_seat(ask)
    ask.command(ACTS[name](seat.seat_id))
    log_action(ask, "call", name, seat.label)
    return ask.json({"done": True})


def dial(ask: Ask) -> Any:
    """発信: the customer that is open here, at his own or an added number, showing one of our numbers."""
    seat, customer_id = own_seat(ask), ask.integer("customer")
    found = call.customer_of(ask, customer_id)
    held = call.hold(ask, customer_id)
    if held is not None:
        words = ask.t("{name}さん（{seat}）が対応中です。", name=held["name"], seat=held["seat"] or "—")
        raise Invalid(words)
    wake(ask, seat)
    ask.command(
        DialCustomer(
            seat_id=seat.seat_id,
            customer_id=customer_id,
            number=_number(ask, customer_id),
            caller=caller_of(ask, found.project_id),
        )
    )
    log_action(ask, "call", "dialled", str(customer_id))
    return ask.json({"done": True})


def _number(ask: Ask, customer_id: int) -> str:
    """An added number of the customer; '' for his own."""
    wanted = ask.integer("number_id")
    added = customers.added_numbers(ask.services.store, ask.tenant_id, customer_id)
    chosen = next((row.number for row in added if row.id == wanted), "")
    if wanted and not chosen:
        raise Invalid(ask.t("この番号は削除されました。番号を選び直してください。"))
    return chosen


def wake(ask: Ask, seat: SeatBoard) -> None:
    """Where one is dialled for by hand alone a pause ends with it; elsewhere it goes on after the call."""
    modes = {row.project_id: row.mode for row in ask.services.live.board.projects}
    if seat.state == "paused" and modes.get(seat.project_id, "preview") == "preview":
        ask.command(SetReady(seat_id=seat.seat_id, is_on=True))  # the dialer dials for seats that wait


def caller_of(ask: Ask, project_id: int) -> str:
    """One of the project's numbers; '' for the main one."""
    wanted = ask.text("caller", size_max=20)
    known = projects.callers(ask.services.store, ask.tenant_id, project_id)
    return next((row.number for row in known if row.number == wanted and not row.is_main), "")


def call_target(ask: Ask) -> Any:
    """転送: hold the customer and ring somebody: a short dial, any number, or a phone of the house."""
    seat, text = own_seat(ask), ask.text("to", size_max=40)
    target_id = ask.integer("target")
    digits = numbers.digits_of(text)
    if target_id:
        body = CallTarget(seat_id=seat.seat_id, target_id=target_id)
    elif _is_extension(ask, digits):
        body = CallTarget(seat_id=seat.seat_id, extension=digits)
    else:
        if not transfers.DIGITS_MIN <= len(digits) <= transfers.DIGITS_MAX or SHORT.fullmatch(digits):
            raise Invalid(ask.t("転送先は短縮番号、内線、または電話番号で入力してください。"))
        body = CallTarget(seat_id=seat.seat_id, number=digits)
    ask.command(body)
    log_action(ask, "call", "target called", text or str(target_id))
    return ask.json({"done": True})


def _is_extension(ask: Ask, digits: str) -> bool:
    """Whether the digits are a desk of this tenant."""
    return any(
        seat.extension == digits and seat.tenant_id in (0, ask.tenant_id)
        for seat in ask.services.live.board.seats
    )
