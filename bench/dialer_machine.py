"""What one event costs the dialer's machine, and how long whole shifts take in virtual time."""

from __future__ import annotations

import sys
import time
from typing import Any

from appliance.dialer.messages import Mode
from appliance.simulator.shift import Plan, Shift

EVENT_US_MAX = 40.0
SHIFT_20_S_MAX = 30.0
SHIFT_100_S_MAX = 60.0


def line(name: str, value: float, limit: float, unit: str) -> bool:
    is_ok = value <= limit
    print(f"{name} | {value:.1f} {unit} | ≤ {limit:g} {unit} | {'ok' if is_ok else 'SHORT'}")
    return is_ok


def machine_us(mode: Mode) -> float:
    """CPU of the machine alone, per input, over two hours of 20 seats."""
    shift = Shift(Plan(seats=20, hours=2, mode=mode))
    feed, spent = shift.machine.feed, [0.0, 0]

    def timed(what: Any, now: float) -> list[Any]:
        began = time.thread_time()
        outputs = feed(what, now)
        spent[0] += time.thread_time() - began
        spent[1] += 1
        return outputs

    shift.world._feed = timed
    shift.run()
    return spent[0] / spent[1] * 1e6


def shift_s(seats: int) -> float:
    """CPU seconds of an eight-hour adaptive shift."""
    began = time.process_time()
    Shift(Plan(seats=seats, hours=8)).run()
    return time.process_time() - began


def main() -> int:
    """Print the figures; 1 if one is short.  The hundred seats are left out with `--quick`."""
    is_ok = line("machine, one event, pacer left out", machine_us("progressive"), EVENT_US_MAX, "µs")
    is_ok &= line("8 h x 20 seats, adaptive", shift_s(20), SHIFT_20_S_MAX, "s")
    if "--quick" not in sys.argv:
        is_ok &= line("8 h x 100 seats, adaptive", shift_s(100), SHIFT_100_S_MAX, "s")
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
