"""The watchdog as a process of its own, over a real supervisord, a real store and a recorded timer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import heartbeat
from appliance.settings import Home
from appliance.store.open import open_store
from appliance.supervisor_client import SupervisorClient, SupervisorGone
from appliance.watchdog import journal, messages

PROGRAM = """
import faulthandler, sys, time
from pathlib import Path
from appliance.heartbeat import Heartbeat
from appliance.settings import Home
faulthandler.enable()
heartbeat = Heartbeat(Home(Path(sys.argv[1])), sys.argv[2])
while True:
    heartbeat.beat()
    time.sleep(0.1)
"""
HANGS_AFTER_3_S = "for _ in range(30):\n    heartbeat.beat()\n    time.sleep(0.1)\nhangs_here()"
CONFIGURATION = """
[supervisord]
nodaemon=true
silent=true
logfile={run}/supervisord.log
pidfile={run}/supervisord.pid
[unix_http_server]
file={run}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:dialer]
command={python} {run}/program.py {root} dialer
environment=PYTHONPATH="{here}"
startsecs=0
autorestart=true
stdout_logfile={run}/dialer.log
redirect_stderr=true
"""
HERE = Path(__file__).resolve().parent.parent.parent


@dataclass
class Floor:
    home: Home
    supervisord: subprocess.Popen[bytes]
    watchdog: subprocess.Popen[bytes]
    client: SupervisorClient

    def pid(self) -> int:
        with contextlib.suppress(SupervisorGone):
            return self.client.programs()["dialer"].pid
        return 0

    def timer(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return (self.home.run / "watchdog.recorded").read_text(encoding="ascii").splitlines()
        return []

    def status(self) -> messages.Status | None:
        return messages.read(self.home, now=time.monotonic())

    def book(self) -> list[tuple[str, str]]:
        return [(entry.what, entry.check) for entry in journal.read(self.home)]


def until(is_so: Callable[[], bool], *, timeout_s: float = 30.0) -> float:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() < began + timeout_s, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    home = Home(tmp_path)
    open_store(home, create=True).close()
    home.site_file.write_text('[watchdog]\ndevice = "recorded"\n', encoding="utf-8")
    (home.run / "program.py").write_text(PROGRAM, encoding="utf-8")
    configuration = home.run / "supervisord.conf"
    words = {"run": home.run, "root": home.root, "python": sys.executable, "here": HERE}
    configuration.write_text(CONFIGURATION.format(**words), encoding="utf-8")
    with contextlib.ExitStack() as stack:

        def started(*module: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((tmp_path / "log").open("ab"))
            child = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", *module], stdout=log, stderr=log, cwd=HERE
            )
            stack.callback(child.wait, 20)
            stack.callback(child.terminate)
            stack.callback(child.send_signal, signal.SIGCONT)
            return child

        supervisord = started("supervisor.supervisord", "-n", "-c", str(configuration))
        watchdog = started("appliance", "watchdog", "--home", str(home.root))
        made = Floor(home, supervisord, watchdog, SupervisorClient(home))
        until(lambda: "dialer" in heartbeat.beats(home) and made.pid() > 0 and made.status() is not None)
        yield made


def test_a_stopped_process_is_started_again_and_an_order_disarms(floor: Floor) -> None:
    stopped = floor.pid()
    os.kill(stopped, signal.SIGSTOP)

    took_s = until(lambda: floor.pid() not in (0, stopped) and "dialer" in heartbeat.ages_s(floor.home))

    assert took_s < 12.0
    until(lambda: ("restart_one", "dialer") in floor.book())
    until(lambda: bool(floor.status() and floor.status().steps))  # type: ignore[union-attr]  # read anew

    floor.watchdog.terminate()
    assert floor.watchdog.wait(20) == 0
    assert floor.timer()[-1] == "disarmed"
    assert floor.book()[-1] == ("ordered", "")


def test_a_process_that_hangs_leaves_in_its_log_where(floor: Floor) -> None:
    """A loop that stands still is ended by SIGABRT first."""
    goes_on = "while True:"
    hangs = f"def hangs_here():\n    time.sleep(600)\n{HANGS_AFTER_3_S}\n{goes_on}"
    (floor.home.run / "program.py").write_text(PROGRAM.replace(goes_on, hangs), encoding="utf-8")
    hanging = floor.pid()
    floor.client.kill("dialer")
    until(lambda: floor.pid() not in (0, hanging))
    hanging = floor.pid()

    until(lambda: floor.pid() not in (0, hanging), timeout_s=40)

    assert "hangs_here" in (floor.home.run / "dialer.log").read_text(encoding="utf-8")
    status = floor.status()
    assert status is not None
    assert {ill.check for ill in status.ill} <= {"dialer"}


def test_a_killed_watchdog_leaves_the_time_running_and_its_probe_ends(floor: Floor) -> None:
    probes = children(floor.watchdog.pid)
    assert probes
    floor.watchdog.kill()
    floor.watchdog.wait(20)

    assert floor.timer()[-1].startswith("pet")
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in probes))


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]
