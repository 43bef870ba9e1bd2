"""A demonstration floor in a hurry: every process of the box, real phones and a real D channel, short talks.

Calls ring for a second and talks last for two, so that minutes hold the calls of hours.  Browsers hold event
streams open and read pages meanwhile.  Makes and drives it; measures nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from appliance import demo, demo_floor, processes
from appliance.settings import Home
from appliance.simulator import population
from appliance.store import lists, projects, users
from appliance.store.import_run import load_file
from appliance.store.imports import Plan
from appliance.store.open import Store, open_store

PASSWORD: Final = "Nijiiro-7733-kasa"
VIEWERS: Final = 10
PAGES: Final = ("/live", "/history", "/reports", "/lists", "/layout")
PAGE_EVERY_S: Final = 2.0
WARM_PAGES: Final = 600  # each of the page's 264 threads has had one: an hour of real browsers does the same
START_S_MAX: Final = 240.0  # a crowded machine starts slowly

PEOPLE: Final = """\
[answer]
rate = 0.28
[ring]
floor_s = 0.2
mean_s = 0.5
[busy]
share = 0.55
after_s = 0.2
[voicemail]
share = 0.02
ring_s = 1.0
record_s = 1.0
[vacant]
after_s = 0.1
announcement_s = 0.5
[talk]
mean_s = 2.0
cv = 0.6
min_s = 0.5
patience_s = 3.0
[signalling]
alerting_s = 0.1
[incoming]
per_hour = 480.0
"""
HABITS: Final = """\
start_s_max = 2.0
read_s = 0.3
talk_s_mean = 2.0
talk_s_least = 0.5
wrap_s_mean = 0.6
wrap_s_least = 0.2
break_s_mean = 3.0
"""


def _numbers(rows: int) -> bytes:
    """A list as a customer would give it; its exchange codes begin with zeros, which nobody has."""
    lines = [f"03{row:08d},顧客{row}" for row in range(rows)]
    return "\r\n".join(["電話番号,お名前", *lines, ""]).encode("cp932")


class Floor:
    """One floor.  `pace` is "short" for calls in a hurry, "real" for the shipped people and habits."""

    def __init__(self, home: Home, *, seats: int, spans: int, pace: str, customers: int) -> None:
        self.home, self.port = home, _free_port(socket.SOCK_STREAM)
        self.supervisor = processes.Supervisor(home)
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.pages_read = 0
        self.events_seen = 0
        options = argparse.Namespace(
            seats=seats, spans=spans, address="127.0.0.1", sip_port=_free_port(socket.SOCK_DGRAM),
            web_port=self.port,
        )  # fmt: skip
        demo.write_site(home, options)
        people = population.SHIPPED
        if pace == "short":
            people = home.root / "people-short.toml"
            people.write_text(PEOPLE, encoding="utf-8")
            (home.root / "robots.toml").write_text(HABITS, encoding="utf-8")
        population.install(home, people, seed=1)
        demo_floor.prepare(home, seats=seats, at=int(time.time() * 1000))
        with contextlib.closing(open_store(home)) as store:
            self._fill(store, customers, is_short=pace == "short")

    @staticmethod
    def _fill(store: Store, customers: int, *, is_short: bool) -> None:
        tenant = users.tenant_by_entry(store, demo_floor.TENANT[0])
        assert tenant is not None
        project = projects.by_name(store, tenant.id, demo_floor.PROJECT)
        assert project is not None
        for user in users.every(store, tenant.id):
            if user.login_name in ("manager", "sv"):
                at = int(time.time() * 1000)
                users.set_password(store, tenant.id, user.id, PASSWORD, at=at, is_temporary=False)
        plan = Plan(project_id=project.id, list_name="一日分")
        load_file(
            store, tenant.id, plan, file_name="day.csv", content=iter([_numbers(customers)]), is_dry=False
        )
        listed = lists.by_name(store, tenant.id, project.id, "一日分")
        assert listed is not None
        lists.set_state(store, tenant.id, listed.id, "started")
        if is_short:
            projects.change(store, tenant.id, project.id, ring_timeout_s=5)

    def start(self) -> None:
        """Every process, and the browsers.  Raises SupervisorGone."""
        self.supervisor.start(processes.BOX + processes.DEMONSTRATION)
        self.supervisor.wait_running(START_S_MAX)
        cookies = [_log_in(self.port, login) for login in ("manager", "sv")]
        self._warm(cookies[0])
        works = [(self._stream, cookies[at % 2]) for at in range(VIEWERS)] + [(self._read_pages, cookies[0])]
        for work, cookie in works:
            thread = threading.Thread(target=work, args=(cookie,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self.supervisor.stop()

    def pids(self) -> dict[str, int]:
        """Process name to pid, supervisord's own too."""
        found = {name: int(state["pid"]) for name, state in self.supervisor.states().items() if state["pid"]}
        pid = int((self.home.run / "supervisord.pid").read_text(encoding="ascii"))
        return found | {"supervisord": pid}

    def _warm(self, cookie: str) -> None:
        """Let every thread of the page open what it keeps; one connection after another."""
        for number in range(WARM_PAGES):
            connection = _connection(self.port)
            connection.request("GET", PAGES[number % len(PAGES)], headers={"Cookie": cookie})
            connection.getresponse().read()
            connection.close()

    # --- browsers -------------------------------------------------------------------------------------

    def _stream(self, cookie: str) -> None:
        """An event stream; it is opened anew when it ends, as a browser does."""
        for connection in self._connections():
            connection.request("GET", "/events", headers={"Cookie": cookie})
            answer = connection.getresponse()
            while not self._is_over.is_set() and answer.readline():
                self.events_seen += 1

    def _read_pages(self, cookie: str) -> None:
        for connection in self._connections():
            for page in PAGES:
                connection.request("GET", page, headers={"Cookie": cookie})
                answer = connection.getresponse()
                answer.read()
                self.pages_read += answer.status == 200
                self._is_over.wait(PAGE_EVERY_S)

    def _connections(self) -> Iterator[http.client.HTTPSConnection]:
        while not self._is_over.wait(0.5):
            with contextlib.suppress(OSError, http.client.HTTPException):
                yield _connection(self.port)


def _connection(port: int) -> http.client.HTTPSConnection:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its own certificate, on this machine
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)


def _log_in(port: int, login: str) -> str:
    """The cookie of a session, as a browser gets it."""
    end = time.monotonic() + START_S_MAX
    while True:
        try:
            connection = _connection(port)
            connection.request("GET", "/login")
            answer = connection.getresponse()
            break
        except OSError:
            assert time.monotonic() < end, "the web process does not answer"
            time.sleep(0.2)
    page, cookie = answer.read().decode(), str(answer.getheader("Set-Cookie")).split(";")[0]
    found = re.search(r'name="pre" value="([^"]+)"', page)
    assert found, "the log-in form has no token"
    form = urlencode({"pre": found[1], "entry": demo_floor.TENANT[0], "login": login, "password": PASSWORD})
    head = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, head)
    answer = connection.getresponse()
    answer.read()
    given = [value.split(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
    return next(one for one in given if one.startswith("__Host-yobirin="))


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
