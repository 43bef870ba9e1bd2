"""Hold, transfer and three-way on the machine: each path of the table, and each way in which it can fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from appliance.audio.messages import AudioSnapshot, ClosePort, Mix, OpenLine, Play, Played
from appliance.audio.prompt_texts import TEXTS
from appliance.dialer import inputs, outputs, party, party_leg, talk_keys
from appliance.dialer.machine_party import HOUSE_RING_S, QUEUE_MAX_S
from appliance.dialer.machine_transfer import RETURN_MAX_S
from appliance.dialer.messages import (
    AnswerTransfer,
    CallTarget,
    DropTarget,
    HandOver,
    HangUp,
    HoldCall,
    JoinAll,
    LogOutSeat,
)
from appliance.dialer.party_leg import FIRST_CALL
from appliance.phones import messages as phones
from appliance.pri_card import trunk
from tests.unit.dialer_floor import MEDIA, Floor, all_of, ends, only, said

SALES = inputs.ShortDial(7, "001", "営業部", "0355556666", "12")
PLAIN = inputs.ShortDial(8, "002", "受付", "0355557777")
NUMBER = "0355558888"
C, O, T = "b1/1", "p1", "b1/9"  # noqa: E741  # customer, operator, third party
PARTY = FIRST_CALL + 1


def talking(*, seats: int = 1, offer: int = 1, **changes: Any) -> Floor:
    """Seat 1 talks to the customer of attempt 1; other seats are paused."""
    floor = Floor(seats=seats, offer=offer, targets=(SALES, PLAIN), **changes)
    floor.ready()
    floor.talk()
    for seat in range(2, seats + 1):
        floor.log_in(seat)
    return floor


def ask(floor: Floor, what: Any) -> str:
    refusal = floor.machine.request_refusal(what, floor.now)
    if not refusal:
        floor.feed(what)
    return refusal


def calling(number: str = NUMBER, **changes: Any) -> Floor:
    """… and a third party is called, with the trunk."""
    floor = talking(**changes)
    assert ask(floor, CallTarget(1, number=number)) == ""
    return floor


def ring(floor: Floor, call_id: int = PARTY, channel: int = 9) -> None:
    assert floor.machine.may_setup(call_id, floor.now)
    floor.feed(trunk.SetupSent(call_id, trunk.Line(1, channel)))
    floor.feed(trunk.Alerting(call_id), after=1.0)


def ringing(**changes: Any) -> Floor:
    floor = calling(**changes)
    ring(floor)
    return floor


def private(target_id: int = 0, **changes: Any) -> Floor:
    """… and operator and third party talk."""
    floor = talking(**changes)
    number = "" if target_id else NUMBER
    assert ask(floor, CallTarget(1, target_id=target_id, number=number)) == ""
    ring(floor)
    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 9)), after=2.0)
    return floor


def joined(target_id: int = 0) -> Floor:
    floor = private(target_id)
    assert ask(floor, JoinAll(1)) == ""
    return floor


def handed(target_id: int = 7, offer: int = 1) -> Floor:
    floor = private(target_id, offer=offer)
    assert ask(floor, HandOver(1)) == ""
    return floor


def hears(floor: Floor) -> Mapping[str, tuple[str, ...]]:
    """Who hears whom, as audio was told last; a plain bridge where it was told nothing."""
    mixes = all_of(Mix, floor.out)
    return mixes[-1].hears if mixes else {C: (O,), O: (C,)}


def talk_of(floor: Floor) -> party.State:
    talks = floor.machine.talks()
    return talks[0].state if talks else party.State.OPEN


def rows(floor: Floor) -> list[outputs.SaveTransfer]:
    return all_of(outputs.SaveTransfer, floor.out)


def codes(floor: Floor) -> list[str]:
    return [entry.code for entry in all_of(outputs.SaveHistory, floor.out)]


def cleared(floor: Floor) -> list[int]:
    return [clear.call_id for clear in all_of(outputs.ClearCall, floor.out)]


PLAIN_TALK = {C: (O,), O: (C,)}
BETWEEN_THEM = {C: (T,), T: (C,)}


def at_rest(floor: Floor) -> None:
    """Whatever was ordered to be cleared is cleared: nothing is left over."""
    for leg in floor.machine.legs():
        floor.feed(trunk.Cleared(leg.call_id, 16))
    for attempt in floor.machine.calls():
        if attempt.line is not None and not attempt.is_released:
            assert attempt.attempt_id in cleared(floor), f"nobody clears {attempt}"
            floor.feed(trunk.Cleared(attempt.attempt_id, 16))
    assert floor.machine.legs() == []
    assert floor.machine.talks() == []
    assert floor.machine.tallies()["calls_out"] == 0


# --- hold ----------------------------------------------------------------------------------------------


def test_a_held_customer_hears_music_and_neither_hears_the_other() -> None:
    floor = talking()

    assert ask(floor, HoldCall(1, is_on=True)) == ""

    assert hears(floor) == {C: (), O: ()}
    assert [(play.port, play.prompts) for play in all_of(Play, floor.out) if play.is_loop] == [
        (C, ("music",))
    ]
    assert only(Mix, floor.out).right == (C,)  # his recording goes on
    assert floor.seat().is_held
    assert ask(floor, HoldCall(1, is_on=False)) == ""
    assert hears(floor) == PLAIN_TALK
    assert not floor.seat().is_held


def test_the_phones_own_hold_does_the_same() -> None:
    floor = talking()

    floor.feed(phones.MediaChanged("p1", phones.Media("10.0.0.9", 4000, is_held=True)))
    assert floor.seat().is_held
    floor.feed(phones.MediaChanged("p1", MEDIA))

    assert not floor.seat().is_held
    assert hears(floor) == PLAIN_TALK


def test_a_phone_on_hold_in_the_private_talk_lets_the_third_party_wait() -> None:
    floor = private()

    floor.feed(phones.MediaChanged("p1", phones.Media("10.0.0.9", 4000, is_held=True)))

    assert hears(floor) == {C: (), O: (), T: ()}
    assert all_of(Play, floor.out)[-1].port == T
    floor.feed(phones.MediaChanged("p1", MEDIA))
    assert hears(floor) == {C: (), O: (T,), T: (O,)}


def test_a_customer_given_back_to_a_phone_on_hold_waits_with_music() -> None:
    floor = private()
    floor.feed(phones.MediaChanged("p1", phones.Media("10.0.0.9", 4000, is_held=True)))

    floor.feed(trunk.Cleared(PARTY, 16))

    assert talk_of(floor) is party.State.HELD
    assert all_of(Play, floor.out)[-1].prompts == ("music",)


def test_who_hangs_up_while_the_customer_is_held_ends_the_talk() -> None:
    floor = talking()
    ask(floor, HoldCall(1, is_on=True))

    floor.hang_up()

    assert codes(floor) == ["98"]
    at_rest(floor)


# --- the third party is called --------------------------------------------------------------------------


def test_a_target_is_called_while_the_customer_hears_music() -> None:
    floor = talking()

    assert ask(floor, CallTarget(1, target_id=7)) == ""

    placed = all_of(trunk.PlaceCall, floor.out)[-1]
    assert (placed.call_id, placed.number, placed.caller) == (PARTY, "0355556666", "0312345678")
    assert floor.seat().party is not None
    assert floor.seat().party.name == "営業部"  # type: ignore[union-attr]  # asserted above
    assert floor.machine.tallies()["calls_out"] == 2
    ring(floor)
    assert all_of(Play, floor.out)[-1] == Play(O, ("tone:ringback",), is_loop=True)
    assert all_of(OpenLine, floor.out)[-1].port == T
    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 9)), after=2.0)
    assert hears(floor) == {C: (), O: (T,), T: (O,)}
    assert floor.seat().party.state == "private"  # type: ignore[union-attr]


def test_a_network_that_moves_the_call_to_another_channel_is_followed() -> None:
    floor = calling()
    floor.feed(trunk.SetupSent(PARTY, trunk.Line(1, 9)))

    floor.feed(trunk.Proceeding(PARTY, trunk.Line(1, 11)))
    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 11)))

    assert hears(floor)[O] == ("b1/11",)
    assert only(ClosePort, floor.out).port == T


FAILURES: list[tuple[str, Any, str]] = [
    ("busy", trunk.Cleared(PARTY, 17), "busy"),
    ("vacant", trunk.Cleared(PARTY, 1), "vacant"),
    ("rejected", trunk.Cleared(PARTY, 21), "refused"),
    ("announcement", trunk.Progress(PARTY, True, 1), "vacant"),
    ("tone", trunk.Disconnecting(PARTY, 17), "busy"),
    ("line fault", trunk.Cleared(PARTY, 27, is_line_fault=True), "fault"),
    ("congestion", trunk.Cleared(PARTY, 42), "fault"),
    ("withdrawn", trunk.Withdrawn(PARTY), "no-channel"),
]


@pytest.mark.parametrize(("what", "why"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_a_target_that_is_not_reached_gives_the_customer_back_with_the_reason(what: Any, why: str) -> None:
    floor = calling()
    if not isinstance(what, trunk.Withdrawn):
        floor.feed(trunk.SetupSent(PARTY, trunk.Line(1, 9)))

    decided = floor.feed(what)

    assert hears(floor) == PLAIN_TALK
    assert f"transfer-{why}" in said(decided)
    assert floor.seat().party is None
    assert floor.seat().party_failed == why
    assert floor.seat().state == "talking"
    for leg in floor.machine.legs():
        floor.feed(trunk.Cleared(leg.call_id, 16))
    assert (rows(floor)[-1].outcome, floor.machine.legs()) == (why, [])
    assert floor.machine.tallies()["calls_out"] == 1


def test_a_target_that_does_not_answer_is_cleared_at_the_projects_ring_time() -> None:
    floor = ringing(ring_timeout_s=20.0)

    floor.wait(19.5)

    assert cleared(floor) == [PARTY]
    assert floor.seat().party_failed == "no-answer"
    assert hears(floor) == PLAIN_TALK


def test_a_target_that_gets_no_channel_is_given_up() -> None:
    floor = calling()

    floor.wait(QUEUE_MAX_S + 0.1)

    assert floor.seat().party_failed == "no-channel"
    floor.feed(trunk.Withdrawn(PARTY))
    assert floor.machine.legs() == []


def test_a_target_that_was_forbidden_meanwhile_is_stopped_at_the_gate() -> None:
    floor = calling()
    floor.feed(inputs.Blocked((inputs.Block(1, NUMBER, "suspend"),)))

    assert not floor.machine.may_setup(PARTY, floor.now)
    floor.feed(trunk.Withdrawn(PARTY))

    assert floor.seat().party_failed == "forbidden"


def test_the_operator_comes_back_to_the_customer_in_each_state() -> None:
    for made in (calling, ringing, private, joined):
        floor = made()
        assert ask(floor, DropTarget(1)) == ""
        assert cleared(floor) == [PARTY]
        assert hears(floor) == PLAIN_TALK
        ask(floor, HangUp(1))
        at_rest(floor)


def test_a_second_target_can_be_called_while_the_first_one_still_clears() -> None:
    floor = private()
    ask(floor, DropTarget(1))

    assert ask(floor, CallTarget(1, target_id=8)) == ""
    ring(floor, PARTY + 1, channel=10)
    floor.feed(trunk.Answered(PARTY + 1, trunk.Line(1, 10)))
    floor.feed(trunk.Cleared(PARTY, 16))

    assert hears(floor) == {C: (), O: ("b1/10",), "b1/10": (O,)}


def test_an_answer_that_comes_while_we_clear_is_nobodys() -> None:
    floor = ringing()
    ask(floor, DropTarget(1))

    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 9)))

    assert hears(floor) == PLAIN_TALK
    floor.feed(trunk.Cleared(PARTY, 16))
    assert floor.machine.legs() == []


@pytest.mark.parametrize("made", [calling, ringing, private, joined])
def test_a_customer_who_hangs_up_ends_it_all(made: Any) -> None:
    floor = made()

    floor.clear()

    assert cleared(floor) == [PARTY]
    assert floor.seat().state == "wrapup"
    assert rows(floor)[-1].outcome in ("", "customer-left")
    floor.feed(trunk.Cleared(PARTY, 16))
    assert rows(floor)[-1].outcome == "customer-left"
    floor.keys("12*")
    assert ends(floor.out) == [(1, "result", "12")]
    at_rest(floor)


@pytest.mark.parametrize("made", [calling, ringing, private])
def test_hash_in_a_consultation_ends_that_and_not_the_talk(made: Any) -> None:
    floor = made()

    floor.keys("#")

    assert floor.seat().state == "talking"
    assert hears(floor) == PLAIN_TALK
    floor.keys("#")
    assert floor.seat().state == "wrapup"
    at_rest(floor)


def test_a_third_party_who_hangs_up_leaves_the_two_as_they_were() -> None:
    for made in (private, joined):
        floor = made()
        decided = floor.feed(trunk.Cleared(PARTY, 16))
        assert hears(floor) == PLAIN_TALK
        assert said(decided) == ["transfer-left"]


# --- three-way -----------------------------------------------------------------------------------------


def test_three_way_lets_all_hear_each_other() -> None:
    floor = joined()

    assert hears(floor) == {C: (O, T), O: (C, T), T: (C, O)}
    mix = all_of(Mix, floor.out)[-1]
    assert (mix.left, mix.right) == ((O,), (C, T))
    assert ask(floor, JoinAll(1)) == "as-it-is"


def test_three_way_needs_the_private_talk() -> None:
    assert ask(ringing(), JoinAll(1)) == "not-answered"
    assert ask(talking(), JoinAll(1)) == "no-third-party"


def test_who_leaves_a_three_way_leaves_the_two_together() -> None:
    floor = joined(7)

    floor.keys("#")

    assert hears(floor) == BETWEEN_THEM
    assert codes(floor) == ["12"]
    assert floor.seat().state == "paused"
    assert rows(floor)[-1].is_joined


# --- hand-over -----------------------------------------------------------------------------------------


def test_hand_over_connects_the_two_stores_the_code_and_frees_the_operator() -> None:
    floor = handed()

    assert hears(floor) == BETWEEN_THEM
    assert codes(floor) == ["12"]
    assert floor.seat().state == "paused"
    assert ends(floor.out) == []
    assert floor.machine.tallies()["calls_out"] == 2
    entry = only(outputs.SaveHistory, floor.out)
    assert entry.talk_s == pytest.approx(3.0)
    assert (rows(floor)[-1].outcome, rows(floor)[-1].code) == ("handed", "12")


def test_the_customers_leg_survives_the_operators_hang_up_and_next_call() -> None:
    floor = handed(offer=2)

    floor.keys("*")
    floor.talk(2)
    floor.hang_up()

    assert cleared(floor) == [2]
    assert hears(floor) == BETWEEN_THEM


def test_when_one_of_the_two_hangs_up_the_other_is_cleared_and_both_are_charged_until_then() -> None:
    floor = handed()
    floor.wait(60.0)
    floor.feed(trunk.Cleared(PARTY, 16))
    assert cleared(floor) == [1]
    floor.clear()

    assert ends(floor.out) == [(1, "result", "12")]
    attempt = all_of(outputs.SaveAttempt, floor.out)[-1]
    assert attempt.cleared_at - attempt.answered_at == pytest.approx(63.1)
    assert rows(floor)[-1].cleared_at - rows(floor)[-1].answered_at == pytest.approx(60.0)
    at_rest(floor)


def test_a_customer_who_hangs_up_after_the_hand_over_clears_the_third_party() -> None:
    floor = handed()

    floor.clear()

    assert cleared(floor) == [PARTY]
    assert ends(floor.out) == [(1, "result", "12")]
    floor.feed(trunk.Cleared(PARTY, 16))
    assert rows(floor)[-1].outcome == "handed"
    at_rest(floor)


def test_without_a_code_of_the_target_the_operator_keys_one_while_the_two_talk() -> None:
    floor = handed(8)

    assert floor.seat().state == "wrapup"
    floor.keys("06*")
    assert codes(floor) == ["06"]
    assert ends(floor.out) == []
    floor.clear()
    assert ends(floor.out) == [(1, "result", "06")]
    floor.feed(trunk.Cleared(PARTY, 16))
    floor.hang_up()
    at_rest(floor)


def test_the_two_may_end_before_the_code_is_keyed() -> None:
    floor = handed(8)

    floor.clear()
    assert ends(floor.out) == []
    floor.keys("06*")

    assert ends(floor.out) == [(1, "result", "06")]


def test_who_puts_the_handset_down_in_the_private_talk_hands_over() -> None:
    floor = private(7)

    floor.hang_up()

    assert hears(floor) == BETWEEN_THEM
    assert codes(floor) == ["12"]
    assert floor.seat().state == "logged_out"


def test_a_forced_log_out_in_the_private_talk_hands_over_too() -> None:
    floor = private()

    floor.feed(LogOutSeat(1, is_now=True, reason="終業"))

    assert hears(floor) == BETWEEN_THEM
    assert codes(floor) == ["98"]


def test_a_hand_over_before_the_answer_is_refused_outside_the_house() -> None:
    assert ask(ringing(), HandOver(1)) == "not-answered"


def test_whether_the_two_are_recorded_is_the_projects_setting() -> None:
    for is_recorded, right in ((True, (C, T)), (False, ())):
        floor = private(7, is_transfer_recorded=is_recorded)
        ask(floor, HandOver(1))
        assert all_of(Mix, floor.out)[-1].right == right


def test_a_hand_over_nobody_ends_is_ended_after_hours() -> None:
    floor = handed()

    floor.wait(4 * 3600.0 + 1)

    assert cleared(floor) == [1, PARTY]
    floor.clear()
    at_rest(floor)


# --- the operator is gone before the answer --------------------------------------------------------------


def gone() -> Floor:
    """The handset went down while the target rang."""
    floor = talking(seats=2)
    assert ask(floor, CallTarget(1, target_id=7)) == ""
    ring(floor)
    floor.hang_up()
    return floor


def test_a_customer_whose_operator_left_hears_it_ring_and_is_put_through() -> None:
    floor = gone()
    assert cleared(floor) == []
    assert all_of(Play, floor.out)[-1] == Play(C, ("tone:ringback",), is_loop=True)

    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 9)))

    assert hears(floor) == BETWEEN_THEM
    assert codes(floor) == ["98", "12"]  # the short dial's replaces what nobody had entered
    floor.clear()
    assert ends(floor.out) == [(1, "result", "12")]
    floor.feed(trunk.Cleared(PARTY, 16))
    at_rest(floor)


def test_a_customer_whom_nobody_answered_goes_to_the_next_free_seat() -> None:
    floor = gone()
    floor.feed(trunk.Cleared(PARTY, 17))
    assert talk_of(floor) is party.State.RETURNING
    assert all_of(Play, floor.out)[-1] == Play(C, ("music",), is_loop=True)

    decided = floor.keys("*", 2)

    assert floor.seat(2).state == "talking"
    assert floor.seat(2).attempt_id == 1
    assert hears(floor) == {C: ("p2",), "p2": (C,)}
    assert "transfer-returned" in said(decided)
    floor.clear()
    floor.keys("06*", 2)
    assert codes(floor) == ["98", "06"]
    assert ends(floor.out) == [(1, "result", "06")]
    at_rest(floor)


def test_a_customer_whom_nobody_takes_hears_that_we_are_sorry() -> None:
    floor = gone()
    floor.feed(trunk.Cleared(PARTY, 17))

    floor.wait(RETURN_MAX_S + 0.1)

    assert all_of(Play, floor.out)[-1] == Play(C, ("apology",), tag="sorry")
    floor.feed(Played(C, "sorry"))
    assert cleared(floor) == [1]
    floor.clear()
    assert ends(floor.out) == [(1, "result", "98")]
    at_rest(floor)


def test_a_customer_who_tires_of_waiting_is_disposed() -> None:
    for until in (0.0, RETURN_MAX_S + 0.1):
        floor = gone()
        floor.feed(trunk.Cleared(PARTY, 17))
        floor.wait(until)
        floor.clear()
        assert ends(floor.out) == [(1, "result", "98")]
        at_rest(floor)


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (CallTarget(1, target_id=99), "target-unknown"),
        (CallTarget(1, number="12"), "number-invalid"),
        (CallTarget(1, number="03-5555"), "number-invalid"),
        (CallTarget(1, number="０３５５５５０００１"), "number-invalid"),  # no Q.931 digit
        (CallTarget(1, number="0399999999"), "target-forbidden"),
        (CallTarget(1, extension="299"), "target-unknown"),
        (CallTarget(1, extension="201"), "target-unknown"),
        (CallTarget(1, extension="203"), "target-away"),
        (CallTarget(2, number=NUMBER), "no-call"),
    ],
)
def test_what_cannot_be_called_never_puts_the_customer_on_hold(wanted: CallTarget, refusal: str) -> None:
    floor = Floor(seats=3, targets=(SALES,))
    floor.ready()
    floor.talk()
    floor.log_in(2)
    floor.feed(inputs.Blocked((inputs.Block(1, "0399999999", "forbid"),)))

    assert floor.machine.request_refusal(wanted, floor.now) == refusal
    assert floor.feed(wanted) == []


def test_without_a_free_channel_no_target_is_called() -> None:
    floor = Floor(channels=1)
    floor.ready()
    floor.talk()

    assert ask(floor, CallTarget(1, number=NUMBER)) == "channels"


def test_one_third_party_at_a_time() -> None:
    assert ask(ringing(), CallTarget(1, number=NUMBER)) == "third-party"
    assert ask(private(), HoldCall(1, is_on=True)) == "third-party"


# --- in the house ----------------------------------------------------------------------------------------


def house(*, waiting: bool = False) -> Floor:
    """Seat 1's customer waits, seat 2 rings."""
    floor = talking(seats=2)
    if waiting:
        floor.configure(is_started=False)
        floor.keys("*", 2)
    assert ask(floor, CallTarget(1, extension="202")) == ""
    return floor


