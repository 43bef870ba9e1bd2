"""The trunk when the line misbehaves: lost links, alarms, restarts, noise, nonsense, a crowded exchange."""

from __future__ import annotations

import itertools
import random

import pytest

from appliance.errors import DeviceError
from appliance.pri_card.d_events import DEvent, RestartAcknowledged, SetupArrived
from appliance.pri_card.span_memory import MemorySpan, memory_pair
from appliance.pri_card.trunk import (
    Answered,
    Cleared,
    Congested,
    Incoming,
    Line,
    SetupSent,
    SpanState,
    TrunkEvent,
)
from tests.simulation.pri_rig import Network, Rig


def busy(rig: Rig, *, spare: set[int] | None = None) -> None:
    """Let every exchange refuse every call as busy."""
    for network in rig.networks:
        answer_with(network, lambda event, now, d=network.d: d.reject(event.call, 17, now))


def answer_with(network: Network, answer: object) -> None:
    def on_event(event: DEvent, now: float) -> None:
        if isinstance(event, SetupArrived):
            answer(event, now)  # type: ignore[operator]  # a lambda with a default argument

    network.on_event = on_event


# --- the link -------------------------------------------------------------------------------------------


def test_a_fresh_link_is_used_two_seconds_after_it_came_up_and_begins_with_restart() -> None:
    rig = Rig(is_settled=False)
    begun = rig.now
    rig.until(lambda: rig.trunk.channels_free() == 23)
    assert 2.0 <= rig.now - begun < 2.5
    assert rig.restarts() == [0]
    assert rig.of(SpanState)[-1] == SpanState(1, is_up=True)


def test_a_call_placed_before_the_link_is_up_waits_and_is_not_late() -> None:
    rig = Rig(is_settled=False)
    call = rig.place()
    sent = rig.one(SetupSent, call, within_s=5.0)
    assert rig.trunk.channels_total() == 23
    assert sent.late_s < 0.001


def test_a_lost_link_disposes_of_its_calls_and_gives_its_channels_back() -> None:
    rig = Rig()
    talking, _ = rig.converse()
    ringing, far = rig.set_up()
    rig.network.d.alert(far, rig.now)
    rig.advance(0.5)
    rig.network.is_dead = True
    waiting = rig.place()  # the SETUP that finds the far end silent
    for call in (ringing, waiting):
        assert rig.one(Cleared, call, within_s=6.0).is_line_fault
    assert not rig.is_up()
    assert (rig.trunk.channels_total(), rig.trunk.channels_free()) == (0, 0)
    assert rig.one(Cleared, talking, within_s=8.0).is_line_fault
    rig.network.is_dead = False
    returned = rig.now
    rig.until(lambda: rig.trunk.channels_free() == 23)
    assert rig.now - returned < 5.0
    rig.converse()


def test_a_short_loss_of_the_link_leaves_a_conversation_alone() -> None:
    """Q.931 5.8.9: a call in conversation outlives the data link by T309."""
    rig = Rig()
    call, far = rig.converse()
    rig.network.d.run(rig.now)
    rig.cut()
    rig.place()
    rig.until(lambda: rig.users[0].wire.due() is None, within_s=1.0)
    rig.advance(2.0)
    rig.mend()
    rig.until(rig.is_up, within_s=10.0)
    rig.advance(10.0)
    assert not rig.of(Cleared, call)
    rig.network.d.hangup(far, 16, rig.now)
    assert rig.one(Cleared, call, within_s=1.0) == Cleared(call, 16)


def test_a_red_alarm_ends_conversations_after_two_and_a_half_seconds() -> None:
    rig = Rig()
    call, _ = rig.converse()
    rig.cut()
    begun = rig.now
    rig.advance(0.1)
    assert rig.of(SpanState)[-1] == SpanState(1, is_up=False, alarm="red")
    assert rig.one(Cleared, call, within_s=5.0) == Cleared(call, 27, is_line_fault=True)
    assert 2.4 < rig.now - begun < 2.7
    rig.advance(20.0)
    rig.mend()
    begun = rig.now
    rig.until(lambda: rig.trunk.channels_free() == 23)
    assert rig.now - begun < 5.0
    assert 23 in rig.restarts()


