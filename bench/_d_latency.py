"""Inside a box with two joined spans: one-way latency of D-channel frames, raw and through our span, as JSON.

100 frames a second for 5 s from span 1 to span 2, each with its time of sending in it.
"""

from __future__ import annotations

import json
import select
import struct
import time
from collections.abc import Callable
from typing import Final

from appliance.pri_card.span_dahdi import (
    D_FRAME_BYTES_MAX,
    FCS,
    Channel,
    DahdiSpan,
)

FRAMES: Final = 500
EVERY_S: Final = 0.010
LEAD_S: Final = 0.2
FIRST_CHANNELS: Final = (1, 25)
D_CHANNELS: Final = (24, 48)
STAMP: Final = struct.Struct("<4sd")  # address and control octets as LAPD has them, then the time
HEAD: Final = b"\x00\x01\x00\x00"

Send = Callable[[bytes], object]
Receive = Callable[[], list[bytes]]


def latencies_ms(send: Send, receive: Receive, descriptor: int) -> list[float]:
    """Of every frame that came, in the order they came."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    begun = time.monotonic() + LEAD_S
    found: list[float] = []
    sent = 0
    while time.monotonic() < begun + FRAMES * EVERY_S + 1.0 and len(found) < FRAMES:
        now = time.monotonic()
        if sent < FRAMES and now >= begun + sent * EVERY_S:
            send(STAMP.pack(HEAD, time.monotonic()))
            sent += 1
        poller.poll(max(0.0, min(EVERY_S, begun + sent * EVERY_S - time.monotonic())) * 1000)
        for frame in receive():
            found.append((time.monotonic() - STAMP.unpack_from(frame)[1]) * 1000)
    return found


def raw() -> list[float]:
    """os.read and os.write on the opened channels; both fail while an event waits, so events are fetched."""
    near, far = (Channel(number, "a D channel") for number in D_CHANNELS)
    for channel in (near, far):
        channel.set_buffers(32, D_FRAME_BYTES_MAX)
        channel.drain_events()

    def receive() -> list[bytes]:
        frame = far.read(D_FRAME_BYTES_MAX)
        return [frame] if frame else []

    try:
        return latencies_ms(lambda frame: near.write(frame + FCS), receive, far.descriptor)
    finally:
        near.close()
        far.close()


def through_spans() -> list[float]:
    """The same through what the dialer uses."""
    near, far = (DahdiSpan(number, first) for number, first in enumerate(FIRST_CHANNELS, 1))
    for span in (near, far):
        span.open_d(time.monotonic())
    try:
        return latencies_ms(
            lambda frame: near.send_d(frame, time.monotonic()),
            lambda: far.receive_d(time.monotonic()),
            far.files()[0],
        )
    finally:
        near.close()
        far.close()


def figures(found: list[float]) -> dict[str, float]:
    ordered = sorted(found)
    return {
        "frames": len(ordered),
        "p50_ms": ordered[len(ordered) // 2],
        "p99_ms": ordered[int(len(ordered) * 0.99)],
    }


def main() -> None:
    raw()  # the first run warms the interpreter and the driver's buffers
    print(json.dumps({"raw": figures(raw()), "ours": figures(through_spans())}))


if __name__ == "__main__":
    main()
