"""Calls that come in, on the machine: tiers, queue, menu, who takes them, and each way in which they end."""

from __future__ import annotations

from typing import Any, Final

import pytest

from appliance.audio.messages import AudioSnapshot, ClosePort, Digit, Listen, OpenLine, Play, Played
from appliance.audio.prompt_texts import TEXTS
from appliance.dialer import inputs, outputs
from appliance.dialer.inputs import CallerKnown, CallerNamed, Customer, Stage, StageChoice
from appliance.dialer.machine_incoming import ANNOUNCEMENT, ASK_STORE_S, ASKS_MAX, DIGIT_S
from appliance.dialer.messages import AnswerCaller, EnterCode, HangUp, HoldCall, SetReady
from appliance.phones import messages as phones
from appliance.pri_card import trunk
from tests.unit.dialer_floor import MEDIA, Floor, all_of, only, said

LINE: Final = trunk.Line(1, 9)
PORT: Final = "b1/9"
WHO: Final = Customer(77, "0355551234")
ALL: Final = Stage(1, "ring", ("201", "202", "203"), ring_s=20)


class Callers(Floor):
    """A floor whose lists are stopped: nobody is dialled, phones are there, and people call."""

    def __init__(self, *, seats: int = 2, **changes: Any) -> None:
        super().__init__(seats=seats, offer=0, **changes)
        for seat in self.seats:
            self.feed(phones.Registered(seat.extension, "10.0.0.9:5060"))
        self.rung: dict[str, int] = {}

    def feed(self, what: Any, after: float = 0.0) -> list[Any]:
        decided = super().feed(what, after)
        for order in all_of(outputs.RingPhone, decided):
            self.rung[order.extension] = order.ref
        return decided

    def call(self, *stages: Stage, customer: Customer = WHO, call_id: int = -1, **known: Any) -> list[Any]:
        """Somebody calls, and the store says who answers."""
        decided = self.feed(trunk.Incoming(call_id, LINE, "0312345678", customer.number))
        facts: dict[str, Any] = {"tenant_id": 1, "project_id": 1, "list_id": 1, "route_id": 4, **known}
        return decided + self.feed(CallerKnown(call_id, customer=customer, stages=stages, **facts))

    def lifted(self, extension: str) -> list[Any]:
        """A phone that rings is lifted."""
        leg = f"r{extension}"
        self.feed(inputs.PhoneRings(self.rung[extension], leg))
        return self.feed(phones.LegAnswered(leg, MEDIA))

    def goes(self, call_id: int = -1, cause: int = 16) -> list[Any]:
        """The line is free."""
        return self.feed(trunk.Cleared(call_id, cause))

    def state(self) -> str:
        waiting = self.machine.board(self.now).incoming
        return waiting[0].state if waiting else ""

    def rows(self) -> list[outputs.SaveIncoming]:
        return all_of(outputs.SaveIncoming, self.out)


def ask(floor: Floor, what: Any) -> str:
    refusal = floor.machine.request_refusal(what, floor.now)
    if not refusal:
        floor.feed(what)
    return refusal


def at_rest(floor: Callers) -> None:
    """Nothing of any caller is left."""
    assert floor.machine.callers() == []
    assert floor.machine.calls() == []
    assert floor.machine.tallies()["calls_out"] == 0
    assert all(seat.called_by == 0 for seat in floor.machine.seats())


def codes(floor: Floor) -> list[str]:
    return [entry.code for entry in all_of(outputs.SaveHistory, floor.out)]


def heard(decided: list[Any]) -> list[str]:
    """What is played to the caller."""
    return [prompt for play in all_of(Play, decided) if play.port == PORT for prompt in play.prompts]


# --- whose call it is ---------------------------------------------------------------------------------


