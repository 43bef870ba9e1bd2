"""Whom an operator calls next: the customers of a search, or of a list in its order, and how far it has come.

One queue a person.  A list's queue fills itself up again at its end; a search's ends.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from appliance.errors import BadInput
from appliance.store import lists, screen_locks, selection
from appliance.store.customers import VISIBLE
from appliance.store.models import Noun
from appliance.store.open import Store

QUEUE_MAX: Final = 1_000


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
    for place, customer_id in enumerate(queue.ids[queue.place :], queue.place + 1):
        held = screen_locks.holder(store, tenant_id, customer_id, at=at)
        if held is not None and held.user_id != queue.user_id:
            continue
        if not store.value(
            f"SELECT 1 FROM customer WHERE id = ? AND tenant_id = ? AND {VISIBLE}",  # noqa: S608 - constants
            (customer_id, tenant_id),
        ):
            continue
        _move(store, queue, place)
        return customer_id
    _move(store, queue, len(queue.ids))
    return 0


def _move(store: Store, queue: Queue, place: int) -> None:
    store.run(
        "UPDATE call_queue SET place = ? WHERE user_id = ? AND made_at = ?",
        (place, queue.user_id, queue.made_at),
    )


def clear(store: Store, tenant_id: int, user_id: int) -> None:
    """The person calls nobody next."""
    store.run("DELETE FROM call_queue WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id))
