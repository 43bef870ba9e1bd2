"""A hostile exchange: random, cut, flipped and repeated D-channel frames must harm nothing for long.

Frames are spoilt between the line and the trunk, so that layer 2 accepts many of them and layer 3 gets to
read the rest.  Then the line is healed, and every channel must carry a call again.
"""

from __future__ import annotations

import random

import pytest

from appliance.pri_card import call
from appliance.pri_card.span import Alarm, BChannel
from appliance.pri_card.span_memory import MemorySpan
from appliance.pri_card.trunk import Answered, Cleared, Incoming, SetupSent, Withdrawn
from appliance.simulator import population
from tests.simulation.exchange_rig import Rig
from tests.simulation.test_exchange_outcomes import everybody

LAYER_3 = 4  # Q.921 5.: address and control octets of an I-frame come before it
FRAME_MAX = 300
HEAL_S = 300.0  # longer than T301 and a release that is never confirmed, one after the other
NUMBER = "0300001234"
WAITED_FOR_THE_BACKUP = (12, 21, 24, 25, 38)
"""Seeds in which libpri freed a call, or stopped its timer, without a word."""


def spoil(frame: bytes, rng: random.Random) -> bytes:
    """A frame that was on the wire, with its layer 3 spoilt in one of the ways that happen to bytes."""
    head, rest = frame[:LAYER_3], bytearray(frame[LAYER_3:])
    way = rng.randrange(6)
    if way == 0 and rest:  # a few bits
        for _ in range(rng.randint(1, 4)):
            rest[rng.randrange(len(rest))] ^= 1 << rng.randrange(8)
    elif way == 1:  # cut short
        rest = rest[: rng.randint(0, len(rest))]
    elif way == 2:  # another message type, or another call
        at = rng.choice((0, 1, 2, 3, 4))
        if at < len(rest):
            rest[at] = rng.randrange(256)
    elif way == 3:  # elements of random kind, length and contents
        rest += bytes(rng.randrange(256) for _ in range(rng.randint(1, 60)))
    elif way == 4:  # an element whose length runs past the end
        rest += bytes([rng.choice((0x08, 0x18, 0x1E, 0x28, 0x6C, 0x70, 0x7E, 0x1C)), rng.randint(5, 255), 1])
    else:  # nothing is left of it
        rest = bytearray(rng.randrange(256) for _ in range(rng.randint(0, FRAME_MAX)))
    return head + bytes(rest)


class Hostile:
    """A line's user end on which frames from the network are spoilt, and others are made up."""

    def __init__(self, end: MemorySpan, *, seed: int, spoilt: float, made_up: float) -> None:
        self.spoilt = spoilt
        self.made_up = made_up
        self.count = 0
        self._end = end
        self._rng = random.Random(seed)
        self._seen: list[bytes] = [bytes(4)]
        self.number, self.name = end.number, end.name

    def receive_d(self, now: float) -> list[bytes]:
        frames = []
        for frame in self._end.receive_d(now):
            self._seen = [*self._seen[-30:], frame]
            frames.append(self._pass(frame))
            while self._rng.random() < self.made_up:
                self.count += 1
                frames.append(self._make_up())
        return frames

    def _pass(self, frame: bytes) -> bytes:
        is_information = len(frame) > LAYER_3 and not frame[2] & 1
        if is_information and self._rng.random() < self.spoilt:
            self.count += 1
            return spoil(frame, self._rng)
        return frame

    def _make_up(self) -> bytes:
        """Noise, or an old frame once more, whole or spoilt, or with other layer 2 octets."""
        way = self._rng.randrange(4)
        old = self._rng.choice(self._seen)
        if way == 0:
            return bytes(self._rng.randrange(256) for _ in range(self._rng.randint(0, FRAME_MAX)))
        if way == 1:
            return old
        if way == 2:
            return spoil(old, self._rng)
        return bytes(self._rng.randrange(256) for _ in range(LAYER_3)) + old[LAYER_3:]

    def heal(self) -> None:
        self.spoilt = self.made_up = 0.0

    def open_d(self, now: float) -> None:
        self._end.open_d(now)

    def send_d(self, frame: bytes, now: float) -> None:
        self._end.send_d(frame, now)

    def due(self) -> float | None:
        return self._end.due()

    def files(self) -> list[int]:
        return []

    def alarm(self) -> Alarm:
        return self._end.alarm()

    def open_b(self, channel: int) -> BChannel:
        return self._end.open_b(channel)

    def close(self) -> None:
        self._end.close()