def test_the_store_is_asked_and_a_call_that_nobody_answers_hears_the_announcement() -> None:
    floor = Callers()
    decided = floor.feed(trunk.Incoming(-1, LINE, "0312345678", "0399999999"))
    assert only(outputs.WhoCalls, decided).caller == "0399999999"
    assert all_of(outputs.AnswerIncoming, decided) == []

    decided = floor.feed(CallerKnown(-1, tenant_id=1, project_id=1))

    assert only(outputs.AnswerIncoming, decided).call_id == -1
    assert only(OpenLine, decided).port == PORT
    assert heard(decided) == [ANNOUNCEMENT]
    assert only(outputs.ClearCall, floor.feed(Played(PORT, "incoming"))).call_id == -1
    assert only(ClosePort, floor.goes()).port == PORT
    assert floor.rows()[-1].outcome == "missed"
    at_rest(floor)


def test_a_store_that_says_nothing_leaves_the_caller_to_the_announcement() -> None:
    floor = Callers()
    floor.feed(trunk.Incoming(-1, LINE, "0312345678", ""))
    assert heard(floor.wait(ASK_STORE_S + 0.1)) == [ANNOUNCEMENT]
    floor.feed(CallerKnown(-1, tenant_id=1, project_id=1, stages=(ALL,)))
    assert floor.rung == {}, "it is too late to ring"


def test_a_project_that_is_not_there_answers_with_the_announcement() -> None:
    floor = Callers()
    assert heard(floor.call(ALL, project_id=99)) == [ANNOUNCEMENT]


def test_every_prompt_of_a_caller_is_shipped() -> None:
    assert {ANNOUNCEMENT, "incoming-busy", "incoming-rings"} <= set(TEXTS)


# --- ringing ------------------------------------------------------------------------------------------


def test_all_phones_whose_handset_is_down_ring_and_the_caller_pays_nothing_meanwhile() -> None:
    floor = Callers(seats=3)
    floor.lift(3)

    decided = floor.call(ALL)

    assert sorted(floor.rung) == ["201", "202"]
    assert all_of(outputs.AnswerIncoming, decided) == []
    seat = floor.seat(1)
    assert (seat.state, seat.number, seat.customer_id, seat.attempt_kind) == (
        "ringing", WHO.number, WHO.customer_id, "incoming",
    )  # fmt: skip
    assert floor.machine.board(floor.now).incoming[0].seat_ids == (1, 2)


def test_the_first_handset_up_has_him_and_the_others_are_quiet() -> None:
    floor = Callers()
    floor.call(ALL)

    decided = floor.lifted("202")

    assert only(outputs.AnswerIncoming, decided).call_id == -1
    bridge = only(outputs.BridgeCall, decided)
    assert (bridge.line, bridge.phone, bridge.tenant_id) == (PORT, "r202", 1)
    opened = only(outputs.OpenIncoming, decided)
    assert (opened.customer_id, opened.number, opened.called) == (77, WHO.number, "0312345678")
    assert floor.seat(1).state == "logged_out"
    assert floor.seat(2).state == "talking"
    row = floor.rows()[-1]
    assert (row.outcome, row.tier, row.attempt_id, row.seat_id) == ("answered", 1, opened.attempt_id, 2)
    assert floor.machine.board(floor.now).incoming == ()


def test_a_phone_that_is_lifted_a_moment_too_late_is_hung_up() -> None:
    floor = Callers()
    floor.call(ALL)
    floor.feed(inputs.PhoneRings(floor.rung["201"], "r201"))
    floor.lifted("202")
    assert phones.HangUpLeg("r201") in floor.out
    assert floor.feed(phones.LegAnswered("r201", MEDIA)) == []


def test_who_took_him_without_a_log_in_keys_the_code_and_is_free_again() -> None:
    floor = Callers()
    floor.call(ALL)
    floor.lifted("201")
    floor.goes()
    assert floor.seat(1).state == "wrapup"

    for digit in "06*":
        floor.feed(Digit("r201", digit), after=1.0)

    entry = only(outputs.SaveHistory, floor.out)
    assert (entry.code, entry.customer_id, entry.user_id) == ("06", 77, 0)
    assert "goodbye" in said(floor.out)
    floor.feed(Played("r201", "bye"))
    assert floor.seat(1).state == "logged_out"
    assert all_of(outputs.SaveInterval, floor.out) == [], "nobody was logged in"
    at_rest(floor)
    floor.call(ALL, call_id=-2)
    assert floor.state() == "ringing", "the phone can ring again"


