"""The boxes of 見込・再コール: past, future and free promises, of one person or all; their counts."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final, Literal

from appliance.store.customers import VISIBLE
from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.recalls import OWNER

Box = Literal["past", "future", "free"]
BOXES: Final[tuple[Box, ...]] = ("past", "future", "free")
COUNT_MAX: Final = 10_000


class Line(Noun, frozen=True):
    """A promise as the boxes show it.  `owner` is the successor, else the author."""

    id: int
    project_id: int
    project_name: str
    list_id: int
    list_name: str
    customer_id: int
    customer_name: str
    customer_kana: str
    number: str
    due_at: int
    made_at: int
    code: str
    code_name: str
    level: str
    memo: str
    user_id: int
    user_name: str
    owner_id: int
    owner_name: str
    tries: int
    tried_at: int
    tried_code: str
    tried_name: str
    done_at: int
    done_code: str
    done_name: str
    done_reason: str


class Page(Noun, frozen=True):
    """Some lines of a box, and how many there are (at most COUNT_MAX)."""

    lines: tuple[Line, ...]
    count: int


class Counts(Noun, frozen=True):
    """Open promises of each box."""

    past: int
    future: int
    free: int


def counts(
    store: Store, tenant_id: int, *, at: int, user_id: int = 0, list_ids: Collection[int] | None = None
) -> Counts:
    """Open promises of each box: one user's (own, or handed to him), or with 0 everybody's."""
    where, values = _where(tenant_id, user_id, list_ids)
    found = store.one(
        Counts,
        "SELECT coalesce(sum(r.due_at BETWEEN 1 AND ?), 0) AS past, coalesce(sum(r.due_at > ?), 0) AS future,"
        f" coalesce(sum(r.due_at = 0), 0) AS free {_FROM} WHERE r.done_at = 0 AND {where}",
        (at, at, *values),
    )
    assert found is not None
    return found


_FROM: Final = "FROM recall r JOIN customer c ON c.id = r.customer_id JOIN list l ON l.id = c.list_id"
_IN_BOX: Final[dict[Box, str]] = {
    "past": "r.due_at BETWEEN 1 AND ?1",
    "future": "r.due_at > ?1",
    "free": "r.due_at = 0 AND ?1 > 0",
}
_LINE: Final = (
    "SELECT r.id, r.project_id, coalesce(p.name, '') AS project_name, c.list_id, l.name AS list_name,"
    " r.customer_id, c.name AS customer_name, c.kana AS customer_kana, c.number, r.due_at, r.made_at, r.code,"
    " coalesce(k.name, '') AS code_name, r.level, coalesce(nullif(h.memo, ''), r.memo) AS memo, r.user_id,"
    f" coalesce(u.name, '') AS user_name, {OWNER} AS owner_id, coalesce(o.name, '') AS owner_name, r.tries,"
    " r.tried_at, r.tried_code, coalesce(t.name, '') AS tried_name, r.done_at, r.done_code,"
    f" coalesce(d.name, '') AS done_name, r.done_reason {_FROM} LEFT JOIN project p ON p.id = r.project_id"
    " LEFT JOIN history h ON h.id = r.history_id LEFT JOIN user u ON u.id = r.user_id"
    f" LEFT JOIN user o ON o.id = {OWNER}"
    " LEFT JOIN result_code k ON k.project_id = r.project_id AND k.code = r.code"
    " LEFT JOIN result_code t ON t.project_id = r.project_id AND t.code = r.tried_code"
    " LEFT JOIN result_code d ON d.project_id = r.project_id AND d.code = r.done_code"
)


def box(
    store: Store,
    tenant_id: int,
    which: Box,
    *,
    at: int,
    user_id: int = 0,
    list_ids: Collection[int] | None = None,
    project_id: int = 0,
    done_since: int = 0,
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """One box: open promises first, then those done since `done_since` (0: none)."""
    where, values = _where(tenant_id, user_id, list_ids)
    where += f" AND {_IN_BOX[which].replace('?1', '?')} AND (r.done_at = 0 OR (? > 0 AND r.done_at >= ?))"
    values = (*values, at, done_since, done_since)
    if project_id:
        where, values = f"{where} AND r.project_id = ?", (*values, project_id)
    order = "r.made_at DESC" if which == "free" else "r.due_at"
    with store.reading():
        lines = store.all(
            Line,
            f"{_LINE} WHERE {where} ORDER BY r.done_at > 0, {order}, r.id LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        count = store.value(
            f"SELECT count(*) FROM (SELECT 1 {_FROM} WHERE {where} LIMIT {COUNT_MAX})",  # noqa: S608 - constants
            values,
        )
    return Page(lines=tuple(lines), count=int(count))


def one(store: Store, tenant_id: int, recall_id: int) -> Line | None:
    """One promise of the tenant."""
    return store.one(
        Line, f"{_LINE} WHERE r.id = ? AND r.tenant_id = ? AND r.is_promise = 1", (recall_id, tenant_id)
    )


def _where(
    tenant_id: int, user_id: int, list_ids: Collection[int] | None
) -> tuple[str, tuple[int | str, ...]]:
    """Whose promises, as a condition of constants with its values."""
    parts = f"r.tenant_id = ? AND r.is_promise = 1 AND l.deleted_at = 0 AND l.is_hidden = 0 AND c.{VISIBLE}"
    values: tuple[int | str, ...] = (tenant_id,)
    if user_id:
        parts, values = f"{parts} AND {OWNER} = ?", (*values, user_id)
    if list_ids is not None:
        parts += " AND c.list_id IN (SELECT value FROM json_each(?))"
        values = (*values, json.dumps(sorted(list_ids)))
    return parts, values
