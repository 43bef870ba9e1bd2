"""架電: choosing a list, looking for customers in it, handing what was found to the call screen as a queue.

Shown are the lists that the person may call; back office people look customers up and cannot start calling.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from appliance.store import (
    attributes,
    call_queues,
    call_settings,
    customer_search,
    lists,
    projects,
    result_codes,
    users,
    visibility,
)
from appliance.store.call_queues import QUEUE_MAX
from appliance.store.customer_search import COUNT_MAX, NEVER, Nth, Wanted
from appliance.store.models import List
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

PAGE: Final = 50
NTHS: Final[tuple[tuple[Nth, str], ...]] = (
    ("", "すべて"),
    ("new", "新規"),
    ("second", "2回目"),
    ("third", "3回目"),
)
NTH_HINTS: Final[dict[Nth, str]] = {
    "new": "まだ一度もかけていない顧客です。",
    "second": "1回かけて、不通・話中・不在だった顧客です。",
    "third": "2回かけて、不通・話中・不在だった顧客です。",
}
STOPS: Final = {
    "number": "番号なし",
    "forbid": "発信禁止",
    "suspend": "発信一時停止",
    "exclude": "除外",
}
CONDITIONS: Final = (
    "code", "level", "user", "from", "to", "talk_min", "talk_max", "field_text", "attribute_text",
)  # fmt: skip
FIELDS: Final = ("list", "nth", "q", "field", "attribute", *CONDITIONS)


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/call/search", "search", show),
        Route("POST", "/call/search/start", "call", start),
    ]


def show(ask: Ask) -> Any:
    """The lists to choose from, or one of them with what is found in it."""
    return _found(ask, _chosen(ask)) if ask.integer("list") else _lists(ask)


def _lists(ask: Ask) -> Any:
    store, project_id = ask.services.store, ask.integer("project")
    seen = visibility.call_lists(store, ask.viewer)
    ids = {row.id for row in seen if project_id in (0, row.project_id)}
    lines = [line for line in lists.table(store, ask.tenant_id) if line.id in ids]
    names = {row.project_id: row.project_name for row in seen}
    return ask.page(
        "call_lists.html",
        lines=lines,
        project=project_id,
        project_options=[(0, ask.t("すべて")), *names.items()],
        queue=_queue(ask),
    )


def _queue(ask: Ask) -> call_queues.Queue | None:
    """What was found the last time and is not called yet."""
    found = call_queues.get(ask.services.store, ask.tenant_id, ask.person.user_id)
    return found if found is not None and found.left else None


def _chosen(ask: Ask) -> List:
    """The list asked for, if the person may call it.  Raises NotFound."""
    store, list_id = ask.services.store, ask.integer("list")
    if not any(row.id == list_id for row in visibility.call_lists(store, ask.viewer)):
        raise NotFound(ask.t("そのリストはないか、担当になっていません。"))
    found = lists.get(store, ask.tenant_id, list_id)
    assert found is not None, "a list in sight exists"
    return found


def wanted(ask: Ask, chosen: List) -> Wanted:
    """The conditions of the address, or of the form that starts calling."""
    calendar = ask.services.calendar
    first, last = ask.day("from", 0), ask.day("to", 0)
    return Wanted(
        list_id=chosen.id,
        nth=next((key for key, _ in NTHS if key == ask.text("nth")), ""),
        code=ask.text("code", size_max=2),
        level=ask.text("level", size_max=40),
        user_id=ask.integer("user"),
        from_at=calendar.start_of(first) if first else 0,
        to_at=calendar.start_of_next(last) if last else 0,
        talk_min_ms=min(ask.integer("talk_min"), 86_400) * 1000,
        talk_max_ms=min(ask.integer("talk_max"), 86_400) * 1000,
        field_name=ask.text("field", size_max=80),
        field_text=ask.text("field_text", size_max=80),
        attribute_id=ask.integer("attribute"),
        attribute_text=ask.text("attribute_text", size_max=80),
        text=ask.text("q", size_max=80),
    )


def _found(ask: Ask, chosen: List) -> Any:
    asked, begin = wanted(ask, chosen), min(ask.integer("start"), COUNT_MAX)
    page = customer_search.search(
        ask.services.store, ask.tenant_id, asked, day=ask.today(), offset=begin, limit=PAGE
    )
    query = {name: ask.text(name) for name in FIELDS if ask.text(name) not in ("", "0")}
    return ask.page(
        "call_search.html",
        chosen=chosen,
        asked=asked,
        query=query,
        rows=page.rows,
        total=page.count,
        is_cut=page.count > COUNT_MAX,
        start=begin,
        size=PAGE,
        page_url="?" + urlencode(query),
        nths=[(key, ask.t(word), _with(query, nth=key)) for key, word in NTHS],
        nth_hint=ask.t(NTH_HINTS[asked.nth]) if asked.nth else "",
        is_filtered=any(name in query for name in (*CONDITIONS, "nth", "q")),
        has_conditions=any(name in query for name in CONDITIONS),
        clear_url=f"/call/search?list={chosen.id}",
        stops=STOPS,
        queue_max=QUEUE_MAX,
        queue=_queue(ask),
        **_options(ask, chosen),
    )


def _with(query: dict[str, str], **changes: str) -> str:
    values = {name: value for name, value in {**query, **changes}.items() if value}
    return "?" + urlencode(values)


def _options(ask: Ask, chosen: List) -> dict[str, Any]:
    store, tenant_id, every = ask.services.store, ask.tenant_id, ask.t("すべて")
    codes = result_codes.every(store, tenant_id, chosen.project_id)
    levels = call_settings.levels(store, tenant_id, chosen.project_id, with_retired=True)
    project = projects.get(store, tenant_id, chosen.project_id)
    return {
        "project_name": project.name if project else "",
        "at_once": project.dials_at_once if project else 1,
        "list_options": [
            (row.id, f"{row.project_name} / {row.name}") for row in visibility.call_lists(store, ask.viewer)
        ],
        "code_options": [
            ("", every),
            (NEVER, ask.t("なし（未架電）")),
            *((row.code, f"{row.code} {ask.t(row.name)}") for row in codes),
        ],
        "level_options": [("", every), *((row.name, row.name) for row in levels)],
        "user_options": [(0, every), *((row.id, row.name) for row in users.every(store, tenant_id))],
        "columns": lists.headers_of(chosen),
        "attribute_options": [
            (row.id, row.name) for row in attributes.every(store, tenant_id, chosen.project_id, "customer")
        ],
    }


def start(ask: Ask) -> Any:
    """What is found becomes the person's queue, in the wanted order, and the call screen opens."""
    chosen = _chosen(ask)
    order: customer_search.Order = "random" if ask.text("order") == "random" else "id"
    asked = wanted(ask, chosen)
    values = {name: getattr(asked, name) for name in asked.__struct_fields__}
    asked = Wanted(**(values | {"order": order, "from_id": _from_id(ask), "seed": ask.person.user_id}))
    ids = customer_search.callable_ids(
        ask.services.store, ask.tenant_id, asked, day=ask.today(), limit=QUEUE_MAX
    )
    if not ids:
        raise Invalid(ask.t("かけられる顧客がいません。条件を変えるか、別のリストを選んでください。"))
    call_queues.put(
        ask.services.store,
        ask.tenant_id,
        ask.person.user_id,
        project_id=chosen.project_id,
        customer_ids=ids,
        title=_title(ask, chosen, asked),
        at=ask.services.now_ms(),
    )
    log_action(ask, "search", "calling started", f"{chosen.name}: {len(ids)}")
    return ask.goto(f"/call?at_once={ask.integer('at_once')}" if ask.text("at_once") else "/call")


def _from_id(ask: Ask) -> int:
    """`345`, or `12-345` as IDs are shown.  Raises Invalid."""
    text = ask.text("from_id", size_max=30)
    digits = text.rpartition("-")[2]
    if text and not (digits.isascii() and digits.isdigit()):
        raise Invalid(ask.t("開始するIDは「12-345」か「345」の形で入力してください。"))
    return min(int(digits), 2**62) if text else 0


def _title(ask: Ask, chosen: List, asked: Wanted) -> str:
    nth = ask.t(dict(NTHS)[asked.nth]) if asked.nth else ""
    return f"{chosen.name} {nth}".strip()
