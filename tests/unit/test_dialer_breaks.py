"""Log-in from a page, breaks, help and messages; keys outside a talk, and a break's end by PIN."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.audio.messages import Digit, Play
from appliance.dialer import desk_keys, inputs, outputs
from appliance.dialer.desk_keys import Wish
from appliance.dialer.messages import (
    AnswerHelp,
    CallForHelp,
    EndBreak,
    LogOutSeat,
    SetReady,
    ShowMessage,
    StartBreak,
    TakeSeat,
)
from appliance.phones import messages as phones
from tests.unit.dialer_floor import MEDIA, Floor, all_of, only, said

TAKE = TakeSeat(1, 101, "操作者1", 1, (1,))


def floor_with(*, seats: int = 2, **changes: Any) -> Floor:
    floor = Floor(seats=seats, **changes)
    for seat in range(1, seats + 1):
        floor.feed(phones.Registered(str(200 + seat), "10.0.0.1:5060"))
    return floor


def lift(floor: Floor, decided: list[Any], leg: str = "p7") -> list[Any]:
    floor.feed(inputs.PhoneRings(only(outputs.RingPhone, decided).ref, leg))
    return floor.feed(phones.LegAnswered(leg, MEDIA))


def breaks(floor: Floor) -> list[tuple[str, float]]:
    kept = all_of(outputs.SaveInterval, floor.out)
    return [(row.reason, row.seconds) for row in kept if row.kind == "break"]


def resting() -> Floor:
    floor = floor_with()
    floor.ready()
    floor.feed(StartBreak(1, "昼食"), after=3.0)
    return floor


# --- log-in from a page ---------------------------------------------------------------------------------


def test_the_handset_lifted_logs_in_whom_the_page_knows() -> None:
    floor = floor_with()
    decided = floor.feed(TAKE)
    assert only(outputs.RingPhone, decided).extension == "201"
    assert floor.seat().state == "login"

    decided = lift(floor, decided)

    assert (floor.seat().state, floor.seat().user_name) == ("paused", "操作者1")
    assert said(decided) == ["welcome", "press-star"]
    assert only(outputs.SaveSeat, decided).leg == "p7"
    floor.feed(Digit("p7", "*"))
    assert floor.seat().state == "waiting"
    floor.feed(phones.LegEnded("p7"))
    assert floor.seat().state == "logged_out"


def test_where_the_handset_is_up_and_asks_he_is_logged_in_at_once() -> None:
    floor = floor_with()
    floor.lift()
    floor.keys("12")
    decided = floor.feed(TAKE)

    assert all_of(outputs.RingPhone, decided) == []
    assert (floor.seat().state, floor.seat().user_id) == ("paused", 101)


def test_a_phone_that_nobody_lifts_leaves_the_seat_as_it_was() -> None:
    floor = floor_with()
    floor.feed(inputs.PhoneRings(only(outputs.RingPhone, floor.feed(TAKE)).ref, "p7"))
    assert floor.feed(TAKE) == []

    decided = floor.wait(31.0)

    assert [leg.leg for leg in all_of(phones.HangUpLeg, decided)] == ["p7"]
    assert floor.seat().state == "logged_out"
    assert only(outputs.RingPhone, floor.feed(TAKE))


def test_who_dials_by_himself_meanwhile_is_asked_who_he_is() -> None:
    floor = floor_with()
    floor.feed(inputs.PhoneRings(only(outputs.RingPhone, floor.feed(TAKE)).ref, "p7"))

    decided = floor.lift()

    assert said(decided) == ["login-id"]
    assert [leg.leg for leg in all_of(phones.HangUpLeg, decided)] == ["p7"]
    floor.feed(phones.LegAnswered("p7", MEDIA))
    assert floor.seat().user_id == 0


def test_a_log_out_stops_the_ringing() -> None:
    floor = floor_with()
    floor.feed(inputs.PhoneRings(only(outputs.RingPhone, floor.feed(TAKE)).ref, "p7"))
    assert all_of(phones.HangUpLeg, floor.feed(LogOutSeat(1, is_now=True, reason="x")))
    assert floor.seat().state == "logged_out"


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (TAKE, "seat-taken"),
        (TakeSeat(2, 109, "別人", 1, ()), "seated-elsewhere"),
        (TakeSeat(9, 101, "操作者1", 1, ()), "seat-unknown"),
        (TakeSeat(3, 101, "操作者1", 1, ()), "phone-away"),
    ],
)
def test_a_seat_that_cannot_be_taken_is_refused(what: TakeSeat, why: str) -> None:
    floor = floor_with(seats=3)
    floor.feed(phones.Unregistered("203", "expired"))
    floor.lift()
    floor.keys("1#4711#")
    floor.feed(inputs.LoginChecked(1, 109, "別人", 1, (1,)))
    assert floor.machine.request_refusal(what, floor.now) == why
    assert floor.feed(what) == []


# --- breaks ---------------------------------------------------------------------------------------------


def test_a_break_is_outside_wait_and_kept_with_its_reason() -> None:
    floor = resting()
    assert (floor.seat().state, floor.seat().break_reason) == ("break", "昼食")
    floor.feed(StartBreak(1, "away"), after=30.0)
    assert floor.seat().break_reason == "away"

    floor.feed(EndBreak(1), after=60.0)

    assert breaks(floor) == [("昼食", 30.0), ("away", 60.0)]
    assert (floor.seat().state, floor.seat().break_reason) == ("paused", "")


def test_in_a_call_the_break_waits_for_its_code() -> None:
    floor = floor_with()
    floor.ready()
    floor.talk()
    floor.feed(StartBreak(1, "break"))
    assert (floor.seat().state, floor.seat().break_wanted) == ("talking", "break")
    floor.keys("#")
    floor.clear()
    assert floor.seat().state == "wrapup"

    floor.keys("06*")

    assert (floor.seat().state, floor.seat().break_reason, floor.seat().break_wanted) == (
        "break",
        "break",
        "",
    )
    assert not floor.machine.tallies()["dialling"]


def test_a_break_that_waits_can_be_taken_back() -> None:
    floor = floor_with()
    floor.ready()
    floor.talk()
    floor.feed(StartBreak(1, "break"))
    floor.feed(EndBreak(1))
    floor.keys("#")
    floor.clear()
    floor.keys("06*")
    assert floor.seat().state == "waiting"


def test_the_pin_ends_a_break_on_the_phone_and_star_does_not() -> None:
    floor = resting()
    assert said(floor.keys("*")) == ["login-pin"]
    assert floor.machine.request_refusal(SetReady(1, is_on=True), floor.now) == "on-break"
    assert floor.machine.is_secret(Digit("p1", "4"))
    decided = floor.keys("4711#")
    asked = only(outputs.CheckLogin, decided)
    assert (asked.user_id, asked.phone_id, asked.pin) == (101, "", "4711")

    wrong = floor.feed(inputs.LoginChecked(1, reason="wrong"))
    assert said(wrong) == ["login-failed", "login-pin"]
    assert floor.seat().state == "break"
    floor.keys("4711#")
    floor.feed(inputs.LoginChecked(1, 102, "別人", 1, (1,)))
    assert floor.seat().state == "break"
    floor.keys("4711#")
    floor.feed(inputs.LoginChecked(1, 101, "操作者1", 1, (1,)))
    assert floor.seat().state == "paused"


def test_the_handset_may_be_down_on_a_break_and_its_pin_is_asked_when_it_is_lifted() -> None:
    floor = resting()
    floor.hang_up()
    assert (floor.seat().state, floor.seat().user_id) == ("break", 101)
    assert said(floor.lift()) == ["login-pin"]
    floor.keys("4711#")
    floor.feed(inputs.LoginChecked(1, 101, "操作者1", 1, (1,)))
    assert floor.seat().state == "paused"


def test_with_the_handset_down_the_page_rings_the_phone_to_end_the_break() -> None:
    floor = resting()
    floor.hang_up()
    decided = floor.feed(EndBreak(1), after=60.0)
    assert floor.seat().state == "break"

    decided = lift(floor, decided)

    assert (floor.seat().state, said(decided)) == ("paused", ["press-star"])
    assert breaks(floor) == [("昼食", 60.0)]
    floor.feed(Digit("p7", "*"))
    assert floor.seat().state == "waiting"


def test_who_left_for_a_break_may_sit_down_elsewhere() -> None:
    floor = resting()
    floor.hang_up()
    floor.lift(2)
    floor.keys("1#4711#", 2)
    floor.feed(inputs.LoginChecked(2, 101, "操作者1", 1, (1,)))

    assert (floor.seat(1).state, floor.seat(2).user_id) == ("logged_out", 101)


def test_an_empty_seat_on_a_break_can_be_logged_out() -> None:
    floor = resting()
    floor.hang_up()
    decided = floor.feed(LogOutSeat(1, is_now=False, reason="終業"))
    assert all_of(Play, decided) == []
    assert floor.seat().state == "logged_out"


def test_a_reason_is_a_word() -> None:
    floor = floor_with()
    floor.ready()
    for reason in ("", "あ" * 41):
        assert floor.machine.request_refusal(StartBreak(1, reason), floor.now) == "reason-invalid"
    assert floor.machine.request_refusal(EndBreak(1), floor.now) == "as-it-is"


# --- keys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "read"), [*desk_keys.KEYS.items(), ("0", "more"), ("02", "unknown"), ("5", "unknown")]
)
def test_each_sequence_of_keys_is_read(keys: str, read: Wish | str) -> None:
    assert desk_keys.read(keys) == read


@pytest.mark.parametrize("is_waiting", [False, True])
def test_keys_begin_a_break_and_call_for_help(is_waiting: bool) -> None:
    floor = floor_with()
    (floor.ready if is_waiting else floor.log_in)()
    assert said(floor.keys("09")) == ["help-called"]
    assert floor.seat().help_since_at > 0
    assert said(floor.keys("09")) == ["help-ended"]
    assert floor.seat().help_since_at == 0
    assert said(floor.keys("7")) == ["desk-keys"]
    assert floor.keys("0") == []
    assert said(floor.keys("1", after=4.0)) == ["desk-keys"]

    assert said(floor.keys("01")) == ["break-begun"]

    assert (floor.seat().state, floor.seat().break_reason) == ("break", "break")


def test_keys_of_a_talk_and_of_a_code_are_what_they_were() -> None:
    floor = floor_with()
    floor.ready()
    floor.talk()
    floor.keys("01")
    assert floor.seat().state == "talking"
    floor.keys("#")
    floor.clear()
    assert said(floor.keys("01")) == ["code-unknown", "enter-code"]
    assert floor.seat().state == "wrapup"


def test_in_a_talk_star_and_nine_call_for_help_and_the_operator_alone_hears_so() -> None:
    floor = floor_with()
    floor.ready()
    floor.talk()

    decided = floor.keys("*9")

    assert [(play.port, play.prompts) for play in all_of(Play, decided)] == [("p1", ("help-called",))]
    assert floor.seat().help_since_at > 0
    assert floor.seat().state == "talking"
    floor.keys("*9")
    assert floor.seat().help_since_at == 0


# --- help, and words ------------------------------------------------------------------------------------


def test_a_call_for_help_stands_until_somebody_answers_it() -> None:
    floor = floor_with()
    floor.ready()
    floor.talk()
    floor.feed(CallForHelp(1))
    since = floor.seat().help_since_at
    floor.feed(CallForHelp(1), after=5.0)
    assert floor.seat().help_since_at == since
    floor.feed(AnswerHelp(1, 900, "監督"))
    assert (floor.seat().help_since_at, floor.seat().helper) == (0.0, "監督")
    assert floor.machine.request_refusal(AnswerHelp(1, 900, "監督"), floor.now) == "as-it-is"

    floor.feed(CallForHelp(1))
    floor.hang_up()
    assert (floor.seat().help_since_at, floor.seat().helper) == (0.0, "")


def test_words_for_an_operator_stay_until_the_next_or_his_log_out() -> None:
    floor = floor_with()
    floor.ready()
    floor.feed(ShowMessage(1, "ゆっくり話してください", "監督"))
    assert (floor.seat().message, floor.seat().message_from) == ("ゆっくり話してください", "監督")
    floor.feed(ShowMessage(1, "", "監督"))
    assert (floor.seat().message, floor.seat().message_from, floor.seat().message_at) == ("", "", 0.0)
    assert floor.machine.request_refusal(ShowMessage(1, "あ" * 401, "監督"), floor.now) == "message-long"
    floor.feed(ShowMessage(1, "後で来てください", "監督"))
    floor.hang_up()
    assert floor.seat().message == ""
