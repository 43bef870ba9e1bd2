"""Utilisation at the abandon target: `python -m bench.pacing [--seeds N] [--quick] [--model] [--held-out]`.

Every shift is of 8 hours, a pacer that knows nothing at its start, the first 30 minutes left out.  Figures
are taken through the dialer's own machine; `--model` takes them on the bare floor of `bench/pacing_model.py`.
`--keep FILE` goes on where it was stopped, as long as nothing of the pacing has changed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import hashlib
import itertools
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from appliance.dialer.pacing import Pacer, SeatsSeen
from appliance.simulator.shift import simulate
from bench.pacing_model import Floor, Shift, quarters

TARGET: Final = 0.03
SEEDS: Final = range(1, 21)
HELD_OUT: Final = range(1001, 1021)
QUARTERS: Final = (0.12, 0.30, 0.18, 0.40)
PROCESSES: Final = 2
DECISION_US_MAX: Final = 300.0
DIALER: Final = Path(__file__).resolve().parent.parent / "appliance" / "dialer"


@dataclass(frozen=True, slots=True)
class Case:
    """A floor and what it must reach; utilisation in %, None where it is only printed."""

    name: str
    floor: Floor
    utilisation: float | None = None

    @property
    def worst_limit(self) -> float:
        return 6.0 if self.floor.seats >= 20 else 9.0


class Day(msgspec.Struct, frozen=True):
    """One shift's figures in %, and how many ringing calls were cut."""

    utilisation: float
    abandoned: float
    worst_half_hour: float
    answers: int
    ring_cuts: int = 0  # the bare floor knows none


STEADY: Final = {5: 78.0, 10: 83.0, 20: 87.5, 50: 92.5, 100: 95.5}
MOVING: Final = {5: 77.0, 10: 82.5, 20: 87.0, 50: 92.0, 100: 95.0}
CASES: Final = (
    *(Case(f"{seats} seats", Floor(seats), least) for seats, least in STEADY.items()),
    *(Case(f"{seats} seats, rate moving", Floor(seats, quarters), least) for seats, least in MOVING.items()),
    Case("20 seats, half at lunch", Floor(20, lunch_at_s=4 * 3600.0)),
    Case("20 seats, 23 channels", Floor(20, channels=23)),
    Case("20 seats, rate 6 %", Floor(20, 0.06)),
    Case("20 seats, rate 60 %", Floor(20, 0.60)),
)


def model_day(case: Case, seed: int) -> Day:
    """One shift of the call-level floor."""
    shift = Shift(case.floor, Pacer(target=TARGET), seed).run()
    answers = sum(at >= 1800.0 for at, _ in shift.answers)
    return Day(
        100.0 * shift.utilisation(), 100.0 * shift.abandon_ratio(), 100.0 * shift.worst_half_hour(), answers
    )


def core_day(case: Case, seed: int) -> Day:
    """One shift through the dialer's own machine."""
    floor = case.floor
    got = simulate(
        seats=floor.seats,
        answer=QUARTERS if callable(floor.answer) else floor.answer,
        target=TARGET,
        mode="adaptive",
        seed=seed,
        channels=floor.channels,
        lunch_at_s=0.0 if math.isinf(floor.lunch_at_s) else floor.lunch_at_s,
        lunch_s=floor.lunch_s,
    )
    return Day(
        100.0 * got["utilisation"],
        100.0 * got["abandon_ratio"],
        100.0 * got["abandon_ratio_worst_30min"],
        int(got["answered"]),
        int(got["ring_cuts"]),
    )