def test_a_seat_of_the_house_rings_and_is_in_the_inbox() -> None:
    floor = house()

    assert floor.seat(2).state == "ringing"
    assert floor.seat(2).party is not None
    inbox = floor.machine.board(floor.now).transfers
    assert [(row.transfer_id, row.to_extension, row.customer_id) for row in inbox] == [(1, "202", 1)]
    assert floor.machine.tallies()["calls_out"] == 1
    assert "transfer-rings" in said(floor.out)


def test_an_attended_transfer_in_the_house_gives_customer_and_code_to_the_other_seat() -> None:
    floor = house()
    floor.keys("*", 2)
    assert hears(floor) == {C: (), O: ("p2",), "p2": (O,)}
    assert floor.seat(2).state == "talking"

    assert ask(floor, HandOver(1)) == ""

    assert floor.seat(1).state == "paused"
    assert (floor.seat(2).state, floor.seat(2).attempt_id) == ("talking", 1)
    assert hears(floor) == {C: ("p2",), "p2": (C,)}
    assert codes(floor) == []
    floor.clear()
    floor.keys("06*", 2)
    assert [(entry.code, entry.seat_id) for entry in all_of(outputs.SaveHistory, floor.out)] == [("06", 2)]
    assert rows(floor)[-1].outcome == "handed"
    at_rest(floor)


