"""The log of what people did.  Each entry carries the hash of the one before: a changed one shows.

Nothing here changes or removes an entry.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from appliance.store.models import AuditEntry, Noun
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


class Filter(Noun, frozen=True):
    """What is looked for; 0 and '' are everything.  Times in milliseconds since 1970.

    `kinds` are patterns of "screen/action" as LIKE takes them; one of them must fit.
    """

    from_at: int = 0
    to_at: int = 0
    user_id: int = 0
    role: str = ""
    screen: str = ""
    text: str = ""
    kinds: tuple[str, ...] = ()


def _where(tenant_id: int, wanted: Filter) -> tuple[str, tuple[object, ...]]:
    like = f"%{wanted.text}%"
    sql = (
        "WHERE tenant_id = ? AND at >= ? AND (? = 0 OR at < ?) AND (? = 0 OR user_id = ?)"
        " AND (? = '' OR role = ?) AND (? = '' OR screen = ?)"
        " AND (? = '' OR detail LIKE ? OR user_name LIKE ? OR address LIKE ?)"
    )
    values: tuple[object, ...] = (
        tenant_id, wanted.from_at, wanted.to_at, wanted.to_at, wanted.user_id, wanted.user_id,
        wanted.role, wanted.role, wanted.screen, wanted.screen, wanted.text, like, like, like,
    )  # fmt: skip
    if wanted.kinds:
        sql += " AND (" + " OR ".join(["screen || '/' || action LIKE ?"] * len(wanted.kinds)) + ")"
    return sql, (*values, *wanted.kinds)


def page(
    store: Store, tenant_id: int, wanted: Filter, *, offset: int = 0, limit: int = 50
) -> list[AuditEntry]:
    """The entries that fit, newest first."""
    sql, values = _where(tenant_id, wanted)
    return store.all(
        AuditEntry, f"FROM audit_log {sql} ORDER BY id DESC LIMIT ? OFFSET ?", (*values, limit, offset)
    )


def count(store: Store, tenant_id: int, wanted: Filter) -> int:
    """How many entries fit."""
    sql, values = _where(tenant_id, wanted)
    return int(store.value(f"SELECT count(*) FROM audit_log {sql}", values))  # noqa: S608 - ours


def screens(store: Store, tenant_id: int) -> list[str]:
    """The screens that the log names."""
    rows = store.tuples(
        "SELECT DISTINCT screen FROM audit_log WHERE tenant_id = ? ORDER BY screen", (tenant_id,)
    )
    return [row[0] for row in rows]


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
