"""編集 on the call screen: a customer's fields and added numbers.  The original number never changes.

Whoever has the customer open may; each change is kept with name and time.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import customer_edits
from webui import call
from webui.ask import Ask, Invalid, Services
from webui.auth import log_action
from webui.call_card import card, reader_of
from webui.roles import Route

FIELD: Final = "field-"


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/call/customers/<customer_id:int>", "call", change),
        Route("POST", "/call/customers/<customer_id:int>/numbers", "call", change_number),
    ]


def _check(ask: Ask, customer_id: int) -> None:
    call.customer_of(ask, customer_id)
    held = call.hold(ask, customer_id, is_talking=call.is_on_line(ask, customer_id))
    if held is not None:
        words = ask.t("{name}さん（{seat}）が対応中です。", name=held["name"], seat=held["seat"] or "—")
        raise Invalid(words)


def change(ask: Ask, customer_id: int) -> Any:
    """Fields by their header: `field-住所`."""
    _check(ask, customer_id)
    forms = ask.request.forms.decode()  # the names are Japanese too
    values = {
        str(name).removeprefix(FIELD): _plain(str(forms[name]))
        for name in forms
        if str(name).startswith(FIELD)
    }
    try:
        changed = customer_edits.change(
            ask.services.store,
            ask.tenant_id,
            customer_id,
            values,
            user_id=ask.person.user_id,
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        raise Invalid(ask.refusal(error)) from error
    log_action(ask, "call", "customer edited", f"{customer_id}: {'・'.join(changed)}")
    return _answer(ask, customer_id)


def _plain(text: str) -> str:
    """One line without control characters."""
    return "".join(sign for sign in text if sign >= " ").strip()


def change_number(ask: Ask, customer_id: int) -> Any:
    """Add a number, put one right, or take it away (an empty one)."""
    _check(ask, customer_id)
    store, who = ask.services.store, {"user_id": ask.person.user_id, "at": ask.services.now_ms()}
    number_id = ask.integer("id")
    number, label = ask.text("number", size_max=30), ask.text("label", size_max=30)
    try:
        if number_id:
            customer_edits.change_number(
                store, ask.tenant_id, customer_id, number_id, number=number, label=label, **who
            )
        else:
            customer_edits.add_number(store, ask.tenant_id, customer_id, number=number, label=label, **who)
    except BadInput as error:
        raise Invalid(ask.refusal(error)) from error
    log_action(ask, "call", "number changed" if number_id else "number added", str(customer_id))
    return _answer(ask, customer_id)


def _answer(ask: Ask, customer_id: int) -> Any:
    seat = call.seat_of(ask) if call.is_on_line(ask, customer_id) else None
    attempt_id = seat.attempt_id if seat else 0
    found = card(reader_of(ask), customer_id, attempt_id=attempt_id)
    return ask.json({"card": found})
