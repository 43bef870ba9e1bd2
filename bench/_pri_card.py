"""What the card's benches share: an exchange in a process of its own, and a loop over real time."""

from __future__ import annotations

import multiprocessing
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from appliance.pri_card.d_events import DisconnectArrived, SetupArrived
from appliance.pri_card.libpri import DChannel
from appliance.pri_card.span import Span
from appliance.pri_card.span_simulated import SimulatedSpan

IDLE_S = 0.05


def wait(files: list[int], due: float | None) -> None:
    """Until one of the files is readable or `due` has come."""
    poller = select.poll()
    for descriptor in files:
        poller.register(descriptor, select.POLLIN)
    now = time.monotonic()
    seconds = IDLE_S if due is None else min(IDLE_S, max(0.0, due - now))
    poller.poll(seconds * 1000)


def show(name: str, value: float, limit: float, *, at_least: bool, unit: str = "") -> bool:
    """Print one figure; whether it holds."""
    holds = value >= limit if at_least else value <= limit
    sign, verdict = ">=" if at_least else "<=", "ok" if holds else "SHORT"
    print(f"{name} | {value:.2f}{unit} | {sign} {limit:.2f}{unit} | {verdict}")
    return holds


def show_load() -> None:
    """What else ran meanwhile: with more runnable processes than cores, lateness is the scheduler's."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


@contextmanager
def exchange(lines: Path, *, spans: int, is_answering: bool) -> Iterator[None]:
    """Exchanges that answer every call at once, or refuse it as busy, in another process."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    process = context.Process(target=_serve, args=(lines, spans, is_answering, stop))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(5.0)
        process.kill()


def _serve(lines: Path, spans: int, is_answering: bool, stop: Event) -> None:
    ends: list[tuple[Span, DChannel]] = []
    for number in range(1, spans + 1):
        span: Span = SimulatedSpan(number, lines / f"span{number}", "network")
        span.open_d(time.monotonic())
        ends.append((span, DChannel("network", time.monotonic())))
    while not stop.is_set():
        for span, d in ends:
            _turn(span, d, is_answering)
        dues = [due for span, d in ends for due in (span.due(), d.due()) if due is not None]
        wait([file for span, _ in ends for file in span.files()], min(dues, default=None))


def _turn(span: Span, d: DChannel, is_answering: bool) -> None:
    now = time.monotonic()
    events = [event for frame in span.receive_d(now) for event in d.feed(frame, now)] + d.run(now)
    for event in events:
        if isinstance(event, SetupArrived):
            d.proceed(event.call, now)
            if is_answering:
                d.alert(event.call, now)
                d.answer(event.call, now)
            else:
                d.hangup(event.call, 17, now)
        elif isinstance(event, DisconnectArrived):
            d.hangup(event.call, event.cause, now)
    for frame in d.take_frames():
        span.send_d(frame, now)
