"""Whispering: the supervisor on the customer's leg, against the operator.  Measured by spectrum.

The audio process itself between a simulated line and two phones, each with a tone.  What the line's far end
got is cut into windows of 100 ms; the same is measured with the supervisor silent, which is the floor.
"""

from __future__ import annotations

import itertools
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np

from appliance.audio import messages, mulaw, tones
from appliance.audio.rtp import HEADER_BYTES, Sender
from appliance.phones.messages import Media
from appliance.pri_card.span import BChannel, open_span
from appliance.settings import Home, load
from bench.audio_plane import connect, never_starve, start

LIMIT_DB: Final = -60.0
# mu-law's own error of a tone lies on multiples of its common divisor with 8,000 Hz: 500 and 100 Hz here.
CUSTOMER_HZ, OPERATOR_HZ, SUPERVISOR_HZ = 500, 900, 1_310
LEVEL_DBM0: Final = -12.0
MEASURE_S: Final = 10.0
SETTLE_S: Final = 1.0
WINDOW: Final = 800  # samples: 100 ms, whole periods of all three tones
FLOOR: Final = 1e-12
LINE, OPERATOR, SUPERVISOR = "b1/1", "p1", "p2"


class Phone:
    """A desk phone's end."""

    def __init__(self, number: int, hz: int) -> None:
        self.end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.end.bind(("127.0.0.1", 0))
        self.end.setblocking(False)
        self.saying = tone(hz)
        self.heard: list[bytes] = []
        self._sender = Sender(source=number, sequence=0, timestamp=0)

    @property
    def media(self) -> Media:
        return Media("127.0.0.1", self.end.getsockname()[1])

    def tick(self) -> None:
        self.end.send(self._sender.packet(next(self.saying)))
        try:
            while True:
                self.heard.append(self.end.recv(2_048)[HEADER_BYTES:])
        except BlockingIOError:
            return


class Line:
    """The customer's end."""

    def __init__(self, channel: BChannel) -> None:
        self.heard: list[bytes] = []
        self._channel = channel
        self._saying = tone(CUSTOMER_HZ)

    def tick(self) -> None:
        self._channel.write(next(self._saying))
        while block := self._channel.read():
            self.heard.append(block)


def tone(hz: int) -> Iterator[bytes]:
    """Blocks of 20 ms without a seam, for ever."""
    loop = tones.encoded(tones.sine(hz, WINDOW / mulaw.RATE_HZ, LEVEL_DBM0))
    return itertools.cycle(loop[at : at + mulaw.BLOCK_BYTES] for at in range(0, len(loop), mulaw.BLOCK_BYTES))


def ratios_db(blocks: list[bytes], hz: int, against_hz: int) -> list[float]:
    """One frequency against another in each window, dB."""
    samples = mulaw.decode(b"".join(blocks)).astype(float)
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    power = np.abs(np.fft.rfft(windows, axis=1)) ** 2
    per_bin = mulaw.RATE_HZ // WINDOW
    of, against = power[:, hz // per_bin], power[:, against_hz // per_bin]
    return [float(ratio) for ratio in 10 * np.log10(np.maximum(of, FLOOR) / np.maximum(against, FLOOR))]


def run_for(seconds: float, ticks: list[Callable[[], None]]) -> None:
    """Everybody speaks every 20 ms."""
    next_at, end = time.monotonic(), time.monotonic() + seconds
    while next_at < end:
        for tick in ticks:
            tick()
        next_at += mulaw.TICK_S
        time.sleep(max(0.0, next_at - time.monotonic()))


def report(name: str, ratios: list[float], limit_db: float | None) -> bool:
    middle, worst = float(np.median(ratios)), max(ratios)
    is_held = limit_db is None or middle <= limit_db
    limit = "-" if limit_db is None else f"<= {limit_db:g} dB"
    word = "ok" if is_held else "SHORT"
    print(
        f"{name} ({len(ratios)} windows) | {middle:.1f} dB, worst {worst:.1f} dB | {limit} | {word}",
        flush=True,
    )
    return is_held


def main() -> int:
    never_starve()
    with ExitStack() as stack:
        home = Home(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        home.site_file.write_text(
            "[phones]\nrtp_port_first = 24000\nrtp_port_last = 25000\n[[spans]]\nnumber = 1\n"
        )
        channel = open_span(load(home).spans[0], home, "network").open_b(1)
        start(stack, "-m", "appliance", "audio", "--home", str(home.root))
        client = connect(home)
        stack.callback(client.close)
        line, operator, supervisor = Line(channel), Phone(1, OPERATOR_HZ), Phone(2, SUPERVISOR_HZ)
        client.request(messages.OpenLine(LINE, 1, 1))
        for name, phone in ((OPERATOR, operator), (SUPERVISOR, supervisor)):
            opened = client.request(messages.OpenPhone(name, phone.media))
            phone.end.connect(("127.0.0.1", opened.local.port))
        hears = {LINE: (OPERATOR,), OPERATOR: (LINE, SUPERVISOR), SUPERVISOR: (LINE, OPERATOR)}
        client.request(messages.Bridge(1, LINE, OPERATOR))
        client.request(messages.Mix(1, hears, (OPERATOR,), (LINE,)))
        ends = [line.tick, operator.tick, supervisor.tick]
        run_for(SETTLE_S, ends)
        line.heard.clear()
        operator.heard.clear()
        run_for(MEASURE_S, ends)
        at_customer = ratios_db(line.heard, SUPERVISOR_HZ, OPERATOR_HZ)
        at_operator = ratios_db(operator.heard, SUPERVISOR_HZ, CUSTOMER_HZ)
        supervisor.saying = itertools.repeat(mulaw.SILENT_BLOCK)
        run_for(SETTLE_S, ends)
        line.heard.clear()
        run_for(MEASURE_S, ends)
        silent = ratios_db(line.heard, SUPERVISOR_HZ, OPERATOR_HZ)
    held = report("customer's leg during whisper: supervisor against operator", at_customer, LIMIT_DB)
    report("the same with the supervisor silent", silent, None)
    report("operator's phone: supervisor against customer", at_operator, None)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
