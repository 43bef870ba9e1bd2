"""Calls that came in: whose each is and who calls, what became of it, and which missed ones are still open.

A missed call is done when somebody has talked with its customer, or with its number, since; or by hand.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Final

from appliance.errors import BadInput
from appliance.store import incoming_routes, own_holidays, routing
from appliance.store.models import IncomingCall, Noun
from appliance.store.open import Store
from appliance.store.routing import Route, Tier

PROMPT: Final = "route-{route_id}-{place}"
SHOWN_MAX: Final = 200


class Caller(Noun, frozen=True):
    """The customer who calls.  `customer_id` 0: not known."""

    customer_id: int = 0
    project_id: int = 0
    list_id: int = 0
    attempts: int = 0
    last_called_at: int = 0


class Whose(Noun, frozen=True):
    """Whose call it is, and who answers it.  `tenant_id` 0: nobody's number was called."""

    tenant_id: int
    project_id: int
    route_id: int
    tiers: tuple[Tier, ...]
    caller: Caller


class Line(IncomingCall, frozen=True):
    """One row of the list of calls, with the names a page shows.  `tries`: our calls to him since."""

    customer_name: str
    list_id: int
    route_name: str
    user_name: str
    handled_name: str
    tries: int
    recording_id: int


# --- for the dialer ---------------------------------------------------------------------------------------


def whose(store: Store, called: str, caller: str, *, at: int) -> Whose:
    """The route that answers a call at a moment (ms), the project it belongs to, and the customer."""
    local = datetime.fromtimestamp(at / 1000, store.zone)
    holidays = own_holidays.closed_days(store, year=local.year)
    found = routing.route(called, local, incoming_routes.routes(store), holidays)
    tenant_id, project_id = (found.tenant_id, found.project_id) if found else _owner(store, called)
    known = _customer(store, tenant_id, project_id, caller) if tenant_id and caller else Caller()
    return Whose(
        tenant_id=tenant_id,
        project_id=known.project_id or project_id or _first_project(store, tenant_id),
        route_id=found.id if found else 0,
        tiers=found.tiers if found else (),
        caller=known,
    )


def _owner(store: Store, called: str) -> tuple[int, int]:
    """The tenant and project that a number is alone; zeros for nobody's, or several ones'."""
    rows = store.tuples(
        "SELECT DISTINCT tenant_id, project_id FROM caller_number WHERE number = ?", (called,)
    ) or store.tuples("SELECT DISTINCT tenant_id, project_id FROM incoming_route WHERE called = ?", (called,))
    tenants = {row[0] for row in rows}
    if len(tenants) != 1:
        return 0, 0
    return int(rows[0][0]), int(rows[0][1]) if len(rows) == 1 else 0


def _customer(store: Store, tenant_id: int, project_id: int, number: str) -> Caller:
    """Of several the one of the route's project, then the one who was called last."""
    found = store.one(
        Caller,
        "SELECT c.id AS customer_id, c.project_id, c.list_id, c.attempts, c.last_called_at FROM customer c"
        " JOIN list l ON l.id = c.list_id JOIN project p ON p.id = c.project_id"
        " WHERE c.tenant_id = ? AND l.deleted_at = 0 AND l.is_hidden = 0 AND p.retired_at = 0"
        " AND c.import_id NOT IN (SELECT import_id FROM hidden_import)"
        " AND (c.number = ? OR c.id IN"
        " (SELECT customer_id FROM customer_number WHERE number = ? AND tenant_id = c.tenant_id))"
        " ORDER BY c.project_id = ? DESC, c.last_called_at DESC, c.id DESC LIMIT 1",
        (tenant_id, number, number, project_id),
    )
    return found or Caller()


def _first_project(store: Store, tenant_id: int) -> int:
    found = store.value(
        "SELECT id FROM project WHERE tenant_id = ? AND retired_at = 0 ORDER BY is_active DESC, id LIMIT 1",
        (tenant_id,),
    )
    return int(found or 0)


def prompts(routes: tuple[Route, ...]) -> dict[str, str]:
    """Prompt name to the words that a manager typed, of all tiers that say any."""
    return {
        PROMPT.format(route_id=one.id, place=tier.place): tier.text.strip()
        for one in routes
        for tier in one.tiers
        if tier.text.strip()
    }


def prompt_of(route_id: int, tier: Tier, spoken: Container[str]) -> str:
    """The name of a tier's words; empty where it has none, or they are not spoken yet."""
    name = PROMPT.format(route_id=route_id, place=tier.place)
    return name if tier.text.strip() and name in spoken else ""


