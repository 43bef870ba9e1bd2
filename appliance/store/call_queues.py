"""Whom an operator calls next: the customers of a search, or of a list in its order, and how far it is.

One queue a person.  A list's queue fills itself up again at its end; a search's ends.  Of several dialled at
once, those whom another's answer outran come again: next where their telephone did not ring, else at the end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

from appliance.errors import BadInput
from appliance.store import lists, screen_locks, selection
from appliance.store.customers import VISIBLE
from appliance.store.models import Noun
from appliance.store.open import Store

QUEUE_MAX: Final = 1_000
OUTRUN_AMONG: Final = 12  # the last three turns of four: by then what became of them is written


class Queue(Noun, frozen=True):
    """`place`: how many have been offered.  `list_id` 0: of a search.  `customers` is JSON."""

    user_id: int
    project_id: int
    list_id: int
    title: str
    customers: str
    place: int
    made_at: int

    @property
    def ids(self) -> tuple[int, ...]:
        """The customers in their order."""
        return tuple(json.loads(self.customers))

    @property
    def left(self) -> int:
        """How many have not been offered yet."""
        return max(0, len(self.ids) - self.place)


def get(store: Store, tenant_id: int, user_id: int) -> Queue | None:
    """The person's queue."""
    return store.one(Queue, "FROM call_queue WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id))


def put(
    store: Store,
    tenant_id: int,
    user_id: int,
    *,
    project_id: int,
    customer_ids: Sequence[int],
    title: str,
    at: int,
    list_id: int = 0,
) -> None:
    """Replace the person's queue by these customers, the first QUEUE_MAX of them, in this order."""
    chosen = list(dict.fromkeys(customer_ids))[:QUEUE_MAX]
    with store.transaction():
        store.run("DELETE FROM call_queue WHERE user_id = ?", (user_id,))
        store.insert(
            "call_queue",
            user_id=user_id,
            tenant_id=tenant_id,
            project_id=project_id,
            list_id=list_id,
            title=title.strip()[:80],
            customers=json.dumps(chosen),
            made_at=at,
        )


def put_list(store: Store, tenant_id: int, user_id: int, list_id: int, *, at: int) -> int:
    """Make the callable customers of a list the queue, in the list's order; how many.  Raises BadInput."""
    found = lists.get(store, tenant_id, list_id)
    if found is None or found.deleted_at:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    chosen: list[int] = []
    cursor = ""
    while len(chosen) < QUEUE_MAX:
        batch = selection.next_customers(store, list_id, cursor=cursor, at=at)
        chosen += [offer.customer_id for offer in batch.customers]
        cursor = batch.cursor
        if batch.is_last:
            break
    put(
        store, tenant_id, user_id, project_id=found.project_id, customer_ids=chosen, title=found.name, at=at,
        list_id=list_id,
    )  # fmt: skip
    return min(len(chosen), QUEUE_MAX)


def advance(store: Store, tenant_id: int, user_id: int, *, at: int) -> int:
    """The next customer nobody else has open, 0 at the end; the queue has moved on behind it."""
    queue = get(store, tenant_id, user_id)
    if queue is None:
        return 0
    found = _walk(store, tenant_id, queue, at=at)
    if found or not queue.list_id:
        return found
    if not put_list(store, tenant_id, user_id, queue.list_id, at=at):
        return 0
    fresh = get(store, tenant_id, user_id)
    return _walk(store, tenant_id, fresh, at=at) if fresh is not None else 0


def _walk(store: Store, tenant_id: int, queue: Queue, *, at: int) -> int:
    ahead = _ahead(store, tenant_id, queue, 1, at=at)
    _move(store, queue, ahead.place)
    return ahead.ids[0] if ahead.ids else 0


class Ahead(NamedTuple):
    """The next customers of a queue, and its place behind them."""

    ids: tuple[int, ...]
    place: int


def ahead(store: Store, tenant_id: int, user_id: int, count: int, *, at: int) -> Ahead:
    """The next customers nobody else has open, at most `count`; `pass_by` moves the queue on behind them."""
    queue = get(store, tenant_id, user_id)
    if queue is None:
        return Ahead((), 0)
    _bring_back(store, queue)
    found = _ahead(store, tenant_id, get(store, tenant_id, user_id) or queue, count, at=at)
    if found.ids or not queue.list_id or not put_list(store, tenant_id, user_id, queue.list_id, at=at):
        return found
    fresh = get(store, tenant_id, user_id)
    return _ahead(store, tenant_id, fresh, count, at=at) if fresh is not None else found


def pass_by(store: Store, tenant_id: int, user_id: int, place: int) -> None:
    """These customers have been dialled, or may not be."""
    store.run(
        "UPDATE call_queue SET place = ? WHERE user_id = ? AND tenant_id = ?", (place, user_id, tenant_id)
    )


def _ahead(store: Store, tenant_id: int, queue: Queue, count: int, *, at: int) -> Ahead:
    found: list[int] = []
    for place, customer_id in enumerate(queue.ids[queue.place :], queue.place + 1):
        held = screen_locks.holder(store, tenant_id, customer_id, at=at)
        if held is not None and held.user_id != queue.user_id:
            continue
        if not store.value(
            f"SELECT 1 FROM customer WHERE id = ? AND tenant_id = ? AND {VISIBLE}",  # noqa: S608 - constants
            (customer_id, tenant_id),
        ):
            continue
        found.append(customer_id)
        if len(found) == count:
            return Ahead(tuple(found), place)
    return Ahead(tuple(found), len(queue.ids))


def _bring_back(store: Store, queue: Queue) -> None:
    """Put who was outrun, or not dialled for a fault of the line, into the queue again."""
    passed = queue.ids[: queue.place]
    recent = passed[-OUTRUN_AMONG:]
    rows = store.tuples(
        "SELECT customer_id, end = 'fault' OR alerting_at > 0 FROM attempt a"
        " WHERE customer_id IN (SELECT value FROM json_each(?)) AND user_id = ? AND opened_at >= ?"
        " AND end IN ('outrun', 'withdrawn', 'fault') AND seat_id > 0"
        " AND id = (SELECT max(id) FROM attempt b WHERE b.customer_id = a.customer_id)",
        (json.dumps(recent), queue.user_id, queue.made_at),
    )
    late = {int(customer_id): bool(is_late) for customer_id, is_late in rows}
    if not late:
        return
    kept = [one for one in passed if one not in late]
    soon = [one for one in recent if late.get(one) is False]
    last = [one for one in recent if late.get(one)]
    ids = [*kept, *soon, *queue.ids[queue.place :], *last]
    store.run(
        "UPDATE call_queue SET customers = ?, place = ? WHERE user_id = ? AND made_at = ?",
        (json.dumps(ids), len(kept), queue.user_id, queue.made_at),
    )


def _move(store: Store, queue: Queue, place: int) -> None:
    store.run(
        "UPDATE call_queue SET place = ? WHERE user_id = ? AND made_at = ?",
        (place, queue.user_id, queue.made_at),
    )


def clear(store: Store, tenant_id: int, user_id: int) -> None:
    """The person calls nobody next."""
    store.run("DELETE FROM call_queue WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id))
