"""Whole working days from a seed: transfers, supervisors, breaks, screens, faults and kills of the dialer.

Every invariant after every event.  `python -m bench days` runs more of them.
"""

from __future__ import annotations

import collections

import pytest

from appliance.dialer.seat import State
from appliance.simulator.shift import Shift
from appliance.simulator.shift_day import Day, plan

SEEDS = tuple(range(1, 11))
FAILED_ONCE: tuple[int, ...] = ()
NOT_UP = {"OUT", "SUMMONED", "ASKING_ID", "ASKING_PIN", "CALLED", "OFFERED"}
"""The handset is down in them, they last no time here, or a caller from outside rings."""
CALM = (103, 104, 109, 111)


def run(seed: int, *, has_faults: bool = True) -> tuple[Shift, Day]:
    planned = plan(seed)
    day = Day(seed, planned, has_faults=has_faults)
    shift = Shift(planned, is_checked=True).run(day.prepare)
    print(f"seed {seed}: {shift.figures()}, {day.restarts} restarts, {dict(day.promises.counts)}")
    shift.drain()
    day.at_rest()
    return shift, day


@pytest.mark.parametrize("seed", SEEDS + FAILED_ONCE)
def test_a_day_on_which_everything_goes_wrong_keeps_every_promise(seed: int) -> None:
    shift, day = run(seed)

    assert day.restarts > 0
    assert day.promises.counts["transfer handed"] > 10
    assert day.times.stretches > 300
    assert day.many.outrun > 5
    assert day.recalls.counts["kept"] > 0
    assert day.callers.counts["missed"] > 5
    assert shift.figures()["answered"] > 20, f"seed {seed}: nobody is connected once all is healed"


def test_calm_days_see_each_deed_and_a_handset_down_in_each_state() -> None:
    """What the days above draw is not thin: without faults, a few of them come by everything."""
    down: collections.Counter[str] = collections.Counter()
    deeds: collections.Counter[str] = collections.Counter()
    callers: collections.Counter[str] = collections.Counter()
    for seed in CALM:
        _shift, day = run(seed, has_faults=False)
        down += day.deeds.states
        deeds += day.deeds.counts
        callers += day.callers.counts

    assert set(down) >= {state.name for state in State} - NOT_UP
    assert callers["answered"] > 10
    assert set(deeds) >= {
        "StartBreak", "EndBreak", "CallForHelp", "PreviewDial", "HangUp", "SetReady", "EnterCode", "TakeBack",
        "TakeSeat", "DialNumber", "SetMode",
    }  # fmt: skip
