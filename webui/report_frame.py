"""What every report shares: its days and filters, its address, its bar, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import projects, report_csv, report_xlsx, users, visibility
from appliance.store.report_formulas import LINES
from appliance.store.report_rows import Wanted
from webui.ask import Ask
from webui.auth import log_action
from webui.format import day_slash
from webui.report_words import NAMES
from webui.saved_views import views_of

ENCODINGS: Final = {"utf8": "utf-8-sig", "cp932": "cp932"}
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PERIODS: Final = (("today", "今日"), ("yesterday", "昨日"), ("week", "今週"), ("last-month", "先月"))
REPORTS: Final = (
    ("/reports/hourly", "時間帯別", "reports.view"),
    ("/reports/days", "日別・月別", "reports.view"),
    ("/reports/codes", "リスト×結果", "reports.all"),
    ("/reports/operators", "オペレーター別", "reports.all"),
    ("/reports/operator-codes", "オペレーター×結果", "reports.all"),
    ("/reports/abandoned", "放棄呼台帳", "reports.all"),
    ("/reports/breaks", "休憩・離席", "reports.all"),
)


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


def periods(today: date) -> dict[str, tuple[int, int]]:
    """The quick choices as first and last day.  Pure."""
    first_of_month = today.replace(day=1)
    before = today - timedelta(days=1)
    end_of_last = first_of_month - timedelta(days=1)
    return {
        "today": (_day(today), _day(today)),
        "yesterday": (_day(before), _day(before)),
        "week": (_day(today - timedelta(days=today.weekday())), _day(today)),
        "last-month": (_day(end_of_last.replace(day=1)), _day(end_of_last)),
    }


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _today(ask: Ask) -> date:
    return ask.services.calendar.moment(ask.services.now_ms()).date()


def _period(ask: Ask) -> tuple[int, int]:
    """The quick choice if one was made, else the two dates; today without any."""
    today = _today(ask)
    quick = periods(today).get(ask.text("period"))
    return quick or (ask.day("from", _day(today)), ask.day("to", _day(today)))


def query(ask: Ask, found: Wanted, **changes: Any) -> str:
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
        "by": ask.text("by"),
    }
    return urlencode({key: value for key, value in {**values, **changes}.items() if value != ""})


def _kept(ask: Ask, found: Wanted) -> str:
    """The address as a view keeps it: today's days stay today's, whenever it is opened."""
    quick = chosen_period(ask, found)
    days: dict[str, Any] = {"period": quick, "from": "", "to": ""} if quick else {}
    return f"{ask.request.path}?{query(ask, found, **days)}"


def chosen_period(ask: Ask, found: Wanted) -> str:
    """The quick choice that these days are; '' for others."""
    days = (found.from_day, found.to_day)
    return next((name for name, known in periods(_today(ask)).items() if known == days), "")


def frame(ask: Ask, found: Wanted) -> dict[str, Any]:
    """What every report's bar needs."""
    store, every = ask.services.store, ask.t("すべて")
    known = {row.id: row.name for row in visibility.projects(store, ask.viewer)}
    lines = visibility.lists(store, ask.viewer, project_id=found.project_id)
    people = users.every(store, ask.tenant_id, with_retired=True) if ask.may("reports.all") else []
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
        "same": query(ask, found, form="", compat="", tab=""),
        "link": lambda **changes: f"{ask.request.path}?{query(ask, found, **changes)}",
        "condition": "　".join(filter(None, (days, known.get(found.project_id, "")))),
        "is_live": found.to_day >= ask.today(),
        "form": ask.text("form"),
        "compat": ask.text("compat"),
        "by": ask.text("by"),
        "chosen_period": chosen_period(ask, found),
        "periods": [(name, ask.t(word)) for name, word in PERIODS],
        "reports": [(url, ask.t(word)) for url, word, right in REPORTS if ask.may(right)],
        "kept_address": _kept(ask, found),
        "saved": views_of(ask, "reports"),
    }


# --- files --------------------------------------------------------------------------------------------


def download(ask: Ask, title: str, rows: Sequence[Sequence[str]], notes: Sequence[Sequence[str]]) -> Any:
    """The report as `csv` asks: utf8, cp932, xlsx (notes are its second sheet) or the notes.  Logged."""
    if not ask.may("export"):
        raise BadInput(ask.t("権限がありません（MGRのみ）。"))
    kind = ask.text("csv")
    log_action(ask, "reports", "exported", f"{title}: {ask.request.query_string[:200]}")
    rows, notes = in_language(ask, rows), in_language(ask, notes)
    stamp = ask.services.calendar.stamp(ask.services.now_ms())
    project = projects.get(ask.services.store, ask.tenant_id, ask.integer("project"))
    mark = ask.t("注記") if kind == "notes" else ""
    name = "_".join(filter(None, (project.name if project else "", title, mark, stamp)))
    if kind == "xlsx":
        content = report_xlsx.to_xlsx(((title, rows), (ask.t("注記"), notes)))
        return ask.download(content, f"{name}.xlsx", XLSX)
    content = report_csv.to_csv(notes if kind == "notes" else rows, ENCODINGS.get(kind, "utf-8-sig"))
    return ask.download(content, f"{name}.csv", "text/csv")


def in_language(ask: Ask, rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Heads and names in the reader's language; figures and what people wrote stand as they are."""
    if ask.language == "ja":
        return [list(row) for row in rows]
    words = {**{line.name: NAMES[line.key] for line in LINES}, "日": "日付"}
    fixed = {*words, "指標", "合計", "明細", "種別", "リスト", "オペレーター", "休憩", "システム"}

    def told(text: str) -> str:
        return ask.t(words.get(text, text)) if text in fixed else text

    return [[told(text) for text in row] for row in rows]
