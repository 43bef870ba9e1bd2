"""A process shows that its loop goes round: the file `run/heartbeat/NAME` holds the time of its last beat.

Who watches (the watchdog, `yobirin check processes`) reads it.  The time is CLOCK_MONOTONIC's, which all
processes of the box share and nobody sets.  Carries no message.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final

from appliance.settings import Home

INTERVAL_S: Final = 1.0


class Heartbeat:
    """One process's beat.  Call `beat()` from the loop that does the work, never from a thread beside it."""

    def __init__(self, home: Home, name: str) -> None:
        self._path = directory(home) / name
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._due = 0.0
        self.beat()

    def beat(self) -> None:
        """The loop has gone round once.  Costs a comparison, and one write of 16 bytes a second."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + INTERVAL_S
            os.pwrite(self._file, b"%015.3f\n" % now, 0)

    def end(self) -> None:
        """An ordered end: nobody should miss the beat."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)


def directory(home: Home) -> Path:
    """Where the beats are, a file a process."""
    return home.directory("run", "heartbeat")


def ages_s(home: Home) -> dict[str, float]:
    """Seconds since each process's last beat, by process name."""
    ages: dict[str, float] = {}
    now = time.monotonic()
    for path in directory(home).iterdir():
        with contextlib.suppress(FileNotFoundError, ValueError):
            ages[path.name] = max(0.0, now - float(path.read_bytes()))
    return ages