def test_a_blind_transfer_in_the_house_connects_on_the_answer() -> None:
    floor = house()
    assert ask(floor, HandOver(1)) == ""
    assert floor.seat(1).state == "paused"
    assert all_of(Play, floor.out)[-1].prompts != ("music",)
    assert floor.machine.board(floor.now).transfers[0].is_blind

    assert ask(floor, AnswerTransfer(2, 1)) == ""

    assert floor.seat(2).attempt_id == 1
    assert hears(floor) == {C: ("p2",), "p2": (C,)}
    floor.clear()
    floor.keys("06*", 2)
    assert ends(floor.out) == [(1, "result", "06")]
    at_rest(floor)


def test_a_blind_transfer_nobody_answers_rings_back() -> None:
    floor = house()
    ask(floor, HandOver(1))

    floor.wait(HOUSE_RING_S + 0.1)

    assert (floor.seat(1).state, floor.seat(1).attempt_id) == ("talking", 1)
    assert hears(floor) == PLAIN_TALK
    assert floor.seat(2).state == "paused"
    assert "transfer-returned" in said(floor.out)
    floor.clear()
    floor.keys("06*")
    assert codes(floor) == ["06"]
    at_rest(floor)


def test_a_blind_customer_who_hangs_up_is_owed_by_nobody_and_becomes_98() -> None:
    floor = house()
    ask(floor, HandOver(1))

    floor.clear()

    assert codes(floor) == ["98"]
    assert floor.seat(2).state == "paused"
    assert rows(floor)[-1].outcome == "customer-left"
    at_rest(floor)


