"""リスト: the table of lists, one list with its result codes, re-call permission, order and bin."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import customers, duplicates, lists, projects
from appliance.store.models import List, ListLine, OrderMode
from webui import list_bulk
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.list_bulk import back_to, change, done_words, people
from webui.projects import problems, system_codes
from webui.roles import Route

PAGE: Final = 50
NEVER: Final = ("90", "91", "95", "97", "99", "9a")  # the rule that gave the code still stands
WAITING: Final[dict[str, str]] = {  # a limit that is not this list's, and ends by itself or by people
    "no_operators": "オペレーター待ち",
    "hours": "時間外",
    "line": "回線待ち",
    "caller": "発信元番号なし",
    "disk": "空き容量不足",
}
TABS: Final = ("codes", "customers", "duplicates", "settings")
NEVER_CALLED: Final = "-"  # how a form names those without a code
ORDERS: Final[dict[str, OrderMode]] = {"id": "id", "random": "random"}


def routes(services: Services) -> list[Route]:
    return [
        *list_bulk.routes(services),
        Route("GET", "/lists", "lists.view", show_all),
        Route("GET", "/lists/bin", "lists.view", show_bin),
        Route("GET", "/lists/<list_id:int>", "lists.view", show),
        Route("POST", "/lists/<list_id:int>/state", "lists.change", change_state),
        Route("POST", "/lists/<list_id:int>/permit", "lists.change", permit),
        Route("POST", "/lists/<list_id:int>/settings", "lists.change", change_settings),
    ]


def existing(ask: Ask, list_id: int) -> List:
    """The tenant's list.  Raises NotFound."""
    found = lists.get(ask.services.store, ask.tenant_id, list_id)
    if found is None:
        raise NotFound(ask.t("このリストはありません。"))
    return found


def _line(ask: Ask, found: List) -> ListLine:
    store = ask.services.store
    lines = lists.table(store, ask.tenant_id, project_id=found.project_id, is_bin=bool(found.deleted_at))
    line = next((line for line in lines if line.id == found.id), None)
    if line is None:
        raise NotFound(ask.t("このリストはありません。"))
    return line


def show_all(ask: Ask) -> Any:
    store, chosen = ask.services.store, ask.integer("project")
    lines = lists.table(store, ask.tenant_id, project_id=chosen)
    today = {row.list_id: row for row in lists.today(store, ask.today())}
    return ask.page(
        "lists.html",
        lists=lines,
        projects=projects.every(store, ask.tenant_id),
        chosen=chosen,
        today={line.id: today.get(line.id) for line in lines},
        seats=_seats(ask),
        back=f"/lists?project={chosen}" if chosen else "/lists",
        binned=len(lists.table(store, ask.tenant_id, is_bin=True)),
        done=done_words(ask),
        people=people(ask),
        waits=_waits(ask),
    )


def show_bin(ask: Ask) -> Any:
    return ask.page("bin.html", lists=lists.table(ask.services.store, ask.tenant_id, is_bin=True))


def _seats(ask: Ask) -> Counter[int]:
    board = ask.services.live.board
    return Counter(seat.list_id for seat in board.seats if seat.tenant_id == ask.tenant_id and seat.list_id)


def _waits(ask: Ask) -> dict[int, str]:
    """Projects whose started lists wait at the moment, with what for."""
    return {
        project.project_id: ask.t(WAITING[project.reason.limit])
        for project in ask.services.live.board.projects
        if project.tenant_id == ask.tenant_id and project.reason.limit in WAITING
    }


def show(ask: Ask, list_id: int) -> Any:
    """One list: its codes, customers, duplicates or settings."""
    found = existing(ask, list_id)
    tab = ask.text("tab", "codes")
    tab = tab if tab in TABS else "codes"
    return ask.page(
        "list.html",
        list=found,
        line=_line(ask, found),
        tab=tab,
        done=done_words(ask, list_id=list_id),
        waits=_waits(ask),
        people=people(ask) if tab == "settings" else [],
        permitted_people=lists.permitted_users(ask.services.store, ask.tenant_id, list_id),
        codes=lists.code_counts(ask.services.store, ask.tenant_id, list_id),
        permitted=_permitted(ask),
        never=NEVER,
        system_codes=system_codes(ask.t),
        after=ask.integer("after"),
        headers=lists.headers_of(found),
        problems=[
            row for row in problems(ask, found.project_id) if row["section"] not in ("lists", "imports")
        ],
        **_customers(ask, list_id, is_wanted=tab == "customers"),
        **_duplicates(ask, list_id, is_wanted=tab == "duplicates"),
    )


