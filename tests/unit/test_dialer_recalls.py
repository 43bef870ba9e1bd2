"""Promises to call again: the table, who is kept free for which, and calls ahead of lists on the machine."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.dialer import inputs, outputs, promises
from appliance.dialer.inputs import Customer, Recall
from appliance.dialer.machine_recalls import AGAIN_S
from appliance.dialer.promises import AHEAD_S, HOLD_S, Desk, Do, Owner, Stage
from appliance.pri_card import trunk
from tests.unit.dialer_floor import MONDAY_9H, Floor, all_of, ends, only

PROMISED = Customer(900, "0390000900")


def promise(
    due: float = 1000.0, *, recall: int = 1, user: int = 101, anyone: float = 900.0, customer: int = 900
) -> Recall:
    who = Customer(customer, f"039000{customer:04d}")
    return Recall(recall, 1, 1, 1, who, due, due + anyone, user)


def desk(seat: int, owner: Owner = Owner.FREE, **changes: Any) -> Desk:
    return Desk(seat, 100 + seat, 1, 1, (1,), owner)._replace(**changes)


# --- the table --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "stage"),
    [
        (1000 - AHEAD_S - 1, Stage.FAR),
        (1000 - AHEAD_S, Stage.AHEAD),
        (1000 - HOLD_S, Stage.NEAR),
        (1000, Stage.DUE),
        (1900, Stage.ANYONE),
    ],
)
def test_the_stage_follows_the_clock_and_the_next_change_is_known(at: float, stage: Stage) -> None:
    assert promises.stage(promise(), at) is stage
    change = promises.next_change([promise()], at)
    assert (change is None) == (stage is Stage.ANYONE)
    if change is not None:
        assert promises.stage(promise(), change) is not stage


def test_its_operator_is_kept_then_dialled_for() -> None:
    seen = [desk(1), desk(2)]

    assert promises.plan([promise()], seen, 900.0, lines_free=9).kept == {}
    assert not promises.plan([promise()], seen, 920.0, lines_free=9).kept[1].is_strict
    assert promises.plan([promise()], seen, 960.0, lines_free=9).kept[1].is_strict
    assert promises.plan([promise()], seen, 1000.0, lines_free=9).dials == [(promise(), 1)]


def test_who_is_not_there_is_waited_for_and_then_anyone_calls() -> None:
    away = [desk(1, Owner.AWAY), desk(2)]

    assert promises.plan([promise()], away, 1899.0, lines_free=9) == ({}, [])
    assert promises.plan([promise()], away, 1900.0, lines_free=9).dials == [(promise(), 2)]


def test_anyone_is_a_free_seat_of_the_project_that_the_list_permits() -> None:
    late = promise(user=0, anyone=0.0)
    elsewhere = desk(2, project_id=7, project_ids=(7, 1))

    def chosen(*desks: Desk) -> list[int]:
        return [seat for _, seat in promises.plan([late], desks, 1000.0, lines_free=9).dials]

    assert chosen(desk(1, project_ids=(7,)), desk(3, tenant_id=2), desk(4, Owner.BUSY)) == []
    assert chosen(desk(1, may_call=lambda _list: False), elsewhere) == [2]
    assert chosen(elsewhere, desk(3)) == [3], "who is dialled for this project comes first"


def test_a_seat_is_kept_for_one_promise_and_a_second_one_waits_for_it() -> None:
    two = [promise(), promise(1010.0, recall=2, customer=901)]
    made = promises.plan(two, [desk(1), desk(2)], 1010.0, lines_free=9)

    assert [(one.recall_id, seat) for one, seat in made.dials] == [(1, 1)]
    assert made.kept == {}


def test_without_a_line_the_seat_goes_on_being_kept() -> None:
    made = promises.plan([promise()], [desk(1)], 1000.0, lines_free=0)

    assert (made.dials, made.kept[1].is_strict) == ([], True)


def test_every_cell_of_the_table_is_reached() -> None:
    """The table is whole at import; here each deed is seen done, or nothing done."""
    moments = {Stage.FAR: 0.0, Stage.AHEAD: 920.0, Stage.NEAR: 960.0, Stage.DUE: 1000.0, Stage.ANYONE: 1900.0}
    for stage, row in promises.RULES.items():
        for owner, do in row.items():
            made = promises.plan([promise()], [desk(1, owner)], moments[stage], lines_free=1)
            assert bool(made.dials) == (do is Do.DIAL), (stage, owner)
            assert bool(made.kept) == (do in (Do.KEEP, Do.KEEP_LIGHTLY)), (stage, owner)


# --- on the machine ---------------------------------------------------------------------------------


def due(floor: Floor, *found: Recall) -> list[Any]:
    return floor.feed(inputs.RecallsDue(found, floor.now))


def soon(floor: Floor, seconds: float, **changes: Any) -> Recall:
    return promise(MONDAY_9H + floor.now + seconds, **changes)


def recalls(decided: list[Any]) -> list[outputs.OpenAttempt]:
    return [opened for opened in all_of(outputs.OpenAttempt, decided) if opened.kind == "recall"]


def test_the_store_is_asked_again_and_again() -> None:
    floor = Floor()
    asked = all_of(outputs.RecallsWanted, floor.wait(11.0))

    assert [question.asked for question in asked] == [5.0, 10.0]
    assert asked[0].within_s > AHEAD_S


def test_a_due_promise_goes_to_its_operator_ahead_of_the_list() -> None:
    floor = Floor(seats=2, channels=1)
    floor.ready(1)
    floor.ready(2)
    opened = only(outputs.OpenAttempt, floor.out[-40:])
    assert opened.kind == "list"
    due(floor, soon(floor, 0.0, user=102))
    assert floor.seat(2).state == "waiting", "no line is free"
    floor.ring(1)

    decided = floor.clear(1, 17)

    mine = only(outputs.OpenAttempt, decided)
    assert (mine.kind, mine.customer_id, mine.seat_id, mine.user_id) == ("recall", 900, 2, 102)
    assert (floor.seat(2).state, floor.seat(2).attempt_kind) == ("ringing", "recall")


def test_the_customer_who_answers_gets_exactly_that_operator() -> None:
    floor = Floor(seats=2, offer=0)
    floor.ready(1)
    floor.ready(2)
    due(floor, soon(floor, 0.0, user=102))
    attempt = recalls(floor.out)[0].attempt_id
    floor.ring(attempt)
    floor.answer(attempt)

    assert [floor.seat(seat).state for seat in (1, 2)] == ["waiting", "talking"]


@pytest.mark.parametrize("mode", ["progressive", "ratio", "overdial", "adaptive"])
def test_a_seat_kept_for_a_promise_is_not_counted_on(mode: str) -> None:
    floor = Floor(mode="preview", ratio=1.0)
    floor.ready()
    floor.configure(mode="progressive", hours=())
    due(floor, soon(floor, HOLD_S))
    floor.configure(mode=mode, hours=())
    floor.feed(inputs.WallClock(MONDAY_9H))
    floor.out.clear()
    floor.configure(hours=tuple(inputs.CallingHours(day, 0, 1440) for day in range(7)))
    floor.wait(HOLD_S - 1.0)

    assert all_of(outputs.OpenAttempt, floor.out) == []
    assert floor.seat().promise_at == pytest.approx(MONDAY_9H + HOLD_S)
    floor.wait(2.0)
    assert len(recalls(floor.out)) == 1


def test_a_list_call_answered_now_goes_to_another_seat_or_is_abandoned_rather_than_break_the_promise() -> (
    None
):
    floor = Floor(offer=1)
    floor.ready()
    floor.ring(1)
    due(floor, soon(floor, HOLD_S - 1.0))
    floor.answer(1)
    floor.wait(5.0)

    assert floor.seat().state == "waiting"


def test_until_then_it_takes_what_would_be_abandoned() -> None:
    floor = Floor(offer=1)
    floor.ready()
    floor.ring(1)
    due(floor, soon(floor, AHEAD_S - 1.0))
    floor.answer(1)

    assert floor.seat().state == "talking"


def test_a_seat_that_is_busy_goes_to_its_promise_when_the_code_is_in() -> None:
    floor = Floor(offer=5)
    floor.ready()
    floor.talk(1)
    due(floor, soon(floor, 0.0))
    floor.clear(1)
    floor.out.clear()
    floor.keys("12*")

    assert [opened.kind for opened in all_of(outputs.OpenAttempt, floor.out)] == ["recall"]


def test_a_seat_let_go_keeps_its_place_in_the_queue() -> None:
    floor = Floor(seats=2, offer=0)
    floor.ready(1)
    floor.now += 5.0
    floor.ready(2)
    due(floor, soon(floor, HOLD_S))
    assert floor.seat(1).promise_at
    due(floor)
    assert not floor.seat(1).promise_at
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, (Customer(1, "0300000001"),), is_last=True, callable=1))
    floor.talk(only(outputs.OpenAttempt, floor.out).attempt_id)

    assert floor.seat(1).state == "talking"


@pytest.mark.parametrize("kind", ["forbid", "suspend", "exclude"])
def test_a_blocked_number_is_refused_before_the_call_and_in_the_instant_before_setup(kind: Any) -> None:
    floor = Floor(offer=0)
    floor.ready()
    block = inputs.Blocked((inputs.Block(1, PROMISED.number, kind),))
    due(floor, soon(floor, 0.0))
    attempt = only(outputs.OpenAttempt, floor.out).attempt_id
    floor.feed(inputs.AttemptCommitted(attempt))
    floor.feed(block)
    assert not floor.machine.may_setup(attempt, floor.now)
    floor.feed(trunk.Withdrawn(attempt))
    assert [end for _, end, _ in ends(floor.out)] == ["result"]

    floor.out.clear()
    floor.now += AGAIN_S + 1
    due(floor, soon(floor, 0.0))
    due(floor, soon(floor, 0.0))
    assert recalls(floor.out) == []
    assert not floor.seat().promise_at


def test_hours_hold_it_back_and_the_interval_does_not() -> None:
    floor = Floor(offer=0, interval_s=7200.0, hours=())
    floor.ready()
    who = Customer(900, "0390000900", 1, MONDAY_9H - 60.0)
    one = Recall(1, 1, 1, 1, who, MONDAY_9H, MONDAY_9H + 900, 101)
    due(floor, one)
    assert recalls(floor.out) == []

    floor.configure(hours=tuple(inputs.CallingHours(day, 0, 1440) for day in range(7)))
    due(floor, one)
    attempt = recalls(floor.out)[0].attempt_id
    floor.feed(inputs.AttemptCommitted(attempt))
    assert floor.machine.may_setup(attempt, floor.now)


def test_an_unanswered_one_is_left_until_the_store_names_it_again() -> None:
    floor = Floor(offer=0)
    floor.ready()
    one = soon(floor, 0.0)
    due(floor, one)
    attempt = recalls(floor.out)[0].attempt_id
    floor.ring(attempt)
    asked = floor.now
    floor.clear(attempt, 19)
    assert floor.seat().state == "waiting"
    floor.out.clear()
    floor.feed(inputs.RecallsDue((one,), asked))
    assert recalls(floor.out) == [], "the question is older than the result"
    floor.now += AGAIN_S
    due(floor, one)
    assert len(recalls(floor.out)) == 1


def test_a_fault_of_the_line_is_tried_again_after_a_while_alone() -> None:
    floor = Floor(offer=0)
    floor.ready()
    one = soon(floor, 0.0)
    due(floor, one)
    attempt = recalls(floor.out)[0].attempt_id
    floor.ring(attempt)
    floor.clear(attempt, 42)
    floor.out.clear()
    due(floor, one)
    assert recalls(floor.out) == []
    floor.now += AGAIN_S
    due(floor, one)
    assert len(recalls(floor.out)) == 1


def test_in_preview_nobody_is_called_by_himself() -> None:
    floor = Floor(mode="preview")
    floor.ready()
    due(floor, soon(floor, -3600.0))

    assert recalls(floor.out) == []
