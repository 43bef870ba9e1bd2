"""List permission binds the predictive dialler: no seat is handed the call of a list it may not call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.dialer import inputs, outputs
from appliance.dialer.inputs import Customer, ListSettings
from appliance.store import lists
from tests.store_help import make_floor
from tests.unit.dialer_floor import Floor, all_of, only

OPEN = ListSettings(1, 1, True, True)
OWN = ListSettings(2, 1, True, True, is_for_all=False, user_ids=frozenset({102}))


def floor_with(*listed: ListSettings, seats: int = 2, **changes: Any) -> Floor:
    """List 1 has customers 1…, list 2 customers 101…; nobody sits yet."""
    floor = Floor(seats=seats, offer=0, **changes)
    floor.feed(inputs.Configure((floor.settings,), listed, floor.seats))
    for one in listed:
        first = 1 if one.list_id == 1 else 101
        who = tuple(Customer(i, f"03{i:08d}") for i in range(first, first + 20))
        floor.feed(inputs.ListChanged(one.list_id))
        floor.feed(inputs.Offered(one.list_id, who, is_last=True, callable=20))
    floor.out.clear()
    return floor


def opened(floor: Floor) -> list[int]:
    return [found.list_id for found in all_of(outputs.OpenAttempt, floor.out)]


@pytest.mark.parametrize("mode", ["progressive", "ratio", "overdial", "adaptive"])
def test_a_list_is_not_dialled_for_whom_it_does_not_permit(mode: str) -> None:
    floor = floor_with(OWN, mode=mode)
    floor.ready(1)
    floor.wait(5.0)
    assert opened(floor) == []

    floor.ready(2)
    floor.wait(1.0)
    assert opened(floor) == [2], "one call for the seat that may"


def test_its_answer_goes_to_the_seat_that_may_though_another_has_waited_longer() -> None:
    floor = floor_with(OWN)
    floor.ready(1)
    floor.ready(2)
    floor.talk(only(outputs.OpenAttempt, floor.out).attempt_id)

    assert [floor.seat(seat).state for seat in (1, 2)] == ["waiting", "talking"]


def test_an_open_lists_answer_leaves_the_seat_that_the_other_call_is_for() -> None:
    floor = floor_with(OPEN, OWN)
    floor.ready(1)
    floor.ready(2)
    floor.keys("#*", 1, after=1.0)  # the other seat has waited longer now
    calls = {found.list_id: found.attempt_id for found in all_of(outputs.OpenAttempt, floor.out)}
    assert set(calls) == {1, 2}
    floor.ring(calls[1])
    floor.ring(calls[2])
    floor.answer(calls[1])
    assert [floor.seat(seat).state for seat in (1, 2)] == ["talking", "waiting"]
    floor.answer(calls[2])

    assert [floor.seat(seat).list_id for seat in (1, 2)] == [1, 2]


def test_a_call_whose_seat_has_gone_does_not_go_out() -> None:
    floor = floor_with(OWN)
    floor.ready(1)
    floor.ready(2)
    attempt = only(outputs.OpenAttempt, floor.out).attempt_id
    floor.feed(inputs.AttemptCommitted(attempt))
    floor.keys("#", 2)

    assert not floor.machine.may_setup(attempt, floor.now)


def test_where_all_who_work_may_call_it_the_list_is_paced_as_any() -> None:
    everybody = ListSettings(2, 1, True, True, is_for_all=False, user_ids=frozenset({101, 102}))
    floor = floor_with(everybody, mode="overdial", overdial=2)
    floor.ready(1)

    assert opened(floor) == [2, 2, 2]


def test_counts_of_such_calls_come_back_to_nothing() -> None:
    floor = floor_with(OWN)
    floor.ready(1)
    floor.ready(2)
    for _ in range(3):
        attempt = all_of(outputs.OpenAttempt, floor.out)[-1].attempt_id
        floor.ring(attempt)
        floor.clear(attempt, 17)

    assert len(opened(floor)) == 4
    assert floor.machine.tallies()["dialling"] == 1


def test_the_store_names_whom_a_list_is_permitted_to(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    everybodys, own = floor.make_list(1), floor.make_list(1, name="冬")
    floor.store.update("list", own, is_for_all=0)
    lists_permitted = (own, floor.operator, floor.tenant)
    floor.store.run(
        "INSERT INTO list_permission (list_id, user_id, tenant_id) VALUES (?, ?, ?)", lists_permitted
    )

    found = {row.list_id: (row.is_for_all, row.user_ids) for row in lists.started(floor.store)}
    assert found == {everybodys: (True, frozenset()), own: (False, frozenset({floor.operator}))}