def _customers(ask: Ask, list_id: int, *, is_wanted: bool) -> dict[str, Any]:
    code = ask.text("code", size_max=4)
    chosen = {"": None, NEVER_CALLED: ""}.get(code, code)
    rows = []
    if is_wanted:
        rows = customers.in_list(
            ask.services.store,
            ask.tenant_id,
            list_id,
            after_id=ask.integer("after"),
            code=chosen,
            limit=PAGE,
        )
    return {"customers": rows, "is_full": len(rows) == PAGE, "code_shown": code}


def _duplicates(ask: Ask, list_id: int, *, is_wanted: bool) -> dict[str, Any]:
    if not is_wanted:
        return {"doubles": [], "doubles_marked": 0}
    store = ask.services.store
    return {
        "doubles": duplicates.search(
            store, ask.tenant_id, list_id, after_id=ask.integer("after"), limit=PAGE
        ),
        "doubles_marked": duplicates.marked(store, ask.tenant_id, list_id),
    }


def change_state(ask: Ask, list_id: int) -> Any:
    """Start, pause, stop, enable, disable, into the bin and back; the dialer follows at once."""
    found = existing(ask, list_id)
    state = ask.text("state")
    if state == "restore":
        lists.restore(ask.services.store, ask.tenant_id, list_id)
        ask.services.live.tell(Reload("lists"))
        log_action(ask, "lists", state, f"{list_id}: {found.name}")
        return ask.goto(back_to(ask, list_id), "withdrawn")
    change(ask, (list_id,), state)
    log_action(ask, "lists", state, f"{list_id}: {found.name}")
    return ask.goto(back_to(ask, list_id))


def permit(ask: Ask, list_id: int) -> Any:
    """Permit the chosen codes to be called once more, or take that back."""
    found = existing(ask, list_id)
    store, codes = (
        ask.services.store,
        tuple(code for code in ask.texts("code") if code not in (*NEVER, NEVER_CALLED)),
    )
    if not codes:
        raise Invalid(ask.t("結果コードを選んでください。"))
    now, is_permit = ask.services.now_ms(), ask.text("act") == "permit"
    if is_permit:
        count = lists.permit_recall(store, ask.tenant_id, list_id, codes, at=now, user_id=ask.person.user_id)
    else:
        count = lists.revoke_recall(store, ask.tenant_id, list_id, codes, at=now)
    ask.services.live.tell(Reload("lists"))
    log_action(
        ask,
        "lists",
        "re-call permitted" if is_permit else "re-call revoked",
        f"{found.name}: {codes}: {count}",
    )
    if is_permit:
        return ask.goto(f"/lists/{list_id}?permitted={','.join(codes)}&count={count}")
    return ask.goto(f"/lists/{list_id}", "withdrawn")


def _permitted(ask: Ask) -> dict[str, Any] | None:
    """What was permitted a moment ago, as the address carries it, for taking it back."""
    codes = [code for code in ask.text("permitted", size_max=400).split(",") if code.isalnum()]
    return {"codes": codes, "count": ask.integer("count")} if codes else None


def change_settings(ask: Ask, list_id: int) -> Any:
    existing(ask, list_id)
    store = ask.services.store
    mode = ORDERS.get(ask.text("order_mode"))
    if mode is None:
        raise Invalid(ask.t("発信の順番を選んでください。"))
    if not ask.text("name"):
        raise BadInput(ask.t("リスト名が空です。"), remedy=ask.t("名前を入力してください。"))
    with store.transaction():
        lists.rename(store, ask.tenant_id, list_id, name=ask.text("name"), label=ask.text("label"))
        lists.set_order(store, ask.tenant_id, list_id, mode=mode, from_id=ask.integer("order_from_id"))
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", "settings changed", str(list_id))
    return ask.goto(f"/lists/{list_id}?tab=settings", "saved")
