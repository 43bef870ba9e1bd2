"""A call-level exchange for simulated shifts: trunk events straight to the machine, no frames, no audio.

Spans go down and come up, the exchange refuses when it is told to, and every call it was handed is cleared
exactly once.  Answers are abandoned by nobody but the machine: its customers wait for the apology.
"""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.dialer import inputs, outputs
from appliance.dialer.party_leg import FIRST_CALL
from appliance.pri_card import trunk
from appliance.simulator.shift_laws import AnswerRate, Laws
from appliance.simulator.shift_world import World

CLEARING_S: Final = 0.05  # DISCONNECT to RELEASE COMPLETE
ALERTING_S: Final = 1.0
SLOT_S: Final = 0.020
CHANNELS_A_SPAN: Final = 23
LINE_FAULT_CAUSE: Final = 27
CONGESTION_CAUSE: Final = 42
VACANT_SHARE: Final = 0.3  # of the calls that are busy or invalid


@dataclass(slots=True)
class Call:
    """One call the exchange holds.  `is_ending`: its last event is on the way."""

    call_id: int
    line: trunk.Line
    number: str
    is_answered: bool = False
    is_ending: bool = False


class Exchange:
    """Channels, slots and callees.  `channels` are dealt to spans of 23."""

    def __init__(
        self,
        world: World,
        laws: Laws,
        answer: AnswerRate,
        *,
        channels: int,
        gate: Callable[[int, float], bool],
        rng: random.Random,
        is_slotted: bool = True,
    ) -> None:
        self._world, self._laws, self._answer, self._gate, self._rng = world, laws, answer, gate, rng
        lines = [trunk.Line(i // CHANNELS_A_SPAN + 1, i % CHANNELS_A_SPAN + 1) for i in range(channels)]
        self.free: list[trunk.Line] = lines[::-1]
        self.spans = sorted({line.span for line in lines})
        self.channels = channels
        self.calls: dict[int, Call] = {}
        self.down: set[int] = set()
        self.is_congested = False
        self.meet_third: Callable[[Call], None] = self._meet  # what becomes of a third party's SETUP
        self.setups: collections.Counter[str] = collections.Counter()  # by number
        self._pending: collections.deque[trunk.PlaceCall] = collections.deque()
        self._slot_s = SLOT_S / len(self.spans) if is_slotted else 0.0
        self._next_slot = 0.0
        self._is_armed = False
        world.carries_out({trunk.PlaceCall: self._place, outputs.ClearCall: self._clear})

    def start(self) -> None:
        """Bring all spans up that are not lost."""
        for span in self.spans:
            if span not in self.down:
                self._world.tell(trunk.SpanState(span, is_up=True))
        self._tell_channels()

    # --- from the machine -----------------------------------------------------------------------------

    def _place(self, call: trunk.PlaceCall) -> None:
        self._pending.append(call)
        self._arm()

    def _clear(self, output: outputs.ClearCall) -> None:
        for call in list(self._pending):
            if call.call_id == output.call_id:
                self._pending.remove(call)
                self._world.after(0.0, self._world.tell, trunk.Withdrawn(call.call_id))
        standing = self.calls.get(output.call_id)
        if standing is not None and not standing.is_ending:
            self._end(standing, output.cause, after_s=CLEARING_S)

    def _arm(self) -> None:
        if self._pending and not self._is_armed:
            self._is_armed = True
            self._world.after(max(0.0, self._next_slot - self._world.now), self._send)

    def _send(self) -> None:
        """One SETUP in its slot, if the gate lets it."""
        self._is_armed = False
        if not self._pending or not self.free:
            return  # armed again by the next call, or by the next free channel
        placed = self._pending.popleft()
        if not self._gate(placed.call_id, self._world.now):
            self._arm()
            self._world.tell(trunk.Withdrawn(placed.call_id))
            return
        self._next_slot = self._world.now + self._slot_s
        call = Call(placed.call_id, self.free.pop(), placed.number)
        self.calls[call.call_id] = call
        self.setups[call.number] += 1
        self._arm()
        self._world.tell(trunk.SetupSent(call.call_id, call.line))
        (self.meet_third if call.call_id >= FIRST_CALL else self._meet)(call)

    # --- callees --------------------------------------------------------------------------------------

    def _meet(self, call: Call) -> None:
        """What becomes of a SETUP."""
        laws, rng = self._laws, self._rng
        if self.is_congested:
            self._world.after(0.0, self.refuse, call)
            return
        draw = rng.random()
        rate = self._answer(self._world.now)
        if draw < rate:
            ring_s = laws.ring_s(rng)
            self.alert(call, min(ALERTING_S, ring_s / 2))
            if ring_s < laws.ring_timeout_s:
                self._world.after(ring_s, self.pick_up, call)
        elif draw < rate + laws.short_share:
            self._end_short(call)
        else:
            self.alert(call, ALERTING_S)

    def alert(self, call: Call, after_s: float) -> None:
        """It rings after a while."""
        self._world.after(after_s, self.tell_if, call, trunk.Alerting(call.call_id))

    def _end_short(self, call: Call) -> None:
        laws, rng = self._laws, self._rng
        if rng.random() >= VACANT_SHARE:
            self._world.after(laws.short_s, self.end_if, call, 17)
            return
        form = rng.randrange(3)
        if form == 0:
            self._world.after(laws.short_s, self.end_if, call, 1)
        elif form == 1:
            self._world.after(laws.short_s, self.tell_if, call, trunk.Progress(call.call_id, True, 1))
        else:
            self._world.after(laws.short_s, self.tell_if, call, trunk.Disconnecting(call.call_id, 1))

    def pick_up(self, call: Call) -> None:
        """The callee answers."""
        if not call.is_ending:
            call.is_answered = True
            self._world.tell(trunk.Answered(call.call_id, call.line))

    def hang_up(self, call_id: int) -> None:
        """The customer hangs up."""
        call = self.calls.get(call_id)
        if call is not None and not call.is_ending:
            self._end(call, 16)

    def refuse(self, call: Call) -> None:
        """The exchange is congested."""
        if not call.is_ending:
            self._world.tell(trunk.Congested(call.line.span, CONGESTION_CAUSE, 0.1))
            self._end(call, CONGESTION_CAUSE, is_line_fault=True)

    def tell_if(self, call: Call, what: trunk.TrunkEvent) -> None:
        """The network says something of a call that stands."""
        if not call.is_ending:
            self._world.tell(what)

    def end_if(self, call: Call, cause: int) -> None:
        """The network ends it."""
        if not call.is_ending:
            self._end(call, cause)

    def _end(self, call: Call, cause: int, *, after_s: float = 0.0, is_line_fault: bool = False) -> None:
        call.is_ending = True
        self._world.after(after_s, self._ended, call, trunk.Cleared(call.call_id, cause, is_line_fault))

    def _ended(self, call: Call, cleared: trunk.Cleared) -> None:
        if self.calls.pop(call.call_id, None) is None:
            return  # its span went down in the meantime
        if call.line.span not in self.down:
            self.free.append(call.line)
        self._world.tell(cleared)
        self._arm()

    # --- faults ---------------------------------------------------------------------------------------

    def lose_span(self, span: int) -> None:
        """A span's link is lost: its calls are disposed, its channels are gone."""
        if span in self.down:
            return
        self.down.add(span)
        self.free = [line for line in self.free if line.span != span]
        lost = [call for call in self.calls.values() if call.line.span == span]
        for call in lost:
            call.is_ending = True
        self._world.tell(trunk.SpanState(span, is_up=False, alarm="red"))
        self._tell_channels()
        for call in lost:
            if self.calls.pop(call.call_id, None) is not None:
                self._world.tell(trunk.Cleared(call.call_id, LINE_FAULT_CAUSE, is_line_fault=True))

    def lose_user(self, gate: Callable[[int, float], bool]) -> None:
        """The other end of every D channel is gone: no call stands, and a new one asks `gate`."""
        self._gate = gate
        for call in self.calls.values():
            call.is_ending = True
            if call.line.span not in self.down:
                self.free.append(call.line)
        self.calls.clear()
        self._pending.clear()

    def restore_span(self, span: int) -> None:
        if span not in self.down:
            return
        self.down.discard(span)
        here = range(1, CHANNELS_A_SPAN + 1)
        self.free += [
            trunk.Line(span, channel)
            for channel in here
            if (span - 1) * CHANNELS_A_SPAN + channel <= self.channels
        ]
        self._world.tell(trunk.SpanState(span, is_up=True))
        self._tell_channels()
        self._arm()

    def _tell_channels(self) -> None:
        first = range(self.channels)
        up = sum(i // CHANNELS_A_SPAN + 1 not in self.down for i in first) if self.down else self.channels
        self._world.tell(inputs.Channels(up))
