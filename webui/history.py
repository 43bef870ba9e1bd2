"""検索・履歴: one search box and two views of what it finds, entries and customers; a customer's own page.

Operators, readers and the back office see their own entries, and are told so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import (
    attributes,
    blocked,
    customer_edits,
    customers,
    history,
    lists,
    recalls,
    report_history,
    result_codes,
    users,
    visibility,
)
from appliance.store.history import COUNT_MAX, PAGE_MAX, Filter
from appliance.store.models import Customer, HistoryLine
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.entries import choices, due_of
from webui.phone_number import hyphenated
from webui.recalls import ENDS
from webui.roles import Route
from webui.saved_views import views_of

PAGE: Final = 50
EXPORT_MAX: Final = 50_000
CONDITIONS: Final = ("from", "to", "code", "user", "talk_min", "talk_max", "recorded", "field_text")
DAY_MS: Final = 86_400_000
NOBODY: Final = "nobody"
COLUMNS_MAX: Final = 60


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/history", "history.view", show),
        Route("GET", "/history.csv", "export", export),
        Route("GET", "/customers/<customer_id:int>", "history.view", show_customer),
        Route("POST", "/history/<entry_id:int>", "history.view", edit),
    ]


def wanted(ask: Ask) -> Filter:
    """The conditions of the address; own entries alone for whoever may not see all."""
    calendar = ask.services.calendar
    first, last = ask.day("from", 0), ask.day("to", 0)
    since_at = calendar.start_of(first) + _hour_ms(ask) if first else 0
    if ask.flag("recent"):
        since_at = max(since_at, ask.services.now_ms() - DAY_MS)
    sees_all = ask.may("history.all")
    return Filter(
        project_id=ask.integer("project"),
        list_id=ask.integer("list"),
        user_id=ask.integer("user") if sees_all else ask.person.user_id,
        is_nobodys=sees_all and ask.text("user") == NOBODY,
        is_cut_off=ask.flag("cut_off"),
        is_uncoded=ask.flag("uncoded"),
        is_promised=ask.flag("promised"),
        code=ask.text("code", size_max=2),
        from_at=since_at,
        to_at=_end(ask, last) if last else 0,
        text=ask.text("q", size_max=80),
        has_recording=ask.flag("recorded"),
        talk_min_ms=min(ask.integer("talk_min"), 86_400) * 1000,
        talk_max_ms=min(ask.integer("talk_max"), 86_400) * 1000,
        field_name=ask.text("field", size_max=80) if ask.integer("project") else "",
        field_text=ask.text("field_text", size_max=80) if ask.integer("project") else "",
    )


def _hour_ms(ask: Ask) -> int:
    # A report's figure of one hour leads here with that hour.
    return ask.integer("hour", 0) * 3_600_000


def _end(ask: Ask, last: int) -> int:
    calendar = ask.services.calendar
    if ask.text("hour"):
        return calendar.start_of(last) + (ask.integer("hour") + 1) * 3_600_000
    return calendar.start_of_next(last)


def show(ask: Ask) -> Any:
    view = "customers" if ask.text("view") == "customers" else "entries"
    found = wanted(ask)
    start = min(ask.integer("start"), COUNT_MAX)
    rows, total = (_customers if view == "customers" else _entries)(ask, found, start)
    query = {
        key: value
        for key, value in ask.request.query.decode().items()
        if key not in ("start", "said", "view") and value
    }
    return ask.page(
        "history.html",
        view=view,
        rows=rows,
        total=total,
        is_cut=total > COUNT_MAX,
        listen=0,
        start=start,
        size=PAGE,
        q=found.text,
        first=ask.day("from", 0),
        last=ask.day("to", 0),
        code=found.code,
        user=found.user_id,
        project=found.project_id,
        list=found.list_id,
        hour=ask.text("hour", size_max=2),
        recorded=found.has_recording,
        recent=ask.flag("recent"),
        nobody=found.is_nobodys,
        cut_off=found.is_cut_off,
        uncoded=found.is_uncoded,
        promised=found.is_promised,
        talk_min=found.talk_min_ms // 1000 or "",
        talk_max=found.talk_max_ms // 1000 or "",
        field=found.field_name,
        field_text=found.field_text,
        chips=_chips(ask, found, query, view),
        kept_address="/history?" + urlencode({**query, "view": view}),
        saved=views_of(ask, "history"),
        is_filtered=any(value for key, value in query.items() if value not in ("", "0")),
        has_conditions=any(query.get(name) not in (None, "", "0") for name in CONDITIONS),
        other_view=lambda name: "/history?" + urlencode({**query, "view": name}),
        page_url="?" + urlencode({**query, "view": view}),
        csv_url="/history.csv?" + urlencode({**query, "view": view}),
        **_options(ask, found),
    )


def _entries(ask: Ask, found: Filter, start: int) -> tuple[list[Any], int]:
    page = history.search(ask.services.store, ask.tenant_id, found, offset=start, limit=PAGE)
    return list(page.lines), page.count


def _customers(ask: Ask, found: Filter, start: int) -> tuple[list[Any], int]:
    """The same conditions over customers; without any condition nobody is listed."""
    if found == Filter():
        return [], 0
    page = history.people(ask.services.store, ask.tenant_id, found, offset=start, limit=PAGE)
    return list(page.customers), page.count


def _chips(ask: Ask, found: Filter, query: dict[str, str], view: str) -> list[tuple[str, str, bool]]:
    """すべて, この案件, このリスト, 24時間以内: address, word, whether it is in force."""

    def to(**changes: str) -> str:
        values = {**query, "view": view, **changes}
        return "/history?" + urlencode({key: value for key, value in values.items() if value})

    chips = [
        (
            to(project="", list="", recent="", uncoded="", promised=""),
            ask.t("すべて"),
            _is_everything(found, ask),
        )
    ]
    if found.project_id:
        chips.append((to(list=""), ask.t("この案件"), not found.list_id))
    if found.list_id:
        chips.append((to(), ask.t("このリスト"), True))
    is_recent = ask.flag("recent")
    chips.append((to(recent="" if is_recent else "1"), ask.t("24時間以内"), is_recent))
    chips.append((to(uncoded="" if found.is_uncoded else "1"), ask.t("結果未入力"), found.is_uncoded))
    chips.append((to(promised="" if found.is_promised else "1"), ask.t("予約架電のみ"), found.is_promised))
    return chips


def _is_everything(found: Filter, ask: Ask) -> bool:
    narrowed = (found.project_id, found.list_id, found.is_uncoded, found.is_promised)
    return not (any(narrowed) or ask.flag("recent"))


def heard_lists(ask: Ask) -> frozenset[int]:
    """Lists whose recordings the person may hear beside those of his own calls (visibility.py)."""
    seen = visibility.call_lists(ask.services.store, ask.viewer)
    return frozenset(row.id for row in seen)


def _columns(ask: Ask, found: Filter) -> list[str]:
    """The columns of the chosen project's lists, in the order of the newest."""
    every = visibility.lists(ask.services.store, ask.viewer, project_id=found.project_id)
    names: dict[str, None] = {}
    for line in every:
        if found.list_id in (0, line.id):
            standing = lists.get(ask.services.store, ask.tenant_id, line.id)
            names.update(dict.fromkeys(lists.headers_of(standing) if standing else ()))
    return list(names)[:COLUMNS_MAX]


