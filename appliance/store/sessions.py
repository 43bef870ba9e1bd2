"""Browsers that are logged in: a random token in the cookie, its hash here.  Idle ones expire."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from appliance.store.models import Session
from appliance.store.open import Store

IDLE_MS: Final = 60 * 60_000
LIFE_MS: Final = 14 * 3_600_000  # a shift with its breaks; nobody stays logged in overnight
TOUCH_MS: Final = 30_000  # a live page beats every second: write its last sign of life twice a minute
SESSIONS_PER_USER_MAX: Final = 10


def start(store: Store, tenant_id: int, user_id: int, *, address: str, at: int) -> tuple[str, str]:
    """A new session; (token for the cookie, csrf for forms).  The oldest of too many ends."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with store.transaction():
        store.insert(
            "session",
            token_hash=_hash(token),
            tenant_id=tenant_id,
            user_id=user_id,
            csrf=csrf,
            address=address,
            created_at=at,
            seen_at=at,
            acted_at=at,
        )
        store.run(
            "DELETE FROM session WHERE user_id = ? AND token_hash NOT IN"
            " (SELECT token_hash FROM session WHERE user_id = ?"
            " ORDER BY created_at DESC, seen_at DESC LIMIT ?)",
            (user_id, user_id, SESSIONS_PER_USER_MAX),
        )
    return token, csrf


def find(
    store: Store, token: str, *, at: int, idle_ms: int = IDLE_MS, is_deliberate: bool = True
) -> Session | None:
    """The session of a cookie, if it has not expired; notes the sign of life, and whether it was a person's.

    What comes back is how it stood before: `acted_at` is the last thing that a person did.
    """
    session = store.one(
        Session,
        "FROM session WHERE token_hash = ?",
        (_hash(token),),
    )
    if session is None:
        return None
    if at - session.seen_at > idle_ms or at - session.created_at > LIFE_MS:
        end(store, token)
        return None
    if at - session.seen_at > TOUCH_MS or (is_deliberate and at - session.acted_at > TOUCH_MS):
        store.run(
            "UPDATE session SET seen_at = ?, acted_at = ? WHERE token_hash = ?",
            (at, at if is_deliberate else session.acted_at, _hash(token)),
        )
    return session


def end(store: Store, token: str) -> None:
    """Log out."""
    store.run("DELETE FROM session WHERE token_hash = ?", (_hash(token),))


def end_all_of(store: Store, user_id: int) -> None:
    """Log a user out everywhere."""
    store.run("DELETE FROM session WHERE user_id = ?", (user_id,))


def sweep(store: Store, *, at: int) -> int:
    """Remove expired sessions; how many."""
    return store.run("DELETE FROM session WHERE seen_at < ? OR created_at < ?", (at - IDLE_MS, at - LIFE_MS))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
