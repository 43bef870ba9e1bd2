"""リアルタイム: the live board, its figures and names, and what a manager does to a seat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bottle

from appliance.dialer.messages import LogOutSeat
from appliance.store import customers, history, lists, projects, screens, seats
from appliance.store.history import Filter
from appliance.store.models import HistoryLine
from webui import cut_off, layout, supervise
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.format import duration
from webui.phone_number import hyphenated
from webui.projects import modes
from webui.roles import Route
from webui.streams import Shared, Stream, View
from webui.yesterday import same_hour_yesterday

RECENT = 5


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/board", "board", show),
        Route("GET", "/board/names", "board", names),
        Route("GET", "/seats/<seat_id:int>/recent", "board", recent),
        Route("POST", "/seats/<seat_id:int>/log-out", "seats.change", log_out),
    ]


def show(ask: Ask) -> Any:
    store = ask.services.store
    return ask.page(
        "board.html",
        names=_names(ask),
        projects=projects.every(store, ask.tenant_id, with_inactive=False),
        lists=lists.table(store, ask.tenant_id),
        modes=modes(ask.t),
        cut_off=cut_off.sentences(ask),
        chosen_project=ask.integer("project"),
        chosen_list=ask.integer("list"),
        telephone=supervise.phone_of(ask),
        extensions=sorted(supervise.extensions(ask)),
    )


def names(ask: Ask) -> Any:
    """For a board that is open while a list or a project is made."""
    return ask.json(_names(ask))


def _names(ask: Ask) -> dict[str, Any]:
    store = ask.services.store
    every = lists.table(store, ask.tenant_id)
    return {
        "projects": {str(row.id): row.name for row in projects.every(store, ask.tenant_id)},
        "lists": {str(row.id): row.name for row in every},
        "project_of": {str(row.id): row.project_id for row in every},
        "yesterday": same_hour_yesterday(ask),
        "places": layout.places(ask),
        "limits": screens.limits_of_tenant(store, ask.tenant_id),
    }


def stream(ask: Ask, look: Callable[[], View], shared: Callable[[], Shared | None] = lambda: None) -> Any:
    """A view, and one that is shared with others, as an answer of Server-Sent Events."""
    services = ask.services
    body = Stream(services.live, look, slots=services.slots, clock=services.clock, shared=shared)
    head = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
    }
    return bottle.HTTPResponse(body, 200, head)


def recent(ask: Ask, seat_id: int) -> Any:
    """The last calls of whoever sits at a seat now."""
    board = ask.services.live.board
    seat = next((row for row in board.seats if row.seat_id == seat_id), None)
    if seat is None or not seat.is_seen_by(ask.tenant_id):
        raise NotFound(ask.t("この座席はありません。"))
    calendar = ask.services.calendar
    rows: tuple[HistoryLine, ...] = ()
    if seat.user_id:
        wanted = Filter(user_id=seat.user_id, from_at=calendar.start_of(ask.today()))
        rows = history.search(ask.services.store, ask.tenant_id, wanted, limit=RECENT).lines
    shown = [
        {
            "at": calendar.clock(row.at),
            "number": hyphenated(row.number),
            "result": f"{row.code} {row.code_name}".strip(),
            "talk": duration(row.talk_ms / 1000),
        }
        for row in rows
    ]
    customer = (
        customers.get(ask.services.store, ask.tenant_id, seat.customer_id) if seat.customer_id else None
    )
    name = ask.t("{name} 様", name=customer.name) if customer and customer.name else ""
    return ask.json({"rows": shown, "customer": name})


def log_out(ask: Ask, seat_id: int) -> Any:
    """Force a log-out, with a reason that is kept."""
    reason = ask.text("reason", size_max=200)
    if not reason:
        raise Invalid(ask.t("理由を入力してください。"))
    seat = next((row for row in seats.every(ask.services.store) if row.id == seat_id), None)
    if seat is None or seat.tenant_id not in (None, ask.tenant_id):
        raise NotFound(ask.t("この座席はありません。"))
    is_now = ask.flag("is_now")
    ask.command(LogOutSeat(seat_id=seat_id, is_now=is_now, reason=reason))
    log_action(
        ask, "board", "forced log-out", f"{seat.label}: {'now' if is_now else 'after the call'}: {reason}"
    )
    return ask.json({"done": True})
