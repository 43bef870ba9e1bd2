"""休憩・離席: breaks by reason, a row an operator and day.  Seconds of breaks are outside of working time."""

from __future__ import annotations

from typing import Any, Final

from appliance.store import breaks, users
from appliance.store.breaks import DayBreak
from webui.ask import Ask, Services
from webui.desk import REASONS
from webui.format import day_slash, hms
from webui.report_frame import download, frame, wanted
from webui.roles import Route

COLUMNS_MAX: Final = 8  # reasons with a column of their own: the rest is the people's own words, seldom twice


def routes(_services: Services) -> list[Route]:
    return [Route("GET", "/reports/breaks", "reports.all", show)]


def show(ask: Ask) -> Any:
    found, calendar = wanted(ask), ask.services.calendar
    lines = breaks.by_day(
        ask.services.store,
        ask.tenant_id,
        from_at=calendar.start_of(found.from_day),
        to_at=calendar.start_of_next(found.to_day),
        user_id=found.user_id,
    )
    people = users.every(ask.services.store, ask.tenant_id, with_retired=True)
    names, title = {row.id: row.name for row in people}, ask.t("休憩・離席")
    if ask.text("csv"):
        return download(
            ask, title, _rows(ask, lines, names), [[ask.t("休憩中の行は、戻ったあとに加わります。")]]
        )
    columns = columns_of(lines)
    heads = [ask.t("日付・オペレーター"), ask.t("合計"), *(_word(ask, reason) for reason in columns)]
    if len({line.reason for line in lines}) > len(columns):
        heads.append(ask.t("ほかの理由"))
    body = [
        {
            "name": f"{day_slash(day)}　{names.get(user, '')}",
            "cells": _cells(ask, mine, columns, len(heads) - 1),
        }
        for (day, user), mine in _grouped(lines).items()
    ]
    total = _cells(ask, lines, columns, len(heads) - 1) if lines else None
    return ask.page(
        "report_table.html", title=title, heads=heads, rows=body, total=total, **frame(ask, found)
    )


def columns_of(lines: list[DayBreak]) -> list[str]:
    """The reasons with most time in them, the longest first.  Pure."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.reason] = sums.get(line.reason, 0) + line.duration_ms
    return sorted(sums, key=lambda reason: (-sums[reason], reason))[:COLUMNS_MAX]


def _grouped(lines: list[DayBreak]) -> dict[tuple[int, int], list[DayBreak]]:
    found: dict[tuple[int, int], list[DayBreak]] = {}
    for line in lines:
        found.setdefault((line.day, line.user_id), []).append(line)
    return found


def _cells(ask: Ask, lines: list[DayBreak], columns: list[str], width: int) -> list[dict[str, str]]:
    others = [line for line in lines if line.reason not in columns]
    parts = [lines, *([line for line in lines if line.reason == reason] for reason in columns), others]
    return [{"text": _cell(ask, part), "link": ""} for part in parts[:width]]


def _cell(ask: Ask, lines: list[DayBreak]) -> str:
    if not lines:
        return ""
    spent = hms(sum(line.duration_ms for line in lines) / 1000)
    return ask.t("{spent}（{n}回）", spent=spent, n=sum(line.count for line in lines))


def _rows(ask: Ask, lines: list[DayBreak], names: dict[int, str]) -> list[list[str]]:
    heads = ("日付", "オペレーター", "理由", "回数", "秒")
    rows = [[ask.t(head) for head in heads]]
    for line in lines:
        seconds = str(round(line.duration_ms / 1000))
        who = [day_slash(line.day), names.get(line.user_id, "")]
        rows.append([*who, _word(ask, line.reason), str(line.count), seconds])
    return rows


def _word(ask: Ask, reason: str) -> str:
    return ask.t(REASONS[reason]) if reason in REASONS else reason
