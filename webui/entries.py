"""新規履歴: an entry without a call, from every page: find the customer by number or add one, then write it.

Managers find all of the tenant's customers, others those of the lists they may work.  The entry is its
author's and is reported when the project reports and the author wants it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import (
    attributes,
    by_hand,
    call_settings,
    customers,
    history,
    lists,
    projects,
    recalls,
    report_mail,
    result_codes,
    users,
    visibility,
)
from appliance.store.models import Customer, List
from appliance.store.visibility import SeenList
from webui import recall_time
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route, may

FOUND_MAX: Final = 50
MEMO_MAX: Final = 2000
AGO_MAX_MS: Final = 366 * 86_400_000
CELL_MAX: Final = 500


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/entries/new", "add-history", show),
        Route("POST", "/entries/customers", "add-history", add_customer),
        Route("POST", "/entries", "add-history", add),
    ]


def show(ask: Ask) -> Any:
    """Find somebody; or the form of a new customer; or that of the entry, when the customer is known."""
    if ask.integer("customer"):
        return _form(ask, _customer(ask, ask.integer("customer")))
    if ask.integer("list"):
        return _new_customer(ask, _list(ask, ask.integer("list")))
    number = ask.text("number", size_max=80)
    seen = _lists(ask)
    found = _find(ask, number, seen) if number else []
    return ask.page(
        "entry_find.html", number=number, found=found, is_full=len(found) == FOUND_MAX, lists=seen
    )


def _lists(ask: Ask) -> list[SeenList]:
    """The lists in whose customers the person may write."""
    if ask.may("history.all"):
        return visibility.lists(ask.services.store, ask.viewer)
    return visibility.call_lists(ask.services.store, ask.viewer)


def _find(ask: Ask, text: str, seen: list[SeenList]) -> list[customers.Found]:
    ids = {row.id for row in seen}
    rows = customers.search(ask.services.store, ask.tenant_id, text, limit=customers.FOUND_MAX)
    return [row for row in rows if row.list_id in ids][:FOUND_MAX]


def _customer(ask: Ask, customer_id: int) -> Customer:
    """One of the customers that `_find` may show.  Raises NotFound."""
    found = customers.get(ask.services.store, ask.tenant_id, customer_id)
    if found is None or not any(row.id == found.list_id for row in _lists(ask)):
        raise NotFound(ask.t("この顧客はありません。"))
    return found


def _list(ask: Ask, list_id: int) -> List:
    found = lists.get(ask.services.store, ask.tenant_id, list_id)
    if found is None or not any(row.id == list_id for row in _lists(ask)):
        raise NotFound(ask.t("そのリストはないか、担当になっていません。"))
    return found


# --- a customer ---------------------------------------------------------------------------------------


def _new_customer(ask: Ask, chosen: List, *, cells: list[str] | None = None, problem: str = "") -> Any:
    headers = lists.headers_of(chosen)
    typed = cells or [ask.text("number", size_max=80) if name == "電話番号" else "" for name in headers]
    return ask.page(
        "entry_customer.html",
        status=400 if problem else 200,
        problem=problem,
        chosen=chosen,
        rows=list(zip(headers, typed, strict=False)),
    )


def add_customer(ask: Ask) -> Any:
    """A customer with at least one field; then the entry's form."""
    chosen = _list(ask, ask.integer("list"))
    cells = [ask.text(f"cell-{at}", size_max=CELL_MAX) for at in range(len(lists.headers_of(chosen)))]
    try:
        customer_id = by_hand.add_one(
            ask.services.store, ask.tenant_id, chosen.id, cells, at=ask.services.now_ms()
        )
    except BadInput as error:
        return _new_customer(ask, chosen, cells=cells, problem=ask.refusal(error))
    log_action(ask, "entries", "customer added", f"{chosen.id}-{customer_id}")
    return ask.goto(f"/entries/new?customer={customer_id}", "added")


# --- the entry ----------------------------------------------------------------------------------------


def _form(ask: Ask, customer: Customer, *, problem: str = "") -> Any:
    store, now = ask.services.store, ask.services.now_ms()
    project = projects.get(store, ask.tenant_id, customer.project_id)
    in_list = lists.get(store, ask.tenant_id, customer.list_id)
    return ask.page(
        "entry_new.html",
        status=400 if problem else 200,
        problem=problem,
        customer=customer,
        project_name=project.name if project else "",
        list_name=in_list.name if in_list else "",
        fields=customers.fields(store, ask.tenant_id, customer.id),
        rows=history.of_customer(store, ask.tenant_id, customer.id, limit=5),
        at=ask.text("at") or f"{ask.services.calendar.moment(now):%Y-%m-%dT%H:%M}",
        code=ask.text("code", size_max=2),
        memo=ask.text("memo", size_max=MEMO_MAX),
        when=ask.text("when", size_max=40),
        level=ask.text("level", size_max=40),
        successor=ask.integer("successor"),
        is_reporting=report_mail.is_on(store, ask.tenant_id, customer.project_id),
        questions=attributes.every(store, ask.tenant_id, customer.project_id, "result"),
        answers=_answers(ask, customer.project_id),
        **choices(ask, customer.project_id),
    )


