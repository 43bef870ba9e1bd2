"""Q.921 and Q.931 headers, as far as we read them ourselves: which message of which call is in a frame.

libpri does the signalling.  This looks over its shoulder: an in-band announcement on DISCONNECT, and the
few elements that libpri cannot send.  Nothing here trusts a length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

PROTOCOL: Final = 0x08  # Q.931 4.2
HEADER_BYTES: Final = 4  # Q.921 address (2) and control (2) of an I-frame
LENGTH_BITS: Final = 0x0F  # Q.931 4.3: the upper four bits of the length octet are spare; libpri ignores them
FLAG: Final = 0x8000  # Q.931 4.3: set in what is sent towards the side that began the call


class Type(IntEnum):
    """Message types, Q.931 table 4-2."""

    ALERTING = 0x01
    CALL_PROCEEDING = 0x02
    PROGRESS = 0x03
    SETUP = 0x05
    CONNECT = 0x07
    CONNECT_ACKNOWLEDGE = 0x0F
    DISCONNECT = 0x45
    RESTART = 0x46
    RELEASE = 0x4D
    RESTART_ACKNOWLEDGE = 0x4E
    RELEASE_COMPLETE = 0x5A
    NOTIFY = 0x6E
    STATUS_ENQUIRY = 0x75
    STATUS = 0x7D


class Element(IntEnum):
    """Information elements, Q.931 table 4-3."""

    CAUSE = 0x08
    CHANNEL = 0x18
    PROGRESS = 0x1E
    NOTIFICATION = 0x27
    RESTART_INDICATOR = 0x79
    SENDING_COMPLETE = 0xA1


CAUSE_NETWORK: Final = 0x82  # Q.850 2.1: public network serving the local user
IN_BAND: Final = 8  # Q.931 4.5.23: in-band information now available


@dataclass(frozen=True, slots=True)
class Message:
    """One Q.931 message.  `reference` has no flag bit; `is_from_caller`: sent by the side that called."""

    reference: int
    is_from_caller: bool
    type: int
    elements: bytes

    def ie(self, wanted: int) -> bytes | None:
        """Contents of the first element of that kind."""
        return next((body for kind, body in elements(self.elements) if kind == wanted), None)


def is_sabme(frame: bytes) -> bool:
    """Whether a frame sets layer 2 up (Q.921 3.6.2): SABME, whatever its poll bit."""
    return len(frame) == 3 and frame[2] & 0xEF == 0x6F


def is_information(frame: bytes) -> bool:
    """Whether a frame carries something for layer 3 (Q.921 3.6.1)."""
    return len(frame) > HEADER_BYTES and not frame[2] & 1


def message(frame: bytes) -> Message | None:
    """The Q.931 message in a frame without FCS; None if it holds none with a 2-octet call reference."""
    if len(frame) < HEADER_BYTES + 5 or frame[2] & 1 or frame[4] != PROTOCOL or frame[5] & LENGTH_BITS != 2:
        return None
    reference = int.from_bytes(frame[6:8], "big")
    return Message(reference & ~FLAG, not reference & FLAG, frame[8], frame[9:])


def elements(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, contents) of each element; stops where the bytes stop making sense."""
    at = 0
    while at < len(raw):
        if raw[at] & 0x80:  # one octet long, Q.931 4.5.1
            yield raw[at], b""
            at += 1
        elif at + 1 < len(raw) and at + 2 + raw[at + 1] <= len(raw):
            end = at + 2 + raw[at + 1]
            yield raw[at], raw[at + 2 : end]
            at = end
        else:
            return


def rewrite(frame: bytes, type_: int, raw: bytes) -> bytes:
    """The frame with another message type and other elements."""
    return frame[: HEADER_BYTES + 4] + bytes([type_]) + raw


def is_in_band(found: Message) -> bool:
    """Whether an element of the message says that something can be heard."""
    return any(
        kind == Element.PROGRESS and len(body) >= 2 and body[1] & 0x7F == IN_BAND
        for kind, body in elements(found.elements)
    )


def cause(found: Message) -> int:
    """The Q.850 cause of a message, 0 if it names none."""
    body = found.ie(Element.CAUSE)
    if not body or len(body) < 2:
        return 0
    return body[1] & 0x7F if body[0] & 0x80 else body[2] & 0x7F if len(body) > 2 else 0


def cause_element(cause: int) -> bytes:
    """A cause element, location: public network serving the local user (Q.850 2.1)."""
    return bytes([Element.CAUSE, 2, CAUSE_NETWORK, 0x80 | cause])


def progress_element(description: int) -> bytes:
    """A progress indicator element (Q.931 4.5.23), the same location."""
    return bytes([Element.PROGRESS, 2, CAUSE_NETWORK, 0x80 | description])


RESTART_ALL: Final = bytes([Element.RESTART_INDICATOR, 1, 0x86])  # Q.931 4.5.25: this whole interface
