"""Calls over the trunk against libpri's network side: every way in which a call can go."""

from __future__ import annotations

import pytest

from appliance.errors import BadInput
from appliance.pri_card import q931
from appliance.pri_card.d_events import CallFreed, DEvent, DisconnectArrived, SetupArrived
from appliance.pri_card.libpri import DChannel
from appliance.pri_card.trunk import (
    Alerting,
    Answered,
    Cleared,
    Disconnecting,
    Incoming,
    Line,
    PlaceCall,
    Proceeding,
    Progress,
    SetupSent,
    Withdrawn,
)
from tests.simulation.pri_rig import CALLER, NUMBER, Rig


def test_a_call_is_answered_and_hung_up_by_the_callee() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    rig.network.d.alert(far, rig.now, is_in_band=True)
    rig.advance(0.2)
    rig.network.d.answer(far, rig.now)
    rig.advance(0.2)
    rig.network.d.hangup(far, 16, rig.now)
    rig.advance(0.2)
    line = Line(1, 23)
    sent = rig.of(SetupSent)[0]
    assert rig.events == [
        SetupSent(call, line, sent.late_s),
        Proceeding(call, line),
        Alerting(call),
        Answered(call, line),
        Cleared(call, 16),
    ]
    assert rig.network.d.calls() == frozenset()
    assert rig.trunk.channels_free() == 23


def test_setup_carries_everything_at_once() -> None:
    rig = Rig()
    rig.place("09012345678")
    rig.advance(0.2)
    setup = rig.network.last_setup()
    assert (setup.called, setup.caller, setup.channel) == ("09012345678", CALLER, 23)
    assert (setup.is_complete, setup.is_presented, setup.is_exclusive) == (True, True, False)


def test_a_withheld_caller_is_sent_as_withheld_and_an_empty_one_not_at_all() -> None:
    rig = Rig()
    rig.place(is_presented=False)
    rig.advance(0.2)
    assert not rig.network.last_setup().is_presented
    assert rig.network.last_setup().caller == CALLER
    rig.place(caller="")
    rig.advance(0.2)
    assert rig.network.last_setup().caller == ""


@pytest.mark.parametrize("cause", [1, 17, 18, 19, 31, 34, 42])
@pytest.mark.parametrize("how", ["disconnect", "release complete", "release"])
def test_a_refusal_brings_its_cause_whatever_message_carries_it(how: str, cause: int) -> None:
    rig = Rig()
    call, far = rig.set_up()
    if how == "release complete":
        rig.network.d.reject(far, cause, rig.now)
    else:
        rig.network.d.proceed(far, rig.now)
        clear = rig.network.d.hangup if how == "disconnect" else rig.network.d.release
        clear(far, cause, rig.now)
    cleared = rig.one(Cleared, call, within_s=1.0)
    assert cleared == Cleared(call, cause, is_line_fault=cause in (34, 42))
    rig.advance(1.0)
    assert rig.trunk.channels_free() == 23
    assert rig.network.d.calls() == frozenset()


@pytest.mark.parametrize(("description", "cause", "is_in_band"), [(1, 0, False), (8, 0, True), (8, 1, True)])
def test_progress_is_told_and_is_no_answer(description: int, cause: int, is_in_band: bool) -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    rig.network.d.progress(far, rig.now, description=description, cause=cause)
    assert rig.one(Progress, call, within_s=1.0) == Progress(call, is_in_band, cause)
    rig.advance(100.0)  # well beyond T310: an announcement may be long
    assert not rig.of(Answered)
    assert not rig.of(Cleared)
    rig.trunk.clear(call, 16, rig.now)
    assert rig.one(Cleared, call, within_s=1.0).is_line_fault is False


