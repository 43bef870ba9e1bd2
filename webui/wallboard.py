"""大画面: the wallboard, for a screen past which visitors walk.  No customer; names only if let in.

A PC without a log-in is enrolled as a wallboard by its six digits; from then on its token reads this and
nothing else.  A manager may look at it too, and sees no more than it shows.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.store import lists, projects, screens
from webui.ask import Ask, NotAllowed, Services
from webui.audiences import Kind
from webui.board import stream
from webui.monitor import device_of, show_code
from webui.roles import MONITOR, Route
from webui.yesterday import same_hour_of

ROTATES_S_MIN: Final = 5


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/wall", MONITOR, show),
        Route("GET", "/wall/names", MONITOR, names),
        Route("GET", "/wall-events", MONITOR, events),
    ]


def _reader(ask: Ask) -> tuple[int, Kind]:
    """The tenant to show, and whether with names; tenant 0: nobody's."""
    device = device_of(ask)
    if device is not None and device.enrolled_at:
        return device.tenant_id, "wall-names" if device.has_names else "wall"
    if ask.known is not None and ask.may("board"):
        return ask.tenant_id, "wall-names" if ask.flag("names") else "wall"
    return 0, "wall"


def show(ask: Ask) -> Any:
    """The wallboard; a PC that is not enrolled gets its code.  `?rotate=` shows each project in turn."""
    tenant_id, kind = _reader(ask)
    if not tenant_id:
        return show_code(ask, [ask.t("大画面")], kind="wall")
    chosen, rotates_s = ask.integer("project"), ask.integer("rotate")
    known = _names(ask, tenant_id)
    return ask.page(
        "wall.html",
        names=known,
        title=known["projects"].get(str(chosen)) or ask.services.settings.site_name,
        chosen=chosen,
        rotates_s=max(rotates_s, ROTATES_S_MIN) if rotates_s else 0,
        with_names=kind == "wall-names",
        theme="dark",
    )


def names(ask: Ask) -> Any:
    """Names for a wallboard that has hung there since before a project was made."""
    tenant_id, _ = _reader(ask)
    if not tenant_id:
        raise NotAllowed(ask.t("このモニタは登録されていません。"))
    return ask.json(_names(ask, tenant_id))


def _names(ask: Ask, tenant_id: int) -> dict[str, Any]:
    store = ask.services.store
    return {
        "projects": {str(row.id): row.name for row in projects.every(store, tenant_id)},
        "lists": {str(row.id): row.name for row in lists.table(store, tenant_id)},
        "yesterday": same_hour_of(ask, tenant_id),
        "limits": screens.limits_of_tenant(store, tenant_id),
    }


def events(ask: Ask) -> Any:
    """The wallboard's own stream."""
    tenant_id, kind = _reader(ask)
    if not tenant_id:
        raise NotAllowed(ask.t("このモニタは登録されていません。"))
    shared = ask.services.audiences.of(tenant_id, ask.spoken, kind)
    return stream(ask, dict, lambda: shared)