def test_the_exchange_that_restarts_is_found_again() -> None:
    rig = Rig()
    call, _ = rig.converse()
    fresh = Network(rig.network.span, rig.now)
    rig.networks[0] = fresh
    assert rig.one(Cleared, call, within_s=20.0).is_line_fault
    rig.until(lambda: rig.trunk.channels_free() == 23, within_s=10.0)
    rig.converse()


def test_a_link_that_comes_up_twice_is_waited_for_and_nothing_is_lost() -> None:
    """The far end's own set-up timer establishes the link again after half a second."""
    rig = Rig(is_settled=False)
    call = rig.place()
    rig.advance(0.5)
    rig.network.span.send_d(bytes([2, 1, 0x7F]), rig.now)
    begun = rig.now
    sent = rig.one(SetupSent, call)
    assert 2.0 <= rig.now - begun < 2.5
    assert sent.call_id == call
    rig.advance(0.2)
    rig.network.d.reject(rig.network.last_setup().call, 17, rig.now)
    assert rig.one(Cleared, call, within_s=5.0) == Cleared(call, 17)


def test_a_setup_that_a_reset_link_swallowed_is_a_line_fault_at_once() -> None:
    rig = Rig()
    call = rig.place()
    rig.trunk.poll(rig.now)
    rig.users[0].wire.clear()  # the SETUP never arrives
    fresh = Network(rig.network.span, rig.now)
    rig.networks[0] = fresh
    begun = rig.now
    assert rig.one(Cleared, call, within_s=5.0) == Cleared(call, 101, is_line_fault=True)
    assert rig.now - begun < 1.0
    assert not fresh.of(SetupArrived)


def test_one_span_of_five_may_be_down() -> None:
    rig = Rig(spans=5)
    rig.users[2].is_cut = True
    rig.networks[2].span.is_cut = True
    rig.advance(0.1)
    assert rig.trunk.channels_total() == 92
    busy(rig)
    for _ in range(50):
        rig.place()
    rig.until(lambda: len(rig.of(Cleared)) == 50)
    assert {event.line.span for event in rig.of(SetupSent)} == {1, 2, 4, 5}


def test_a_card_that_cannot_be_opened_leaves_the_other_spans_at_work(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: MemorySpan, now: float) -> None:
        raise DeviceError("span 1 is in use by another process.", remedy="Stop it.")

    monkeypatch.setattr(MemorySpan, "open_d", refuse)
    Rig()
    assert "span 1 is in use by another process.  Stop it." in caplog.text


# --- restart --------------------------------------------------------------------------------------------


def test_the_network_restarts_one_channel_under_its_call() -> None:
    rig = Rig()
    on_23, _ = rig.converse()
    on_22, far = rig.converse()
    rig.network.d.restart(23, rig.now)
    assert rig.one(Cleared, on_23, within_s=1.0) == Cleared(on_23, 41, is_line_fault=True)
    assert not rig.of(Cleared, on_22)
    rig.advance(0.2)
    assert rig.network.of(RestartAcknowledged) == [RestartAcknowledged(23)]
    assert rig.trunk.channels_free() == 22
    rig.network.d.hangup(far, 16, rig.now)
    assert rig.one(Cleared, on_22, within_s=1.0) == Cleared(on_22, 16)


def test_the_network_restarts_all_channels() -> None:
    rig = Rig()
    calls = [rig.converse()[0] for _ in range(3)]
    rig.network.d.restart(0, rig.now)
    rig.advance(0.5)
    assert sorted(event.call_id for event in rig.of(Cleared)) == calls
    assert all(event.is_line_fault for event in rig.of(Cleared))
    assert rig.network.of(RestartAcknowledged) == [RestartAcknowledged(0)]
    assert rig.trunk.channels_free() == 23
    rig.converse()


def test_an_exchange_that_ignores_restart_does_not_keep_the_channels() -> None:
    rig = Rig(is_settled=False)
    rig.network.silence_restart()
    rig.advance(10.0)
    assert rig.trunk.channels_free() == 0
    rig.until(lambda: rig.trunk.channels_free() == 23, within_s=25.0)