def _options(ask: Ask, found: Filter) -> dict[str, Any]:
    store, tenant_id, every = ask.services.store, ask.tenant_id, ask.t("すべて")
    seen = visibility.projects(store, ask.viewer)
    codes: dict[str, str] = {}
    for project in seen:
        if found.project_id in (0, project.id):
            for code in result_codes.every(store, tenant_id, project.id, with_retired=True):
                codes.setdefault(code.code, f"{code.code} {ask.t(code.name)}")
    people = users.every(store, tenant_id, with_retired=True) if ask.may("history.all") else []
    return {
        "project_options": [(0, every), *((row.id, row.name) for row in seen)],
        "list_options": [
            (0, every),
            *((row.id, row.name) for row in visibility.lists(store, ask.viewer, project_id=found.project_id)),
        ],
        "list_names": {line.id: line.name for line in lists.table(store, tenant_id)},
        "code_options": [("", every), *sorted(codes.items())],
        "user_options": [(0, every), *((user.id, user.name) for user in people), (NOBODY, ask.t("システム"))],
        "heard_lists": heard_lists(ask),
        "columns": _columns(ask, found) if found.project_id else [],
    }


HEADS: Final = (
    "日時",
    "電話番号",
    "顧客ID",
    "氏名",
    "案件",
    "リスト",
    "結果コード",
    "結果",
    "担当",
    "座席",
    "通話秒",
    "待ち秒",
    "後処理秒",
    "メモ",
)


