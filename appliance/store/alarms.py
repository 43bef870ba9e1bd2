"""What the monitor keeps: alarms that stand, what became of them, a day of figures; and reads of its checks.

Decides nothing about alarms; `appliance/monitoring` does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Final

from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.times import DAY_MS, HOUR_MS

EVENTS_KEPT_MS: Final = 400 * DAY_MS  # a year and a month: a year's inspection sheet can be printed
SAMPLES_KEPT_MS: Final = DAY_MS + HOUR_MS


class AlarmState(Noun, frozen=True):
    """An alarm that stands.  `state` is raised or acknowledged."""

    check_name: str
    state: str
    status: int
    raised_at: int
    who: str = ""
    acknowledged_at: int = 0
    note: str = ""


class AlarmEvent(Noun, frozen=True):
    """One change of an alarm.  `filling` is JSON: the values of the sentence."""

    at: int
    check_name: str
    event: str
    status: int
    sentence: str = ""
    filling: str = "{}"
    who: str = ""
    note: str = ""


class Probe(Noun, frozen=True):
    """How the database did: milliseconds of a read and of a durable commit, bytes of file and log."""

    read_ms: float
    commit_ms: float
    size_bytes: int
    log_bytes: int


class Lost(Noun, frozen=True):
    """Recordings since a moment, and how many of them were lost; why the last one was."""

    recordings: int
    lost: int
    reason: str


def standing(store: Store) -> list[AlarmState]:
    """Every alarm that stood when the monitor last wrote."""
    return store.all(AlarmState, "FROM alarm_state ORDER BY check_name")


def write(store: Store, states: Iterable[AlarmState], events: Iterable[AlarmEvent]) -> None:
    """The alarms that stand now, and what happened since the last time; in one transaction."""
    with store.transaction():
        store.run("DELETE FROM alarm_state")
        for state in states:
            store.insert("alarm_state", **_columns(state))
        for event in events:
            store.insert("alarm_event", **_columns(event))


def history(store: Store, *, limit: int = 100, before_at: int = 0) -> list[AlarmEvent]:
    """What happened, the newest first."""
    return store.all(
        AlarmEvent,
        "FROM alarm_event WHERE ? = 0 OR at < ? ORDER BY id DESC LIMIT ?",
        (before_at, before_at, limit),
    )


def filling(values: dict[str, str]) -> str:
    """The values of a sentence as they are kept."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def add_samples(store: Store, at: int, values: dict[str, float]) -> None:
    """A figure of each check; those of the day before yesterday go."""
    with store.transaction():
        store.many(
            "INSERT OR REPLACE INTO check_sample (check_name, at, value) VALUES (?, ?, ?)",
            [(name, at, value) for name, value in values.items()],
        )
        store.run("DELETE FROM check_sample WHERE at < ?", (at - SAMPLES_KEPT_MS,))
        store.run("DELETE FROM alarm_event WHERE at < ?", (at - EVENTS_KEPT_MS,))


def samples(store: Store, *, since: int) -> dict[str, list[tuple[int, float]]]:
    """(time, figure) of each check, oldest first."""
    found: dict[str, list[tuple[int, float]]] = {}
    for name, at, value in store.tuples(
        "SELECT check_name, at, value FROM check_sample WHERE at >= ? ORDER BY check_name, at", (since,)
    ):
        found.setdefault(str(name), []).append((int(at), float(value)))
    return found


def probe(store: Store, *, at: int) -> Probe:
    """Read something, commit something, and say how long both took.  Raises StoreError."""
    begun = time.perf_counter()
    store.value("SELECT count(*) FROM tenant")
    read = time.perf_counter()
    with store.transaction():
        store.run("INSERT OR REPLACE INTO commit_probe (id, at) VALUES (1, ?)", (at,))
    done = time.perf_counter()
    log = store.home.database.with_name(store.home.database.name + "-wal")
    return Probe(
        read_ms=(read - begun) * 1000,
        commit_ms=(done - read) * 1000,
        size_bytes=store.home.database.stat().st_size,
        log_bytes=log.stat().st_size if log.exists() else 0,
    )


def lost_recordings(store: Store, *, since: int) -> Lost:
    """Recordings begun since a moment, and those of them that could not be written."""
    found = store.one(
        Lost,
        "SELECT count(*) AS recordings, coalesce(sum(lost_reason != ''), 0) AS lost,"
        " coalesce((SELECT lost_reason FROM recording WHERE lost_reason != '' AND started_at >= ?"
        " ORDER BY id DESC LIMIT 1), '') AS reason FROM recording WHERE started_at >= ?",
        (since, since),
    )
    assert found is not None
    return found


def recorded_bytes(store: Store, *, since: int) -> int:
    """Bytes of recordings begun since a moment: how fast they grow."""
    return int(
        store.value("SELECT coalesce(sum(size_bytes), 0) FROM recording WHERE started_at >= ?", (since,))
    )


def phones_seen(store: Store, registered: Iterable[str], *, at: int) -> dict[str, int]:
    """Extension to when its telephone was last registered; `registered` are those that are so now.

    Written at most once an hour for each.
    """
    found = {
        str(name): int(seen_at) for name, seen_at in store.tuples("SELECT extension, seen_at FROM phone_seen")
    }
    fresh = [name for name in registered if at - found.get(name, 0) > HOUR_MS]
    if fresh:
        with store.transaction():
            store.many(
                "INSERT OR REPLACE INTO phone_seen (extension, seen_at) VALUES (?, ?)",
                [(name, at) for name in fresh],
            )
    return found | dict.fromkeys(fresh, at)


def last_written_at(store: Store) -> int:
    """The latest moment that anything was booked: no clock may be before it (ms since 1970)."""
    return int(
        store.value(
            "SELECT max((SELECT coalesce(max(at), 0) FROM audit_log),"
            " (SELECT coalesce(max(opened_at), 0) FROM attempt WHERE id = (SELECT max(id) FROM attempt)))"
        )
    )


def _columns(row: AlarmState | AlarmEvent) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}
