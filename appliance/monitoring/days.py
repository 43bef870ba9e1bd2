"""The site's clock on the wall: when the daily mail is due, and how a moment is written.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


class AliveTimes:
    """One mail a day at `hour` o'clock of the site's zone."""

    def __init__(self, hour: int, zone: str) -> None:
        self._hour = hour
        self._zone = ZoneInfo(zone)

    def due(self, at: float) -> float:
        """The latest moment before `at` at which a daily mail was due; both seconds since 1970."""
        now = datetime.fromtimestamp(at, self._zone)
        due = now.replace(hour=self._hour, minute=0, second=0, microsecond=0)
        return (due if due <= now else due - timedelta(days=1)).timestamp()

    def written(self, at: float) -> str:
        """2026/11/24 18:30:05."""
        return datetime.fromtimestamp(at, self._zone).strftime("%Y/%m/%d %H:%M:%S")
