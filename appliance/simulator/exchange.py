"""The exchange: one to five lines, their spans' network ends, and the speech on their channels.

Stepped from outside with `now`, so that it runs in virtual time on spans in memory, or live in
`exchange_process.py`.  It listens to a channel only to say afterwards what was heard there.
"""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from appliance.errors import BadInput
from appliance.pri_card.span import BChannel, Span
from appliance.settings import CHANNELS_PER_SPAN
from appliance.simulator import callee_hearing, callee_sound, exchange_call
from appliance.simulator.callee import rng_for
from appliance.simulator.callee_hearing import EAR_BLOCKS, Heard
from appliance.simulator.callee_plan import CallPlan
from appliance.simulator.callee_sound import Voice
from appliance.simulator.exchange_counts import Counts
from appliance.simulator.exchange_line import ExchangeLine, Forced
from appliance.simulator.population import Incoming, Population

READS_PER_TICK_MAX: Final = (
    8  # what a channel's buffers hold: a late tick catches up, a flood does not stop it
)
FORCED_MAX: Final = 10_000


class Ear:
    """One channel's far end: its device, and the last half second that arrived."""

    def __init__(self, device: BChannel) -> None:
        self.device = device
        self.blocks: deque[bytes] = deque(maxlen=EAR_BLOCKS)
        self._quiet_ticks = 0

    def tick(self, voice: Voice | None) -> None:
        """Send 20 ms of the voice, if a call is up, and take what has arrived."""
        if voice is not None:
            self.device.write(voice.next_block())
        self._quiet_ticks += 1
        for _ in range(READS_PER_TICK_MAX):
            block = self.device.read()
            if not block:
                break
            self.blocks.append(block)
            self._quiet_ticks = 0
        if self._quiet_ticks == EAR_BLOCKS:  # nobody sends: what was heard before is over
            self.blocks.clear()


