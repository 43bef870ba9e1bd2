"""What becomes of attempts: results by the network's word, answers and seats, faults, rules before SETUP."""

from __future__ import annotations

import pytest

from appliance.audio.messages import AudioSnapshot, ClosePort, OpenLine, Play, Played, Unbridge
from appliance.dialer import inputs, outputs
from appliance.dialer.attempt import TRANSITIONS, Event, State, result_of
from appliance.dialer.inputs import Block, Customer
from appliance.dialer.messages import LogOutSeat
from appliance.phones import messages as phones
from appliance.pri_card import trunk
from tests.unit.dialer_floor import MEDIA, Floor, all_of, customers, ends, only, said

LINE = trunk.Line(1, 1)


def ringing(**changes: object) -> Floor:
    floor = Floor(**changes)  # type: ignore[arg-type]  # passed through
    floor.ready()
    floor.ring()
    return floor


# --- the table ----------------------------------------------------------------------------------------


def test_no_state_takes_sound_for_an_answer() -> None:
    answered = {
        (state, event)
        for state, rows in TRANSITIONS.items()
        for event, (_do, after) in rows.items()
        if after is State.ANSWERED
    }
    assert {event for _state, event in answered} == {Event.ANSWERED}


def test_every_state_leads_to_disposal() -> None:
    reached = {State.DISPOSED}
    for _round in State:
        reached |= {
            s for s, rows in TRANSITIONS.items() if any(after in reached for _do, after in rows.values())
        }
    assert reached == set(State)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (1, "91"),
        (22, "91"),
        (28, "91"),
        (17, "93"),
        (18, "94"),
        (19, "94"),
        (21, "94"),
        (16, "94"),
        (31, "94"),
    ],
)
def test_results_by_cause(cause: int, result: str) -> None:
    assert result_of(cause) == result
    floor = ringing()
    assert ends(floor.clear(cause=cause)) == [(1, "result", result)]
    history = all_of(outputs.SaveHistory, floor.out)
    assert [(entry.code, entry.user_id) for entry in history] == [(result, 0)]


# --- before an answer ---------------------------------------------------------------------------------


def test_a_call_goes_out_only_when_its_row_is_on_the_disk() -> None:
    floor = Floor()
    decided = floor.ready()

    assert not all_of(trunk.PlaceCall, decided)
    assert not floor.machine.may_setup(1, floor.now)
    placed = only(trunk.PlaceCall, floor.feed(inputs.AttemptCommitted(1)))
    assert placed == trunk.PlaceCall(1, "0300000001", "0312345678", True)
    assert floor.machine.may_setup(1, floor.now)


def test_the_line_opens_with_setup_and_closes_when_cleared() -> None:
    floor = ringing()

    assert only(OpenLine, floor.out) == OpenLine("b1/1", 1, 1)
    assert only(ClosePort, floor.clear(cause=17)).port == "b1/1"


def test_a_moved_channel_moves_its_audio() -> None:
    floor = ringing()

    decided = floor.feed(trunk.Proceeding(1, trunk.Line(1, 9)))

    assert [only(ClosePort, decided).port, only(OpenLine, decided).port] == ["b1/1", "b1/9"]
    assert only(outputs.BridgeCall, floor.feed(trunk.Answered(1, trunk.Line(1, 9)))).line == "b1/9"


def test_our_own_ring_timer_runs_from_setup() -> None:
    floor = ringing(ring_timeout_s=20.0)

    assert not all_of(outputs.ClearCall, floor.wait(18.9))  # one second rang before
    assert only(outputs.ClearCall, floor.wait(0.2)).call_id == 1
    assert ends(floor.clear()) == [(1, "result", "94")]


@pytest.mark.parametrize(
    "progress", [trunk.Progress(1, True), trunk.Progress(1, True, 31), trunk.Progress(1, False, 1)]
)
def test_in_band_sound_is_neither_an_answer_nor_an_unused_number(progress: trunk.Progress) -> None:
    floor = ringing()
    assert not floor.feed(progress)


@pytest.mark.parametrize("vacant", [trunk.Progress(1, True, 1), trunk.Disconnecting(1, 1)])
def test_announcements_of_unused_numbers_are_91(vacant: trunk.TrunkEvent) -> None:
    floor = ringing()

    assert only(outputs.ClearCall, floor.feed(vacant)).call_id == 1
    assert ends(floor.clear()) == [(1, "result", "91")]


