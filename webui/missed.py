"""着信: who calls now and whom nobody answered; taken at one's own seat, called back with one click.

The dialer decides who rings and refuses whom the rules forbid; done calls are grey.  Managers see all of the
tenant's, operators those of customers whom they may see, and of callers who are not known.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import (
    AnswerCaller,
    DialCustomer,
    DialNumber,
    IncomingBoard,
    NameCaller,
    SetReady,
)
from appliance.errors import BadInput
from appliance.store import blocked, by_hand, customers, incoming, lists, visibility
from appliance.store.import_headers import NUMBER
from appliance.store.incoming import Line
from webui import call
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.call_acts import own_seat
from webui.call_card import STOPS
from webui.roles import Route, may

ROWS_MAX: Final = 100
STATES: Final = {
    "asked": "着信",
    "greeted": "案内中",
    "ringing": "呼出",
    "queued": "保留音で待機",
    "choosing": "番号選択",
    "told": "案内中",
    "parting": "不在案内",
}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/missed", "missed", show),
        Route("GET", "/missed/due", "missed", due),
        Route("POST", "/missed/<incoming_id:int>/answer", "missed", answer),
        Route("POST", "/missed/<incoming_id:int>/call", "missed", call_back),
        Route("POST", "/missed/<incoming_id:int>/done", "missed", tick_off),
        Route("POST", "/missed/<incoming_id:int>/customer", "missed", add_customer),
        Route("POST", "/call/caller", "call", name_caller),
    ]


def show(ask: Ask, *, problem: str = "") -> Any:
    """Missed calls, those still open first; `all` shows every call."""
    store, is_all = ask.services.store, ask.flag("all")
    every = incoming.every if is_all else incoming.missed
    seen = _seen_lists(ask)
    rows = [row for row in every(store, ask.tenant_id, limit=ROWS_MAX) if _is_in_sight(row, seen)]
    return ask.page(
        "missed.html",
        status=400 if problem else 200,
        problem=problem,
        is_all=is_all,
        waiting=[_waiting(ask, row) for row in waiting(ask)],
        rows=[(row, _stop(ask, row)) for row in rows],
        lists=_lists(ask),
        sits=ask.services.live.seat_of(ask.person.user_id) is not None,
    )


def due(ask: Ask) -> Any:
    """The badge: who waits now, and whom nobody has called back."""
    rows, seen = incoming.missed(ask.services.store, ask.tenant_id, with_done=False), _seen_lists(ask)
    missed = sum(_is_in_sight(row, seen) for row in rows)
    return ask.json({"due": missed + len(waiting(ask))})


def waiting(ask: Ask) -> list[IncomingBoard]:
    """Callers whom nobody has yet, the longest first."""
    every = [row for row in ask.services.live.board.incoming if row.tenant_id == ask.tenant_id]
    seen = _seen_lists(ask) if every else None
    return sorted((row for row in every if _is_in_sight(row, seen)), key=lambda row: row.since_at)


def _waiting(ask: Ask, row: IncomingBoard) -> dict[str, Any]:
    found = customers.get(ask.services.store, ask.tenant_id, row.customer_id) if row.customer_id else None
    return {
        "id": row.incoming_id,
        "at": int(row.since_at * 1000),
        "state": ask.t(STATES[row.state]),
        "name": found.name if found else "",
        "is_known": found is not None,
        "number": row.number,
        "called": row.called,
        "tier": row.tier,
    }


def _seen_lists(ask: Ask) -> frozenset[int] | None:
    """Lists whose customers the person may call; None: managers see every list of the tenant."""
    return None if may(ask.person.role, "history.all") else frozenset(one.id for one in _lists(ask))


def _is_in_sight(row: Line | IncomingBoard, seen: frozenset[int] | None) -> bool:
    """A caller who is no customer is everybody's.  Pure: the badge of every browser asks for it."""
    return not row.customer_id or seen is None or row.list_id in seen


def _sees(ask: Ask, customer_id: int) -> bool:
    return not customer_id or visibility.sees_customer(ask.services.store, ask.viewer, customer_id)


def _stop(ask: Ask, row: Line) -> str:
    """Why nobody may call him back; he may still call us."""
    code = row.caller and blocked.check(
        ask.services.store, ask.tenant_id, number=row.caller, project_id=row.project_id, day=ask.today()
    )
    return ask.t(STOPS[code]) if code else ""


def _lists(ask: Ask) -> list[Any]:
    """Where a new customer may stand."""
    return list(visibility.call_lists(ask.services.store, ask.viewer))


def _row(ask: Ask, incoming_id: int) -> Line:
    """A call that the asking person may see.  Raises NotFound."""
    found = incoming.get(ask.services.store, ask.tenant_id, incoming_id)
    if found is None or not _sees(ask, found.customer_id):
        raise NotFound(ask.t("この着信はありません。"))
    return found


# --- what is done about a call ------------------------------------------------------------------------


