"""A process shows that its loop goes round: the file `run/heartbeat/NAME` holds the time of its last beat.

Who watches (the watchdog, `yobirin check processes`) reads it.  The time is CLOCK_MONOTONIC's, which all
processes of the box share and nobody sets.  Carries no message, and never fails its process.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final

from appliance.settings import Home, file_mode

INTERVAL_S: Final = 1.0
FORM: Final = b"%015.3f\n"
BEAT_BYTES: Final = len(FORM % 0.0)
NOT_YET: Final = 0.0
ROUNDING_S: Final = 0.001


class Heartbeat:
    """One process's beat.  Call `beat()` from the loop that does the work, never from a thread beside it.

    Until the first call the process counts as starting, however old its predecessor's beat is.
    """

    def __init__(self, home: Home, name: str) -> None:
        self._path = directory(home) / name
        mode = file_mode(self._path.parent) & 0o640  # nobody beats for another
        # Through no link: every process may make files here, and root beats too.
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self._path, flags, mode)
        self._due = 0.0
        self._write(NOT_YET)  # never shorter: on a full disk a beat needs no room

    def beat(self) -> None:
        """The loop has gone round once.  Costs a comparison, and one write of 16 bytes a second."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + INTERVAL_S
            self._write(now)

    def end(self) -> None:
        """An ordered end: nobody should miss the beat."""
        self._due = float("inf")
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    def _write(self, now: float) -> None:
        with contextlib.suppress(OSError):  # a missing beat tells of it; calls go on meanwhile
            os.pwrite(self._file, FORM % now, 0)


def directory(home: Home) -> Path:
    """Where the beats are, a file a process."""
    return home.directory("run", "heartbeat")


def beats(home: Home) -> dict[str, float]:
    """The monotonic time of each process's last beat, by process name; one that only starts is left out.

    So is a beat of the time before the machine was started: it lies ahead.
    """
    found: dict[str, float] = {}
    for path in directory(home).iterdir():
        with contextlib.suppress(OSError, ValueError):  # whatever else lies there, no beat
            beat_at = float(_read(path))
            now = time.monotonic()  # after the reading: a beat that falls into this look is not ahead
            if NOT_YET < beat_at <= now + ROUNDING_S:
                found[path.name] = beat_at
    return found


def _read(path: Path) -> bytes:
    """At most one beat, waiting for nobody: any process may put a pipe there, and the watchdog reads it."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.read(file, BEAT_BYTES)
    finally:
        os.close(file)


def ages_s(home: Home) -> dict[str, float]:
    """Seconds since each process's last beat, by process name; one that only starts is left out."""
    found = beats(home)
    now = time.monotonic()
    return {name: max(0.0, now - beat_at) for name, beat_at in found.items()}
