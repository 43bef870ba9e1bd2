"""Counters that reports and lists read instead of rows.  They change in the transaction of their rows.

What one row counts for is a pure function of the row (`of_attempt`, `of_history`, `of_interval`), so a change
is taken off and put on again, and compare.py can count everything afresh.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from appliance.store.open import Store
from appliance.store.times import day_and_hour

FIELDS: Final = ("attempts", "answered", "connected", "entries", "talk_ms", "wait_ms", "wrap_ms", "break_ms")
NOT_COUNTED: Final = ("fault", "withdrawn")  # nobody's result: the exchange refused, or no SETUP went out
INTERVAL_FIELD: Final = {
    "wait": "wait_ms",
    "talk": "talk_ms",
    "wrap": "wrap_ms",
    "break": "break_ms",
    "paused": "break_ms",
}


class Key(NamedTuple):
    """Which counter row."""

    tenant_id: int
    project_id: int
    day: int
    hour: int
    list_id: int
    user_id: int
    code: str


class AttemptRow(NamedTuple):
    """What of an attempt decides how it counts."""

    tenant_id: int
    project_id: int
    list_id: int
    user_id: int
    setup_at: int
    answered_at: int
    connected_at: int
    end: str


class HistoryRow(NamedTuple):
    """What of a history entry decides how it counts."""

    tenant_id: int
    project_id: int
    list_id: int
    user_id: int
    code: str
    at: int


class IntervalRow(NamedTuple):
    """What of a seat interval decides how it counts."""

    tenant_id: int
    project_id: int
    list_id: int
    user_id: int
    kind: str
    from_at: int
    duration_ms: int


Counts = dict[str, int]


class Deltas:
    """Changes of one transaction, gathered so that a busy counter row is written once."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hours: dict[Key, Counts] = defaultdict(lambda: dict.fromkeys(FIELDS, 0))
        self._lists: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])

    def attempt(self, row: AttemptRow, sign: int = 1) -> None:
        """Count an attempt (or take it off): in the hour of its SETUP, for the user it reached."""
        if not row.setup_at or row.end in NOT_COUNTED:
            return
        counts = self._hours[self._key(row, row.setup_at, row.user_id, "")]
        counts["attempts"] += sign
        counts["answered"] += sign * bool(row.answered_at)
        counts["connected"] += sign * bool(row.connected_at)

    def history(self, row: HistoryRow, sign: int = 1) -> None:
        """Count a history entry (or take it off) under its code."""
        self._hours[self._key(row, row.at, row.user_id, row.code)]["entries"] += sign

    def interval(self, row: IntervalRow, sign: int = 1) -> None:
        """Count seat time in the hour in which it began."""
        counts = self._hours[self._key(row, row.from_at, row.user_id, "")]
        counts[INTERVAL_FIELD[row.kind]] += sign * row.duration_ms

    def customers(
        self, list_id: int, code: str, *, customers: int = 0, callable: int = 0, worked: int = 0
    ) -> None:
        """Count customers of a list under their last code."""
        counts = self._lists[list_id, code]
        for index, number in enumerate((customers, callable, worked)):
            counts[index] += number

    def add(self, other: Deltas) -> None:
        """Take over what another has gathered."""
        for key, counts in other._hours.items():
            for name, number in counts.items():
                self._hours[key][name] += number
        for place, numbers in other._lists.items():
            for index, number in enumerate(numbers):
                self._lists[place][index] += number

    def flush(self, store: Store) -> None:
        """Write everything, inside the caller's transaction."""
        hours = [
            (*key, *(counts[name] for name in FIELDS))
            for key, counts in self._hours.items()
            if any(counts.values())
        ]
        lists = [(*key, *counts) for key, counts in self._lists.items() if any(counts)]
        if hours:
            store.many(ADD_HOUR, hours)
        if lists:
            store.many(ADD_LIST, lists)
        self._hours.clear()
        self._lists.clear()

    def as_dict(self) -> dict[Key, Counts]:
        """What has been gathered, without zero rows."""
        return {key: dict(counts) for key, counts in self._hours.items() if any(counts.values())}

    def _key(self, row: AttemptRow | HistoryRow | IntervalRow, at: int, user_id: int, code: str) -> Key:
        day, hour = day_and_hour(at, self._zone)
        return Key(row.tenant_id, row.project_id, day, hour, row.list_id, user_id, code)


ADD_HOUR: Final = (
    "INSERT INTO hour_counter (tenant_id, project_id, day, hour, list_id, user_id, code, attempts, answered,"
    " connected, entries, talk_ms, wait_ms, wrap_ms, break_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (project_id, day, hour, list_id, user_id, code) DO UPDATE SET"
    " attempts = attempts + excluded.attempts, answered = answered + excluded.answered,"
    " connected = connected + excluded.connected, entries = entries + excluded.entries,"
    " talk_ms = talk_ms + excluded.talk_ms, wait_ms = wait_ms + excluded.wait_ms,"
    " wrap_ms = wrap_ms + excluded.wrap_ms, break_ms = break_ms + excluded.break_ms"
)
ADD_LIST: Final = (
    "INSERT INTO list_counter (list_id, code, customers, callable, worked) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (list_id, code) DO UPDATE SET customers = customers + excluded.customers,"
    " callable = callable + excluded.callable, worked = worked + excluded.worked"
)
