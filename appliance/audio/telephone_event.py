"""Keys as RTP events (RFC 4733): each press is reported once.  No sockets, no clock.

An event is sent as several packets of one timestamp, the last of them three times; any may be lost, so the
first that arrives counts, and the timestamp tells the next press of the same key apart.
"""

from __future__ import annotations

import struct
from typing import Final

KEYS: Final = "0123456789*#ABCD"  # events 0-15, RFC 4733 3.2
PAYLOAD: Final = struct.Struct("!BBH")
END: Final = 0x80
REMEMBERED: Final = 4  # presses whose last packets may still be under way


class KeyReader:
    """Reads the events of one stream."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, int]] = []

    def feed(self, payload: bytes, *, source: int, timestamp: int) -> str:
        """The key whose press this packet is the first to tell of; "" for repeats and for other events."""
        if len(payload) < PAYLOAD.size or payload[0] >= len(KEYS):
            return ""
        press = (source, timestamp)
        if press in self._seen:
            return ""
        self._seen = [*self._seen[1 - REMEMBERED :], press]
        return KEYS[payload[0]]


def payloads(key: str, *, packets: int = 5, samples: int = 160, volume_dbm0: int = -10) -> list[bytes]:
    """What to send for a press, one packet every `samples`; the end goes out three times.

    All carry the timestamp of the first (RFC 4733 2.5.1.2).  Raises ValueError for what is not a key.
    """
    event, volume = KEYS.index(key), -volume_dbm0 & 0x3F
    body = [PAYLOAD.pack(event, volume, samples * count) for count in range(1, packets + 1)]
    return [*body, *[PAYLOAD.pack(event, END | volume, samples * packets)] * 3]
