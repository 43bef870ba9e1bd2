"""Several numbers at once for one operator: the table, and each way in which they can end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.audio.messages import AudioSnapshot, Play
from appliance.dialer import attempt as attempts
from appliance.dialer import inputs, many, outputs
from appliance.dialer.inputs import Block, Chosen, Customer, ListSettings
from appliance.dialer.messages import NONE_CALLABLE, DialForOperator, DialledBoard, LogOutSeat
from appliance.dialer.shell_preview import Preview
from appliance.errors import BadInput
from appliance.pri_card import trunk
from tests.unit.dialer_floor import Floor, all_of, customers, ends, only, project, said

THREE = customers(3)


def many_floor(count: int = 3, *, ring: bool = True, **changes: Any) -> Floor:
    """A preview project, one operator, `count` numbers dialled for him; all ring."""
    floor = Floor(**{"mode": "preview", "dials_at_once": 4, **changes})
    floor.ready()
    dial(floor, *customers(count))
    if ring:
        for number in range(1, count + 1):
            floor.ring(number)
    return floor


def dial(floor: Floor, *who: Customer) -> list[Any]:
    return floor.feed(inputs.DialMany(1, tuple(Chosen(1, customer) for customer in who)))


def refusal(floor: Floor, *who: Customer) -> str:
    chosen = tuple(Chosen(1, customer) for customer in who)
    return floor.machine.many_refusal(inputs.DialMany(1, chosen), floor.now)


def cleared(decided: list[Any]) -> list[int]:
    return [clear.call_id for clear in all_of(outputs.ClearCall, decided)]


def codes(floor: Floor) -> dict[int, str]:
    return {row.attempt_id: row.code for row in all_of(outputs.SaveHistory, floor.out)}


# --- the tables ---------------------------------------------------------------------------------------


def test_a_group_is_over_only_when_its_last_number_is() -> None:
    for state, rows in many.TRANSITIONS.items():
        over = [event for event, (_do, following) in rows.items() if following is many.State.OVER]
        assert over in ([], [many.Event.LAST_ENDED]), state


def test_nobody_who_was_outrun_gets_the_result_of_a_telephone_that_nobody_answered() -> None:
    """What outran calls end as: nothing, unless the line was answered all the same."""
    rows = attempts.TRANSITIONS[attempts.State.OUTRUN]
    assert rows[attempts.Event.CLEARED][0] is attempts.Do.DISPOSE_OUTRUN
    assert rows[attempts.Event.FAULT][0] is attempts.Do.DISPOSE_OUTRUN
    assert rows[attempts.Event.ANSWERED][0] is attempts.Do.NOTE_TOO_LATE


def test_whatever_is_on_its_way_to_an_answer_can_be_outrun() -> None:
    before = (
        attempts.State.QUEUED, attempts.State.COMMITTED, attempts.State.SETUP, attempts.State.RINGING,
    )  # fmt: skip
    for state in attempts.State:
        assert (attempts.Event.OUTRUN in attempts.TRANSITIONS[state]) == (state in before), state


# --- the first answer wins ----------------------------------------------------------------------------


def test_the_first_answer_wins_and_the_others_are_cleared_and_nobodys_result() -> None:
    floor = many_floor()
    opened = all_of(outputs.OpenAttempt, floor.out)
    assert [(row.customer_id, row.seat_id, row.user_id) for row in opened] == [
        (1, 1, 101),
        (2, 1, 101),
        (3, 1, 101),
    ]
    assert floor.seat().state == "ringing"
    assert [one.state for one in floor.seat().dialling] == ["ringing"] * 3
    assert (floor.seat().customer_id, floor.seat().number) == (0, ""), "nobody is shown before he answers"

    won = floor.answer(2)
    assert only(outputs.BridgeCall, won).attempt_id == 2
    assert not cleared(won), "another answer may come in the same breath"
    assert (floor.seat().state, floor.seat().customer_id, floor.seat().dialling) == ("talking", 2, ())
    assert cleared(floor.wait(0.05)) == [1, 3]
    assert ends(floor.clear(1)) == [(1, "outrun", "")]
    assert ends(floor.clear(3)) == [(3, "outrun", "")]
    floor.clear(2)
    assert ends(floor.keys("06*")) == [(2, "result", "06")]
    assert codes(floor) == {2: "06"}
    assert floor.machine.tallies() == {
        "attempts": 3,
        "answered": 1,
        "abandoned": 0,
        "dialling": 0,
        "calls_out": 0,
    }


def test_numbers_that_did_not_go_out_are_recalled_with_the_answer() -> None:
    """One is still being written, one waits for its slot."""
    floor = many_floor(ring=False)
    floor.ring(1)
    floor.feed(inputs.AttemptCommitted(2))

    won = floor.answer(1)
    assert cleared(won) == [2]
    assert not floor.machine.may_setup(2, floor.now)
    assert ends(floor.feed(trunk.Withdrawn(2))) == [(2, "withdrawn", "")]
    assert ends(floor.feed(inputs.AttemptCommitted(3))) == [(3, "withdrawn", "")]
    assert not all_of(trunk.PlaceCall, floor.out[-5:])
    assert not cleared(floor.wait(0.05))


def test_a_setup_that_was_on_its_way_when_it_was_recalled_is_waited_for() -> None:
    floor = many_floor(2, ring=False)
    floor.ring(1)
    floor.feed(inputs.AttemptCommitted(2))
    floor.answer(1)
    floor.feed(trunk.SetupSent(2, trunk.Line(1, 2)))
    assert ends(floor.clear(2)) == [(2, "outrun", "")]
    assert floor.machine.tallies()["attempts"] == 2
    assert floor.machine.tallies()["calls_out"] == 1


def test_two_answers_in_the_same_instant_one_talks_and_one_hears_the_apology() -> None:
    floor = many_floor(has_apology=True)
    floor.answer(1)
    second = floor.answer(3, after=0.001)
    assert said(second) == ["project-1-apology"]
    assert only(Play, second).port == "b1/3"
    assert cleared(floor.wait(0.05)) == [2]
    floor.clear(2)
    floor.feed(trunk.Cleared(3, 16), after=1.0)

    assert codes(floor) == {3: "96"}
    assert floor.machine.tallies()["abandoned"] == 1
    assert floor.machine.board(floor.now).projects[0].abandon_ratio_30min == pytest.approx(1 / 2)
    assert floor.seat().state == "talking"


def test_the_apology_is_said_to_its_end_and_then_cleared() -> None:
    floor = many_floor(2)
    floor.answer(1)
    floor.answer(2, after=0.0)
    assert not cleared(floor.wait(1.0))
    assert cleared(floor.wait(20.0)) == [2]


def test_an_answer_that_crosses_our_clearing_is_abandoned() -> None:
    floor = many_floor(2)
    floor.answer(1)
    assert cleared(floor.wait(0.05)) == [2]
    floor.answer(2, after=0.02)
    assert ends(floor.clear(2)) == [(2, "result", "96")]
    assert codes(floor) == {2: "96"}
    assert floor.machine.tallies()["abandoned"] == 1
    assert floor.machine.tallies()["answered"] == 2


# --- nobody answers -----------------------------------------------------------------------------------


def test_all_busy_and_the_seat_waits_again_with_each_result_written() -> None:
    floor = many_floor()
    floor.clear(1, cause=17)
    assert [(one.state, one.code) for one in floor.seat().dialling] == [
        ("over", "93"), ("ringing", ""), ("ringing", ""),
    ]  # fmt: skip
    floor.clear(2, cause=17)
    assert floor.seat().state == "ringing"
    last = floor.clear(3, cause=17)
    assert said(last)[0] == "tone:busy"
    assert (floor.seat().state, floor.seat().dialling) == ("waiting", ())
    assert codes(floor) == {1: "93", 2: "93", 3: "93"}


def test_the_announcement_of_an_unused_number_does_not_win() -> None:
    floor = many_floor(2)
    assert cleared(floor.feed(trunk.Progress(1, True, 1))) == [1]
    assert cleared(floor.feed(trunk.Disconnecting(2, 1))) == [2]
    assert floor.seat().state == "ringing"
    floor.clear(1)
    floor.clear(2)
    assert codes(floor) == {1: "91", 2: "91"}
    assert not all_of(outputs.BridgeCall, floor.out)


def test_a_telephone_that_rings_too_long_leaves_the_others_ringing() -> None:
    floor = many_floor(2)
    assert cleared(floor.wait(23.5)) == [1]
    assert cleared(floor.wait(1.0)) == [2]
    floor.clear(1)
    floor.clear(2)
    assert codes(floor) == {1: "94", 2: "94"}


def test_the_operator_hears_one_ringing_tone_and_hears_it_again_after_audio_restarted() -> None:
    floor = many_floor()
    assert said(floor.out).count("tone:ringback") == 1
    again = floor.feed(AudioSnapshot((), {}, ()))
    assert said(again).count("tone:ringback") == 1


@pytest.mark.parametrize("how", ["key", "handset", "forced"])
def test_the_operator_hangs_up_and_all_are_cleared(how: str) -> None:
    floor = many_floor(4, ring=False)
    for number in (1, 2):
        floor.ring(number)
    floor.feed(inputs.AttemptCommitted(3))
    ended = {
        "key": lambda: floor.keys("#"),
        "handset": lambda: floor.hang_up(),
        "forced": lambda: floor.feed(LogOutSeat(1, is_now=True, reason="")),
    }[how]()
    assert cleared(ended) == [1, 2, 3]
    assert floor.seat().state == ("waiting" if how == "key" else "logged_out")
    for number in (1, 2):
        assert ends(floor.clear(number)) == [(number, "outrun", "")]
    floor.feed(trunk.Withdrawn(3))
    floor.feed(inputs.AttemptCommitted(4))
    assert floor.machine.tallies()["calls_out"] == 0
    assert not codes(floor)


def test_who_answers_an_operator_that_has_just_left_is_abandoned() -> None:
    floor = many_floor(2)
    floor.hang_up()
    floor.answer(1, after=0.01)
    floor.clear(1)
    floor.clear(2)
    assert codes(floor) == {1: "96"}


def test_a_span_that_fails_frees_everybody_and_the_seat() -> None:
    floor = many_floor()
    for number in (1, 2, 3):
        floor.feed(trunk.Cleared(number, 27, is_line_fault=True))
    assert [end for _, end, _ in ends(floor.out)] == ["fault"] * 3
    assert floor.seat().state == "waiting"
    assert floor.machine.tallies()["calls_out"] == 0


def test_the_winners_span_may_fail_while_the_others_are_cleared() -> None:
    floor = many_floor(2)
    floor.answer(1)
    floor.feed(trunk.Cleared(1, 27, is_line_fault=True))
    floor.feed(trunk.Cleared(2, 27, is_line_fault=True))
    assert floor.seat().state == "wrapup"
    assert ends(floor.out) == [(2, "fault", "")]
    floor.keys("06*")
    assert floor.seat().state == "waiting"


def test_the_next_numbers_may_ring_while_the_last_ones_are_still_cleared() -> None:
    floor = many_floor(2)
    floor.answer(1)
    floor.wait(0.05)
    floor.clear(1)
    floor.keys("06*")
    dial(floor, *customers(2, first=7))
    floor.ring(3)
    floor.keys("#")
    assert ends(floor.clear(2)) == [(2, "outrun", "")]
    assert ends(floor.clear(3)) == [(3, "outrun", "")]
    assert floor.seat().state == "waiting"


# --- the rules ----------------------------------------------------------------------------------------


def test_why_nobody_would_be_dialled() -> None:
    floor = Floor(mode="preview", dials_at_once=2)
    assert refusal(floor, *customers(2)) == "not-ready"
    floor.ready()
    assert refusal(floor, *customers(2)) == ""
    assert refusal(floor, *THREE) == "too-many"
    assert refusal(floor) == "too-many"
    floor.configure(hours=())
    assert refusal(floor, *customers(2)) == "hours"
    floor.configure(hours=tuple(inputs.CallingHours(day, 0, 1440) for day in range(7)), channel_share=0)
    assert refusal(floor, *customers(2)) == "channels"


def test_they_see_the_number_that_the_operator_chose_if_it_is_one_of_the_projects() -> None:
    floor = Floor(mode="preview", dials_at_once=2, callers=("0312345678", "0398765432"))
    floor.ready()
    chosen = tuple(Chosen(1, customer) for customer in THREE[:2])
    wrong = inputs.DialMany(1, chosen, "0311111111")
    assert floor.machine.many_refusal(wrong, floor.now) == "not-a-caller"
    assert not floor.feed(wrong)
    decided = floor.feed(inputs.DialMany(1, chosen, "0398765432"))
    assert {row.caller for row in all_of(outputs.OpenAttempt, decided)} == {"0398765432"}


def test_one_number_at_a_time_is_what_a_project_allows_by_itself() -> None:
    floor = Floor(mode="preview")
    floor.ready()
    assert refusal(floor, *customers(2)) == "too-many"
    assert not all_of(outputs.OpenAttempt, dial(floor, *customers(2)))


def test_who_may_not_be_called_is_left_out_and_written_down() -> None:
    floor = Floor(mode="preview", dials_at_once=4)
    floor.ready()
    floor.feed(inputs.Blocked((Block(1, THREE[0].number, "forbid"),)))
    assert refusal(floor, THREE[0]) == "9a"
    assert refusal(floor, *THREE) == ""
    decided = dial(floor, *THREE)
    assert [row.customer_id for row in all_of(outputs.OpenAttempt, decided)] == [2, 3]
    assert [(row.customer_id, row.code) for row in all_of(outputs.SaveRefusal, decided)] == [(1, "9a")]


def test_nobody_is_called_twice_at_a_time() -> None:
    floor = Floor(mode="preview", dials_at_once=4)
    floor.ready()
    twin = Customer(9, THREE[0].number)
    assert [
        row.customer_id for row in all_of(outputs.OpenAttempt, dial(floor, THREE[0], twin, THREE[0]))
    ] == [1]


def test_a_number_blocked_after_it_was_chosen_does_not_go_out() -> None:
    floor = many_floor(2, ring=False)
    floor.ring(1)
    floor.feed(inputs.AttemptCommitted(2))
    floor.feed(inputs.Blocked((Block(1, THREE[1].number, "forbid"),)))
    assert not floor.machine.may_setup(2, floor.now)
    decided = floor.feed(trunk.Withdrawn(2))
    assert ends(decided) == [(2, "result", "9a")]
    assert only(outputs.BridgeCall, floor.answer(1)).attempt_id == 1


def test_the_seat_goes_to_the_project_of_the_customers_and_never_to_another_tenants() -> None:
    """Rules, caller number and codes are those of the customers' project."""
    floor = Floor(mode="preview", dials_at_once=4)
    projects = tuple(
        project(
            project_id=n,
            tenant_id=1 if n < 3 else 2,
            mode="preview",
            dials_at_once=4,
            main_caller=f"031111000{n}",
        )
        for n in (1, 2, 3)
    )
    lists = tuple(ListSettings(n, n, is_started=True) for n in (1, 2, 3))
    floor.feed(inputs.Configure(projects, lists, floor.seats))
    floor.log_in()
    floor.hang_up()
    floor.lift()
    floor.keys("1#4711#")
    floor.feed(inputs.LoginChecked(1, 101, "操作者1", 1, (1, 2)))
    floor.keys("*")

    def refused(*list_ids: int) -> str:
        chosen = tuple(Chosen(n, Customer(n, f"03{n:08d}")) for n in list_ids)
        return floor.machine.many_refusal(inputs.DialMany(1, chosen), floor.now)

    assert [refused(2), refused(3), refused(1, 2), refused(9)] == ["", "stopped", "stopped", "stopped"]
    assert floor.machine.preview_refusal(1, THREE[2], floor.now, list_id=3) == "stopped"
    decided = floor.feed(inputs.DialMany(1, tuple(Chosen(2, customer) for customer in THREE[:2])))
    assert {(row.project_id, row.caller) for row in all_of(outputs.OpenAttempt, decided)} == {
        (2, "0311110002")
    }
    assert floor.seat().project_id == 2
    floor.keys("#")
    opened = only(outputs.OpenAttempt, floor.feed(inputs.PreviewDial(1, 1, THREE[2])))
    assert (opened.project_id, opened.caller) == (1, "0311110001")