def test_an_announcement_after_disconnect_can_be_heard_and_then_cleared() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    rig.network.d.disconnect_in_band(far, 1, rig.now)
    assert rig.one(Disconnecting, call, within_s=1.0) == Disconnecting(call, 1)
    rig.advance(5.0)
    assert rig.of(Cleared) == []
    rig.trunk.clear(call, 16, rig.now)
    assert rig.one(Cleared, call, within_s=1.0).cause == 1
    assert rig.network.d.calls() == frozenset()


def test_congestion_that_is_announced_is_congestion_still() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    rig.network.d.disconnect_in_band(far, 42, rig.now)
    rig.one(Disconnecting, call, within_s=1.0)
    rig.trunk.clear(call, 16, rig.now)
    assert rig.one(Cleared, call, within_s=1.0) == Cleared(call, 42, is_line_fault=True)
    assert rig.trunk.slot_s(1) > 0.020


def test_a_result_that_the_network_gave_stays_one_when_the_link_breaks_while_clearing() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    rig.network.silence(far, q931.Type.RELEASE_COMPLETE)
    rig.network.d.hangup(far, 17, rig.now)
    rig.advance(0.5)
    rig.network.is_dead = True
    rig.place()
    assert rig.one(Cleared, call) == Cleared(call, 17)


def test_a_release_before_any_other_message_brings_its_cause() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.release(far, 17, rig.now)
    assert rig.one(Cleared, call, within_s=1.0) == Cleared(call, 17)


def test_an_announcement_that_nobody_clears_ends_by_our_own_timer() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    rig.network.d.disconnect_in_band(far, 1, rig.now)
    begun = rig.now
    assert rig.one(Cleared, call) == Cleared(call, 1)
    assert 19.9 < rig.now - begun < 21.0


def test_a_tone_after_a_conversation_is_not_waited_for() -> None:
    rig = Rig()
    call, far = rig.converse()
    rig.network.d.disconnect_in_band(far, 16, rig.now)
    assert rig.one(Cleared, call, within_s=0.5) == Cleared(call, 16)
    assert rig.of(Disconnecting) == []


def test_the_network_may_move_a_call_to_another_channel() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now, channel=4)
    assert rig.one(Proceeding, call, within_s=1.0).line == Line(1, 4)
    rig.network.d.answer(far, rig.now)
    assert rig.one(Answered, call, within_s=1.0).line == Line(1, 4)
    rig.place()
    rig.advance(0.2)
    assert rig.network.last_setup().channel == 23, "the channel that was left is free again"


def test_a_move_that_comes_with_the_ringing_is_told_before_it() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.silence(far, q931.Type.CALL_PROCEEDING)
    rig.network.d._edit(far, q931.Type.ALERTING, bytes.fromhex("1803a98386"))  # channel 6, Q.931 4.5.13
    rig.network.d.alert(far, rig.now)
    rig.one(Alerting, call, within_s=1.0)
    assert rig.events[1:] == [Proceeding(call, Line(1, 6)), Alerting(call)]


def test_a_channel_that_is_named_only_on_connect_counts() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.silence(far, q931.Type.CALL_PROCEEDING)
    rig.network.d.proceed(far, rig.now, channel=6)
    rig.network.d.answer(far, rig.now)
    assert rig.one(Answered, call, within_s=1.0).line == Line(1, 6)


def test_a_call_moved_onto_another_call_is_given_up_as_a_line_fault() -> None:
    rig = Rig()
    first, _ = rig.converse()
    second, far = rig.set_up()
    rig.network.d.proceed(far, rig.now, channel=23)
    assert rig.one(Cleared, second, within_s=1.0) == Cleared(second, 6, is_line_fault=True)
    assert rig.of(Cleared, first) == []


