"""Flap detection: whether a check changes its mind so often that its alarms tell nobody anything.  Pure.

Source: Nagios Core, "Detection and Handling of State Flapping": of the last 21 results the 20 changes are
counted, the newest weighing 1.2, the oldest 0.8.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from appliance.monitoring.plugin import Status

RESULTS: Final = 21
CHANGES: Final = RESULTS - 1
WEIGHT_OLDEST, WEIGHT_NEWEST = 0.8, 1.2
BEGINS_PERCENT: Final = 30.0  # three outages within twenty looks
ENDS_PERCENT: Final = 12.0  # one outage, well behind us


class FlapDetector:
    """Feed every result; `is_flapping` has hysteresis."""

    def __init__(self) -> None:
        self._results: deque[Status] = deque(maxlen=RESULTS)
        self.is_flapping = False

    def feed(self, status: Status) -> bool:
        """Take a result; whether `is_flapping` changed by it."""
        self._results.append(status)
        before, percent = self.is_flapping, self.percent()
        self.is_flapping = percent > ENDS_PERCENT if before else percent >= BEGINS_PERCENT
        return self.is_flapping is not before

    def percent(self) -> float:
        """Weighted share of changes among the last 20 steps, 0-100; steps not yet made count as none."""
        results = list(self._results)
        first = RESULTS - len(results)
        total = 0.0
        for step in range(1, len(results)):
            if results[step] is not results[step - 1]:
                total += _weight(first + step - 1)
        return 100 * total / CHANGES


def _weight(step: int) -> float:
    """Of step 0 (the oldest) to 19 (the newest)."""
    return WEIGHT_OLDEST + (WEIGHT_NEWEST - WEIGHT_OLDEST) * step / (CHANGES - 1)
