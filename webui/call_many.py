"""プレディコール: the next two to four customers of the queue, dialled at once for one operator.

Nobody is shown before he answers; then the stream brings him like any call.  Whom a rule keeps from being
called is passed by; where the moment forbids calls the queue stays where it is.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import NONE_CALLABLE, DialForOperator
from appliance.ipc import Refused
from appliance.store import call_queues, projects, screen_locks, visibility
from appliance.store.call_queues import Ahead
from webui.ask import Ask, Invalid, Services
from webui.auth import log_action
from webui.call import queue_facts
from webui.call_acts import caller_of, own_seat, wake
from webui.roles import Route

TURNS_MAX: Final = 10  # of customers who may not be called, in one request


def routes(_services: Services) -> list[Route]:
    return [Route("POST", "/call/dial-many", "call", dial_many)]


def dial_many(ask: Ask) -> Any:
    """Dial the next `count` customers at once; `is_over` at the end of the queue."""
    seat, (count, caller) = own_seat(ask), _count_and_caller(ask)
    person, store = ask.person, ask.services.store
    wake(ask, seat)
    for _turn in range(TURNS_MAX):
        ahead = call_queues.ahead(store, person.tenant_id, person.user_id, count, at=ask.services.now_ms())
        if not ahead.ids:
            break
        if _dial(ask, seat.seat_id, ahead, caller):
            screen_locks.release(store, person.tenant_id, user_id=person.user_id)
            log_action(ask, "call", "dialled at once", ", ".join(map(str, ahead.ids)))
            queue = call_queues.get(store, person.tenant_id, person.user_id)
            return ask.json({"count": len(ahead.ids), "queue": queue_facts(queue)})
    has_queue = call_queues.get(store, person.tenant_id, person.user_id) is not None
    return ask.json({"is_over": True, "has_queue": has_queue})


def _count_and_caller(ask: Ask) -> tuple[int, str]:
    """How many at once, as far as the queue's project allows, and which number they see.  Raises Invalid."""
    queue = call_queues.get(ask.services.store, ask.tenant_id, ask.person.user_id)
    project = projects.get(ask.services.store, ask.tenant_id, queue.project_id) if queue else None
    most = project.dials_at_once if project is not None else 1
    if project is not None and most < 2:
        raise Invalid(ask.t("この案件では、同時発信は許可されていません。"))
    return max(1, min(ask.integer("count", 1), most)), caller_of(ask, project.id) if project else ""


def _dial(ask: Ask, seat_id: int, ahead: Ahead, caller: str) -> bool:
    """Whether somebody is dialled; the queue passes these customers then, and where none may be called."""
    store, person = ask.services.store, ask.person
    seen = tuple(one for one in ahead.ids if visibility.sees_customer(store, ask.viewer, one))
    is_dialled = bool(seen)
    if seen:
        try:
            ask.command(DialForOperator(seat_id=seat_id, customer_ids=seen, caller=caller))
        except Refused as error:
            if error.what != NONE_CALLABLE:
                raise
            is_dialled = False
    call_queues.pass_by(store, person.tenant_id, person.user_id, ahead.place)
    return is_dialled
