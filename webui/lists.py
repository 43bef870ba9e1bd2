"""リスト: the table of lists, one list with its result codes, re-call permission, order and bin."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import customers, lists, projects
from appliance.store.models import List, ListLine, ListState, OrderMode
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.projects import problems, system_codes
from webui.roles import Route

PAGE: Final = 50
NEVER: Final = ("90", "91", "95", "97", "99", "9a")  # the rule that gave the code still stands
DIALLING: Final[dict[str, ListState]] = {"started": "started", "paused": "paused", "stopped": "stopped"}
ORDERS: Final[dict[str, OrderMode]] = {"id": "id", "random": "random"}
SAID: Final = {
    "started": "started",
    "paused": "paused",
    "stopped": "stopped",
    "enable": "enabled",
    "disable": "disabled",
    "delete": "deleted",
    "restore": "withdrawn",
}


def routes(_services: Services) -> list[Route]:
    return [
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
    )


def show_bin(ask: Ask) -> Any:
    return ask.page("bin.html", lists=lists.table(ask.services.store, ask.tenant_id, is_bin=True))


def _seats(ask: Ask) -> Counter[int]:
    board = ask.services.live.board
    return Counter(seat.list_id for seat in board.seats if seat.tenant_id == ask.tenant_id and seat.list_id)


def show(ask: Ask, list_id: int) -> Any:
    found = existing(ask, list_id)
    line = _line(ask, found)
    store, start = ask.services.store, ask.integer("after")
    tab = ask.text("tab", "codes")
    rows = (
        customers.in_list(store, ask.tenant_id, list_id, after_id=start, limit=PAGE)
        if tab == "customers"
        else []
    )
    return ask.page(
        "list.html",
        list=found,
        line=line,
        tab=tab if tab in ("codes", "customers", "settings") else "codes",
        codes=lists.code_counts(store, ask.tenant_id, list_id),
        never=NEVER,
        system_codes=system_codes(ask.t),
        customers=rows,
        is_full=len(rows) == PAGE,
        after=start,
        headers=lists.headers_of(found),
        problems=[
            row for row in problems(ask, found.project_id) if row["section"] not in ("lists", "imports")
        ],
    )


def change_state(ask: Ask, list_id: int) -> Any:
    """Start, pause, stop, enable, disable, into the bin and back; the dialer follows at once."""
    found = existing(ask, list_id)
    store, state = ask.services.store, ask.text("state")
    if state in DIALLING:
        lists.set_state(store, ask.tenant_id, list_id, DIALLING[state])
    elif state in ("enable", "disable"):
        lists.set_enabled(store, ask.tenant_id, list_id, is_enabled=state == "enable")
    elif state == "delete":
        lists.trash(store, ask.tenant_id, list_id, at=ask.services.now_ms())
    elif state == "restore":
        lists.restore(store, ask.tenant_id, list_id)
    else:
        raise Invalid(ask.t("この操作はできません。"))
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", state, f"{list_id}: {found.name}")
    return ask.goto(_back(ask, list_id), SAID[state])


def _back(ask: Ask, list_id: int) -> str:
    back = ask.text("back")
    return back if back.startswith("/lists") else f"/lists/{list_id}"


def permit(ask: Ask, list_id: int) -> Any:
    """Permit the chosen codes to be called once more, or take that back."""
    found = existing(ask, list_id)
    store, codes = ask.services.store, tuple(code for code in ask.texts("code") if code not in NEVER)
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
    return ask.goto(f"/lists/{list_id}", "permitted" if is_permit else "withdrawn")


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
