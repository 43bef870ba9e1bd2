"""Supervisors who listen: the table row by row, the matrix laid over talks, and the machine over calls."""

from __future__ import annotations

import itertools

import pytest

from appliance.audio import messages as audio
from appliance.audio.messages import ClosePort, Mix, Play, Unbridge
from appliance.dialer import inputs, listening, outputs, ringing
from appliance.dialer.listening import ENDED_BY, LISTEN_MAX_S, Listening
from appliance.dialer.messages import (
    CallTarget,
    EndListening,
    HoldCall,
    How,
    Listen,
    LogOutSeat,
)
from appliance.dialer.mixing import Ear, overheard, talkers
from appliance.dialer.ringing import RING_S, Rung
from appliance.phones import messages as phones
from appliance.pri_card import trunk
from tests.unit.dialer_floor import MEDIA, MONDAY_9H, Floor, all_of, only

CUST, OP, THIRD, SV, SV2 = "b1/1", "p1", "b1/2", "p9", "p8"
PLAIN = Mix(1, {CUST: (OP,), OP: (CUST,)}, (OP,), (CUST,))
HELD = Mix(1, {CUST: (), OP: ()}, (), (CUST,))
PRIVATE = Mix(1, {CUST: (), OP: (THIRD,), THIRD: (OP,)}, (), (CUST,))
JOINED = Mix(1, {CUST: (OP, THIRD), OP: (CUST, THIRD), THIRD: (CUST, OP)}, (OP,), (CUST, THIRD))


def ear(how: How, port: str = SV, operator: str = OP) -> Ear:
    return Ear(port, operator, how)


@pytest.mark.parametrize("mix", [PLAIN, HELD, PRIVATE, JOINED])
def test_a_listener_changes_nothing_for_those_who_talk(mix: Mix) -> None:
    heard = overheard(mix, [ear("listen")])

    assert {port: heard.hears[port] for port in mix.hears} == mix.hears
    assert (heard.left, heard.right) == (mix.left, mix.right)
    assert heard.hears[SV] == (talkers(mix) or (OP,))


@pytest.mark.parametrize("mix", [PLAIN, HELD, PRIVATE, JOINED])
def test_a_whisper_reaches_the_operator_and_no_other_port_nor_the_recording(mix: Mix) -> None:
    heard = overheard(mix, [ear("whisper")])

    assert {port for port, sources in heard.hears.items() if SV in sources} == {OP}
    assert SV not in (*heard.left, *heard.right)


def test_barging_reaches_everybody_in_the_talk_and_the_operators_side_of_the_recording() -> None:
    heard = overheard(JOINED, [ear("barge"), ear("listen", SV2)])

    assert {port for port, sources in heard.hears.items() if SV in sources} == {CUST, OP, THIRD, SV2}
    assert (heard.left, heard.right) == ((OP, SV), (CUST, THIRD))
    assert SV not in heard.hears[SV]


def test_a_customer_on_hold_hears_neither_barging_nor_whispering_and_is_not_heard() -> None:
    heard = overheard(PRIVATE, [ear("barge"), ear("whisper", SV2)])

    assert heard.hears[CUST] == ()
    assert all(CUST not in sources for sources in heard.hears.values())
    assert heard.hears[THIRD] == (OP, SV)
    assert overheard(HELD, [ear("barge")]).hears == {CUST: (), OP: (SV,), SV: (OP,)}


def test_who_listens_to_an_operator_that_has_left_is_left_out() -> None:
    handed = Mix(1, {CUST: (THIRD,), THIRD: (CUST,)}, (), (CUST, THIRD))
    assert overheard(handed, [ear("barge")]) == handed


def test_where_nothing_is_recorded_barging_is_not_either() -> None:
    assert overheard(Mix(1, PLAIN.hears), [ear("barge")]).left == ()


@pytest.mark.parametrize("hows", list(itertools.permutations(["listen", "whisper", "barge"], 2)))
def test_two_listeners_hear_the_talk_and_each_other_only_when_barging(hows: tuple[How, How]) -> None:
    heard = overheard(PLAIN, [ear(hows[0]), ear(hows[1], SV2)])

    assert (SV in heard.hears[SV2]) == (hows[0] == "barge")
    assert (SV2 in heard.hears[SV]) == (hows[1] == "barge")
    assert SV not in heard.hears[SV]
    assert (SV in heard.hears[CUST], SV2 in heard.hears[CUST]) == (hows[0] == "barge", hows[1] == "barge")


ROWS = [(state, event) for state, rows in listening.TRANSITIONS.items() for event in rows]


