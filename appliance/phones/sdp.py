"""Session descriptions (RFC 4566, RFC 3264): reads what a phone offers, writes what the box answers.

Takes G.711 mu-law over plain RTP and RFC 4733 digits, IPv4 only; everything else in an offer is declined.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, Literal

from appliance.errors import BadInput
from appliance.phones.messages import Media

PCMU: Final = "0"
LINES_MAX: Final = 400
STREAMS_MAX: Final = 16
OWN_DIGITS_PAYLOAD: Final = 101
Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
ANSWERS: Final[dict[str, Direction]] = {  # RFC 3264 6.1
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


class NotAcceptable(BadInput):
    """A description that offers nothing we can speak: SIP status 488."""


@dataclass(slots=True)
class _Stream:
    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str
    direction: str
    digits_payload: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A phone's offer: the stream we take, and what is needed to answer line by line."""

    media: Media
    direction: Direction
    streams: tuple[tuple[str, str, str], ...]  # (kind, protocol, first format) of each m= line
    taken: int


def parse(text: str) -> Offer:
    """Read an offer or an answer.  Raises NotAcceptable naming what is missing."""
    streams = _streams(text)
    for index, stream in enumerate(streams):
        if _is_ours(stream):
            return Offer(
                _media(stream),
                _direction(stream),
                tuple((s.kind, s.protocol, s.formats[0]) for s in streams),
                index,
            )
    raise NotAcceptable(
        "A phone offers no G.711 mu-law over RTP.", remedy="Switch the codec PCMU (G.711u) on in the phone."
    )


def _streams(text: str) -> list[_Stream]:
    address, direction = "", "sendrecv"
    streams: list[_Stream] = []
    for line in text.splitlines()[:LINES_MAX]:
        kind, _, value = line.partition("=")
        if kind == "m" and len(streams) < STREAMS_MAX:
            streams.append(_stream(value, address, direction))
        elif kind == "c":
            found = value.split()[-1].partition("/")[0] if value.split() else ""
            if streams:
                streams[-1].address = found
            else:
                address = found
        elif kind == "a" and value.strip() in ANSWERS:
            if streams:
                streams[-1].direction = value.strip()
            else:
                direction = value.strip()
        elif kind == "a" and streams and value.startswith("rtpmap:"):
            payload, _, coding = value[7:].partition(" ")
            if coding.strip().lower().startswith("telephone-event/8000") and payload.isdecimal():
                streams[-1].digits_payload = int(payload)
    return streams


def _stream(value: str, address: str, direction: str) -> _Stream:
    words = value.split()
    if len(words) < 4 or not words[1].partition("/")[0].isdecimal():
        raise NotAcceptable(f"A phone's stream is described as {value[:60]!r}.")
    return _Stream(words[0], int(words[1].partition("/")[0]), words[2], tuple(words[3:]), address, direction)


def _is_ours(stream: _Stream) -> bool:
    return (
        stream.kind == "audio"
        and stream.protocol == "RTP/AVP"
        and PCMU in stream.formats
        and 0 < stream.port < 65_536
        and _is_address(stream.address)
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _media(stream: _Stream) -> Media:
    is_held = stream.direction in ("sendonly", "inactive") or stream.address == "0.0.0.0"  # noqa: S104
    payload = stream.digits_payload if 95 < stream.digits_payload < 128 else 0
    return Media(stream.address, stream.port, payload, is_held)


def _direction(stream: _Stream) -> Direction:
    """What we answer.  0.0.0.0 is the old way to say hold (RFC 2543 B.5)."""
    if stream.address == "0.0.0.0" and stream.direction == "sendrecv":  # noqa: S104
        return "recvonly"
    return ANSWERS[stream.direction]


def answer(offer: Offer, own: Media, *, session: int, version: int) -> str:
    """The box's answer: every m= line of the offer is there, those not taken with port 0 (RFC 3264 6)."""
    lines = _head(own.address, session, version)
    for index, (kind, protocol, first_format) in enumerate(offer.streams):
        if index == offer.taken:
            lines += _audio(own.port, offer.media.digits_payload, offer.direction)
        else:
            lines.append(f"m={kind} 0 {protocol} {first_format}")
    return "\r\n".join(lines) + "\r\n"


def offer_of(own: Media, *, session: int, version: int) -> str:
    """The box's own offer, for a phone that it rings or that asks for one."""
    payload = own.digits_payload or OWN_DIGITS_PAYLOAD
    lines = _head(own.address, session, version) + _audio(own.port, payload, "sendrecv")
    return "\r\n".join(lines) + "\r\n"


def _head(address: str, session: int, version: int) -> list[str]:
    return [
        "v=0",
        f"o=yobirin {session} {version} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
    ]


def _audio(port: int, digits_payload: int, direction: Direction) -> list[str]:
    digits = [
        f"a=rtpmap:{digits_payload} telephone-event/8000",
        f"a=fmtp:{digits_payload} 0-15",
    ]
    return [
        f"m=audio {port} RTP/AVP 0{f' {digits_payload}' if digits_payload else ''}",
        "a=rtpmap:0 PCMU/8000",
        *(digits if digits_payload else []),
        "a=ptime:20",
        f"a={direction}",
    ]