def test_an_announcement_after_busy_is_93() -> None:
    floor = ringing()
    floor.feed(trunk.Disconnecting(1, 17))
    assert ends(floor.clear()) == [(1, "result", "93")]


def test_answered_while_we_clear_is_an_abandoned_call() -> None:
    floor = ringing(ring_timeout_s=20.0)
    floor.wait(20.0)
    floor.feed(trunk.Answered(1, LINE))

    assert ends(floor.clear()) == [(1, "result", "96")]
    assert floor.machine.tallies()["abandoned"] == 1


# --- faults -------------------------------------------------------------------------------------------


def test_faults_are_nobodys_result_and_retried_a_bounded_number_of_times() -> None:
    floor = Floor(offer=1)
    floor.ready()
    for attempt_id in range(1, 10):
        if not any(opened.attempt_id == attempt_id for opened in all_of(outputs.OpenAttempt, floor.out)):
            break
        floor.ring(attempt_id)
        assert ends(floor.feed(trunk.Cleared(attempt_id, 42, is_line_fault=True))) == [
            (attempt_id, "fault", "")
        ]

    assert len(all_of(outputs.OpenAttempt, floor.out)) == 4, "the first and three more"
    assert not all_of(outputs.SaveHistory, floor.out)


def test_the_interval_does_not_hold_a_retry_back() -> None:
    floor = Floor(offer=1, interval_s=3600.0)
    floor.ready()
    floor.ring()
    again = floor.feed(trunk.Cleared(1, 42, is_line_fault=True))
    assert only(outputs.OpenAttempt, again).customer_id == 1


def test_congestion_that_the_trunk_did_not_mark_is_a_fault_too() -> None:
    assert ends(ringing().clear(cause=34)) == [(1, "fault", "")]


def test_a_talk_cut_by_the_line_keeps_its_code() -> None:
    floor = ringing()
    floor.answer()
    floor.feed(trunk.Cleared(1, 27, is_line_fault=True))

    assert ends(floor.keys("06*")) == [(1, "result", "06")]


# --- an answer, and seats -----------------------------------------------------------------------------


def test_the_longest_waiting_seat_gets_the_answer() -> None:
    floor = Floor(seats=2)
    floor.ready(2)
    floor.ring(1)
    floor.wait(5)
    floor.ready(1)
    floor.ring(2)

    assert only(outputs.BridgeCall, floor.answer(1)).phone == "p2"
    assert only(outputs.BridgeCall, floor.answer(2)).phone == "p1"


def busy_floor(**changes: object) -> Floor:
    """One seat, two calls out; the first is in conversation, the second rings."""
    floor = Floor(mode="overdial", overdial=1, **changes)  # type: ignore[arg-type]  # passed through
    floor.ready()
    floor.ring(1)
    floor.ring(2)
    floor.answer(1)
    return floor


def test_an_answer_without_a_seat_waits_inside_the_window() -> None:
    floor = busy_floor()
    floor.answer(2)
    floor.clear(1)

    assert only(outputs.BridgeCall, floor.keys("06*", after=1.5)).attempt_id == 2
    assert not all_of(Play, [play for play in floor.out if isinstance(play, Play) and play.tag == "apology"])


@pytest.mark.parametrize(("has_apology", "prompt"), [(False, "apology"), (True, "project-1-apology")])
def test_after_the_window_the_apology_is_said_and_the_call_cleared_as_96(
    has_apology: bool, prompt: str
) -> None:
    floor = busy_floor(has_apology=has_apology)
    floor.answer(2)

    assert not all_of(Play, floor.wait(1.9))
    assert said(floor.wait(0.2)) == [prompt]
    assert only(outputs.ClearCall, floor.feed(Played("b1/2", "apology"))).call_id == 2
    assert ends(floor.clear(2)) == [(2, "result", "96")]
    assert floor.machine.tallies() | {"dialling": 0} == {
        "attempts": 2, "answered": 2, "abandoned": 1, "dialling": 0, "calls_out": 1,
    }  # fmt: skip


def test_an_apology_that_never_ends_is_cut() -> None:
    floor = busy_floor()
    floor.answer(2)
    floor.wait(2.0)

    assert only(outputs.ClearCall, floor.wait(15.0)).call_id == 2


