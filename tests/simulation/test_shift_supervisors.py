"""Shifts in which supervisors listen, whisper and barge, and seats rest, while everything goes wrong."""

from __future__ import annotations

import pytest

from appliance.audio.messages import Mix
from appliance.dialer import outputs
from appliance.simulator.shift import Plan, Shift
from appliance.simulator.shift_faults import HEALED_SHARE, Faults
from appliance.simulator.shift_supervisors import Supervisors

SEEDS = (1, 2, 3)
FAILED_ONCE: tuple[int, ...] = ()
HOURS = 0.7


def run(seed: int) -> tuple[Shift, Supervisors]:
    plan = Plan(
        seats=8, hours=HOURS, mode="ratio", ratio=2.0, seed=seed, channels=46, customers=1500, talk_s=40.0,
        wrap_s=8.0, warm_up_s=HOURS * 3600 * (1 - HEALED_SHARE),
    )  # fmt: skip
    faults, supervisors = Faults(seed), Supervisors(seed, until_s=plan.shift_s * 0.8)

    def prepare(shift: Shift) -> None:
        faults.prepare(shift)
        supervisors.prepare(shift)

    shift = Shift(plan, is_checked=True).run(prepare)
    print(f"seed {seed}: {supervisors.stretches} stretches, {supervisors.mixes} matrices")
    shift.drain()
    return shift, supervisors


@pytest.mark.parametrize("seed", SEEDS + FAILED_ONCE)
def test_nobody_is_heard_who_should_not_be_and_nothing_is_left_over(seed: int) -> None:
    shift, supervisors = run(seed)

    assert shift.invariants is not None
    shift.invariants.at_rest()
    supervisors.at_rest()
    assert supervisors.stretches > 50
    assert supervisors.mixes > 50
    assert shift.figures()["answered"] > 20, f"seed {seed}: nobody is connected once all is healed"


def test_the_checks_can_fail() -> None:
    supervisors = Supervisors(1, until_s=0.0)
    row = outputs.SaveListening(9_000, 0.0, 1, 1, 1, "whisper")
    supervisors._up["900"] = "s1"
    supervisors._stretch(row)
    for mix in (
        Mix(1, {"b1/1": ("p1", "s1"), "p1": ("b1/1",), "s1": ("b1/1", "p1")}),
        Mix(1, {"b1/1": ("p1", "s1"), "p1": ("b1/1", "s1"), "s1": ("b1/1", "p1")}),
        Mix(1, {"b1/1": ("p1",), "p1": ("b1/1", "s1"), "s1": ("b1/1", "p1")}, left=("p1", "s1")),
    ):
        with pytest.raises(AssertionError):
            supervisors._check(mix)
    with pytest.raises(AssertionError):
        supervisors.at_rest()
