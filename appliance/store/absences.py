"""Breaks of people at the page: when one began, why, and when the person was back.

A break that is asked for during a call begins after it: until then `from_at` is 0.
"""

from __future__ import annotations

from appliance.store.models import Noun
from appliance.store.open import Store


class Absence(Noun, frozen=True):
    """One break.  `reason` is "break", "away" or the person's own word; `ended_at` 0: not back yet."""

    id: int
    tenant_id: int
    user_id: int
    reason: str
    asked_at: int
    from_at: int
    ended_at: int


def begin(store: Store, tenant_id: int, user_id: int, *, reason: str, at: int, is_asked: bool) -> Absence:
    """A break begins, or is asked for; one that stands gets the new reason."""
    with store.transaction():
        standing = of_user(store, user_id)
        if standing is None:
            absence_id = store.insert(
                "absence",
                tenant_id=tenant_id,
                user_id=user_id,
                reason=reason,
                asked_at=at,
                from_at=0 if is_asked else at,
            )
        else:
            absence_id = standing.id
            from_at = standing.from_at or (0 if is_asked else at)
            store.update("absence", absence_id, reason=reason, from_at=from_at)
        found = store.one(Absence, "FROM absence WHERE id = ?", (absence_id,))
    assert found is not None
    return found


def end(store: Store, user_id: int, *, at: int) -> bool:
    """The person is back; a break that was only asked for never was.  False when there is none."""
    with store.transaction():
        store.run("DELETE FROM absence WHERE user_id = ? AND ended_at = 0 AND from_at = 0", (user_id,))
        return (
            store.run("UPDATE absence SET ended_at = ? WHERE user_id = ? AND ended_at = 0", (at, user_id)) > 0
        )


def of_user(store: Store, user_id: int) -> Absence | None:
    """The break a person is on, or has asked for."""
    return store.one(Absence, "FROM absence WHERE user_id = ? AND ended_at = 0", (user_id,))


def standing(store: Store) -> list[Absence]:
    """Everybody who is on a break, or has asked for one, of all tenants: for the page's start."""
    return store.all(Absence, "FROM absence WHERE ended_at = 0")


def of_day(store: Store, tenant_id: int, *, from_at: int, to_at: int) -> list[Absence]:
    """The breaks that began in a span of time, by their beginning."""
    return store.all(
        Absence,
        "FROM absence WHERE tenant_id = ? AND from_at >= ? AND from_at < ? ORDER BY from_at",
        (tenant_id, from_at, to_at),
    )
