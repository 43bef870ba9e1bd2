"""レポート: KPI by hour with its formulas and chart, and the rows behind every figure."""

from __future__ import annotations

from typing import Any, Final

from appliance.store import lists, projects, report_csv, report_rows, reports
from appliance.store.report_formulas import BY_KEY, LINES, Figures, Line, compatible_text, honest
from appliance.store.report_rows import Wanted
from appliance.store.reports import HOURS, Hourly
from webui.ask import Ask, NotFound, Services
from webui.format import decimal, duration, hms, number
from webui.report_frame import download, frame, query, wanted
from webui.report_words import FIGURES, MEANS, NAMES, PLAIN
from webui.roles import Route

PAGE: Final = 50
OPENS: Final = ("sales", "dmc", "attempts", "answered", "complete", "contact", "abandoned")


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/reports/hourly", "reports.view", show_hourly),
        Route("GET", "/reports/rows", "reports.view", show_rows),
    ]


def show_hourly(ask: Ask) -> Any:
    """The table or its chart; with `csv` a download."""
    found = wanted(ask)
    report = reports.hourly(ask.services.store, ask.tenant_id, found, hours=_hours(ask, found))
    if ask.text("csv"):
        rows = report_csv.hourly_rows(report, is_compatible=bool(ask.text("compat")))
        return download(ask, ask.t("時間帯別KPI"), rows, notes(ask))
    return ask.page(
        "kpi.html",
        hours=report.hours,
        rows=_rows(ask, found, report),
        formulas=_formulas(ask, found, report.total),
        chart=_chart(report) if ask.text("tab") == "chart" else None,
        is_hourly=True,
        **frame(ask, found),
    )