def test_another_seat_may_pick_it_up() -> None:
    floor = talking(seats=3)
    ask(floor, CallTarget(1, extension="202"))

    assert ask(floor, AnswerTransfer(3, 1)) == ""

    assert floor.seat(2).state == "paused"
    assert hears(floor) == {C: (), O: ("p3",), "p3": (O,)}
    ask(floor, HandOver(1))
    assert floor.seat(3).attempt_id == 1


@pytest.mark.parametrize("waiting", [False, True])
def test_a_seat_that_does_not_answer_goes_back_to_what_it_did(waiting: bool) -> None:
    floor = house(waiting=waiting)

    floor.wait(HOUSE_RING_S + 0.1)

    assert floor.seat(2).state == ("waiting" if waiting else "paused")
    assert floor.seat(1).party_failed == "no-answer"
    assert hears(floor) == PLAIN_TALK


REFUSE: Final[tuple[Callable[[Floor], object], ...]] = (
    lambda floor: floor.keys("#", 2),
    lambda floor: floor.hang_up(2),
)


def test_a_seat_may_decline_or_go() -> None:
    for refuse in REFUSE:
        floor = house()
        refuse(floor)
        assert floor.seat(1).party_failed == "declined"
        assert hears(floor) == PLAIN_TALK
        assert floor.machine.legs() == []


