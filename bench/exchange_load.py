"""Keeps B channels of simulated lines busy with speech, from a process of its own: load for other benches.

`busy_lines` is the helper; run alone, it measures what the exchange's side of 115 channels costs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.pri_card.span import Span as PriSpan
from appliance.pri_card.span import open_span
from appliance.settings import CHANNELS_PER_SPAN, Home, Settings, Span, load
from appliance.simulator.callee_plan import CALLEE_TONES_HZ, Sound
from appliance.simulator.callee_sound import Voice
from appliance.simulator.exchange import Ear

ROOT = Path(__file__).resolve().parents[1]
TICK_S = 0.020
CPU_LIMIT = 0.20  # of one core for 115 channels: two cores have to carry the box beside it


def sound_of(span: int, channel: int) -> Sound:
    """What is said on a channel: every other one a tone of its own, the rest noise shaped like speech."""
    index = (span - 1) * CHANNELS_PER_SPAN + channel - 1
    if index % 2:
        return Sound("noise")
    return Sound("tone", CALLEE_TONES_HZ[index // 2 % len(CALLEE_TONES_HZ)])


def first_lines(settings: Settings, channels: int) -> list[tuple[Span, int]]:
    """The first `channels` channels of the site's simulated spans."""
    every = [
        (span, channel)
        for span in settings.spans
        if span.kind == "simulated"
        for channel in range(1, CHANNELS_PER_SPAN + 1)
    ]
    assert channels <= len(every), f"the site has {len(every)} simulated channels"
    return every[:channels]


@contextlib.contextmanager
def busy_lines(home: Home, settings: Settings, channels: int) -> Iterator[int]:
    """Speech on the network ends of the first `channels` channels, both ways; yields the process id.

    The home's site file must be the one of `settings`.  No D channel is opened: open the user ends at will.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.exchange_load", str(home.root), str(channels)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n", "the load process does not start"
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=10)


def serve(home: Home, channels: int) -> None:
    """The child: speak and listen every 20 ms until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    spans: dict[int, PriSpan] = {}
    ends: list[tuple[Ear, Voice]] = []
    for site_span, channel in first_lines(load(home), channels):
        span = spans.setdefault(site_span.number, open_span(site_span, home, "network"))
        device = span.open_b(channel)
        voice = Voice()
        voice.say(sound_of(site_span.number, channel))
        ends.append((Ear(device), voice))
    print("ready", flush=True)
    next_at = time.monotonic()
    while True:
        for ear, voice in ends:
            ear.tick(voice)
        next_at = max(next_at + TICK_S, time.monotonic() - 5 * TICK_S)
        time.sleep(max(0.0, next_at - time.monotonic()))


def cpu_s(pid: int) -> float:
    """Processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listen(home: Home, settings: Settings, channels: int, seconds: float) -> tuple[int, float]:
    """Open the user ends, speak and listen for `seconds`: (blocks heard, worst gap between blocks in ms)."""
    devices = [open_span(span, home).open_b(channel) for span, channel in first_lines(settings, channels)]
    block = b"\xff" * 160
    heard, last_at, gap_s = 0, [0.0] * len(devices), 0.0
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        for index, device in enumerate(devices):
            if device.read():
                gap_s = max(gap_s, now - last_at[index] if last_at[index] else 0.0)
                last_at[index] = now
                heard += 1
                device.write(block)
        time.sleep(0.002)
    for device in devices:
        device.close()
    return heard, gap_s * 1000


def main() -> int:
    """Measure, or with a home directory and a number serve as the child of `busy_lines`."""
    if len(sys.argv) == 3:
        serve(Home(Path(sys.argv[1])), int(sys.argv[2]))
        return 0
    channels, seconds = 115, 10.0
    settings = Settings(spans=tuple(Span(number=number) for number in range(1, 6)))
    with tempfile.TemporaryDirectory() as directory:
        home = Home(Path(directory))
        home.site_file.write_text("".join(f"[[spans]]\nnumber = {n}\n" for n in range(1, 6)))
        with busy_lines(home, settings, channels) as pid:
            before = cpu_s(pid)
            heard, gap_ms = listen(home, settings, channels, seconds)
            used = (cpu_s(pid) - before) / seconds
    wanted = channels * seconds / TICK_S
    is_cheap = used <= CPU_LIMIT
    is_whole = heard >= 0.97 * wanted
    print(f"exchange speech, {channels} channels, core | {used:.1%} | {CPU_LIMIT:.0%} | {said(is_cheap)}")
    print(f"exchange speech, blocks delivered | {heard / wanted:.1%} | 97% | {said(is_whole)}")
    print(f"exchange speech, worst gap between blocks | {gap_ms:.1f} ms | printed | ok")
    return 0 if is_cheap and is_whole else 1


def said(is_met: bool) -> str:
    """The last column of a bench line."""
    return "ok" if is_met else "SHORT"


if __name__ == "__main__":
    raise SystemExit(main())
