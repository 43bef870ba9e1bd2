"""RTP packets (RFC 3550 5.1) as bytes in, values out.  No sockets; decides only whose stream is heard.

Speech is payload type 0, G.711 mu-law at 8 kHz (RFC 3551 4.5.14).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

PCMU: Final = 0
VERSION_BITS: Final = 0x80
MARKER: Final = 0x80
HEADER: Final = struct.Struct("!BBHII")
HEADER_BYTES: Final = HEADER.size
RELATCH_S: Final = 0.5  # a phone that moved is heard again after half a second; no stranger gets in earlier

Address = tuple[str, int]


class Packet(NamedTuple):
    """One packet.  `payload` is without padding."""

    kind: int
    is_marked: bool
    sequence: int
    timestamp: int
    source: int
    payload: bytes


def parse(data: bytes) -> Packet | None:
    """The packet in `data`; None for anything that is not RTP version 2, cut short or badly padded."""
    if len(data) < HEADER_BYTES or data[0] & 0xC0 != VERSION_BITS:
        return None
    first, second, sequence, timestamp, source = HEADER.unpack_from(data)
    payload = data[HEADER_BYTES:] if first == VERSION_BITS else _payload(data, first)
    if payload is None:
        return None
    return Packet(second & 0x7F, second >= MARKER, sequence, timestamp, source, payload)


def _payload(data: bytes, first: int) -> bytes | None:
    """What follows the contributing sources and the extension, less the padding."""
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data)
    if first & 0x20:
        padding = data[-1]
        if not padding:
            return None
        end -= padding
    return data[start:end] if start <= end else None


class Sender:
    """Numbers one outgoing stream.  The first packet after a pause is marked (RFC 3551 4.1)."""

    def __init__(self, *, source: int, sequence: int, timestamp: int) -> None:
        self.source = source & 0xFFFFFFFF
        self.sequence = sequence & 0xFFFF
        self.timestamp = timestamp & 0xFFFFFFFF
        self._is_marked = True

    def packet(self, block: bytes) -> bytes:
        """The next packet of speech; the clock moves on by the block's samples."""
        header = HEADER.pack(
            VERSION_BITS,
            MARKER | PCMU if self._is_marked else PCMU,
            self.sequence,
            self.timestamp,
            self.source,
        )
        self._is_marked = False
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + len(block) & 0xFFFFFFFF
        return header + block

    def skip(self, samples: int) -> None:
        """Nothing is sent for this long; the clock runs on."""
        self.timestamp = self.timestamp + samples & 0xFFFFFFFF
        self._is_marked = True


@dataclass(slots=True)
class Latch:
    """Whose packets a stream takes, and where its answers go.

    A phone behind an address translation sends from elsewhere than it says, so the first sender of the stream
    is taken; another one only once that has been quiet for half a second.  `expected` gets in at any time.
    Nobody does from a host that `is_allowed` refuses.
    """

    expected: Address
    is_allowed: Callable[[str], bool]
    latched: Address | None = None
    heard_at: float = 0.0

    def admits(self, address: Address, now: float) -> bool:
        """Whether a packet from `address` belongs to the stream."""
        if address != self.latched:
            if not self.is_allowed(address[0]):
                return False
            is_taken = self.latched is not None and now - self.heard_at < RELATCH_S
            if is_taken and address != self.expected:
                return False
            self.latched = address
        self.heard_at = now
        return True

    def expect(self, address: Address) -> None:
        """The phone says that it has moved."""
        if address != self.expected:
            self.expected = address
            self.latched = None

    @property
    def target(self) -> Address:
        """Where to send."""
        return self.latched or self.expected
