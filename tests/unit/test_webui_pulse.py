"""The page asks itself through its real server; a server whose threads hang beats no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.settings import Home, Web
from webui import server, tls
from webui.pulse import Pulse


class Page:
    """A page that can be made to hang, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        self.goes_on.wait(20)
        start("503 Service Unavailable", [("Content-Length", "0")])
        return []


@contextmanager
def served(page: Page, home: Home) -> Iterator[int]:
    certificate, key = tls.ensure(home, Web())
    site = server.build(
        page, address="127.0.0.1", port=0, certificate=certificate, key=key, body_bytes_max=1000
    )
    thread = threading.Thread(target=site.serve, daemon=True)
    thread.start()
    try:
        yield site.bind_addr[1]
    finally:
        page.goes_on.set()
        site.stop()
        thread.join(10)


def until(is_so: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_answers_beat_and_a_hanging_page_does_not(tmp_path: Path) -> None:
    page = Page()
    beats: list[float] = []
    with served(page, Home(tmp_path)) as port:
        pulse = Pulse(
            lambda: beats.append(time.monotonic()),
            address="0.0.0.0",  # as a page that serves every network
            port=port,
            every_s=0.05,
            timeout_s=0.2,
        )
        pulse.start()
        until(lambda: len(beats) >= 2)
        assert set(page.asked) == {"/health"}

        page.goes_on.clear()
        hung_from = len(page.asked)
        until(lambda: len(page.asked) >= hung_from + 3)
        silent_since = beats[-1]
        until(lambda: len(page.asked) >= hung_from + 5)
        assert beats[-1] == silent_since

        page.goes_on.set()
        until(lambda: beats[-1] > silent_since)
        pulse.stop()