@pytest.mark.parametrize(("state", "event"), ROWS)
def test_each_row_of_listening_leads_where_it_says(state: listening.State, event: listening.Event) -> None:
    who = Listening(1, "SV", 1, "209", "listen", state)
    do, after = listening.TRANSITIONS[state][event]

    assert (who.step(event), who.state) == (do, after)
    stops = (listening.Do.STOP, listening.Do.STOP_AND_HANG_UP, listening.Do.CHANGE)
    assert do not in stops or event in ENDED_BY


@pytest.mark.parametrize("state", [listening.State.OVER, ringing.State.OVER])
def test_what_is_over_takes_nothing(state: listening.State | ringing.State) -> None:
    if isinstance(state, listening.State):
        who = Listening(1, "SV", 1, "209", "listen", state)
        assert all(who.step(event) is None for event in listening.Event)
    else:
        rung = Rung(1, "209", lambda _told: None, state)
        assert all(rung.step(event) is None for event in ringing.Event)


RINGING = [(state, event) for state, rows in ringing.TRANSITIONS.items() for event in rows]


@pytest.mark.parametrize(("state", "event"), RINGING)
def test_each_row_of_ringing_leads_where_it_says(state: ringing.State, event: ringing.Event) -> None:
    rung = Rung(1, "209", lambda _told: None, state)
    assert (rung.step(event), rung.state) == ringing.TRANSITIONS[state][event]


# --- the machine ------------------------------------------------------------------------------------------

SUPERVISOR, HIS_SEAT = 900, 3


class Watched(Floor):
    """Three seats: 1 and 2 have operators, 203 is the supervisor's phone."""

    def __init__(self, **changes: object) -> None:
        super().__init__(seats=3, **changes)  # type: ignore[arg-type]  # settings of a project
        for seat in (1, 2, 3):
            self.feed(phones.Registered(str(200 + seat), f"10.0.0.{seat}:5060"))

    def listen(
        self, how: How = "listen", seat: int = 1, user: int = SUPERVISOR, ext: str = "203"
    ) -> list[object]:
        return self.feed(Listen(seat, user, "監督", ext, how))

    def lift_for(self, decided: list[object], leg: str = SV) -> list[object]:
        self.feed(inputs.PhoneRings(only(outputs.RingPhone, decided).ref, leg))
        return self.feed(phones.LegAnswered(leg, MEDIA))

    def listening(self, how: How = "listen") -> list[object]:
        return self.lift_for(self.listen(how))


def saved(floor: Floor) -> list[tuple[str, int, str, float]]:
    """(how, seat, ended, seconds) of each stretch that is over."""
    return [
        (row.how, row.seat_id, row.ended, round(row.to_at - row.from_at, 3))
        for row in all_of(outputs.SaveListening, floor.out)
        if row.to_at
    ]


def test_the_supervisors_phone_rings_and_he_hears_both() -> None:
    floor = Watched()
    floor.ready()
    floor.talk()
    decided = floor.listen()

    assert only(outputs.RingPhone, decided).extension == "203"
    assert [(who.user_id, who.how, who.is_on) for who in floor.seat().listeners] == [
        (SUPERVISOR, "listen", False)
    ]
    decided = floor.lift_for(decided)

    assert only(Mix, decided).hears == {CUST: (OP,), OP: (CUST,), SV: (CUST, OP)}
    assert floor.seat().listeners[0].is_on
    assert not [play for play in all_of(Play, decided) if "tone:beep" in play.prompts]


def test_how_is_changed_at_once_and_each_stretch_is_kept() -> None:
    floor = Watched()
    floor.ready()
    floor.talk()
    floor.listening()
    floor.now += 10.0

    assert only(Mix, floor.listen("whisper")).hears[OP] == (CUST, SV)
    floor.now += 5.0
    assert only(Mix, floor.listen("barge")).hears[CUST] == (OP, SV)
    assert floor.listen("barge") == []
    floor.now += 1.0
    decided = floor.feed(EndListening(1, SUPERVISOR))

    assert only(Mix, decided).hears == {CUST: (OP,), OP: (CUST,)}
    assert [leg.leg for leg in all_of(phones.HangUpLeg, decided)] == [SV]
    assert [port.port for port in all_of(ClosePort, decided)] == [SV]
    assert saved(floor) == [
        ("listen", 1, "changed", 10.0),
        ("whisper", 1, "changed", 5.0),
        ("barge", 1, "ended", 1.0),
    ]
    assert floor.seat().listeners == ()


