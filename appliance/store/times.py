"""Milliseconds, days and hours: the one place where the site's time zone meets stored times.  Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def ms(seconds: float) -> int:
    """Seconds as whole milliseconds, half up."""
    return int(seconds * 1000 + 0.5)


@lru_cache(maxsize=4096)
def _quarter(quarter: int, zone: ZoneInfo) -> tuple[int, int]:
    at = datetime.fromtimestamp(quarter * 900, zone)  # offsets of zones are whole quarters of an hour
    return at.year * 10_000 + at.month * 100 + at.day, at.hour


def day_and_hour(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """(YYYYMMDD, 0-23) of a moment, in the site's zone."""
    return _quarter(at_ms // 900_000, zone)


def day_of(at_ms: int, zone: ZoneInfo) -> int:
    """YYYYMMDD of a moment, in the site's zone."""
    return day_and_hour(at_ms, zone)[0]


def day_bounds(day: int, zone: ZoneInfo) -> tuple[int, int]:
    """First millisecond of the day, and of the day after.  Raises ValueError for no such day."""
    first = date(day // 10_000, day // 100 % 100, day % 100)
    return _midnight(first, zone), _midnight(first + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
