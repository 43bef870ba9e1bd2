"""The trunk over 1-5 INS1500 spans: queues calls, picks span, slot and channel, and asks the gate last.

Implements `trunk.Trunk`.  Decides nothing about customers: a call that the exchange refused for want of
room is told as `Cleared(is_line_fault=True)`, and whoever placed it places it again.
"""

from __future__ import annotations

import contextlib
import itertools
import select
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from appliance.pri_card.b_channels import State
from appliance.pri_card.flight import FlightRecorder
from appliance.pri_card.libpri import check_number
from appliance.pri_card.pri_span import PriSpan, Record
from appliance.pri_card.span import Span, open_span
from appliance.pri_card.trunk import Gate, PlaceCall, TrunkEvent, Withdrawn
from appliance.settings import Home, Settings

QUEUE_MAX: Final = 1000  # far more calls than channels: the dialer has lost count of its own


class PriTrunk:
    """See `Trunk`.  `record` is given every D frame; `slots_s` are the spans' minimum SETUP distances."""

    def __init__(
        self,
        spans: Sequence[Span],
        *,
        slots_s: Sequence[float],
        gate: Gate,
        now: float,
        record: Record = lambda _span, _is_sent, _frame: None,
    ) -> None:
        incoming = itertools.count(-1, -1)
        self._gate = gate
        self._epoll = select.epoll()
        self._queue: deque[tuple[PlaceCall, float]] = deque()  # with the time it was placed
        self._asked: list[PlaceCall] = []  # those that want one channel and no other
        self._possible_at = now  # since when a queued call could have gone but for its slot
        self._was_full = True
        self._withdrawn: list[TrunkEvent] = []
        self._spans = [
            PriSpan(span, slot_s=slot_s, new_incoming_id=lambda: next(incoming), record=record, now=now)
            for span, slot_s in zip(spans, slots_s, strict=True)
        ]
        self._watch_files()

    # --- commands ---------------------------------------------------------------------------------------

    def place(self, call: PlaceCall, now: float) -> None:
        """Queue a call.  Raises BadInput on a number or a caller that cannot be sent."""
        assert call.call_id > 0, "incoming calls have the negative ids"
        assert len(self._queue) < QUEUE_MAX, "calls are placed for free channels, not for a stock"
        check_number(call.number)
        if call.caller:
            check_number(call.caller)
        if call.line is not None:
            self._asked.append(call)
            return
        self._queue.append((call, now))

    def clear(self, call_id: int, cause: int, now: float) -> None:
        for asked in self._asked:
            if asked.call_id == call_id:
                self._asked.remove(asked)
                self._withdrawn.append(Withdrawn(call_id))
                return
        for queued in self._queue:
            if queued[0].call_id == call_id:
                self._queue.remove(queued)
                self._withdrawn.append(Withdrawn(call_id))
                return
        for span in self._spans:
            span.clear(call_id, cause, now)

    def clear_all(self, now: float) -> None:
        """Before the end: forget what is queued, release every call.  Poll until `has_calls` is false."""
        self._queue.clear()
        self._asked.clear()
        for span in self._spans:
            span.clear_all(now)

    @property
    def has_calls(self) -> bool:
        """Whether a call stands on any span."""
        return any(span.has_calls for span in self._spans)

    def answer(self, call_id: int, now: float) -> None:
        for span in self._spans:
            span.answer(call_id, now)

    # --- the loop ---------------------------------------------------------------------------------------

    def poll(self, now: float) -> list[TrunkEvent]:
        events = [event for span in self._spans for event in span.poll(now)]
        self._note_room(now)
        if self._asked:
            self._place_asked(now)
        if self._queue:
            self._place_queued(now)
        self._watch_files()
        return events + self._take_events()

    def due(self) -> float | None:
        times = [span.due() for span in self._spans]
        if self._withdrawn or any(span.has_events() for span in self._spans):
            return 0.0
        if self._queue:
            times += [span.slots.next_at for span in self._spans if self._has_room(span)]
        times += [span.slots.next_at for call in self._asked if (span := self._span_of(call)) is not None]
        return min((at for at in times if at is not None), default=None)

    def files(self) -> list[int]:
        """One descriptor that is readable when any span's is; it stays the same for ever."""
        return [self._epoll.fileno()]

    def channels_total(self) -> int:
        return sum(len(span.channels) for span in self._spans if span.is_up)

    def channels_free(self) -> int:
        idle = sum(span.channels.count(State.IDLE) for span in self._spans if span.is_up)
        return max(0, idle - len(self._queue))

    def slot_s(self, span: int) -> float:
        """The present distance of a span's SETUPs."""
        return next(seen.slots.slot_s for seen in self._spans if seen.number == span)

    def close(self) -> None:
        """Let go of the lines.  Calls on them are cleared by the exchange."""
        for span in self._spans:
            span.close()
        self._epoll.close()

    # --- inside -----------------------------------------------------------------------------------------

    def _take_events(self) -> list[TrunkEvent]:
        events, self._withdrawn = self._withdrawn, []
        for span in self._spans:
            events += span.take_events()
        return events

    def _has_room(self, span: PriSpan) -> bool:
        return span.is_up and span.channels.hunt() != 0

    def _place_queued(self, now: float) -> None:
        """Send what slots and channels allow.  The gate is asked last, with nothing after it but SETUP."""
        while self._queue:
            span = self._next_span(now)
            if span is None:
                return
            call, placed_at = self._queue.popleft()
            if not self._gate(call.call_id, now):
                self._withdrawn.append(Withdrawn(call.call_id))
                continue
            wanted_at = max(span.slots.next_at, placed_at, self._possible_at)
            span.place(call, now, late_s=max(0.0, now - wanted_at))
            self._note_room(now)

    def _place_asked(self, now: float) -> None:
        """Calls that want one channel: as soon as it is idle and its span's slot has come."""
        for call in tuple(self._asked):
            span = self._span_of(call)
            if span is None or span.slots.next_at > now:
                continue
            self._asked.remove(call)
            if self._gate(call.call_id, now):
                span.place(call, now, late_s=0.0)
            else:
                self._withdrawn.append(Withdrawn(call.call_id))

    def _span_of(self, call: PlaceCall) -> PriSpan | None:
        """The span whose very channel the call wants; None while that is not idle."""
        line = call.line
        for span in self._spans:
            if line is not None and span.number == line.span and span.is_up:
                is_there = span.channels.exists(line.channel)
                return span if is_there and span.channels.state(line.channel) is State.IDLE else None
        return None

    def _note_room(self, now: float) -> None:
        """Remember when the last shortage of channels ended: waiting for one is no lateness."""
        is_full = not any(self._has_room(span) for span in self._spans)
        if self._was_full and not is_full:
            self._possible_at = now
        self._was_full = is_full

    def _next_span(self, now: float) -> PriSpan | None:
        """Of the spans whose slot has come, the one with the most idle channels."""
        ready = [span for span in self._spans if self._has_room(span) and span.slots.next_at <= now]
        return max(ready, key=lambda span: span.channels.count(State.IDLE), default=None)

    def _watch_files(self) -> None:
        """Descriptors change when a line comes back; those that closed have left the set by themselves."""
        for span in self._spans:
            for descriptor in span.files():
                with contextlib.suppress(FileExistsError):
                    self._epoll.register(descriptor, select.EPOLLIN | select.EPOLLPRI)


def open_trunk(
    settings: Settings, home: Home, *, gate: Gate, now: float, wall: Callable[[], float]
) -> tuple[PriTrunk, FlightRecorder]:
    """The trunk of the site file, with its flight recorder running.

    The shell calls `recorder.flush(now)` once a second and closes both.
    """
    recorder = FlightRecorder(home.trace, bytes_max=settings.limits.trace_bytes_max, wall=wall)
    trunk = PriTrunk(
        [open_span(span, home) for span in settings.spans],
        slots_s=[span.slot_ms / 1000 for span in settings.spans],
        gate=gate,
        now=now,
        record=recorder.record,
    )
    return trunk, recorder
