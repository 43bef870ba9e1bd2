"""The card against the exchange in virtual time: lines in memory, the real trunk, libpri on both ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TypeVar

from appliance.pri_card.pri_span import Record
from appliance.pri_card.pri_trunk import PriTrunk
from appliance.pri_card.span import Span
from appliance.pri_card.span_memory import MemorySpan, memory_pair
from appliance.pri_card.trunk import PlaceCall, SpanState, TrunkEvent
from appliance.simulator.exchange import Exchange
from appliance.simulator.population import Population

STEP_MIN_S = 0.0005  # time always moves on, even when something is due at once
STEP_MAX_S = 0.5
SETTLED_S = 2.5  # the trunk lets a fresh link stand for 2 s before its first SETUP

E = TypeVar("E")


class Rig:
    """An exchange, a trunk and a clock.  `events` has everything the trunk said, with its time."""

    def __init__(
        self,
        people: Population,
        *,
        seed: int = 1,
        spans: int = 1,
        slot_s: float = 0.02,
        before_trunk: Callable[[MemorySpan], Span] = lambda end: end,
        record: Record = lambda _span, _is_sent, _frame: None,
    ) -> None:
        """`before_trunk` may put something between a line's user end and the trunk."""
        self.seed = seed
        self.now = 0.0
        self.events: list[tuple[float, TrunkEvent]] = []
        self.on_event: Callable[[TrunkEvent], None] = lambda _event: None
        pairs = [memory_pair(number) for number in range(1, spans + 1)]
        self.user_ends = [user for user, _ in pairs]
        self.network_ends = [network for _, network in pairs]
        self.exchange = Exchange(self.network_ends, people, seed=seed, now=0.0)
        self.trunk = PriTrunk(
            [before_trunk(end) for end in self.user_ends],
            slots_s=[slot_s] * spans,
            gate=lambda _call, _now: True,
            now=0.0,
            record=record,
        )
        self._ids = itertools.count(1)

    def step(self) -> None:
        """Everything due now at both ends, then on to the next time that something is due."""
        self.exchange.poll(self.now)
        for event in self.trunk.poll(self.now):
            self.events.append((self.now, event))
            self.on_event(event)
        dues = [at for at in (self.exchange.due(), self.trunk.due()) if at is not None]
        following = min(dues, default=self.now + STEP_MAX_S)
        self.now = min(max(following, self.now + STEP_MIN_S), self.now + STEP_MAX_S)

    def until(self, wanted: Callable[[], bool], *, limit_s: float = 60.0) -> None:
        """Run until it is so.  Raises AssertionError after `limit_s` of virtual time."""
        end = self.now + limit_s
        while not wanted():
            assert self.now < end, f"seed {self.seed}: not within {limit_s} s; last: {self.events[-8:]}"
            self.step()

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.step()

    def settle(self) -> None:
        """Until every link is up and may be used."""
        for span in self.user_ends:
            self.until(lambda n=span.number: self.has(SpanState, lambda e: e.span == n and e.is_up))  # type: ignore[misc]
        self.run_for(SETTLED_S)

    def place(self, number: str) -> int:
        """Place a call; its id."""
        call_id = next(self._ids)
        self.trunk.place(PlaceCall(call_id, number, "0312345678"), self.now)
        return call_id

    def place_all(self, numbers: Iterable[str]) -> list[int]:
        return [self.place(number) for number in numbers]

    def of(self, kind: type[E], call_id: int | None = None) -> list[E]:
        """Events of a kind, of one call if given, in order."""
        return [
            event
            for _, event in self.events
            if isinstance(event, kind) and call_id in (None, getattr(event, "call_id", None))
        ]

    def has(self, kind: type[E], wanted: Callable[[E], bool] = lambda _event: True) -> bool:
        return any(wanted(event) for event in self.of(kind))

    def until_of(self, kind: type[E], call_id: int, *, limit_s: float = 60.0) -> E:
        """Run until the call has such an event; the first of them."""
        self.until(lambda: bool(self.of(kind, call_id)), limit_s=limit_s)
        return self.of(kind, call_id)[0]

    def at(self, event: TrunkEvent) -> float:
        """When the trunk said it."""
        return next(at for at, said in self.events if said is event)
