"""案件設定 › 転送: the project's short dials, and whether a call is recorded once handed over."""

from __future__ import annotations

from typing import Any

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import projects as store_projects
from appliance.store import result_codes, transfers
from appliance.store.models import TransferTarget
from webui import projects
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.roles import Route


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/projects/<project_id:int>/transfers", "projects.change", change_recording),
        Route("POST", "/projects/<project_id:int>/targets", "projects.change", change),
        Route("POST", "/projects/<project_id:int>/targets/new", "projects.change", add),
        Route("POST", "/projects/<project_id:int>/targets/restore", "projects.change", restore),
    ]


def change_recording(ask: Ask, project_id: int) -> Any:
    """Whether what customer and third party say after a hand-over is recorded."""
    found, is_on = projects.existing(ask, project_id), ask.flag("is_transfer_recorded")
    store_projects.change(ask.services.store, ask.tenant_id, project_id, is_transfer_recorded=int(is_on))
    return _done(ask, project_id, f"recording after hand-over {'on' if is_on else 'off'}", found.name)


def change(ask: Ask, project_id: int) -> Any:
    """Saves the whole table, takes one away, or moves one a place up or down."""
    projects.existing(ask, project_id)
    rows = transfers.targets(ask.services.store, ask.tenant_id, project_id)
    gone = next((row for row in rows if row.id == ask.integer("drop")), None)
    try:
        if gone is not None:
            return _drop(ask, project_id, gone)
        if ask.integer("up") or ask.integer("down"):
            _move(ask, project_id, [row.id for row in rows])
        else:
            _save(ask, rows)
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    return _done(ask, project_id, "short dials changed", str(project_id))


def _drop(ask: Ask, project_id: int, gone: TransferTarget) -> Any:
    transfers.remove_target(ask.services.store, ask.tenant_id, gone.id, at=ask.services.now_ms())
    told = f"{gone.short} {gone.name} {gone.number}"
    return _done(ask, project_id, "short dial removed", told, query=f"said=deleted&dropped={gone.id}")


def _move(ask: Ask, project_id: int, order: list[int]) -> None:
    moved, step = (ask.integer("up"), -1) if ask.integer("up") else (ask.integer("down"), 1)
    place = order.index(moved) if moved in order else -1
    if place < 0 or not 0 <= place + step < len(order):
        return
    order[place], order[place + step] = order[place + step], order[place]
    transfers.order_targets(ask.services.store, ask.tenant_id, project_id, order)


def _save(ask: Ask, rows: list[TransferTarget]) -> None:
    """All rows or none.  Raises BadInput, with the short dial in front of what is wrong with it."""
    with ask.services.store.transaction():
        for row in rows:
            if not ask.text(f"short-{row.id}"):
                continue  # added by somebody else since the page was opened
            try:
                transfers.change_target(
                    ask.services.store,
                    ask.tenant_id,
                    row.id,
                    short=ask.text(f"short-{row.id}"),
                    name=ask.text(f"name-{row.id}"),
                    number=ask.text(f"number-{row.id}"),
                    code=ask.text(f"code-{row.id}"),
                )
            except BadInput as error:
                raise BadInput(f"{row.short} {row.name}: {ask.refusal(error)}", remedy="") from error


def add(ask: Ask, project_id: int) -> Any:
    """A new short dial, by default under the next free digits."""
    projects.existing(ask, project_id)
    try:
        transfers.add_target(
            ask.services.store,
            ask.tenant_id,
            project_id,
            name=ask.text("name"),
            number=ask.text("number"),
            code=ask.text("code"),
            short=ask.text("short"),
        )
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    return _done(ask, project_id, "short dial added", f"{ask.text('name')} {ask.text('number')}")


def restore(ask: Ask, project_id: int) -> Any:
    """取り消す: the one that was just taken away stands again."""
    projects.existing(ask, project_id)
    try:
        transfers.restore_target(ask.services.store, ask.tenant_id, ask.integer("target"))
    except BadInput as error:
        return projects.show(ask, project_id, problem=ask.refusal(error))
    return _done(ask, project_id, "short dial restored", ask.text("target"), query="said=withdrawn")


def context(ask: Ask, project_id: int) -> dict[str, Any]:
    """What the section shows."""
    store, tenant_id = ask.services.store, ask.tenant_id
    codes = result_codes.every(store, tenant_id, project_id)
    return {
        "targets": transfers.targets(store, tenant_id, project_id),
        "dropped": transfers.removed_target(store, tenant_id, project_id, ask.integer("dropped")),
        "target_codes": [
            ("", ask.t("登録しない")),
            *((row.code, f"{row.code} {ask.t(row.name)}") for row in codes if row.kind != "system"),
        ],
    }


def _done(ask: Ask, project_id: int, action: str, detail: str, *, query: str = "said=saved") -> Any:
    ask.services.live.tell(Reload("projects"))
    log_action(ask, "projects", action, detail)
    return ask.goto(f"/projects/{project_id}?{query}#transfers")
