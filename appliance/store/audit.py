"""The log of what people did.  Each entry carries the hash of the one before: a changed one shows.

Nothing here changes or removes an entry.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from appliance.store.models import AuditEntry
from appliance.store.open import Store

FIRST_HASH: Final = "0" * 64


def log(
    store: Store,
    tenant_id: int,
    *,
    at: int,
    screen: str,
    action: str,
    user_id: int = 0,
    user_name: str = "",
    role: str = "",
    detail: str = "",
    address: str = "",
) -> None:
    """Add one entry.  `detail` must hold no password and no PIN."""
    values = (tenant_id, at, user_id, user_name, role, screen, action, detail, address)
    with store.transaction():
        before = store.value("SELECT hash FROM audit_log ORDER BY id DESC LIMIT 1") or FIRST_HASH
        store.insert(
            "audit_log",
            tenant_id=tenant_id,
            at=at,
            user_id=user_id,
            user_name=user_name,
            role=role,
            screen=screen,
            action=action,
            detail=detail,
            address=address,
            hash=_hash(before, values),
        )


def search(
    store: Store, tenant_id: int, *, text: str = "", user_id: int = 0, limit: int = 100, before_id: int = 0
) -> list[AuditEntry]:
    """Newest first.  `text` is looked for in action, screen, detail and name."""
    like = f"%{text}%"
    return store.all(
        AuditEntry,
        "FROM audit_log WHERE tenant_id = ? AND (? = 0 OR user_id = ?)"
        " AND (? = 0 OR id < ?) AND (action LIKE ? OR screen LIKE ? OR detail LIKE ? OR user_name LIKE ?)"
        " ORDER BY id DESC LIMIT ?",
        (tenant_id, user_id, user_id, before_id, before_id, like, like, like, like, limit),
    )


def first_broken(store: Store) -> int:
    """The id of the first entry that does not follow from the one before; 0 when the chain is whole."""
    before, last_id = FIRST_HASH, 0
    sql = (
        "SELECT id, hash, tenant_id, at, user_id, user_name, role, screen, action, detail, address"
        " FROM audit_log WHERE id > ? ORDER BY id LIMIT 5000"
    )
    while rows := store.tuples(sql, (last_id,)):
        for entry_id, stored, *values in rows:
            if entry_id != last_id + 1 or stored != _hash(before, tuple(values)):
                return int(entry_id)
            before, last_id = stored, entry_id
    return 0


def _hash(before: str, values: tuple[object, ...]) -> str:
    text = json.dumps([before, *values], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