def test_we_clear_in_every_state() -> None:
    for messages in ((), ("proceed",), ("proceed", "alert"), ("proceed", "alert", "answer")):
        rig = Rig()
        call, far = rig.set_up()
        for message in messages:
            getattr(rig.network.d, message)(far, rig.now)
        rig.advance(0.3)
        rig.trunk.clear(call, 16, rig.now)
        rig.trunk.clear(call, 16, rig.now)  # twice is harmless
        assert rig.one(Cleared, call, within_s=1.0) == Cleared(call, 16)
        assert [event.cause for event in rig.network.of(DisconnectArrived)] == [16]
        assert rig.trunk.channels_free() == 23


def test_clearing_an_unknown_call_does_nothing() -> None:
    rig = Rig()
    rig.trunk.clear(4711, 16, rig.now)
    rig.advance(1.0)
    assert rig.events == []


def test_both_ends_clear_at_once() -> None:
    rig = Rig()
    call, far = rig.converse()
    rig.trunk.clear(call, 16, rig.now)
    rig.network.d.hangup(far, 16, rig.now)
    assert rig.one(Cleared, call, within_s=1.0) == Cleared(call, 16)
    rig.advance(1.0)
    assert rig.network.d.calls() == frozenset()
    assert rig.trunk.channels_free() == 23


def test_status_enquiry_is_answered_and_disturbs_nothing() -> None:
    rig = Rig()
    call, far = rig.converse()
    rig.network.d.enquire(far, rig.now)
    rig.advance(1.0)
    assert rig.of(Cleared) == []
    rig.network.d.hangup(far, 16, rig.now)
    assert rig.one(Cleared, call, within_s=1.0).cause == 16


# --- silence --------------------------------------------------------------------------------------------


def test_silence_after_setup_is_a_line_fault_within_ten_seconds() -> None:
    rig = Rig()
    rig.network.is_mute = True
    begun = rig.now
    call, _ = rig.set_up()
    cleared = rig.one(Cleared, call)
    assert (cleared.cause, cleared.is_line_fault) == (18, True)
    assert 7.5 < rig.now - begun < 10.0
    assert len(rig.network.of(SetupArrived)) == 1, "layer 2 had delivered it, the second copy is no new call"
    rig.until(lambda: rig.trunk.channels_free() == 23, within_s=2.0)
    assert rig.restarts() == [23], "the exchange may still hold the call: the channel is restarted"


def test_silence_after_call_proceeding_ends_by_t310() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.proceed(far, rig.now)
    begun = rig.now
    assert rig.one(Cleared, call, within_s=70) == Cleared(call, 102, is_line_fault=True)
    assert 59.9 < rig.now - begun < 61.0


def test_ringing_for_ever_ends_by_t301_as_no_answer() -> None:
    rig = Rig()
    call, far = rig.set_up()
    rig.network.d.alert(far, rig.now)
    begun = rig.now
    assert rig.one(Cleared, call, within_s=200) == Cleared(call, 19)
    assert 179.9 < rig.now - begun < 181.0


def test_silence_after_our_disconnect_frees_the_channel_by_restart() -> None:
    rig = Rig()
    call, far = rig.converse()
    rig.network.is_mute = True
    rig.network.silence(far, q931.Type.RELEASE_COMPLETE)
    rig.trunk.clear(call, 16, rig.now)
    begun = rig.now
    assert rig.one(Cleared, call) == Cleared(call, 16)
    assert rig.now - begun < 40.0, "T305, then T308 twice"
    rig.until(lambda: rig.trunk.channels_free() == 23, within_s=2.0)
    assert rig.restarts() == [23]


# --- incoming -------------------------------------------------------------------------------------------


def ring_in(rig: Rig, channel: int, *, is_exclusive: bool = True, is_presented: bool = True) -> int:
    return rig.network.d.place(
        number="0300001111",
        caller="0451112222",
        channel=channel,
        now=rig.now,
        is_exclusive=is_exclusive,
        is_presented=is_presented,
    )