PEOPLE_HEADS: Final = ("顧客ID", "電話番号", "氏名", "フリガナ", "リスト", "最終結果", "最終架電", "回数")


def export(ask: Ask) -> Any:
    """What is found, as CSV: a row an entry, or a row a customer; logged."""
    is_people = ask.text("view") == "customers"
    heads, pages, name = (
        (PEOPLE_HEADS, _people_pages, ask.t("顧客"))
        if is_people
        else (HEADS, _entry_pages, ask.t("対応履歴"))
    )
    out, count = io.StringIO(), 0
    writer = csv.writer(out)
    writer.writerow([ask.t(head) for head in heads])
    for rows in pages(ask, wanted(ask)):
        writer.writerows([_safe(cell) for cell in row] for row in rows)
        count += len(rows)
    log_action(ask, "history", "exported", f"{count}: {ask.request.query_string[:200]}")
    stamp = ask.services.calendar.stamp(ask.services.now_ms())
    return ask.csv(out.getvalue(), f"{name}_{stamp}.csv")


def _entry_pages(ask: Ask, found: Filter) -> Iterator[list[list[Any]]]:
    for start in range(0, EXPORT_MAX, PAGE_MAX):
        page = history.search(ask.services.store, ask.tenant_id, found, offset=start, limit=PAGE_MAX)
        yield [_cells(ask, row) for row in page.lines]
        if len(page.lines) < PAGE_MAX:
            return


def _people_pages(ask: Ask, found: Filter) -> Iterator[list[list[Any]]]:
    names = {line.id: line.name for line in lists.table(ask.services.store, ask.tenant_id)}
    for start in range(0, EXPORT_MAX, PAGE_MAX):
        page = history.people(ask.services.store, ask.tenant_id, found, offset=start, limit=PAGE_MAX)
        yield [
            [
                f"{row.list_id}-{row.id}", row.number, row.name, row.kana, names.get(row.list_id, ""),
                row.last_code, ask.services.calendar.time(row.last_called_at), row.attempts,
            ]
            for row in page.customers
        ]  # fmt: skip
        if len(page.customers) < PAGE_MAX:
            return


def _cells(ask: Ask, row: Any) -> list[Any]:
    return [
        ask.services.calendar.time(row.at, seconds=True),
        row.number,
        f"{row.list_id}-{row.customer_id}",
        row.customer_name,
        row.project_name,
        row.list_name,
        row.code,
        row.code_name,
        row.user_name,
        row.seat_label,
        round(row.talk_ms / 1000),
        round(row.wait_ms / 1000),
        round(row.wrap_ms / 1000),
        row.memo,
    ]


def _safe(cell: Any) -> Any:
    # A spreadsheet would run a cell that begins like a formula: such a text is marked as text.
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def show_customer(ask: Ask, customer_id: int, *, problem: str = "") -> Any:
    store = ask.services.store
    customer = customers.get(store, ask.tenant_id, customer_id)
    if customer is None:
        raise NotFound(ask.t("この顧客はありません。"))
    own, is_whole = _entries_of(ask, customer)
    if not own and not is_whole:
        raise NotFound(ask.t("この顧客はありません。"))
    in_list = lists.get(store, ask.tenant_id, customer.list_id)
    day = ask.today()
    return ask.page(
        "customer.html",
        status=400 if problem else 200,
        problem=problem,
        customer=customer,
        listen=ask.integer("listen"),
        in_list=in_list,
        fields=customers.fields(store, ask.tenant_id, customer_id),
        numbers=customers.added_numbers(store, ask.tenant_id, customer_id),
        stop=blocked.check(
            store, ask.tenant_id, number=customer.number, project_id=customer.project_id, day=day
        ),
        rows=own,
        is_whole=is_whole,
        answers=attributes.of_entries(store, ask.tenant_id, customer_id),
        **_facts(ask, customer, is_whole=is_whole),
        agreed=_agreed(ask, customer_id),
        ends=ENDS,
        can_add=ask.may("add-history") and is_whole,
        can_call=ask.may("call") and is_whole,
        **choices(ask, customer.project_id),
        heard_lists=heard_lists(ask),
        codes=[
            (code.code, f"{code.code} {code.name}")
            for code in result_codes.every(store, ask.tenant_id, customer.project_id)
            if code.kind != "system" or code.code == "98"
        ],
        hyphenated=hyphenated,
    )


