"""Phones under raw datagrams: junk, strangers, wrong passwords, a taken port, a dialer that goes."""

from __future__ import annotations

import random
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import ipc
from appliance.phones import digest, messages
from appliance.phones.lockout import FAILURES_MAX
from appliance.phones.messages import Media
from tests.contract.phones_rig import PASSWORD, Dialer, Phones, phones, wait

OWN = Media("127.0.0.1", 26_200)
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 27000 RTP/AVP 0\r\n"


class Wire:
    """A phone by hand: one socket, one request and its answer at a time."""

    def __init__(self, port: int, extension: str = "201") -> None:
        self._box = ("127.0.0.1", port)
        self._extension = extension
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self.port = int(self._socket.getsockname()[1])
        self._count = 0

    def send(self, data: bytes) -> None:
        self._socket.sendto(data, self._box)

    def receive(self) -> str:
        return self._socket.recv(8_192).decode()

    def text(
        self, method: str, cseq: int, *, call: str = "c", more: str = "", body: str = "", tag: str = ""
    ) -> str:
        self._count += 1
        me = f"<sip:{self._extension}@127.0.0.1:{self.port}>"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:9000@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{call}{self._count}\r\n"
            f"From: {me};tag=f\r\nTo: <sip:{self._extension}@127.0.0.1>{tag}\r\n"
            f"Call-ID: {call}{self.port}\r\nCSeq: {cseq} {method}\r\nContact: {me}\r\n"
            f"{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def ask(self, method: str, cseq: int, **words: str) -> str:
        """A request's final answer; sent again like any phone's until something comes (RFC 3261 17.1, T1)."""
        data = self.text(method, cseq, **words).encode()
        for wait_s in (0.5, 1.0, 2.0, 4.0, 4.0):
            self.send(data)
            if select.select([self._socket], [], [], wait_s)[0]:
                break
        return self.final()

    def final(self) -> str:
        while (answer := self.receive()).startswith("SIP/2.0 1"):
            pass
        return answer

    def authorization(self, challenge: str, method: str, password: str = PASSWORD) -> str:
        found = re.search('nonce="(.*?)"', challenge)
        assert found is not None, challenge
        name, uri = self._extension, "sip:127.0.0.1"
        blank = digest.Credentials(name, digest.REALM, found[1], uri, "", "auth", "c", "00000001")
        response = digest.response_of(digest.ha1_of(name, digest.REALM, password), blank, method)
        return (
            f'Authorization: Digest username="{name}", realm="{digest.REALM}", nonce="{found[1]}",'
            f' uri="{uri}", response="{response}", qop=auth, cnonce="c", nc=00000001\r\n'
        )

    def sign(self, method: str, cseq: int, *, password: str = PASSWORD, **words: str) -> str:
        """A request with its challenge answered; the final answer."""
        call = words.get("call", "c")
        challenge = self.ask(method, cseq, **words)
        if not challenge.startswith("SIP/2.0 401"):
            return challenge
        if method == "INVITE":
            self.send(self.text("ACK", cseq, call=call, tag=tag_of(challenge)).encode())
        more = words.pop("more", "") + self.authorization(challenge, method, password)
        return self.ask(method, cseq + 1, more=more, **words)

    def close(self) -> None:
        self._socket.close()


def tag_of(answer: str) -> str:
    found = re.search(r"^To:.*(;tag=\S+)", answer, re.MULTILINE)
    return found[1].strip() if found else ""


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[tuple[Phones, Dialer]]:
    with phones(tmp_path / "home", "201", "202") as running:
        yield running


@pytest.fixture
def wire(floor: tuple[Phones, Dialer]) -> Iterator[Wire]:
    made = Wire(floor[0].port)
    yield made
    made.close()


def test_junk_and_mangled_requests_harm_nobody(floor: tuple[Phones, Dialer], wire: Wire) -> None:
    rng = random.Random(7)
    good = wire.text("INVITE", 1, call="junk", body=OFFER).encode()
    for _ in range(400):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        wire.send(bytes(data))
    wire.send(b"\x00" * 60_000)
    wire.close()

    after = Wire(floor[0].port)
    assert after.sign("REGISTER", 1).startswith("SIP/2.0 200")
    assert floor[1].expect(messages.Registered).extension == "201"
    after.close()


def test_an_unreadable_request_gets_400(wire: Wire) -> None:
    wire.send(wire.text("INVITE", 1).replace("CSeq: 1 INVITE", "CSeq: many").encode())

    assert wire.receive().startswith("SIP/2.0 400")


