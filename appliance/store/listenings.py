"""Who listened to whom, how and how long: written by the dialer, read by supervisors and for reports."""

from __future__ import annotations

from appliance.store.models import Noun
from appliance.store.open import Store


class Listening(Noun, frozen=True):
    """One stretch: one seat, one way.  `to_at` 0: it goes on.  Times in milliseconds since 1970."""

    id: int
    tenant_id: int  # the operator's
    user_id: int
    seat_id: int
    operator_id: int
    how: str
    from_at: int
    to_at: int
    ended: str


def every(
    store: Store, tenant_id: int, *, from_at: int, to_at: int, operator_id: int = 0, limit: int = 200
) -> list[Listening]:
    """Stretches that overlap a time, newest first; `operator_id` 0: of all operators."""
    return store.all(
        Listening,
        "FROM listening WHERE tenant_id = ? AND from_at < ? AND (to_at = 0 OR to_at > ?)"
        " AND (? = 0 OR operator_id = ?) ORDER BY from_at DESC, id DESC LIMIT ?",
        (tenant_id, to_at, from_at, operator_id, operator_id, limit),
    )


class ListeningPage(Noun, frozen=True):
    """Some stretches, newest first, and how many there are in all."""

    rows: tuple[Listening, ...]
    count: int


def page(
    store: Store,
    tenant_id: int,
    *,
    from_at: int,
    to_at: int,
    operator_id: int = 0,
    user_id: int = 0,
    how: str = "",
    offset: int = 0,
    limit: int = 50,
) -> ListeningPage:
    """Stretches that overlap a time; 0 and '': of all operators, all who listened, every way."""
    where = (
        "FROM listening WHERE tenant_id = ? AND from_at < ? AND (to_at = 0 OR to_at > ?)"
        " AND (? = 0 OR operator_id = ?) AND (? = 0 OR user_id = ?) AND (? = '' OR how = ?)"
    )
    values = (tenant_id, to_at, from_at, operator_id, operator_id, user_id, user_id, how, how)
    rows = store.all(
        Listening, f"{where} ORDER BY from_at DESC, id DESC LIMIT ? OFFSET ?", (*values, limit, offset)
    )
    return ListeningPage(rows=tuple(rows), count=int(store.value(f"SELECT count(*) {where}", values)))


def close_open(store: Store, *, at: int) -> int:
    """At the dialer's start: nobody listens any more; how many were cut off."""
    return store.run("UPDATE listening SET to_at = ?, ended = 'restart' WHERE to_at = 0", (at,))
