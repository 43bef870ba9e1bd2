"""架電: the call screen: one customer at a time, opened, held against others, and left again.

What is done with the telephone is call_acts.py's, what is typed call_save.py's.  A customer comes here by
the dialer (the stream brings him), by the queue (`next`), or by his address (`/call?customer=`).
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import SeatBoard
from appliance.store import call_queues, customers, lists, projects, screen_locks, visibility
from appliance.store.models import Customer
from webui import auth
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.call_card import card, pack, reader_of
from webui.call_view import WITH_CUSTOMER
from webui.roles import Route

BEAT_S: Final = 15


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/call", "call", show),
        Route("GET", "/call/projects/<project_id:int>", "call", show_pack),
        Route("POST", "/call/open", "call", open_customer),
        Route("POST", "/call/next", "call", open_next),
        Route("POST", "/call/beat", "call", beat),
        Route("POST", "/call/close", "call", close),
        Route("POST", "/call/queue", "call", choose_list),
    ]


def show(ask: Ask) -> Any:
    """The page; which customer is on it, its script finds out."""
    store, viewer = ask.services.store, ask.viewer
    mine = visibility.call_lists(store, viewer)
    queue = call_queues.get(store, ask.tenant_id, ask.person.user_id)
    wanted = ask.integer("customer")
    project_ids = dict.fromkeys(seen.project_id for seen in mine)
    counts = {line.id: line for line in lists.table(store, ask.tenant_id)}
    return ask.page(
        "call.html",
        facts={
            "customer": wanted,
            "is_viewing": ask.flag("view"),
            "packs": {str(each): pack(reader_of(ask), each) for each in project_ids},
            "beat_s": BEAT_S,
            "queue": queue_facts(queue),
            "at_once": ask.integer("at_once"),
        },
        lists=[(seen, counts[seen.id]) for seen in mine if seen.id in counts],
        queue=queue,
    )


def queue_facts(queue: call_queues.Queue | None) -> dict[str, Any] | None:
    """A person's queue as the page shows it."""
    if queue is None:
        return None
    return {
        "title": queue.title,
        "left": queue.left,
        "is_fresh": not queue.place,
        "project_id": queue.project_id,
    }


def show_pack(ask: Ask, project_id: int) -> Any:
    """What a project offers: for one that was not known when the page was opened."""
    found = pack(reader_of(ask), project_id)
    seat = seat_of(ask)
    is_here = seat is not None and project_id == seat.project_id
    if found is None or not (is_here or _is_mine(ask, project_id)):
        raise NotFound(ask.t("この案件はありません。"))
    return ask.json(found)


def _is_mine(ask: Ask, project_id: int) -> bool:
    viewer = ask.viewer
    return bool(visibility.call_lists(ask.services.store, viewer, project_id=project_id))


def seat_of(ask: Ask) -> SeatBoard | None:
    """Where the asking person sits."""
    every = ask.services.live.board.seats
    return next((seat for seat in every if seat.user_id == ask.person.user_id), None)


def is_on_line(ask: Ask, customer_id: int) -> bool:
    """Whether the customer is on the asking person's own line, or being coded there."""
    seat = seat_of(ask)
    return seat is not None and seat.customer_id == customer_id > 0 and seat.state in WITH_CUSTOMER


def customer_of(ask: Ask, customer_id: int) -> Customer:
    """A customer whom the asking person may call.  Raises NotFound."""
    store = ask.services.store
    found = customers.get(store, ask.tenant_id, customer_id)
    is_seen = is_on_line(ask, customer_id) or visibility.sees_customer(store, ask.viewer, customer_id)
    if found is None or not is_seen:
        raise NotFound(ask.t("この顧客はありません。"))
    return found


# --- a customer is opened -------------------------------------------------------------------------------


def open_customer(ask: Ask) -> Any:
    """The customer's card, and the lock; or the card to look at, and who has it."""
    customer_id = ask.integer("customer")
    customer_of(ask, customer_id)
    seat = seat_of(ask) if is_on_line(ask, customer_id) else None
    return ask.json(_opened(ask, customer_id, seat))


