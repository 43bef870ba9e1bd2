"""転送電話: customers whom somebody hands over within the house.  Done ones are grey.

What rings is the dialer's board; what became of it is the store's.  Managers see all of the tenant's,
operators those of customers whom they may see.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import AnswerTransfer, TransferBoard
from appliance.errors import BadInput
from appliance.store import customers, lists, transfers, users, visibility
from appliance.store.models import Transfer
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

ROWS_MAX: Final = 100
OUTCOMES: Final[dict[str, str]] = {
    "": "通話中",
    "handed": "引き継ぎ済み",
    "dropped": "取りやめ",
    "left": "終了",
    "customer-left": "お客様が切断",
    "lost": "中断",
}
UNANSWERED: Final = "つながらず"


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/transfers", "transfers", show),
        Route("POST", "/transfers/<transfer_id:int>/answer", "transfers", answer),
        Route("POST", "/transfers/<transfer_id:int>/delete", "transfers", delete),
    ]


def show(ask: Ask, *, problem: str = "") -> Any:
    store, calendar = ask.services.store, ask.services.calendar
    ringing = waiting(ask)
    past = [
        row
        for row in transfers.inbox(store, ask.tenant_id, since=calendar.start_of(ask.today()), limit=ROWS_MAX)
        if row.id not in {one.transfer_id for one in ringing} and _sees(ask, row.customer_id)
    ]
    return ask.page(
        "transfers.html",
        status=400 if problem else 200,
        problem=problem,
        ringing=[_ringing(ask, row) for row in ringing],
        past=[_past(ask, row) for row in past],
        sits=ask.services.live.seat_of(ask.person.user_id) is not None,
    )


def waiting(ask: Ask) -> list[TransferBoard]:
    """What rings now in the house, the longest first."""
    every = [row for row in ask.services.live.board.transfers if row.tenant_id == ask.tenant_id]
    return sorted((row for row in every if _sees(ask, row.customer_id)), key=lambda row: row.since_at)


def _sees(ask: Ask, customer_id: int) -> bool:
    return not customer_id or visibility.sees_customer(ask.services.store, ask.viewer, customer_id)


def _customer(ask: Ask, customer_id: int, list_id: int) -> dict[str, Any]:
    store = ask.services.store
    customer = customers.get(store, ask.tenant_id, customer_id) if customer_id else None
    in_list = lists.get(store, ask.tenant_id, list_id) if list_id else None
    return {
        "customer_id": customer_id if customer else 0,
        "name": customer.name if customer else "",
        "number": customer.number if customer else "",
        "list_name": in_list.name if in_list else "",
    }


def _ringing(ask: Ask, row: TransferBoard) -> dict[str, Any]:
    found = _customer(ask, row.customer_id, row.list_id)
    return found | {
        "id": row.transfer_id,
        "at": int(row.since_at * 1000),
        "from_name": row.from_name,
        "to": row.to_extension,
        "is_blind": row.is_blind,
        "number": row.number or found["number"],
    }


def _past(ask: Ask, row: Transfer) -> dict[str, Any]:
    return _customer(ask, row.customer_id, row.list_id) | {
        "id": row.id,
        "at": row.asked_at,
        "from_name": _name(ask, row.user_id),
        "to": row.number,
        "to_name": _name(ask, row.to_user_id) or row.name,
        "outcome": ask.t(OUTCOMES.get(row.outcome, UNANSWERED)),
        "is_over": row.cleared_at > 0,
    }


def _name(ask: Ask, user_id: int) -> str:
    user = users.get(ask.services.store, ask.tenant_id, user_id) if user_id else None
    return user.name if user else ""


def answer(ask: Ask, transfer_id: int) -> Any:
    """Pick it up at one's own seat."""
    seat = ask.services.live.seat_of(ask.person.user_id)
    if seat is None:
        raise Invalid(ask.t("座席についていません。電話機でログインするか、座席を選んでください。"))
    row = next((row for row in waiting(ask) if row.transfer_id == transfer_id), None)
    if row is None:
        raise NotFound(ask.t("この転送電話は、ほかの人が取ったか終わっています。"))
    ask.command(AnswerTransfer(seat_id=seat.seat_id, transfer_id=transfer_id))
    log_action(ask, "transfers", "answered", f"{transfer_id} {row.from_name}")
    if ask.wants_json:
        return ask.json({"done": True, "customer_id": row.customer_id})
    return ask.goto("/call" if "/call" in ask.services.pages.built else "/transfers")


def delete(ask: Ask, transfer_id: int) -> Any:
    """Take a finished one out of the inbox; the call's own record stays."""
    known = transfers.inbox(ask.services.store, ask.tenant_id, since=0, limit=1000)
    row = next((row for row in known if row.id == transfer_id), None)
    if row is None or not _sees(ask, row.customer_id):
        raise NotFound(ask.t("この転送電話はありません。"))
    try:
        transfers.hide(ask.services.store, ask.tenant_id, transfer_id, at=ask.services.now_ms())
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    log_action(ask, "transfers", "removed from the inbox", str(transfer_id))
    return ask.goto("/transfers", "deleted")
