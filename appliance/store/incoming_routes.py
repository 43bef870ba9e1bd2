"""折り返し着信: a tenant's routes, made, changed, ordered and removed; all of them for the dialer.

A route names only numbers and desks that are the tenant's to use.  Which one answers is for routing.py.
"""

from __future__ import annotations

import json
from typing import Final

import msgspec

from appliance.errors import BadInput
from appliance.store.incoming_checks import Wanted, checked, checked_tier
from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.routing import Choice, OnHolidays, RingOrder, Route, Tier, TierKind

ROUTES_MAX: Final = 100


class _Columns(Noun, frozen=True):
    """What a route has of its own."""

    id: int
    project_id: int
    name: str
    called: str
    weekdays: int
    on_holidays: OnHolidays
    from_minute: int
    to_minute: int
    is_enabled: int


class RouteLine(_Columns, frozen=True):
    """A route as its page shows it.  `called` '': every number of the tenant's projects, or of its own."""

    tiers: tuple[Tier, ...]


class _Tier(Noun, frozen=True):
    route_id: int
    place: int
    kind: TierKind
    extensions: str
    ring_order: RingOrder
    ring_s: int
    text: str
    choices: str


def every(store: Store, tenant_id: int) -> list[RouteLine]:
    """The tenant's routes in their order."""
    tiers = _tiers(store, tenant_id)
    lines = store.all(_Columns, "FROM incoming_route WHERE tenant_id = ? ORDER BY sort, id", (tenant_id,))
    return [_line(row, tiers.get(row.id, ())) for row in lines]


def get(store: Store, tenant_id: int, route_id: int) -> RouteLine | None:
    """One route of the tenant."""
    return next((line for line in every(store, tenant_id) if line.id == route_id), None)


def _line(row: _Columns, tiers: tuple[Tier, ...]) -> RouteLine:
    return RouteLine(**{name: getattr(row, name) for name in _Columns.__struct_fields__}, tiers=tiers)


def _tiers(store: Store, tenant_id: int = 0) -> dict[int, tuple[Tier, ...]]:
    rows = store.all(
        _Tier, "FROM incoming_tier WHERE ? IN (0, tenant_id) ORDER BY route_id, place", (tenant_id,)
    )
    found: dict[int, tuple[Tier, ...]] = {}
    for row in rows:
        tier = Tier(
            place=row.place,
            kind=row.kind,
            extensions=tuple(json.loads(row.extensions)),
            ring_order=row.ring_order,
            ring_s=row.ring_s,
            text=row.text,
            choices=msgspec.json.decode(row.choices, type=tuple[Choice, ...]),
        )
        found[row.route_id] = (*found.get(row.route_id, ()), tier)
    return found


# --- changes ----------------------------------------------------------------------------------------------


def save(store: Store, tenant_id: int, wanted: Wanted, *, at: int, route_id: int = 0) -> int:
    """Make a route (behind the others) or replace one; its id.  Raises BadInput, and changes nothing."""
    values = checked(store, tenant_id, wanted)
    tiers = tuple(checked_tier(store, tenant_id, tier, wanted) for tier in wanted.tiers)
    with store.transaction():
        if route_id:
            _existing(store, tenant_id, route_id)
            store.update("incoming_route", route_id, **values)
        else:
            if (
                store.value("SELECT count(*) FROM incoming_route WHERE tenant_id = ?", (tenant_id,))
                >= ROUTES_MAX
            ):
                raise BadInput(
                    f"着信の設定は{ROUTES_MAX}件までです。", remedy="使わない設定を削除してください。"
                )
            last = store.value("SELECT max(sort) FROM incoming_route WHERE tenant_id = ?", (tenant_id,)) or 0
            route_id = store.insert(
                "incoming_route", tenant_id=tenant_id, sort=int(last) + 1, created_at=at, **values
            )
        store.run("DELETE FROM incoming_tier WHERE route_id = ?", (route_id,))
        for tier in tiers:
            _insert_tier(store, tenant_id, route_id, tier)
    return route_id


def _insert_tier(store: Store, tenant_id: int, route_id: int, tier: Tier) -> None:
    store.insert(
        "incoming_tier",
        route_id=route_id,
        place=tier.place,
        tenant_id=tenant_id,
        kind=tier.kind,
        extensions=json.dumps(tier.extensions),
        ring_order=tier.ring_order,
        ring_s=tier.ring_s,
        text=tier.text,
        choices=msgspec.json.encode(tier.choices).decode(),
    )


def move(store: Store, tenant_id: int, route_id: int, *, is_up: bool) -> None:
    """Change places with the neighbour; the first that fits answers."""
    ids = [line.id for line in every(store, tenant_id)]
    _existing(store, tenant_id, route_id)
    here = ids.index(route_id)
    there = here - 1 if is_up else here + 1
    if 0 <= there < len(ids):
        ids[here], ids[there] = ids[there], ids[here]
    with store.transaction():
        for sort, one in enumerate(ids, start=1):
            store.update("incoming_route", one, sort=sort)


def remove(store: Store, tenant_id: int, route_id: int) -> None:
    """Take a route away.  Raises BadInput where there is none."""
    _existing(store, tenant_id, route_id)
    with store.transaction():
        store.run("DELETE FROM incoming_tier WHERE route_id = ?", (route_id,))
        store.run("DELETE FROM incoming_route WHERE id = ? AND tenant_id = ?", (route_id, tenant_id))


def _existing(store: Store, tenant_id: int, route_id: int) -> None:
    if not store.value("SELECT 1 FROM incoming_route WHERE id = ? AND tenant_id = ?", (route_id, tenant_id)):
        raise BadInput("その着信の設定はありません。", remedy="一覧を更新してください。")


# --- for the dialer ---------------------------------------------------------------------------------------


def routes(store: Store) -> tuple[Route, ...]:
    """Every enabled route of every tenant in its order, with the numbers it is for."""
    rows = store.tuples(
        "SELECT id, tenant_id, project_id, called, weekdays, on_holidays, from_minute, to_minute"
        " FROM incoming_route WHERE is_enabled = 1 ORDER BY tenant_id, sort, id"
    )
    tiers = _tiers(store)
    return tuple(
        Route(
            id=route_id,
            tenant_id=tenant_id,
            project_id=project_id,
            numbers=(called,) if called else _shown(store, tenant_id, project_id),
            weekdays=weekdays,
            on_holidays=on_holidays,
            from_minute=from_minute,
            to_minute=to_minute,
            tiers=tiers.get(route_id, ()),
        )
        for route_id, tenant_id, project_id, called, weekdays, on_holidays, from_minute, to_minute in rows
    )


def _shown(store: Store, tenant_id: int, project_id: int) -> tuple[str, ...]:
    """The numbers that a tenant's projects (or one of them) show, and no other tenant's do."""
    rows = store.tuples(
        "SELECT DISTINCT number FROM caller_number c WHERE tenant_id = ? AND ? IN (0, project_id)"
        " AND NOT EXISTS"
        " (SELECT 1 FROM caller_number o WHERE o.number = c.number AND o.tenant_id <> c.tenant_id)"
        " ORDER BY number",
        (tenant_id, project_id),
    )
    return tuple(row[0] for row in rows)
