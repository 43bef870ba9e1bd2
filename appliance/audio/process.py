"""The audio process: composition root and the 20 ms loop.

A plain loop without asyncio: between two ticks it serves its socket, at each tick it moves the plane on.
Garbage is collected only between ticks, and after the start nothing old is looked at any more.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance.audio import messages, tones
from appliance.audio.mulaw import TICK_S
from appliance.audio.neighbours import Neighbours
from appliance.audio.plane import Plane
from appliance.audio.ports import Channel
from appliance.audio.prompts import PromptBook
from appliance.audio.recording import DiskRecorder
from appliance.audio.rtp_socket import PortRange, is_own
from appliance.audio.service import Service
from appliance.audio.tick_clock import TickClock
from appliance.clock import Clock, SystemClock
from appliance.errors import DeviceError, YobirinError
from appliance.heartbeat import Heartbeat
from appliance.pri_card.span import Span, open_span
from appliance.settings import Home, Settings

log = logging.getLogger("audio")

PRIORITY: Final = 10  # SCHED_FIFO, above everything that is not real-time
TICKS_PER_S: Final = round(1 / TICK_S)
ORPHAN_S: Final = 60.0  # a dialer restarts within seconds; after a minute nobody owns the ports
PROMPTS_EVERY_S: Final = 2.0
COLLECT_EVERY_TICKS: Final = 500
GIL_SWITCH_S: Final = 0.0005  # how long the writing thread may hold the interpreter when a tick is due
COARSE_S: Final = 0.001  # epoll counts milliseconds and rounds up: the last one is slept


class Spans:
    """Opens B channels of the site's spans."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._spans: dict[int, Span] = {span.number: open_span(span, home) for span in settings.spans}
        self.clocked = frozenset(span.number for span in settings.spans if span.kind == "dahdi")

    def open_b(self, span: int, channel: int) -> Channel:
        """Raises DeviceError."""
        if span not in self._spans:
            raise DeviceError(f"There is no span {span}.", remedy="Add it to site.toml.")
        return self._spans[span].open_b(channel)


