"""The other reports: days, lists and operators by result, operators' work, the ledger of abandoned calls.

Each cell that counts something opens the rows it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from appliance.store import abandons, report_csv, reports
from appliance.store.abandons import Abandon
from appliance.store.report_formulas import LINES, Figures, total
from appliance.store.report_rows import Wanted
from appliance.store.reports import DayLine, Matrix
from webui.ask import Ask, Services
from webui.format import NOTHING, day_slash, decimal, hms, number, percent
from webui.report_frame import download, frame, query, wanted
from webui.reports import PAGE, figure_cell, name_of, notes
from webui.roles import Route

CHOSEN: Final = tuple(line for line in LINES if line.key != "busy")
LEDGER_CSV_MAX: Final = 10_000
MONTH_ENDS: Final = 31


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/reports/days", "reports.view", show_days),
        Route("GET", "/reports/codes", "reports.all", show_codes),
        Route("GET", "/reports/operators", "reports.all", show_operators),
        Route("GET", "/reports/operator-codes", "reports.all", show_operator_codes),
        Route("GET", "/reports/abandoned", "reports.all", show_abandoned),
    ]


# --- figures by day and by operator -------------------------------------------------------------------


def show_days(ask: Ask) -> Any:
    """A row a day, or a month."""
    found, is_monthly = wanted(ask), ask.text("by") == "month"
    every = reports.days(ask.services.store, ask.tenant_id, found, is_monthly=is_monthly)
    title = ask.t("月別") if is_monthly else ask.t("日別")
    if ask.text("csv"):
        rows = report_csv.days_rows(every, is_compatible=bool(ask.text("compat")))
        return download(ask, title, rows, notes(ask))
    body = [_figures_row(ask, found, line.name, line.figures, _days_of(line, found)) for line in every]
    sums = total([line.figures for line in every])
    return _table(
        ask, found, title, [ask.t("日付"), *_figure_heads(ask)], body, _figures_row(ask, found, "", sums, {})
    )


def _days_of(line: DayLine, found: Wanted) -> dict[str, Any]:
    if line.day > 1_000_000:
        day = day_slash(line.day).replace("/", "-")
        return {"from": day, "to": day}
    first = max(line.day * 100 + 1, found.from_day)
    last = min(line.day * 100 + MONTH_ENDS, found.to_day)
    while not _is_day(last):
        last -= 1
    return {name: day_slash(day).replace("/", "-") for name, day in (("from", first), ("to", last))}


def _is_day(day: int) -> bool:
    month, date = day // 100 % 100, day % 100
    year = day // 10_000
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date <= (28 + leap if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def show_operators(ask: Ask) -> Any:
    """Activity of each operator: the hourly report's rows as columns."""
    found = wanted(ask)
    every = reports.operators(ask.services.store, ask.tenant_id, found)
    title = ask.t("オペレーター別")
    if ask.text("csv"):
        rows = report_csv.operators_rows(every, is_compatible=bool(ask.text("compat")))
        return download(ask, title, rows, notes(ask))
    heads = [ask.t("オペレーター"), *_figure_heads(ask), ask.t("休憩")]
    body = []
    for entry in every:
        row = _figures_row(ask, found, entry.user_name, entry.figures, {"user": entry.user_id})
        row["cells"].append({"text": hms(entry.figures.break_s), "link": ""})
        body.append(row)
    sums = total([entry.figures for entry in every])
    foot = _figures_row(ask, found, "", sums, {})
    foot["cells"].append({"text": hms(sums.break_s), "link": ""})
    return _table(ask, found, title, heads, body, foot)


def _figure_heads(ask: Ask) -> list[str]:
    return [name_of(ask, line) for line in CHOSEN]


def _figures_row(ask: Ask, found: Wanted, name: str, figures: Figures, at: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "cells": [figure_cell(ask, found, line, figures, **at) for line in CHOSEN]}


# --- results by list and by operator ------------------------------------------------------------------


def show_codes(ask: Ask) -> Any:
    """Entries by list and result."""
    matrix = reports.codes_by_list(ask.services.store, ask.tenant_id, wanted(ask))
    return _show_matrix(ask, matrix, ask.t("リスト×結果"), "リスト", "list", ask.t("（リストなし）"))


def show_operator_codes(ask: Ask) -> Any:
    """Entries by operator and result; what reached nobody stands under the system's name."""
    matrix = reports.codes_by_operator(ask.services.store, ask.tenant_id, wanted(ask))
    return _show_matrix(ask, matrix, ask.t("オペレーター×結果"), "オペレーター", "user", ask.t("システム"))