def test_an_incoming_call_is_told_answered_and_cleared() -> None:
    rig = Rig()
    far = ring_in(rig, 1)
    incoming = rig.one(Incoming, within_s=1.0)
    assert incoming == Incoming(-1, Line(1, 1), "0300001111", "0451112222")
    rig.trunk.answer(incoming.call_id, rig.now)
    assert rig.one(Answered, -1, within_s=1.0).line == Line(1, 1)
    rig.advance(10.0)
    assert rig.of(Cleared) == []
    rig.trunk.clear(-1, 16, rig.now)
    assert rig.one(Cleared, -1, within_s=1.0).cause == 16
    rig.advance(0.5)
    assert far in rig.network.freed()


def test_a_caller_who_withholds_the_number_stays_unknown_and_may_give_up() -> None:
    rig = Rig()
    far = ring_in(rig, 2, is_presented=False)
    assert rig.one(Incoming, within_s=1.0).caller == ""
    rig.network.d.hangup(far, 16, rig.now)
    assert rig.one(Cleared, -1, within_s=1.0).cause == 16
    rig.advance(0.5)
    assert rig.trunk.channels_free() == 23


def test_glare_is_won_by_the_network_and_our_call_is_a_line_fault() -> None:
    rig = Rig()
    call = rig.place()
    far_in = ring_in(rig, 23)
    rig.network.on_event = lambda event, now: (
        rig.network.d.reject(event.call, 44, now) if isinstance(event, SetupArrived) else None
    )
    cleared = rig.one(Cleared, call, within_s=1.0)
    assert cleared == Cleared(call, 44, is_line_fault=True)
    assert rig.one(Incoming, within_s=1.0).line == Line(1, 23)
    rig.trunk.answer(-1, rig.now)
    rig.advance(0.5)
    assert far_in in rig.network.d.calls()
    assert rig.trunk.slot_s(1) == pytest.approx(0.020), "a glare is no congestion"


def test_glare_may_also_be_solved_by_moving_our_call() -> None:
    rig = Rig()
    call = rig.place()
    ring_in(rig, 23)
    rig.network.on_event = lambda event, now: (
        rig.network.d.proceed(event.call, now, channel=9) if isinstance(event, SetupArrived) else None
    )
    assert rig.one(Proceeding, call, within_s=1.0).line == Line(1, 9)
    assert rig.one(Incoming, within_s=1.0).line == Line(1, 23)
    assert rig.of(Cleared) == []
    assert rig.trunk.channels_free() == 21


def test_an_incoming_call_on_a_busy_channel_is_refused() -> None:
    rig = Rig()
    call, _ = rig.converse()
    far = ring_in(rig, 23)
    rig.until(lambda: far in rig.network.freed(), within_s=1.0)
    freed = next(event for event in rig.network.of(CallFreed) if event.call == far)
    assert freed.cause == 44
    assert not rig.of(Incoming)
    assert not rig.of(Cleared, call)


