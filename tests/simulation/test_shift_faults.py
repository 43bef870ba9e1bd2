"""Shifts full of faults, then healed: every invariant after every event, nothing left over at the end."""

from __future__ import annotations

import pytest

from appliance.simulator.shift import Plan, Shift
from appliance.simulator.shift_faults import HEALED_SHARE, Faults

SEEDS = (1, 2, 3, 4, 5, 6)
FAILED_ONCE: tuple[int, ...] = ()


def run(seed: int, *, mode: str = "ratio", hours: float = 0.7) -> Shift:
    plan = Plan(
        seats=8, hours=hours, mode=mode, ratio=2.0, seed=seed, channels=46, customers=1500,  # type: ignore[arg-type]  # by hand
        talk_s=40.0, wrap_s=8.0, warm_up_s=hours * 3600 * (1 - HEALED_SHARE),
    )  # fmt: skip
    faults = Faults(seed)
    shift = Shift(plan, is_checked=True).run(faults.prepare)
    print(f"seed {seed}: {shift.figures()} after {len(faults.done)} faults")
    shift.drain()
    return shift


@pytest.mark.parametrize("seed", SEEDS + FAILED_ONCE)
def test_invariants_hold_through_faults_and_the_floor_recovers(seed: int) -> None:
    shift = run(seed)

    assert shift.invariants is not None
    shift.invariants.at_rest()
    healed = shift.figures()
    assert healed["answered"] > 20, f"seed {seed}: nobody is connected once all is healed"
