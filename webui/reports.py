"""レポート: KPI by hour, list by result, operators; the rows behind every figure; CSV with its formulas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import lists, projects, report_csv, report_rows, reports, users
from appliance.store.report_formulas import BY_KEY, LINES, Figures, Line, compatible_text, honest
from appliance.store.report_rows import Wanted
from appliance.store.reports import HOURS, Hourly, Matrix
from webui.ask import Ask, NotFound, Services
from webui.auth import log_action
from webui.format import day_slash, decimal, duration, hms, number
from webui.report_words import FIGURES, MEANS, NAMES, PLAIN
from webui.roles import Route

PAGE: Final = 50
ENCODINGS: Final = {"utf8": "utf-8-sig", "cp932": "cp932"}
OPENS: Final = ("sales", "dmc", "attempts", "answered", "complete", "contact", "abandoned")


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/reports/hourly", "reports.view", show_hourly),
        Route("GET", "/reports/codes", "reports.all", show_codes),
        Route("GET", "/reports/operators", "reports.all", show_operators),
        Route("GET", "/reports/rows", "reports.view", show_rows),
    ]


# --- what is asked ------------------------------------------------------------------------------------


def wanted(ask: Ask) -> Wanted:
    """Days and filters of the address; one's own figures for whoever may not see all."""
    first, last = _period(ask)
    return Wanted(
        from_day=first,
        to_day=max(first, last),
        project_id=ask.integer("project"),
        list_id=ask.integer("list"),
        user_id=ask.integer("user") if ask.may("reports.all") else ask.person.user_id,
        sex=ask.text("sex", size_max=4),
        age_from=ask.integer("age"),
        age_to=ask.integer("age") + 9 if ask.integer("age") else 0,
    )


def _period(ask: Ask) -> tuple[int, int]:
    """The quick choice if one was made, else the two dates; today without any."""
    today = ask.services.calendar.moment(ask.services.now_ms()).date()
    first_of_month = today.replace(day=1)
    quick = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "week": (today - timedelta(days=today.weekday()), today),
        "last-month": (
            (first_of_month - timedelta(days=1)).replace(day=1),
            first_of_month - timedelta(days=1),
        ),
    }.get(ask.text("period"))
    if quick:
        return int(f"{quick[0]:%Y%m%d}"), int(f"{quick[1]:%Y%m%d}")
    return ask.day("from", int(f"{today:%Y%m%d}")), ask.day("to", int(f"{today:%Y%m%d}"))


def _query(ask: Ask, found: Wanted, **changes: Any) -> str:
    """The address of this report with some values changed; the quick choice has become dates."""
    values: dict[str, Any] = {
        "from": day_slash(found.from_day).replace("/", "-"),
        "to": day_slash(found.to_day).replace("/", "-"),
        "project": found.project_id or "",
        "list": found.list_id or "",
        "user": (found.user_id or "") if ask.may("reports.all") else "",
        "sex": found.sex,
        "age": found.age_from or "",
        "form": ask.text("form"),
        "compat": ask.text("compat"),
        "tab": ask.text("tab"),
    }
    return urlencode({key: value for key, value in {**values, **changes}.items() if value != ""})


def _frame(ask: Ask, found: Wanted) -> dict[str, Any]:
    """What every report's bar needs."""
    store, every = ask.services.store, ask.t("すべて")
    known = {row.id: row.name for row in projects.every(store, ask.tenant_id)}
    lines = lists.table(store, ask.tenant_id, project_id=found.project_id)
    people = users.every(store, ask.tenant_id, with_retired=True)
    days = day_slash(found.from_day)
    if found.to_day != found.from_day:
        days += f"〜{day_slash(found.to_day)}"
    return {
        "first": found.from_day,
        "last": found.to_day,
        "project": found.project_id,
        "list": found.list_id,
        "user": found.user_id,
        "sex": found.sex,
        "age": found.age_from,
        "project_options": [(0, f"{ask.t('案件')}：{every}"), *known.items()],
        "list_options": [(0, f"{ask.t('リスト')}：{every}"), *((line.id, line.name) for line in lines)],
        "user_options": [(0, f"{ask.t('担当')}：{every}"), *((user.id, user.name) for user in people)],
        "same": _query(ask, found, form="", compat="", tab=""),
        "link": lambda **changes: f"{ask.request.path}?{_query(ask, found, **changes)}",
        "condition": "　".join(filter(None, (days, known.get(found.project_id, "")))),
        "is_live": found.to_day >= ask.today(),
        "form": ask.text("form"),
        "compat": ask.text("compat"),
    }


# --- by hour ------------------------------------------------------------------------------------------