def test_a_colleague_who_leaves_the_private_talk_leaves_the_customer_with_the_operator() -> None:
    for refuse in REFUSE:
        floor = house()
        floor.keys("*", 2)
        refuse(floor)
        assert floor.seat(1).party_failed == "left"
        assert hears(floor) == PLAIN_TALK


def test_an_operator_who_leaves_the_private_talk_gives_the_customer_to_the_colleague() -> None:
    floor = house()
    floor.keys("*", 2)

    floor.hang_up(1)

    assert floor.seat(1).state == "logged_out"
    assert floor.seat(2).attempt_id == 1
    assert hears(floor) == {C: ("p2",), "p2": (C,)}
    assert codes(floor) == []
    floor.clear()
    floor.keys("06*", 2)
    at_rest(floor)


def test_a_talking_seat_is_busy() -> None:
    floor = talking(seats=2, offer=2)
    floor.keys("*", 2)
    floor.talk(2)

    assert ask(floor, CallTarget(1, extension="202")) == "target-busy"


def test_an_over_transfer_and_another_tenants_cannot_be_picked_up() -> None:
    floor = house()
    assert ask(floor, AnswerTransfer(2, 5)) == "transfer-over"
    ask(floor, DropTarget(1))
    assert ask(floor, AnswerTransfer(2, 1)) == "transfer-over"
    assert floor.seat(2).state == "paused"


