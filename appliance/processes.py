"""The processes of the box as supervisord runs them: the table, its configuration file, its state.

Writes `run/supervisord.conf` from the table below and speaks to supervisord over its Unix socket.  Decides
nothing about calls.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

from appliance import rights, turn
from appliance.errors import DeviceError
from appliance.settings import Home
from appliance.supervisor_client import SOCKET_NAME, SupervisorClient, SupervisorGone

STOP_WAIT_S: Final = 15.0
FLOOR: Final = "yobirin"  # the lock of a home's whole floor, `yobirin run` and `yobirin demo` alike
BEHIND: Final = frozenset({"setup", "chassis", "worker", "web", "monitor", "console"})
"""Processes that carry no call: where all want the processor, at a start above all, the floor goes first."""
BEHIND_NICE: Final = 5
LOCK_FILE: Final = 3
REAL_TIME: Final = frozenset({"audio", "watchdog"})
PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True)
class Process:
    """One program under supervisord.  `priority` orders the start: who serves comes before who asks.

    `listens`: it is ready when the home's socket of its name is there.
    """

    name: str
    priority: int
    arguments: tuple[str, ...] = ()
    stop_wait_s: int = 5
    listens: bool = False


BOX: Final = (
    Process("setup", 5),
    Process("phones", 10, listens=True),
    Process("audio", 10, listens=True),
    Process("chassis", 10, listens=True),
    Process("dialer", 20, stop_wait_s=8, listens=True),
    Process("worker", 30, stop_wait_s=8),
    Process("web", 30),
    Process("monitor", 35, listens=True),
    Process("console", 40),
)
"""What every box runs.  architecture: one loop a process, and the dialer alone decides about calls."""

BESIDE: Final = (Process("watchdog", 0),)
"""What systemd starts beside supervisord: nothing can watch its own parent."""

DEMONSTRATION: Final = (Process("exchange", 5), Process("robots", 40))
"""What the demonstration adds: the public network, and operators."""


def configuration(home: Home, processes: tuple[Process, ...], *, is_box: bool = False) -> str:
    """The text of supervisord.conf.  `%` is doubled, as its syntax asks.

    `is_box`: each process gets its own user (`rights.ACCOUNTS`), and shares files by its directories' groups.
    """
    run, logs = _escaped(home.run), _escaped(home.logs)
    owner = f"chown=root:{rights.group_name('supervisor')}\n" if is_box else ""
    head = f"""\
; Written at every start from appliance/processes.py; changes here are lost.
[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
pidfile={run}/supervisord.pid
childlogdir={logs}
{"user=root" if is_box else ""}

[unix_http_server]
file={run}/{SOCKET_NAME}
chmod={"0770" if is_box else "0700"}
{owner}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_program(home, process, is_box=is_box) for process in processes)


def _program(home: Home, process: Process, *, is_box: bool) -> str:
    words = [sys.executable, "-m", "appliance", process.name, "--home", str(home.root), *process.arguments]
    command = " ".join(f'"{_escaped(word)}"' for word in words)
    log = f"{_escaped(home.logs)}/{process.name}.log"
    return f"""
[program:{process.name}]
command={command}
directory={_escaped(Path(__file__).resolve().parent.parent)}
priority={process.priority}
autorestart=true
startsecs=1
startretries=1000000
stopsignal=TERM
stopwaitsecs={process.stop_wait_s}
stdout_logfile={log}
stdout_logfile_maxbytes=5MB
redirect_stderr=true
umask={"007" if is_box else "077"}
{f"user={rights.user_name(process.name)}" if is_box else ""}
{_turn(home, process) if is_box else ""}
"""


def _turn(home: Home, process: Process) -> str:
    """Who carries no call starts when the dialer serves (turn.py)."""
    after = _escaped(home.socket("dialer"))
    return f'environment={turn.AFTER}="{after}"' if process.name in BEHIND else ""


def _escaped(word: object) -> str:
    return str(word).replace("%", "%%")


def write_configuration(home: Home, processes: tuple[Process, ...], *, is_box: bool = False) -> Path:
    """Write supervisord.conf, readable by the owner alone."""
    path = home.run / "supervisord.conf"
    path.touch(mode=0o600)
    path.write_text(configuration(home, processes, is_box=is_box), encoding="utf-8")
    return path


