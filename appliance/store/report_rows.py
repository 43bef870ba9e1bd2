"""The rows behind a report: those a figure counts, and the sums for customers of one sex or age.

Counters know neither; here the attempts and entries of the days are read through their project's index.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import history
from appliance.store.models import Attempt, HistoryLine, Noun
from appliance.store.open import Store, joined
from appliance.store.report_formulas import Figures
from appliance.store.times import DAY_MS, day_and_hour, day_bounds

DAYS_MAX: Final = 370


class Wanted(Noun, frozen=True):
    """What a report covers.  Days are YYYYMMDD, both included; 0 and '' are no condition."""

    from_day: int
    to_day: int
    project_id: int = 0
    list_id: int = 0
    user_id: int = 0
    sex: str = ""
    age_from: int = 0
    age_to: int = 0

    @property
    def needs_rows(self) -> bool:
        """Counters know neither sex nor age."""
        return bool(self.sex or self.age_from or self.age_to)


class Behind(Noun, frozen=True):
    """The rows behind a figure: attempts for 発信数 and 接続数, history entries for all else."""

    count: int
    lines: tuple[HistoryLine, ...] = ()
    attempts: tuple[Attempt, ...] = ()


_ATTEMPTS: Final = (
    "FROM project p JOIN attempt x ON x.project_id = p.id AND x.setup_at >= ? AND x.setup_at < ?"
    " AND x.setup_at > 0 AND x.end NOT IN ('fault', 'withdrawn')"
)
_ENTRIES: Final = (
    "FROM project p JOIN history x ON x.project_id = p.id AND x.at >= ? AND x.at < ?"
    " LEFT JOIN result_code r ON r.project_id = x.project_id AND r.code = x.code"
)
_PEOPLE: Final = (
    "LEFT JOIN customer c ON c.id = x.customer_id"
    " WHERE p.tenant_id = ? AND (? = 0 OR p.id = ?) AND (? = 0 OR x.list_id = ?)"
    " AND (? = 0 OR x.user_id = ?) AND (? = '' OR c.sex = ?) AND (? = 0 OR c.age >= ?)"
    " AND (? = 0 OR c.age <= ?)"
)
_COUNTED: Final = (
    "coalesce(r.is_sales, 0), coalesce(r.is_dmc, 0), coalesce(r.is_complete, 0), coalesce(r.is_contact, 0),"
    " x.code IN ('92', '96'), x.talk_ms, x.wait_ms, x.wrap_ms, 0"
)
_FLAG: Final = {"sales": "is_sales", "dmc": "is_dmc", "complete": "is_complete", "contact": "is_contact"}


def by_hour(store: Store, tenant_id: int, wanted: Wanted) -> dict[int, Figures]:
    """The figures of each hour from the rows themselves.  Seat time is what the entries spent."""
    sums: dict[int, list[int]] = {}
    values = _values(store, tenant_id, wanted)
    for at, answered_at in store.tuples(
        joined("SELECT x.setup_at, x.answered_at", _ATTEMPTS, _PEOPLE), values
    ):
        column = sums.setdefault(day_and_hour(at, store.zone)[1], [0] * 11)
        column[0] += 1
        column[1] += bool(answered_at)
    for at, *counts in store.tuples(joined("SELECT x.at,", _COUNTED, _ENTRIES, _PEOPLE), values):
        column = sums.setdefault(day_and_hour(at, store.zone)[1], [0] * 11)
        for index, count in enumerate(counts, 2):
            column[index] += count
    return {hour: figures_of(tuple(column)) for hour, column in sums.items()}


def figures_of(row: tuple[int, ...]) -> Figures:
    *counts, talk_ms, wait_ms, wrap_ms, break_ms = row
    names = ("attempts", "answered", "sales", "dmc", "complete", "contact", "abandoned")
    seconds = {
        "talk_s": _seconds(talk_ms),
        "wait_s": _seconds(wait_ms),
        "wrap_s": _seconds(wrap_ms),
        "break_s": _seconds(break_ms),
    }
    return Figures(**dict(zip(names, counts, strict=True)), **seconds)


def _seconds(milliseconds: int) -> int:
    return (milliseconds + 500) // 1000


def behind(
    store: Store,
    tenant_id: int,
    wanted: Wanted,
    key: str,
    *,
    hour: int | None = None,
    offset: int = 0,
    limit: int = 50,
) -> Behind:
    """The rows a figure counts: sales, dmc, complete, contact, abandoned, attempts, answered.

    Seconds, rates and averages open to the entries they are over.
    """
    check_days(store, wanted)
    if key in ("attempts", "answered"):
        condition = "AND x.answered_at > 0" if key == "answered" else ""
        ids = _ids(store, tenant_id, wanted, "SELECT x.id, x.setup_at", _ATTEMPTS, condition, hour)
        attempts = [
            store.one(Attempt, "FROM attempt WHERE id = ?", (attempt_id,))
            for attempt_id in ids[offset : offset + limit]
        ]
        return Behind(count=len(ids), attempts=tuple(attempt for attempt in attempts if attempt))
    ids = _ids(store, tenant_id, wanted, "SELECT x.id, x.at", _ENTRIES, _condition(key), hour)
    lines = [history.line(store, tenant_id, history_id) for history_id in ids[offset : offset + limit]]
    return Behind(count=len(ids), lines=tuple(line for line in lines if line))


def _condition(key: str) -> str:
    if key == "abandoned":
        return "AND x.code IN ('92', '96')"
    return f"AND r.{_FLAG[key]} = 1" if key in _FLAG else "AND x.talk_ms + x.wrap_ms > 0"


def _ids(
    store: Store, tenant_id: int, wanted: Wanted, select: str, rows: str, condition: str, hour: int | None
) -> list[int]:
    found = store.tuples(
        joined(select, rows, _PEOPLE, condition, "ORDER BY 2, 1"), _values(store, tenant_id, wanted)
    )
    return [row[0] for row in found if hour is None or day_and_hour(row[1], store.zone)[1] == hour]


def _values(store: Store, tenant_id: int, wanted: Wanted) -> tuple[Any, ...]:
    first, last = day_bounds(wanted.from_day, store.zone)[0], day_bounds(wanted.to_day, store.zone)[1]
    project, a_list, user = wanted.project_id, wanted.list_id, wanted.user_id
    low, high = wanted.age_from, wanted.age_to
    people = (wanted.sex, wanted.sex, low, low, high, high)
    return (first, last, tenant_id, project, project, a_list, a_list, user, user, *people)


def check_days(store: Store, wanted: Wanted) -> None:
    try:
        first = day_bounds(wanted.from_day, store.zone)[0]
        last = day_bounds(wanted.to_day, store.zone)[1]
    except ValueError as error:
        raise BadInput("日付が正しくありません。", remedy="YYYY/MM/DDで入れてください。") from error
    if not 0 < last - first <= DAYS_MAX * DAY_MS:
        raise BadInput(
            "期間が正しくありません。", remedy=f"開始日から終了日まで{DAYS_MAX}日以内にしてください。"
        )
