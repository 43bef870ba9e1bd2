"""One span at work: its D channel, its B channels, its calls and its pace, driven by `poll(now)`.

Does what the tables say (`call`, `b_channels`, `setup_slots`); knows no other span and no dialer.  What
happened comes out as trunk events.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from appliance.errors import DeviceError
from appliance.pri_card import b_channels, causes
from appliance.pri_card.b_channels import BChannels
from appliance.pri_card.call import Call, Input, State, Step
from appliance.pri_card.d_events import (
    AlertingArrived,
    CallFreed,
    Complaint,
    ConnectArrived,
    DEvent,
    DisconnectArrived,
    LinkDown,
    LinkReset,
    LinkUp,
    ProceedingArrived,
    ProgressArrived,
    RestartAcknowledged,
    RestartArrived,
    SetupArrived,
)
from appliance.pri_card.libpri import DChannel
from appliance.pri_card.link_watch import LinkWatch
from appliance.pri_card.restarts import Restarts
from appliance.pri_card.setup_slots import CONGESTION_CAUSES, SetupSlots
from appliance.pri_card.span import Span
from appliance.pri_card.trunk import (
    Alerting,
    Answered,
    Cleared,
    Congested,
    Disconnecting,
    Incoming,
    Line,
    PlaceCall,
    Proceeding,
    Progress,
    SetupSent,
    SpanState,
    TrunkEvent,
)

log = logging.getLogger("pri_card")

Record = Callable[[int, bool, bytes], None]
"""Flight recorder: (span, whether we sent it, frame)."""


class PriSpan:
    """One line of the trunk.  `new_incoming_id` numbers calls that arrive; `record` sees every frame."""

    def __init__(
        self, span: Span, *, slot_s: float, new_incoming_id: Callable[[], int], record: Record, now: float
    ) -> None:
        self.number = span.number
        self.channels = BChannels()
        self.slots = SetupSlots(slot_s)
        self._span = span
        self._new_incoming_id = new_incoming_id
        self._record = record
        self._d = DChannel("cpe", now)
        self._calls: dict[int, Call] = {}
        self._lines: dict[int, Line] = {}
        self._by_d: dict[int, int] = {}
        self._events: list[TrunkEvent] = []
        self._told: SpanState | None = None
        self._restarts = Restarts(self.channels)
        self._open(now)
        self._watch = LinkWatch(span.alarm(), now)

    # --- commands ---------------------------------------------------------------------------------------

    def place(self, wanted: PlaceCall, now: float, late_s: float) -> None:
        """Send SETUP on the highest idle channel, or the one it wants; it is there, and its slot has come."""
        channel = wanted.line.channel if wanted.line else self.channels.hunt()
        assert channel, "the trunk places where there is an idle channel"
        d_call = self._d.place(
            number=wanted.number,
            caller=wanted.caller,
            channel=channel,
            now=now,
            is_presented=wanted.is_presented,
        )
        self.slots.take(now)
        self.channels.reserve(channel, wanted.call_id)
        call = Call(wanted.call_id, d_call, State.SETUP, entered_at=now, setup_at=now)
        call.link_epoch = self._watch.epoch
        self._enter(call, channel)
        self._events.append(SetupSent(call.call_id, Line(self.number, channel), late_s))
        self._flush(now)

    def clear(self, call_id: int, cause: int, now: float) -> None:
        self._feed(call_id, Input.CLEAR, now, cause)
        self._flush(now)

    def clear_all(self, now: float) -> None:
        """Release every call, incoming ones too."""
        for call_id in list(self._calls):
            self._feed(call_id, Input.CLEAR, now, causes.NORMAL)
        self._flush(now)

    @property
    def has_calls(self) -> bool:
        return bool(self._calls)

    def answer(self, call_id: int, now: float) -> None:
        self._feed(call_id, Input.ANSWER, now)
        self._flush(now)

    def close(self) -> None:
        self._span.close()

    # --- the loop ---------------------------------------------------------------------------------------

    def poll(self, now: float) -> list[TrunkEvent]:
        """Do what is due at `now`; what happened since the last poll."""
        for frame in self._span.receive_d(now):
            self._record(self.number, False, frame)
            self._take(self._d.feed(frame, now), now)
        self._take(self._d.run(now), now)
        self._time_out(now)
        self._watch_line(now)
        self._restart_doubtful(now)
        self._flush(now)
        return self.take_events()

    def take_events(self) -> list[TrunkEvent]:
        """What happened and has not been handed out yet."""
        events, self._events = self._events, []
        return events

    def due(self) -> float | None:
        """When `poll` must run again."""
        times = [self._span.due(), self._d.due(), *(call.due() for call in self._calls.values())]
        times.append(self._restarts.due())
        if not self.is_up:
            times.append(self._watch.settles_at())
        if self._calls:
            times.append(self._watch.calls_lost_at())
        return min((at for at in times if at is not None), default=None)

    def files(self) -> list[int]:
        return self._span.files()

    @property
    def is_up(self) -> bool:
        """Whether a SETUP would be heard, as of the last poll."""
        return self._told is not None and self._told.is_up

    def has_events(self) -> bool:
        return bool(self._events)

    def _open(self, now: float) -> None:
        try:
            self._span.open_d(now)
        except DeviceError as error:
            log.error("%s", error)

    def _flush(self, now: float) -> None:
        for frame in self._d.take_frames():
            self._record(self.number, True, frame)
            self._span.send_d(frame, now)

    # --- what the network says --------------------------------------------------------------------------

    def _take(self, events: Iterable[DEvent], now: float) -> None:
        for event in events:
            self._take_one(event, now)

    def _take_one(self, event: DEvent, now: float) -> None:
        match event:
            case ProceedingArrived(d_call, channel):
                self._hear(d_call, Input.PROCEEDING, now, channel)
            case AlertingArrived(d_call, channel):
                self._hear(d_call, Input.ALERTING, now, channel)
            case ProgressArrived(d_call, channel, in_band, cause):
                self._hear(d_call, Input.PROGRESS, now, channel, cause, in_band)
            case ConnectArrived(d_call, channel):
                self._hear(d_call, Input.CONNECT, now, channel)
            case DisconnectArrived(d_call, cause, in_band):
                what = Input.DISCONNECT_IN_BAND if in_band else Input.DISCONNECT
                self._hear(d_call, what, now, 0, cause)
            case CallFreed(d_call, cause, is_local):
                self._hear(d_call, Input.UNCONFIRMED if is_local else Input.FREED, now, 0, cause)
            case SetupArrived():
                self._offer(event, now)
            case RestartArrived(channel):
                self._restarted_by_network(channel, now)
            case RestartAcknowledged(channel):
                self._restarts.acknowledged(channel)
            case LinkUp() | LinkReset():
                self._link_up(now)
            case LinkDown():
                self._link_down(now)
            case Complaint(text):
                log.debug("span %d: %s", self.number, text)

    def _hear(
        self,
        d_call: int,
        what: Input,
        now: float,
        channel: int,
        cause: int = 0,
        is_in_band: bool = False,
    ) -> None:
        """A message about a call of ours; the first one that names a channel settles it."""
        call_id = self._by_d.get(d_call)
        call = self._calls.get(call_id) if call_id is not None else None
        if call is None:
            return
        if channel and call.state is State.SETUP:
            self.slots.accepted(call.setup_at, now)
        was_on = self._lines[call.call_id]
        if channel and not self._agree(call, channel):
            self._feed(call.call_id, Input.UNFIT, now, causes.CHANNEL_UNACCEPTABLE)
            return
        line = self._lines[call.call_id]
        if line != was_on and what in (Input.ALERTING, Input.PROGRESS):  # these do not tell the line
            self._events.append(Proceeding(call.call_id, line))
        self._feed(call.call_id, what, now, cause, is_in_band)

    def _agree(self, call: Call, channel: int) -> bool:
        """Put the call on the channel that the network names."""
        line = self._lines[call.call_id]
        if line.channel == channel and self.channels.state(channel) is b_channels.State.BUSY:
            return self.channels.owner(channel) == call.call_id
        if not self.channels.claim(channel, call.call_id):
            return False
        self._lines[call.call_id] = Line(self.number, channel)
        return True

    def _offer(self, setup: SetupArrived, now: float) -> None:
        """An incoming call: taken if its channel can be had; the network's call wins a glare."""
        if not setup.is_speech:
            self._d.reject(setup.call, causes.INCOMPATIBLE, now)
            return
        channel = setup.channel or self.channels.lowest_idle()
        call_id = self._new_incoming_id()
        if not self._make_room(channel, call_id):
            self._d.reject(setup.call, causes.CHANNEL_UNAVAILABLE, now)
            return
        call = Call(call_id, setup.call, State.OFFERED, entered_at=now, setup_at=now)
        call.link_epoch = self._watch.epoch
        self._enter(call, channel)
        self._d.proceed(setup.call, now, channel=channel)
        self._d.alert(setup.call, now)
        caller = setup.caller if setup.is_presented else ""
        self._events.append(Incoming(call_id, Line(self.number, channel), setup.called, caller))

    def _make_room(self, channel: int, call_id: int) -> bool:
        if not self.channels.exists(channel):
            return False
        if self.channels.state(channel) is b_channels.State.RESERVED:
            loser = self.channels.yield_to(channel, call_id)
            self._calls[loser].has_no_channel = True
            return True
        return self.channels.claim(channel, call_id)

    # --- calls ------------------------------------------------------------------------------------------

    def _enter(self, call: Call, channel: int) -> None:
        self._calls[call.call_id] = call
        self._lines[call.call_id] = Line(self.number, channel)
        self._by_d[call.d_call] = call.call_id

    def _feed(self, call_id: int, what: Input, now: float, cause: int = 0, is_in_band: bool = False) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        was = call.state
        for step in call.feed(what, now, cause):
            self._do(step, call, was, now, cause, is_in_band)

    def _do(self, step: Step, call: Call, was: State, now: float, cause: int, is_in_band: bool) -> None:
        call_id, line = call.call_id, self._lines[call.call_id]
        match step:
            case Step.TELL_PROCEEDING:
                self._events.append(Proceeding(call_id, line))
            case Step.TELL_ALERTING:
                self._events.append(Alerting(call_id))
            case Step.TELL_PROGRESS:
                self._events.append(Progress(call_id, is_in_band, cause))
            case Step.TELL_ANSWERED:
                self._events.append(Answered(call_id, line))
            case Step.TELL_DISCONNECTING:
                self._events.append(Disconnecting(call_id, call.cause))
            case Step.SEND_CONNECT:
                self._d.answer(call.d_call, now)
            case Step.HANG_UP:
                self._d.hangup(call.d_call, call.cause or causes.NORMAL, now)
            case Step.ABANDON:
                self._d.abandon(call.d_call, now)
            case Step.DOUBT:
                self.channels.doubt(call_id)
            case Step.TELL_CLEARED:
                self._leave(call, was, now)

    def _leave(self, call: Call, was: State, now: float) -> None:
        """The call's last step: the channel is free, the trunk is told, the pace learns."""
        self.channels.free(call.call_id)
        del self._calls[call.call_id], self._lines[call.call_id], self._by_d[call.d_call]
        is_fault = not call.is_ours and causes.is_line_fault(
            call.cause,
            is_local=call.is_local,
            link_changed=call.link_epoch != self._watch.epoch,
        )
        self._events.append(Cleared(call.call_id, call.cause or causes.NORMAL, is_fault))
        if was is State.SETUP and not is_fault and not call.is_ours:
            self.slots.accepted(call.setup_at, now)
        is_refusal = call.cause in CONGESTION_CAUSES and not call.is_ours and not call.has_no_channel
        if is_refusal and call.call_id > 0 and self.slots.congested(call.setup_at, now):
            self._events.append(Congested(self.number, call.cause, self.slots.slot_s))

    def _time_out(self, now: float) -> None:
        expired = [call.call_id for call in self._calls.values() if (call.due() or now + 1) <= now]
        for call_id in expired:
            self._feed(call_id, Input.TIMEOUT, now)

    # --- link, alarm, restart ---------------------------------------------------------------------------

    def _link_up(self, now: float) -> None:
        """Up, or up once more.  Whether the exchange still knows our calls is asked (Q.931 5.8.8-5.8.10)."""
        self._watch.link_up(now)
        self._restarts.forget()
        for call in self._calls.values():
            if call.state is not State.CLEARING:
                self._d.enquire(call.d_call, now)

    def _link_down(self, now: float) -> None:
        """Calls that are not in conversation end at once, the others after T309 (Q.931 5.8.9)."""
        self._watch.link_down(now)
        self._restarts.forget()
        self._lose([call.call_id for call in self._calls.values() if call.state is not State.ANSWERED], now)

    def _watch_line(self, now: float) -> None:
        """Tell how the line is; one that has been broken for long enough takes its conversations along."""
        self._watch.set_alarm(self._span.alarm(), now)
        lost_at = self._watch.calls_lost_at()
        if lost_at is not None and now >= lost_at:
            self._lose(list(self._calls), now)
        state = SpanState(self.number, self._watch.is_usable(now), self._watch.alarm)
        if state != self._told:
            self._told = state
            self._events.append(state)

    def _lose(self, calls: list[int], now: float) -> None:
        for call_id in calls:
            self.channels.doubt(call_id)
            self._feed(call_id, Input.LOST, now, causes.OUT_OF_ORDER)

    def _restarted_by_network(self, channel: int, now: float) -> None:
        """The exchange has forgotten what was on the channel (0: on all), and so do we (Q.931 5.5.2)."""
        for call_id, line in list(self._lines.items()):
            if channel in (0, line.channel):
                self._feed(call_id, Input.LOST, now, causes.TEMPORARY_FAILURE)
        self._restarts.restored(channel)

    def _restart_doubtful(self, now: float) -> None:
        given_up = self._restarts.overdue(now)
        if given_up is not None:
            log.warning("span %d: the exchange does not acknowledge RESTART %d", self.number, given_up)
        if self.is_up:
            channel = self._restarts.next(now)
            if channel is not None:
                self._d.restart(channel, now)