def answer(ask: Ask, incoming_id: int) -> Any:
    """Take a caller at one's own seat, wherever he rings."""
    seat = own_seat(ask)
    row = next((row for row in waiting(ask) if row.incoming_id == incoming_id), None)
    if row is None:
        raise NotFound(ask.t("この着信は、ほかの人が応答したか、切れています。"))
    ask.command(AnswerCaller(seat_id=seat.seat_id, incoming_id=incoming_id))
    log_action(ask, "missed", "answered", str(incoming_id))
    return ask.json({"done": True}) if ask.wants_json else ask.goto("/call")


def call_back(ask: Ask, incoming_id: int) -> Any:
    """Call him back at the number from which he called."""
    row, seat = _row(ask, incoming_id), own_seat(ask)
    if not row.customer_id:
        return _call_number(ask, row, seat.seat_id)
    found = call.customer_of(ask, row.customer_id)
    held = call.hold(ask, found.id)
    if held is not None:
        words = ask.t("{name}さん（{seat}）が対応中です。", name=held["name"], seat=held["seat"] or "—")
        raise Invalid(words)
    if seat.state == "paused":
        ask.command(SetReady(seat_id=seat.seat_id, is_on=True))  # the dialer dials for seats that wait
    ask.command(
        DialCustomer(seat_id=seat.seat_id, customer_id=found.id, number=_own_number(ask, row, found.id))
    )
    log_action(ask, "missed", "called back", f"{incoming_id} {found.id}")
    return ask.goto(f"/call?customer={found.id}")


def _call_number(ask: Ask, row: Line, seat_id: int) -> Any:
    """A caller who is no customer: any number may be called by hand."""
    if not row.caller:
        raise Invalid(ask.t("非通知のため、かけ直せません。"))
    ask.command(DialNumber(seat_id=seat_id, number=row.caller))
    log_action(ask, "missed", "called back", f"{row.id} {row.caller}")
    return ask.goto("/call")


def _own_number(ask: Ask, row: Line, customer_id: int) -> str:
    """The added number from which he called; '' for the one of his list."""
    added = customers.added_numbers(ask.services.store, ask.tenant_id, customer_id)
    return next((one.number for one in added if one.number == row.caller), "")


def tick_off(ask: Ask, incoming_id: int) -> Any:
    """Nothing is left to do about it, or (`open`) there is again."""
    row, is_done = _row(ask, incoming_id), not ask.flag("open")
    try:
        incoming.handle(
            ask.services.store,
            ask.tenant_id,
            row.id,
            user_id=ask.person.user_id,
            at=ask.services.now_ms(),
            is_done=is_done,
        )
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    log_action(ask, "missed", "ticked off" if is_done else "opened again", str(row.id))
    return ask.goto("/missed", "saved")


# --- a caller becomes a customer ----------------------------------------------------------------------


def add_customer(ask: Ask, incoming_id: int) -> Any:
    """新規: a missed caller becomes a customer; one field is enough, the number is his own."""
    row = _row(ask, incoming_id)
    try:
        customer_id = _new_customer(ask, row.caller)
        incoming.name_caller(ask.services.store, ask.tenant_id, row.id, customer_id)
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    log_action(ask, "missed", "customer added", f"{row.id}: {customer_id}")
    return ask.goto("/missed", "added")


def name_caller(ask: Ask) -> Any:
    """新規 on the call screen: who is on one's own line becomes a customer, and the call is his."""
    seat = own_seat(ask)
    if seat.attempt_kind != "incoming" or seat.customer_id or seat.attempt_id != ask.integer("attempt"):
        raise Invalid(ask.t("この通話には、もう顧客がいます。"))
    try:
        customer_id = _new_customer(ask, seat.number)
    except BadInput as error:
        raise Invalid(ask.refusal(error)) from error
    ask.command(NameCaller(seat_id=seat.seat_id, attempt_id=seat.attempt_id, customer_id=customer_id))
    log_action(ask, "call", "caller named", f"{seat.attempt_id}: {customer_id}")
    return ask.json({"customer_id": customer_id})


def _new_customer(ask: Ask, number: str) -> int:
    """One row by hand: the name goes to the first column that is not the number's.  Raises BadInput."""
    store, list_id, name = ask.services.store, ask.integer("list"), ask.text("name", size_max=100)
    if not any(one.id == list_id for one in _lists(ask)):
        raise BadInput(ask.t("リストを選んでください。"))
    if not name and not number:
        raise BadInput(ask.t("名前を入力してください。"))
    chosen = lists.get(store, ask.tenant_id, list_id)
    headers = lists.headers_of(chosen) if chosen is not None else ()
    named = "氏名" if "氏名" in headers else next((each for each in headers if each != NUMBER), "")
    cells = [number if each == NUMBER else name if each == named else "" for each in headers]
    return by_hand.add_one(store, ask.tenant_id, list_id, cells, at=ask.services.now_ms())