# --- the pace -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slot_s", [0.010, 0.020, 0.050])
def test_setups_keep_their_slot(slot_s: float) -> None:
    rig = Rig(slot_s=slot_s)
    sent: list[float] = []
    rig.on_trunk = lambda event: sent.append(rig.now) if isinstance(event, SetupSent) else None
    for _ in range(20):
        rig.place()
    rig.advance(5.0)
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert len(gaps) == 19
    assert min(gaps) >= slot_s - 1e-6
    assert max(gaps) < slot_s + 0.001
    assert max(event.late_s for event in rig.of(SetupSent)) < 0.001


def test_calls_without_a_channel_wait_and_go_at_once_when_one_is_freed() -> None:
    rig = Rig()
    held = [rig.place() for _ in range(23)]
    rig.until(lambda: len(rig.of(SetupSent)) == 23)
    waiting = rig.place()
    rig.advance(5.0)
    assert not rig.of(SetupSent, waiting)
    assert rig.trunk.channels_free() == 0
    rig.trunk.clear(held[4], 16, rig.now)
    begun = rig.now
    sent = rig.one(SetupSent, waiting, within_s=1.0)
    assert rig.now - begun < 0.5
    assert sent.line == next(event.line for event in rig.of(SetupSent) if event.call_id == held[4])
    assert sent.late_s < 0.001


def test_five_spans_share_the_work() -> None:
    rig = Rig(spans=5)
    for _ in range(115):
        rig.place()
    rig.until(lambda: len(rig.of(SetupSent)) == 115)
    lines = [event.line for event in rig.of(SetupSent)]
    assert len(set(lines)) == 115
    assert lines[:5] == [Line(span, 23) for span in (1, 2, 3, 4, 5)]


def test_the_span_with_the_most_idle_channels_is_taken() -> None:
    rig = Rig(spans=2)
    for _ in range(10):
        rig.place()
    rig.advance(1.0)
    for event in rig.of(SetupSent):
        if event.line.span == 2:
            rig.trunk.clear(event.call_id, 16, rig.now)
    rig.advance(1.0)
    rig.events.clear()
    for _ in range(3):
        rig.place()
        rig.advance(1.0)
    assert [event.line.span for event in rig.of(SetupSent)] == [2, 2, 2]


@pytest.mark.parametrize("cause", [34, 42, 44, 47])
def test_congestion_slows_the_span_and_is_nobodys_result(cause: int) -> None:
    rig = Rig()
    d = rig.network.d
    answer_with(rig.network, lambda event, now: d.reject(event.call, cause, now))
    call = rig.place()
    assert rig.one(Cleared, call, within_s=1.0) == Cleared(call, cause, is_line_fault=True)
    assert [(event.span, event.cause) for event in rig.of(Congested)] == [(1, cause)]
    assert rig.trunk.slot_s(1) == pytest.approx(0.030)


def test_an_exchange_with_a_limit_is_worked_at_its_limit_and_no_request_is_lost() -> None:
    """10 SETUPs a second are taken; what is refused is placed again, as the dialer does."""
    rig = Rig()
    d = rig.network.d
    taken: list[float] = []

    def answer(event: SetupArrived, now: float) -> None:
        recent = [at for at in taken if at > now - 1.0]
        if len(recent) >= 10:
            d.reject(event.call, 42, now)
            return
        taken.append(now)
        d.proceed(event.call, now)
        d.hangup(event.call, 17, now)

    answer_with(rig.network, answer)
    done: list[int] = []
    refused = 0

    def place_again(event: TrunkEvent) -> None:
        nonlocal refused
        if isinstance(event, Cleared):
            if event.is_line_fault:
                refused += 1
                rig.place()
            else:
                done.append(event.call_id)

    rig.on_trunk = place_again
    for _ in range(300):
        rig.place()
    rig.until(lambda: len(done) == 300, within_s=90.0)
    seconds = taken[-1] - taken[0]
    assert 300 / seconds >= 6.0, "at least 60 % of what the exchange takes"
    assert refused <= 60, "one refusal in five calls at most"


def test_the_pace_recovers_when_the_crowd_has_gone() -> None:
    rig = Rig()
    d = rig.network.d
    answer_with(rig.network, lambda event, now: d.reject(event.call, 42, now))
    for _ in range(30):
        rig.place()
        rig.advance(0.5)
    assert rig.trunk.slot_s(1) >= 0.5
    busy(rig)
    for _ in range(80):
        rig.place()
        rig.advance(1.1)
    assert rig.trunk.slot_s(1) == pytest.approx(0.020)


