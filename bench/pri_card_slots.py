"""How late do SETUPs leave?  17 attempts a second over five simulated spans, every call answered.

An attempt is wanted every 1/17 s exactly; its error runs from that instant to its SETUP on the D channel,
so it holds the wake-up of the loop, the choice of span and slot, and libpri.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from appliance.pri_card.pri_trunk import PriTrunk
from appliance.pri_card.span_simulated import SimulatedSpan
from appliance.pri_card.trunk import Answered, PlaceCall, SetupSent
from bench._pri_card import exchange, show, show_load, wait

SPANS = 5
ATTEMPTS_PER_S = 17
MEASURE_S = 30.0
LIMIT_MS = 10.0


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as directory,
        exchange(Path(directory), spans=SPANS, is_answering=True),
    ):
        spans = [SimulatedSpan(n, Path(directory) / f"span{n}", "user") for n in range(1, SPANS + 1)]
        trunk = PriTrunk(spans, slots_s=[0.020] * SPANS, gate=lambda _call, _now: True, now=time.monotonic())
        late_ms = sorted(_run(trunk))
        trunk.close()
    show_load()
    print(f"SETUPs sent: {len(late_ms)}, p50 {late_ms[len(late_ms) // 2]:.2f} ms, max {late_ms[-1]:.2f} ms")
    holds = show(
        "SETUP slot error p99", late_ms[int(len(late_ms) * 0.99)], LIMIT_MS, at_least=False, unit=" ms"
    )
    return 0 if holds else 1


def _run(trunk: PriTrunk) -> list[float]:
    late_ms: list[float] = []
    last_id = 0
    begun = 0.0
    deadline = time.monotonic() + MEASURE_S + 20.0
    while time.monotonic() < deadline:
        now = time.monotonic()
        if not begun and trunk.channels_free() == 23 * SPANS:
            begun = now
        while begun and begun + last_id / ATTEMPTS_PER_S <= now:
            last_id += 1
            trunk.place(PlaceCall(last_id, "0312345678", "0300001111"), now)
        for event in trunk.poll(now):
            if isinstance(event, SetupSent):
                wanted_at = begun + (event.call_id - 1) / ATTEMPTS_PER_S
                late_ms.append((time.monotonic() - wanted_at) * 1000)
            elif isinstance(event, Answered):
                trunk.clear(event.call_id, 16, now)
        if begun and now > begun + MEASURE_S:
            return late_ms
        next_place = begun + last_id / ATTEMPTS_PER_S if begun else now + 1.0
        wait(trunk.files(), min(next_place, trunk.due() or next_place))
    raise RuntimeError("the lines did not come up")


if __name__ == "__main__":
    sys.exit(main())
