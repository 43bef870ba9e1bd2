"""The invariants of a working day can fail: each is shown a machine with one thing broken, and names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.dialer import promises
from appliance.dialer.callback import Callback
from appliance.dialer.machine_breaks import Breaks
from appliance.dialer.machine_incoming import Incoming
from appliance.dialer.machine_listening import Listenings
from appliance.dialer.machine_many import Many
from appliance.dialer.machine_party import Parties
from appliance.dialer.machine_ringing import Rings
from appliance.dialer.machine_seats import Desks
from appliance.dialer.party_leg import Leg
from appliance.dialer.promises import Do, Owner, Stage
from appliance.dialer.seat import KEPT, Seat
from appliance.simulator.shift import Shift
from appliance.simulator.shift_day import Day, plan
from appliance.simulator.shift_store import Store

Break = Callable[[pytest.MonkeyPatch], None]


def run(seed: int = 101) -> None:
    planned = plan(seed)
    day = Day(seed, planned, has_faults=False)
    Shift(planned, is_checked=True).run(day.prepare).drain()
    day.at_rest()


def phones_ring_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rings, "_hang_up", lambda *_args: None)


def ports_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rings, "_tell_down", lambda _self, rung: rung.tell("down"))


def breaks_are_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEPT, "break", "wait")


def breaks_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaks, "take_wanted", lambda *_args: False)


def log_outs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def after_ready(self: Desks, seat: Seat) -> None:
        if not self.breaks.take_wanted(seat):
            self.transfers.seat_free(seat)

    monkeypatch.setattr(Desks, "_after_ready", after_ready)


def ends_of_transfers_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    save = Parties.save

    def keep_open(self: Parties, leg: Leg) -> None:
        if leg.cleared < 0:
            save(self, leg)

    monkeypatch.setattr(Parties, "save", keep_open)


def ends_of_listening_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listenings, "_save", lambda *_args: None)


def the_others_ring_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Many, "_clear", lambda *_args: None)


def promises_are_called_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(promises.RULES[Stage.NEAR], Owner.FREE, Do.DIAL)


def promises_are_anyones_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner in Owner:
        monkeypatch.setitem(promises.RULES[Stage.DUE], owner, Do.DIAL_ANYONE)


def missed_callers_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    save = Incoming._save

    def keep_open(self: Incoming, callback: Callback) -> None:
        if callback.ended < 0:
            save(self, callback)

    monkeypatch.setattr(Incoming, "_save", keep_open)


def handsets_lifted_twice_stay_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second line of a phone; the first one's leg is forgotten."""
    off_hook = Desks.off_hook

    def forget(self: Desks, seat: Seat, leg: str) -> None:
        if seat.leg:
            self.on_hook(seat)
        off_hook(self, seat, leg)

    monkeypatch.setattr(Desks, "off_hook", forget)


def promises_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in (Stage.DUE, Stage.ANYONE):
        for owner in Owner:
            monkeypatch.setitem(promises.RULES[stage], owner, Do.NOTHING)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (phones_ring_on, "nobody has the leg"),
        (ports_stay_open, "is open for nobody"),
        (breaks_are_waiting, "of (wait|break) were shown"),
        (breaks_are_forgotten, "its break '.*' has not begun"),
        (log_outs_are_forgotten, "was to be logged out"),
        (ends_of_transfers_are_not_written, "transfers without an end"),
        (ends_of_listening_are_not_written, "two stretches"),
        (the_others_ring_on, "ring on"),
        (promises_are_called_early, "too early"),
        (promises_are_anyones_at_once, "before anyone may"),
        (missed_callers_are_not_written, "nobody says what became"),
        (handsets_lifted_twice_stay_up, "nobody has the leg"),
        (promises_are_forgotten, "neither kept nor reported"),
    ],
)
def test_a_machine_with_one_thing_broken_is_caught(
    broken: Break, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    with pytest.raises(AssertionError, match=says):
        run()


def test_a_restart_that_forgets_who_owed_a_code_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's part of a kill, broken: the call is nobody's any more."""
    recover = Store.recover

    def forget(self: Store, standing: set[str]) -> object:
        found = recover(self, standing)
        return tuple(type(seat)(*(getattr(seat, name) for name in NOT_OWED)) for seat in found)

    monkeypatch.setattr(Store, "recover", forget)
    monkeypatch.setattr("appliance.simulator.shift_day.RESTARTS_AN_HOUR", 40)
    planned = plan(1)
    day = Day(1, planned)
    with pytest.raises(AssertionError, match="seats are asked for the codes of"):
        Shift(planned, is_checked=True).run(day.prepare)


NOT_OWED = ("seat_id", "leg", "user_id", "user_name", "tenant_id", "project_ids")
