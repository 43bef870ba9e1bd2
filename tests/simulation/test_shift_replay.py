"""A recorded morning runs again to the same outputs, and whole shifts give the figures they should."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.audio.messages import Digit
from appliance.dialer import flight
from appliance.dialer.machine import Machine
from appliance.simulator.shift import Plan, Shift, simulate
from appliance.simulator.shift_faults import Faults

KEYS = {
    "attempts", "answered", "abandoned", "abandon_ratio", "abandon_ratio_worst_30min", "utilisation",
    "wait_s_mean", "ring_cuts", "attempts_per_talk",
}  # fmt: skip


def record(shift: Shift) -> tuple[list[bytes], list[list[Any]]]:
    """The flight of a shift that is about to run, and what was decided."""
    lines: list[bytes] = []
    decided: list[list[Any]] = []
    feed = shift.machine.feed

    def note(what: Any, now: float) -> list[Any]:
        lines.append(flight.encode(now, what, is_secret=shift.machine.is_secret(what)))
        outputs = feed(what, now)
        decided.append(outputs)
        return outputs

    shift.world._feed = note
    return lines, decided


@pytest.mark.parametrize("mode", ["adaptive", "ratio"])
def test_a_recorded_morning_replays_to_identical_outputs(mode: Any) -> None:
    shift = Shift(Plan(seats=6, hours=0.6, mode=mode, ratio=2.0, seed=3, channels=46, talk_s=40.0))
    lines, decided = record(shift)
    shift.run(Faults(3).prepare)

    again = [outputs for _now, _what, outputs in flight.replay(lines, Machine())]

    assert len(again) == len(decided) > 5000
    for number, (first, second) in enumerate(zip(decided, again, strict=True)):
        assert _without_pin(first) == _without_pin(second), f"line {number}"


def _without_pin(outputs: list[Any]) -> list[Any]:
    return [type(output).__name__ if type(output).__name__ == "CheckLogin" else output for output in outputs]


def test_a_pin_never_reaches_the_flight() -> None:
    shift = Shift(Plan(seats=1, hours=0.01))
    lines, _decided = record(shift)
    shift.run()

    keys = [what.digit for _now, what in map(flight.decode, lines) if isinstance(what, Digit)]
    assert "".join(keys).startswith("1#00000#*"), "the robot's PIN is 12345"


def test_one_call_a_waiting_seat_gives_the_reference_utilisation() -> None:
    figures = simulate(seats=20, hours=3, mode="progressive", seed=5)

    assert set(figures) == KEYS
    assert figures["utilisation"] == pytest.approx(0.635, abs=0.03)  # the reference measured 63-64 %
    assert figures["abandoned"] == 0
    assert figures["attempts_per_talk"] == pytest.approx(4.0, abs=0.4)  # 25 % answer


def test_ring_cuts_are_counted_only_where_overdial_cuts() -> None:
    cut = simulate(seats=10, hours=1, mode="overdial", overdial=8, is_ring_cut=True, seed=2)
    kept = simulate(seats=10, hours=1, mode="overdial", overdial=8, seed=2)

    assert cut["ring_cuts"] > 20
    assert kept["ring_cuts"] == 0
    assert kept["abandoned"] > 5


def test_the_same_seed_gives_the_same_shift() -> None:
    first, second = (simulate(seats=5, hours=0.8, mode="ratio", ratio=1.5, seed=9) for _run in range(2))
    assert first == second


def test_adaptive_dialling_beats_progressive_and_holds_the_target_loosely_in_two_hours() -> None:
    """The figures themselves are taken by the bench, over whole days and many seeds."""
    adaptive = simulate(seats=20, hours=2, seed=4, is_checked=True)

    assert adaptive["utilisation"] > 0.75
    assert adaptive["abandon_ratio"] < 0.06
    assert adaptive["ring_cuts"] == 0


def test_half_the_floor_at_lunch_leaves_nothing_on_the_line() -> None:
    plan = Plan(seats=10, hours=1, seed=6, lunch_at_s=1900.0, lunch_s=600.0, mode="ratio", ratio=2.0)
    shift = Shift(plan, is_checked=True).run()
    shift.drain()
    assert shift.invariants is not None
    shift.invariants.at_rest()
    assert shift.figures()["answered"] > 20


def test_channels_bound_the_calls_out() -> None:
    shift = Shift(Plan(seats=40, hours=0.5, mode="ratio", ratio=3.0, channels=23, seed=8), is_checked=True)
    most = 0

    def look(_now: float, _what: Any, _outputs: list[Any]) -> None:
        nonlocal most
        most = max(most, len(shift.exchange.calls))

    shift.world.observers.append(look)
    shift.run()
    assert most == 23
    assert shift.machine.board(shift.world.now).projects[0].reason.limit == "channels"
