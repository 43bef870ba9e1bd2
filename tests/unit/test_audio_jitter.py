"""The ring between a foreign clock and the tick, and the clock of the tick itself."""

from __future__ import annotations

import random

from appliance.audio.jitter import FRAMES_MAX, JitterRing
from appliance.audio.mulaw import SILENT_BLOCK, TICK_S
from appliance.audio.tick_clock import BEHIND_MAX, TickClock


def frame(number: int) -> bytes:
    return bytes([number % 251]) * 160


def test_it_stays_one_frame_behind() -> None:
    ring = JitterRing()
    heard = []
    for number in range(10):
        ring.push(frame(number), number)
        heard.append(ring.take())
    assert heard == [SILENT_BLOCK, *map(frame, range(9))]


def test_swapped_frames_are_put_right_and_doubled_ones_heard_once() -> None:
    ring = JitterRing(reserve=3)
    for number in (0, 2, 1, 1, 3, 4, 5):
        ring.push(frame(number), number)
    assert [ring.take() for _ in range(6)] == list(map(frame, range(6)))


def test_a_frame_that_comes_after_its_time_is_dropped() -> None:
    ring = JitterRing()
    for number in (10, 11, 13):
        ring.push(frame(number), number)
    assert [ring.take(), ring.take(), ring.take()] == [frame(10), frame(11), frame(13)]
    ring.push(frame(12), 12)
    assert ring.dropped == 1
    assert ring.take() == frame(13)  # repeated: nothing else is there


def test_numbers_wrap_and_a_new_stream_goes_on_at_once() -> None:
    ring = JitterRing()
    heard = []
    for sequence in (0xFFFE, 0xFFFF, 0, 1, 30_000, 30_001, 30_002):
        ring.push(frame(sequence), sequence)
        heard.append(ring.take())
    assert heard == [SILENT_BLOCK, *map(frame, (0xFFFE, 0xFFFF, 0, 1, 30_000, 30_001))]


def test_a_dry_ring_repeats_twice_then_is_silent_and_takes_up_again() -> None:
    ring = JitterRing()
    for number in (0, 1):
        ring.push(frame(number))
    heard = [ring.take() for _ in range(5)]
    assert heard == [frame(0), frame(1), frame(1), frame(1), SILENT_BLOCK]
    assert not ring.is_live
    for number in (2, 3):
        ring.push(frame(number))
    assert ring.take() == frame(2)
    assert ring.is_live


def drifting(ppm: float, seconds: int) -> tuple[JitterRing, int]:
    """A sender off by `ppm`, with up to 5 ms of jitter; how many ticks had to repeat or be silent."""
    dice = random.Random(4)
    ring = JitterRing()
    sent, missing, depth_max = 0, 0, 0
    for tick in range(seconds * 50):
        now = tick * TICK_S
        while sent * TICK_S * (1 - ppm / 1e6) + dice.uniform(0.002, 0.007) <= now:
            ring.push(frame(sent), sent)
            sent += 1
        ring.take()
        missing += tick > 10 and not ring.is_live
        depth_max = max(depth_max, ring.depth)
    assert depth_max <= 3
    return ring, missing


def test_a_fast_clock_costs_a_frame_now_and_then() -> None:
    ring, missing = drifting(ppm=200, seconds=600)  # 6 frames too many in ten minutes
    assert missing == 0
    assert 4 <= ring.dropped <= 8


def test_a_slow_clock_costs_a_repeat_now_and_then() -> None:
    ring, missing = drifting(ppm=-200, seconds=600)
    assert ring.dropped == 0
    assert 4 <= missing <= 16
    assert missing == ring.repeated  # never silence


def test_a_burst_after_an_outage_does_not_delay_the_talk_for_long() -> None:
    ring = JitterRing()
    for number in range(60):
        ring.push(frame(number), number)
        assert ring.depth <= FRAMES_MAX
    for number in range(60, 60 + 8 * 50):
        ring.push(frame(number), number)
        ring.take()
    assert ring.depth <= 2


def test_frames_of_other_lengths_are_cut_to_20_ms() -> None:
    ring = JitterRing()
    speech = bytes(range(250)) * 8
    for index, at in enumerate(range(0, 1_200, 240)):
        ring.push(speech[at : at + 240], index)
    assert b"".join(ring.take() for _ in range(7)) == speech[: 7 * 160]


def test_the_timer_keeps_time_and_makes_up_for_a_late_wake_up() -> None:
    clock = TickClock(0.0)
    assert clock.ticked(0.021, by_line=False) < 0.0011
    assert clock.ticked(0.095, by_line=False) > 0.05
    made_up = 0
    while clock.due_at <= 0.095:
        clock.ticked(0.095, by_line=False)
        made_up += 1
    assert made_up == 2
    assert clock.lost == 0


def test_a_long_stop_is_let_go() -> None:
    clock = TickClock(0.0)
    clock.ticked(10.0, by_line=False)
    owed = 0
    while clock.due_at <= 10.0:
        clock.ticked(10.0, by_line=False)
        owed += 1
    assert owed <= BEHIND_MAX
    assert clock.lost > 490


def test_the_line_gives_the_tick_and_its_loss_is_bridged() -> None:
    clock = TickClock(0.0)
    clock.follow()
    for number in range(1, 20):
        now = number * 0.0201  # 0.5 % slow
        assert clock.listen_at() < now < clock.due_at
        clock.ticked(now, by_line=True)
    for _ in range(5):
        clock.ticked(clock.due_at, by_line=False)
    assert not clock.follows_line
    before = clock.due_at
    clock.ticked(before, by_line=False)
    assert abs(clock.due_at - before - TICK_S) < 1e-9


def test_blocks_missed_in_a_late_wake_up_are_made_up_with_the_line_too() -> None:
    clock = TickClock(0.0)
    clock.follow()
    clock.ticked(0.020, by_line=True)
    assert clock.ticked(0.081, by_line=True) > 0.04
    extra = 0
    while clock.due_at <= 0.081:
        clock.ticked(0.081, by_line=False)
        extra += 1
    assert extra == 2
    assert clock.follows_line