class Loop:
    """Ticks and serves until `stop`."""

    def __init__(
        self,
        *,
        plane: Plane,
        recorder: DiskRecorder,
        path: Path,
        clock: Clock,
        is_clocked: bool,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._plane = plane
        self._recorder = recorder
        self._clock = clock
        self._is_clocked = is_clocked
        self._beat = beat
        self._reference = -1
        self._ticks = TickClock(clock.monotonic())
        self._late_s: list[float] = []
        self._clientless_since = clock.monotonic()
        self._is_stopping = False
        self._service = Service(
            path,
            messages.Union,
            name="audio",
            on_request=lambda body: plane.handle(body, clock.monotonic()),
            on_failed=self._failed,
            snapshot=plane.snapshot,
            kept=(messages.RecordingDone, messages.RecordingLost),
        )

    def stop(self, *_: object) -> None:
        self._is_stopping = True

    def run(self) -> None:
        """Blocks until `stop`."""
        count = 0
        while not self._is_stopping:
            by_line = self._wait()
            now = self._clock.monotonic()
            self._late_s.append(self._ticks.ticked(now, by_line=by_line))
            self._plane.tick(now)
            self._beat()
            count += 1
            if count % TICKS_PER_S == 0:
                self._every_second(now)
            elif count % COLLECT_EVERY_TICKS == 1:
                gc.collect()
            self._report()

    def close(self) -> None:
        """End all recordings in order."""
        self._plane.close()
        self._recorder.close()
        self._report()
        self._service.close()

    def _wait(self) -> bool:
        """Serve until the tick is due; True when the reference line gave it."""
        while not self._is_stopping:
            now = self._clock.monotonic()
            listen_at = self._ticks.listen_at()
            if now >= self._ticks.due_at:
                return False
            if now >= listen_at and self._reference >= 0:
                if self._wait_for_line(self._ticks.due_at - now):
                    return True
            elif listen_at - now > COARSE_S:
                self._service.poll(int((listen_at - now) * 1000) / 1000 - 0.0005)
                self._report()
            else:
                time.sleep(max(0.0, listen_at - now))
        return False

    def _wait_for_line(self, timeout_s: float) -> bool:
        """Wait for the reference's next block, serving meanwhile."""
        self._choose_reference()  # its port may have been closed since
        if self._reference < 0:
            return False
        poller = select.poll()
        poller.register(self._reference, select.POLLIN | select.POLLPRI)
        poller.register(self._service.fileno(), select.POLLIN)
        events = poller.poll(max(1.0, timeout_s * 1000))
        ready = {descriptor for descriptor, mask in events if mask & (select.POLLIN | select.POLLPRI)}
        if self._service.fileno() in ready:
            self._service.poll(0)
            self._report()
        return self._reference in ready

    def _every_second(self, now: float) -> None:
        self._plane.watch(now)
        late_ms = sorted(late_s * 1000 for late_s in self._late_s)
        self._late_s.clear()
        p99 = late_ms[min(len(late_ms) - 1, int(len(late_ms) * 0.99))]
        report = messages.TickReport(
            *self._plane.counts(), p99, late_ms[-1], time.process_time(), self._plane.strangers
        )
        self._plane.events.append(report)
        self._choose_reference()
        self._close_orphans(now)

    def _choose_reference(self) -> None:
        line = self._plane.reference(self._clock.monotonic()) if self._is_clocked else None
        descriptor = line.channel.fileno() if line is not None else -1
        if descriptor != self._reference:
            self._reference = descriptor
            if descriptor >= 0:
                self._ticks.follow()
            else:
                self._ticks.leave()

    def _close_orphans(self, now: float) -> None:
        if self._service.has_clients:
            self._clientless_since = now
        elif now - self._clientless_since > ORPHAN_S and self._plane.counts()[0]:
            log.warning("nobody has asked for %g s: all ports are closed", ORPHAN_S)
            self._plane.close()

    def _report(self) -> None:
        events: list[Any] = [*self._plane.events, *self._recorder.take_results()]
        self._plane.events.clear()
        if events:
            self._service.publish(events)

    def _failed(self, body: Any, error: YobirinError) -> None:
        port = getattr(body, "port", "") or getattr(body, "line", "")
        self._plane.events.append(messages.PortFault(port, str(error)))


def run(home: Home, settings: Settings) -> None:
    """Build everything, tick until SIGTERM or SIGINT, end all recordings.  Raises YobirinError."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    _take_priority()  # the threads inherit it: an ordinary one, put aside, would keep the interpreter's lock
    clock = SystemClock()
    spans = Spans(settings, home)
    prompts = PromptBook(home.prompts, tones.all_tones())
    recorder = DiskRecorder(home.recordings, disk_free_min_bytes=settings.limits.disk_free_min_bytes)
    stopped = _keep_fresh(prompts)
    plane = Plane(
        open_b=spans.open_b,
        rtp_ports=PortRange(
            settings.phones.address, settings.phones.rtp_port_first, settings.phones.rtp_port_last
        ),
        neighbours=Neighbours(settings.phones.allowed_networks, is_own=is_own),
        prompts=prompts,
        recorder=recorder,
        dice=random.SystemRandom(),
        clock=clock,
    )
    loop = Loop(
        plane=plane,
        recorder=recorder,
        path=home.socket("audio"),
        clock=clock,
        is_clocked=bool(spans.clocked),
        beat=Heartbeat(home, "audio").beat,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, loop.stop)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        loop.run()
    finally:
        stopped.set()
        loop.close()


def _take_priority() -> None:
    """Real-time scheduling where the system allows it."""
    sys.setswitchinterval(GIL_SWITCH_S)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        log.info("no real-time priority (%s): the tick shares the processor", error.strerror)


def _keep_fresh(prompts: PromptBook) -> threading.Event:
    """Read the site's new prompts in the background until the event is set."""
    stopped = threading.Event()

    def refresh() -> None:
        while not stopped.wait(PROMPTS_EVERY_S):
            prompts.refresh()

    threading.Thread(target=refresh, name="prompts", daemon=True).start()
    return stopped
