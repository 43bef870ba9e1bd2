"""The card's pure parts: B-channel table, SETUP slots, call table, causes, the wire, Q.931 headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.pri_card import q931
from appliance.pri_card.b_channels import BChannels, State
from appliance.pri_card.call import TRANSITIONS, Call, Input, Step
from appliance.pri_card.call import State as CallState
from appliance.pri_card.causes import is_line_fault
from appliance.pri_card.link_watch import LinkWatch
from appliance.pri_card.restarts import Restarts
from appliance.pri_card.setup_slots import SLOT_MAX_S, SetupSlots
from appliance.pri_card.wire import Wire, frame_s

# --- B channels -----------------------------------------------------------------------------------------


def test_hunting_goes_from_the_top_and_takes_only_idle_channels() -> None:
    table = BChannels()
    assert table.hunt() == 23
    table.reserve(23, 1)
    table.suspect(22)
    assert table.claim(21, 2)
    assert table.hunt() == 20
    assert table.lowest_idle() == 1


def test_a_full_table_has_nothing_to_hunt() -> None:
    table = BChannels(count=2)
    table.reserve(2, 1)
    table.reserve(1, 2)
    assert (table.hunt(), table.lowest_idle()) == (0, 0)


def test_a_move_frees_the_channel_that_was_left() -> None:
    table = BChannels()
    table.reserve(23, 1)
    assert table.claim(4, 1)
    assert (table.state(23), table.owner(4)) == (State.IDLE, 1)


@pytest.mark.parametrize("channel", [0, 24, 255, 22])
def test_a_claim_on_nothing_or_on_anothers_channel_fails_and_changes_nothing(channel: int) -> None:
    table = BChannels()
    table.reserve(22, 2)
    table.reserve(23, 1)
    assert not table.claim(channel, 1)
    assert (table.owner(23), table.owner(22)) == (1, 2)


def test_the_call_that_yields_holds_nothing() -> None:
    table = BChannels()
    table.reserve(23, 1)
    assert table.yield_to(23, -1) == 1
    table.free(1)
    assert (table.state(23), table.owner(23)) == (State.BUSY, -1)


def test_a_channel_in_doubt_comes_back_by_restart_unless_a_call_took_it() -> None:
    table = BChannels()
    table.reserve(23, 1)
    table.doubt(1)
    assert table.state(23) is State.FAULT
    table.restarting(23)
    assert table.claim(23, -1), "the network itself uses it again"
    table.restored(23)
    assert table.owner(23) == -1
    table.free(-1)
    assert table.state(23) is State.IDLE


@given(
    st.lists(
        st.tuples(st.sampled_from(["reserve", "claim", "free", "doubt"]), st.integers(1, 23)), max_size=60
    )
)
def test_no_channel_ever_has_two_calls_nor_a_call_two_channels(moves: list[tuple[str, int]]) -> None:
    table = BChannels()
    for index, (move, channel) in enumerate(moves):
        call = index % 7 + 1
        if move == "reserve" and table.state(channel) is State.IDLE and not table.channels_of(call):
            table.reserve(channel, call)
        elif move == "claim":
            table.claim(channel, call)
        elif move == "free":
            table.free(call)
        elif move == "doubt":
            table.doubt(call)
        owners = [table.owner(channel) for channel in range(1, 24) if table.owner(channel)]
        assert len(owners) == len(set(owners))
        idle = table.count(State.IDLE) + table.count(State.FAULT)
        assert idle + len(owners) == 23


# --- slots ----------------------------------------------------------------------------------------------


def test_a_slot_follows_the_setup_before_it() -> None:
    slots = SetupSlots(0.020)
    slots.take(100.0)
    assert slots.next_at == pytest.approx(100.020)


def test_congestion_widens_the_slot_once_a_round_trip() -> None:
    slots = SetupSlots(0.020)
    assert slots.congested(sent_at=1.00, now=1.05)
    assert slots.slot_s == pytest.approx(0.030)
    assert not slots.congested(sent_at=1.02, now=1.06), "it left before the slot was widened"
    assert slots.congested(sent_at=1.10, now=1.15)
    assert slots.slot_s == pytest.approx(0.050), "one and a half times, in whole steps of 10 ms"


def test_the_slot_has_an_upper_end_and_returns_to_its_lower_one() -> None:
    slots = SetupSlots(0.020)
    now = 1.0
    for _ in range(40):
        slots.congested(now, now + 0.05)
        now += 0.1
    assert slots.slot_s == SLOT_MAX_S
    for _ in range(100):
        now += 1.0
        slots.accepted(now - 0.05, now)
    assert slots.slot_s == pytest.approx(0.020)


def test_an_old_success_does_not_undo_a_new_congestion() -> None:
    slots = SetupSlots(0.020)
    slots.congested(1.0, 1.05)
    slots.accepted(sent_at=0.9, now=5.0)
    assert slots.slot_s == pytest.approx(0.030)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 3.0)), max_size=200))
def test_slots_are_whole_steps_within_their_bounds(history: list[tuple[bool, float]]) -> None:
    slots = SetupSlots(0.010)
    now = 0.0
    for is_congested, wait_s in history:
        now += wait_s
        if is_congested:
            slots.congested(now - 0.005, now)
        else:
            slots.accepted(now - 0.005, now)
        steps = slots.slot_s / 0.010
        assert 1 <= round(steps) <= 100
        assert abs(steps - round(steps)) < 1e-6


# --- call -----------------------------------------------------------------------------------------------


def call_in(state: CallState) -> Call:
    return Call(call_id=1, d_call=1, state=state, entered_at=10.0)


@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.GONE])
@pytest.mark.parametrize("what", [Input.FREED, Input.UNCONFIRMED, Input.LOST])
def test_every_call_can_end_in_every_state(state: CallState, what: Input) -> None:
    call = call_in(state)
    assert call.feed(what, 11.0, 27)[-1] is Step.TELL_CLEARED
    assert call.state is CallState.GONE
    assert call.due() is None


@pytest.mark.parametrize("what", list(Input))
def test_a_gone_call_does_nothing(what: Input) -> None:
    assert call_in(CallState.GONE).feed(what, 11.0) == ()


def test_nothing_but_connect_and_our_own_answer_is_an_answer() -> None:
    answering = {
        (state, what)
        for state, rows in TRANSITIONS.items()
        for what, (steps, _) in rows.items()
        if Step.TELL_ANSWERED in steps
    }
    assert {what for _, what in answering} == {Input.CONNECT, Input.ANSWER}


def test_every_hang_up_leads_to_clearing_and_every_end_is_told_once() -> None:
    for rows in TRANSITIONS.values():
        for steps, following in rows.values():
            assert (Step.HANG_UP in steps) == (following is CallState.CLEARING)
            assert steps.count(Step.TELL_CLEARED) == (following is CallState.GONE)


def test_the_first_cause_counts() -> None:
    call = call_in(CallState.PROCEEDING)
    call.feed(Input.PROGRESS, 11.0, 1)
    call.feed(Input.DISCONNECT, 12.0, 17)
    call.feed(Input.FREED, 13.0, 16)
    assert call.cause == 17


def test_a_second_alerting_does_not_start_t301_again() -> None:
    call = call_in(CallState.RINGING)
    due = call.due()
    assert call.feed(Input.ALERTING, 100.0) == ()
    call.feed(Input.PROGRESS, 120.0)
    assert call.due() == due


# --- causes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [1, 16, 17, 18, 19, 21, 22, 27, 28, 31])
def test_a_cause_about_the_number_is_a_result(cause: int) -> None:
    assert not is_line_fault(cause, is_local=False, link_changed=False)


@pytest.mark.parametrize("cause", [34, 42, 44, 47, 41, 101])
def test_a_cause_about_the_line_is_none(cause: int) -> None:
    assert is_line_fault(cause, is_local=False, link_changed=False)


@pytest.mark.parametrize("cause", [18, 27, 101])
def test_on_a_fresh_or_dead_link_a_doubtful_cause_is_the_links(cause: int) -> None:
    assert is_line_fault(cause, is_local=False, link_changed=True)
    assert is_line_fault(cause, is_local=True, link_changed=False)


def test_busy_is_busy_even_on_a_fresh_link() -> None:
    assert not is_line_fault(17, is_local=False, link_changed=True)


# --- wire and headers -----------------------------------------------------------------------------------


def test_a_wire_takes_32_frames_and_then_loses_them() -> None:
    wire = Wire()
    assert [wire.push(b"abc", 0.0) for _ in range(33)] == [True] * 32 + [False]
    assert wire.lost_frames == 1
    assert wire.due() == pytest.approx(frame_s(3))
    assert len(wire.pop(10.0)) == 32


@given(st.binary(max_size=300))
def test_headers_of_anything_can_be_read(frame: bytes) -> None:
    found = q931.message(frame)
    if found is not None:
        assert 0 <= q931.cause(found) <= 127
        assert q931.is_in_band(found) in (True, False)


def test_a_disconnect_with_indicator_8_is_in_band() -> None:
    found = q931.message(bytes.fromhex("02010a060802800145080282901e028288"))
    assert found is not None
    assert (found.reference, found.is_from_caller, found.type) == (1, False, q931.Type.DISCONNECT)
    assert (q931.cause(found), q931.is_in_band(found)) == (16, True)


# --- link and restarts ----------------------------------------------------------------------------------


def test_a_line_is_usable_two_seconds_after_its_link_stands() -> None:
    watch = LinkWatch("", 0.0)
    watch.link_up(10.0)
    assert (watch.is_usable(11.9), watch.is_usable(12.0)) == (False, True)
    watch.link_up(12.5)
    assert not watch.is_usable(13.0)
    assert watch.settles_at() == 14.5


def test_an_alarm_that_changes_colour_is_one_alarm() -> None:
    watch = LinkWatch("", 0.0)
    watch.link_up(0.0)
    assert watch.calls_lost_at() is None
    watch.set_alarm("red", 10.0)
    watch.set_alarm("blue", 12.0)
    assert watch.calls_lost_at() == 12.5
    watch.set_alarm("", 12.4)
    assert watch.calls_lost_at() is None


def test_calls_outlive_a_link_from_its_first_loss() -> None:
    watch = LinkWatch("", 0.0)
    watch.link_up(0.0)
    watch.link_down(10.0)
    watch.link_down(14.0)
    assert watch.calls_lost_at() == 16.0


def test_all_channels_are_restarted_at_once_and_single_ones_one_by_one() -> None:
    channels = BChannels()
    restarts = Restarts(channels)
    assert restarts.next(0.0) == 0
    assert restarts.next(1.0) is None
    restarts.acknowledged(0)
    assert channels.count(State.IDLE) == 23
    for channel in (7, 3):
        channels.suspect(channel)
    assert restarts.next(2.0) == 3
    restarts.acknowledged(9)
    assert restarts.next(3.0) is None, "that was not the one asked for"
    restarts.acknowledged(3)
    assert restarts.next(4.0) == 7


def test_a_restart_that_is_never_acknowledged_gives_the_channel_back() -> None:
    channels = BChannels()
    restarts = Restarts(channels)
    restarts.next(0.0)
    due = restarts.due()
    assert due is not None
    assert restarts.overdue(due - 0.1) is None
    assert restarts.overdue(due) == 0
    assert channels.count(State.IDLE) == 23


def test_a_new_link_begins_restarts_anew() -> None:
    channels = BChannels()
    restarts = Restarts(channels)
    restarts.next(0.0)
    restarts.forget()
    assert restarts.next(1.0) == 0
