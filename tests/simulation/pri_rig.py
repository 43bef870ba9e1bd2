"""A trunk and the network side of its lines in one process and in virtual time.

The network side is libpri's, driven by a test: it keeps what arrived in `seen` and does what it is told.
`advance` runs everything that falls due, in order of time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from appliance.pri_card import q931
from appliance.pri_card.d_events import CallFreed, DEvent, DisconnectArrived, RestartArrived, SetupArrived
from appliance.pri_card.libpri import DChannel
from appliance.pri_card.pri_trunk import PriTrunk
from appliance.pri_card.span_memory import MemorySpan, memory_pair
from appliance.pri_card.trunk import PlaceCall, SpanState, TrunkEvent

E = TypeVar("E")
STEPS_MAX: Final = 200_000
NUMBER: Final = "0312345678"
CALLER: Final = "0300001111"
SETTLED_S: Final = 3.0


class Network:
    """The exchange's end of one line.  Answers DISCONNECT by itself unless `is_mute`."""

    def __init__(self, span: MemorySpan, now: float) -> None:
        self.span = span
        self.d = DChannel("network", now)
        self.seen: list[DEvent] = []
        self.is_mute = False  # takes frames in and says nothing above layer 2
        self.is_dead = False  # does not even take frames in
        self.on_event: Callable[[DEvent, float], None] = lambda _event, _now: None

    def poll(self, now: float) -> None:
        frames = self.span.receive_d(now)
        events = [] if self.is_dead else [event for frame in frames for event in self.d.feed(frame, now)]
        if not self.is_dead:
            events += self.d.run(now)
        for event in events:
            self.seen.append(event)
            self.on_event(event, now)
            if isinstance(event, DisconnectArrived) and not self.is_mute:
                self.d.hangup(event.call, event.cause, now)
        self.flush(now)

    def flush(self, now: float) -> None:
        frames = self.d.take_frames()
        if not self.is_dead:
            for frame in frames:
                self.span.send_d(frame, now)

    def silence(self, call: int, type_: q931.Type) -> None:
        """Never send that message of a call; a NOTIFY, which says nothing, keeps layer 2 in step."""
        suspended = bytes([q931.Element.NOTIFICATION, 1, 0x80])
        self.d._edit(call, type_, suspended, becomes=q931.Type.NOTIFY)

    def silence_restart(self) -> None:
        """Never acknowledge RESTART: what is sent instead belongs to no call."""
        self.d._edits[(0, False, q931.Type.RESTART_ACKNOWLEDGE)] = (q931.Type.STATUS, b"")

    def due(self) -> float | None:
        times = [self.span.due(), None if self.is_dead else self.d.due()]
        return min((at for at in times if at is not None), default=None)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.seen if isinstance(event, kind)]

    def last_setup(self) -> SetupArrived:
        return self.of(SetupArrived)[-1]

    def freed(self) -> set[int]:
        return {event.call for event in self.of(CallFreed)}


class Rig:
    """The whole: `now` is virtual, `events` is what the trunk has told."""

    def __init__(
        self,
        *,
        spans: int = 1,
        slot_s: float = 0.020,
        gate: Callable[[int, float], bool] = lambda _call, _now: True,
        is_lost: Callable[[bytes], bool] = lambda _frame: False,
        record: Callable[[int, bool, bytes], None] = lambda _span, _sent, _frame: None,
        is_settled: bool = True,
    ) -> None:
        self.now = 1000.0
        pairs = [memory_pair(number, is_lost=is_lost) for number in range(1, spans + 1)]
        self.users = [user for user, _ in pairs]
        self.networks = [Network(network, self.now) for _, network in pairs]
        self.trunk = PriTrunk(self.users, slots_s=[slot_s] * spans, gate=gate, now=self.now, record=record)
        self.events: list[TrunkEvent] = []
        self.on_trunk: Callable[[TrunkEvent], None] = lambda _event: None
        self._last_id = 0
        if is_settled:
            self.until(lambda: self.trunk.channels_free() == 23 * spans, within_s=SETTLED_S)
            self.events.clear()
            for network in self.networks:
                network.seen.clear()

    @property
    def network(self) -> Network:
        return self.networks[0]

    def place(self, number: str = NUMBER, *, caller: str = CALLER, is_presented: bool = True) -> int:
        self._last_id += 1
        self.trunk.place(PlaceCall(self._last_id, number, caller, is_presented), self.now)
        return self._last_id

    def advance(self, seconds: float) -> None:
        """Run everything that falls due in the next `seconds`."""
        self._run(self.now + seconds, lambda: False)

    def until(self, condition: Callable[[], bool], *, within_s: float = 60.0) -> None:
        """Run until `condition` holds; fails if it does not in time."""
        self._run(self.now + within_s, condition)
        assert condition(), f"still not so after {within_s} s; told: {self.events[-10:]}"

    def of(self, kind: type[E], call_id: int | None = None) -> list[E]:
        """Events of a kind, of one call if given."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and (call_id is None or getattr(event, "call_id", None) == call_id)
        ]

    def one(self, kind: type[E], call_id: int | None = None, *, within_s: float = 60.0) -> E:
        """The single event of that kind, waiting for it."""
        self.until(lambda: bool(self.of(kind, call_id)), within_s=within_s)
        found = self.of(kind, call_id)
        assert len(found) == 1, found
        return found[0]

    def set_up(self) -> tuple[int, int]:
        """(our call, the network's call) of a call whose SETUP has arrived."""
        count = len(self.network.of(SetupArrived))
        call = self.place()
        self.until(lambda: len(self.network.of(SetupArrived)) > count, within_s=2.0)
        return call, self.network.last_setup().call

    def converse(self) -> tuple[int, int]:
        """A call in conversation."""
        call, far = self.set_up()
        self.network.d.proceed(far, self.now)
        self.network.d.answer(far, self.now)
        self.advance(0.5)
        return call, far

    def cut(self) -> None:
        """Unplug the first line."""
        for end in (self.users[0], self.network.span):
            end.is_cut = True
            end.wire.clear()

    def mend(self) -> None:
        for end in (self.users[0], self.network.span):
            end.is_cut = False

    def is_up(self) -> bool:
        states = self.of(SpanState)
        return bool(states) and states[-1].is_up

    def restarts(self) -> list[int]:
        return [event.channel for event in self.network.of(RestartArrived)]

    def _run(self, end: float, condition: Callable[[], bool]) -> None:
        for _ in range(STEPS_MAX):
            self._poll()
            if condition():
                return
            dues = [self.trunk.due(), *(network.due() for network in self.networks)]
            following = max(self.now, min(at for at in [*dues, end] if at is not None))
            if following >= end and self.now >= end:
                return
            self.now = min(following, end)
        raise AssertionError("the rig runs in a circle")

    def _poll(self) -> None:
        for network in self.networks:
            network.flush(self.now)
            network.poll(self.now)
        for event in self.trunk.poll(self.now):
            self.events.append(event)
            self.on_trunk(event)
