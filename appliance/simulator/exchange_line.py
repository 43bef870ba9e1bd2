"""One line of the exchange without I/O: D-channel frames in and out, a voice for each channel in use.

It places and clears calls as their plans say, with libpri as the network side.  It opens nothing: a
span carries its frames and blocks (`exchange.py`), or a test hands them across.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable
from typing import Final

from appliance.pri_card import d_events as seen
from appliance.pri_card import q931
from appliance.pri_card.libpri import DChannel
from appliance.simulator.callee import Callee, incoming_plan, refusal, rng_for
from appliance.simulator.callee_plan import CallPlan, Do, Step
from appliance.simulator.callee_sound import Voice
from appliance.simulator.exchange_call import Decision, ExchangeCall, From, Over, Say, Send
from appliance.simulator.exchange_channels import Channels
from appliance.simulator.exchange_counts import Counts
from appliance.simulator.exchange_faults import CongestionGate, FrameLoss, LinkFlaps
from appliance.simulator.population import Population

CHANNEL_UNAVAILABLE: Final = 44  # Q.850: requested circuit/channel not available
NO_CIRCUIT: Final = 34
NORMAL: Final = 16
ANSWERS_MAX: Final = 1_000  # of which the moment is remembered
NUMBERS_REMEMBERED_MAX: Final = 200_000  # how often each was called; beyond that, counting starts again
T305_S: Final = 30.0  # Q.931 table 9-1; libpri's own
PROGRESS_NOT_ISDN: Final = 1  # Q.931 4.5.23: call is not end-to-end ISDN


@dataclasses.dataclass(slots=True)
class Live:
    """One call that libpri knows: what it does, where, and its voice."""

    call: ExchangeCall
    channel: int
    is_incoming: bool
    voice: Voice
    number: str = ""  # that we answer for
    is_disconnected: bool = False


Forced = dict[str, CallPlan]
HourAt = Callable[[float], int]


class ExchangeLine:
    """The network side of one span.  Times are the caller's monotonic seconds.

    `forced` has plans for numbers whose population is overruled; lines share one.
    """

    def __init__(
        self, number: int, population: Population, *, seed: int, forced: Forced, hour_at: HourAt, now: float
    ) -> None:
        faults = population.faults
        congestion = population.congestion
        self.number = number
        self.counts = Counts()
        self.is_up = False
        self.answers: deque[tuple[str, float]] = deque(maxlen=ANSWERS_MAX)  # (number, when CONNECT left)
        self.loss = FrameLoss(faults.frame_loss, rng_for(seed, "loss", number))
        self.gate = CongestionGate(
            congestion.setups_per_s, congestion.causes, rng_for(seed, "congestion", number)
        )
        self.flaps = LinkFlaps(faults.flap_mean_s, faults.flap_down_s, rng_for(seed, "flaps", number))
        self.flaps.begin(now)
        self._population = population
        self._seed = seed
        self._forced = forced
        self._hour_at = hour_at
        self._d = DChannel("network", now)
        self._live: dict[int, Live] = {}
        self._channels = Channels()
        self._calls_to: dict[str, int] = {}
        self._outgoing: list[bytes] = []

    # --- driving it -------------------------------------------------------------------------------------

    def feed(self, frame: bytes, now: float) -> None:
        """One frame from the user side, without FCS."""
        self.flaps.run(now)
        if not self.flaps.is_down and not self.loss.takes():
            self._handle_all(self._d.feed(frame, now), now)
        self._keep_frames()

    def run(self, now: float) -> None:
        """Everything that is due: libpri's timers, the steps of calls, faults."""
        self.flaps.run(now)
        self._handle_all(self._d.run(now), now)
        for d_call, live in list(self._live.items()):
            due = live.call.due()
            if due is not None and due <= now:
                self._carry_out(d_call, live, live.call.handle_timer(now), now)
        self._keep_frames()

    def take_frames(self) -> list[bytes]:
        """Frames to send now; what the faults ate is not among them."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def due(self) -> float | None:
        """When `run` must be called next."""
        times = [live.call.due() for live in self._live.values()]
        return min((at for at in (self._d.due(), self.flaps.due(), *times) if at is not None), default=None)

    def voices(self) -> list[tuple[int, Voice]]:
        """(channel, voice) of every channel in use."""
        return [(channel, self._live[d_call].voice) for channel, d_call in self._channels.in_use().items()]

    def channels_in_use(self) -> frozenset[int]:
        return frozenset(self._channels.in_use())

    # --- what a person at the exchange can do -----------------------------------------------------------

    def place_incoming(self, called: str, caller: str, now: float, *, plan: CallPlan | None = None) -> bool:
        """Call the box; False when no channel is free or the link is down."""
        channel = self._channels.lowest_free()
        if not channel or not self.is_up:
            return False
        d_call = self._d.place(
            number=called, caller=caller, channel=channel, now=now, is_presented=bool(caller)
        )
        self.counts.incoming += 1
        made = plan or incoming_plan(
            self._population, rng_for(self._seed, "incoming", self.number, self.counts.incoming)
        )
        self._open(d_call, ExchangeCall(made, now=now, is_incoming=True), channel, is_incoming=True)
        self._keep_frames()
        return True

    def set_down(self, is_down: bool, now: float) -> None:
        """Cut the D channel in both directions, or heal it."""
        self.flaps.set_down(is_down, now)

    def restart(self, channel: int, now: float) -> None:
        """Send RESTART for a channel, 0 for all; calls there are gone."""
        self._lose(self._calls_on(channel), now)
        self._d.restart(channel, now)
        self._keep_frames()

    def put_down(self, channel: int, now: float) -> bool:
        """The callee or caller on a channel hangs up; False when there is none."""
        d_call = self._channels.call_on(channel)
        live = self._live.get(d_call or 0)
        if d_call is None or live is None:
            return False
        self._carry_out(d_call, live, live.call.put_down(now), now)
        self._keep_frames()
        return True

    def enquire(self, channel: int, now: float) -> bool:
        """Send STATUS ENQUIRY about the call on a channel; False when there is none."""
        d_call = self._channels.call_on(channel)
        if d_call is None:
            return False
        self._d.enquire(d_call, now)
        self._keep_frames()
        return True

    # --- what the user side sent ------------------------------------------------------------------------

    def _handle_all(self, events: list[seen.DEvent], now: float) -> None:
        for event in events:
            self._handle(event, now)

    def _handle(self, event: seen.DEvent, now: float) -> None:
        match event:
            case seen.SetupArrived():
                self._setup(event, now)
            case seen.ConnectArrived(call=d_call):
                self._tell(d_call, From.CONNECT, now)
            case seen.DisconnectArrived(call=d_call):
                self.counts.cleared_by_user += 1
                self._tell(d_call, From.CLEAR, now)
                self._d.hangup(d_call, NORMAL, now)
            case seen.CallFreed(call=d_call):
                self.counts.lost += not self.is_up
                self._tell(d_call, From.CLEAR, now)
                self._forget(d_call)
            case seen.RestartArrived(channel=channel):
                self.counts.restarts += 1
                self._lose(self._calls_on(channel), now)
            case seen.LinkUp():
                self.is_up = True
                self.counts.link_ups += 1
            case seen.LinkDown():
                self.is_up = False
                self.counts.link_downs += 1  # libpri frees the calls: in set-up at once, in talk after T309
            case seen.Complaint():
                self.counts.complaints += 1
            case _:
                pass  # PROCEEDING, ALERTING and PROGRESS of a call we placed change nothing for a caller

    def _setup(self, setup: seen.SetupArrived, now: float) -> None:
        self.counts.setups += 1
        channel, cause = self._channel_for(setup)
        cause = self.gate.cause_for_setup(now) or cause
        plan = refusal(cause) if cause else self._plan(setup.called, now)
        self.counts.refused += bool(cause)
        self.counts.outcomes[plan.outcome] = self.counts.outcomes.get(plan.outcome, 0) + 1
        call = ExchangeCall(plan, now=now)
        live = self._open(setup.call, call, 0 if cause else channel, is_incoming=False)
        live.number = setup.called
        self._carry_out(setup.call, live, call.handle_timer(now), now)

    def _channel_for(self, setup: seen.SetupArrived) -> tuple[int, int]:
        """(channel, cause): the one asked for, another if that is taken, or a cause to refuse with.

        Glare (Q.931 5.7): both sides took one channel at once; the network's call has it, and the user's
        is moved if it may be.
        """
        if self._channels.is_free(setup.channel):
            return setup.channel, 0
        taken = self._live.get(self._channels.call_on(setup.channel) or 0)
        self.counts.glare += taken is not None and taken.is_incoming
        other = 0 if setup.is_exclusive else self._channels.lowest_free()
        if other:
            return other, 0
        return 0, CHANNEL_UNAVAILABLE if setup.channel else NO_CIRCUIT

    def _plan(self, number: str, now: float) -> CallPlan:
        if number in self._forced:
            return self._forced[number]
        if len(self._calls_to) >= NUMBERS_REMEMBERED_MAX:
            self._calls_to.clear()
        nth = self._calls_to.get(number, 0)
        self._calls_to[number] = nth + 1
        return Callee(number, self._population, seed=self._seed).plan(self._hour_at(now), nth)

    # --- what a call does -------------------------------------------------------------------------------

    def _open(self, d_call: int, call: ExchangeCall, channel: int, *, is_incoming: bool) -> Live:
        live = Live(call, channel, is_incoming, Voice())
        self._live[d_call] = live
        self._channels.take(channel, d_call)
        return live

    def _tell(self, d_call: int, event: From, now: float) -> None:
        live = self._live.get(d_call)
        if live is None:
            return
        if event is From.CONNECT and live.is_incoming:
            self.counts.incoming_answered += 1
        self._carry_out(d_call, live, live.call.feed(event, now), now)

    def _carry_out(self, d_call: int, live: Live, decisions: list[Decision], now: float) -> None:
        for decision in decisions:
            match decision:
                case Send(step=step):
                    self._send(d_call, live, step, now)
                case Say(sound=sound):
                    live.voice.say(sound)
                case Over():
                    if d_call not in self._d.calls():
                        self._forget(d_call)

    def _send(self, d_call: int, live: Live, step: Step, now: float) -> None:
        match step.do:
            case Do.PROCEED:
                self._d.proceed(
                    d_call, now, channel=self._move(d_call, live) if step.is_moved else live.channel
                )
            case Do.ALERT:
                self._d.alert(d_call, now, is_in_band=step.is_in_band)
            case Do.PROGRESS:
                description = q931.IN_BAND if step.is_in_band else PROGRESS_NOT_ISDN
                self._d.progress(d_call, now, description=description, cause=step.cause)
            case Do.CONNECT:
                self.counts.answered += 1
                self.answers.append((live.number, now))
                self._d.answer(d_call, now, channel=live.channel)
            case Do.DISCONNECT:
                self.counts.cleared_by_us += 1
                self._disconnect(d_call, live, step, now)
            case Do.RELEASE:
                if not live.is_disconnected:  # else T305 sends it: see _disconnect
                    self._d.release(d_call, step.cause or NORMAL, now)
            case Do.REFUSE:
                self._d.reject(d_call, step.cause or NORMAL, now)

    def _disconnect(self, d_call: int, live: Live, step: Step, now: float) -> None:
        """DISCONNECT; with an announcement, T305 is as long as that.

        libpri sends RELEASE after its own DISCONNECT only when T305 expires (Q.931 5.3.4, 5.4.1).
        """
        live.is_disconnected = True
        if not step.is_in_band:
            self._d.hangup(d_call, step.cause or NORMAL, now)
            return
        announcement_s = live.call.next_after_s() or T305_S
        self._d.set_timer("PRI_TIMER_T305", max(1, round(announcement_s * 1000)))
        self._d.disconnect_in_band(d_call, step.cause or NORMAL, now)
        self._d.set_timer("PRI_TIMER_T305", round(T305_S * 1000))

    def _move(self, d_call: int, live: Live) -> int:
        """Another channel than the one that SETUP asked for, if one is free."""
        other = self._channels.lowest_free()
        if other:
            self.counts.moved += 1
            self._channels.free(live.channel, d_call)
            self._channels.take(other, d_call)
            live.channel = other
        return live.channel

    def _calls_on(self, channel: int) -> list[int]:
        return [d_call for d_call, live in self._live.items() if channel in (0, live.channel)]

    def _lose(self, d_calls: list[int], now: float) -> None:
        """Calls on a dead link or a restarted channel: forgotten, and nothing is sent."""
        for d_call in d_calls:
            self.counts.lost += 1
            self._tell(d_call, From.LOST, now)
            self._d.abandon(d_call, now)
            self._forget(d_call)

    def _forget(self, d_call: int) -> None:
        live = self._live.pop(d_call, None)
        if live is not None:
            self._channels.free(live.channel, d_call)

    def _keep_frames(self) -> None:
        for frame in self._d.take_frames():
            if not self.flaps.is_down and not self.loss.takes():
                self._outgoing.append(frame)