def test_a_handset_put_down_without_a_code_ends_the_call_as_98() -> None:
    floor = Callers()
    floor.call(ALL)
    floor.lifted("201")
    decided = floor.feed(phones.LegEnded("r201"))
    assert only(outputs.ClearCall, decided).call_id == -1
    floor.goes()
    assert codes(floor) == ["98"]
    at_rest(floor)


def test_the_caller_who_hangs_up_while_it_rings_is_missed_and_the_phones_are_quiet() -> None:
    floor = Callers()
    floor.call(ALL)
    floor.feed(inputs.PhoneRings(floor.rung["201"], "r201"))
    decided = floor.goes()
    assert phones.HangUpLeg("r201") in decided
    assert (floor.rows()[-1].outcome, floor.rows()[-1].tier) == ("missed", 1)
    assert [floor.seat(n).state for n in (1, 2)] == ["logged_out", "logged_out"]
    at_rest(floor)


def test_in_turn_one_phone_rings_after_the_other_and_then_the_next_tier() -> None:
    floor = Callers(seats=3)
    floor.call(Stage(1, "ring", ("202", "201"), "in_turn", 10), Stage(2, "ring", ("203",), ring_s=10))
    assert list(floor.rung) == ["202"]
    floor.wait(10.5)
    assert list(floor.rung) == ["202", "201"]
    assert floor.seat(2).state == "logged_out"
    floor.wait(10.5)
    assert list(floor.rung) == ["202", "201", "203"]
    assert heard(floor.wait(11)) == [ANNOUNCEMENT]
    assert floor.rows()[-1].tier == 2


def test_the_longest_idle_phone_rings_first() -> None:
    floor = Callers()
    floor.wait(30)
    floor.lift(1)
    floor.hang_up(1)
    floor.call(Stage(1, "ring", ("201", "202"), "longest_idle", 10))
    assert list(floor.rung) == ["202"], "201 was used a moment ago"


def test_a_phone_that_cannot_be_rung_gives_the_call_on_at_once() -> None:
    floor = Callers()
    floor.call(Stage(1, "ring", ("201",), "in_turn", 10), Stage(2, "ring", ("202",)))
    floor.feed(inputs.PhoneRings(floor.rung["201"]))
    assert list(floor.rung) == ["201", "202"]


def test_a_tier_without_any_phone_that_is_there_is_passed() -> None:
    floor = Callers()
    floor.feed(phones.Unregistered("201", "gone"))
    floor.call(Stage(1, "ring", ("201", "299")), Stage(2, "ring", ("202",)))
    assert list(floor.rung) == ["202"]


def test_another_tenants_phone_does_not_ring() -> None:
    floor = Callers()
    floor.seats = (floor.seats[0], inputs.SeatSettings(2, "202", "A-02", tenant_id=9))
    floor.configure()
    floor.call(ALL)
    assert list(floor.rung) == ["201"]


# --- seats that wait to be dialled for ----------------------------------------------------------------


def test_a_seat_that_waits_hears_it_ring_and_takes_him_by_a_key() -> None:
    floor = Callers()
    floor.ready()

    decided = floor.call(Stage(1, "ring", ("201",)))

    assert said(decided)[:2] == ["incoming-rings", "tone:ringback"]
    assert (floor.seat(1).state, floor.seat(1).customer_id) == ("ringing", 77)
    decided = floor.keys("*")
    assert only(outputs.BridgeCall, decided).phone == "p1"
    assert (floor.seat(1).state, floor.seat(1).attempt_kind) == ("talking", "incoming")


def test_a_seat_that_a_caller_rings_is_not_handed_a_list_call() -> None:
    floor = Callers(seats=1)
    floor.ready()
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, (Customer(1, "0300000001"),), is_last=True, callable=1))
    floor.ring(1)
    floor.call(Stage(1, "ring", ("201",)))

    floor.answer(1)

    assert all_of(outputs.BridgeCall, floor.out) == []
    floor.keys("#")
    assert floor.seat(1).state == "paused"


