"""What the watchdog sees: supervisord's table, heartbeats, process states, and the probe's last words.

Each sense that can hang has a thread or a child of its own; `Senses.seen` only collects what they left, so
the loop that pets never waits.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from appliance import heartbeat
from appliance.settings import Home
from appliance.supervisor_client import Program, SupervisorClient, SupervisorGone
from appliance.watchdog.policy import Look, Rung, Seen, Step

log = logging.getLogger("watchdog")

ASK_EVERY_S: Final = 1.0
LAST_WORDS_S: Final = 0.5  # for a process to write down where it hangs, before it is killed
SILENT_S: Final = 12.0  # the probe speaks every 4 s, and a commit has 5
PROBE_START_S: Final = 45.0
PROBE_AGAIN_S: Final = 10.0
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Supervision:
    """Asks supervisord in a thread, and has it start processes again."""

    def __init__(self, home: Home) -> None:
        self.programs: dict[str, Program] = {}
        self.wrong = "has not been asked yet"
        self._client = SupervisorClient(home)
        self._steps: queue.SimpleQueue[Step] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="supervision", daemon=True).start()

    def carry_out(self, step: Step) -> None:
        """Start one process or all of them again, soon."""
        self._steps.put(step)

    def _run(self) -> None:
        while True:
            try:
                self.programs = self._client.programs()
                self.wrong = ""
                self._again(self._steps.get(timeout=ASK_EVERY_S))
            except queue.Empty:
                pass
            except SupervisorGone as error:
                self.programs, self.wrong = {}, error.what.rstrip(".")
                time.sleep(ASK_EVERY_S)
            except Exception:  # the root of the thread
                log.exception("supervisord could not be asked")
                time.sleep(ASK_EVERY_S)

    def _again(self, step: Step) -> None:
        names = [step.check] if step.rung is Rung.ONE else list(self.programs)
        before = {name: self.programs[name].pid for name in names if name in self.programs}
        for name in before:
            self._client.send_signal(name, signal.SIGABRT)  # Python writes every thread's place into its log
        time.sleep(LAST_WORDS_S)
        now = self._client.programs()
        for name, pid in before.items():
            if name in now and now[name].pid == pid:
                self._client.kill(name)


class Probe:
    """The child that commits and reads.

    One that ends by itself is started again and accuses nobody; one that lives and says nothing hangs.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._child_since = time.monotonic()
        self._said: dict[str, tuple[float, str]] = {}
        self._child: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._run, name="probe", daemon=True).start()

    def wrong(self, name: str, now: float) -> str:
        """Empty while `store` or `disk` is well."""
        at, wrong = self._said.get(name, (self._child_since, ""))
        limit_s = SILENT_S if name in self._said else PROBE_START_S
        return wrong or (f"nothing was heard for {now - at:.0f} s" if now - at > limit_s else "")

    def close(self) -> None:
        """End the child; one that hangs in the kernel is left to it."""
        if self._child is not None:
            self._child.kill()

    def _run(self) -> None:
        words = [sys.executable, "-m", "appliance.watchdog.probe", str(self._home.root)]
        while True:
            try:
                with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
                    self._begin(child)
                    assert child.stdout is not None
                    for line in child.stdout:
                        name, _, wrong = line.decode(errors="replace").strip().partition(" ")
                        self._said[name] = (time.monotonic(), wrong)
            except OSError:
                log.exception("the probe could not be started")
            self._begin(None)
            time.sleep(PROBE_AGAIN_S)

    def _begin(self, child: subprocess.Popen[bytes] | None) -> None:
        self._said = {}
        self._child_since = time.monotonic()
        self._child = child


class Senses:
    """Everything, collected."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._supervision = Supervision(home)
        self._probe = Probe(home)

    def seen(self, now: float) -> Seen:
        """What is known now.  A home without a database has not been set up: nothing is missed there."""
        if not self._home.database.exists():
            return Seen({}, {})
        checks = {
            "supervisord": self._supervision.wrong,
            **{name: self._probe.wrong(name, now) for name in ("store", "disk")},
        }
        beats = heartbeat.beats(self._home)
        looks = {
            name: Look(program.pid, beats.get(name), *_stat(program.pid))
            for name, program in self._supervision.programs.items()
        }
        return Seen(checks, looks)

    def carry_out(self, step: Step) -> None:
        self._supervision.carry_out(step)

    def close(self) -> None:
        self._probe.close()


def _stat(pid: int) -> tuple[bool, float]:
    """Whether the process is in state T, stopped by a signal, and its processor time so far (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return fields[0] == "T", (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    except (OSError, IndexError):
        return False, 0.0
