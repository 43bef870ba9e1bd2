"""What is kept: the database, recordings and the room for them, backups and their test restore.

Thresholds: database is milliseconds of a durable commit; recordings is recordings lost in the last hour;
backup is hours since the last good one.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import Final

from appliance.monitoring.box import Box
from appliance.monitoring.checks.machine import megabytes
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited
from appliance.store import alarms, recordings
from appliance.store.alarms import Probe
from appliance.store.open import open_store
from appliance.store.times import DAY_MS, HOUR_MS, ms

LOG_BYTES_MAX: Final = 512_000_000  # a write-ahead log that grows on means that somebody reads for ever
GROWTH_DAYS: Final = 7
AMPLE_DAYS: Final = 365  # more is no forecast: the first calls of a new box fill nothing


@dataclass(frozen=True)
class Recordings:
    """What stands, what may stand, how fast it grows, what was lost in the last hour.  Bytes."""

    size: int
    size_max: int
    day_bytes: float  # of the last seven days
    free: int  # on the data partition, above what must stay free
    oldest_at: float
    lost: int
    reason: str


def read_database(box: Box) -> Probe:
    """Raises StoreError."""
    store = open_store(box.home)
    try:
        return alarms.probe(store, at=ms(time.time()))
    finally:
        store.close()


def judge_database(seen: Probe, limits: Thresholds) -> Verdict:
    status = limits.status(seen.commit_ms)
    key = "database" if status is Status.OK else "database_slow"
    if status is Status.OK and seen.log_bytes > LOG_BYTES_MAX:
        status, key = Status.WARNING, "database_log"
    values = {
        "commit": f"{seen.commit_ms:.0f}",
        "size": megabytes(seen.size_bytes),
        "log": megabytes(seen.log_bytes),
    }
    figures = (
        limited("commit", seen.commit_ms, "ms", limits),
        Figure("read", seen.read_ms, "ms", low="0"),
        Figure("size", seen.size_bytes, "B", low="0"),
        Figure("log", seen.log_bytes, "B", str(LOG_BYTES_MAX), "", "0"),
    )
    return Verdict(status, key, values, figures)


def read_recordings(box: Box) -> Recordings:
    """Raises StoreError."""
    now, bounds = ms(time.time()), box.settings.limits
    store = open_store(box.home)
    try:
        with store.reading():
            totals = recordings.totals(store)
            lost = alarms.lost_recordings(store, since=now - HOUR_MS)
            grown = alarms.recorded_bytes(store, since=now - GROWTH_DAYS * DAY_MS)
    finally:
        store.close()
    return Recordings(
        size=totals.size_bytes,
        size_max=bounds.recordings_bytes_max,
        day_bytes=grown / GROWTH_DAYS,
        free=max(0, shutil.disk_usage(box.home.recordings).free - bounds.disk_free_min_bytes),
        oldest_at=totals.oldest_at / 1000,
        lost=lost.lost,
        reason=lost.reason,
    )


def judge_recordings(seen: Recordings, limits: Thresholds) -> Verdict:
    status = limits.status(seen.lost)
    room = min(seen.size_max - seen.size, seen.free)
    days = room / seen.day_bytes if seen.day_bytes else 0.0
    values = {
        "size": megabytes(seen.size),
        "most": megabytes(seen.size_max),
        "days": f"{days:.0f}" if seen.day_bytes else "-",
        "lost": str(seen.lost),
        "reason": seen.reason or "-",
    }
    figures = [
        limited("lost", seen.lost, "", limits),
        Figure("size", seen.size, "B", "", "", "0", str(seen.size_max)),
    ]
    if seen.day_bytes:
        figures.append(Figure("days_left", max(0.0, days), low="0"))
    key = "recordings_ample" if days >= AMPLE_DAYS else "recordings" if seen.day_bytes else "recordings_few"
    return Verdict(status, key if status is Status.OK else "recordings_lost", values, tuple(figures))
