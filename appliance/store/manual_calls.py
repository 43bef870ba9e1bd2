"""手動発信: calls to any number, of no list and no customer: those of a person, and the memo of one.

The dialer writes the attempt and its entry (record.py); the history's search leaves them out.
"""

from __future__ import annotations

from typing import Final

from appliance.errors import BadInput
from appliance.store import details
from appliance.store.models import Noun
from appliance.store.open import Store

SHOWN_MAX: Final = 50


class ManualCall(Noun, frozen=True):
    """One of them, newest first.  `code` '' until a result stands; `recording_id` 0: none was made."""

    attempt_id: int
    number: str
    caller: str
    opened_at: int
    answered_at: int
    code: str
    code_name: str
    memo: str
    recording_id: int


def of_user(store: Store, tenant_id: int, user_id: int, *, since: int) -> list[ManualCall]:
    """What a person dialled since a moment (ms), newest first; at most SHOWN_MAX."""
    return store.all(
        ManualCall,
        "SELECT a.id AS attempt_id, a.number, a.caller, a.opened_at, a.answered_at, a.result AS code,"
        " coalesce(r.name, '') AS code_name, coalesce(nullif(h.memo, ''), d.memo, '') AS memo,"
        " coalesce((SELECT max(id) FROM recording WHERE attempt_id = a.id AND deleted_at = 0), 0)"
        " AS recording_id FROM attempt a LEFT JOIN history h ON h.attempt_id = a.id"
        " LEFT JOIN history_detail d ON d.attempt_id = a.id"
        " LEFT JOIN result_code r ON r.project_id = a.project_id AND r.code = a.result"
        " WHERE a.customer_id = 0 AND a.kind = 'manual' AND a.tenant_id = ? AND a.user_id = ?"
        " AND a.opened_at >= ? ORDER BY a.id DESC LIMIT ?",
        (tenant_id, user_id, since, SHOWN_MAX),
    )


def keep_memo(store: Store, tenant_id: int, attempt_id: int, *, user_id: int, memo: str, at: int) -> None:
    """The memo of one's own manual call, before or after its entry.  Raises BadInput: no such call."""
    with store.transaction():
        if not store.value(
            "SELECT 1 FROM attempt WHERE id = ? AND tenant_id = ? AND user_id = ? AND kind = 'manual'",
            (attempt_id, tenant_id, user_id),
        ):
            raise BadInput("その通話はありません。", remedy="画面を読み込み直してください。")
        store.run("DELETE FROM history_detail WHERE attempt_id = ?", (attempt_id,))
        store.insert(
            "history_detail",
            attempt_id=attempt_id,
            tenant_id=tenant_id,
            customer_id=0,
            user_id=user_id,
            memo=memo.strip()[: details.MEMO_MAX],
            at=at,
        )
        details.join_memo(store, attempt_id)