def test_of_those_who_wait_no_more_ring_than_the_dialling_can_spare() -> None:
    floor = Callers(seats=3)
    for seat in (1, 2, 3):
        floor.ready(seat)
    floor.feed(inputs.ListChanged(1))
    customers = tuple(Customer(i, f"03000000{i:02d}") for i in (1, 2))
    floor.feed(inputs.Offered(1, customers, is_last=True, callable=2))
    assert len(all_of(outputs.OpenAttempt, floor.out)) == 2

    floor.call(ALL)

    assert [floor.seat(n).state for n in (1, 2, 3)].count("ringing") == 1


def test_an_operator_who_declines_pauses_and_the_next_tier_rings() -> None:
    floor = Callers()
    floor.ready()
    floor.call(Stage(1, "ring", ("201",), ring_s=20), Stage(2, "ring", ("202",)))
    floor.keys("#")
    assert floor.seat(1).state == "paused"
    assert list(floor.rung) == ["202"]


def test_the_handset_put_down_while_it_rings_in_the_ear_logs_out_and_gives_the_call_on() -> None:
    floor = Callers()
    floor.ready()
    floor.call(Stage(1, "ring", ("201",)), Stage(2, "ring", ("202",)))
    floor.hang_up()
    assert floor.seat(1).state == "logged_out"
    assert list(floor.rung) == ["202"]


def test_a_seat_that_nobody_answers_waits_again_and_is_dialled_for() -> None:
    floor = Callers()
    floor.ready()
    floor.call(Stage(1, "ring", ("201",), ring_s=10))
    floor.wait(11)
    assert floor.seat(1).state == "waiting"
    assert "ready" in said(floor.out)


def test_a_log_in_ends_what_rings_at_the_phone() -> None:
    floor = Callers()
    floor.call(Stage(1, "ring", ("201",), ring_s=10), Stage(2, "ring", ("202",)))
    floor.lift(1)
    assert floor.seat(1).state == "login"
    assert list(floor.rung) == ["201", "202"]


def test_a_page_takes_a_caller_wherever_he_waits() -> None:
    floor = Callers()
    floor.log_in()
    floor.call(Stage(1, "ring", ("202",)))
    assert floor.machine.request_refusal(AnswerCaller(1, 2), floor.now) == "caller-gone"
    assert ask(floor, AnswerCaller(1, 1)) == ""
    assert floor.seat(1).state == "talking"
    assert floor.seat(2).state == "logged_out"
    assert ask(floor, AnswerCaller(1, 1)) == "caller-gone"


def test_a_page_takes_no_caller_of_another_tenant_and_none_with_a_call_in_hand() -> None:
    floor = Callers()
    floor.log_in()
    floor.call(Stage(1, "ring", ("202",)), tenant_id=9)
    assert ask(floor, AnswerCaller(1, 1)) == "caller-gone"
    floor.goes()
    floor.call(Stage(1, "ring", ("202",)), call_id=-2)
    assert ask(floor, AnswerCaller(1, 2)) == ""
    floor.call(Stage(1, "ring", ("202",)), call_id=-3, customer=Customer(0, ""))
    assert ask(floor, AnswerCaller(1, 3)) == "call-in-hand"


# --- queue --------------------------------------------------------------------------------------------


def test_when_all_are_busy_he_is_told_so_and_hears_music_until_a_phone_is_free() -> None:
    floor = Callers(seats=1)
    floor.lift(1)

    decided = floor.call(Stage(1, "ring", ("201",), ring_s=30))

    assert heard(decided) == ["incoming-busy", "music"]
    assert floor.state() == "queued"
    floor.hang_up(1)
    decided = floor.wait(1.5)
    assert list(floor.rung) == ["201"]
    assert heard(decided) == ["tone:ringback"]
    floor.lifted("201")
    assert floor.seat(1).state == "talking"


def test_a_seat_that_becomes_ready_rings_at_once_for_who_waits() -> None:
    floor = Callers(seats=1)
    floor.log_in()
    floor.call(Stage(1, "ring", ("201",), ring_s=30))
    assert floor.state() == "queued"
    ask(floor, SetReady(1, is_on=True))
    assert floor.seat(1).state == "ringing"


