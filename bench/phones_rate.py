"""Registrations and calls a second against sipp, and the memory of 3,000 calls; on loopback, one process.

A hundred desks log in within seconds at a shift's start: 200 registrations and 100 calls are offered a second
and must all succeed.  Memory may not grow once the calls of the last minute are forgotten.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from appliance.phones import messages
from appliance.phones.messages import Media
from tests.contract import sipp_scenarios as sipp
from tests.contract.phones_rig import Dialer, Phones, phones

EXTENSIONS = tuple(str(number) for number in range(201, 301))
REGISTRATIONS, REGISTRATIONS_PER_S = 1_500, 200
CALLS, CALLS_PER_S = 1_500, 100
CPU_MS_MAX = 4.0  # a call: challenge, answer, hang-up, and our own check of every datagram
GROWTH_MAX = 1.15  # the second 1,500 calls over the first, after both were forgotten
FORGOTTEN_S = 70.0  # two turns of sippy's cache of answers


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        with phones(place / "home", *EXTENSIONS) as (running, dialer):
            stop = threading.Event()
            threading.Thread(target=_answer, args=(dialer, stop), daemon=True).start()
            held = _measure(place, running)
            stop.set()
    return 0 if all(held) else 1


def _measure(place: Path, running: Phones) -> list[bool]:
    words = ("-m", str(REGISTRATIONS), "-r", str(REGISTRATIONS_PER_S))
    done, seconds, _ = _run(place, running, sipp.REGISTER, *words)
    held = [
        _show("registrations that succeeded", done, REGISTRATIONS, at_least=True),
        _show("registrations/s", done / seconds, 0.85 * REGISTRATIONS_PER_S, at_least=True),
    ]
    words = ("-m", str(CALLS), "-r", str(CALLS_PER_S))
    done, seconds, cpu_s = _run(place, running, sipp.call(sipp.pause(200)), *words)
    held += [
        _show("calls that succeeded", done, CALLS, at_least=True),
        _show("calls/s", done / seconds, 0.85 * CALLS_PER_S, at_least=True),
        _show("CPU a call, ms", cpu_s / done * 1000, CPU_MS_MAX, at_least=False),
    ]
    time.sleep(FORGOTTEN_S)
    first = running.rss_bytes()
    _run(place, running, sipp.call(sipp.pause(200)), *words)
    peak = running.rss_bytes()
    time.sleep(FORGOTTEN_S)
    print(f"memory MB: {first / 1e6:.1f} after 1,500 calls, {peak / 1e6:.1f} right after 3,000")
    held.append(
        _show("memory after 3,000 calls / 1,500", running.rss_bytes() / first, GROWTH_MAX, at_least=False)
    )
    return held


def _run(place: Path, running: Phones, scenario: str, *words: str) -> tuple[int, float, float]:
    """(successes, seconds, CPU seconds of the phones process)."""
    cpu_s, begun = _cpu_s(running.process.pid), time.monotonic()
    screen = sipp.run(place, scenario, running.port, *words, extensions=EXTENSIONS, within_s=120.0)
    return sipp.successes(screen), time.monotonic() - begun, _cpu_s(running.process.pid) - cpu_s


def _answer(dialer: Dialer, stop: threading.Event) -> None:
    own = Media("127.0.0.1", 26_300)
    while not stop.is_set():
        event = dialer.next(within_s=0.1)
        if isinstance(event, messages.Invited):
            dialer.ask(messages.AnswerLeg(event.leg, own))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _show(name: str, value: float, limit: float, *, at_least: bool) -> bool:
    is_held = value >= limit if at_least else value <= limit
    print(f"{name} | {value:.2f} | {limit:.2f} | {'ok' if is_held else 'SHORT'}", flush=True)
    return is_held


if __name__ == "__main__":
    sys.exit(main())
