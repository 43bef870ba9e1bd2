"""What the parts of a simulated shift share: virtual time, and the way to the machine."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Observer = Callable[[float, Any, list[Any]], None]
"""Told (now, input, outputs) after each input."""


class World:
    """A queue of things to come, and the machine they are told to.

    What an output leads to is put into the queue, never fed while another input's outputs are carried out.
    """

    def __init__(self, feed: Callable[[Any, float], list[Any]]) -> None:
        self.now = 0.0
        self.events_fed = 0
        self._feed = feed
        self._queue: list[tuple[float, int, Callable[..., object], tuple[Any, ...], dict[str, Any]]] = []
        self._order = 0
        self._carriers: dict[type, Callable[[Any], None]] = {}
        self.observers: list[Observer] = []

    def carries_out(self, carriers: dict[type, Callable[[Any], None]]) -> None:
        """Who carries out which outputs; those nobody claims are let go."""
        self._carriers.update(carriers)

    def after(self, seconds: float, do: Callable[..., object], *args: Any, **named: Any) -> None:
        """Do something later."""
        self._order += 1
        heapq.heappush(self._queue, (self.now + seconds, self._order, do, args, named))

    def tell(self, what: Any) -> None:
        """Feed the machine now and carry out what it decides."""
        self.events_fed += 1
        outputs = self._feed(what, self.now)
        for output in outputs:
            carrier = self._carriers.get(type(output))
            if carrier is not None:
                carrier(output)
        for observer in self.observers:
            observer(self.now, what, outputs)

    def replace(self, feed: Callable[[Any, float], list[Any]]) -> None:
        """Another machine from now on; what was about to be told to the one before is told to nobody."""
        self._feed = feed
        self._queue = [entry for entry in self._queue if entry[2] != self.tell]
        heapq.heapify(self._queue)

    def next_at(self) -> float | None:
        return self._queue[0][0] if self._queue else None

    def step(self) -> None:
        """Let the next thing happen."""
        self.now, _order, do, args, named = heapq.heappop(self._queue)
        do(*args, **named)
