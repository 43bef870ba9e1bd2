"""Breaks by their reason, for reports and the seat map."""

from __future__ import annotations

from appliance.store.models import Noun
from appliance.store.open import Store


class Break(Noun, frozen=True):
    """How often and how long somebody was on a break for one reason."""

    user_id: int
    reason: str
    count: int
    duration_ms: int


def by_reason(store: Store, tenant_id: int, *, from_at: int, to_at: int, user_id: int = 0) -> list[Break]:
    """Breaks that began within a time (milliseconds since 1970); `user_id` 0: of everybody."""
    rows = store.tuples(
        "SELECT user_id, reason, count(*), sum(duration_ms) FROM seat_interval"
        " WHERE tenant_id = ? AND kind = 'break' AND from_at >= ? AND from_at < ?"
        " AND (? = 0 OR user_id = ?) GROUP BY user_id, reason ORDER BY user_id, reason",
        (tenant_id, from_at, to_at, user_id, user_id),
    )
    return [
        Break(user_id=user, reason=reason, count=count, duration_ms=duration)
        for user, reason, count, duration in rows
    ]