def test_a_customer_who_hangs_up_inside_the_window_is_abandoned() -> None:
    floor = busy_floor()
    floor.answer(2)
    assert ends(floor.clear(2, after=0.5)) == [(2, "result", "96")]
    assert floor.machine.board(floor.now).projects[0].abandon_ratio_30min == 0.5  # told where the pacer is


def test_a_seat_that_becomes_free_during_the_apology_is_not_handed_the_call() -> None:
    floor = busy_floor()
    floor.answer(2)
    floor.wait(2.1)
    floor.clear(1)
    assert not all_of(outputs.BridgeCall, floor.keys("06*"))


def test_ringing_calls_are_never_cut_unless_overdial_says_so() -> None:
    assert not all_of(outputs.ClearCall, busy_floor().out)

    floor = busy_floor(is_ring_cut=True)
    assert only(outputs.ClearCall, floor.out).call_id == 2
    assert ends(floor.clear(2)) == [(2, "result", "92")]


def test_ringing_calls_are_cut_when_the_last_seat_pauses() -> None:
    floor = Floor(mode="overdial", overdial=1, is_ring_cut=True)
    floor.ready()
    floor.ring(1)
    assert [cleared.call_id for cleared in all_of(outputs.ClearCall, floor.keys("#"))] == [1]


def test_ring_cut_is_of_overdial_alone() -> None:
    floor = Floor(mode="ratio", ratio=2.0, is_ring_cut=True)
    floor.ready()
    floor.ring(1)
    floor.ring(2)
    floor.answer(1)
    assert not all_of(outputs.ClearCall, floor.out)


# --- rules in the instant before SETUP ----------------------------------------------------------------


def committed(**changes: object) -> Floor:
    floor = Floor(**changes)  # type: ignore[arg-type]  # passed through
    floor.ready()
    floor.feed(inputs.AttemptCommitted(1))
    return floor


@pytest.mark.parametrize(("kind", "code"), [("forbid", "9a"), ("suspend", "90"), ("exclude", "99")])
def test_a_number_blocked_while_queued_is_not_dialled(kind: str, code: str) -> None:
    floor = committed()
    floor.feed(inputs.Blocked((Block(1, "0300000001", kind),)))  # type: ignore[arg-type]  # parametrised

    assert not floor.machine.may_setup(1, floor.now)
    withdrawn = floor.feed(trunk.Withdrawn(1))
    assert ends(withdrawn) == [(1, "result", code)]
    assert only(outputs.SaveRefusal, withdrawn).code == code
    assert only(outputs.OpenAttempt, withdrawn).customer_id == 2


def test_another_tenants_block_means_nothing() -> None:
    floor = committed()
    floor.feed(inputs.Blocked((Block(2, "0300000001", "forbid"),)))
    assert floor.machine.may_setup(1, floor.now)


def test_a_stopped_list_withdraws_and_loses_nobody() -> None:
    floor = committed()
    floor.configure(is_started=False)

    assert not floor.machine.may_setup(1, floor.now)
    assert ends(floor.feed(trunk.Withdrawn(1))) == [(1, "withdrawn", "")]
    asked = floor.configure(is_started=True)
    assert only(outputs.OfferWanted, asked).cursor == ""
    again = floor.feed(inputs.Offered(1, customers(3), is_last=True))
    assert only(outputs.OpenAttempt, again).customer_id == 1


@pytest.mark.parametrize("change", [{"hours": ()}, {"main_caller": ""}, {"is_active": False}])
def test_hours_caller_and_project_are_looked_at_again(change: dict[str, object]) -> None:
    floor = committed()
    floor.configure(**change)  # type: ignore[arg-type]  # parametrised
    assert not floor.machine.may_setup(1, floor.now)


def test_a_wall_clock_that_leaves_the_hours_stops_setup() -> None:
    floor = committed(hours=(inputs.CallingHours(0, 540, 1020),))
    assert floor.machine.may_setup(1, floor.now)

    floor.feed(inputs.WallClock(1_794_787_200.0 + 9 * 3600))

    assert not floor.machine.may_setup(1, floor.now)


def test_a_narrower_share_stops_setup() -> None:
    floor = Floor(seats=2)
    floor.ready(1)
    floor.ready(2)
    floor.feed(inputs.AttemptCommitted(1))
    floor.configure(channel_share=1)
    assert not floor.machine.may_setup(1, floor.now)


