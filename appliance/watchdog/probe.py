"""A child process that commits to the store and reads the disk, again and again, and says each time it did.

`python -m appliance.watchdog.probe HOME`.  A disk that hangs holds up this process and nothing else; whoever
started it judges by the time since the last line.  Lines on standard output: `store` or `disk`, then
nothing when it is well, or what is wrong.  Ends with its standard input.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.errors import StoreError
from appliance.settings import Home
from appliance.store import alarms
from appliance.store.open import Store, open_store

EVERY_S: Final = 4.0
COMMIT_S_MAX: Final = 5.0
BLOCK_BYTES: Final = 4096
NO_RESET_HELPS: Final = "; told by the checks"


def main(home: Home) -> None:
    """Probe until standard input ends."""
    for name, probe in (("store", CommitProbe(home).look), ("disk", lambda: read_disk(home))):
        threading.Thread(target=_repeat, args=(name, probe), daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)  # a thread that hangs in the kernel cannot be waited for


def _repeat(name: str, probe: Callable[[], str]) -> None:
    while True:
        try:
            wrong = probe()
        except Exception as error:  # noqa: BLE001 - the root of the thread: whatever it is, it is told
            wrong = f"{type(error).__name__}: {error}"
        line = " ".join(f"{name} {wrong}".split())
        os.write(1, f"{line}\n".encode())
        time.sleep(EVERY_S)


class CommitProbe:
    """Commits to the table made for it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._store: Store | None = None
        self._file = 0  # inode of the database that is open

    def look(self) -> str:
        """Empty when the store took a commit in time, or answered what no restart cures."""
        began = time.monotonic()
        try:
            self._store = self._opened()
            alarms.probe(self._store, at=int(time.time() * 1000))
        except StoreError as error:
            return _curable(error)
        took_s = time.monotonic() - began
        return "" if took_s <= COMMIT_S_MAX else f"a commit took {took_s:.1f} s"

    def _opened(self) -> Store:
        """The database that is there now: a restore puts another in its place, and the old one would go on
        taking commits that nobody sees.
        """
        file = self._home.database.stat().st_ino if self._home.database.exists() else 0
        if self._store is not None and file != self._file:
            self._store.close()
            self._store = None
        self._file = file
        return self._store or open_store(self._home)


def _curable(error: StoreError) -> str:
    """A lock that is held and a disk that fails may be cured by a restart; a full disk, a wrong key or a
    damaged file are not, and monitoring tells of them."""
    return error.what if " is locked" in error.what or "I/O error" in error.what else ""


def read_disk(home: Home) -> str:
    """Read one block of the database past the page cache.  Empty when it was read."""
    if not home.database.exists():
        os.listdir(home.root)
        return ""
    try:
        _read_direct(home.database)
    except OSError as error:
        return str(error.strerror)
    return ""


def _read_direct(path: Path) -> None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a file system that knows no direct reading
    try:
        with mmap.mmap(-1, BLOCK_BYTES) as block:  # aligned to a page, as O_DIRECT asks
            os.preadv(file, [block], 0)
    finally:
        os.close(file)


if __name__ == "__main__":
    main(Home(Path(sys.argv[1])))