@pytest.mark.parametrize("step_s", [-600.0, 600.0])
def test_a_stretch_ends_under_the_name_it_began_with_though_the_clock_was_set(step_s: float) -> None:
    floor = Watched()
    floor.ready()
    floor.talk()
    floor.listening()
    floor.now += 10.0
    floor.feed(inputs.WallClock(MONDAY_9H + step_s))
    floor.feed(EndListening(1, SUPERVISOR))

    began, ended = all_of(outputs.SaveListening, floor.out)
    assert (ended.user_id, ended.from_at) == (began.user_id, began.from_at)
    assert saved(floor) == [("listen", 1, "ended", 10.0)]


def test_he_goes_on_listening_over_calls_and_hold() -> None:
    floor = Watched()
    floor.ready()
    floor.listening()
    assert all_of(Mix, floor.out) == []

    floor.ring(1)
    decided = floor.answer(1)
    assert only(outputs.BridgeCall, decided)
    assert only(Mix, decided).hears[SV] == (CUST, OP)
    assert only(Mix, floor.feed(HoldCall(1, is_on=True))).hears == {CUST: (), OP: (), SV: (OP,)}
    assert only(Mix, floor.feed(HoldCall(1, is_on=False))).hears[SV] == (CUST, OP)
    floor.keys("#")
    floor.clear(1)
    floor.keys("06*")
    floor.ring(2)

    assert only(Mix, floor.answer(2)).hears[SV] == ("b1/2", OP)


def test_he_follows_his_operator_to_a_third_party_and_not_behind_him() -> None:
    floor = Watched(channels=23)
    floor.ready()
    floor.talk()
    floor.listening("barge")
    floor.feed(CallTarget(1, number="0312345670"))
    call = all_of(trunk.PlaceCall, floor.out)[-1]
    floor.feed(trunk.SetupSent(call.call_id, trunk.Line(1, 2)))
    decided = floor.feed(trunk.Answered(call.call_id, trunk.Line(1, 2)), after=3.0)
    assert only(Mix, decided).hears == {CUST: (), OP: (THIRD, SV), THIRD: (OP, SV), SV: (OP, THIRD)}

    decided = floor.hang_up()
    assert all(SV not in mix.hears for mix in all_of(Mix, decided)[-1:])
    assert saved(floor) == [("barge", 1, "seat-left", 3.0)]


@pytest.mark.parametrize("told", ["", "declined"])
def test_a_phone_that_is_not_lifted_leaves_no_listener(told: str) -> None:
    floor = Watched()
    floor.ready()
    ref = only(outputs.RingPhone, floor.listen()).ref
    if told:
        floor.feed(inputs.PhoneRings(ref, SV))
        floor.feed(phones.LegEnded(SV, 486))
    else:
        floor.feed(inputs.PhoneRings(ref))
    assert floor.seat().listeners == ()
    assert all_of(outputs.SaveListening, floor.out) == []


def test_a_phone_rings_half_a_minute_and_no_longer() -> None:
    floor = Watched()
    floor.ready()
    floor.feed(inputs.PhoneRings(only(outputs.RingPhone, floor.listen()).ref, SV))

    decided = floor.wait(RING_S)

    assert [leg.leg for leg in all_of(phones.HangUpLeg, decided)] == [SV]
    assert floor.seat().listeners == ()


def test_ended_before_its_leg_has_a_name_the_phone_is_hung_up_then() -> None:
    floor = Watched()
    floor.ready()
    ref = only(outputs.RingPhone, floor.listen()).ref
    floor.feed(EndListening(1, SUPERVISOR))

    decided = floor.feed(inputs.PhoneRings(ref, SV))

    assert [leg.leg for leg in all_of(phones.HangUpLeg, decided)] == [SV]


def test_handset_down_half_an_hour_and_log_out_end_it() -> None:
    floor = Watched()
    floor.ready()
    floor.talk()
    floor.listening()
    assert SV not in only(Mix, floor.feed(phones.LegEnded(SV))).hears
    floor.listening()
    floor.wait(LISTEN_MAX_S)
    floor.lift_for(floor.listen(seat=1))
    floor.feed(LogOutSeat(1, is_now=True, reason="x"))

    assert [row[2] for row in saved(floor)] == ["hung-up", "too-long", "seat-left"]
    assert floor.seat().listeners == ()