def choices(ask: Ask, project_id: int) -> dict[str, Any]:
    """What an entry's form offers: codes, levels, successors, boilerplates."""
    store, tenant_id = ask.services.store, ask.tenant_id
    levels = call_settings.levels(store, tenant_id, project_id)
    people = [row for row in users.every(store, tenant_id) if may(row.role, "recalls")]
    return {
        "code_options": [
            ("", ask.t("—（結果なし）")),
            *(
                (row.code, f"{row.code} {ask.t(row.name)}")
                for row in result_codes.every(store, tenant_id, project_id)
                if row.kind != "system"
            ),
        ],
        "level_options": [("", "—"), *((row.name, row.name) for row in levels)],
        "successor_options": [(0, ask.t("—（自分）")), *((row.id, row.name) for row in people)],
        "templates": call_settings.templates(store, tenant_id, project_id),
    }


def add(ask: Ask) -> Any:
    """The entry, with what was agreed; and its report, where that was pressed."""
    customer = _customer(ask, ask.integer("customer"))
    store, now = ask.services.store, ask.services.now_ms()
    try:
        at, due_at = _moment(ask, now), due_of(ask, customer.project_id, ask.text("when", size_max=40))
        code, memo = ask.text("code", size_max=2), ask.text("memo", size_max=MEMO_MAX)
        answers = _answers(ask, customer.project_id)
        if not (code or memo or due_at or any(answers.values())):
            raise Invalid(ask.t("結果かメモを入れてください。"))
        with store.transaction():
            entry_id = history.add_note(
                store, ask.tenant_id, customer.id, user_id=ask.person.user_id, code=code, memo=memo, at=at
            )
            attributes.save_note(store, ask.tenant_id, customer.project_id, entry_id, answers)
            agree(ask, customer.id, due_at=due_at, at=at, history_id=entry_id)
            if ask.text("then") == "report":
                report_mail.report(store, ask.tenant_id, entry_id, user_id=ask.person.user_id, at=now)
    except (BadInput, Invalid) as error:
        return _form(ask, customer, problem=ask.refusal(error))
    log_action(ask, "entries", "added", f"{customer.list_id}-{customer.id}: {code}")
    said = "reported" if ask.text("then") == "report" else "saved"
    return ask.goto(f"/customers/{customer.id}", said)


def _answers(ask: Ask, project_id: int) -> dict[int, str]:
    """What the form says to the project's result attributes, by their ids."""
    every = attributes.every(ask.services.store, ask.tenant_id, project_id, "result")
    return {one.id: "\n".join(ask.texts(f"attribute-{one.id}")) for one in every}


def _moment(ask: Ask, now: int) -> int:
    """When the contact was: now, or an earlier day of the last year.  Raises Invalid."""
    text = ask.text("at", size_max=20)
    try:
        typed = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(ask.t("対応日時の形が正しくありません。")) from None
    if typed is None:
        return now
    at = int(typed.replace(tzinfo=ask.services.calendar.zone).timestamp() * 1000)
    if now - at < 60_000 and at <= now:
        return now  # the minute that the form was opened with, or this one
    if not now - AGO_MAX_MS <= at <= now:
        raise Invalid(ask.t("対応日時は、1年前から今までの間にしてください。"))
    return at


def due_of(ask: Ask, project_id: int, text: str) -> int:
    """The re-call time that was typed (ms), 0 without one.  Raises Invalid with the reason."""
    if not text:
        return 0
    calendar, now = ask.services.calendar, ask.services.now_ms()
    project = projects.get(ask.services.store, ask.tenant_id, project_id)
    hours = projects.hours_of(project) if project else ()
    found = recall_time.parse(text, calendar.moment(now), hours)
    if isinstance(found, recall_time.Refusal):
        raise Invalid(ask.t(found.words, **found.values))
    return int(found.timestamp() * 1000)


def agree(
    ask: Ask, customer_id: int, *, due_at: int, at: int, history_id: int = 0, attempt_id: int = 0
) -> None:
    """Keep level, successor and re-call time of the form, where there is anything of them."""
    level, successor_id = ask.text("level", size_max=40), ask.integer("successor")
    if not (due_at or level or successor_id):
        return
    recalls.wish(
        ask.services.store,
        ask.tenant_id,
        customer_id,
        user_id=ask.person.user_id,
        at=at,
        history_id=history_id,
        attempt_id=attempt_id,
        due_at=due_at,
        successor_id=successor_id,
        level=level,
        memo=ask.text("memo", size_max=MEMO_MAX),
    )