def _facts(ask: Ask, customer: Customer, *, is_whole: bool) -> dict[str, Any]:
    """The customer's own attributes, and what people changed: for those who see all of the customer."""
    store, tenant_id = ask.services.store, ask.tenant_id
    edits = customer_edits.every(store, tenant_id, customer.id) if is_whole else []
    given = attributes.of_customer(store, tenant_id, customer.id)
    asked = attributes.every(store, tenant_id, customer.project_id, "customer")
    return {
        "edits": edits,
        "originals": customer_edits.originals(edits),
        "own_answers": [(row.name, given[row.id].replace("\n", "・")) for row in asked if row.id in given],
    }


def _entries_of(ask: Ask, customer: Customer) -> tuple[list[HistoryLine], bool]:
    """The entries that the person may read, and whether these are all: of lists he works, everybody's.

    Else his own, and those that were reported to him.
    """
    store, person = ask.services.store, ask.person
    rows = history.of_customer(store, ask.tenant_id, customer.id)
    if ask.may("history.all") or visibility.sees_list(store, ask.viewer, customer.list_id):
        return rows, True
    told_of = report_history.entries_of(store, ask.tenant_id, person.user_id, customer.id)
    return [row for row in rows if row.user_id == person.user_id or row.id in told_of], False


def _agreed(ask: Ask, customer_id: int) -> dict[int, recalls.Agreed]:
    """What each entry agreed about calling again."""
    every = recalls.agreed(ask.services.store, ask.tenant_id, customer_id)
    return {row.history_id: row for row in every if row.history_id}


def _agree_again(ask: Ask, entry: HistoryLine) -> None:
    """Level, successor and re-call time of the edited entry, where the form has them and they changed."""
    if not ask.flag("agreed"):
        return
    before = _agreed(ask, entry.customer_id).get(entry.id)
    text, due_at = ask.text("when", size_max=40), before.due_at if before else 0
    if text != ask.services.calendar.time(due_at):
        due_at = due_of(ask, entry.project_id, text)
    level, successor_id = ask.text("level", size_max=40), ask.integer("successor")
    was = (before.due_at, before.level, before.successor_id) if before else (0, "", 0)
    if (due_at, level, successor_id) == was:
        return
    recalls.wish(
        ask.services.store,
        ask.tenant_id,
        entry.customer_id,
        user_id=entry.user_id or ask.person.user_id,
        at=entry.at,
        attempt_id=entry.attempt_id,
        history_id=entry.id,
        due_at=due_at,
        successor_id=successor_id,
        level=level,
        memo=before.memo if before else "",
    )


def edit(ask: Ask, entry_id: int) -> Any:
    """Own entries by their author, all by a manager."""
    store = ask.services.store
    entry = history.line(store, ask.tenant_id, entry_id)
    if entry is None or not visibility.changes_entry(store, ask.viewer, entry_id):
        raise NotFound(ask.t("この対応履歴はありません。"))
    code = ask.text("code", size_max=2)
    if not code and entry.attempt_id:
        raise Invalid(ask.t("結果コードを選んでください。"))
    try:
        with store.transaction():
            _agree_again(ask, entry)
            history.edit(
                store,
                ask.tenant_id,
                entry_id,
                code=code,
                memo=ask.text("memo", size_max=2000),
                editor_id=ask.person.user_id,
                at=ask.services.now_ms(),
            )
    except (BadInput, Invalid) as error:
        return show_customer(ask, entry.customer_id, problem=ask.refusal(error))
    log_action(ask, "history", "edited", f"{entry_id}: {entry.code} → {code}")
    return ask.goto(f"/customers/{entry.customer_id}", "saved")