def test_an_incoming_data_call_is_refused_as_incompatible(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    send = rig.network.span.send_d
    speech, data = bytes.fromhex("04038090a2"), bytes.fromhex("04028890")  # Q.931 4.5.5
    monkeypatch.setattr(rig.network.span, "send_d", lambda frame, now: send(frame.replace(speech, data), now))
    far = ring_in(rig, 1)
    rig.until(lambda: far in rig.network.freed(), within_s=1.0)
    assert [event.cause for event in rig.network.of(CallFreed)] == [88]
    assert not rig.of(Incoming)
    assert rig.trunk.channels_free() == 23


# --- what a caller of the trunk may do wrong ------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "0" * 21, "03-1234-5678", "0312\u0663", "#31#"])
def test_a_number_that_cannot_be_dialled_is_refused_in_words(number: str) -> None:
    rig = Rig()
    with pytest.raises(BadInput, match="1 to 20 digits"):
        rig.trunk.place(PlaceCall(1, number, CALLER), rig.now)
    with pytest.raises(BadInput):
        rig.trunk.place(PlaceCall(1, NUMBER, number or "x"), rig.now)
    rig.advance(1.0)
    assert rig.events == []


def test_the_gate_is_asked_in_the_instant_before_setup() -> None:
    asked: list[tuple[int, float]] = []

    def gate(call_id: int, now: float) -> bool:
        asked.append((call_id, now))
        return call_id != 2

    rig = Rig(gate=gate)
    for _ in range(3):
        rig.place()
    rig.advance(1.0)
    assert [event.call_id for event in rig.of(SetupSent)] == [1, 3]
    assert rig.of(Withdrawn) == [Withdrawn(2)]
    assert [call for call, _ in asked] == [1, 2, 3]
    assert asked[2][1] - asked[0][1] == pytest.approx(0.020, abs=0.001)


def test_a_call_cleared_in_the_queue_is_withdrawn() -> None:
    rig = Rig()
    first, second = rig.place(), rig.place()
    rig.trunk.clear(second, 16, rig.now)
    rig.advance(1.0)
    assert rig.of(Withdrawn) == [Withdrawn(second)]
    assert [event.call_id for event in rig.of(SetupSent)] == [first]


def test_call_references_wrap_at_32767() -> None:
    user, network = DChannel("cpe", 0.0), DChannel("network", 0.0)
    answers: list[DEvent] = []
    references: list[int] = []

    def pump() -> None:
        while frames := user.take_frames():
            for frame in frames:
                for event in network.feed(frame, 1.0):
                    if isinstance(event, SetupArrived):
                        references.append(int.from_bytes(frame[6:8], "big"))
                        network.reject(event.call, 17, 1.0)
            for frame in network.take_frames():
                answers.extend(user.feed(frame, 1.0))

    pump()
    answers.clear()
    for _ in range(32_755):  # wear most of them out without a SETUP
        user._raw.destroy(user._raw.new_call())
    for _ in range(30):
        user.place(number=NUMBER, caller="", channel=1, now=1.0)
        pump()
    assert references == [*range(32_756, 32_768), *range(1, 19)]
    assert len(answers) == 30
    assert all(isinstance(event, CallFreed) and event.cause == 17 for event in answers)
    assert user.calls() == network.calls() == frozenset()


def test_a_call_reference_that_comes_round_again_carries_nothing_of_its_last_call() -> None:
    user, network = DChannel("cpe", 0.0), DChannel("network", 0.0)
    sent: list[q931.Message] = []

    def pump() -> list[DEvent]:
        seen: list[DEvent] = []
        for _ in range(10):
            for frame in user.take_frames():
                seen += network.feed(frame, 1.0)
            for frame in network.take_frames():
                found = q931.message(frame)
                sent.extend([found] if found else [])
                seen += user.feed(frame, 1.0)
        return seen

    def offered() -> int:
        user.place(number=NUMBER, caller="", channel=1, now=1.0)
        return next(event.call for event in pump() if isinstance(event, SetupArrived))

    pump()
    network.reject(offered(), 17, 1.0)
    pump()
    for _ in range(32_766):
        user._raw.destroy(user._raw.new_call())
    call = offered()
    network.proceed(call, 1.0)
    network.hangup(call, 19, 1.0)
    far = next(event.call for event in pump() if isinstance(event, DisconnectArrived))
    user.hangup(far, 19, 1.0)
    pump()
    ends = [found for found in sent if found.type == q931.Type.RELEASE_COMPLETE]
    assert len({found.reference for found in ends}) == 1
    assert [q931.cause(found) for found in ends] == [17, 19]


def test_hanging_up_twice_leaves_nothing_at_either_end() -> None:
    rig = Rig()
    call, _ = rig.converse()
    d = rig.trunk._spans[0]._d
    for _ in range(2):
        d.hangup(next(iter(d.calls())), 16, rig.now)
    rig.one(Cleared, call, within_s=1.0)
    rig.advance(1.0)
    assert rig.network.d.calls() == frozenset()
