"""RTP packets, whose stream is heard, and key events."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.audio import rtp, rtp_socket, telephone_event
from appliance.audio.messages import OpenPhone
from appliance.audio.neighbours import Neighbours
from appliance.audio.plane import Plane
from appliance.audio.telephone_event import KeyReader
from appliance.clock import SystemClock
from appliance.errors import BadInput
from appliance.phones.messages import Media

PHONE = ("10.0.0.5", 4000)
BEHIND_NAT = ("10.0.0.1", 61_000)
STRANGER = ("10.0.0.66", 4000)
OUTSIDE = ("203.0.113.9", 4000)


def anybody(_host: str) -> bool:
    return True


def test_what_a_sender_makes_is_parsed_again_and_counts_on() -> None:
    sender = rtp.Sender(source=0xDEADBEEF, sequence=0xFFFF, timestamp=0xFFFFFFFF)
    first, second = (rtp.parse(sender.packet(bytes([n]) * 160)) for n in (1, 2))
    assert first == rtp.Packet(0, True, 0xFFFF, 0xFFFFFFFF, 0xDEADBEEF, b"\x01" * 160)
    assert second == rtp.Packet(0, False, 0, 159, 0xDEADBEEF, b"\x02" * 160)
    sender.skip(160)
    third = rtp.parse(sender.packet(b"\x03" * 160))
    assert third is not None
    assert third[:4] == (0, True, 1, 159 + 320)


def test_padding_extension_and_contributing_sources_are_taken_off() -> None:
    header = rtp.HEADER.pack(0x80 | 0x20 | 0x10 | 2, 0x80 | 101, 7, 8, 9)
    data = header + b"cccccccc" + b"\xbe\xde\x00\x01eeee" + b"speech" + b"\0\0\x03"
    assert rtp.parse(data) == rtp.Packet(101, True, 7, 8, 9, b"speech")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(20),  # version 1
        rtp.HEADER.pack(0x8F, 0, 1, 2, 3) + bytes(8),  # fifteen sources, two there
        rtp.HEADER.pack(0x90, 0, 1, 2, 3) + b"\xbe\xde\xff\xff",  # an extension longer than the packet
        rtp.HEADER.pack(0xA0, 0, 1, 2, 3) + b"\xc8",  # more padding than packet
        rtp.HEADER.pack(0xA0, 0, 1, 2, 3) + b"\x00",
        b"OPTIONS sip:box SIP/2.0\r\n\r\n",
    ],
)
def test_what_is_not_rtp_is_nothing(data: bytes) -> None:
    assert rtp.parse(data) is None


@given(st.binary(max_size=400))
def test_garbage_never_raises(data: bytes) -> None:
    packet = rtp.parse(data)
    assert packet is None or len(packet.payload) <= len(data) - rtp.HEADER_BYTES


def test_the_first_sender_is_latched_and_a_stranger_is_not_heard() -> None:
    latch = rtp.Latch(PHONE, anybody)
    assert latch.target == PHONE
    assert latch.admits(BEHIND_NAT, 0.0)
    assert latch.target == BEHIND_NAT
    assert not latch.admits(STRANGER, 0.02)
    assert latch.target == BEHIND_NAT


def test_a_phone_that_moved_is_heard_after_half_a_second_or_when_announced() -> None:
    latch = rtp.Latch(PHONE, anybody)
    latch.admits(BEHIND_NAT, 0.0)
    assert latch.admits(STRANGER, 0.6)
    latch.expect(("10.0.0.7", 5000))
    assert latch.target == ("10.0.0.7", 5000)
    assert latch.admits(BEHIND_NAT, 0.7)
    assert latch.admits(("10.0.0.7", 5000), 0.71)


def test_a_packet_from_outside_the_phones_networks_is_never_latched_to_and_is_counted() -> None:
    neighbours = Neighbours(["10.0.0.0/24", "192.168.1.7/24"], is_own=lambda host: host == "198.51.100.7")
    latch = rtp.Latch(PHONE, neighbours.admits)
    for at in (0.0, 5.0):
        assert not latch.admits(OUTSIDE, at)
    assert latch.target == PHONE
    assert latch.admits(BEHIND_NAT, 5.0)
    assert not latch.admits(OUTSIDE, 9.0)  # however long the phone has been quiet
    assert latch.target == BEHIND_NAT
    latch.expect(OUTSIDE)  # nor because its SDP says so
    assert not latch.admits(OUTSIDE, 9.1)
    assert neighbours.strangers == 4
    assert neighbours.has("192.168.1.200")
    assert not neighbours.has("phone.example.com")
    assert neighbours.has("198.51.100.7")  # a soft phone on the box itself may name any of its addresses


def test_the_kernel_knows_this_machines_addresses() -> None:
    assert rtp_socket.is_own("127.0.0.1")
    for other in ("203.0.113.9", "224.0.0.1", "255.255.255.255"):
        assert not rtp_socket.is_own(other)


def test_a_phone_that_wants_its_speech_sent_outside_is_refused() -> None:
    silent = FakeSocket()
    plane = Plane(
        open_b=lambda _span, _channel: None,  # type: ignore[arg-type,return-value]  # no line is opened
        rtp_ports=silent,  # type: ignore[arg-type]
        neighbours=Neighbours(["10.0.0.0/24"], is_own=lambda _host: False),
        prompts=None,  # type: ignore[arg-type]
        recorder=None,  # type: ignore[arg-type]
        dice=random.Random(1),
        clock=SystemClock(),
    )
    with pytest.raises(BadInput, match=r"203\.0\.113\.9, outside phones\.allowed_networks"):
        plane.handle(OpenPhone("p1", Media(*OUTSIDE)), 0.0)
    plane.handle(OpenPhone("p1", Media(*PHONE)), 0.0)
    silent.coming = [(rtp.HEADER.pack(0x80, 0, n, n * 160, 7) + b"\x10" * 160, OUTSIDE) for n in range(5)]
    plane.tick(0.02)
    assert plane.strangers == 5 - len(silent.coming)
    assert plane.strangers > 0
    assert {to for _packet, to in silent.sent} == {PHONE}


class FakeSocket:
    """A port range of one socket, and that socket."""

    port = 16_000

    def __init__(self) -> None:
        self.coming: list[tuple[bytes, tuple[str, int]]] = []
        self.sent: list[tuple[bytes, tuple[str, int]]] = []

    def address_for(self, _remote: str) -> str:
        return "10.0.0.2"

    def open(self, _wanted: int) -> FakeSocket:
        return self

    def receive(self) -> tuple[bytes, tuple[str, int]] | None:
        return self.coming.pop(0) if self.coming else None

    def send(self, packet: bytes, to: tuple[str, int]) -> bool:
        self.sent.append((packet, to))
        return True

    def close(self) -> None: ...


def events(key: str, timestamp: int, reader: KeyReader, payloads: list[bytes]) -> str:
    return "".join(reader.feed(body, source=5, timestamp=timestamp) for body in payloads)


@pytest.mark.parametrize("key", telephone_event.KEYS)
def test_a_press_counts_once_however_often_it_is_sent(key: str) -> None:
    reader = KeyReader()
    sent = telephone_event.payloads(key)
    assert len(sent) == 8
    assert sent[-1][1] & 0x80
    assert events(key, 160, reader, sent) == key
    assert events(key, 160, reader, sent[-1:]) == ""
    assert events(key, 1_600, reader, sent) == key


def test_any_one_packet_of_a_press_is_enough() -> None:
    for seed in range(20):
        body = random.Random(seed).choice(telephone_event.payloads("7"))
        assert events("7", 99, KeyReader(), [body]) == "7"


def test_late_packets_of_an_earlier_press_are_not_a_new_one() -> None:
    reader = KeyReader()
    first, second = telephone_event.payloads("1"), telephone_event.payloads("2")
    assert events("1", 100, reader, first[:-1]) + events("2", 900, reader, second[:3]) == "12"
    assert events("1", 100, reader, first[-1:]) + events("2", 900, reader, second[3:]) == ""


def test_other_events_and_cut_payloads_are_no_keys() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x10\x0a\x00\xa0", source=1, timestamp=1) == ""  # 16: flash
    assert reader.feed(b"\x05\x0a", source=1, timestamp=2) == ""
    with pytest.raises(ValueError, match="not found"):
        telephone_event.payloads("x")
