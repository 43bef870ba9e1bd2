"""Runs checks so that one that hangs holds nobody up: each in a thread of its own, within its time.

A check whose thread still hangs is not started again; its verdict stays "timed out" until it comes back.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from appliance.errors import DeviceError, YobirinError
from appliance.ipc import PeerGone
from appliance.monitoring.box import Box, NotFitted
from appliance.monitoring.plugin import Status, Thresholds, Verdict
from appliance.monitoring.table import Check
from appliance.supervisor_client import SupervisorGone


class Ran(NamedTuple):
    """One check's end; `is_ended` is false where its thread still hangs."""

    name: str
    verdict: Verdict
    is_ended: bool = True


def run_once(check: Check, box: Box, thresholds: Thresholds, *, timeout_s: float) -> Verdict:
    """Read and judge within a time; never raises.  A hanging thread is left behind."""
    found: queue.Queue[Verdict] = queue.Queue()
    work = threading.Thread(target=lambda: found.put(look(check, box, thresholds)), daemon=True)
    work.start()
    try:
        return found.get(timeout=timeout_s)
    except queue.Empty:
        return timed_out(timeout_s)


def look(check: Check, box: Box, thresholds: Thresholds) -> Verdict:
    """Read and judge; whatever goes wrong in it is a verdict."""
    try:
        return check.judge(check.read(box), thresholds)
    except NotFitted as error:
        return Verdict(Status.OK, error.key, {"what": error.what})
    except (PeerGone, SupervisorGone) as error:
        return Verdict(Status.CRITICAL, "unanswered", {"what": error.what})
    except DeviceError as error:
        return Verdict(Status.UNKNOWN, "unreadable", {"what": error.what})
    except YobirinError as error:
        return Verdict(Status.CRITICAL, "unreadable", {"what": str(error)})
    except Exception as error:  # noqa: BLE001 - the root of a check: its failure is its verdict
        # Guidelines 2.3: low-level failures inside the plugin are UNKNOWN.
        return Verdict(Status.UNKNOWN, "unreadable", {"what": f"{type(error).__name__}: {error}"})


def timed_out(timeout_s: float) -> Verdict:
    """Guidelines 2.3: a time-out is no failure of the plugin, so it is not UNKNOWN."""
    return Verdict(Status.CRITICAL, "timed_out", {"seconds": f"{timeout_s:g}"})


class Runner:
    """Starts checks, hands out their verdicts.  One thread uses it."""

    def __init__(self, box: Box, *, now: Callable[[], float] = time.monotonic) -> None:
        self._box = box
        self._now = now
        self._done: queue.Queue[Ran] = queue.Queue()
        self._due: dict[str, tuple[float, float]] = {}  # running: (when it is late, its time)
        self._late: set[str] = set()

    def start(self, check: Check) -> None:
        """Begin a run; one that is still hanging is told as late once more."""
        if check.name in self._late:
            self._done.put(Ran(check.name, timed_out(check.timeout_s), is_ended=False))
            return
        assert check.name not in self._due, f"{check.name} is running already"
        thresholds = check.thresholds(self._box.settings)
        self._due[check.name] = (self._now() + check.timeout_s, check.timeout_s)

        def work() -> None:
            self._done.put(Ran(check.name, look(check, self._box, thresholds)))

        threading.Thread(target=work, name=f"check-{check.name}", daemon=True).start()

    def take(self) -> list[Ran]:
        """What has ended since the last call, and what is late."""
        taken: list[Ran] = []
        while True:
            try:
                ran = self._done.get_nowait()
            except queue.Empty:
                break
            if ran.is_ended and ran.name in self._late:
                self._late.discard(ran.name)  # its time-out was told; the next run says how it is now
                continue
            self._due.pop(ran.name, None)
            taken.append(ran)
        for name, (due, timeout_s) in list(self._due.items()):
            if self._now() >= due:
                del self._due[name]
                self._late.add(name)
                taken.append(Ran(name, timed_out(timeout_s), is_ended=False))
        return taken