def show_hourly(ask: Ask) -> Any:
    """The table or its chart; with `csv` a download."""
    found = wanted(ask)
    report = reports.hourly(ask.services.store, ask.tenant_id, found, hours=_hours(ask, found))
    if ask.text("csv"):
        return _download_hourly(ask, found, report)
    return ask.page(
        "kpi.html",
        hours=report.hours,
        rows=_rows(ask, found, report),
        formulas=_formulas(ask, found, report.total),
        chart=_chart(report) if ask.text("tab") == "chart" else None,
        is_hourly=True,
        **_frame(ask, found),
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
        cells = [_cell(ask, found, line, report.total, None)]
        cells += [
            _cell(ask, found, line, figures, hour)
            for hour, figures in zip(report.hours, report.columns, strict=True)
        ]
        rows.append({"key": line.key, "name": name_of(ask, line), "cells": cells})
    return rows


def _cell(ask: Ask, found: Wanted, line: Line, figures: Figures, hour: int | None) -> dict[str, str]:
    is_open = line.key in OPENS and bool(honest(line.key, figures))
    at = {} if hour is None else {"hour": hour}
    link = f"/reports/rows?{_query(ask, found, key=line.key, **at)}" if is_open else ""
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
            "rows": f"/reports/rows?{_query(ask, found, key=line.key)}" if line.key not in PLAIN else "",
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


# --- by code, by operator -----------------------------------------------------------------------------


def show_codes(ask: Ask) -> Any:
    """Entries by list and result; each opens its rows."""
    found = wanted(ask)
    matrix = reports.codes_by_list(ask.services.store, ask.tenant_id, found)
    title = ask.t("リスト×結果")
    if ask.text("csv"):
        content = report_csv.matrix_csv(matrix, row_title=ask.t("リスト"), encoding=_encoding(ask))
        return _download(ask, title, content)
    return ask.page(
        "report_table.html",
        title=title,
        heads=[ask.t("リスト"), ask.t("合計"), *_code_heads(matrix)],
        rows=_matrix_rows(ask, found, matrix),
        total=_matrix_total(matrix),
        **_frame(ask, found),
    )


def _code_heads(matrix: Matrix) -> list[str]:
    return [f"{code} {name}" for code, name in zip(matrix.codes, matrix.code_names, strict=True)]


def _matrix_rows(ask: Ask, found: Wanted, matrix: Matrix) -> list[dict[str, Any]]:
    rows = []
    for list_id, name, counts in zip(matrix.row_ids, matrix.row_names, matrix.cells, strict=True):
        days = {"from": day_slash(found.from_day), "to": day_slash(found.to_day), "list": list_id}
        cells = [{"text": number(sum(counts)), "link": f"/history?{urlencode(days)}"}]
        for code, count in zip(matrix.codes, counts, strict=True):
            link = f"/history?{urlencode({**days, 'code': code})}" if count else ""
            cells.append({"text": number(count) if count else "", "link": link})
        rows.append({"name": name or ask.t("（リストなし）"), "cells": cells})
    return rows


def _matrix_total(matrix: Matrix) -> list[dict[str, str]]:
    sums = [sum(column) for column in zip(*matrix.cells, strict=True)] if matrix.cells else []
    return [{"text": number(sum(sums))}, *({"text": number(value)} for value in sums)]


def show_operators(ask: Ask) -> Any:
    """Activity of each operator: the hourly report's rows as columns."""
    found = wanted(ask)
    every = reports.operators(ask.services.store, ask.tenant_id, found)
    title = ask.t("オペレーター別")
    if ask.text("csv"):
        content = report_csv.operators_csv(
            every, is_compatible=bool(ask.text("compat")), encoding=_encoding(ask)
        )
        return _download(ask, title, content)
    chosen = [line for line in LINES if line.key not in ("busy",)]
    return ask.page(
        "report_table.html",
        title=title,
        heads=[ask.t("オペレーター"), *(name_of(ask, line) for line in chosen), ask.t("休憩")],
        rows=[
            {
                "name": entry.user_name,
                "cells": [
                    *({"text": cell(ask, line, entry.figures), "link": ""} for line in chosen),
                    {"text": hms(entry.figures.break_s), "link": ""},
                ],
            }
            for entry in every
        ],
        total=None,
        **_frame(ask, found),
    )


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
        page_url=f"?{_query(ask, found, key=key, **at)}",
        back=f"/reports/hourly?{_query(ask, found)}",
        list_names={line.id: line.name for line in lists.table(ask.services.store, ask.tenant_id)},
        **_frame(ask, found),
    )


# --- CSV ----------------------------------------------------------------------------------------------


def _encoding(ask: Ask) -> str:
    return ENCODINGS.get(ask.text("csv"), "utf-8-sig")


def _download_hourly(ask: Ask, found: Wanted, report: Hourly) -> Any:
    is_compatible = bool(ask.text("compat"))
    if ask.text("csv") == "notes":
        return _download(ask, ask.t("時間帯別KPI") + "_注記", _notes(ask, is_compatible))
    content = report_csv.hourly_csv(report, is_compatible=is_compatible, encoding=_encoding(ask))
    return _download(ask, ask.t("時間帯別KPI"), content)


def _notes(ask: Ask, is_compatible: bool) -> bytes:
    rows = [["指標", "計算式", "Open Dialer互換"]]
    for line in LINES:
        other = _compat(ask, line, Figures()).split(" = ")[0]
        rows.append([name_of(ask, line), _formula(ask, line), other])
    rows.append(["出力", "Open Dialer互換" if is_compatible else "標準", ""])
    return report_csv.to_csv(rows, "utf-8-sig")


def _download(ask: Ask, title: str, content: bytes) -> Any:
    if not ask.may("export"):
        raise BadInput(ask.t("権限がありません（MGRのみ）。"))
    log_action(ask, "reports", "exported", f"{title}: {ask.request.query_string[:200]}")
    stamp = ask.services.calendar.stamp(ask.services.now_ms())
    project = projects.get(ask.services.store, ask.tenant_id, ask.integer("project"))
    name = "_".join(filter(None, (project.name if project else "", title, stamp)))
    return ask.download(content, f"{name}.csv", "text/csv")
