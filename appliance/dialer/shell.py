"""The shell around the machine: feeds it what happens, carries out what it decides, re-arms one timer.

Decides nothing itself.  One asyncio loop, one thread of control; the loop measures itself and names an
input that took too long.  What waits for a disk or a password runs in threads and comes back as an input.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from appliance.clock import Clock
from appliance.dialer import inputs, outputs
from appliance.dialer.shell_load import Load
from appliance.pri_card.trunk import Cleared, PlaceCall, SetupSent, Trunk, TrunkEvent, Withdrawn

log = logging.getLogger("dialer")

TOO_LONG_S: Final = 0.010  # half a voice packet: an answer must not wait behind anything longer
TICK_MAX_S: Final = 1.0  # the machine is asked at least this often, whatever its `due` says
SAMPLES_MAX: Final = 100_000

Handler = Callable[[Any], None]


class Machine(Protocol):
    """What the shell needs of the machine (`machine.Machine` is the real one)."""

    def feed(self, what: Any, now: float) -> list[Any]: ...

    def due(self, now: float) -> float | None: ...

    def may_setup(self, call_id: int, now: float) -> bool: ...


class Samples:
    """The newest measurements of one kind, bounded."""

    def __init__(self) -> None:
        self._values: collections.deque[float] = collections.deque(maxlen=SAMPLES_MAX)

    def add(self, value: float) -> None:
        self._values.append(value)

    def values(self) -> tuple[float, ...]:
        return tuple(self._values)


class Shell:
    """Feeds and drains the machine.  Other parts of the shell register what they carry out."""

    def __init__(
        self,
        *,
        machine: Machine,
        trunk: Trunk,
        clock: Clock,
        on_turn: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_turn()` is called whenever the machine has taken all there was and the timer is armed."""
        self.machine = machine
        self.trunk = trunk
        self.clock = clock
        self._on_turn = on_turn
        self.slot_errors_ms = Samples()
        self.load = Load(now=clock.monotonic())
        self._watchers: dict[type, list[Handler]] = {}
        self._overheard: dict[type, list[Handler]] = {}
        self._handlers: dict[type, Handler] = {PlaceCall: self._place, outputs.ClearCall: self._clear}
        self._handlers[outputs.AnswerIncoming] = self._answer_incoming
        self._listeners: list[Callable[[float, Any], None]] = []
        self._pending: collections.deque[Any] = collections.deque()
        self._own_calls: dict[int, Handler] = {}
        self._is_draining = False
        self._timer: asyncio.TimerHandle | None = None
        self._watched: frozenset[int] = frozenset()
        self._channels = -1

    # --- wiring ---------------------------------------------------------------------------------------

    def carries_out(self, handlers: dict[type, Handler]) -> None:
        """Register who carries out which outputs.  Each output has exactly one."""
        doubled = self._handlers.keys() & handlers.keys()
        assert not doubled, f"carried out twice: {doubled}"
        self._handlers.update(handlers)

    def check(self, kinds: Iterable[type]) -> None:
        """Every output of the machine has somebody who carries it out."""
        missing = [kind.__name__ for kind in kinds if kind not in self._handlers]
        assert not missing, f"nobody carries out {missing}"

    def listen(self, listener: Callable[[float, Any], None]) -> None:
        """Tell `listener(now, input)` of every input before it is fed: the flight recorder."""
        self._listeners.append(listener)

    def watch(self, kind: type, watcher: Handler) -> None:
        """Tell `watcher(event)` of the trunk's events of one kind, before the machine hears of them."""
        self._watchers.setdefault(kind, []).append(watcher)

    def overhear(self, kind: type, listener: Handler) -> None:
        """Tell `listener(output)` of every output of one kind beside whoever carries it out."""
        self._overheard.setdefault(kind, []).append(listener)

    def own_call(self, call: PlaceCall, on_event: Handler) -> None:
        """Place a call that is none of the machine's: its events go to `on_event`, and no gate is asked."""
        self._own_calls[call.call_id] = on_event
        self._place(call)

    def end_own_call(self, call_id: int, cause: int) -> None:
        """Clear it; what the trunk still says of it goes to `on_event`, and nowhere else."""
        self.trunk.clear(call_id, cause, self.clock.monotonic())
        self._soon()

    # --- the loop -------------------------------------------------------------------------------------

    def feed(self, *what: Any) -> None:
        """Feed inputs in order.  One that arrives while an output is carried out waits its turn."""
        self._pending.extend(what)
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while self._pending:
                self._step(self._pending.popleft())
        finally:
            self._is_draining = False
        self._arm()
        self._on_turn()

    def poll(self) -> None:
        """Let the trunk do what is due and feed what it reports."""
        now = self.clock.monotonic()
        for event in self.trunk.poll(now):
            if (own := self._own_calls.get(getattr(event, "call_id", 0))) is not None:
                own(event)
                if isinstance(event, Cleared | Withdrawn):
                    del self._own_calls[event.call_id]
                continue
            self._note(event)
            self._pending.append(event)
        total = self.trunk.channels_total()
        if total != self._channels:
            self._channels = total
            self._pending.append(inputs.Channels(total))
        self._watch_files()
        self.feed()

    def gate(self, call_id: int, now: float) -> bool:
        """The trunk's question in the instant before SETUP."""
        return call_id in self._own_calls or self.machine.may_setup(call_id, now)

    def stop(self) -> None:
        """No timer and no file is watched any more."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        for file in self._watched:
            loop.remove_reader(file)

    def _step(self, what: Any) -> None:
        now = self.clock.monotonic()
        for listener in self._listeners:
            listener(now, what)
        for output in self.machine.feed(what, now):
            self._handlers[type(output)](output)
            for overhears in self._overheard.get(type(output), ()):
                overhears(output)
        took = self.clock.monotonic() - now
        self.load.note(now, took)
        if took > TOO_LONG_S:
            log.warning("%s took %.1f ms", type(what).__name__, took * 1000)

    def _arm(self) -> None:
        now = self.clock.monotonic()
        dues = [due for due in (self.machine.due(now), self.trunk.due()) if due is not None]
        due = min([*dues, now + TICK_MAX_S])
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, due - now), self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = self.clock.monotonic()
        due = self.machine.due(now)
        if due is None or due <= now:
            self._pending.append(inputs.Tick())
        self.poll()

    def _watch_files(self) -> None:
        wanted = frozenset(self.trunk.files())
        if wanted == self._watched:
            return
        loop = asyncio.get_running_loop()
        for file in self._watched - wanted:
            loop.remove_reader(file)
        for file in wanted - self._watched:
            with contextlib.suppress(ValueError, OSError):
                loop.add_reader(file, self.poll)
        self._watched = wanted

    # --- the trunk ------------------------------------------------------------------------------------

    def _note(self, event: TrunkEvent) -> None:
        if isinstance(event, SetupSent):
            self.slot_errors_ms.add(event.late_s * 1000)
        for watcher in self._watchers.get(type(event), ()):
            watcher(event)

    def _place(self, call: PlaceCall) -> None:
        self.trunk.place(call, self.clock.monotonic())
        self._soon()

    def _clear(self, output: outputs.ClearCall) -> None:
        self.trunk.clear(output.call_id, output.cause, self.clock.monotonic())
        self._soon()

    def _answer_incoming(self, output: outputs.AnswerIncoming) -> None:
        self.trunk.answer(output.call_id, self.clock.monotonic())
        self._soon()

    def _soon(self) -> None:
        """What the trunk was told goes out in this turn of the loop, after all outputs are carried out."""
        asyncio.get_running_loop().call_soon(self.poll)
