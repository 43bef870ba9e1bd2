"""モニタリングの記録: who listened to whom, when, how long and how.  Written by the dialer alone."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import listenings, report_csv, seats, users
from appliance.store.listenings import Listening
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.report_frame import ENCODINGS
from webui.roles import Route
from webui.supervise import HOW_WORDS

PAGE: Final = 50
CSV_MAX: Final = 50_000
ENDED_WORDS: Final[dict[str, str]] = {
    "ended": "終了",
    "changed": "方法を変えた",
    "moved": "別の座席へ移った",
    "hung-up": "受話器を置いた",
    "too-long": "30分で自動終了",
    "seat-left": "オペレーターがログアウト",
    "own-seat": "自分の席へ戻った",
    "restart": "装置の再起動",
}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/listenings", "supervise", show),
        Route("GET", "/listenings.csv", "export", export),
    ]


def _wanted(ask: Ask) -> dict[str, Any]:
    """Days (today without any), operator, listener and way, as the store takes them."""
    calendar, today = ask.services.calendar, ask.today()
    first = ask.day("from", today)
    last = max(ask.day("to", max(first, today)), first)
    return {
        "from_at": calendar.start_of(first),
        "to_at": calendar.start_of_next(last),
        "operator_id": ask.integer("user"),
        "user_id": ask.integer("person"),
        "how": ask.text("how", size_max=7),
    }


def _names(ask: Ask) -> tuple[dict[int, str], dict[int, str]]:
    """People, also those who have left, and seats by their ids."""
    people = users.every(ask.services.store, ask.tenant_id, with_retired=True)
    return {row.id: row.name for row in people}, {
        row.id: row.label for row in seats.every(ask.services.store)
    }


def show(ask: Ask) -> Any:
    wanted, start, calendar = _wanted(ask), ask.integer("start"), ask.services.calendar
    found = listenings.page(ask.services.store, ask.tenant_id, **wanted, offset=start, limit=PAGE)
    people, labels = _names(ask)
    query = {name: ask.text(name) for name in ("from", "to", "user", "person", "how") if ask.text(name)}
    everybody = [(0, ask.t("すべて")), *sorted(people.items(), key=lambda one: one[1])]
    return ask.page(
        "listenings.html",
        rows=[_line(ask, row, people, labels) for row in found.rows],
        total=found.count,
        start=start,
        size=PAGE,
        first=calendar.day(wanted["from_at"]),
        last=calendar.day(wanted["to_at"] - 1),
        wanted=wanted,
        people=everybody,
        hows=[("", ask.t("すべて")), *((how, ask.t(word)) for how, word in HOW_WORDS.items())],
        page_url="?" + urlencode(query),
        files="/listenings.csv?" + urlencode(query),
        is_filtered=bool(query),
    )


def _line(ask: Ask, row: Listening, people: dict[int, str], labels: dict[int, str]) -> dict[str, Any]:
    end = row.to_at or ask.services.now_ms()
    return {
        "at": ask.services.calendar.time(row.from_at, seconds=True),
        "to": ask.services.calendar.clock(row.to_at, seconds=True) if row.to_at else "",
        "seconds": max(end - row.from_at, 0) // 1000,
        "who": people.get(row.user_id, ""),
        "operator": people.get(row.operator_id, ""),
        "seat": labels.get(row.seat_id, ""),
        "how": ask.t(HOW_WORDS[row.how]) if row.how in HOW_WORDS else row.how,
        "ended": ask.t(ENDED_WORDS[row.ended]) if row.ended in ENDED_WORDS else row.ended,
    }


def export(ask: Ask) -> Any:
    """The same as CSV; logged."""
    found = listenings.page(ask.services.store, ask.tenant_id, **_wanted(ask), limit=CSV_MAX + 1)
    if len(found.rows) > CSV_MAX:
        raise BadInput(ask.t("件数が多すぎます。期間を短くしてください。"))
    people, labels = _names(ask)
    heads = ("開始", "終了", "秒", "聞いた人", "オペレーター", "座席", "方法", "終わり方")
    lines = [_line(ask, row, people, labels) for row in found.rows]
    names = ("at", "to", "seconds", "who", "operator", "seat", "how", "ended")
    rows = [[ask.t(head) for head in heads], *([str(line[name]) for name in names] for line in lines)]
    log_action(ask, "listenings", "exported", f"{len(lines)}: {ask.request.query_string[:200]}")
    stamp = ask.services.calendar.stamp(ask.services.now_ms())
    content = report_csv.to_csv(rows, ENCODINGS.get(ask.text("csv"), "utf-8-sig"))
    return ask.download(content, f"{ask.t('モニタリングの記録')}_{stamp}.csv", "text/csv")
