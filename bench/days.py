"""Simulated working days from many seeds: `python -m bench.days [--seeds N] [--first N] [--calm]`.

Transfers, supervisors, breaks, several numbers at once, promises, faults and kills of the dialer, with every
invariant after every event (`appliance/simulator/shift_day.py`).  The tests run a few of them.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time

from appliance.simulator.shift import Shift
from appliance.simulator.shift_day import Day, plan

SEEDS = 40


def one(seed: int, *, has_faults: bool) -> Day:
    """One day.  Raises AssertionError naming what does not hold."""
    planned = plan(seed)
    day = Day(seed, planned, has_faults=has_faults)
    Shift(planned, is_checked=True).run(day.prepare).drain()
    day.at_rest()
    return day


def main() -> int:
    """Print the figures; 1 if something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.days")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many ({SEEDS})")
    parser.add_argument("--first", type=int, default=1001, help="the first of them (1001)")
    parser.add_argument("--calm", action="store_true", help="without faults")
    options = parser.parse_args()
    counts: collections.Counter[str] = collections.Counter()
    broken = 0
    began = time.process_time()
    for seed in range(options.first, options.first + options.seeds):
        try:
            day = one(seed, has_faults=not options.calm)
        except AssertionError as error:
            broken += 1
            print(f"seed {seed}: {str(error)[:500]}", flush=True)
            continue
        counts += day.tallies()
    for what, count in sorted(counts.items()):
        print(f"{what}: {count}")
    print(f"{time.process_time() - began:.0f} s of CPU")
    word = "SHORT" if broken else "ok"
    print(f"working days on which an invariant did not hold | {broken} of {options.seeds} | 0 | {word}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
