"""What a page asks of a seat: hang up, hold, code, take back, ready; and its race with the phone's keys."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from appliance.audio.messages import Hush, Play
from appliance.dialer import inputs, outputs
from appliance.dialer.messages import EnterCode, HangUp, HoldCall, LogOutSeat, SetReady, TakeBack
from appliance.dialer.shell_requests import REFUSALS, Requests
from appliance.pri_card import trunk
from tests.unit.dialer_floor import Floor, all_of, only


def talking() -> Floor:
    floor = Floor()
    floor.ready()
    floor.talk()
    return floor


def owing() -> Floor:
    floor = talking()
    floor.clear()
    return floor


def ask(floor: Floor, what: Any) -> str:
    """Ask for it as the shell does; the refusal, or empty when it was fed."""
    refusal = floor.machine.request_refusal(what, floor.now)
    if not refusal:
        floor.feed(what)
    return refusal


def codes(floor: Floor) -> list[str]:
    return [entry.code for entry in all_of(outputs.SaveHistory, floor.out)]


def test_hanging_up_ends_the_talk_and_asks_for_the_code() -> None:
    floor = talking()

    assert ask(floor, HangUp(1)) == ""

    assert only(outputs.ClearCall, floor.out).call_id == 1
    assert floor.seat().state == "wrapup"
    assert ask(floor, HangUp(1)) == "no-call"


def test_hold_gives_music_until_taken_back() -> None:
    floor = talking()

    assert ask(floor, HoldCall(1, is_on=True)) == ""
    assert floor.seat().is_held
    assert ask(floor, HoldCall(1, is_on=True)) == "as-it-is"
    assert ask(floor, HoldCall(1, is_on=False)) == ""

    assert not floor.seat().is_held
    music = [(play.port, play.prompts) for play in all_of(Play, floor.out) if play.is_loop]
    assert music == [("b1/1", ("music",))]
    assert only(Hush, floor.out).port == "b1/1"


def test_nobody_is_held_once_the_customer_is_gone() -> None:
    floor = talking()
    ask(floor, HoldCall(1, is_on=True))

    floor.clear()

    assert not floor.seat().is_held


@pytest.mark.parametrize(("is_next", "state"), [(True, "waiting"), (False, "paused")])
def test_a_code_from_the_screen_is_saved(is_next: bool, state: str) -> None:
    floor = owing()

    assert ask(floor, EnterCode(1, 1, "12", is_next)) == ""

    assert codes(floor) == ["12"]
    assert floor.seat().state == state
    assert floor.seat().saved_code == "12"


def test_a_code_from_the_screen_wins_over_one_that_is_read_back() -> None:
    floor = owing()
    floor.keys("06")

    ask(floor, EnterCode(1, 1, "12", True))
    floor.keys("*")

    assert codes(floor) == ["12"]


def test_a_code_keyed_first_wins_over_the_screen() -> None:
    floor = owing()
    floor.keys("06*")

    assert ask(floor, EnterCode(1, 1, "12", True)) == "no-code-owed"
    assert codes(floor) == ["06"]


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        (EnterCode(1, 1, "77", True), "code-unknown"),
        (EnterCode(1, 2, "12", True), "no-code-owed"),
        (EnterCode(9, 1, "12", True), "nobody"),
        (TakeBack(1, 1), "not-the-last"),
        (SetReady(1, True), "call-in-hand"),
        (HoldCall(1, True), "no-call"),
    ],
)
def test_what_means_nothing_is_refused_and_changes_nothing(what: Any, refusal: str) -> None:
    floor = owing()
    before = floor.seat()

    assert floor.machine.request_refusal(what, floor.now) == refusal

    assert floor.feed(what) == []
    assert floor.seat() == before


def test_a_code_while_talking_is_refused() -> None:
    floor = talking()

    assert ask(floor, EnterCode(1, 1, "12", True)) == "still-talking"


@pytest.mark.parametrize("is_next", [True, False])
def test_a_saved_code_can_be_taken_back_for_ten_seconds(is_next: bool) -> None:
    floor = owing()
    ask(floor, EnterCode(1, 1, "12", is_next))
    floor.wait(9.0)

    assert ask(floor, TakeBack(1, 1)) == ""
    assert floor.seat().state == "wrapup"
    assert ask(floor, EnterCode(1, 1, "06", True)) == ""

    assert codes(floor) == ["12", "06"]
    assert all_of(outputs.SaveHistory, floor.out)[-1].is_replacing


def test_after_ten_seconds_it_stands() -> None:
    floor = owing()
    ask(floor, EnterCode(1, 1, "12", False))
    floor.wait(10.5)

    assert ask(floor, TakeBack(1, 1)) == "too-late"


def test_ready_and_pause_from_the_screen() -> None:
    floor = Floor()
    floor.log_in()

    assert ask(floor, SetReady(1, True)) == ""
    assert floor.seat().state == "waiting"
    assert ask(floor, SetReady(1, True)) == "as-it-is"
    assert ask(floor, SetReady(1, False)) == ""
    assert floor.seat().state == "paused"


def test_who_has_to_leave_after_the_code_leaves_also_without_going_on() -> None:
    floor = owing()
    floor.feed(LogOutSeat(1, is_now=False, reason="終業"))

    ask(floor, EnterCode(1, 1, "12", False))

    assert floor.seat().state == "logged_out"


def test_a_preview_call_goes_out_from_the_caller_number_that_was_chosen() -> None:
    floor = Floor(mode="preview", callers=("0312345678", "0398765432"))
    floor.ready()
    customer = inputs.Customer(5, "0611112222")

    assert floor.machine.preview_refusal(1, customer, floor.now, caller="0355555555") == "not-a-caller"
    opened = floor.feed(inputs.PreviewDial(1, 1, customer, "0398765432"))
    placed = floor.feed(inputs.AttemptCommitted(1))

    assert only(outputs.OpenAttempt, opened).caller == "0398765432"
    assert only(trunk.PlaceCall, placed).caller == "0398765432"


def test_every_request_is_taken_and_every_refusal_has_its_sentence() -> None:
    floor = owing()
    for kind in get_args(inputs.SeatRequest):
        assert Requests.takes(_any_of(kind))
        assert floor.machine.request_refusal(_any_of(kind), floor.now) in REFUSALS


def _any_of(kind: type) -> Any:
    """One for a seat where nobody sits."""
    values = {"int": 9, "bool": True, "str": "", "tuple[int, ...]": (), "How": "listen"}
    return kind(**{name: values[str(given)] for name, given in kind.__annotations__.items()})