# --- a phone at which nobody is logged in ----------------------------------------------------------------


def phone_rings() -> Floor:
    """Seat 1's customer waits; the phone 202 rings, and nobody is logged in there."""
    floor = Floor(seats=2, offer=1)
    floor.ready()
    floor.talk()
    floor.feed(phones.Registered("202", "10.0.0.8:5060"))
    assert ask(floor, CallTarget(1, extension="202")) == ""
    rung = all_of(outputs.RingPhone, floor.out)[-1]
    assert (rung.extension, rung.caller) == ("202", "201")
    floor.feed(inputs.PhoneRings(rung.ref, "p9"))
    return floor


def test_a_phone_without_a_log_in_rings_and_talks_and_the_operator_owes_the_code() -> None:
    floor = phone_rings()
    floor.feed(phones.LegAnswered("p9", MEDIA), after=3.0)
    assert hears(floor) == {C: (), O: ("p9",), "p9": (O,)}

    assert ask(floor, HandOver(1)) == ""

    assert hears(floor) == {C: ("p9",), "p9": (C,)}
    assert floor.seat().state == "wrapup"
    floor.keys("06*")
    floor.feed(phones.LegEnded("p9"))
    assert cleared(floor) == [1]
    floor.clear()
    assert ends(floor.out) == [(1, "result", "06")]
    at_rest(floor)