def test_two_supervisors_listen_and_one_of_them_moves_to_another_seat() -> None:
    floor = Watched()
    floor.ready(1)
    floor.ready(2)
    floor.ring(1)
    floor.ring(2)
    floor.answer(1)
    floor.answer(2)
    floor.listening()
    other = Listen(1, 901, "監督2", "204", "whisper")
    floor.seats = (*floor.seats, inputs.SeatSettings(4, "204", "A-04"))
    floor.configure()
    floor.feed(phones.Registered("204", "10.0.0.4:5060"))
    floor.lift_for(floor.feed(other), SV2)
    assert {who.user_id for who in floor.seat(1).listeners} == {SUPERVISOR, 901}

    mixes = {mix.bridge_id: mix.hears for mix in all_of(Mix, floor.listen("barge", seat=2))}

    assert SV not in mixes[1]
    assert mixes[1][SV2] == (CUST, OP)
    assert mixes[2]["p2"] == ("b1/2", SV)
    assert [who.user_id for who in floor.seat(2).listeners] == [SUPERVISOR]


def test_he_may_listen_on_the_leg_of_his_own_seat_while_it_rests() -> None:
    floor = Watched()
    floor.ready(1)
    floor.talk(1)
    floor.lift(3)
    floor.keys("3#4711#", 3)
    floor.feed(inputs.LoginChecked(3, SUPERVISOR, "監督", 1, (1,)))

    decided = floor.listen()
    assert only(Mix, decided).hears["p3"] == (CUST, OP)
    assert all_of(outputs.RingPhone, decided) == []
    decided = floor.keys("*", 3)

    assert "p3" not in only(Mix, decided).hears
    assert saved(floor) == [("listen", 1, "own-seat", 0.0)]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (Listen(1, SUPERVISOR, "監督", "299"), "extension-unknown"),
        (Listen(9, SUPERVISOR, "監督", "203"), "seat-unknown"),
        (Listen(2, SUPERVISOR, "監督", "203"), "nobody"),
        (Listen(1, SUPERVISOR, "監督", "201"), "phone-in-use"),
        (Listen(1, 101, "本人", "203"), "own-seat"),
        (EndListening(1, SUPERVISOR), "as-it-is"),
    ],
)
def test_what_cannot_be_listened_to_is_refused(what: Listen | EndListening, why: str) -> None:
    floor = Watched()
    floor.ready()

    assert floor.machine.request_refusal(what, floor.now) == why
    assert floor.feed(what) == []


def test_another_tenants_phone_is_not_rung() -> None:
    floor = Watched()
    floor.seats = (*floor.seats, inputs.SeatSettings(4, "204", "A-04", tenant_id=2))
    floor.configure()
    floor.feed(phones.Registered("204", "10.0.0.4:5060"))
    floor.ready()
    what = Listen(1, SUPERVISOR, "監督", "204")
    assert floor.machine.request_refusal(what, floor.now) == "extension-unknown"


def test_a_phone_that_is_away_is_not_rung() -> None:
    floor = Watched()
    floor.ready()
    floor.feed(phones.Unregistered("203", "expired"))
    assert floor.machine.request_refusal(Listen(1, SUPERVISOR, "監督", "203"), floor.now) == "phone-away"


def test_a_project_may_want_both_sides_told() -> None:
    floor = Watched(is_listening_told=True)
    floor.ready()
    floor.talk()

    beeps = [play.port for play in all_of(Play, floor.listening()) if play.prompts == ("tone:beep",)]

    assert beeps == [OP, CUST]


def test_audio_restarted_opens_his_port_before_the_talk_is_mixed_again() -> None:
    floor = Watched()
    floor.ready()
    floor.talk()
    floor.listening("whisper")

    decided = floor.feed(audio.AudioSnapshot((), {}))

    kinds = [type(output).__name__ for output in decided]
    assert [phone.leg for phone in all_of(outputs.AnswerPhone, decided)] == [OP, SV]
    assert only(Mix, decided).hears[OP] == (CUST, SV)
    assert kinds.index("Mix") > max(
        i for i, kind in enumerate(kinds) if kind in ("AnswerPhone", "BridgeCall")
    )


def test_phones_restarted_ends_a_listener_whose_leg_is_gone_and_hangs_nobody_else_up() -> None:
    floor = Watched()
    floor.ready()
    floor.talk()
    floor.listening()
    standing = phones.LegState(SV, "203", "", MEDIA, is_answered=True)
    own = phones.LegState("p1", "201", "9000", MEDIA, is_answered=True)
    decided = floor.feed(phones.PhonesSnapshot({"203": "x:1", "201": "x:1"}, (own, standing)))
    assert all_of(phones.HangUpLeg, decided) == []

    decided = floor.feed(phones.PhonesSnapshot({"203": "x:1", "201": "x:1"}, (own,)))

    assert SV not in only(Mix, decided).hears
    assert not all_of(Unbridge, decided)
