"""The detail of an entry: memo, attributes, level and reason, as typed on the call screen.

The dialer writes the entry itself, with its code; both meet by the attempt's id, whichever comes first.
A memo stands in the entry too, so that search and exports find it there; what was agreed about calling again
is handed to recalls.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from appliance.errors import BadInput
from appliance.store import attributes, recalls
from appliance.store.models import Noun
from appliance.store.open import Store

MEMO_MAX: Final = 2_000
REASON_MAX: Final = 100


class Detail(Noun, frozen=True):
    """What was typed about one attempt; 0 and '' where nothing was.  `due_at`, successor: recalls.py's."""

    attempt_id: int
    customer_id: int
    user_id: int
    memo: str
    level_id: int
    reason: str
    at: int
    successor_id: int
    due_at: int


class Typed(Noun, frozen=True):
    """The same as it comes from the page.  Attributes by id: those not named stay as they are."""

    memo: str = ""
    level_id: int = 0
    successor_id: int = 0
    due_at: int = 0
    reason: str = ""
    of_customer: Mapping[int, str] = {}
    of_result: Mapping[int, str] = {}


def get(store: Store, tenant_id: int, attempt_id: int) -> Detail | None:
    """The detail of one attempt."""
    return store.one(
        Detail,
        "SELECT d.attempt_id, d.customer_id, d.user_id, d.memo, d.level_id, d.reason, d.at,"
        " coalesce(r.successor_id, 0) AS successor_id, coalesce(r.due_at, 0) AS due_at FROM history_detail d"
        " LEFT JOIN recall r ON r.attempt_id = d.attempt_id WHERE d.tenant_id = ? AND d.attempt_id = ?",
        (tenant_id, attempt_id),
    )


def save(
    store: Store, tenant_id: int, attempt_id: int, customer_id: int, typed: Typed, *, user_id: int, at: int
) -> None:
    """Keep the detail of an attempt, replacing what was kept before; all or nothing.

    Raises BadInput: no such customer, a level of another project, a successor who is not one of us, a value
    that no attribute offers.
    """
    with store.transaction():
        project_id = store.value(
            "SELECT project_id FROM customer WHERE id = ? AND tenant_id = ?", (customer_id, tenant_id)
        )
        if project_id is None:
            raise BadInput("その顧客はありません。", remedy="検索し直してください。")
        level = _level(store, project_id, typed.level_id)
        store.run(
            "DELETE FROM history_detail WHERE attempt_id = ? AND tenant_id = ?", (attempt_id, tenant_id)
        )
        store.insert(
            "history_detail",
            attempt_id=attempt_id,
            tenant_id=tenant_id,
            customer_id=customer_id,
            user_id=user_id,
            memo=typed.memo.strip()[:MEMO_MAX],
            level_id=typed.level_id,
            reason=typed.reason.strip()[:REASON_MAX],
            at=at,
        )
        attributes.save(store, tenant_id, project_id, "customer", customer_id, typed.of_customer)
        attributes.save(store, tenant_id, project_id, "result", attempt_id, typed.of_result)
        join_memo(store, attempt_id)
        is_agreed = typed.due_at or typed.successor_id or level
        if is_agreed or store.value("SELECT 1 FROM recall WHERE attempt_id = ?", (attempt_id,)):
            recalls.wish(
                store, tenant_id, customer_id, user_id=user_id, at=at, attempt_id=attempt_id,
                due_at=typed.due_at, successor_id=typed.successor_id, level=level, memo=typed.memo,
            )  # fmt: skip


def _level(store: Store, project_id: int, level_id: int) -> str:
    name = store.value(
        "SELECT name FROM prospect_level WHERE id = ? AND project_id = ?", (level_id, project_id)
    )
    if level_id and name is None:
        raise BadInput("その見込レベルはありません。", remedy="一覧から選んでください。")
    return str(name or "")


def join_memo(store: Store, attempt_id: int) -> None:
    """Put the memo of the detail into the entry, where both stand; an edited entry keeps its own."""
    store.run(
        "UPDATE history SET memo = (SELECT memo FROM history_detail WHERE attempt_id = ?)"
        " WHERE attempt_id = ? AND edited_at = 0"
        " AND EXISTS (SELECT 1 FROM history_detail WHERE attempt_id = ?)",
        (attempt_id, attempt_id, attempt_id),
    )
