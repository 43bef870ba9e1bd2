"""A seeded floor behind a running page: what the browser's tests and the guides' pictures both look at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.clock import SystemClock
from appliance.settings import Home, Settings, Web
from tests.browser import floor as floors
from tests.browser.afternoon import Afternoon
from tests.browser.box import FakeMonitor
from tests.browser.floor import FakeDialer, Floor, Worker
from webui import app, process, server, tls

CHROMIUM = "/usr/bin/chromium"
DESK = {"width": 1351, "height": 600}  # what 1366x768 leaves of a page in a browser


@dataclass
class Site:
    """A running page over HTTPS."""

    url: str
    floor: Floor
    dialer: FakeDialer
    monitor: FakeMonitor


@contextmanager
def running(home: Home, *, seat_count: int, clock: SystemClock | None = None) -> Iterator[Site]:
    """The page of a seeded floor, until the block ends; by default on the afternoon of today."""
    floor = floors.seed(home, seat_count=seat_count, clock=clock or Afternoon())
    floors.add_recording(floor)
    services = process.services(home, Settings(), clock=floor.clock)
    certificate, key = tls.ensure(home, Web())
    built = server.build(
        app.build(services),
        address="127.0.0.1",
        port=0,
        certificate=certificate,
        key=key,
        body_bytes_max=10**8,
    )
    dialer = FakeDialer(home, floors.board(floor), clock=floor.clock).start()
    worker = Worker(home).start()
    monitor = FakeMonitor(home, floor.clock).start()
    services.live.start()
    services.box.start(services.live.touch)
    thread = threading.Thread(target=built.serve, daemon=True)
    thread.start()
    yield Site(f"https://127.0.0.1:{built.bind_addr[1]}", floor, dialer, monitor)
    services.live.close()
    services.box.close()
    built.stop()
    thread.join(10)
    monitor.stop()
    worker.stop()
    dialer.stop()
