"""Frames on the serial line: one a text line, with number, length and CRC-32.  Pure: bytes in, frames out.

    <LF>*<kind><number>:<length>:<crc32>:<JSON><LF>

JSON escapes every control character, so a frame holds none: noise can break a frame, and the next line feed
starts afresh.  Requests begin with `>`, answers with `<`: an echo of our own frames is passed over.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal[">", "<", "~", "!"]
"""`>` request, `<` answer, `~` still at work on it; `!` is the greeting below, never a frame on the line."""

MAGIC: Final = b"YOBIRIN-LINK 1"
"""The line that turns the technician's menu into this protocol; anything else stays with the menu."""

PAYLOAD_BYTES_MAX: Final = 131_072  # a certificate chain with its key is 10 kB; a log of 200 lines 40 kB
HEAD_BYTES_MAX: Final = 40
NUMBER_MAX: Final = 999_999_999
_HEAD: Final = re.compile(rb"\*([<>~])([0-9]{1,9}):([0-9]{1,6}):([0-9a-f]{8}):")


class Frame(NamedTuple):
    """One frame: kind, the request's number, the message's bytes."""

    kind: Kind
    number: int
    payload: bytes


def encode(frame: Frame) -> bytes:
    """A frame's bytes.  The line feed in front ends whatever noise was there."""
    assert len(frame.payload) <= PAYLOAD_BYTES_MAX, "a message never grows past its bound"
    assert b"\n" not in frame.payload, "JSON holds no line feed"
    head = b"%s%d" % (frame.kind.encode(), frame.number)
    crc = zlib.crc32(head + b":" + frame.payload)
    return b"\n*%s:%d:%08x:%s\n" % (head, len(frame.payload), crc, frame.payload)


class Decoder:
    """Bytes to frames, for one end of a line.  What is no whole frame is dropped and counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames completed by `data`."""
        self._pending += data
        while (end := self._pending.find(b"\n")) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + 1]
            if (frame := self._decode(line.strip(b"\r"))) is not None:
                yield frame
        if len(self._pending) > PAYLOAD_BYTES_MAX + HEAD_BYTES_MAX:
            self._pending.clear()  # no frame is this long: it was noise
            self.dropped += 1

    def _decode(self, line: bytes) -> Frame | None:
        if not line:
            return None
        if line == MAGIC:
            return Frame("!", 0, b"")
        found = _HEAD.match(line)
        if found is not None:
            kind, number, length, crc = found.groups()
            payload = line[found.end() :]
            is_whole = len(payload) == int(length) <= PAYLOAD_BYTES_MAX
            if is_whole and zlib.crc32(kind + number + b":" + payload) == int(crc, 16):
                return Frame(kind.decode(), int(number), payload)  # type: ignore[arg-type]  # one of three
        self.dropped += 1
        return None
