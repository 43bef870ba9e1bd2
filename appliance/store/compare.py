"""Counts the rows afresh and compares them with the counters; puts right what differs.

Rows and counters are read in one consistent state, so a difference found there stays the same while the
dialer writes on: `repair` adds it.  Only the worker and tests come here, at night.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from appliance.store.counters import (
    ADD_HOUR,
    ADD_LIST,
    FIELDS,
    AttemptRow,
    Counts,
    Deltas,
    HistoryRow,
    IntervalRow,
    Key,
)
from appliance.store.open import Store
from appliance.store.times import DAY_MS, day_bounds

PAGE: Final = 10_000
MARGIN_MS: Final = 2 * DAY_MS  # ids grow with time, but for a code taken back later


class Difference(NamedTuple):
    """A counter that does not equal its rows.  `place` is its key; tuples are in the order of columns."""

    table: str
    place: tuple[Any, ...]
    counted: tuple[int, ...]
    stored: tuple[int, ...]


def compare(store: Store, *, from_day: int = 0) -> list[Difference]:
    """Every counter that differs, of all days or those from `from_day` (YYYYMMDD) on."""
    with store.reading():
        return _compare_hours(store, from_day) + _compare_lists(store)


def repair(store: Store, found: list[Difference]) -> None:
    """Add to each counter what it lacks."""
    for table, sql in (("hour_counter", ADD_HOUR), ("list_counter", ADD_LIST)):
        rows = [
            (*difference.place, *(a - b for a, b in zip(difference.counted, difference.stored, strict=True)))
            for difference in found
            if difference.table == table
        ]
        if rows:
            with store.transaction():
                store.many(sql, rows)


def _compare_hours(store: Store, from_day: int) -> list[Difference]:
    counted = {key: counts for key, counts in _count(store, from_day).items() if key.day >= from_day}
    stored = {
        Key(*row[:7]): dict(zip(FIELDS, row[7:], strict=True))
        for row in store.tuples(
            "SELECT tenant_id, project_id, day, hour, list_id, user_id, code, attempts, answered, connected,"
            " entries, talk_ms, wait_ms, wrap_ms, break_ms FROM hour_counter WHERE day >= ?",
            (from_day,),
        )
        if any(row[7:])
    }
    zero = dict.fromkeys(FIELDS, 0)
    return [
        Difference(
            "hour_counter", key, tuple(counted.get(key, zero).values()), tuple(stored.get(key, zero).values())
        )
        for key in sorted(counted.keys() | stored.keys())
        if counted.get(key, zero) != stored.get(key, zero)
    ]


def _count(store: Store, from_day: int) -> dict[Key, Counts]:
    from_at = day_bounds(from_day, store.zone)[0] - MARGIN_MS if from_day else 0
    deltas = Deltas(store.zone)
    for row in _rows(
        store,
        "attempt",
        "opened_at",
        "tenant_id, project_id, list_id, user_id, setup_at, answered_at, connected_at, end",
        from_at,
    ):
        deltas.attempt(AttemptRow(*row))
    for row in _rows(store, "history", "at", "tenant_id, project_id, list_id, user_id, code, at", from_at):
        deltas.history(HistoryRow(*row))
    columns = "tenant_id, project_id, list_id, user_id, kind, from_at, duration_ms"
    for row in _rows(store, "seat_interval", "from_at", columns, from_at):
        deltas.interval(IntervalRow(*row))
    return deltas.as_dict()


def _rows(store: Store, table: str, time: str, columns: str, from_at: int) -> Iterable[tuple[Any, ...]]:
    """The rows of a table from a moment on, page by page; all names are ours."""
    last_id = _id_before(store, table, time, from_at) if from_at else 0
    sql = f"SELECT id, {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT {PAGE}"  # noqa: S608 - ours
    while page := store.tuples(sql, (last_id,)):
        for row in page:
            yield row[1:]
        last_id = page[-1][0]


def _id_before(store: Store, table: str, time: str, from_at: int) -> int:
    """By halving: an id such that every later moment has a greater one."""
    low, high = 0, int(store.value(f"SELECT coalesce(max(id), 0) FROM {table}"))  # noqa: S608 - ours
    sql = f"SELECT {time} FROM {table} WHERE id >= ? ORDER BY id LIMIT 1"  # noqa: S608 - ours
    while low < high:
        middle = (low + high) // 2
        at = store.value(sql, (middle + 1,))
        if at is not None and at < from_at:
            low = middle + 1
        else:
            high = middle
    return low


def _compare_lists(store: Store) -> list[Difference]:
    counted = {
        (row[0], row[1]): tuple(row[2:])
        for row in store.tuples(
            "SELECT list_id, last_code, count(*), sum(is_callable), sum(is_worked) FROM customer"
            " WHERE import_id NOT IN (SELECT import_id FROM hidden_import) GROUP BY list_id, last_code"
        )
    }
    stored = {
        (row[0], row[1]): tuple(row[2:])
        for row in store.tuples("SELECT list_id, code, customers, callable, worked FROM list_counter")
        if any(row[2:])
    }
    nothing = (0, 0, 0)
    return [
        Difference("list_counter", place, counted.get(place, nothing), stored.get(place, nothing))
        for place in sorted(counted.keys() | stored.keys())
        if counted.get(place, nothing) != stored.get(place, nothing)
    ]
