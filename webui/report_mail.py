"""報告メール of a project's settings, and 報告履歴: what was reported to oneself, for managers everything."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import mail, report_history, report_mail, result_codes, visibility
from appliance.store.report_history import Filter
from webui import projects
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

PAGE: Final = 50
STATES: Final[dict[str, str]] = {
    "none": "画面のみ",
    "waiting": "送信待ち",
    "again": "再送待ち",
    "sent": "送信済み",
    "partly": "一部の宛先に届きません",
    "unknown": "届いたか不明",
    "failed": "送れませんでした",
}
FIELDS: Final = ("project", "list", "code", "from", "to", "q")


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/projects/<project_id:int>/report", "report-mail", change),
        Route("GET", "/report-history", "report-history", show),
        Route("POST", "/report-history/<delivery_id:int>/again", "report-mail", again),
    ]


def change(ask: Ask, project_id: int) -> Any:
    found = projects.existing(ask, project_id)
    try:
        report_mail.change(
            ask.services.store,
            ask.tenant_id,
            project_id,
            is_on=ask.flag("is_on"),
            addresses=tuple(ask.text("addresses", size_max=10_000).replace(",", "\n").splitlines()),
            user_ids=tuple(int(value) for value in ask.texts("person") if value.isdigit()),
            subject=ask.text("subject", size_max=500),
            header=ask.text("header", size_max=5_000),
            footer=ask.text("footer", size_max=5_000),
            by=ask.person.user_id,
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    log_action(ask, "projects", "report mail changed", found.name)
    return ask.goto(f"/projects/{project_id}?said=saved#report")


def show(ask: Ask) -> Any:
    """Reports to oneself; managers see all of the tenant's and what became of the letters."""
    store, calendar = ask.services.store, ask.services.calendar
    first, last, start = ask.day("from", 0), ask.day("to", 0), ask.integer("start")
    wanted = Filter(
        reader_id=0 if ask.may("history.all") else ask.person.user_id,
        project_id=ask.integer("project"),
        list_id=ask.integer("list"),
        code=ask.text("code", size_max=2),
        from_at=calendar.start_of(first) if first else 0,
        to_at=calendar.start_of_next(last) if last else 0,
        text=ask.text("q", size_max=80),
    )
    page = report_history.search(store, ask.tenant_id, wanted, offset=start, limit=PAGE)
    query = {name: ask.text(name) for name in FIELDS if ask.text(name) not in ("", "0")}
    return ask.page(
        "report_history.html",
        rows=page.lines,
        total=page.count,
        start=start,
        size=PAGE,
        asked=wanted,
        query=query,
        page_url="?" + urlencode(query),
        is_filtered=bool(query),
        states=STATES,
        **_options(ask, wanted),
    )


def _options(ask: Ask, wanted: Filter) -> dict[str, Any]:
    store, every = ask.services.store, ask.t("すべて")
    seen = visibility.projects(store, ask.viewer)
    rows = visibility.lists(store, ask.viewer, project_id=wanted.project_id)
    codes = {
        code.code: f"{code.code} {ask.t(code.name)}"
        for project in seen
        if wanted.project_id in (0, project.id)
        for code in result_codes.every(store, ask.tenant_id, project.id)
    }
    return {
        "project_options": [(0, every), *((row.id, row.name) for row in seen)],
        "list_options": [(0, every), *((row.id, row.name) for row in rows)],
        "code_options": [("", every), *sorted(codes.items())],
    }


def again(ask: Ask, delivery_id: int) -> Any:
    """A letter that stands still goes out once more: a person has decided so."""
    mail_id = report_history.mail_of(ask.services.store, ask.tenant_id, delivery_id)
    if not mail_id:
        raise NotFound(ask.t("この報告メールはありません。"))
    if not mail.again(ask.services.store, mail_id, at=ask.services.now_ms()):
        raise Invalid(ask.t("この報告メールは、もう送信済みか送信待ちです。"))
    log_action(ask, "report-history", "sent again", str(delivery_id))
    return ask.goto("/report-history", "queued")
