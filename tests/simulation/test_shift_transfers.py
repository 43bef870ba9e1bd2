"""Transfers and three-ways by the hundred with everything that goes wrong: nobody lost, nothing left over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.dialer.machine_mix import HEARING, Hearing
from appliance.dialer.machine_party import Parties
from appliance.dialer.machine_transfer import Transfers
from appliance.dialer.party import State
from appliance.simulator.shift import Plan, Shift
from appliance.simulator.shift_custody import Custody
from appliance.simulator.shift_faults import Faults
from appliance.simulator.shift_transfers import Transfers as Scripts

SEEDS = (1, 2, 3)
FAILED_ONCE: tuple[int, ...] = (8,)


def run(
    seed: int, *, seats: int = 8, prepare: Callable[[Shift], None] = lambda _shift: None
) -> tuple[Scripts, Custody]:
    plan = Plan(
        seats=seats, hours=0.25, mode="ratio", ratio=2.0, seed=seed, channels=46, customers=5000, answer=0.5,
        talk_s=40.0, wrap_s=8.0,
    )  # fmt: skip
    shift, scripts = Shift(plan, is_checked=True), Scripts(seed)
    custody = Custody(shift.world, shift.machine)

    def both(shift: Shift) -> None:
        scripts.prepare(shift)
        prepare(shift)

    shift.run(both)
    print(f"seed {seed}: {scripts.scripts} scripts, {dict(scripts.counts)}, {dict(custody.counts)}")
    shift.drain()
    assert shift.invariants is not None
    shift.invariants.at_rest()
    custody.at_rest()
    return scripts, custody


@pytest.mark.parametrize("seed", SEEDS + FAILED_ONCE)
def test_no_customer_is_lost_and_no_leg_left_over(seed: int) -> None:
    scripts, custody = run(seed)

    assert scripts.scripts > 40
    ends = {name for name in scripts.counts if name.startswith("ended: ")}
    assert {"ended: handed", "ended: dropped", "ended: busy", "ended: customer-left"} <= ends
    assert custody.counts["given back"] > 0


@pytest.mark.parametrize("seed", [11, 12])
def test_nor_where_all_other_faults_strike_as_well(seed: int) -> None:
    run(seed, prepare=Faults(seed).prepare)


def test_a_single_operator_loses_nobody_either() -> None:
    run(21, seats=1)


def broken_hand_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transfers, "leave", lambda *_args: False)


def forgotten_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transfers, "_part_from", lambda *_args: None)


def silent_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transfers, "_loop", lambda *_args: None)


def kept_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    release = Parties._release

    def keep(self: Parties, leg: object) -> None:
        self._core.calls_out += 1
        release(self, leg)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(Parties, "_release", keep)


def nobody_for_the_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEARING, State.HANDED, Hearing({"customer": (), "third party": ("customer",)}))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (broken_hand_over, "was cleared upon"),
        (forgotten_leg, "nobody has the third party"),
        (silent_hold, "hears nothing"),
        (kept_channel, "calls out counted"),
        (nobody_for_the_customer, "hears nothing"),
    ],
)
def test_a_machine_with_one_thing_broken_is_caught(
    broken: Callable[[pytest.MonkeyPatch], None], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    with pytest.raises(AssertionError, match=says):
        run(1)
