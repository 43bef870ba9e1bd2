"""One customer, one call screen: who has whom open.

A lock ends with the session that took it, and when the page has not been heard of for a minute.  The same
person may take it over to another PC; nobody else may, but a call that is connected goes before a page.
"""

from __future__ import annotations

import hashlib
from typing import Final

from appliance.errors import BadInput
from appliance.store.models import Noun
from appliance.store.open import Store

SILENCE_MAX_MS: Final = 60_000  # the page beats every 15 s: three beats may be lost


class Holder(Noun, frozen=True):
    """Who has the customer open."""

    user_id: int
    user_name: str
    opened_at: int


def session_hash(token: str) -> str:
    """What a session is known by in the store."""
    return hashlib.sha256(token.encode()).hexdigest()


def holder(store: Store, tenant_id: int, customer_id: int, *, at: int) -> Holder | None:
    """Who has the customer's call screen open now."""
    return store.one(
        Holder,
        "SELECT k.user_id, u.name AS user_name, k.opened_at FROM screen_lock k"
        " JOIN user u ON u.id = k.user_id"
        " WHERE k.tenant_id = ? AND k.customer_id = ? AND k.seen_at > ?",
        (tenant_id, customer_id, at - SILENCE_MAX_MS),
    )


def take(
    store: Store,
    tenant_id: int,
    customer_id: int,
    *,
    user_id: int,
    session: str,
    at: int,
    is_talking: bool = False,
) -> Holder | None:
    """Take the customer's screen; None when it is ours now, else who has it.

    `session` is of `session_hash`.  A person has one customer open: others are let go.  `is_talking`: the
    dialer has connected them, whoever had the page open.  Raises BadInput: no such customer.
    """
    with store.transaction():
        if not store.value("SELECT 1 FROM customer WHERE id = ? AND tenant_id = ?", (customer_id, tenant_id)):
            raise BadInput("その顧客はありません。", remedy="検索し直してください。")
        found = holder(store, tenant_id, customer_id, at=at)
        if found is not None and found.user_id != user_id and not is_talking:
            return found
        opened_at = found.opened_at if found is not None and found.user_id == user_id else at
        store.run(
            "DELETE FROM screen_lock WHERE customer_id = ? OR user_id = ?",
            (customer_id, user_id),
        )
        store.insert(
            "screen_lock",
            customer_id=customer_id,
            tenant_id=tenant_id,
            user_id=user_id,
            session_hash=session,
            opened_at=opened_at,
            seen_at=at,
        )
    return None


def beat(store: Store, tenant_id: int, customer_id: int, *, user_id: int, at: int) -> bool:
    """The page is still open; False when the lock is no longer ours.  Not worth waiting for the disk."""
    with store.relaxed():
        return bool(
            store.run(
                "UPDATE screen_lock SET seen_at = ? WHERE tenant_id = ? AND customer_id = ? AND user_id = ?",
                (at, tenant_id, customer_id, user_id),
            )
        )


def release(store: Store, tenant_id: int, *, user_id: int, customer_id: int = 0) -> None:
    """Let go of one customer, or of whomever this person has open."""
    store.run(
        "DELETE FROM screen_lock WHERE tenant_id = ? AND user_id = ? AND (? = 0 OR customer_id = ?)",
        (tenant_id, user_id, customer_id, customer_id),
    )