class Exchange:
    """The network side of every span.  `hour_at(now)` is the hour of the day, for the answer rate."""

    def __init__(
        self,
        spans: Sequence[Span],
        population: Population,
        *,
        seed: int,
        now: float,
        hour_at: Callable[[float], int] = lambda _now: 10,
    ) -> None:
        self._forced: Forced = {}
        self._level_dbm0 = population.speech.level_dbm0
        self._spans = {span.number: span for span in spans}
        self._lines = {
            span.number: ExchangeLine(
                span.number, population, seed=seed, forced=self._forced, hour_at=hour_at, now=now
            )
            for span in spans
        }
        self._ears: dict[tuple[int, int], Ear] = {}
        self._callers = IncomingSchedule(population.incoming, rng_for(seed, "callers"), now)
        for span in spans:
            span.open_d(now)

    def open_speech(self) -> None:
        """Take all B channels; without it the exchange only signals."""
        callee_sound.prepare(self._level_dbm0)
        for number, span in self._spans.items():
            for channel in range(1, CHANNELS_PER_SPAN + 1):
                self._ears[number, channel] = Ear(span.open_b(channel))

    # --- driving it -------------------------------------------------------------------------------------

    def poll(self, now: float) -> None:
        """Do everything that is due and readable."""
        for number, line in self._lines.items():
            span = self._spans[number]
            for frame in span.receive_d(now):
                line.feed(frame, now)
            line.run(now)
            for frame in line.take_frames():
                span.send_d(frame, now)
        for called, caller in self._callers.run(now):
            self._place_anywhere(called, caller, now, None)

    def due(self) -> float | None:
        """When `poll` must be called next even if nothing is readable."""
        times = [self._callers.due()]
        times += [
            at.due() for pair in zip(self._lines.values(), self._spans.values(), strict=True) for at in pair
        ]
        return min((at for at in times if at is not None), default=None)

    def files(self) -> list[int]:
        """Descriptors whose readability calls for a `poll`."""
        return [descriptor for span in self._spans.values() for descriptor in span.files()]

    def tick(self) -> None:
        """20 ms of speech, both ways, on every channel."""
        for number, line in self._lines.items():
            voices = dict(line.voices())
            for channel in range(1, CHANNELS_PER_SPAN + 1):
                ear = self._ears.get((number, channel))
                if ear is not None:
                    ear.tick(voices.get(channel))

    def close(self) -> None:
        """Let go of every channel and line."""
        for ear in self._ears.values():
            ear.device.close()
        for span in self._spans.values():
            with contextlib.suppress(OSError):
                span.close()

    # --- commands: all raise BadInput on a line or channel that is not there ----------------------------

    def line(self, span: int) -> ExchangeLine:
        """The line of a span, for its faults and counts."""
        if span not in self._lines:
            raise BadInput(f"There is no span {span}.", remedy=f"Spans: {sorted(self._lines)}.")
        return self._lines[span]

    def lines(self) -> list[ExchangeLine]:
        return list(self._lines.values())

    def force(self, number: str, plan: CallPlan | None) -> None:
        """From the next call on, a number behaves as the plan says; None: as its population does."""
        if plan is None:
            self._forced.pop(number, None)
            return
        exchange_call.check(plan)
        if len(self._forced) >= FORCED_MAX:
            raise BadInput(f"{FORCED_MAX} numbers are forced already.", remedy="Release some first.")
        self._forced[number] = plan

    def place_incoming(
        self, called: str, caller: str, now: float, *, span: int = 0, plan: CallPlan | None = None
    ) -> None:
        """Call the box, on any line with a free channel or on one.  An empty caller is withheld."""
        if plan is not None:
            exchange_call.check_incoming(plan)
        lines = [self.line(span)] if span else self.lines()
        if not any(line.place_incoming(called, caller, now, plan=plan) for line in lines):
            raise BadInput("No line is up with a free channel.", remedy="Wait, or bring a link up.")

    def stop_callers(self) -> None:
        """No more calls to the box but those that are placed by command."""
        self._callers.stop()

    def hear(self, span: int, channel: int) -> Heard:
        """What came from the box on a channel in the last half second."""
        return callee_hearing.hear(self._ear(span, channel).blocks)

    def hear_tone(self, span: int, channel: int, frequency_hz: float) -> float:
        """How loud one frequency was in it, dBm0."""
        return callee_hearing.tone_level_dbm0(self._ear(span, channel).blocks, frequency_hz)

    def _ear(self, span: int, channel: int) -> Ear:
        ear = self._ears.get((span, channel))
        if ear is None:
            raise BadInput(
                f"Channel {span}/{channel} is not listened to.",
                remedy=f"Channels are 1-{CHANNELS_PER_SPAN} of spans {sorted(self._lines)}.",
            )
        return ear

    def counts(self) -> dict[int, Counts]:
        """What has happened, by span."""
        return {number: line.counts for number, line in self._lines.items()}

    def _place_anywhere(self, called: str, caller: str, now: float, plan: CallPlan | None) -> None:
        with contextlib.suppress(BadInput):  # a caller who finds all lines busy hears so and goes away
            self.place_incoming(called, caller, now, plan=plan)


class IncomingSchedule:
    """Calls to the box at random times, `per_hour` of them on average (exponential gaps)."""

    def __init__(self, law: Incoming, rng: random.Random, now: float) -> None:
        self._law = law
        self._rng = rng
        self._next_at = self._after(now)

    def due(self) -> float | None:
        return self._next_at

    def stop(self) -> None:
        """No more calls."""
        self._next_at = None

    def run(self, now: float) -> list[tuple[str, str]]:
        """(called, caller) of the calls due now."""
        calls = []
        while self._next_at is not None and self._next_at <= now:
            calls.append((self._law.called, self._caller()))
            self._next_at = self._after(self._next_at)
        return calls

    def _after(self, at: float) -> float | None:
        if self._law.per_hour <= 0.0:
            return None
        return at + self._rng.expovariate(self._law.per_hour / 3600)

    def _caller(self) -> str:
        if self._rng.random() < self._law.withheld_share:
            return ""
        return f"030000{int(self._rng.random() * 10_000):04d}"
