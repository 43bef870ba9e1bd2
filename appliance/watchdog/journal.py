"""The watchdog's own book, `data/watchdog.jsonl`: what it did and why, on the disk before it does it.

One JSON object a line.  A clerk in a thread writes, so that a disk that hangs holds up nobody but the clerk;
the last line before a reset is waited for, for a few seconds.  Also writes `run/watchdog.json`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from pathlib import Path
from typing import Final, Literal

import msgspec

from appliance.settings import Home, file_mode
from appliance.watchdog import messages

log = logging.getLogger("watchdog")

BYTES_MAX: Final = 400_000  # some 3,000 lines; the older half goes into `….1`
WAITING_MAX: Final = 200  # a hung disk: later lines are lost, the first ones tell why
ONE: Final = "restart_one"
ALL: Final = "restart_all"
RESET: Final = "reset"

What = Literal[
    "started", "ordered", "settled", "given_up", "device_lost", "restart_one", "restart_all", "reset"
]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.  `at`: wall-clock milliseconds; `boot`: the kernel's boot id."""

    at: int
    boot: str
    what: What
    check: str = ""
    for_s: int = 0
    detail: str = ""


def path_of(home: Home) -> Path:
    """Where the book is."""
    return home.directory("data") / "watchdog.jsonl"


def read(home: Home) -> list[Entry]:
    """Every line that can be read, oldest first; a torn one (the power went) is passed by."""
    found = []
    for path in (_older(path_of(home)), path_of(home)):
        with contextlib.suppress(FileNotFoundError):
            for line in path.read_bytes().splitlines():
                with contextlib.suppress(msgspec.MsgspecError):
                    found.append(msgspec.json.decode(line, type=Entry))
    return found


def resets_in_a_row(entries: list[Entry]) -> int:
    """How often the box was let go since it was last well for a while, or stopped in order."""
    count = 0
    for entry in reversed(entries):
        if entry.what in ("settled", "ordered"):
            break
        count += entry.what == RESET
    return count


class Clerk:
    """Writes in a thread of its own.  `write` waits for nothing; `flush` waits a bounded time."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._work: queue.Queue[Entry | messages.Status | threading.Event] = queue.Queue(WAITING_MAX)
        threading.Thread(target=self._run, name="clerk", daemon=True).start()

    def write(self, what: Entry | messages.Status) -> None:
        """Have it written soon; the oldest wins where the disk does not follow."""
        with contextlib.suppress(queue.Full):
            self._work.put_nowait(what)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is on the disk; False where the time did not suffice."""
        done = threading.Event()
        try:
            self._work.put_nowait(done)
        except queue.Full:
            return False
        return done.wait(timeout_s)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                if isinstance(work, threading.Event):
                    work.set()
                elif isinstance(work, Entry):
                    append(self._home, work)
                else:
                    messages.write(self._home, work)
            except Exception:  # the root of the thread: the next line must be written
                log.exception("%s could not be written", type(work).__name__)


def append(home: Home, entry: Entry) -> None:
    """Add one line and see it onto the disk.  Raises OSError."""
    path = path_of(home)
    if path.exists() and path.stat().st_size > BYTES_MAX:
        path.replace(_older(path))
    mode = file_mode(path.parent) & 0o640
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, mode)
    try:
        os.write(descriptor, msgspec.json.encode(entry) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")
