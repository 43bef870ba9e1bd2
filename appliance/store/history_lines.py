"""One history entry with the names a screen needs; read by history.py and by what follows entries."""

from __future__ import annotations

from typing import Final

from appliance.store.models import HistoryLine
from appliance.store.open import Store

LINE: Final = (
    "SELECT h.id, h.project_id, coalesce(project.name, '') AS project_name, h.list_id,"
    " coalesce(list.name, '') AS list_name, h.customer_id, coalesce(customer.name, '') AS customer_name,"
    " coalesce(h.attempt_id, 0) AS attempt_id, h.user_id, coalesce(user.name, '') AS user_name,"
    " coalesce(seat.label, '') AS seat_label, h.number, h.code, coalesce(r.name, '') AS code_name,"
    " h.memo, h.at, h.talk_ms, h.wait_ms, h.wrap_ms, h.edited_at, coalesce(recording.id, 0) AS recording_id,"
    " coalesce(recording.deleted_at, 0) AS recording_deleted_at,"
    " coalesce(recording.deleted_reason, '') AS recording_deleted_reason,"
    " coalesce(recording.lost_reason, '') AS recording_lost FROM history h"
    " LEFT JOIN project ON project.id = h.project_id LEFT JOIN list ON list.id = h.list_id"
    " LEFT JOIN customer ON customer.id = h.customer_id LEFT JOIN user ON user.id = h.user_id"
    " LEFT JOIN seat ON seat.id = h.seat_id"
    " LEFT JOIN result_code r ON r.project_id = h.project_id AND r.code = h.code"
    " LEFT JOIN recording ON recording.id ="
    " (SELECT max(id) FROM recording WHERE attempt_id = h.attempt_id AND h.attempt_id > 0)"
)


def line(store: Store, tenant_id: int, history_id: int) -> HistoryLine | None:
    """One entry with the names of its day."""
    return store.one(HistoryLine, LINE + " WHERE h.id = ? AND h.tenant_id = ?", (history_id, tenant_id))
