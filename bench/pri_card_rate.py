"""Full attempts a second over one simulated D channel of 64 kbit/s, exchange in another process.

Answered: SETUP to CONNECT and cleared at once; busy: CALL PROCEEDING, DISCONNECT 17.  The limits are the
wire's: 68 and 89 a second.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from appliance.pri_card.pri_trunk import PriTrunk
from appliance.pri_card.span_simulated import SimulatedSpan
from appliance.pri_card.trunk import Answered, Cleared, PlaceCall
from bench._pri_card import exchange, show, show_load, wait

WIRE_FULL = 68.0
WIRE_BUSY = 89.0
SHARE = 0.85
WARM_S = 1.0
MEASURE_S = 10.0


def main() -> int:
    full, full_wire = measure(is_answering=True)
    busy, busy_wire = measure(is_answering=False)
    held = [
        show("attempts/s, answered and cleared", full, SHARE * WIRE_FULL, at_least=True),
        show("attempts/s, busy", busy, SHARE * WIRE_BUSY, at_least=True),
    ]
    show_load()
    print(f"bytes on our wire: {full_wire:.0f} an answered attempt, {busy_wire:.0f} a busy one")
    return 0 if all(held) else 1


def measure(*, is_answering: bool) -> tuple[float, float]:
    """(attempts a second, bytes an attempt on the user's wire)."""
    with (
        tempfile.TemporaryDirectory() as directory,
        exchange(Path(directory), spans=1, is_answering=is_answering),
    ):
        span = SimulatedSpan(1, Path(directory) / "span1", "user")
        now = time.monotonic()
        trunk = PriTrunk([span], slots_s=[0.010], gate=lambda _call, _now: True, now=now)
        try:
            return _run(trunk, span)
        finally:
            trunk.close()


def _run(trunk: PriTrunk, span: SimulatedSpan) -> tuple[float, float]:
    last_id = done = bytes_before = 0
    begun = 0.0
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        now = time.monotonic()
        for event in trunk.poll(now):
            if isinstance(event, Answered):
                trunk.clear(event.call_id, 16, now)
            elif isinstance(event, Cleared):
                assert not event.is_line_fault, event
                done += 1
        while trunk.channels_free() > 0:
            last_id += 1
            trunk.place(PlaceCall(last_id, "0312345678", "0300001111"), now)
        if last_id and not begun:
            begun = now + WARM_S
        if begun and now < begun:
            done, bytes_before = 0, span.wire.sent_bytes
        if begun and now >= begun + MEASURE_S:
            return done / (now - begun), (span.wire.sent_bytes - bytes_before) / done
        wait(trunk.files(), trunk.due())
    raise RuntimeError("the line did not come up")


if __name__ == "__main__":
    sys.exit(main())
