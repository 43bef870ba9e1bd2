"""What is asked of supervisord is asked of a real one, and one that hangs cannot hang us."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.settings import Home
from appliance.supervisor_client import SupervisorClient, SupervisorGone

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
[program:sleeper]
command={python} -c "import time; time.sleep(600)"
startsecs=0
autorestart=true
"""


@contextlib.contextmanager
def supervisord(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    path = home.run / "supervisord.conf"
    path.write_text(CONFIGURATION.format(run=home.run, python=sys.executable), encoding="utf-8")
    words = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-n", "-c", str(path)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGCONT)
        child.terminate()
        child.wait(20)


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[tuple[SupervisorClient, subprocess.Popen[bytes]]]:
    home = Home(tmp_path)
    client = SupervisorClient(home, timeout_s=2.0)
    with supervisord(home) as child:
        until(lambda: is_running(client))
        yield client, child


def is_running(client: SupervisorClient) -> bool:
    with contextlib.suppress(SupervisorGone):
        return client.programs()["sleeper"].state == "RUNNING"
    return False


def until(is_so: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_program_is_stopped_started_and_restarted(
    running: tuple[SupervisorClient, subprocess.Popen[bytes]],
) -> None:
    client, _ = running
    first = client.programs()["sleeper"].pid

    client.restart("sleeper")
    until(lambda: client.programs()["sleeper"].pid not in (0, first))

    client.stop("sleeper")
    until(lambda: client.programs()["sleeper"].state == "STOPPED")
    client.stop("sleeper")  # a second time harms nothing
    assert client.programs()["sleeper"].pid == 0

    client.start("sleeper")
    until(lambda: is_running(client))
    client.start("sleeper")


def test_a_program_that_was_frozen_comes_back(
    running: tuple[SupervisorClient, subprocess.Popen[bytes]],
) -> None:
    client, _ = running
    frozen = client.programs()["sleeper"].pid
    os.kill(frozen, signal.SIGSTOP)

    client.kill("sleeper")

    until(lambda: client.programs()["sleeper"].pid not in (0, frozen))


def test_a_program_that_is_down_is_started_by_a_restart(
    running: tuple[SupervisorClient, subprocess.Popen[bytes]],
) -> None:
    client, _ = running
    client.stop("sleeper")
    until(lambda: client.programs()["sleeper"].state == "STOPPED")

    client.restart("sleeper")

    until(lambda: is_running(client))


def test_an_unknown_program_is_said(running: tuple[SupervisorClient, subprocess.Popen[bytes]]) -> None:
    with pytest.raises(SupervisorGone, match="BAD_NAME"):
        running[0].restart("nobody")


def test_a_frozen_supervisord_costs_the_time_out_and_no_more(
    running: tuple[SupervisorClient, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    running[1].send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(SupervisorGone, match="does not answer"):
        SupervisorClient(Home(tmp_path), timeout_s=0.3).programs()
    assert 0.2 < time.monotonic() - began < 5.0


def test_a_stranger_on_the_socket_is_no_supervisord(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(home.run / "supervisor.sock"))
        server.listen(1)
        with pytest.raises(SupervisorGone):
            SupervisorClient(home, timeout_s=0.3).programs()
    with pytest.raises(SupervisorGone):
        SupervisorClient(home, timeout_s=0.3).programs()  # a socket file nobody listens at
