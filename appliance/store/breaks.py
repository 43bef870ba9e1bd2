"""Breaks by their reason, for reports and the seat map."""

from __future__ import annotations

from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.times import DAY_MS, day_of


class Break(Noun, frozen=True):
    """How often and how long somebody was on a break for one reason."""

    user_id: int
    reason: str
    count: int
    duration_ms: int


def by_reason(store: Store, tenant_id: int, *, from_at: int, to_at: int, user_id: int = 0) -> list[Break]:
    """Breaks that began within a time (milliseconds since 1970); `user_id` 0: of everybody."""
    rows = store.tuples(
        "SELECT user_id, reason, count(*), sum(duration_ms) FROM seat_interval"
        " WHERE tenant_id = ? AND kind = 'break' AND from_at >= ? AND from_at < ?"
        " AND (? = 0 OR user_id = ?) GROUP BY user_id, reason ORDER BY user_id, reason",
        (tenant_id, from_at, to_at, user_id, user_id),
    )
    return [
        Break(user_id=user, reason=reason, count=count, duration_ms=duration)
        for user, reason, count, duration in rows
    ]


class DayBreak(Noun, frozen=True):
    """How often and how long somebody was on a break for one reason on one day of the site (YYYYMMDD)."""

    day: int
    user_id: int
    reason: str
    count: int
    duration_ms: int


def by_day(store: Store, tenant_id: int, *, from_at: int, to_at: int, user_id: int = 0) -> list[DayBreak]:
    """Breaks that began within a time, at a seat or at the page alone, by day, person and reason.

    A break that both know counts once, as the seat knows it; one that goes on is not in it yet.
    """
    at_seat = store.tuples(
        "SELECT user_id, from_at, duration_ms, reason FROM seat_interval WHERE tenant_id = ?"
        " AND kind = 'break' AND from_at >= ? AND from_at < ? AND (? = 0 OR user_id = ?) ORDER BY from_at",
        (tenant_id, from_at - DAY_MS, to_at + DAY_MS, user_id, user_id),
    )
    at_page = store.tuples(
        "SELECT user_id, from_at, ended_at - from_at, reason FROM absence WHERE tenant_id = ?"
        " AND from_at >= ? AND from_at < ? AND ended_at > 0 AND (? = 0 OR user_id = ?) ORDER BY from_at",
        (tenant_id, from_at, to_at, user_id, user_id),
    )
    counted = [row for row in at_seat if from_at <= row[1] < to_at] + alone(at_page, at_seat)
    sums: dict[tuple[int, int, str], list[int]] = {}
    for user, began, lasted, reason in counted:
        found = sums.setdefault((day_of(began, store.zone), user, reason or "break"), [0, 0])
        found[0] += 1
        found[1] += lasted
    return [
        DayBreak(day=day, user_id=user, reason=reason, count=count, duration_ms=lasted)
        for (day, user, reason), (count, lasted) in sorted(sums.items())
    ]


Stretch = tuple[int, int, int, str]  # user, from, milliseconds, reason


def alone(at_page: list[Stretch], at_seat: list[Stretch]) -> list[Stretch]:
    """Those at the page during which the same person had none at a seat.  Pure."""
    of_user: dict[int, list[Stretch]] = {}
    for row in at_seat:
        of_user.setdefault(row[0], []).append(row)
    return [
        row
        for row in at_page
        if not any(
            seat[1] < row[1] + row[2] and row[1] < seat[1] + seat[2] for seat in of_user.get(row[0], ())
        )
    ]