def test_strangers_get_no_answer(tmp_path: Path) -> None:
    with phones(tmp_path / "home", "201", more='allowed_networks = ["10.0.0.0/8"]\n') as (running, _dialer):
        wire = Wire(running.port)
        wire.send(wire.text("OPTIONS", 1).encode())
        wait(lambda: "SIP from 127.0.0.1 is dropped" in running.log(), "the word in the log")
        wire._socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            wire.receive()
        wire.close()


def test_too_many_wrong_passwords_lock_out_and_are_told(floor: tuple[Phones, Dialer], wire: Wire) -> None:
    for attempt in range(FAILURES_MAX):
        assert wire.sign("REGISTER", 1, call=f"w{attempt}", password="no").startswith("SIP/2.0 403")

    assert floor[1].expect(messages.LockedOut).extension == "201"
    assert wire.sign("REGISTER", 1, call="right").startswith("SIP/2.0 403")
    other = Wire(floor[0].port, "202")
    assert other.sign("REGISTER", 1).startswith("SIP/2.0 200")
    other.close()


def test_before_the_accounts_come_phones_are_put_off(tmp_path: Path) -> None:
    running = Phones(tmp_path / "home")
    try:
        running.dialer()
        wire = Wire(running.port)
        assert wire.ask("REGISTER", 1).startswith("SIP/2.0 503")
        wire.close()
    finally:
        assert running.stop() == 0


def test_a_leg_outlives_its_dialer(floor: tuple[Phones, Dialer], wire: Wire) -> None:
    running, first = floor
    challenge = wire.ask("INVITE", 1, body=OFFER)
    wire.send(wire.text("ACK", 1, tag=tag_of(challenge)).encode())
    more = wire.authorization(challenge, "INVITE")
    wire.send(wire.text("INVITE", 2, more=more, body=OFFER).encode())
    leg = first.expect(messages.Invited).leg
    first.ask(messages.AnswerLeg(leg, OWN))
    answer = wire.final()
    assert f"m=audio {OWN.port} RTP/AVP 0" in answer
    wire.send(wire.text("ACK", 2, tag=tag_of(answer)).encode())
    first.close()

    second = running.dialer()
    assert [(one.leg, one.extension, one.is_answered) for one in second.snapshot.legs] == [(leg, "201", True)]
    assert second.snapshot.legs[0].local_port == OWN.port, "where the phone sends its speech"
    assert second.snapshot.registered == {"201": f"127.0.0.1:{wire.port}"}

    second.ask(messages.HangUpLeg(leg))
    assert wire.receive().startswith("BYE ")
    second.ask(messages.HangUpLeg(leg))  # twice is no harm


def test_an_invite_without_an_offer_learns_the_stream_from_the_ack(
    floor: tuple[Phones, Dialer], wire: Wire
) -> None:
    _running, dialer = floor
    challenge = wire.ask("INVITE", 1)
    wire.send(wire.text("ACK", 1, tag=tag_of(challenge)).encode())
    wire.send(wire.text("INVITE", 2, more=wire.authorization(challenge, "INVITE")).encode())
    invited = dialer.expect(messages.Invited)
    assert invited.media.is_held
    dialer.ask(messages.AnswerLeg(invited.leg, OWN))
    answer = wire.final()
    assert f"m=audio {OWN.port} RTP/AVP 0 101" in answer

    wire.send(wire.text("ACK", 2, tag=tag_of(answer), body=OFFER).encode())

    assert dialer.expect(messages.MediaChanged).media == Media("127.0.0.1", 27_000, 0)


def test_a_command_that_makes_no_sense_is_refused_by_name(floor: tuple[Phones, Dialer]) -> None:
    with pytest.raises(ipc.Refused, match="InfoDigit is not a command"):
        floor[1].ask(messages.InfoDigit("p1", "5"))
    floor[1].ask(messages.AnswerLeg("p1", OWN))  # of a leg that ended: no harm


def test_a_taken_port_is_named_with_its_remedy(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    second = Phones(tmp_path / "second", port=floor[0].port)

    assert second.end() == 4
    assert f"SIP port {floor[0].port} on 127.0.0.1 cannot be opened" in second.log()
    assert "set phones.sip_port in site.toml" in second.log()


def test_an_address_that_phones_could_not_answer_to_is_refused(tmp_path: Path) -> None:
    running = Phones(tmp_path / "home", address="0.0.0.0")

    assert running.end() == 2
    assert "phones.address" in running.log()