def _opened(ask: Ask, customer_id: int, seat: SeatBoard | None) -> dict[str, Any]:
    """`seat`: ours, when the customer is on its line."""
    found = (
        card(reader_of(ask), customer_id, attempt_id=seat.attempt_id, number=seat.number)
        if seat is not None
        else card(reader_of(ask), customer_id)
    )
    if found is None:
        raise NotFound(ask.t("この顧客はありません。"))
    held = None if ask.flag("is_viewing") else hold(ask, customer_id, is_talking=seat is not None)
    return {"card": found, "held": held, "is_viewing": ask.flag("is_viewing")}


def hold(ask: Ask, customer_id: int, *, is_talking: bool = False) -> dict[str, str] | None:
    """Take the customer's screen; None when it is ours now, else who has it and where."""
    store, person = ask.services.store, ask.person
    for seat in ask.services.live.board.seats:
        is_on_line = seat.customer_id == customer_id and seat.state in WITH_CUSTOMER
        is_on_line |= any(one.customer_id == customer_id for one in seat.dialling)
        if is_on_line and seat.user_id != person.user_id and seat.tenant_id == person.tenant_id:
            return {"name": seat.user_name, "seat": seat.label}
    held = screen_locks.take(
        store,
        person.tenant_id,
        customer_id,
        user_id=person.user_id,
        session=screen_locks.session_hash(ask.request.get_cookie(auth.COOKIE) or ""),
        at=ask.services.now_ms(),
        is_talking=is_talking,
    )
    if held is None:
        return None
    every = ask.services.live.board.seats
    label = next((seat.label for seat in every if seat.user_id == held.user_id), "")
    return {"name": held.user_name, "seat": label}


def beat(ask: Ask) -> Any:
    """The page is still open: `is_ours` False where the customer was taken by a call."""
    store, person, now = ask.services.store, ask.person, ask.services.now_ms()
    is_ours = screen_locks.beat(
        store, person.tenant_id, ask.integer("customer"), user_id=person.user_id, at=now
    )
    return ask.json({"is_ours": is_ours})


def close(ask: Ask) -> Any:
    """The page let go of the customer."""
    screen_locks.release(
        ask.services.store, ask.tenant_id, user_id=ask.person.user_id, customer_id=ask.integer("customer")
    )
    return ask.json({"done": True})


# --- the queue ------------------------------------------------------------------------------------------


def open_next(ask: Ask) -> Any:
    """The next customer of the person's queue, opened; `is_over` at its end."""
    store, person, now = ask.services.store, ask.person, ask.services.now_ms()
    while customer_id := call_queues.advance(store, person.tenant_id, person.user_id, at=now):
        if not visibility.sees_customer(store, ask.viewer, customer_id):
            continue  # the list was taken from the person since
        opened = _opened(ask, customer_id, None)
        if opened["held"] is None:
            queue = call_queues.get(store, ask.tenant_id, person.user_id)
            return ask.json(opened | {"queue": queue_facts(queue)})
    screen_locks.release(store, person.tenant_id, user_id=person.user_id)
    queue = call_queues.get(store, ask.tenant_id, person.user_id)
    return ask.json({"is_over": True, "has_queue": queue is not None})


def choose_list(ask: Ask) -> Any:
    """Call a list from its beginning, in its order."""
    store, person = ask.services.store, ask.person
    list_id = ask.integer("list")
    mine = {seen.id: seen for seen in visibility.call_lists(store, ask.viewer)}
    if list_id not in mine:
        raise NotFound(ask.t("このリストはありません。"))
    project = projects.get(store, person.tenant_id, mine[list_id].project_id)
    if project is None or not project.is_active:
        raise Invalid(ask.t("この案件は無効です。"))
    count = call_queues.put_list(store, person.tenant_id, person.user_id, list_id, at=ask.services.now_ms())
    log_action(ask, "call", "list chosen", mine[list_id].name)
    queue = call_queues.get(store, person.tenant_id, person.user_id)
    return ask.json({"count": count, "queue": queue_facts(queue)})
