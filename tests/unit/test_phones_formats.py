"""Formats of the phones room: descriptions, INFO keys, session timers, the 400; and the table of a leg."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.phones import info_digits, sdp, session_timer
from appliance.phones.legs import Do, Input, Legs, State
from appliance.phones.malformed import bad_request
from appliance.phones.messages import Media
from appliance.phones.sdp import NotAcceptable

OWN = Media("10.0.0.1", 16_000)


def described(*lines: str, address: str = "10.0.0.7") -> str:
    head = ["v=0", "o=- 1 1 IN IP4 10.0.0.7", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    return "\r\n".join([*head, *lines]) + "\r\n"


def test_an_ordinary_offer_and_its_answer() -> None:
    offer = sdp.parse(
        described("m=audio 4000 RTP/AVP 8 0 96", "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15")
    )

    assert offer.media == Media("10.0.0.7", 4_000, 96, is_held=False)
    answer = sdp.parse(sdp.answer(offer, OWN, session=5, version=1))
    assert (answer.media, answer.direction) == (Media("10.0.0.1", 16_000, 96), "sendrecv")


def test_streams_that_are_not_taken_are_answered_with_port_0() -> None:
    offer = sdp.parse(
        described("m=video 5000 RTP/AVP 99", "m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0")
    )

    lines = [line for line in sdp.answer(offer, OWN, session=5, version=1).splitlines() if line[0] == "m"]
    assert lines == ["m=video 0 RTP/AVP 99", "m=audio 16000 RTP/AVP 0", "m=audio 0 RTP/AVP 0"]


@pytest.mark.parametrize(
    ("lines", "address", "answered"),
    [
        (("m=audio 4000 RTP/AVP 0", "a=sendonly"), "10.0.0.7", "recvonly"),
        (("m=audio 4000 RTP/AVP 0", "a=inactive"), "10.0.0.7", "inactive"),
        (("m=audio 4000 RTP/AVP 0",), "0.0.0.0", "recvonly"),
        (("a=sendonly", "m=audio 4000 RTP/AVP 0"), "10.0.0.7", "recvonly"),
    ],
)
def test_the_ways_to_say_hold(lines: tuple[str, ...], address: str, answered: str) -> None:
    offer = sdp.parse(described(*lines, address=address))

    assert (offer.media.is_held, offer.direction) == (True, answered)
    assert f"a={answered}" in sdp.answer(offer, OWN, session=5, version=2)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("m=audio 4000 RTP/AVP 8 18",),
        ("m=audio 4000 RTP/SAVP 0",),
        ("m=audio 0 RTP/AVP 0",),
        ("m=audio 99999 RTP/AVP 0",),
        ("m=audio",),
        ("m=audio ² RTP/AVP 0",),
        ("m=audio 4000 RTP/AVP 0", "c=IN IP6 ::1"),
        ("m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example"),
    ],
)
def test_offers_without_anything_for_us(lines: tuple[str, ...]) -> None:
    with pytest.raises(NotAcceptable):
        sdp.parse(described(*lines))


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers(text: str) -> None:
    with contextlib.suppress(NotAcceptable):
        sdp.parse("m=audio 4000 RTP/AVP 0\n" + text)
    info_digits.key_of("application/dtmf-relay", text)
    session_timer.of(text, text)
    bad_request(text)


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", "Signal= *\r\n", "*"),
        ("Application/DTMF-Relay;x=1", "Duration=1\r\nsignal = #", "#"),
        ("application/dtmf-relay", "Signal=11", "#"),
        ("application/dtmf", " 7 ", "7"),
        ("application/dtmf", "a", "A"),
        ("application/dtmf", "77", ""),
        ("application/dtmf", "", ""),
        ("text/plain", "7", ""),
        ("application/dtmf-relay", "Signal=flash", ""),
    ],
)
def test_keys_by_info(kind: str, body: str, key: str) -> None:
    assert info_digits.key_of(kind, body) == key


def test_a_session_timer_that_a_phone_asks_for() -> None:
    timer = session_timer.of("1800;refresher=uac", "100rel, timer")

    assert timer.headers == (("Session-Expires", "1800;refresher=uac"), ("Require", "timer"))
    assert timer.due(now=100.0) == 100 + 1800 - 32
    assert session_timer.of("60", "timer").is_too_short
    assert session_timer.of("1800", "") == session_timer.Timer()
    assert session_timer.of("soon", "timer") == session_timer.Timer()


def test_an_unreadable_request_gets_400_when_there_is_somebody_to_answer() -> None:
    heads = "v: SIP/2.0/UDP h;branch=z\r\nf: <junk\r\nTo: x\r\ni: 1\r\nCSeq: ?\r\n\r\n"

    answer = bad_request(f"INVITE sip:x SIP/2.0\r\n{heads}")

    assert answer.startswith("SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP h;branch=z\r\n")
    assert bad_request(f"ACK sip:x SIP/2.0\r\n{heads}") == ""
    assert bad_request("INVITE sip:x SIP/2.0\r\nTo: x\r\n\r\n") == ""
    assert bad_request("GET / HTTP/1.1\r\n\r\n") == ""


def test_a_leg_is_answered_once_and_ends_once() -> None:
    legs = Legs()
    leg = legs.add("201", "9000", OWN, State.INVITED)

    done = [leg.feed(what) for what in (Input.ANSWER, Input.ANSWER, Input.HANG_UP, Input.GONE, Input.KEY)]

    assert done == [Do.SEND_ANSWER, Do.NOTHING, Do.SEND_BYE, Do.NOTHING, Do.NOTHING]
    assert leg.state is State.ENDED


def test_a_hang_up_of_the_phone_is_told_and_one_of_ours_is_not() -> None:
    for begun in (State.INVITED, State.RINGING, State.UP):
        leg = Legs().add("201", "9000", OWN, begun)
        assert leg.feed(Input.GONE) is Do.TELL_ENDED
        leg = Legs().add("201", "9000", OWN, begun)
        assert (leg.feed(Input.HANG_UP), leg.feed(Input.GONE)) == (Do.SEND_BYE, Do.NOTHING)


def test_legs_get_names_that_go_on() -> None:
    legs = Legs(first=7)
    first = legs.add("201", "9000", OWN, State.INVITED)
    legs.forget(first)

    assert (first.name, legs.add("202", "9000", OWN, State.UP).name) == ("p7", "p8")
    assert [leg.is_answered for leg in legs.snapshot()] == [True]
