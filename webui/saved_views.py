"""ビュー: filters of reports and history kept under a name, own ones and shared ones."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.store import saved_views
from appliance.store.saved_views import Page, SavedView
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

RIGHTS: dict[Page, str] = {"history": "history.view", "reports": "reports.view"}


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/views", "history.view", keep),
        Route("POST", "/views/<view_id:int>/remove", "history.view", remove),
    ]


def views_of(ask: Ask, page: Page) -> list[SavedView]:
    """What the menu of a page offers this person."""
    return saved_views.every(ask.services.store, ask.tenant_id, ask.person.user_id, page)


def keep(ask: Ask) -> Any:
    """Keep an address under a name, and go on where one was."""
    wanted = ask.text("page")
    page: Page = "reports" if wanted == "reports" else "history"
    if wanted not in RIGHTS or not ask.may(RIGHTS[page]):
        raise NotFound(ask.t("このページはありません。"))
    address, name = ask.text("address", size_max=600), ask.text("name", size_max=40)
    try:
        saved_views.save(
            ask.services.store,
            ask.tenant_id,
            ask.person.user_id,
            page=page,
            name=name,
            address=address,
            is_shared=ask.flag("is_shared") and ask.may("reports.all"),
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        raise Invalid(ask.refusal(error)) from error
    log_action(ask, page, "view kept", name)
    return ask.goto(address, "view-kept")


def remove(ask: Ask, view_id: int) -> Any:
    """Take away an own view."""
    if not saved_views.remove(ask.services.store, ask.tenant_id, ask.person.user_id, view_id):
        raise NotFound(ask.t("このビューはありません。"))
    log_action(ask, "views", "view removed", str(view_id))
    back = ask.text("back", size_max=600)
    is_ours = back.startswith(("/history", "/reports/"))
    return ask.goto(back if is_ours else "/history", "view-removed")