def test_a_blind_transfer_to_such_a_phone_connects_on_the_answer_or_comes_back() -> None:
    floor = phone_rings()
    ask(floor, HandOver(1))
    assert floor.seat().state == "wrapup"
    floor.feed(phones.LegAnswered("p9", MEDIA))
    assert hears(floor) == {C: ("p9",), "p9": (C,)}

    other = phone_rings()
    ask(other, HandOver(1))
    other.wait(HOUSE_RING_S + 0.1)
    assert all_of(phones.HangUpLeg, other.out)[-1].leg == "p9"
    assert (other.seat().state, other.seat().attempt_id) == ("talking", 1)
    assert hears(other) == PLAIN_TALK


def test_such_a_phone_that_is_not_lifted_or_put_down_gives_the_customer_back() -> None:
    for is_lifted, why in ((False, "no-answer"), (True, "left")):
        floor = phone_rings()
        if is_lifted:
            floor.feed(phones.LegAnswered("p9", MEDIA))
        floor.feed(phones.LegEnded("p9"))
        assert floor.seat().party_failed == why
        assert hears(floor) == PLAIN_TALK
        assert floor.machine.legs() == []


def test_such_a_phone_is_hung_up_when_the_customer_leaves_and_picked_up_elsewhere_when_asked() -> None:
    floor = phone_rings()
    floor.clear()
    assert all_of(phones.HangUpLeg, floor.out)[-1].leg == "p9"
    floor.keys("06*")
    at_rest(floor)

    floor = Floor(seats=3, offer=1)
    floor.ready()
    floor.talk()
    floor.log_in(3)
    floor.feed(phones.Registered("202", "10.0.0.8:5060"))
    ask(floor, CallTarget(1, extension="202"))
    floor.feed(inputs.PhoneRings(1, "p9"))
    assert ask(floor, AnswerTransfer(3, 1)) == ""
    assert all_of(phones.HangUpLeg, floor.out)[-1].leg == "p9"
    assert hears(floor) == {C: (), O: ("p3",), "p3": (O,)}


# --- lines, audio ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [calling, ringing, private, joined, handed])
def test_a_span_that_is_lost_takes_all_with_it(made: Any) -> None:
    floor = made()

    for call_id in (1, PARTY):
        floor.feed(trunk.Cleared(call_id, 27, is_line_fault=True))
    if not codes(floor):
        floor.keys("06*")

    assert floor.machine.legs() == []
    assert [end[:2] for end in ends(floor.out)] == [(1, "result")]
    assert floor.machine.tallies()["calls_out"] == 0


@pytest.mark.parametrize("made", [calling, ringing, private, joined, handed, gone])
def test_after_audio_restarted_all_hear_what_they_heard(made: Any) -> None:
    floor = made()
    before = hears(floor)

    decided = floor.feed(AudioSnapshot((), {}))

    assert only(Mix, decided).hears == before
    opened = {opened.port for opened in all_of(OpenLine, decided)}
    ports = {port for port in before if port.startswith("b")}
    assert ports <= opened
    kinds = [type(what) for what in decided]
    last_line = max(i for i, kind in enumerate(kinds) if kind is OpenLine)
    assert last_line < kinds.index(Mix)
    if made is not joined and made is not handed:
        assert any(play.is_loop for play in all_of(Play, decided))


def test_a_restarted_dialer_counts_its_transfers_on() -> None:
    floor = Floor(offer=0)

    floor.feed(inputs.Start(1, next_transfer_id=41))

    assert floor.machine.legs() == []
    floor.feed(inputs.Offered(1, (inputs.Customer(1, "0300000001"),), is_last=True))


# --- keys ------------------------------------------------------------------------------------------------


def test_the_whole_transfer_by_keys() -> None:
    floor = talking()

    floor.keys("*1001")
    ring(floor)
    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 9)))
    floor.keys("*2")

    assert hears(floor) == BETWEEN_THEM
    assert codes(floor) == ["12"]