def test_a_queue_ends_with_its_tiers_time() -> None:
    floor = Callers()
    floor.lift(1)
    floor.call(Stage(1, "ring", ("201",), ring_s=10), Stage(2, "announce", prompt="route-4-2"))
    assert heard(floor.wait(11)) == ["route-4-2"]
    assert only(outputs.ClearCall, floor.feed(Played(PORT, "incoming"))).call_id == -1


# --- words and menus ----------------------------------------------------------------------------------


def test_a_tier_may_speak_before_it_rings() -> None:
    floor = Callers()
    decided = floor.call(Stage(1, "ring", ("201",), prompt="route-4-1"))
    assert heard(decided) == ["route-4-1"]
    assert floor.rung == {}
    assert heard(floor.feed(Played(PORT, "incoming")))[0] == "tone:ringback"
    assert list(floor.rung) == ["201"]


def test_an_announcement_is_followed_by_the_next_tier() -> None:
    floor = Callers()
    floor.call(Stage(1, "announce", prompt="route-4-1"), ALL)
    floor.feed(Played(PORT, "incoming"))
    assert floor.state() == ""  # both tiers have place 1: nothing follows


MENU: Final = Stage(
    1, "menu", ring_s=15, prompt="route-4-1",
    choices=(StageChoice("1", ("202",)), StageChoice("2", place=3)),
)  # fmt: skip


def test_a_digit_rings_its_phones() -> None:
    floor = Callers()
    decided = floor.call(MENU, Stage(2, "ring", ("201",)))
    assert only(Listen, decided).port == PORT
    decided = floor.feed(Digit(PORT, "1", "inband"))
    assert list(floor.rung) == ["202"]
    assert not only(Listen, decided).is_on
    floor.wait(16)
    assert list(floor.rung) == ["202", "201"], "the tier after the menu follows"


def test_a_digit_leads_to_a_tier() -> None:
    floor = Callers()
    floor.call(MENU, Stage(2, "ring", ("201",)), Stage(3, "announce", prompt="route-4-3"))
    assert heard(floor.feed(Digit(PORT, "2", "inband"))) == ["route-4-3"]


def test_a_menu_is_said_again_for_a_wrong_digit_or_none_and_then_the_next_tier_follows() -> None:
    floor = Callers()
    floor.call(MENU, Stage(2, "ring", ("201",)))
    assert heard(floor.feed(Digit(PORT, "7", "inband"))) == ["route-4-1"]
    floor.feed(Played(PORT, "incoming"))
    assert heard(floor.wait(DIGIT_S + 0.1)) == ["route-4-1"]
    floor.feed(Played(PORT, "incoming"))
    floor.wait(DIGIT_S + 0.1)
    assert list(floor.rung) == ["201"]
    assert heard(floor.out).count("route-4-1") == ASKS_MAX


# --- a talk like any other ----------------------------------------------------------------------------


def talking(**changes: Any) -> Callers:
    floor = Callers(**changes)
    floor.ready()
    floor.call(Stage(1, "ring", ("201",)))
    floor.keys("*")
    return floor


def test_hold_hang_up_and_code_are_those_of_any_talk() -> None:
    floor = talking()
    assert ask(floor, HoldCall(1, is_on=True)) == ""
    assert floor.seat().is_held
    assert ask(floor, HoldCall(1, is_on=False)) == ""
    floor.wait(30)
    assert ask(floor, HangUp(1)) == ""
    assert all_of(outputs.ClearCall, floor.out)[-1].call_id == -1
    attempt_id = floor.seat().attempt_id
    floor.goes()
    assert ask(floor, EnterCode(1, attempt_id, "12", is_next=True)) == ""
    entry = only(outputs.SaveHistory, floor.out)
    assert (entry.code, entry.user_id, round(entry.talk_s)) == ("12", 101, 30)
    kinds = [interval.kind for interval in all_of(outputs.SaveInterval, floor.out)]
    assert kinds == ["paused", "wait", "wait", "talk", "wrap"]
    assert floor.seat().state == "waiting"
    at_rest(floor)