# --- noise and nonsense ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_lost_frames_are_repaired(seed: int) -> None:
    """1-5 % of all frames lost both ways: every call ends, with its own result, and no channel leaks."""
    noise = random.Random(seed)
    loss = 0.0
    rig = Rig(is_lost=lambda _frame: noise.random() < loss)
    loss = 0.01 * (1 + seed % 5)
    d = rig.network.d
    choice = random.Random(seed + 1000)

    def answer(event: SetupArrived, now: float) -> None:
        d.proceed(event.call, now)
        if choice.random() < 0.5:
            d.alert(event.call, now)
            d.answer(event.call, now)
        else:
            d.hangup(event.call, 17, now)

    answer_with(rig.network, answer)
    rig.on_trunk = lambda event: (
        rig.trunk.clear(event.call_id, 16, rig.now) if isinstance(event, Answered) else None
    )
    calls = []
    for _ in range(60):
        calls.append(rig.place())
        rig.advance(0.2)
    rig.until(lambda: len(rig.of(Cleared)) == 60, within_s=120.0)
    assert sorted(event.call_id for event in rig.of(Cleared)) == calls
    ordinary = [event for event in rig.of(Cleared) if event.cause in (16, 17) and not event.is_line_fault]
    assert len(ordinary) >= 57
    rig.until(lambda: rig.trunk.channels_free() == 23, within_s=60.0)


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_on_the_wire_harms_nothing(seed: int) -> None:
    """Random, cut and flipped frames between the true ones; the conversation stands and calls go on."""
    noise = random.Random(seed)
    rig = Rig()
    talking, _ = rig.converse()
    seen: list[bytes] = [bytes.fromhex("02010a060802800145080282901e028288")]
    push = rig.network.span.wire.push
    for _ in range(1500):
        kind = noise.randrange(3)
        base = bytearray(noise.choice(seen))
        if kind == 0:
            base = bytearray(noise.randbytes(noise.randrange(0, 300)))
        elif kind == 1:
            del base[noise.randrange(len(base)) :]
        else:
            base[noise.randrange(4, len(base))] ^= 1 << noise.randrange(8)
        if len(base) > 3 and not base[2] & 1:
            base[2] = 0xFE  # a sequence number that layer 2 does not expect: no frame of ours is forged
        elif len(base) > 2 and base[2] & 3 == 3:
            base[0] = 0x06  # a SABME or DISC for another data link
        push(bytes(base), rig.now)
        rig.advance(0.04)
    rig.until(lambda: rig.is_up() or not rig.of(SpanState), within_s=30.0)
    assert not rig.of(Incoming)
    assert rig.trunk.channels_free() == 22 if not rig.of(Cleared, talking) else 23


def test_a_forged_message_ends_one_call_at_most() -> None:
    """Bit errors that pass the check sum: frames in sequence whose Q.931 content is nonsense."""
    rig = Rig()
    for round_ in range(40):
        noise = random.Random(round_)
        talking, far = rig.converse()
        elements = noise.randbytes(noise.randrange(1, 40))
        key = (*rig.network.d._keys[far], 0x6E)
        rig.network.d._edits[key] = (noise.choice([0x01, 0x03, 0x62, 0x6E, 0x7B, 0x7D, 0xFF]), elements)
        rig.network.d.enquire(far, rig.now)
        rig.network.d._edits[key] = (noise.choice([0x01, 0x03, 0x62, 0x6E, 0x7B, 0x7D, 0xFF]), elements)
        rig.advance(1.0)
        if not rig.of(Cleared, talking):
            rig.trunk.clear(talking, 16, rig.now)
        rig.one(Cleared, talking, within_s=60.0)
        rig.advance(1.0)
        assert rig.trunk.channels_free() == 23


def test_the_memory_line_holds_64_kbit_per_second() -> None:
    user, network = memory_pair()
    for _ in range(20):
        user.send_d(bytes(77), 0.0)
    arrived = 0
    for millisecond in range(1, 202):
        arrived += len(network.receive_d(millisecond / 1000))
    assert arrived == 20
    assert network.receive_d(10.0) == []
    user.send_d(bytes(77), 20.0)
    assert network.receive_d(20.009) == []
    assert len(network.receive_d(20.0101)) == 1