def test_three_way_and_back_by_keys() -> None:
    floor = private()

    floor.keys("*4")
    assert talk_of(floor) is party.State.JOINED
    floor.keys("*3")

    assert hears(floor) == PLAIN_TALK


def test_hold_by_keys() -> None:
    floor = talking()
    floor.keys("*0")
    assert floor.seat().is_held
    floor.keys("*0")
    assert not floor.seat().is_held


def test_a_number_and_an_extension_are_ended_by_a_pause() -> None:
    floor = talking(seats=2)
    floor.keys(f"*6{NUMBER}")
    assert talk_of(floor) is party.State.OPEN
    floor.wait(2.6)
    assert all_of(trunk.PlaceCall, floor.out)[-1].number == NUMBER

    other = talking(seats=2)
    other.keys("*5202")
    other.wait(2.6)
    assert other.seat(2).state == "ringing"


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("*", "transfer-keys"),
        ("*8", "transfer-keys"),
        ("*1", "transfer-keys"),
        ("*1009", "transfer-unknown"),
        ("*2", "transfer-not-now"),
        ("*3", "transfer-not-now"),
        ("*4", "transfer-not-now"),
        ("*5299", "transfer-unknown"),
    ],
)
def test_keys_that_mean_nothing_are_answered_by_a_word_to_the_operator_alone(keys: str, word: str) -> None:
    floor = talking()

    floor.keys(keys)
    floor.wait(2.6)

    spoken = all_of(Play, floor.out)[-1]
    assert (spoken.port, spoken.prompts) == (O, (word,))
    assert floor.seat().state == "talking"


def test_digits_without_a_star_mean_nothing_and_hash_still_ends_the_talk() -> None:
    floor = talking()
    assert all_of(Play, floor.keys("1234")) == []
    floor.keys("*1")
    floor.keys("#")
    assert floor.seat().state == "wrapup"
    floor.wait(3.0)
    floor.keys("06*")
    assert codes(floor) == ["06"]


# --- the tables ------------------------------------------------------------------------------------------


def test_every_word_that_is_said_is_shipped() -> None:
    outcomes = {*party_leg.FAILURES, "left"}
    for word in outcomes | {"returned", "handed", "held", "joined", "rings", "unknown", "not-now", "keys"}:
        assert f"transfer-{word}" in TEXTS


@pytest.mark.parametrize("keys", sorted(talk_keys.KEYS))
def test_what_is_said_of_the_keys_names_every_key(keys: str) -> None:
    assert TEXTS[f"digit-{keys}"].removesuffix("。") in TEXTS["transfer-keys"]


ANSWERED_BY = (
    ("talking", "*0", ("transfer-held",)),
    ("held", "*0", ("tone:beep",)),
    ("talking", "*1001", ("digit-0", "digit-0", "digit-1", "transfer-calling")),
    ("talking", "*5202", ("digit-2", "digit-0", "digit-2", "transfer-calling")),
    ("talking", "*6117", ("digit-1", "digit-1", "digit-7", "transfer-calling")),
    ("private", "*2", ("transfer-handed", "press-star")),  # the short dial's code is stored
    ("private", "*3", ("tone:beep",)),
    ("private", "*4", ("transfer-joined",)),
    ("talking", "*9", ("help-called",)),
)
assert {keys[1] for _begin, keys, _words in ANSWERED_BY} == set(talk_keys.KEYS)


@pytest.mark.parametrize(("begin", "keys", "words"), ANSWERED_BY)
def test_every_key_of_a_talk_is_answered_by_a_word(begin: str, keys: str, words: tuple[str, ...]) -> None:
    floor = private(7) if begin == "private" else talking(seats=2)
    if begin == "held":
        floor.keys("*0")

    floor.keys(keys)
    floor.wait(2.6)

    spoken = [one for one in all_of(Play, floor.out) if one.port == O and not one.is_loop]
    assert spoken[-1].prompts == words
    assert {word for word in words if not word.startswith("tone:")} <= set(TEXTS)


def test_a_customer_handed_over_without_a_code_is_said_so_and_the_code_asked_for() -> None:
    floor = talking()
    floor.keys(f"*6{NUMBER}")
    floor.wait(2.6)
    ring(floor)
    floor.feed(trunk.Answered(PARTY, trunk.Line(1, 9)))

    floor.keys("*2")

    assert floor.seat().state == "wrapup"
    assert all_of(Play, floor.out)[-1].prompts == ("transfer-handed", "enter-code")


def test_every_state_of_a_talk_ends_with_the_customers_line() -> None:
    for state, events in party.TRANSITIONS.items():
        if state is not party.State.ENDED:
            assert events[party.Event.OVER] == (party.Do.END, party.State.ENDED)
