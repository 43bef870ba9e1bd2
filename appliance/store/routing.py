"""Which tiers answer a call that came in: the first route that fits the number, the day and the time.  Pure.

Routes stand in their tenant's order.  A route over midnight belongs to the day it began on.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from appliance.store.holidays import number
from appliance.store.models import Noun

OnHolidays = Literal["closed", "same", "also", "only"]
TierKind = Literal["ring", "announce", "menu"]
RingOrder = Literal["all", "in_turn", "longest_idle"]

PARTIAL_DIGITS_MIN: Final = 4  # an exchange may hand over the last digits of a number alone


class Choice(Noun, frozen=True):
    """What a digit does: rings extensions, or goes to a tier (1-3); neither: the menu again."""

    digit: str
    name: str = ""
    extensions: tuple[str, ...] = ()
    tier: int = 0


class Tier(Noun, frozen=True):
    """One step.  When nobody answers, or the announcement is over, the next tier follows."""

    place: int
    kind: TierKind
    extensions: tuple[str, ...] = ()
    ring_order: RingOrder = "all"
    ring_s: int = 20
    text: str = ""  # what is said: before ringing, as announcement, or as menu
    choices: tuple[Choice, ...] = ()


class Route(Noun, frozen=True):
    """When whom to ring.  `numbers` are the dialled numbers it is for, as stored (0312345678)."""

    id: int
    tenant_id: int
    project_id: int
    numbers: tuple[str, ...]
    weekdays: int
    on_holidays: OnHolidays
    from_minute: int
    to_minute: int
    tiers: tuple[Tier, ...]


def route(
    called: str, at: datetime, routes: Sequence[Route], holidays: Mapping[int, Container[int]]
) -> Route | None:
    """The first route that answers a call to `called` at a local time; None: nobody does.

    `holidays`: YYYYMMDD by tenant.  A number that fits whole goes before one that fits in its last digits.
    """
    for fits in (_is_whole, _is_part):
        for one in routes:
            if any(fits(called, mine) for mine in one.numbers) and is_open(
                one, at, holidays.get(one.tenant_id, ())
            ):
                return one
    return None


def _is_whole(called: str, mine: str) -> bool:
    return called == mine


def _is_part(called: str, mine: str) -> bool:
    return len(called) >= PARTIAL_DIGITS_MIN and mine.endswith(called)


def is_open(one: Route, at: datetime, holidays: Container[int]) -> bool:
    """Whether a route answers at a local time."""
    minute = at.hour * 60 + at.minute
    if one.from_minute < one.to_minute:
        return one.from_minute <= minute < one.to_minute and _is_day(one, at, holidays)
    if minute >= one.from_minute:
        return _is_day(one, at, holidays)
    return minute < one.to_minute and _is_day(one, at - timedelta(days=1), holidays)


def _is_day(one: Route, at: datetime, holidays: Container[int]) -> bool:
    is_holiday = number(at.date()) in holidays
    is_weekday = bool(one.weekdays >> at.weekday() & 1)
    return {
        "closed": is_weekday and not is_holiday,
        "same": is_weekday,
        "also": is_weekday or is_holiday,
        "only": is_holiday,
    }[one.on_holidays]