class Kept:
    """Days already taken, one a line of a file; those of another pacing are passed over."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._code = _digest()
        self._days: dict[tuple[str, int], Day] = {}
        for line in path.read_bytes().splitlines() if path is not None and path.exists() else ():
            row = msgspec.json.decode(line, type=Row)
            if row.code == self._code:
                self._days[row.case, row.seed] = row.day

    def days(self, case: Case, seeds: Sequence[int], take: Callable[[list[int]], Iterable[Day]]) -> list[Day]:
        """One a seed; `take` gives those that are missing, in order."""
        missing = [seed for seed in seeds if (case.name, seed) not in self._days]
        for seed, day in zip(missing, take(missing), strict=True):
            self._days[case.name, seed] = day
            if self._path is not None:
                with self._path.open("ab") as file:
                    file.write(msgspec.json.encode(Row(self._code, case.name, seed, day)) + b"\n")
        return [self._days[case.name, seed] for seed in seeds]


class Row(msgspec.Struct, frozen=True):
    """A line of the file; `code` is the digest of the pacing it was taken with."""

    code: str
    case: str
    seed: int
    day: Day


def _digest() -> str:
    """Of everything that decides how many calls to start."""
    files = sorted([*DIALER.glob("pacing*.py"), *DIALER.glob("*_law.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def decision_us() -> float:
    """Mean cost of one decision at 100 seats with 250 calls ringing, in microseconds."""
    pacer = Pacer(target=TARGET)
    for call in range(2000):
        pacer.placed(call, 1, 9, call * 0.02)
        pacer.ended(call, call * 0.02 + (9.0 if call % 4 == 0 else 22.0), is_answered=call % 4 == 0)
        if call % 4 == 0:
            pacer.connected(call * 0.02 + 9.0, is_abandoned=False)
    for call in range(250):
        pacer.placed(10_000 + call, 1, 9, 78.0 + call * 0.08)
    seen = SeatsSeen(3, tuple(20.0 + n for n in range(80)), tuple(80.0 + n for n in range(17)))
    began = time.process_time()
    for turn in range(2000):
        pacer.calls_to_place(100.0 + turn * 1e-3, seen, callable=1000, channels_free=1000)
    return (time.process_time() - began) / 2000 * 1e6


def report(case: Case, days: Sequence[Day], where: str) -> bool:
    """Print the lines of one case; True when all hold."""
    mean = sum(day.utilisation for day in days) / len(days)
    lines = [(f"{case.name}, abandoned, worst day", max(day.abandoned for day in days), "<=", 3.0)]
    lines.append(
        (f"{case.name}, worst 30 min", max(day.worst_half_hour for day in days), "<=", case.worst_limit)
    )
    lines.insert(0, (f"{case.name}, utilisation", mean, ">=", case.utilisation or 0.0))
    is_ok = True
    for name, value, sign, limit in lines:
        holds = value >= limit if sign == ">=" else value <= limit + 1e-9
        is_ok &= holds
        verdict = "ok" if holds else "SHORT"
        print(
            f"{where}: {name}, {len(days)} seeds | {value:.2f} % | {sign} {limit:.1f} % | {verdict}",
            flush=True,
        )
    cuts = sum(day.ring_cuts for day in days)
    print(
        f"{where}: {case.name}, ringing calls cut | {cuts} | <= 0 | {'SHORT' if cuts else 'ok'}", flush=True
    )
    return is_ok and not cuts


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.pacing", description="Utilisation at the target.")
    parser.add_argument("--seeds", type=int, choices=range(1, 21), metavar="1-20", help="shifts of each case")
    parser.add_argument("--quick", action="store_true", help="four seeds, floors up to 20 seats")
    parser.add_argument("--model", action="store_true", help="the bare floor, without the dialer's machine")
    parser.add_argument("--held-out", action="store_true", help="seeds that were not used for tuning")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="the days taken so far, to go on with")
    parser.add_argument("--processes", type=int, default=PROCESSES, metavar="N", help="shifts at a time")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] = ()) -> int:
    """Run all 20 seeds unless told otherwise; 0 when every figure holds."""
    told = options(arguments)
    os.nice(10)
    seeds = list(HELD_OUT if told.held_out else SEEDS)[: told.seeds or (4 if told.quick else None)]
    cases = [case for case in CASES if case.floor.seats <= (20 if told.quick else 100)]
    cost = decision_us()
    is_ok = cost <= DECISION_US_MAX
    print(
        f"decision at 100 seats | {cost:.0f} us | <= {DECISION_US_MAX:.0f} us | {'ok' if is_ok else 'SHORT'}"
    )
    run, kept = (model_day, Kept(None)) if told.model else (core_day, Kept(told.keep))
    with concurrent.futures.ProcessPoolExecutor(told.processes) as pool:
        for case in cases:
            days = kept.days(case, seeds, functools.partial(pool.map, run, itertools.repeat(case)))
            is_ok &= report(case, days, "model" if told.model else "core")
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
