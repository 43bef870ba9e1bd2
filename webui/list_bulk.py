"""リスト: one change to one list or many, taken back within ten seconds; who may work them."""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import lists, lists_bulk
from appliance.store import people as store_people
from appliance.store.lists_bulk import Change
from appliance.store.models import List
from appliance.store.visibility import CLERKS
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

WHO: Final = ("all", "chosen", "nobody")
CHANGES: Final[dict[str, Change]] = {
    "started": "started",
    "paused": "paused",
    "stopped": "stopped",
    "enable": "enable",
    "disable": "disable",
    "label": "label",
    "delete": "delete",
}
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
        Route("POST", "/lists/bulk", "lists.change", change_many),
        Route("POST", "/lists/undo", "lists.change", undo),
        Route("POST", "/lists/people", "lists.change", change_people),
    ]


def _existing(ask: Ask, list_id: int) -> List:
    found = lists.get(ask.services.store, ask.tenant_id, list_id)
    if found is None:
        raise NotFound(ask.t("このリストはありません。"))
    return found


def done_words(ask: Ask, *, list_id: int = 0) -> dict[str, Any] | None:
    """The person's last change to lists (of one list, to it) as a sentence, while it can be taken back."""
    services = ask.services
    done = lists_bulk.last(services.store, ask.tenant_id, ask.person.user_id, at=services.now_ms())
    if done is None or (list_id and list_id not in [row.list_id for row in done.before]):
        return None
    one, many = DONE[done.change]
    text = ask.t(many, n=str(len(done.before)))
    if len(done.before) == 1:
        found = lists.get(services.store, ask.tenant_id, done.before[0].list_id)
        text = f"{found.name if found else ''}：{ask.t(one)}"
    if done.skipped:
        text += ask.t("（無効のリスト{n}件は開始していません）", n=str(done.skipped))
    return {"text": text, "left_ms": lists_bulk.UNDO_MS - (services.now_ms() - done.at)}


def change_many(ask: Ask) -> Any:
    """The same for all lists that are ticked."""
    chosen, act = chosen_lists(ask), ask.text("act")
    change(ask, chosen, act)
    log_action(ask, "lists", act, f"{len(chosen)}: {chosen}")
    return ask.goto(back_to(ask))


def chosen_lists(ask: Ask) -> tuple[int, ...]:
    """Ids of the lists ticked, as the form or the link names them."""
    return tuple(int(text) for text in ask.texts("list") if text.isascii() and text.isdigit())


def change(ask: Ask, chosen: tuple[int, ...], act: str) -> None:
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
    return ask.goto(back_to(ask), "withdrawn")


def people(ask: Ask) -> list[dict[str, Any]]:
    """Who can be put to lists, with the projects each works in (None: all of them)."""
    return [
        {
            "id": line.id,
            "name": line.name,
            "role": line.role,
            "projects": None if line.is_all_projects else line.project_ids,
        }
        for line in store_people.table(ask.services.store, ask.tenant_id)
        if line.role in CLERKS
    ]


def change_people(ask: Ask) -> Any:
    """Who may work the ticked lists: all of the project, exactly the ticked people, or nobody."""
    store, chosen = ask.services.store, chosen_lists(ask)
    if not chosen:
        raise BadInput(ask.t("リストが選ばれていません。"), remedy=ask.t("リストを選んでください。"))
    who = ask.text("who")
    if who not in WHO:
        raise Invalid(ask.t("担当できる人を選んでください。"))
    ticked = tuple(int(text) for text in ask.texts("person") if text.isascii() and text.isdigit())
    if who == "chosen" and not ticked:
        raise Invalid(ask.t("担当できる人を選んでください。"))
    chosen_people = ticked if who == "chosen" else ()
    found = [_existing(ask, list_id) for list_id in chosen]
    with store.transaction():
        for row in found:
            lists.permit_users(store, ask.tenant_id, row.id, chosen_people, is_for_all=who == "all")
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", "people changed", f"{chosen}: {chosen_people or who}")
    return ask.goto(back_to(ask), "saved")


def back_to(ask: Ask, list_id: int = 0) -> str:
    """Where the form says it came from, inside these pages."""
    back = ask.text("back")
    return back if back.startswith("/lists") else f"/lists/{list_id}" if list_id else "/lists"
