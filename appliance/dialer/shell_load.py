"""How busy the dialer's loop was lately: what it was told, and the longest it took over one thing.

Counts; no clock of its own.
"""

from __future__ import annotations

import collections
from typing import Final

from appliance.dialer.messages import EngineBoard

KEPT_S: Final = 60  # "the last minute" of the page


class Second:
    """One second: inputs taken, and the longest in seconds."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.inputs = 0
        self.longest_s = 0.0


class Load:
    """The last minute, second by second."""

    def __init__(self, *, now: float) -> None:
        self._begun = now
        self._seconds: collections.deque[Second] = collections.deque(maxlen=KEPT_S + 1)

    def note(self, now: float, took_s: float) -> None:
        """An input was taken at `now`, with all that it led to in `took_s`."""
        if not self._seconds or self._seconds[-1].at != int(now):
            self._seconds.append(Second(int(now)))
        second = self._seconds[-1]
        second.inputs += 1
        second.longest_s = max(second.longest_s, took_s)

    def board(self, now: float) -> EngineBoard:
        """The last minute, or what there was of it since the start."""
        recent = [second for second in self._seconds if second.at > now - KEPT_S - 1]
        lived_s = max(1.0, min(KEPT_S, now - self._begun))
        return EngineBoard(
            inputs_per_s=sum(second.inputs for second in recent) / lived_s,
            longest_ms=1000 * max((second.longest_s for second in recent), default=0.0),
        )
