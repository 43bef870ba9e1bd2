"""Resident memory of each process over a day: `python -m bench.memory [--hours H] [--minutes M] [--machine]`.

Without `--hours` the day is compressed: a floor in a hurry (`_memory_floor.py`) for M minutes of real time,
growth judged by the hours of a normal floor of 8 seats whose calls and talks it has had; and 24 hours of the
dialer's machine in virtual time.  `--hours 24` is the day itself, with the shipped people and habits.

Growth is the slope of the least-squares line after the first hour, beside the level at its start.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from appliance import ipc
from appliance.dialer import messages
from appliance.settings import Home
from bench._memory import Sample, report, resident_kb
from bench._memory_floor import Floor

NORMAL_SEATS: Final = 8
TALKS_A_SEAT_HOUR: Final = 29  # 90 s of talk, 20 s of wrap-up, 15 s between them
ATTEMPTS_A_TALK: Final = 3.6  # 28 % answer
SAMPLE_S: Final = 5.0
SETTLE_S: Final = 120.0  # of real time: modules are loaded late, caches fill, whatever the events
ANSWER_S_MAX: Final = 60.0  # of a dialer that shares a crowded machine
SEATS: Final = 16
SPANS: Final = 3
CUSTOMERS_SHORT: Final = 60_000
NOT_THE_BOX: Final = frozenset({"exchange", "robots"})  # the demonstration's own: printed, not judged


class Hours:
    """How many hours of a normal floor a floor has worked, by the fewer of its calls and its talks."""

    def __init__(self, home: Home, *, is_real: bool) -> None:
        self._socket, self._is_real, self._began = home.socket("dialer"), is_real, time.monotonic()

    def now(self) -> float:
        if self._is_real:
            return (time.monotonic() - self._began) / 3600
        client = ipc.BlockingClient(self._socket, messages.Union, name="memory", timeout_s=ANSWER_S_MAX)
        try:
            found: messages.Figures = client.request(messages.AskFigures())
        finally:
            client.close()
        talks = found.connected / (NORMAL_SEATS * TALKS_A_SEAT_HOUR)
        return min(talks, found.attempts / (NORMAL_SEATS * TALKS_A_SEAT_HOUR * ATTEMPTS_A_TALK))


def watch(floor: Floor, hours: Hours, *, until_s: float) -> dict[str, list[Sample]]:
    """Samples of each process.  Raises AssertionError where one was started again in between."""
    taken: dict[str, list[Sample]] = {}
    pids = floor.pids()
    began = time.monotonic()
    printed = -1
    while time.monotonic() - began < until_s:
        time.sleep(SAMPLE_S)
        hour = hours.now()
        for name, pid in pids.items():
            if time.monotonic() - began >= min(SETTLE_S, until_s / 4):
                taken.setdefault(name, []).append((hour, *resident_kb(pid)))
        if int(hour) > printed:
            printed = int(hour)
            sizes = ", ".join(f"{name} {resident_kb(pid)[0] / 1024:.0f}" for name, pid in pids.items())
            print(f"hour {hour:5.1f}, {time.monotonic() - began:6.0f} s: {sizes} MiB", flush=True)
    assert floor.pids() == pids, f"a process was started again: {pids} → {floor.pids()}"
    return taken


def judge(taken: dict[str, list[Sample]]) -> bool:
    """Print each process beside the limit; False if one of the box's grows too fast."""
    held = [report(name, taken[name], is_judged=name not in NOT_THE_BOX) for name in sorted(taken)]
    return all(held)


def real_processes(options: argparse.Namespace) -> bool:
    """A floor of real processes; its home is a directory that goes away with it."""
    is_real = options.hours > 0
    until_s = options.hours * 3600 if is_real else options.minutes * 60
    with tempfile.TemporaryDirectory(dir=options.directory, ignore_cleanup_errors=True) as folder:
        floor = Floor(
            Home(Path(folder)), seats=SEATS, spans=SPANS, pace="real" if is_real else "short",
            customers=options.customers,
        )  # fmt: skip
        try:
            floor.start()
            hours = Hours(floor.home, is_real=is_real)
            taken = watch(floor, hours, until_s=until_s)
            print(
                f"{hours.now():.1f} hours of a normal floor in {until_s / 60:.0f} minutes;"
                f" {floor.events_seen:,} lines of event streams, {floor.pages_read} pages read"
            )
            return judge(taken)
        finally:
            floor.stop()


def main() -> int:
    """Print the figures beside their limit; 1 if one is short."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory")
    parser.add_argument("--hours", type=float, default=0.0, help="real hours; 0: a compressed day (0)")
    parser.add_argument("--minutes", type=float, default=20.0, help="of the compressed day (20)")
    parser.add_argument("--customers", type=int, default=CUSTOMERS_SHORT, help=f"({CUSTOMERS_SHORT})")
    parser.add_argument("--directory", help="where its home is made (the system's temporary directory)")
    parser.add_argument("--only", choices=("machine", "floor"), help="one of the two parts")
    options = parser.parse_args()
    is_ok = True
    if options.only != "floor":
        command = [sys.executable, "-m", "bench._memory_machine"]
        is_ok &= subprocess.run(command, check=False).returncode == 0
    if options.only != "machine":
        is_ok &= real_processes(options)
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