def test_a_span_that_is_lost_ends_the_talk_and_the_code_is_asked() -> None:
    floor = talking()
    floor.feed(trunk.Cleared(-1, 41, is_line_fault=True))
    assert floor.seat().state == "wrapup"
    floor.keys("06*")
    assert codes(floor) == ["06"]
    at_rest(floor)


def test_a_line_with_a_tone_on_it_is_cleared() -> None:
    floor = talking()
    decided = floor.feed(trunk.Disconnecting(-1, 16))
    assert only(outputs.ClearCall, decided).call_id == -1
    waiting = Callers()
    waiting.call(ALL)
    assert only(outputs.ClearCall, waiting.feed(trunk.Disconnecting(-1, 16))).call_id == -1
    waiting.goes()
    at_rest(waiting)


def test_it_counts_for_no_list_no_pace_and_no_share_of_channels() -> None:
    floor = talking()
    board = floor.machine.board(floor.now)
    assert board.projects[0].calls_out == 0
    assert board.lists[0].attempts == board.lists[0].answered == 0
    assert floor.machine.tallies()["calls_out"] == 1


def test_its_customer_is_not_dialled_meanwhile() -> None:
    floor = talking(seats=2)
    floor.ready(2)
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, (WHO,), is_last=True, callable=1))
    assert all_of(outputs.OpenAttempt, floor.out) == []


def test_glare_with_a_call_to_the_same_customer_harms_neither() -> None:
    floor = Callers(seats=1)
    floor.ready()
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, (WHO,), is_last=True, callable=1))
    floor.ring(1)
    floor.call(Stage(1, "ring", ("201",)))
    floor.clear(1, cause=17)
    floor.keys("*")
    floor.goes()
    floor.keys("06*")
    assert codes(floor) == ["93", "06"]
    at_rest(floor)


def test_an_unknown_caller_is_given_a_customer() -> None:
    floor = Callers()
    floor.ready()
    floor.call(Stage(1, "ring", ("201",)), customer=Customer(0, ""), list_id=0)
    floor.keys("*")
    attempt_id = floor.seat().attempt_id
    assert floor.seat().customer_id == 0
    assert floor.machine.name_refusal(1, attempt_id + 1) == "no-call"

    floor.feed(CallerNamed(1, attempt_id, 5, Customer(88, "0355550000")))

    assert only(outputs.NameAttempt, floor.out) == outputs.NameAttempt(attempt_id, 5, 88)
    assert (floor.seat().customer_id, floor.seat().number) == (88, "0355550000")
    floor.goes()
    floor.keys("06*")
    assert only(outputs.SaveHistory, floor.out).customer_id == 88
    at_rest(floor)


@pytest.mark.parametrize("count", [2, 3])
def test_several_withheld_callers_do_not_stand_in_each_others_way(count: int) -> None:
    floor = Callers(seats=3)
    for number in range(1, count + 1):
        floor.call(Stage(1, "ring", (f"20{number}",)), customer=Customer(0, ""), call_id=-number)
    for number in range(1, count + 1):
        floor.goes(-number)
    at_rest(floor)


# --- restarts -----------------------------------------------------------------------------------------


def test_after_an_audio_restart_who_waits_hears_his_music_and_who_talks_is_bridged() -> None:
    floor = Callers(seats=1)
    floor.lift(1)
    floor.call(Stage(1, "ring", ("201",), ring_s=30))
    decided = floor.feed(AudioSnapshot((), {}))
    assert PORT in [opened.port for opened in all_of(OpenLine, decided)]
    assert heard(decided) == ["music"]
    floor = talking()
    decided = floor.feed(AudioSnapshot((), {}))
    assert only(outputs.BridgeCall, decided).is_again


def test_a_technician_clears_who_waits() -> None:
    floor = Callers()
    floor.call(ALL)
    assert only(outputs.ClearCall, floor.feed(inputs.ClearCall(-1))).call_id == -1
    floor.goes()
    at_rest(floor)
