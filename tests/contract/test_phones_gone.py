"""Phones that vanish, on the wire: no answer to OPTIONS, no ACK, no refresh of the session.  In fast time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.phones import messages
from tests.contract.phones_rig import Dialer, phones
from tests.contract.test_phones_wire import OFFER, OWN, Wire, tag_of

SPEED = 20


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[tuple[Wire, Dialer]]:
    with phones(tmp_path / "home", "201", speed=SPEED) as (running, dialer):
        wire = Wire(running.port)
        yield wire, dialer
        wire.close()


def until_request(wire: Wire, method: str) -> str:
    """The next request of the box of that kind; what else comes is passed over."""
    while not (found := wire.receive()).startswith(f"{method} "):
        pass
    return found


def say_200(wire: Wire, request: str) -> None:
    heads = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*$", request, re.MULTILINE | re.IGNORECASE)
    wire.send("\r\n".join(["SIP/2.0 200 OK", *(head.strip() for head in heads), "", ""]).encode())


def in_call(wire: Wire, dialer: Dialer, *, more: str = "") -> tuple[str, str]:
    """(leg, the 200 of the INVITE); the phone has not sent its ACK."""
    challenge = wire.ask("INVITE", 1, body=OFFER, more=more)
    wire.send(wire.text("ACK", 1, tag=tag_of(challenge)).encode())
    signed = more + wire.authorization(challenge, "INVITE")
    wire.send(wire.text("INVITE", 2, more=signed, body=OFFER).encode())
    leg = dialer.expect(messages.Invited).leg
    dialer.ask(messages.AnswerLeg(leg, OWN))
    while not (answer := wire.final()).startswith("SIP/2.0 200"):
        pass
    return leg, answer


def test_a_phone_that_answers_no_options_is_unbound(floor: tuple[Wire, Dialer]) -> None:
    wire, dialer = floor
    assert wire.sign("REGISTER", 1).startswith("SIP/2.0 200")
    assert dialer.expect(messages.Registered).extension == "201"
    say_200(wire, until_request(wire, "OPTIONS"))
    assert not [event for event in dialer.passed_over if isinstance(event, messages.Unregistered)]

    until_request(wire, "OPTIONS")

    gone = dialer.expect(messages.Unregistered)
    assert (gone.extension, gone.reason) == ("201", "silent")


def test_a_leg_whose_200_is_never_acknowledged_ends(floor: tuple[Wire, Dialer]) -> None:
    wire, dialer = floor
    leg, _answer = in_call(wire, dialer)

    assert dialer.expect(messages.LegEnded).leg == leg
    until_request(wire, "BYE")


def test_a_leg_whose_session_is_not_refreshed_ends(floor: tuple[Wire, Dialer]) -> None:
    wire, dialer = floor
    leg, answer = in_call(wire, dialer, more="Supported: timer\r\nSession-Expires: 90\r\n")
    assert "session-expires: 90;refresher=uac" in answer.lower()
    wire.send(wire.text("ACK", 2, tag=tag_of(answer)).encode())

    ended = dialer.expect(messages.LegEnded)

    assert (ended.leg, ended.status) == (leg, 408)
    until_request(wire, "BYE")