def test_out_of_a_pause_numbers_are_dialled_where_calls_come_by_themselves_and_the_pause_goes_on() -> None:
    floor = Floor(mode="adaptive", dials_at_once=2, offer=0)
    floor.log_in()
    assert floor.seat().state == "paused"
    assert refusal(floor, *THREE[:2]) == ""
    dial(floor, *THREE[:2])
    floor.ring(1)
    floor.keys("#")
    assert floor.seat().state == "paused"
    floor.configure(mode="preview")
    assert refusal(floor, *THREE[:2]) == "not-ready"


def test_no_more_numbers_than_channels() -> None:
    floor = many_floor(4, ring=False, channels=2)
    assert len(all_of(outputs.OpenAttempt, floor.out)) == 2


def test_a_telephone_that_rang_counts_for_the_interval_and_one_that_did_not_may_be_called_at_once() -> None:
    floor = many_floor(3, ring=False, interval_s=600.0)
    floor.ring(1)
    floor.ring(2)
    floor.feed(inputs.AttemptCommitted(3))
    floor.feed(trunk.SetupSent(3, trunk.Line(1, 3)))
    floor.keys("#")
    for number in (1, 2, 3):
        floor.clear(number)
    assert refusal(floor, THREE[0]) == "95"
    assert refusal(floor, THREE[2]) == ""


