"""A thousand scripted transfers and three-ways with random failures: who was lost, and what left over."""

from __future__ import annotations

import collections
import sys
from typing import Final

from appliance.simulator.shift import Plan, Shift
from appliance.simulator.shift_custody import Custody
from appliance.simulator.shift_transfers import Transfers

SCRIPTS: Final = 1_000
HOURS: Final = 1.0


def one(seed: int, scripts_max: int) -> tuple[Transfers, Custody]:
    """One shift.  Raises AssertionError naming what was lost or left over."""
    plan = Plan(
        seats=20, hours=HOURS, mode="ratio", ratio=2.0, seed=seed, channels=115, customers=50_000, answer=0.5,
        talk_s=40.0, wrap_s=8.0,
    )  # fmt: skip
    shift, scripts = Shift(plan, is_checked=True), Transfers(seed, scripts_max=scripts_max)
    custody = Custody(shift.world, shift.machine)
    shift.run(scripts.prepare)
    shift.drain()
    assert shift.invariants is not None
    shift.invariants.at_rest()
    custody.at_rest()
    return scripts, custody


def main() -> int:
    """Print the figures; 1 if one is short."""
    counts: collections.Counter[str] = collections.Counter()
    done, seed = 0, 0
    broken: list[str] = []
    while done < SCRIPTS and len(broken) < 10:
        seed += 1
        try:
            scripts, custody = one(seed, SCRIPTS - done)
        except AssertionError as error:
            broken.append(f"seed {seed}: {error}")
            continue
        done += scripts.scripts
        counts += scripts.counts + custody.counts
    for what, count in sorted(counts.items()):
        print(f"{what}: {count}")
    for what in broken:
        print(what)
    print(
        f"scripted transfers and three-ways | {done} | ≥ {SCRIPTS} | {'ok' if done >= SCRIPTS else 'SHORT'}"
    )
    word = "SHORT" if broken else "ok"
    print(f"shifts with a lost customer or a leg left over | {len(broken)} of {seed} | 0 | {word}")
    return 1 if broken or done < SCRIPTS else 0


if __name__ == "__main__":
    sys.exit(main())
