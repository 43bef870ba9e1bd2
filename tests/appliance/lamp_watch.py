"""Reads the panel's expander with i2cget as fast as it goes, and says what each lamp was seen to do."""

from __future__ import annotations

import itertools
import statistics
from typing import Final

from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.panel import PINS
from tests.appliance.box import Box

ADDRESS: Final = "0x20"
GAP_S: Final = 0.8  # between flashes 0.3 s, between digits and rounds 1.3 and more
SLOW_RUN_S: Final = 0.65  # slow is a second each way, fast a fifth of one

CODE_S: Final = 20  # two rounds of nine flashes, and a little

Samples = list[tuple[float, frozenset[Lamp]]]


def bus(box: Box) -> int:
    """The number of i2c-stub's bus."""
    line = next(line for line in box.run("i2cdetect -l").splitlines() if "stub" in line)
    return int(line.split()[0].removeprefix("i2c-"))


def look(box: Box, seconds: int) -> Samples:
    """What the output registers say, again and again."""
    get = f"i2cget -y {bus(box)} {ADDRESS}"
    loop = f"end=$((SECONDS + {seconds})); while [ $SECONDS -lt $end ]; do"
    said = box.run(
        f"bash -c '{loop} echo $EPOCHREALTIME $({get} 2) $({get} 3); done'", timeout_s=seconds + 60.0
    )
    samples: Samples = []
    for line in said.splitlines():
        at, low, high = line.split()
        level = int(low, 16) | int(high, 16) << 8
        samples.append((float(at), frozenset(lamp for lamp, pin in PINS.items() if not level >> pin & 1)))
    return samples


def runs(samples: Samples, lamp: Lamp) -> list[tuple[bool, float]]:
    """How long the lamp was seen lit and dark in turn; the cut ones at both ends left out."""
    found = []
    for is_lit, group in itertools.groupby(samples, key=lambda sample: lamp in sample[1]):
        times = [at for at, _ in group]
        found.append((is_lit, times[0]))
    starts = [at for _, at in found] + [samples[-1][0]]
    lengths = [(is_lit, end - begin) for (is_lit, begin), end in zip(found, starts[1:], strict=True)]
    return lengths if len(lengths) == 1 else lengths[1:-1]


def pattern(samples: Samples, lamp: Lamp) -> str:
    """off, on, slow, fast, or the flashes counted between two pauses."""
    seen = runs(samples, lamp)
    if len(seen) == 1 and len({lamp in lit for _, lit in samples}) == 1:
        return "on" if seen[0][0] else "off"
    darks = [length for is_lit, length in seen if not is_lit]
    lits = [length for is_lit, length in seen if is_lit]
    if lits and statistics.median(lits) > SLOW_RUN_S:
        return "slow"
    if max(darks, default=0.0) < GAP_S:
        return "fast"
    return str(max(_groups(seen), default=0))  # a flash may be missed, never seen twice


def _groups(seen: list[tuple[bool, float]]) -> list[int]:
    """Flashes between two long darks; what was cut off at the end is left out."""
    groups: list[int] = []
    for is_lit, length in seen:
        if not is_lit and length >= GAP_S:
            groups.append(0)
        elif is_lit and groups:
            groups[-1] += 1
    return groups[:-1]
