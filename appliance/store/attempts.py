"""Attempts as they are read, and what a start makes of those a crash left open.

They are opened and saved by the writer (events.py, record.py): the row is on the disk before its SETUP goes
out, so a crash can lose a call but never its trace.
"""

from __future__ import annotations

from typing import Final

from appliance.errors import BadInput
from appliance.store import record
from appliance.store.counters import Deltas, HistoryRow
from appliance.store.models import Attempt, Noun
from appliance.store.open import Store

CHECKED_FOR_HISTORY: Final = (
    5_000  # an attempt and its entry leave the dialer together: look at the last ones
)


class Recovery(Noun, frozen=True):
    """What a start found: attempts given back, attempts that had been answered, entries completed."""

    given_back: int
    interrupted: tuple[Attempt, ...]
    completed: int


class CutOff(Noun, frozen=True):
    """Calls that a stop or power cut ended: how many, the answered ones of them, the last sign of any."""

    calls: int
    answered: int
    last_at: int


def next_id(store: Store) -> int:
    """The next free attempt id: the dialer counts on from it."""
    return int(store.value("SELECT coalesce(max(id), 0) + 1 FROM attempt"))


def get(store: Store, tenant_id: int, attempt_id: int) -> Attempt | None:
    """One attempt of the tenant."""
    return store.one(Attempt, "FROM attempt WHERE tenant_id = ? AND id = ?", (tenant_id, attempt_id))


def of_customer(store: Store, tenant_id: int, customer_id: int, *, limit: int = 50) -> list[Attempt]:
    """A customer's attempts, newest first, also those without a result."""
    return store.all(
        Attempt,
        "FROM attempt WHERE tenant_id = ? AND customer_id = ? ORDER BY id DESC LIMIT ?",
        (tenant_id, customer_id, limit),
    )


def recover(store: Store) -> Recovery:
    """At the dialer's start, before anything is dialled: dispose what a crash left open.

    Never answered: the customer may be dialled again; it may have rung, so the attempt counts towards
    95 and 97.  Answered: never redialled by itself; an entry without a code is listed in the history
    (結果未入力), for the seat that is asked for it, its author or a manager to complete.
    A result whose entry was cut off gets it.
    """
    opened = store.all(Attempt, "FROM attempt WHERE end = '' ORDER BY id")
    with store.transaction():
        deltas = Deltas(store.zone)
        for attempt in opened:
            _interrupt(store, attempt, deltas)
        completed = _complete(store, deltas)
        deltas.flush(store)
    answered = tuple(attempt for attempt in opened if attempt.answered_at)
    return Recovery(given_back=len(opened) - len(answered), interrupted=answered, completed=completed)


def _interrupt(store: Store, attempt: Attempt, deltas: Deltas) -> None:
    """An interrupted attempt that reached the exchange keeps counting: nothing in its counts changes."""
    store.update("attempt", attempt.id, end="interrupted")
    if not attempt.answered_at:
        record.give_back(store, attempt.id, deltas, is_counted=True)
    elif not store.value("SELECT count(*) FROM history WHERE attempt_id = ?", (attempt.id,)):
        _enter(store, attempt, deltas)
        record.note_worked(store, attempt.customer_id, deltas)


def _enter(store: Store, attempt: Attempt, deltas: Deltas) -> None:
    """The attempt's history entry, with its result or still without one."""
    at = attempt.cleared_at or attempt.connected_at or attempt.setup_at or attempt.opened_at
    store.insert(
        "history",
        tenant_id=attempt.tenant_id,
        project_id=attempt.project_id,
        list_id=attempt.list_id,
        customer_id=attempt.customer_id,
        attempt_id=attempt.id,
        user_id=attempt.user_id,
        seat_id=attempt.seat_id,
        number=attempt.number,
        code=attempt.result,
        at=at,
    )
    who = (attempt.tenant_id, attempt.project_id, attempt.list_id, attempt.user_id)
    deltas.history(HistoryRow(*who, attempt.result, at))


def _complete(store: Store, deltas: Deltas) -> int:
    """Write the history entry of results that were saved without theirs."""
    found = store.all(
        Attempt,
        "FROM attempt WHERE id > (SELECT coalesce(max(id), 0) FROM attempt) - ? AND end = 'result'"
        " AND result <> '' AND NOT EXISTS (SELECT 1 FROM history WHERE attempt_id = attempt.id)",
        (CHECKED_FOR_HISTORY,),
    )
    for attempt in found:
        _enter(store, attempt, deltas)
        record.settle(store, attempt.customer_id, attempt.result, deltas)
    return len(found)


def interrupted(store: Store, tenant_id: int, *, limit: int = 200) -> list[Attempt]:
    """Answered calls that a stop or crash cut off and whose entry has no code yet; the manager decides."""
    return store.all(
        Attempt,
        "FROM attempt WHERE tenant_id = ? AND end = 'interrupted' AND answered_at > 0 AND result = ''"
        " ORDER BY opened_at DESC LIMIT ?",
        (tenant_id, limit),
    )


def cut_off(store: Store, tenant_id: int, *, since: int) -> CutOff:
    """What was cut off among the attempts opened since a moment (ms): for the page to say so."""
    found = store.one(
        CutOff,
        "SELECT count(*) AS calls, coalesce(sum(answered_at > 0), 0) AS answered,"
        " coalesce(max(max(opened_at, setup_at, alerting_at, answered_at, connected_at, cleared_at)), 0)"
        " AS last_at FROM attempt WHERE tenant_id = ? AND end = 'interrupted' AND opened_at >= ?",
        (tenant_id, since),
    )
    assert found is not None
    return found


def make_callable_again(store: Store, tenant_id: int, attempt_id: int) -> None:
    """The manager's decision on an interrupted call: dial the customer again.  To code it, edit its entry."""
    with store.transaction():
        _close_interrupted(store, tenant_id, attempt_id)
        deltas = Deltas(store.zone)
        record.give_back(store, attempt_id, deltas, is_counted=True)
        deltas.flush(store)


def _close_interrupted(store: Store, tenant_id: int, attempt_id: int) -> None:
    if not store.run(
        "UPDATE attempt SET result = '-' WHERE id = ? AND tenant_id = ? AND end = 'interrupted'"
        " AND result = ''",
        (attempt_id, tenant_id),
    ):
        raise BadInput("その通話はもう処理されています。", remedy="一覧を更新してください。")
