"""Normal mode and manual calls on the machine: who is not handed list calls, and what forbids a number."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.dialer import inputs, outputs
from appliance.dialer.messages import DialNumber, SetMode, SetReady, StartBreak
from appliance.dialer.shell_requests import REFUSALS
from appliance.pri_card import trunk
from tests.unit.dialer_floor import Floor, all_of, ends, only, said

NUMBER = "0355550001"


def free_floor(**changes: Any) -> Floor:
    known: dict[str, Any] = {"is_mode_free": True, "callers": ("0312345678", "0399999999")}
    return Floor(**(known | changes))


def ask(floor: Floor, what: Any) -> str:
    refusal = floor.machine.request_refusal(what, floor.now)
    assert not refusal or refusal in REFUSALS
    if not refusal:
        floor.feed(what)
    return refusal


def opened(floor: Floor) -> list[str]:
    return [found.kind for found in all_of(outputs.OpenAttempt, floor.out)]


def dialled(floor: Floor, number: str = NUMBER, **changes: Any) -> int:
    """Seat 1 dials a number; the attempt."""
    floor.out.clear()
    assert ask(floor, DialNumber(1, number, **changes)) == ""
    return only(outputs.OpenAttempt, floor.out).attempt_id


# --- normal mode --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["progressive", "overdial", "ratio", "adaptive"])
def test_an_operator_in_normal_mode_is_dialled_for_no_more(mode: str) -> None:
    floor = free_floor(mode=mode, channels=0)
    floor.ready()
    assert ask(floor, SetMode(1, True)) == ""
    floor.feed(inputs.Channels(23))
    floor.wait(30.0)

    assert (opened(floor), floor.seat().state, floor.seat().is_manual) == ([], "manual", True)
    assert ask(floor, SetMode(1, False)) == ""
    floor.wait(1.0)
    assert (opened(floor)[:1], floor.seat().state) == (["list"], "waiting")


def test_an_answered_list_call_is_not_handed_to_normal_mode() -> None:
    floor = free_floor(seats=2, offer=1)
    floor.ready(1)
    floor.ring(1)
    floor.ready(2)
    ask(floor, SetMode(1, True))
    floor.answer(1)

    assert [floor.seat(seat).state for seat in (1, 2)] == ["manual", "talking"]


def test_the_mode_is_the_projects_unless_it_leaves_a_choice() -> None:
    floor = Floor()
    floor.ready()
    assert ask(floor, SetMode(1, True)) == "mode-fixed"
    floor.configure(is_mode_free=True)
    assert ask(floor, SetMode(1, True)) == ""
    assert ask(floor, SetMode(1, True)) == "as-it-is"
    floor.configure(is_mode_free=False)
    assert ask(floor, SetMode(1, False)) == "", "the way back is open"


def test_normal_mode_begins_after_the_call_in_hand_and_stays_over_calls_and_breaks() -> None:
    floor = free_floor(offer=2)
    floor.ready()
    floor.talk(1)
    assert ask(floor, SetMode(1, True)) == ""
    assert (floor.seat().state, floor.seat().is_manual) == ("talking", True)
    floor.clear(1)
    floor.keys("12*")
    assert floor.seat().state == "manual"
    ask(floor, StartBreak(1))
    assert floor.seat().state == "break"
    ask(floor, SetReady(1, False))
    floor.hang_up()
    assert floor.seat().state == "break"


def test_a_pause_and_back_lead_to_normal_mode_again() -> None:
    floor = free_floor(offer=0)
    floor.ready()
    ask(floor, SetMode(1, True))
    floor.keys("#")
    assert floor.seat().state == "paused"
    floor.keys("*")
    assert floor.seat().state == "manual"
    floor.keys("*")
    assert floor.seat().state == "manual", "a key more does not begin predictive dialling"


def test_whoever_logs_in_next_is_in_the_projects_mode() -> None:
    floor = free_floor(offer=0)
    floor.ready()
    ask(floor, SetMode(1, True))
    floor.hang_up()
    floor.ready()

    assert (floor.seat().state, floor.seat().is_manual) == ("waiting", False)


def test_a_preview_call_leads_back_to_normal_mode() -> None:
    floor = free_floor(offer=0)
    floor.ready()
    ask(floor, SetMode(1, True))
    who = inputs.Customer(7, "0300000007")
    assert floor.machine.preview_refusal(1, who, floor.now) == ""
    floor.feed(inputs.PreviewDial(1, 1, who))
    floor.ring(1)
    floor.clear(1, 17)

    assert floor.seat().state == "manual"


def test_the_seconds_of_normal_mode_are_wait() -> None:
    floor = free_floor(offer=0)
    floor.ready()
    ask(floor, SetMode(1, True))
    floor.now += 60.0
    floor.out.clear()
    floor.keys("#")

    kept = only(outputs.SaveInterval, floor.out)
    assert (kept.kind, kept.seconds) == ("wait", 60.0)


# --- any number ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["waiting", "manual", "paused"])
def test_a_number_is_dialled_and_the_seat_returns_to_where_it_was(state: str) -> None:
    floor = free_floor(offer=0)
    floor.ready()
    if state == "manual":
        ask(floor, SetMode(1, True))
    if state == "paused":
        floor.keys("#")
    attempt = dialled(floor)
    found = only(outputs.OpenAttempt, floor.out)
    assert (found.kind, found.list_id, found.customer_id, found.number, found.user_id) == (
        "manual", 0, 0, NUMBER, 101,
    )  # fmt: skip
    floor.talk(attempt)
    seat = floor.seat()
    assert (seat.state, seat.attempt_kind, seat.number) == ("talking", "manual", NUMBER)
    floor.clear(attempt)
    floor.keys("12*")

    assert floor.seat().state == state
    assert ends(floor.out)[-1] == (attempt, "result", "12")


def test_an_unanswered_one_out_of_a_pause_begins_no_dialling() -> None:
    floor = free_floor(offer=5)
    floor.log_in()
    attempt = dialled(floor)
    floor.ring(attempt)
    floor.clear(attempt, 17)

    assert (floor.seat().state, opened(floor)) == ("paused", ["manual"])
    assert "tone:busy" in said(floor.out)
    assert only(outputs.SaveHistory, floor.out).code == "93"


def test_it_shows_the_chosen_one_of_our_numbers() -> None:
    floor = free_floor(offer=0)
    floor.ready()
    attempt = dialled(floor, caller="0399999999")

    assert only(outputs.OpenAttempt, floor.out).caller == "0399999999"
    assert only(trunk.PlaceCall, floor.feed(inputs.AttemptCommitted(attempt))).caller == "0399999999"


def test_two_operators_call_by_hand_at_a_time_but_not_one_number() -> None:
    floor = free_floor(seats=2, offer=0)
    floor.ready(1)
    floor.ready(2)
    dialled(floor)
    assert ask(floor, DialNumber(2, NUMBER)) == "number-in-hand"
    assert ask(floor, DialNumber(2, "0355550002")) == ""


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [("forbid", "number-forbidden"), ("suspend", "number-suspended"), ("exclude", "number-excluded")],
)
def test_a_blocked_number_is_refused_with_the_reason_and_once_more_before_setup(
    kind: Any, refusal: str
) -> None:
    floor = free_floor(offer=0)
    floor.ready()
    attempt = dialled(floor)
    floor.feed(inputs.AttemptCommitted(attempt))
    floor.feed(inputs.Blocked((inputs.Block(1, NUMBER, kind),)))
    assert not floor.machine.may_setup(attempt, floor.now)
    floor.feed(trunk.Withdrawn(attempt))

    assert floor.seat().state == "waiting"
    assert all_of(outputs.SaveRefusal, floor.out) == [], "there is no customer to settle"
    assert ask(floor, DialNumber(1, NUMBER)) == refusal


@pytest.mark.parametrize(
    ("what", "changes", "refusal"),
    [
        (DialNumber(1, "12"), {}, "number-invalid"),
        (DialNumber(1, "０３５５５５０００１"), {}, "number-invalid"),
        (DialNumber(1, NUMBER, "0388888888"), {}, "not-a-caller"),
        (DialNumber(1, NUMBER), {"hours": ()}, "closed"),
        (DialNumber(1, NUMBER), {"main_caller": ""}, "no-caller"),
        (DialNumber(1, NUMBER), {"is_active": False}, "project-stopped"),
        (DialNumber(1, NUMBER), {"channel_share": 0}, "channels"),
    ],
)
def test_what_else_forbids_it(what: DialNumber, changes: dict[str, Any], refusal: str) -> None:
    floor = free_floor(offer=0)
    floor.ready()
    floor.configure(**changes)

    assert ask(floor, what) == refusal


def test_nobody_in_a_call_or_on_a_break_dials_another() -> None:
    floor = free_floor(offer=1)
    assert ask(floor, DialNumber(1, NUMBER)) == "nobody"
    floor.ready()
    floor.talk(1)
    assert ask(floor, DialNumber(1, NUMBER)) == "call-in-hand"
    floor.clear(1)
    floor.keys("12*")
    ask(floor, StartBreak(1))
    assert ask(floor, DialNumber(1, NUMBER)) == "on-break"


def test_the_interval_between_calls_does_not_hold_back_what_was_typed() -> None:
    floor = free_floor(offer=0, interval_s=7200.0)
    floor.ready()
    for _ in range(2):
        attempt = dialled(floor)
        floor.ring(attempt)
        floor.clear(attempt, 17)
    assert floor.seat().state == "waiting"


def test_the_machines_counts_hold_manual_calls_too() -> None:
    floor = free_floor(offer=0)
    floor.ready()
    attempt = dialled(floor)
    floor.talk(attempt)

    counts = floor.machine.tallies()
    assert (counts["attempts"], counts["answered"], counts["dialling"]) == (1, 1, 0)
