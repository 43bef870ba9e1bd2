"""The dialer's machine through 24 virtual hours of everything, in one process: resident memory by hour.

What a simulated store, exchange and tally remember is taken from them each hour, so that what grows is the
machine's.  Part of `bench/memory.py`.
"""

from __future__ import annotations

import gc
import os
import sys

from appliance.simulator.shift import Shift
from appliance.simulator.shift_day import Day, plan
from bench._memory import Sample, report, resident_kb

HOURS = 24
SEATS = 20
SEED = 24


def _forget(shift: Shift, day: Day) -> None:
    """The harness keeps books; they are no part of the dialer."""
    shift.exchange.setups.clear()
    shift.store.forget_closed()
    shift.tally.answers.clear()
    shift.tally.waits.clear()
    day.forget()


def main() -> int:
    """Print resident memory by hour and its growth beside the limit; 1 if it is short."""
    planned = plan(
        SEED, hours=HOURS, seats=SEATS, talk_s=90.0, wrap_s=20.0, mode="adaptive", answer=0.28,
        customers=10**7, lunch_at_s=3 * 3600.0,
    )  # fmt: skip
    day = Day(SEED, planned, is_judged=False)
    shift = Shift(planned)
    samples: list[Sample] = []

    def look() -> None:
        _forget(shift, day)
        gc.collect()
        hour = shift.world.now / 3600
        samples.append((hour, *resident_kb(os.getpid())))
        print(f"virtual hour {hour:4.0f}: {samples[-1][1] / 1024:.1f} MiB", flush=True)
        shift.world.after(3600.0, look)

    def prepare(shift: Shift) -> None:
        day.prepare(shift)
        shift.world.after(3600.0, look)

    shift.run(prepare)
    return 0 if report("the dialer's machine, 20 seats, virtual time", samples) else 1


if __name__ == "__main__":
    sys.exit(main())