def _show_matrix(ask: Ask, matrix: Matrix, title: str, row_title: str, column: str, nobody: str) -> Any:
    found = wanted(ask)
    if ask.text("csv"):
        return download(ask, title, report_csv.matrix_rows(matrix, row_title=row_title), notes(ask))
    named = zip(matrix.codes, matrix.code_names, strict=True)
    heads = [f"{code} {ask.t(name) if name else ''}" for code, name in named]
    rows = [
        _matrix_row(found, name or nobody, counts, matrix.codes, {column: row_id or "nobody"})
        for row_id, name, counts in zip(matrix.row_ids, matrix.row_names, matrix.cells, strict=True)
    ]
    sums = [sum(counts) for counts in zip(*matrix.cells, strict=True)]
    foot = _matrix_row(found, "", tuple(sums), matrix.codes, {})
    return _table(ask, found, title, [ask.t(row_title), ask.t("合計"), *heads], rows, foot)


def _matrix_row(
    found: Wanted, name: str, counts: Sequence[int], codes: Sequence[str], at: dict[str, Any]
) -> dict[str, Any]:
    days = {
        "from": day_slash(found.from_day).replace("/", "-"),
        "to": day_slash(found.to_day).replace("/", "-"),
        "project": found.project_id or "",
        "list": found.list_id or "",
        "user": found.user_id or "",
        **at,
    }

    def opened(count: int, **more: str) -> dict[str, str]:
        address = urlencode({key: value for key, value in {**days, **more}.items() if value})
        return {"text": number(count) if count else "", "link": f"/history?{address}" if count else ""}

    cells = [opened(count, code=code) for code, count in zip(codes, counts, strict=True)]
    return {"name": name, "cells": [opened(sum(counts)), *cells]}


def _table(
    ask: Ask, found: Wanted, title: str, heads: list[str], rows: list[dict[str, Any]], foot: dict[str, Any]
) -> Any:
    sums = foot["cells"] if rows else None
    return ask.page("report_table.html", title=title, heads=heads, rows=rows, total=sums, **frame(ask, found))


# --- the ledger of abandoned calls --------------------------------------------------------------------


def show_abandoned(ask: Ask) -> Any:
    """放棄呼台帳: newest first, 50 a page; the rate of the days above it."""
    found, start = wanted(ask), ask.integer("start")
    store, tenant_id, title = ask.services.store, ask.tenant_id, ask.t("放棄呼台帳")
    if ask.text("csv"):
        every = abandons.ledger(store, tenant_id, found, limit=LEDGER_CSV_MAX)
        return download(ask, title, _ledger_rows(ask, every.lines), notes(ask))
    page = abandons.ledger(store, tenant_id, found, offset=start, limit=PAGE)
    sums = reports.hourly(store, tenant_id, found).total
    return ask.page(
        "abandoned.html",
        title=title,
        lines=[_ledger_line(ask, line) for line in page.lines],
        count=page.count,
        cut=page.cut,
        answered=sums.answered,
        ratio=percent(page.count / sums.answered) if sums.answered else "—",
        start=start,
        size=PAGE,
        page_url=f"?{query(ask, found)}",
        **frame(ask, found),
    )


def _ledger_line(ask: Ask, line: Abandon) -> dict[str, Any]:
    waited = (line.cleared_at - line.answered_at) / 1000 if line.answered_at else None
    rang = ((line.answered_at or line.cleared_at) - line.setup_at) / 1000 if line.setup_at else None
    ratio = line.abandoned_30min / line.answered_30min if line.answered_30min else None
    return {
        "line": line,
        "at": ask.services.calendar.time(line.at, seconds=True),
        "rang": decimal(rang),
        "waited": decimal(waited),
        "ratio": percent(ratio),
        "share": f"{line.abandoned_30min}/{line.answered_30min}",
        "again": ask.services.calendar.time(line.again_at) if line.again_at else "",
    }


def _ledger_rows(ask: Ask, lines: Sequence[Abandon]) -> list[list[str]]:
    heads = (
        "日時", "電話番号", "顧客ID", "氏名", "案件", "リスト", "結果コード", "呼出秒", "応答後の秒",
        "直近30分の放棄", "直近30分の接続", "直近30分の放棄率", "次の対応", "次の結果",
    )  # fmt: skip
    rows = [[ask.t(head) for head in heads]]
    for line in lines:
        told = _ledger_line(ask, line)
        who = [line.number, str(line.customer_id), line.customer_name, line.project_name, line.list_name]
        then = [str(line.abandoned_30min), str(line.answered_30min), _raw(told["ratio"])]
        rang, waited = _raw(told["rang"]), _raw(told["waited"])
        rows.append([told["at"], *who, line.code, rang, waited, *then, told["again"], line.again_code])
    return rows


def _raw(text: str) -> str:
    """A file leaves a value that cannot exist empty."""
    return "" if text == NOTHING else text