def _hours(ask: Ask, found: Wanted) -> tuple[int, ...]:
    """The hours of the chosen project, else 9 to 22; an hour with figures outside comes by itself."""
    project = projects.get(ask.services.store, ask.tenant_id, found.project_id) if found.project_id else None
    spans = projects.hours_of(project) if project else ()
    if not spans:
        return HOURS
    first, last = min(span.from_minute for span in spans), max(span.to_minute for span in spans)
    return tuple(range(first // 60, min(24, (last + 59) // 60)))


def name_of(ask: Ask, line: Line) -> str:
    """The row's name; in compatible mode the other product's own."""
    return line.name if ask.text("compat") and ask.language == "ja" else ask.t(NAMES[line.key])


def cell(ask: Ask, line: Line, figures: Figures) -> str:
    """One value as the page writes it; blank where nothing happened in that hour."""
    if figures == Figures():
        return ""
    if ask.text("compat"):
        return compatible_text(line.key, figures)
    value = honest(line.key, figures)
    if line.kind == "count":
        return number(value)
    if line.kind == "seconds":
        return hms(value) if ask.text("form") == "hms" else number(value)
    if line.kind == "average" and ask.text("form") == "hms":
        return duration(value)
    return decimal(value) + ("%" if line.kind == "percent" and value is not None else "")


def _rows(ask: Ask, found: Wanted, report: Hourly) -> list[dict[str, Any]]:
    rows = []
    for line in LINES:
        cells = [figure_cell(ask, found, line, report.total)]
        cells += [
            figure_cell(ask, found, line, figures, hour=hour)
            for hour, figures in zip(report.hours, report.columns, strict=True)
        ]
        rows.append({"key": line.key, "name": name_of(ask, line), "cells": cells})
    return rows


def figure_cell(ask: Ask, found: Wanted, line: Line, figures: Figures, **at: Any) -> dict[str, str]:
    """A figure and the address of the rows behind it; `at` narrows the address."""
    is_open = line.key in OPENS and bool(honest(line.key, figures))
    link = f"/reports/rows?{query(ask, found, key=line.key, tab='', by='', **at)}" if is_open else ""
    return {"text": cell(ask, line, figures), "link": link}


def _formulas(ask: Ask, found: Wanted, total: Figures) -> dict[str, dict[str, str]]:
    """What the name of a row opens: meaning, formula, the total's own numbers, the other product's way."""
    return {
        line.key: {
            "name": name_of(ask, line),
            "means": ask.t(MEANS.get(line.key, "")) if MEANS.get(line.key) else "",
            "formula": _formula(ask, line),
            "numbers": _numbers(ask, line, total),
            "compat": _compat(ask, line, total),
            "rows": f"/reports/rows?{query(ask, found, key=line.key)}" if line.key not in PLAIN else "",
        }
        for line in LINES
    }


def _formula(ask: Ask, line: Line) -> str:
    formula = line.honest
    top = ask.t(FIGURES[formula.numerator])
    if not formula.denominator:
        return top
    factor = {3600.0: " × 3600", 100.0: " × 100"}.get(formula.factor, "")
    return f"{top} ÷ {ask.t(FIGURES[formula.denominator])}{factor}"


def _numbers(ask: Ask, line: Line, total: Figures) -> str:
    formula = line.honest
    if not formula.denominator:
        return ""
    top, bottom = getattr(total, formula.numerator), getattr(total, formula.denominator)
    factor = f" × {formula.factor:g}" if formula.factor != 1 else ""
    value = decimal(honest(line.key, total)) + ("%" if line.kind == "percent" else "")
    return f"{top:,} ÷ {bottom:,}{factor} = {value}"


def _compat(ask: Ask, line: Line, total: Figures) -> str:
    if line.compatible == line.honest:
        return ""
    formula = line.compatible
    text = f"{ask.t(FIGURES[formula.numerator])} ÷ {ask.t(FIGURES[formula.denominator])}"
    return f"{text} = {compatible_text(line.key, total)}（{ask.t('小数点以下2けたで切り捨て')}）"


def _chart(report: Hourly) -> dict[str, list[Any]]:
    columns = report.columns

    def counts(name: str) -> list[int | None]:
        return [None if column == Figures() else getattr(column, name) for column in columns]

    return {
        "hours": list(report.hours),
        "dials": counts("attempts"),
        "answers": counts("answered"),
        "talks": counts("contact"),
        "rates": [
            round(100 * column.sales / column.contact, 1) if column.contact else None for column in columns
        ],
    }


# --- the rows behind a figure -------------------------------------------------------------------------


def show_rows(ask: Ask) -> Any:
    """The attempts or entries that one figure counts."""
    found, key = wanted(ask), ask.text("key")
    if key not in BY_KEY:
        raise NotFound(ask.t("この指標はありません。"))
    hour = ask.integer("hour") if ask.text("hour") else None
    start = ask.integer("start")
    rows = report_rows.behind(
        ask.services.store, ask.tenant_id, found, key, hour=hour, offset=start, limit=PAGE
    )
    at = {} if hour is None else {"hour": hour}
    return ask.page(
        "report_rows.html",
        title=name_of(ask, BY_KEY[key]),
        hour=hour,
        rows=rows,
        start=start,
        size=PAGE,
        page_url=f"?{query(ask, found, key=key, **at)}",
        back=f"/reports/hourly?{query(ask, found)}",
        list_names={line.id: line.name for line in lists.table(ask.services.store, ask.tenant_id)},
        **frame(ask, found),
    )


def notes(ask: Ask) -> list[list[str]]:
    """What stands beside every file: the formulas, the other product's, and which of the two was written."""
    rows = [[ask.t("指標"), ask.t("計算式"), ask.t("Open Dialer互換")]]
    for line in LINES:
        other = _compat(ask, line, Figures()).split(" = ")[0]
        rows.append([name_of(ask, line), _formula(ask, line), other])
    rows.append([ask.t("出力"), ask.t("Open Dialer互換") if ask.text("compat") else ask.t("標準"), ""])
    return rows
