"""操作ログ: what people did, newest first, filtered; as CSV; whether its chain is whole.  MGR alone.

Opening it and taking it away are entries themselves.  Nothing here changes or removes one.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import audit, report_csv, users
from appliance.store.audit import Filter
from appliance.store.models import AuditEntry
from webui import audit_words
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.report_frame import ENCODINGS
from webui.roles import ROLE_WORDS, Route

PAGE: Final = 50
CSV_MAX: Final = 100_000
FIELDS: Final = ("from", "to", "user", "role", "screen", "kind", "q")
# A kind is what people look for in a log: patterns of "screen/action".
KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "taken": ("持ち出し", ("%/exported", "%downloaded", "%/recording saved")),
    "removed": (
        "削除",
        ("%removed%", "%/retired", "%/delete", "%/caller remove", "%/undone", "%/change undone"),
    ),
    "rights": (
        "権限・パスワード",
        ("users/%", "security/%", "account/%", "lists/people changed", "monitors/%"),
    ),
    "heard": ("聞いた・ささやいた", ("board/listen%", "board/whisper", "board/barge")),
    "played": ("録音", ("history/recording%",)),
    "login": ("ログイン", ("login/%",)),
    "settings": ("設定の変更", ("projects/%", "incoming/%", "board/pacing", "layout/%", "device/%")),
}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/audit", "audit", show),
        Route("GET", "/audit.csv", "audit", export),
        Route("POST", "/audit/check", "audit", check),
    ]


def wanted(ask: Ask) -> Filter:
    """The conditions of the address; all days without one."""
    calendar, first, last = ask.services.calendar, ask.day("from", 0), ask.day("to", 0)
    return Filter(
        from_at=calendar.start_of(first) if first else 0,
        to_at=calendar.start_of_next(last) if last else 0,
        user_id=ask.integer("user"),
        role=ask.text("role", size_max=3),
        screen=ask.text("screen", size_max=40),
        text=ask.text("q", size_max=80),
        kinds=KINDS.get(ask.text("kind"), ("", ()))[1],
    )


def show(ask: Ask, *, broken: int = -1) -> Any:
    """A page of the log.  `broken`: what a check of the chain found; -1 where none was asked for."""
    store, found, start = ask.services.store, wanted(ask), ask.integer("start")
    query = {name: ask.text(name) for name in FIELDS if ask.text(name) not in ("", "0")}
    rows = audit.page(store, ask.tenant_id, found, offset=start, limit=PAGE)
    if not start and broken < 0:
        log_action(ask, "audit", "opened", urlencode(query))
    every, people = ask.t("すべて"), users.every(store, ask.tenant_id, with_retired=True)
    return ask.page(
        "audit.html",
        rows=[_line(ask, row) for row in rows],
        total=audit.count(store, ask.tenant_id, found),
        start=start,
        size=PAGE,
        query=query,
        page_url="?" + urlencode(query),
        files="/audit.csv?" + urlencode(query),
        broken=broken,
        people=[(0, every), *((row.id, row.name) for row in people)],
        roles=[("", every), *((role, ask.t(word)) for role, word in ROLE_WORDS.items())],
        kinds=[("", every), *((kind, ask.t(word)) for kind, (word, _) in KINDS.items())],
        screen_options=[
            ("", every),
            *((name, audit_words.screen(name, ask.language)) for name in audit.screens(store, ask.tenant_id)),
        ],
    )


def _line(ask: Ask, row: AuditEntry) -> dict[str, str]:
    return {
        "at": ask.services.calendar.time(row.at, seconds=True),
        "name": row.user_name,
        "role": ask.t(ROLE_WORDS[row.role]) if row.role in ROLE_WORDS else "",
        "screen": audit_words.screen(row.screen, ask.language),
        "action": audit_words.action(row.action, ask.language),
        "detail": row.detail,
        "address": row.address,
    }


def export(ask: Ask) -> Any:
    """All that fit the filter, as CSV; logged."""
    rows = audit.page(ask.services.store, ask.tenant_id, wanted(ask), limit=CSV_MAX + 1)
    if len(rows) > CSV_MAX:
        raise BadInput(ask.t("件数が多すぎます。期間を短くしてください。"))
    heads = ("日時", "ユーザー", "役割", "画面", "操作", "内容", "アドレス")
    names = ("at", "name", "role", "screen", "action", "detail", "address")
    lines = [_line(ask, row) for row in rows]
    table = [[ask.t(head) for head in heads], *([line[name] for name in names] for line in lines)]
    log_action(ask, "audit", "exported", f"{len(lines)}: {ask.request.query_string[:200]}")
    stamp = ask.services.calendar.stamp(ask.services.now_ms())
    content = report_csv.to_csv(table, ENCODINGS.get(ask.text("csv"), "utf-8-sig"))
    return ask.download(content, f"{ask.t('操作ログ')}_{stamp}.csv", "text/csv")


def check(ask: Ask) -> Any:
    """Reads the whole chain once: whether an entry was changed or taken out."""
    broken = audit.first_broken(ask.services.store)
    log_action(ask, "audit", "chain checked", f"broken at {broken}" if broken else "whole")
    return show(ask, broken=broken)
