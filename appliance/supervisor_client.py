"""Speaks to supervisord over its Unix socket, within a time: states, start, stop, restart of one program.

XML-RPC on the standard library alone, so that watchdog, checks and console need not load `supervisor`.  A
supervisord that hangs costs the caller `timeout_s` and raises SupervisorGone; it never waits for a program
to come up or go down.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from appliance.errors import YobirinError
from appliance.settings import Home

TIMEOUT_S: Final = 5.0
SOCKET_NAME: Final = "supervisor.sock"
NOT_RUNNING: Final = 70  # supervisor.xmlrpc.Faults: there is nothing to signal or stop
ALREADY_STARTED: Final = 60


class SupervisorGone(YobirinError):
    """supervisord is not running, does not answer, or could not start a process."""

    exit_code = 4


class Program(NamedTuple):
    """One program as supervisord sees it.  `state` is its word: RUNNING, STARTING, BACKOFF, STOPPED, …

    `pid` is 0 where nothing runs.
    """

    name: str
    state: str
    pid: int


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket; every wait of it is bounded."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__()
        self._path = path
        self._timeout_s = timeout_s

    def make_connection(self, host: Any) -> _Connection:
        del host  # a socket file has none
        return _Connection(self._path, self._timeout_s)


class SupervisorClient:
    """One supervisord.  Each request is a connection of its own; all raise SupervisorGone."""

    def __init__(self, home: Home, *, timeout_s: float = TIMEOUT_S) -> None:
        self._path = home.run / SOCKET_NAME
        self._timeout_s = timeout_s

    def records(self) -> dict[str, dict[str, Any]]:
        """Name to supervisord's own record (statename, pid, start, …)."""
        with self._remote() as remote:
            answer: Any = remote.supervisor.getAllProcessInfo()
        return {str(record["name"]): dict(record) for record in answer}

    def programs(self) -> dict[str, Program]:
        """Every program by its name."""
        return {
            name: Program(name, str(record["statename"]), int(record["pid"]))
            for name, record in self.records().items()
        }

    def start(self, name: str) -> None:
        """Start it, without waiting; one that runs is left alone."""
        with self._remote(ignoring=ALREADY_STARTED) as remote:
            remote.supervisor.startProcess(name, False)

    def stop(self, name: str) -> None:
        """Ask it to end, without waiting; it stays down until `start`."""
        with self._remote(ignoring=NOT_RUNNING) as remote:
            remote.supervisor.stopProcess(name, False)

    def send_signal(self, name: str, number: signal.Signals) -> bool:
        """Send it a signal; False where it is not running."""
        with self._remote(ignoring=NOT_RUNNING) as remote:
            return bool(remote.supervisor.signalProcess(name, number.name.removeprefix("SIG")))
        return False

    def restart(self, name: str) -> None:
        """End it in order; supervisord starts what ends by itself (`autorestart`) at once."""
        self._again(name, signal.SIGTERM)

    def kill(self, name: str) -> None:
        """End it at once, as one that hangs or was stopped must be, and have it started again."""
        self._again(name, signal.SIGKILL)

    def _again(self, name: str, number: signal.Signals) -> None:
        if not self.send_signal(name, number):
            self.start(name)

    @contextlib.contextmanager
    def _remote(self, *, ignoring: int = 0) -> Iterator[Any]:
        transport = _Transport(self._path, self._timeout_s)
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport=transport)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != ignoring:
                raise SupervisorGone(
                    f"supervisord refuses: {fault.faultString}.", remedy="See supervisord.log."
                ) from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorGone(
                "supervisord does not answer.", remedy="Start it with `yobirin run`."
            ) from error
        finally:
            transport.close()
