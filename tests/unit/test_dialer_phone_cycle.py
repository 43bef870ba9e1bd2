"""The operator's day on the phone alone, key by key."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.audio.messages import ClosePort, Digit, Hush, Play, Played, Silence, Unbridge
from appliance.dialer import inputs, outputs
from appliance.dialer.messages import EndBreak, LogOutSeat, PressKey, SeatChanged, StartBreak
from appliance.phones import messages as phones
from tests.unit.dialer_floor import MEDIA, Floor, all_of, customers, ends, only, project, said


def test_the_service_code_is_answered_and_the_id_asked_for() -> None:
    decided = Floor().lift()

    assert only(outputs.AnswerPhone, decided).leg == "p1"
    assert said(decided) == ["login-id"]


@pytest.mark.parametrize(("extension", "dialled"), [("201", "110"), ("999", "9000")])
def test_other_numbers_and_unknown_phones_are_refused(extension: str, dialled: str) -> None:
    decided = Floor().feed(phones.Invited("p9", extension, dialled, MEDIA))

    assert only(phones.RejectLeg, decided).status == 404


def test_id_and_pin_are_checked_together() -> None:
    floor = Floor()
    floor.lift()

    assert said(floor.keys("#")) == ["login-id"]
    assert said(floor.keys("12#")) == ["login-pin"]
    assert only(outputs.CheckLogin, floor.keys("0470#")) == outputs.CheckLogin(1, "12", "0470")


def test_star_begins_the_log_in_anew() -> None:
    floor = Floor()
    floor.lift()

    assert said(floor.keys("9*12#")) == ["login-id", "login-pin"]
    assert said(floor.keys("5*")) == ["login-id"]
    floor.keys("7#")
    assert only(outputs.CheckLogin, floor.keys("1#")) == outputs.CheckLogin(1, "7", "1")


@pytest.mark.parametrize(
    ("reason", "prompt"), [("wrong", "login-failed"), ("locked", "login-locked"), ("taken", "login-taken")]
)
def test_a_refused_log_in_says_why_and_asks_again(reason: str, prompt: str) -> None:
    floor = Floor()
    floor.lift()
    floor.keys("1#2#")

    assert said(floor.feed(inputs.LoginChecked(1, reason=reason))) == [prompt, "login-id"]  # type: ignore[arg-type]  # parametrised


def test_a_user_sits_at_one_seat_only() -> None:
    floor = Floor(seats=2)
    floor.log_in(1)
    floor.lift(2)
    floor.keys("1#4711#", 2)

    decided = floor.feed(inputs.LoginChecked(2, 101, "操作者1", 1, (1,)))

    assert said(decided) == ["login-taken", "login-id"]


def test_nobody_is_dialled_for_before_star() -> None:
    floor = Floor()
    floor.log_in()

    assert not all_of(outputs.OpenAttempt, floor.out)
    decided = floor.keys("*")
    assert said(decided) == ["ready"]
    assert only(outputs.OpenAttempt, decided).customer_id == 1


@pytest.mark.parametrize("change", [{"hours": ()}, {"main_caller": ""}, {"is_started": False}])
def test_star_says_when_nothing_can_be_dialled_yet(change: dict[str, Any]) -> None:
    floor = Floor()
    floor.configure(**change)
    floor.log_in()

    assert said(floor.keys("*")) == ["not-ready"]
    assert floor.seat().state == "waiting"


def test_the_whole_cycle_with_the_customer_hanging_up() -> None:
    floor = Floor()
    floor.ready()
    floor.ring()

    answered = floor.answer()
    assert only(outputs.BridgeCall, answered) == outputs.BridgeCall(1, 1, "b1/1", "p1")
    assert floor.seat().state == "talking"
    assert floor.seat().number == "0300000001"

    parted = floor.clear(after=30.0)
    assert only(Unbridge, parted).bridge_id == 1
    assert said(parted) == ["enter-code"]

    keyed = floor.keys("06", after=5.0)
    assert said(keyed) == ["digit-0", "digit-6", "code-1-06", "code-confirm"]
    assert floor.seat().typed == "06"
    assert not all_of(outputs.SaveHistory, keyed)

    saved = floor.keys("*")
    history = only(outputs.SaveHistory, saved)
    assert (history.code, history.customer_id, history.user_id) == ("06", 1, 101)
    assert (history.wait_s, history.talk_s, history.wrap_s) == (5.0, 30.0, 5.0)
    assert ends(saved) == [(1, "result", "06")]
    assert said(saved) == ["code-saved"]
    assert only(outputs.OpenAttempt, saved).customer_id == 2, "`*` dials on"
    assert (floor.seat().state, floor.seat().saved_code) == ("waiting", "06")


def test_hash_ends_the_talk() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()

    decided = floor.keys("#", after=8.0)

    assert only(outputs.ClearCall, decided).call_id == 1
    assert said(decided) == ["enter-code"]
    assert floor.seat().state == "wrapup"


def test_a_code_may_be_confirmed_before_the_network_has_cleared() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.keys("#")

    assert not ends(floor.keys("06*"))
    assert ends(floor.clear()) == [(1, "result", "06")]


def test_a_code_without_speech_is_read_by_its_digits() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.clear()

    assert said(floor.keys("12")) == ["digit-1", "digit-2", "code-confirm"]


def test_hash_corrects_a_code() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.clear()
    floor.keys("06")

    assert said(floor.keys("#")) == ["enter-code"]
    assert only(outputs.SaveHistory, floor.keys("12*")).code == "12"


def test_an_unknown_code_is_asked_for_again() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.clear()

    assert said(floor.keys("77")) == ["code-unknown", "enter-code"]
    assert floor.seat().typed == ""
    assert only(outputs.SaveHistory, floor.keys("06*")).code == "06"


@pytest.mark.parametrize("keys", ["*", "0*"])
def test_star_without_two_digits_says_that_the_code_is_missing(keys: str) -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.clear()

    assert said(floor.keys(keys)) == ["code-missing", "enter-code"]
    assert floor.seat().state == "wrapup"


@pytest.mark.parametrize("keys", ["", "0", "06"])
def test_handset_down_without_a_confirmed_code_is_98_and_logs_out(keys: str) -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.clear()
    floor.keys(keys)

    decided = floor.hang_up()

    assert only(outputs.SaveHistory, decided).code == "98"
    assert ends(decided) == [(1, "result", "98")]
    assert (floor.seat().state, floor.seat().user_id) == ("logged_out", 0)


def test_handset_down_in_a_talk_clears_the_call_and_is_98() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()

    decided = floor.hang_up()

    assert only(outputs.ClearCall, decided).call_id == 1
    assert only(outputs.SaveHistory, decided).code == "98"
    assert ends(floor.clear()) == [(1, "result", "98")]


def test_handset_down_while_waiting_owes_nothing() -> None:
    floor = Floor()
    floor.ready()

    decided = floor.hang_up()

    assert not all_of(outputs.SaveHistory, decided)
    assert only(ClosePort, decided).port == "p1"


def test_hash_while_waiting_pauses() -> None:
    floor = Floor()
    floor.ready()
    floor.ring()
    floor.keys("#")

    assert floor.seat().state == "paused"
    assert not all_of(outputs.BridgeCall, floor.answer())


def test_a_code_may_be_taken_back_within_ten_seconds() -> None:
    floor = Floor(is_take_back=True)
    floor.ready()
    floor.talk()
    floor.clear()
    floor.keys("06*")

    assert said(floor.keys("#", after=9.0)) == ["enter-code"]
    again = only(outputs.SaveHistory, floor.keys("12*"))
    assert (again.attempt_id, again.code, again.is_replacing) == (1, "12", True)
    assert floor.machine.tallies()["answered"] == 1


@pytest.mark.parametrize(("is_take_back", "after"), [(True, 11.0), (False, 1.0)])
def test_later_or_without_the_option_hash_only_pauses(is_take_back: bool, after: float) -> None:
    floor = Floor(is_take_back=is_take_back)
    floor.ready()
    floor.talk()
    floor.clear()
    floor.keys("06*")

    floor.keys("#", after=after)

    assert floor.seat().state == "paused"


def test_a_forced_log_out_waits_for_the_call_and_its_code() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    floor.feed(LogOutSeat(1, is_now=False, reason="終業"))
    floor.clear()

    decided = floor.keys("06*")

    assert said(decided)[-1] == "goodbye"
    assert floor.seat().user_id == 0
    assert only(phones.HangUpLeg, floor.feed(Played("p1", "bye"))).leg == "p1"


def test_a_forced_log_out_now_ends_the_call() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()

    decided = floor.feed(LogOutSeat(1, is_now=True, reason="終業"))

    assert only(outputs.ClearCall, decided).call_id == 1
    assert only(outputs.SaveHistory, decided).code == "98"


def test_a_break_takes_the_seat_out_and_its_time_is_kept() -> None:
    floor = Floor()
    floor.ready()
    floor.feed(StartBreak(1), after=3.0)

    floor.feed(EndBreak(1), after=60.0)

    kept = [(interval.kind, interval.seconds) for interval in all_of(outputs.SaveInterval, floor.out)]
    assert kept == [("paused", 0.0), ("wait", 3.0), ("break", 60.0)]
    assert floor.seat().state == "paused"


def test_keys_from_a_screen_do_the_same() -> None:
    floor = Floor()
    floor.log_in()

    floor.feed(PressKey(1, "*"))

    assert floor.seat().state == "waiting"


def test_a_phone_on_hold_gets_no_customer_and_a_held_customer_gets_music() -> None:
    floor = Floor()
    floor.ready()
    held, back = phones.Media("10.0.0.9", 4000, is_held=True), MEDIA
    floor.feed(phones.MediaChanged("p1", held))
    assert floor.seat().state == "paused"
    floor.keys("*")
    floor.talk()

    assert only(Play, floor.feed(phones.MediaChanged("p1", held))).prompts == ("music",)
    assert only(Hush, floor.feed(phones.MediaChanged("p1", back))).port == "b1/1"


def test_a_silent_phone_is_paused_and_then_gone() -> None:
    floor = Floor()
    floor.ready()

    floor.feed(Silence("p1", 10.0))
    assert floor.seat().state == "paused"
    assert only(phones.HangUpLeg, floor.feed(Silence("p1", 60.0))).leg == "p1"
    assert floor.seat().state == "logged_out"


def test_a_phone_that_dials_again_ends_its_old_leg() -> None:
    floor = Floor()
    floor.ready()

    decided = floor.feed(phones.Invited("p77", "201", "9000", MEDIA))

    assert only(ClosePort, decided).port == "p1"
    assert floor.seat().state == "login"


def test_legs_that_phones_know_no_more_are_over_and_unknown_ones_hung_up() -> None:
    floor = Floor()
    floor.ready()
    stranger = phones.LegState("p5", "205", "9000", MEDIA, is_answered=True)

    decided = floor.feed(phones.PhonesSnapshot({"201": "10.0.0.9:5060"}, (stranger,)))

    assert floor.seat().state == "logged_out"
    assert floor.seat().is_registered
    assert only(phones.HangUpLeg, decided).leg == "p5"
    assert [closed.port for closed in all_of(ClosePort, decided)] == ["p1", "p5"]


def test_digits_of_a_pin_are_secret_and_others_are_not() -> None:
    floor = Floor()
    floor.lift()
    assert not floor.machine.is_secret(Digit("p1", "1"))
    floor.keys("1#")
    assert floor.machine.is_secret(Digit("p1", "4"))
    assert floor.machine.is_secret(phones.InfoDigit("p1", "4"))
    assert not floor.machine.is_secret(Digit("p1", "#"))


def test_every_step_of_a_seat_is_shown_with_a_number() -> None:
    floor = Floor()
    floor.ready()

    shown = all_of(SeatChanged, floor.out)

    assert [change.seq for change in shown] == list(range(1, len(shown) + 1))


def test_keys_that_mean_nothing_leave_nothing_behind() -> None:
    floor = Floor()
    floor.ready()
    floor.keys("55")
    floor.talk()
    floor.keys("123")
    floor.clear()
    floor.keys("06")
    floor.keys("9")  # while it is read back

    assert floor.seat().typed == "06"
    assert only(outputs.SaveHistory, floor.keys("*")).code == "06"


def test_a_seat_goes_to_its_users_next_project_when_the_first_runs_out() -> None:
    floor = Floor(offer=1)
    other = project(project_id=2, mode="progressive")
    lists = (inputs.ListSettings(1, 1, True, True), inputs.ListSettings(2, 2, True, True))
    floor.feed(inputs.Configure((floor.settings, other), lists, floor.seats))
    floor.feed(inputs.Offered(2, customers(5, first=50), True, 5))
    floor.lift()
    floor.keys("1#4711#")
    floor.feed(inputs.LoginChecked(1, 101, "操作者1", 1, (1, 2)))
    floor.keys("*")
    floor.ring(1)
    assert floor.seat().project_id == 1

    floor.clear(1, cause=17)
    floor.wait(10.0)

    assert floor.seat().project_id == 2
    assert [opened.customer_id for opened in all_of(outputs.OpenAttempt, floor.out)] == [1, 50]


def test_a_locked_phone_is_an_alarm_until_it_registers() -> None:
    floor = Floor()
    raised = only(outputs.Alarm, floor.feed(phones.LockedOut("201", "10.0.0.66")))
    assert (raised.name, raised.is_on) == ("phone-201", True)
    assert "10.0.0.66" in raised.what
    assert raised.tenant_id == 0
    assert not only(outputs.Alarm, floor.feed(phones.Registered("201", "10.0.0.9:5060"))).is_on


def test_a_phone_that_vanished_is_shown_at_its_seat_until_it_registers_again() -> None:
    floor = Floor()
    floor.feed(phones.Registered("201", "10.0.0.9:5060"))
    shown = only(SeatChanged, floor.feed(phones.Unregistered("201", "silent")))
    assert (shown.seat.extension, shown.seat.is_registered) == ("201", False)
    floor.feed(phones.Registered("201", "10.0.0.9:5060"))
    assert floor.seat().is_registered


def test_a_locked_phone_of_a_tenant_is_that_tenants_alarm() -> None:
    floor = Floor()
    floor.seats = (inputs.SeatSettings(1, "201", "A-01", tenant_id=7),)
    floor.configure()
    assert only(outputs.Alarm, floor.feed(phones.LockedOut("201", "10.0.0.66"))).tenant_id == 7
