"""放棄呼台帳: who was abandoned, when, after how long, how the ratio stood then, and who called them since.

Read from the rows alone; the ratio of the half hour before is counted for the rows that are shown.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.store.models import Noun
from appliance.store.open import Store, joined
from appliance.store.report_rows import Wanted, check_days
from appliance.store.times import day_bounds

CODES: Final = ("92", "96")
ROLLING_MS: Final = 1_800_000
PAGE_MAX: Final = 10_000


class Abandon(Noun, frozen=True):
    """One abandoned call.  Times in ms, 0 where it has not happened; `answered_30min` is the divisor."""

    id: int
    at: int
    project_id: int
    project_name: str
    list_name: str
    customer_id: int
    customer_name: str
    number: str
    code: str
    setup_at: int
    answered_at: int
    cleared_at: int
    answered_30min: int = 0
    abandoned_30min: int = 0
    again_at: int = 0
    again_code: str = ""
    again_user: str = ""


class Ledger(Noun, frozen=True):
    """One page, newest first, and how many there are in all.

    `cut`: telephones that rang and were cut as another number of the same operator was answered; no abandons.
    """

    count: int
    lines: tuple[Abandon, ...]
    cut: int = 0


_FROM: Final = (
    " FROM project p JOIN history h ON h.project_id = p.id AND h.at >= ? AND h.at < ?"
    " WHERE p.tenant_id = ? AND h.code IN ('92', '96') AND (? = 0 OR p.id = ?) AND (? = 0 OR h.list_id = ?)"
)
_CUT: Final = (
    "SELECT count(*) FROM project p JOIN attempt x ON x.project_id = p.id"
    " AND x.setup_at >= ? AND x.setup_at < ? AND x.end = 'outrun' AND x.alerting_at > 0"
    " WHERE p.tenant_id = ? AND (? = 0 OR p.id = ?) AND (? = 0 OR x.list_id = ?)"
)
_LINE: Final = (
    "SELECT h.id, h.at, h.project_id, p.name AS project_name, coalesce(l.name, '') AS list_name,"
    " h.customer_id, coalesce(c.name, '') AS customer_name, h.number, h.code,"
    " coalesce(a.setup_at, 0) AS setup_at, coalesce(a.answered_at, 0) AS answered_at,"
    " coalesce(a.cleared_at, h.at) AS cleared_at FROM history h"
    " JOIN project p ON p.id = h.project_id LEFT JOIN list l ON l.id = h.list_id"
    " LEFT JOIN customer c ON c.id = h.customer_id LEFT JOIN attempt a ON a.id = h.attempt_id"
    " WHERE h.id = ? AND h.tenant_id = ?"
)


def ledger(store: Store, tenant_id: int, wanted: Wanted, *, offset: int = 0, limit: int = 50) -> Ledger:
    """The tenant's abandoned calls of the asked days, project and list."""
    check_days(store, wanted)
    first, last = day_bounds(wanted.from_day, store.zone)[0], day_bounds(wanted.to_day, store.zone)[1]
    project, a_list = wanted.project_id, wanted.list_id
    values: tuple[Any, ...] = (first, last, tenant_id, project, project, a_list, a_list)
    with store.reading():
        count = store.value(joined("SELECT count(*)", _FROM), values)
        ids = store.tuples(
            joined("SELECT h.id", _FROM, "ORDER BY h.at DESC, h.id DESC LIMIT ? OFFSET ?"),
            (*values, min(limit, PAGE_MAX), offset),
        )
        lines = [_line(store, tenant_id, history_id) for (history_id,) in ids]
        cut = store.value(_CUT, values)
    return Ledger(count=int(count or 0), lines=tuple(line for line in lines if line), cut=int(cut or 0))


def _line(store: Store, tenant_id: int, history_id: int) -> Abandon | None:
    found = store.one(Abandon, _LINE, (history_id, tenant_id))
    if found is None:
        return None
    answered, abandoned = store.tuples(
        "SELECT count(*), coalesce(sum(result IN ('92', '96')), 0) FROM attempt"
        " WHERE project_id = ? AND setup_at > ? AND setup_at <= ? AND (answered_at > 0 OR result = '92')",
        (found.project_id, found.at - ROLLING_MS, found.at),
    )[0]
    again = (
        store.tuples(
            "SELECT h.at, h.code, coalesce(u.name, '') FROM history h LEFT JOIN user u ON u.id = h.user_id"
            " WHERE h.customer_id = ? AND h.at > ? AND h.tenant_id = ? ORDER BY h.at LIMIT 1",
            (found.customer_id, found.at, tenant_id),
        )
        if found.customer_id
        else []
    )
    at, code, user = again[0] if again else (0, "", "")
    return Abandon(
        **{
            **{name: getattr(found, name) for name in Abandon.__struct_fields__},
            "answered_30min": int(answered),
            "abandoned_30min": int(abandoned),
            "again_at": at,
            "again_code": code,
            "again_user": user,
        }
    )
