"""How old a seat map is, and what it costs: 100 seats, 100 viewers, each with an event stream of his own.

A played dialer changes ten seats a second; the web process is one of its own, as on the box.  The viewers
are threads of this one; a seat's change carries the moment at which it was sent.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from appliance.dialer.messages import Board, SeatChanged
from appliance.settings import Home
from tests.browser import floor as floors
from tests.browser.floor import PASSWORD, FakeDialer

SEATS: Final = 100
VIEWERS: Final = int(os.environ.get("YOBIRIN_BENCH_VIEWERS", "100"))
CHANGES_PER_S: Final = 10  # a hundred seats with a call a minute change so often
MEASURE_S: Final = float(os.environ.get("YOBIRIN_BENCH_SECONDS", "30"))
WARM_S: Final = 5.0
START_S_MAX: Final = 240  # a crowded machine starts a process slowly
STALE_S_MAX: Final = 1.5
CPU_MAX: Final = 0.30


def main() -> int:
    """Print the figures beside their limits; 1 when one falls short."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        floor = floors.seed(home, seat_count=SEATS)
        floor.store.close()
        port = _free_port()
        home.site_file.write_text(f"[web]\nport = {port}\n", encoding="utf-8")
        dialer = FakeDialer(home, floors.board(floor)).start()
        web = subprocess.Popen([sys.executable, "-m", "appliance", "web", "--home", str(home.root)])
        try:
            return _measured(dialer, web.pid, port)
        finally:
            _end(web)
            dialer.stop()


def _end(web: subprocess.Popen[bytes]) -> None:
    web.terminate()
    try:
        web.wait(20)
    except subprocess.TimeoutExpired:
        web.kill()  # a crowded machine: the figures are taken
        web.wait()


def _measured(dialer: FakeDialer, pid: int, port: int) -> int:
    cookies = [_log_in(port, login) for login in ("manager", "super", "op1", "op2")]
    viewers = [Viewer(port, cookies[at % len(cookies)]) for at in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    stop = threading.Event()
    changes = threading.Thread(target=_change, args=(dialer, stop), daemon=True)
    changes.start()
    time.sleep(WARM_S)
    for viewer in viewers:
        viewer.ages_s.clear()
    cpu, began = _cpu_s(pid), time.monotonic()
    time.sleep(MEASURE_S)
    share = (_cpu_s(pid) - cpu) / (time.monotonic() - began)
    stop.set()
    ages = sorted(age for viewer in viewers for age in viewer.ages_s)
    heard = sum(bool(viewer.ages_s) for viewer in viewers)
    p95 = ages[int(len(ages) * 0.95)] if ages else float("inf")
    first = "ok" if p95 <= STALE_S_MAX and heard == VIEWERS else "SHORT"
    second = "ok" if share <= CPU_MAX else "SHORT"
    print(
        f"seat map staleness p95, {SEATS} seats, {heard} of {VIEWERS} viewers, {len(ages):,} changes seen"
        f" | {p95:.2f} s | <= {STALE_S_MAX} s | {first}"
    )
    print(f"web process, share of a core | {100 * share:.0f} % | <= {100 * CPU_MAX:.0f} % | {second}")
    return int("SHORT" in (first, second))


def _change(dialer: FakeDialer, stop: threading.Event) -> None:
    """Move seats on, one after another, at once and in every board from then on."""
    at = 0
    while not stop.wait(1 / CHANGES_PER_S):
        before = dialer.board.seats[at % SEATS]
        at += 7  # all of them in turn: 7 and 100 have no divisor in common
        state: Any = "waiting" if before.state == "talking" else "talking"
        after = msgspec.structs.replace(before, state=state, since_at=time.time())

        def moved(board: Board, after: Any = after) -> Board:
            seats = tuple(after if seat.seat_id == after.seat_id else seat for seat in board.seats)
            return msgspec.structs.replace(board, seats=seats)

        dialer.board = moved(dialer.board)
        dialer.say(SeatChanged(dialer.board.seq, time.time(), after))


class Viewer(threading.Thread):
    """A browser's stream: notes how old each change of a seat is when it comes."""

    def __init__(self, port: int, cookie: str) -> None:
        super().__init__(daemon=True)
        self.ages_s: list[float] = []
        self._port = port
        self._cookie = cookie

    def run(self) -> None:
        connection = _connection(self._port, timeout_s=60)
        connection.request("GET", "/events", headers={"Cookie": self._cookie})
        answer = connection.getresponse()
        kind = ""
        while line := answer.readline():
            if line.startswith(b"event: "):
                kind = line[7:].strip().decode()
            elif line.startswith(b"data: ") and kind == "delta":
                self._note(json.loads(line[6:]), time.time())

    def _note(self, data: Any, now: float) -> None:
        view = data.get("view", {})
        for section in ("seats", "floor"):
            for seat in view.get(section, {}).values():
                if seat is not None and now - seat["since_at"] < 20:
                    self.ages_s.append(now - seat["since_at"])


def _connection(port: int, *, timeout_s: float) -> http.client.HTTPSConnection:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its own certificate, on this machine
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout_s, context=context)


def _log_in(port: int, login: str) -> str:
    """The cookie of a session, as a browser gets it."""
    end = time.monotonic() + START_S_MAX
    while True:
        try:
            connection = _connection(port, timeout_s=20)
            connection.request("GET", "/login")
            answer = connection.getresponse()
            break
        except OSError:
            assert time.monotonic() < end, "the web process does not answer"
            time.sleep(0.2)
    page, cookie = answer.read().decode(), str(answer.getheader("Set-Cookie")).split(";")[0]
    found = re.search(r'name="pre" value="([^"]+)"', page)
    assert found, "the log-in form has no token"
    form = urlencode({"pre": found[1], "entry": "demo", "login": login, "password": PASSWORD})
    head = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, head)
    answer = connection.getresponse()
    answer.read()
    given = [value.split(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
    return next(one for one in given if one.startswith("__Host-yobirin="))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