@contextlib.contextmanager
def only_one(home: Home, name: str) -> Iterator[int]:
    """Hold the home's lock of this name: two dialers would call every customer twice.  Raises DeviceError.

    Gives the lock's file descriptor.  The kernel lets go of it however the process ends.
    """
    path = home.run / f"{name}.lock"
    with _lock_file(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise DeviceError(
                f"{name} is already running in {home.root} (process {lock.read().strip() or 'unknown'}).",
                remedy="Stop that one first, or give another --home.",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield lock.fileno()


def _lock_file(path: Path) -> TextIO:
    """Open for reading and appending, through no link: every process may make files beside it."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "a+", encoding="ascii")


def become_supervisord(configuration_file: Path, lock: int) -> NoReturn:
    """Go on as supervisord, with the lock: it keeps descriptors 3 and 4 for itself and hands none on."""
    os.dup2(lock, LOCK_FILE, inheritable=True)
    os.set_inheritable(LOCK_FILE, True)  # it may have had that number before
    words = command(configuration_file)
    os.execv(words[0], words)  # noqa: S606 - an argument list, no shell is wanted


def limit(name: str) -> None:
    """Leave no core file, which would hold keys and customers; give up real-time scheduling unless needed.

    systemd grants that right to the whole box.  Who carries no call lets those who do go first.
    """
    if name in BEHIND:
        os.nice(BEHIND_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if name not in REAL_TIME:
        resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))


def is_supervised() -> bool:
    """Whether supervisord started this process (it says so in the environment)."""
    return "SUPERVISOR_ENABLED" in os.environ


def die_with_parent() -> None:
    """Linux: ask for SIGTERM when the parent is killed, so nothing is left behind (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def command(configuration_file: Path) -> list[str]:
    """How supervisord is started, in the foreground."""
    return [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "supervisor.supervisord",
        "-n",
        "-c",
        str(configuration_file),
    ]


class Supervisor:
    """A running supervisord, started by us or by systemd."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._client = SupervisorClient(home)
        self._child: subprocess.Popen[bytes] | None = None
        self._sockets: tuple[Path, ...] = ()

    def start(self, processes: tuple[Process, ...], *, environment: Mapping[str, str] | None = None) -> None:
        """Start supervisord as a child in its own session: Ctrl-C reaches us first."""
        path = write_configuration(self._home, processes)
        self._sockets = tuple(self._home.socket(each.name) for each in processes if each.listens)
        for left_by_a_crash in self._sockets:
            left_by_a_crash.unlink(missing_ok=True)
        with (self._home.logs / "supervisord.out").open("ab") as log:
            self._child = subprocess.Popen(
                command(path),
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
                env={**os.environ, **(environment or {})},
            )

    def stop(self) -> None:
        """Stop every process in order, and supervisord last."""
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()

    def is_alive(self) -> bool:
        """Whether the child we started still runs."""
        return self._child is not None and self._child.poll() is None

    def states(self) -> dict[str, dict[str, Any]]:
        """Name to supervisord's own record (statename, pid, …).  Raises SupervisorGone."""
        return self._client.records()

    def wait_running(self, timeout_s: float) -> None:
        """Wait until every process has stayed up for a second and who listens has its socket.

        Raises SupervisorGone naming the late one.
        """
        deadline = time.monotonic() + timeout_s
        behind = "supervisord"
        while time.monotonic() < deadline:
            with contextlib.suppress(SupervisorGone):
                states = self.states()
                late = {name for name, state in states.items() if state["statename"] != "RUNNING"}
                late |= {path.stem for path in self._sockets if not path.exists()}
                if not late:
                    return
                behind = ", ".join(sorted(late))
            if not self.is_alive():
                break
            time.sleep(0.1)
        log = self._home.logs / f"{behind.split(',')[0]}.log"
        raise SupervisorGone(f"{behind} did not start.", remedy=f"See {log}: {_last_line(log)}")


def _last_line(path: Path) -> str:
    if not path.exists():
        return "(no log)"
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "(empty log)"


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, from /proc (proc(5)); 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
