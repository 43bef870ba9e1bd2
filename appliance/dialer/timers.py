"""Deadlines of one machine: a heap of (when, key), each key armed at most once."""

from __future__ import annotations

import heapq
from typing import Literal

Kind = Literal[
    "ring",
    "window",
    "apology",
    "incoming",
    "offer",
    "house",
    "party",
    "talk",
    "keys",
    "rung",
    "listen",
    "many",
    "recalls",
    "promise",
    "wrap",
]
Key = tuple[Kind, int]


class Timers:
    """Armed keys come out in order of time, and of arming where times are equal."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Key]] = []
        self._armed: dict[Key, int] = {}
        self._order = 0

    def arm(self, kind: Kind, number: int, at: float) -> None:
        """Let `(kind, number)` come out at `at`, in place of any earlier arming."""
        self._order += 1
        self._armed[(kind, number)] = self._order
        heapq.heappush(self._heap, (at, self._order, (kind, number)))

    def disarm(self, kind: Kind, number: int) -> None:
        self._armed.pop((kind, number), None)

    def due(self) -> float | None:
        """When the first one comes out."""
        heap = self._heap
        while heap and self._armed.get(heap[0][2]) != heap[0][1]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now: float) -> Key | None:
        """The first key whose time has come, disarmed."""
        due = self.due()
        if due is None or due > now:
            return None
        _at, _order, key = heapq.heappop(self._heap)
        del self._armed[key]
        return key
