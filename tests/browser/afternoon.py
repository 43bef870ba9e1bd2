"""The hour at which tests of the page happen: two in the afternoon of today, whatever the hour outside.

A floor has calls of this morning, an office its hours, a report its day; none may depend on when a test
runs, or on a midnight that passes meanwhile.  The product takes its time from a `Clock`; this is one, which
runs on from there.  `YOBIRIN_TEST_HOUR=0.1` starts it at six past midnight instead.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from appliance.clock import SystemClock

ZONE: Final = ZoneInfo("Asia/Tokyo")
HOUR: Final = 14.0


def midnight(now: float) -> float:
    """The beginning of the site's day that `now` falls on; both in seconds since 1970."""
    return datetime.fromtimestamp(now, ZONE).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


class Afternoon(SystemClock):
    """The machine's clocks, the wall's put forward or back to the hour at which tests begin."""

    def __init__(self) -> None:
        hour = float(os.environ.get("YOBIRIN_TEST_HOUR", HOUR))
        now = time.time()
        self._ahead_s = midnight(now) + hour * 3600 - now

    def wall(self) -> float:
        return time.time() + self._ahead_s