def test_the_predictive_pacing_learns_nothing_of_them_and_cuts_nothing() -> None:
    floor = Floor(mode="preview", dials_at_once=4, offer=0)
    floor.ready()
    dial(floor, *customers(2, first=7))
    for number in (1, 2):
        floor.ring(number)
    board = floor.machine.board(floor.now).projects[0]
    assert (board.answer_rate, board.ring_s_mean) == (0.0, 0.0)
    floor.answer(1)
    floor.wait(0.05)
    floor.clear(2)
    board = floor.machine.board(floor.now).projects[0]
    assert (board.answer_rate, board.ring_s_mean, board.answered_30min) == (0.0, 0.0, 1)


def test_the_screen_is_told_each_number() -> None:
    floor = many_floor(2, ring=False)
    floor.ring(1)
    assert floor.seat().dialling == (
        DialledBoard(1, THREE[0].number, "ringing"),
        DialledBoard(2, THREE[1].number, "queued"),
    )


# --- what a page asks ---------------------------------------------------------------------------------


class AnyShell:
    """A shell whose machine is a floor's, and a store that knows a few customers."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.clock = self

    def monotonic(self) -> float:
        return self.floor.now

    def feed(self, what: Any) -> None:
        self.floor.feed(what)

    async def customer(self, customer_id: int, number: str = "") -> tuple[int, Customer] | None:
        found = {customer.customer_id: customer for customer in THREE}
        return (1, found[customer_id]) if customer_id in found else None


def ask(floor: Floor, *customer_ids: int) -> str:
    """What the page is told; empty where calls go out."""
    shell: Any = AnyShell(floor)
    try:
        asyncio.run(Preview(shell, floor.machine, shell).take(DialForOperator(1, customer_ids)))
    except BadInput as error:
        return error.what
    return ""


def test_a_page_is_told_apart_whether_the_customers_or_the_moment_forbid_calls() -> None:
    floor = Floor(mode="preview", dials_at_once=4)
    assert "待機中ではありません" in ask(floor, 1, 2)
    floor.ready()
    assert "その顧客はありません" in ask(floor, 8, 9)
    floor.feed(inputs.Blocked(tuple(Block(1, customer.number, "forbid") for customer in THREE[:2])))
    assert ask(floor, 1, 2) == NONE_CALLABLE
    assert ask(floor, 1, 2, 3, 3, 9) == ""
    assert only(outputs.OpenAttempt, floor.out).customer_id == 3