def test_an_attempt_that_queued_too_long_is_withdrawn_and_its_customer_keeps_his_turn() -> None:
    floor = committed()
    floor.wait(3.5)

    assert not floor.machine.may_setup(1, floor.now)
    assert only(outputs.OpenAttempt, floor.feed(trunk.Withdrawn(1))).customer_id == 1


def test_permissions_changed_while_a_call_is_queued_withdraw_it() -> None:
    floor = committed()
    floor.feed(inputs.ListChanged(1))

    assert not floor.machine.may_setup(1, floor.now)
    decided = floor.feed(trunk.Withdrawn(1))
    assert ends(decided) == [(1, "withdrawn", "")]
    assert not all_of(outputs.OpenAttempt, decided), "the store says whom to call now"


def test_nobody_is_dialled_when_the_last_seat_has_left() -> None:
    floor = committed()
    floor.hang_up()
    assert not floor.machine.may_setup(1, floor.now)


def test_what_the_store_refused_to_open_is_let_go() -> None:
    floor = Floor(offer=1)
    floor.ready()
    floor.feed(inputs.ClearCall(1))

    decided = floor.feed(inputs.AttemptCommitted(1))

    assert ends(decided) == [(1, "withdrawn", "")]
    assert not all_of(trunk.PlaceCall, decided)
    assert not all_of(outputs.OpenAttempt, decided)


# --- selection ----------------------------------------------------------------------------------------


def test_rules_at_selection_pass_over_and_write_down_once() -> None:
    floor = Floor(offer=0, attempts_max=2, interval_s=600.0)
    floor.feed(inputs.ListChanged(1))
    old = 1_794_787_200.0 - 60
    floor.feed(
        inputs.Offered(
            1,
            (Customer(1, "0311111111", 2), Customer(2, "0322222222", 1, old), Customer(3, "0333333333")),
            True,
        )
    )

    decided = floor.ready()

    assert only(outputs.OpenAttempt, decided).customer_id == 3
    assert [(r.customer_id, r.code) for r in all_of(outputs.SaveRefusal, floor.out)] == [(1, "97"), (2, "95")]


def test_one_number_in_two_rows_has_one_call_at_a_time() -> None:
    floor = Floor(seats=2, offer=0)
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, (Customer(1, "0311111111"), Customer(2, "0311111111")), True))
    floor.ready(1)
    floor.ready(2)

    assert [opened.customer_id for opened in all_of(outputs.OpenAttempt, floor.out)] == [1]


def test_an_offer_older_than_a_customers_result_does_not_bring_him_back() -> None:
    floor = Floor(offer=1)
    floor.ready()
    floor.ring()
    floor.feed(inputs.ListChanged(1))  # asks the store while the call rings
    floor.clear(cause=17)

    floor.feed(inputs.Offered(1, customers(1), is_last=True))

    assert len(all_of(outputs.OpenAttempt, floor.out)) == 1


def test_started_lists_are_dialled_in_turn() -> None:
    floor = Floor(seats=4, offer=0)
    lists = tuple(inputs.ListSettings(number, 1, True, True) for number in (1, 2))
    floor.feed(inputs.Configure((floor.settings,), lists, floor.seats))
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, customers(10), True))
    floor.feed(inputs.Offered(2, customers(10, first=101), True))
    for seat in range(1, 5):
        floor.ready(seat)

    assert sorted(opened.list_id for opened in all_of(outputs.OpenAttempt, floor.out)) == [1, 1, 2, 2]


def test_a_question_without_an_answer_is_asked_again() -> None:
    floor = Floor(offer=0)
    assert only(outputs.OfferWanted, floor.feed(inputs.ListChanged(1))).cursor == ""
    assert only(outputs.OfferWanted, floor.wait(5.5)).list_id == 1


# --- preview, incoming, restarts ----------------------------------------------------------------------


def preview_floor() -> Floor:
    floor = Floor(mode="preview")
    floor.ready()
    floor.feed(inputs.PreviewDial(1, 1, Customer(50, "0355555555")))
    return floor


def test_preview_dials_for_the_seat_that_asked() -> None:
    floor = preview_floor()
    assert only(outputs.OpenAttempt, floor.out).seat_id == 1
    assert floor.seat().state == "ringing"

    floor.ring()
    assert only(outputs.BridgeCall, floor.answer()).phone == "p1"
    floor.clear()
    assert ends(floor.keys("06*")) == [(1, "result", "06")]
    assert len(all_of(outputs.OpenAttempt, floor.out)) == 1, "preview never dials by itself"