@pytest.fixture
def no_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ends a release but the D channel itself."""
    monkeypatch.setitem(call.TIMERS_S, call.State.CLEARING, 10 * HEAL_S)


def under_fire(seed: int, *, spoilt: float, made_up: float, seconds: float) -> tuple[Rig, list[Hostile]]:
    """A rig that has placed and taken calls on a hostile line for so long, and was then healed."""
    lines: list[Hostile] = []

    def wrap(end: MemorySpan) -> Hostile:
        lines.append(Hostile(end, seed=seed, spoilt=0.0, made_up=0.0))
        return lines[-1]

    people = everybody(
        talk=population.Talk(mean_s=4.0, cv=0.5, min_s=1.0, callee_clears=0.5, patience_s=5.0),
        busy=population.Busy(share=0.2),
        incoming=population.Incoming(per_hour=600.0),
    )
    rig = Rig(people, seed=seed, before_trunk=wrap)
    rig.settle()
    lines[0].spoilt, lines[0].made_up = spoilt, made_up
    rng = random.Random(seed)
    end = rig.now + seconds
    while rig.now < end:
        if rig.trunk.channels_free() > 0 and rng.random() < 0.2:
            rig.place(f"030000{rng.randrange(10_000):04d}")
        for incoming in rig.of(Incoming)[-3:]:
            rig.trunk.answer(incoming.call_id, rig.now)
        rig.step()
    lines[0].heal()
    return rig, lines


def check_healed(rig: Rig) -> None:
    """Every call has ended once, every channel is back, and calls are answered as before.

    A conversation has no timer (Q.931 9.1): one whose end was spoilt stands until somebody puts a handset
    down, and must end then.
    """
    rig.exchange.line(1).gate.forced_cause = 17  # and callers of the population stay away
    rig.exchange.stop_callers()
    rig.run_for(HEAL_S)
    answered = {event.call_id for event in rig.of(Answered)}
    begun = {event.call_id for event in rig.of(SetupSent)} | {event.call_id for event in rig.of(Incoming)}
    standing = begun - {event.call_id for event in rig.of(Cleared)}
    assert standing <= answered, f"seed {rig.seed}: calls without an end"
    for number in standing:
        rig.trunk.clear(number, 16, rig.now)
    rig.run_for(60.0)

    ended = [event.call_id for event in rig.of(Cleared)]
    assert len(ended) == len(set(ended)), f"seed {rig.seed}: a call ended twice"
    assert set(ended) == begun, f"seed {rig.seed}: calls without an end"
    assert not {event.call_id for event in rig.of(Withdrawn)} & begun
    assert rig.trunk.channels_free() == 23, f"seed {rig.seed}: channels are missing"
    rig.exchange.line(1).gate.forced_cause = 0
    _place_until_answered(rig)


def _place_until_answered(rig: Rig) -> None:
    """A busy callee is no fault of the line: another number, then."""
    for attempt in range(20):
        call = rig.place(f"040000{attempt:04d}")
        rig.until(lambda call=call: bool(rig.of(Answered, call) or rig.of(Cleared, call)))  # type: ignore[misc]
        if rig.of(Answered, call):
            return
    raise AssertionError(f"seed {rig.seed}: nobody answers on a healed line")


@pytest.mark.parametrize("seed", [*range(10), *WAITED_FOR_THE_BACKUP])
@pytest.mark.usefixtures("no_backup")
def test_a_spoilt_layer_3_is_survived(seed: int) -> None:
    rig, lines = under_fire(seed, spoilt=0.3, made_up=0.0, seconds=120.0)

    check_healed(rig)
    assert lines[0].count > 20


@pytest.mark.parametrize("seed", range(100, 106))
def test_noise_and_old_frames_are_survived(seed: int) -> None:
    rig, lines = under_fire(seed, spoilt=0.05, made_up=0.3, seconds=120.0)

    check_healed(rig)
    assert lines[0].count > 50


def test_nonsense_before_the_link_is_up_is_survived() -> None:
    lines: list[Hostile] = []

    def wrap(end: MemorySpan) -> Hostile:
        lines.append(Hostile(end, seed=3, spoilt=1.0, made_up=0.6))
        return lines[-1]

    rig = Rig(everybody(), before_trunk=wrap)
    rig.run_for(60.0)
    lines[0].heal()
    rig.run_for(60.0)

    rig.until_of(Answered, rig.place(NUMBER))
