"""リスト by hand: an empty list with its columns, and several customers typed into a list."""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import by_hand, lists, projects
from appliance.store.by_hand import Added
from appliance.store.import_headers import NUMBER
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.lists import existing as existing_list
from webui.projects import existing as existing_project
from webui.roles import Route

ROWS: Final = 5
FIRST_HEADERS: Final = (NUMBER, "氏名", "フリガナ", "住所")


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/lists/new", "lists.change", show_new),
        Route("POST", "/lists/new", "lists.change", create),
        Route("GET", "/lists/<list_id:int>/add", "lists.change", show_add),
        Route("POST", "/lists/<list_id:int>/add", "lists.change", add),
    ]


def show_new(ask: Ask, *, problem: str = "") -> Any:
    """The form of an empty list; its columns can be those of another list."""
    store, like = ask.services.store, ask.integer("like")
    every = projects.every(store, ask.tenant_id, with_inactive=False)
    headers = "\n".join(lists.headers_of(existing_list(ask, like)) if like else FIRST_HEADERS)
    return ask.page(
        "list_new.html",
        status=400 if problem else 200,
        project_options=[(project.id, project.name) for project in every],
        chosen=ask.integer("project"),
        name=ask.text("name", size_max=80),
        label=ask.text("label", size_max=40),
        headers=ask.text("headers", headers, size_max=20_000),
        lists=lists.table(store, ask.tenant_id),
        like=like,
        problem=problem,
    )


def create(ask: Ask) -> Any:
    """Make the empty list; what is wrong is told beside the form."""
    project = existing_project(ask, ask.integer("project"))
    lines = ask.text("headers", size_max=20_000).splitlines()
    try:
        list_id = by_hand.create_list(
            ask.services.store,
            ask.tenant_id,
            project.id,
            name=ask.text("name", size_max=200),
            label=ask.text("label", size_max=40),
            headers=tuple(line.strip() for line in lines if line.strip()),
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        return show_new(ask, problem=ask.refusal(error))
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", "created", f"{list_id}: {ask.text('name')}")
    return ask.goto(f"/lists/{list_id}/add", "created")


def show_add(ask: Ask, list_id: int) -> Any:
    return _form(ask, list_id, [], Added())


def add(ask: Ask, list_id: int) -> Any:
    """Add all rows or none; the rows come back with the reasons."""
    found = existing_list(ask, list_id)
    width = len(lists.headers_of(found))
    cells = [text.strip()[:1000] for text in ask.texts("cell")]
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    done = by_hand.add_customers(
        ask.services.store,
        ask.tenant_id,
        list_id,
        rows,
        at=ask.services.now_ms(),
        with_duplicates=ask.flag("with_duplicates"),
    )
    if not done.added:
        return _form(ask, list_id, rows, done)
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", "customers added", f"{list_id}: {found.name}: {done.added}")
    return ask.goto(f"/lists/{list_id}?tab=customers", "added")


def _form(ask: Ask, list_id: int, rows: list[list[str]], done: Added) -> Any:
    found = existing_list(ask, list_id)
    headers = lists.headers_of(found)
    blank = [[""] * len(headers) for _ in range(max(ROWS - len(rows), 0))]
    return ask.page(
        "list_add.html",
        status=400 if done.errors else 200,
        list=found,
        headers=headers,
        rows=[*rows, *blank],
        errors={row.line: row for row in done.errors},
        has_duplicates=bool(done.duplicates),
    )