def test_a_preview_call_without_answer_returns_the_seat() -> None:
    floor = preview_floor()
    floor.ring()
    assert ends(floor.clear(cause=17)) == [(1, "result", "93")]
    assert floor.seat().state == "waiting"


def test_the_operator_may_give_a_preview_call_up() -> None:
    floor = preview_floor()
    floor.ring()
    assert only(outputs.ClearCall, floor.keys("#")).call_id == 1
    assert ends(floor.clear()) == [(1, "result", "94")]


def test_whom_a_preview_call_reached_is_not_dialled_again_by_the_machine() -> None:
    floor = Floor(mode="preview", offer=2)
    floor.ready()
    floor.feed(inputs.PreviewDial(1, 1, customers(1)[0]))
    floor.ring()
    floor.clear(cause=17)

    assert only(outputs.OpenAttempt, floor.configure(mode="progressive")).customer_id == 2


def test_an_interval_widened_while_a_call_is_queued_leaves_the_customer_for_later() -> None:
    floor = Floor(offer=0)
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, (Customer(1, "0311111111", 1, 1_794_787_200.0 - 60),), True))
    floor.ready()
    floor.feed(inputs.AttemptCommitted(1))
    floor.configure(interval_s=3600.0)

    assert not floor.machine.may_setup(1, floor.now)
    decided = floor.feed(trunk.Withdrawn(1))
    assert ends(decided) == [(1, "withdrawn", "")]
    assert not all_of(outputs.SaveRefusal, decided)


def test_why_a_preview_would_not_dial() -> None:
    floor = Floor(mode="preview")
    customer = Customer(1, "0355555555")
    assert floor.machine.preview_refusal(1, customer, floor.now) == "not-ready"
    floor.ready()
    assert floor.machine.preview_refusal(1, customer, floor.now) == ""
    floor.feed(inputs.Blocked((Block(1, "0355555555", "forbid"),)))
    assert floor.machine.preview_refusal(1, customer, floor.now) == "9a"


def test_incoming_calls_hear_the_announcement_and_are_listed() -> None:
    floor = Floor()
    floor.feed(trunk.Incoming(-1, trunk.Line(1, 3), "0312345678", "0399999999"))
    decided = floor.feed(inputs.CallerKnown(-1))

    assert all_of(outputs.SaveIncoming, decided)[-1].caller == "0399999999"
    assert only(outputs.AnswerIncoming, decided).call_id == -1
    assert said(decided) == ["incoming-announcement"]
    assert only(outputs.ClearCall, floor.feed(Played("b1/3", "incoming"))).call_id == -1
    assert only(ClosePort, floor.feed(trunk.Cleared(-1, 16))).port == "b1/3"
    assert floor.machine.tallies()["calls_out"] == 0


def test_when_audio_restarts_lines_legs_and_bridges_are_made_again() -> None:
    floor = ringing()
    floor.answer()

    decided = floor.feed(AudioSnapshot((), {}))

    assert only(outputs.AnswerPhone, decided).is_again
    assert only(OpenLine, decided).port == "b1/1"
    assert only(outputs.BridgeCall, decided).is_again


def test_after_a_restart_bridges_of_calls_that_are_over_are_parted() -> None:
    """Else an operator would hear the next call on that channel, and the old recording would hold it."""
    floor = ringing()
    floor.answer()
    standing: dict[int, tuple[str, ...]] = {1: ("b1/1", "p1"), 77: ("b1/2", "p2")}

    decided = floor.feed(AudioSnapshot(("b1/1", "b1/2", "p1", "p2"), standing))

    assert decided == [Unbridge(77)]
    assert (
        only(Unbridge, Floor(offer=0).feed(AudioSnapshot(("b1/2", "p2"), {77: ("b1/2", "p2")}))).bridge_id
        == 77
    )


def audio_restarts(floor: Floor) -> list[str]:
    """What seat 1 hears then."""
    return said(floor.feed(AudioSnapshot((), {})))


def test_when_audio_restarts_a_seat_is_asked_again_for_what_its_state_waits_for() -> None:
    floor = Floor(offer=0)
    floor.lift()
    floor.keys("10")
    assert audio_restarts(floor) == ["login-id"]
    floor.keys("1#47")
    assert audio_restarts(floor) == ["login-pin"]
    floor.keys("4711#")
    assert only(outputs.CheckLogin, floor.out) == outputs.CheckLogin(1, "1", "4711")
    assert audio_restarts(floor) == []
    floor.feed(inputs.LoginChecked(1, 101, "操作者1", 1, (1,)))
    assert audio_restarts(floor) == ["press-star"]
    floor.keys("*")
    assert audio_restarts(floor) == ["ready"]


