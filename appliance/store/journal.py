"""What a killed dialer had heard and not yet committed: answers, results, seats.  Read at its next start.

The writer commits some 20 ms after it is told.  A process killed in between leaves its last words here: the
page cache outlives a process, so one `pwrite` of a few microseconds is enough, and none is waited for on
the disk.  A power cut is another matter: it ends the calls too, and takes what was not committed with it.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from appliance.errors import StoreError
from appliance.settings import Home
from appliance.store import events, record
from appliance.store.counters import Deltas
from appliance.store.open import Conflict, Store
from appliance.store.times import ms

KEPT: Final[dict[str, type[events.Event]]] = {
    kind.__name__: kind for kind in (events.SaveAttempt, events.SaveHistory, events.SaveSeat)
}
"""Events that may be applied twice with the same end.  Without them somebody answered is dialled again, a
result that was keyed is gone, or a seat is not asked for the code it owes."""

END: Final = b"\n"  # an empty line: what follows it is older and has been committed

_log = logging.getLogger("yobirin.store.journal")


class Journal:
    """One file in `HOME/run`, written by the one dialer of a home.  Not safe for threads: hold a lock."""

    def __init__(self, home: Home) -> None:
        """Begin anew: `replay` comes first.  Raises StoreError where the file cannot be opened."""
        path = _path(home)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error}.", remedy="Look at its mode.") from error
        self._at = 0
        self._is_failing = False

    def note(self, event: events.Event) -> None:
        """Keep an event from now on.  A file that takes no more is logged, and the event goes on its way."""
        if type(event).__name__ not in KEPT:
            return
        line = msgspec.json.encode((type(event).__name__, event)) + b"\n"
        try:
            os.pwrite(self._file, line + END, self._at)
        except OSError as error:
            if not self._is_failing:
                _log.error("the journal takes no more: %s", error)
            self._is_failing = True
            return
        self._is_failing = False
        self._at += len(line)

    def empty(self) -> None:
        """All that was noted is committed.  The file keeps its length: no block is freed or asked for."""
        if self._at:
            with contextlib.suppress(OSError):  # then it is replayed, and replaying does no harm
                os.pwrite(self._file, END, 0)
            self._at = 0

    def close(self) -> None:
        os.close(self._file)


def replay(store: Store) -> int:
    """Apply what was noted and perhaps not committed; how many events.  Before attempts are disposed."""
    path = _path(store.home)
    found = _read(path)
    for event in found:
        try:
            with store.transaction():
                _apply(store, event)
        except (AssertionError, KeyError, TypeError, ValueError, Conflict) as error:
            _log.error("event refused: %s: %s", type(event).__name__, error)
    path.unlink(missing_ok=True)
    return len(found)


def _path(home: Home) -> Path:
    return home.run / "dialer.journal"


def _read(path: Path) -> list[events.Event]:
    """The events up to the end; a line that was cut off by the kill is the end as well."""
    found: list[events.Event] = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_bytes().split(b"\n"):
            try:
                name, raw = msgspec.json.decode(line, type=tuple[str, msgspec.Raw])
                found.append(msgspec.json.decode(raw, type=KEPT[name]))
            except (msgspec.DecodeError, KeyError):
                break
    return found


def _apply(store: Store, event: events.Event) -> None:
    if isinstance(event, events.SaveHistory) and _is_there(store, event):
        return
    deltas = Deltas(store.zone)
    record.apply(store, event, deltas)
    deltas.flush(store)


def _is_there(store: Store, event: events.SaveHistory) -> bool:
    """Committed after all, and perhaps edited since; or its attempt is gone with its customer."""
    is_known = store.value("SELECT count(*) FROM attempt WHERE id = ?", (event.attempt_id,))
    is_written = store.value(
        "SELECT count(*) FROM history WHERE attempt_id = ? AND at >= ?", (event.attempt_id, ms(event.at))
    )
    return bool(is_written) or not is_known
