"""A tenant's own days beside the national holidays, and all days on which it is closed."""

from __future__ import annotations

from datetime import date
from typing import Final

from appliance.errors import BadInput
from appliance.store import holidays
from appliance.store.models import Noun
from appliance.store.open import Store

NAME_MAX: Final = 40
DAYS_MAX: Final = 400


class OwnDay(Noun, frozen=True):
    """A tenant's own day: closed, or open although it is a holiday."""

    day: int
    name: str
    is_open: int


def own_days(store: Store, tenant_id: int) -> list[OwnDay]:
    """The tenant's own days, by date."""
    return store.all(OwnDay, "FROM holiday WHERE tenant_id = ? ORDER BY day", (tenant_id,))


def set_day(store: Store, tenant_id: int, day: int, *, name: str, is_open: bool) -> None:
    """Make a day closed, or open although it is a holiday.  Raises BadInput for no such day."""
    try:
        date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError as error:
        raise BadInput("日付が正しくありません。") from error
    if len(own_days(store, tenant_id)) >= DAYS_MAX:
        raise BadInput(f"休日は{DAYS_MAX}日までです。", remedy="過ぎた休日を削除してください。")
    store.run(
        "INSERT INTO holiday (tenant_id, day, name, is_open) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (tenant_id, day) DO UPDATE SET name = excluded.name, is_open = excluded.is_open",
        (tenant_id, day, name.strip()[:NAME_MAX], int(is_open)),
    )


def remove_day(store: Store, tenant_id: int, day: int) -> bool:
    """Take an own day back; False where there was none."""
    return bool(store.run("DELETE FROM holiday WHERE tenant_id = ? AND day = ?", (tenant_id, day)))


def days(store: Store, tenant_id: int, *, year: int) -> dict[int, str]:
    """The days on which the tenant is closed, of a year and those beside it: national ones and its own."""
    found: dict[int, str] = {}
    for one in (year - 1, year, year + 1):
        found |= holidays.national(one)
    for own in own_days(store, tenant_id):
        if own.is_open:
            found.pop(own.day, None)
        else:
            found[own.day] = own.name
    return found


def closed_days(store: Store, *, year: int) -> dict[int, frozenset[int]]:
    """The holidays of every tenant, for `routing.route`."""
    tenants = store.tuples("SELECT id FROM tenant")
    return {row[0]: frozenset(days(store, row[0], year=year)) for row in tenants}