def test_when_audio_restarts_a_code_is_asked_for_from_its_first_digit_or_read_back_again() -> None:
    floor = ringing()
    floor.answer()
    assert audio_restarts(floor) == []
    floor.clear()
    floor.keys("1")
    assert audio_restarts(floor) == ["enter-code"]
    assert floor.seat().typed == ""
    floor.keys("06")
    assert audio_restarts(floor) == ["digit-0", "digit-6", "code-1-06", "code-confirm"]
    assert ends(floor.keys("*")) == [(1, "result", "06")]


def test_when_audio_restarts_under_the_last_word_it_is_said_and_the_leg_is_hung_up() -> None:
    floor = Floor(offer=0)
    floor.ready()
    floor.feed(LogOutSeat(1, is_now=True, reason="終業"))
    assert audio_restarts(floor) == ["goodbye"]
    assert only(phones.HangUpLeg, floor.feed(Played("p1", "bye"))).leg == "p1"


def test_after_a_crash_a_seat_still_owes_its_code_and_its_customer_is_not_dialled() -> None:
    floor = Floor(offer=0)
    owing = inputs.StandingSeat(1, "p1", 101, "操作者1", 1, (1,), 70, 1, 1, 1, "0300000001")

    decided = floor.feed(inputs.Start(71, (owing,), ("201",)))

    assert said(decided) == ["enter-code"]
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, customers(2), True))
    saved = floor.keys("06*")
    assert ends(saved) == [(70, "result", "06")]
    assert only(outputs.OpenAttempt, saved).customer_id == 2
    assert only(outputs.OpenAttempt, saved).attempt_id == 71


def test_a_code_after_a_crash_writes_nothing_over_the_times_of_its_call() -> None:
    """When it was dialled, answered and cleared is in the store already."""
    floor = Floor(offer=0)
    owing = inputs.StandingSeat(1, "p1", 101, "操作者1", 1, (1,), 70, 1, 1, 1, "0300000001")
    floor.feed(inputs.Start(71, (owing,), ("201",)))

    row = [saved for saved in all_of(outputs.SaveAttempt, floor.keys("06*")) if saved.attempt_id == 70][-1]

    assert (row.result, row.end) == ("06", "result")
    times = (row.setup_at, row.alerting_at, row.answered_at, row.connected_at, row.cleared_at)
    assert times == (0.0, 0.0, 0.0, 0.0, 0.0)


def test_who_lifts_on_a_second_line_of_the_same_phone_has_the_first_one_hung_up() -> None:
    floor = Floor(offer=0)
    floor.ready()

    decided = floor.feed(phones.Invited("p1b", "201", "9000", MEDIA))

    assert only(phones.HangUpLeg, decided).leg == "p1"
    assert only(outputs.AnswerPhone, decided).leg == "p1b"


def test_two_seats_may_owe_codes_for_the_same_customer_after_a_crash() -> None:
    """He called while the one was still entering the code of the call before, and another took him."""
    floor = Floor(offer=0, seats=2)
    owing = (
        inputs.StandingSeat(1, "p1", 101, "操作者1", 1, (1,), 70, 1, 1, 1, "0300000001"),
        inputs.StandingSeat(2, "p2", 102, "操作者2", 1, (1,), 71, 1, 1, 1, "0300000001"),
    )
    floor.feed(inputs.Start(72, owing, ("201", "202")))
    floor.feed(inputs.ListChanged(1))
    floor.feed(inputs.Offered(1, customers(1), True))

    assert ends(floor.keys("06*", 2)) == [(71, "result", "06")]
    assert all_of(outputs.OpenAttempt, floor.out) == [], "the first one has him yet"
    assert ends(floor.keys("06*")) == [(70, "result", "06")]


def test_after_a_crash_a_seat_without_a_call_is_paused() -> None:
    floor = Floor()
    floor.feed(inputs.Start(9, (inputs.StandingSeat(1, "p1", 101, "操作者1", 1, (1,)),)))
    assert floor.seat().state == "paused"
    assert only(outputs.OpenAttempt, floor.keys("*")).attempt_id == 9