def next_id(store: Store) -> int:
    """The first id that no call has had."""
    return int(store.value("SELECT coalesce(max(id), 0) + 1 FROM incoming_call"))


def recover(store: Store) -> int:
    """End what a stop of the dialer cut off, at the last moment that is known of it; how many."""
    return store.run(
        "UPDATE incoming_call SET outcome = CASE WHEN taken_at > 0 THEN 'answered' ELSE 'missed' END,"
        " ended_at = CASE ended_at WHEN 0 THEN max(at, connected_at, taken_at) ELSE ended_at END"
        " WHERE outcome = ''"
    )


# --- for pages --------------------------------------------------------------------------------------------

_OWN: Final = "(i.tenant_id = ? OR i.tenant_id = 0 AND (SELECT count(*) FROM tenant) = 1)"
_LINES: Final = (
    "SELECT i.id, i.called, i.caller, i.span, i.channel, i.at, i.customer_id, i.project_id, i.tier,"  # noqa: S608 - constants
    " i.outcome, i.taken_at, i.ended_at, i.attempt_id, i.user_id, i.handled_at, i.handled_by,"
    " coalesce(c.name, '') AS customer_name, coalesce(c.list_id, 0) AS list_id,"
    " coalesce(t.name, '') AS route_name, coalesce(u.name, '') AS user_name,"
    " coalesce(h.name, '') AS handled_name,"
    " (SELECT count(*) FROM attempt a WHERE i.customer_id > 0 AND a.customer_id = i.customer_id"
    " AND a.opened_at > i.at AND a.kind <> 'incoming' AND a.setup_at > 0) AS tries,"
    " coalesce((SELECT max(id) FROM recording r WHERE r.attempt_id = i.attempt_id AND i.attempt_id > 0), 0)"
    " AS recording_id"
    " FROM incoming_call i LEFT JOIN customer c ON c.id = i.customer_id AND c.tenant_id = i.tenant_id"
    " LEFT JOIN incoming_route t ON t.id = i.route_id LEFT JOIN user u ON u.id = i.user_id"
    " LEFT JOIN user h ON h.id = i.handled_by WHERE " + _OWN
)


def every(store: Store, tenant_id: int, *, before_id: int = 0, limit: int = 50) -> list[Line]:
    """All calls, newest first.  One to a number that is nobody's is shown where there is but one tenant."""
    return store.all(
        Line,
        _LINES + " AND (? = 0 OR i.id < ?) ORDER BY i.id DESC LIMIT ?",
        (tenant_id, before_id, before_id, limit),
    )


def missed(store: Store, tenant_id: int, *, with_done: bool = True, limit: int = SHOWN_MAX) -> list[Line]:
    """Missed calls: those still open first, each part newest first."""
    return store.all(
        Line,
        _LINES + " AND i.outcome = 'missed' AND (? OR i.handled_at = 0)"
        " ORDER BY i.handled_at > 0, i.id DESC LIMIT ?",
        (tenant_id, int(with_done), limit),
    )


def get(store: Store, tenant_id: int, incoming_id: int) -> Line | None:
    """One call of the tenant."""
    return store.one(Line, _LINES + " AND i.id = ?", (tenant_id, incoming_id))


def open_count(store: Store, tenant_id: int) -> int:
    """How many missed calls nobody has called back: the badge."""
    sql = "SELECT count(*) FROM incoming_call i WHERE " + _OWN  # noqa: S608 - a constant
    return int(store.value(sql + " AND i.outcome = 'missed' AND i.handled_at = 0", (tenant_id,)))


def handle(
    store: Store, tenant_id: int, incoming_id: int, *, user_id: int, at: int, is_done: bool = True
) -> None:
    """Nothing is left to do about a missed call, or there is again.  Raises BadInput: none of the tenant."""
    found = get(store, tenant_id, incoming_id)
    if found is None or found.outcome != "missed":
        raise BadInput("その着信はありません。", remedy="一覧を更新してください。")
    store.update(
        "incoming_call",
        incoming_id,
        handled_at=at if is_done else 0,
        handled_by=user_id if is_done else 0,
    )


def name_caller(store: Store, tenant_id: int, incoming_id: int, customer_id: int) -> None:
    """The caller is this customer.  Raises BadInput where either is not the tenant's."""
    is_own = store.value("SELECT 1 FROM customer WHERE id = ? AND tenant_id = ?", (customer_id, tenant_id))
    if get(store, tenant_id, incoming_id) is None or not is_own:
        raise BadInput("その着信はありません。", remedy="一覧を更新してください。")
    store.update("incoming_call", incoming_id, customer_id=customer_id)
