"""The invariants can fail: each is shown a machine with one thing broken, and names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.dialer.machine import Machine
from appliance.dialer.machine_calls import Calls
from appliance.dialer.seat import KEPT
from appliance.dialer.selection import InHand
from appliance.simulator.shift import Plan, Shift

Prepare = Callable[[Shift], None]


def run(prepare: Prepare = lambda _shift: None) -> None:
    plan = Plan(
        seats=6, hours=0.2, mode="ratio", ratio=2.0, channels=46, customers=400, talk_s=20.0, wrap_s=5.0
    )
    shift = Shift(plan, is_checked=True).run(prepare)
    shift.drain()
    assert shift.invariants is not None
    shift.invariants.at_rest()


def block_what_is_queued(shift: Shift) -> None:
    for tenth in range(50, 6000):
        shift.world.after(tenth / 10, _block, shift)


def _block(shift: Shift) -> None:
    queued = {attempt.customer.number for attempt in shift.machine.calls() if attempt.setup < 0}
    if queued:
        shift.store.block(queued)


def restart_the_list(shift: Shift) -> None:
    for second in range(20, 600, 7):
        shift.world.after(second, shift.set_list, is_started=False)
        shift.world.after(second + 0.001, shift.set_list, is_started=True)


@pytest.mark.parametrize("prepare", [block_what_is_queued, restart_the_list])
def test_a_sound_machine_breaks_none(prepare: Prepare) -> None:
    run(prepare)


def test_a_gate_that_always_opens_dials_a_forbidden_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "may_setup", lambda *_args: True)
    with pytest.raises(AssertionError, match="forbidden number"):
        run(block_what_is_queued)


def test_a_machine_that_trusts_old_offers_calls_somebody_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.simulator.shift_store.QUERY_S", 3.0)
    run(restart_the_list)
    monkeypatch.setattr(InHand, "ended_since", lambda *_args: False)
    with pytest.raises(AssertionError, match="has a result"):
        run(restart_the_list)


def test_calls_that_are_never_cleared_leak_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Calls, "_clear_line", lambda *_args: None)
    with pytest.raises(AssertionError, match="channels leaked"):
        run()


def test_a_channel_given_back_too_early_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    clear = Calls._clear_line
    monkeypatch.setattr(
        Calls, "_clear_line", lambda calls, attempt: (clear(calls, attempt), calls._ledger.free_line(attempt))
    )
    with pytest.raises(AssertionError, match="channel in use is free"):
        run()


def test_time_that_is_not_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(KEPT, "wrapup")
    with pytest.raises(AssertionError, match="no interval"):
        run()


def test_an_answer_counted_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    count = Calls._apologise
    monkeypatch.setattr(Calls, "_find_seat", lambda calls, attempt: (count(calls, attempt), None)[1])
    with pytest.raises(AssertionError):
        run()
