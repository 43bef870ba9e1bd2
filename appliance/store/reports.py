"""Reports by hour, by list and code, and by operator, from hour_counter.

Only a filter by sex or age counts rows (report_rows.py).  Every sum adds up: an hour with figures outside the
asked ones gets a column of its own.
"""

from __future__ import annotations

from typing import Final

from appliance.store import report_rows
from appliance.store.models import Noun
from appliance.store.open import Store, joined
from appliance.store.report_formulas import Figures, total
from appliance.store.report_rows import Wanted, check_days, figures_of

HOURS: Final = tuple(range(9, 23))


class Hourly(Noun, frozen=True):
    """The hourly report: a column of figures an hour, and their sum."""

    hours: tuple[int, ...]
    columns: tuple[Figures, ...]
    total: Figures


class Matrix(Noun, frozen=True):
    """Entries by row (list or operator) and code.  `cells[row][column]`."""

    row_ids: tuple[int, ...]
    row_names: tuple[str, ...]
    codes: tuple[str, ...]
    code_names: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]


class DayLine(Noun, frozen=True):
    """One day (YYYYMMDD) or month (YYYYMM)."""

    day: int
    figures: Figures

    @property
    def name(self) -> str:
        """2026/11/21 or 2026/11."""
        text = str(self.day)
        return "/".join(filter(None, (text[:4], text[4:6], text[6:])))


class OperatorLine(Noun, frozen=True):
    """One operator's activity."""

    user_id: int
    user_name: str
    figures: Figures


_FIGURES: Final = (
    " coalesce(sum(h.attempts), 0) AS attempts, coalesce(sum(h.answered), 0) AS answered,"
    " coalesce(sum(h.entries * r.is_sales), 0) AS sales, coalesce(sum(h.entries * r.is_dmc), 0) AS dmc,"
    " coalesce(sum(h.entries * r.is_complete), 0) AS complete,"
    " coalesce(sum(h.entries * r.is_contact), 0) AS contact,"
    " coalesce(sum(CASE WHEN h.code IN ('92', '96') THEN h.entries END), 0) AS abandoned,"
    " coalesce(sum(h.talk_ms), 0) AS talk_ms, coalesce(sum(h.wait_ms), 0) AS wait_ms,"
    " coalesce(sum(h.wrap_ms), 0) AS wrap_ms, coalesce(sum(h.break_ms), 0) AS break_ms"
)
_FROM: Final = (
    " FROM project p JOIN hour_counter h ON h.project_id = p.id AND h.day BETWEEN ? AND ?"
    " LEFT JOIN result_code r ON r.project_id = h.project_id AND r.code = h.code"
    " WHERE p.tenant_id = ? AND (? = 0 OR p.id = ?) AND (? = 0 OR h.list_id = ?) AND (? = 0 OR h.user_id = ?)"
)


def hourly(store: Store, tenant_id: int, wanted: Wanted, *, hours: tuple[int, ...] = HOURS) -> Hourly:
    """The hourly report.  Raises BadInput for days that are none, or more than a year."""
    check_days(store, wanted)
    by_hour = report_rows.by_hour if wanted.needs_rows else _hours
    found = by_hour(store, tenant_id, wanted)
    shown = tuple(sorted({*hours, *(hour for hour, column in found.items() if column != Figures())}))
    columns = [found.get(hour, Figures()) for hour in shown]
    return Hourly(hours=shown, columns=tuple(columns), total=total(columns))


def _hours(store: Store, tenant_id: int, wanted: Wanted) -> dict[int, Figures]:
    rows = store.tuples(
        joined("SELECT h.hour,", _FIGURES, _FROM, "GROUP BY h.hour"), _values(tenant_id, wanted)
    )
    return {row[0]: figures_of(row[1:]) for row in rows}


def _values(tenant_id: int, wanted: Wanted) -> tuple[int, ...]:
    project, a_list, user = wanted.project_id, wanted.list_id, wanted.user_id
    return (wanted.from_day, wanted.to_day, tenant_id, project, project, a_list, a_list, user, user)


def days(store: Store, tenant_id: int, wanted: Wanted, *, is_monthly: bool = False) -> list[DayLine]:
    """The days, or months, on which anything happened, in order."""
    check_days(store, wanted)
    rows = store.tuples(
        joined("SELECT h.day / ?,", _FIGURES, _FROM, "GROUP BY 1 ORDER BY 1"),
        (100 if is_monthly else 1, *_values(tenant_id, wanted)),
    )
    return [DayLine(day=row[0], figures=figures_of(row[1:])) for row in rows]


def codes_by_list(store: Store, tenant_id: int, wanted: Wanted) -> Matrix:
    """Entries by list and code."""
    return _matrix(store, tenant_id, wanted, "list_id", "SELECT id, name FROM list WHERE tenant_id = ?")


def codes_by_operator(store: Store, tenant_id: int, wanted: Wanted) -> Matrix:
    """Entries by operator and code; user 0 is the system's own (no answer, busy, abandoned)."""
    return _matrix(store, tenant_id, wanted, "user_id", "SELECT id, name FROM user WHERE tenant_id = ?")


def _matrix(store: Store, tenant_id: int, wanted: Wanted, column: str, names: str) -> Matrix:
    assert column in ("list_id", "user_id")
    check_days(store, wanted)
    rows = store.tuples(
        joined(
            f"SELECT h.{column}, h.code, coalesce(max(r.name), ''), sum(h.entries)",
            _FROM,
            "AND h.code <> '' GROUP BY 1, 2 HAVING sum(h.entries) > 0",
        ),
        _values(tenant_id, wanted),
    )
    name_of = {0: "", **dict(store.tuples(names, (tenant_id,)))}
    counts = {(row[0], row[1]): row[3] for row in rows}
    code_names = {row[1]: row[2] for row in rows}
    row_ids = sorted({row[0] for row in rows}, key=lambda row_id: (row_id == 0, name_of.get(row_id, "")))
    codes = sorted(code_names)
    return Matrix(
        row_ids=tuple(row_ids),
        row_names=tuple(name_of.get(row_id, "") for row_id in row_ids),
        codes=tuple(codes),
        code_names=tuple(code_names[code] for code in codes),
        cells=tuple(tuple(counts.get((row_id, code), 0) for code in codes) for row_id in row_ids),
    )


def operators(store: Store, tenant_id: int, wanted: Wanted) -> list[OperatorLine]:
    """Activity of each operator who worked, by name; names stay after a user was retired."""
    check_days(store, wanted)
    rows = store.tuples(
        joined(
            "SELECT h.user_id, (SELECT name FROM user WHERE id = h.user_id),",
            _FIGURES,
            _FROM,
            "AND h.user_id > 0 GROUP BY h.user_id ORDER BY 2",
        ),
        _values(tenant_id, wanted),
    )
    return [OperatorLine(user_id=row[0], user_name=row[1] or "", figures=figures_of(row[2:])) for row in rows]
