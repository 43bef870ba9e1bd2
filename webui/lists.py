"""リスト: the table of lists, one list with its result codes, re-call permission, order and bin."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import customers, duplicates, lists, lists_bulk, projects
from appliance.store.lists_bulk import Change
from appliance.store.models import List, ListLine, OrderMode
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.projects import problems, system_codes
from webui.roles import Route

PAGE: Final = 50
NEVER: Final = ("90", "91", "95", "97", "99", "9a")  # the rule that gave the code still stands
TABS: Final = ("codes", "customers", "duplicates", "settings")
NEVER_CALLED: Final = "-"  # how a form names those without a code
CHANGES: Final[dict[str, Change]] = {
    "started": "started",
    "paused": "paused",
    "stopped": "stopped",
    "enable": "enable",
    "disable": "disable",
    "label": "label",
    "delete": "delete",
}
ORDERS: Final[dict[str, OrderMode]] = {"id": "id", "random": "random"}
DONE: Final[dict[Change, tuple[str, str]]] = {
    "started": ("発信を開始しました。", "{n}件のリストの発信を開始しました。"),
    "paused": (
        "一時停止しました。通話中の電話はそのまま続きます。",
        "{n}件のリストを一時停止しました。通話中の電話はそのまま続きます。",
    ),
    "stopped": ("停止しました。", "{n}件のリストを停止しました。"),
    "enable": ("有効にしました。", "{n}件のリストを有効にしました。"),
    "disable": ("無効にしました。", "{n}件のリストを無効にしました。"),
    "label": ("ラベルを変えました。", "{n}件のリストのラベルを変えました。"),
    "delete": ("リストをごみ箱に移しました。", "{n}件のリストをごみ箱に移しました。"),
}
"""What is said of one list, and of several."""


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/lists", "lists.view", show_all),
        Route("GET", "/lists/bin", "lists.view", show_bin),
        Route("POST", "/lists/bulk", "lists.change", change_many),
        Route("POST", "/lists/undo", "lists.change", undo),
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
    )


def show_bin(ask: Ask) -> Any:
    return ask.page("bin.html", lists=lists.table(ask.services.store, ask.tenant_id, is_bin=True))


def _seats(ask: Ask) -> Counter[int]:
    board = ask.services.live.board
    return Counter(seat.list_id for seat in board.seats if seat.tenant_id == ask.tenant_id and seat.list_id)


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
        done=done_words(ask),
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


def done_words(ask: Ask) -> dict[str, Any] | None:
    """The person's last change to lists as a sentence, while it can be taken back."""
    services = ask.services
    done = lists_bulk.last(services.store, ask.tenant_id, ask.person.user_id, at=services.now_ms())
    if done is None:
        return None
    one, many = DONE[done.change]
    text = ask.t(one) if len(done.before) == 1 else ask.t(many, n=str(len(done.before)))
    if done.skipped:
        text += ask.t("（無効のリスト{n}件は開始していません）", n=str(done.skipped))
    return {"text": text, "left_ms": lists_bulk.UNDO_MS - (services.now_ms() - done.at)}


def change_state(ask: Ask, list_id: int) -> Any:
    """Start, pause, stop, enable, disable, into the bin and back; the dialer follows at once."""
    found = existing(ask, list_id)
    state = ask.text("state")
    if state == "restore":
        lists.restore(ask.services.store, ask.tenant_id, list_id)
        ask.services.live.tell(Reload("lists"))
        log_action(ask, "lists", state, f"{list_id}: {found.name}")
        return ask.goto(_back(ask, list_id), "withdrawn")
    _change(ask, (list_id,), state)
    log_action(ask, "lists", state, f"{list_id}: {found.name}")
    return ask.goto(_back(ask, list_id))


def change_many(ask: Ask) -> Any:
    """The same for all lists that are ticked."""
    chosen, act = chosen_lists(ask), ask.text("act")
    _change(ask, chosen, act)
    log_action(ask, "lists", act, f"{len(chosen)}: {chosen}")
    return ask.goto(_back(ask, 0))


def chosen_lists(ask: Ask) -> tuple[int, ...]:
    """Ids of the lists ticked, as the form or the link names them."""
    return tuple(int(text) for text in ask.texts("list") if text.isascii() and text.isdigit())


def _change(ask: Ask, chosen: tuple[int, ...], act: str) -> None:
    change = CHANGES.get(act)
    if change is None:
        raise Invalid(ask.t("この操作はできません。"))
    lists_bulk.change(
        ask.services.store,
        ask.tenant_id,
        chosen,
        change,
        user_id=ask.person.user_id,
        at=ask.services.now_ms(),
        label=ask.text("label", size_max=40),
    )
    ask.services.live.tell(Reload("lists"))


def undo(ask: Ask) -> Any:
    """Take back the last change to lists."""
    count = lists_bulk.undo(ask.services.store, ask.tenant_id, ask.person.user_id, at=ask.services.now_ms())
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", "change undone", str(count))
    return ask.goto(_back(ask, 0), "withdrawn")


def _back(ask: Ask, list_id: int) -> str:
    back = ask.text("back")
    return back if back.startswith("/lists") else f"/lists/{list_id}" if list_id else "/lists"


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
