"""The dialer's one writer thread: events are queued, committed together, and reported when on the disk.

A commit follows at the latest 20 ms after its first event, or at 64 events.  When the disk refuses, the
batch is kept and tried again, an alarm is raised, and nothing is lost until the queue's bound is reached.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from appliance.errors import StoreError
from appliance.store import record
from appliance.store.counters import Deltas
from appliance.store.events import Event
from appliance.store.journal import Journal
from appliance.store.open import Conflict, Store

GATHER_S: Final = 0.020  # commits of a slow disk are some 5 ms: 50 a second at the most
BATCH_MAX: Final = 64
QUEUE_MAX: Final = 200_000  # some 200 MB, an hour of a full box
RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
LOCK_WAIT_MS: Final = 2_000
LAGS_KEPT: Final = 20_000
CHECKPOINT_S: Final = 1.0

_log = logging.getLogger("yobirin.store.writer")


class Committed(NamedTuple):
    """One event is on the disk; `refused` says why it was not taken ('' when it was)."""

    token: int
    refused: str


class _Queued(NamedTuple):
    token: int
    event: Event
    at: float


class Writer:
    """Runs one thread.  `on_committed` and `on_alarm` are called in it: hand over to your loop there.

    `on_alarm(what)` names why the disk refuses, '' once it does so no more.  `journal` keeps what is queued
    beyond the death of the process; without one that is lost with it.
    """

    def __init__(
        self,
        store: Store,
        *,
        journal: Journal | None = None,
        on_committed: Callable[[list[Committed]], None] = lambda _done: None,
        on_alarm: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._store = store
        self._journal = journal
        self._on_committed = on_committed
        self._on_alarm = on_alarm
        self._queue: deque[_Queued] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._is_busy = False
        self._alarm = ""
        self._last_commit = 0.0
        self._lags: deque[float] = deque(maxlen=LAGS_KEPT)
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._ended = threading.Event()
        self._checkpointer = threading.Thread(target=self._checkpoint, name="checkpointer", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._checkpointer.start()

    def submit(self, event: Event, *, token: int = 0) -> None:
        """Queue one event.  Raises StoreError when the bound is reached: the event is lost."""
        with self._changed:
            if len(self._queue) >= QUEUE_MAX:
                self._lost += 1
                raise StoreError(
                    f"{QUEUE_MAX} events wait for the disk: one was lost.", remedy="Free space on the disk."
                )
            if self._journal is not None:
                self._journal.note(event)
            self._queue.append(_Queued(token, event, time.monotonic()))
            if len(self._queue) in (1, BATCH_MAX):
                self._changed.notify_all()

    def flush(self, *, timeout_s: float = 10.0) -> bool:
        """Wait until everything queued is on the disk; False when that takes longer than `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._is_busy, timeout_s)

    def close(self, *, timeout_s: float = 10.0) -> bool:
        """Write what is queued and end the thread; False when something could not be written in time."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        self._ended.set()
        self._checkpointer.join(timeout_s)
        return not self._queue and not self._thread.is_alive()

    def lags_ms(self) -> tuple[float, ...]:
        """From `submit` to the disk, of the last events, in milliseconds."""
        with self._changed:
            return tuple(self._lags)

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def lost_events(self) -> int:
        return self._lost

    def _checkpoint(self) -> None:
        """Copy the log into the database beside the commits: within one it costs up to half a second."""
        try:
            while not self._ended.wait(CHECKPOINT_S):
                with contextlib.suppress(StoreError):  # a full disk is the commits' business
                    self._store.value("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            self._store.close()

    def _run(self) -> None:
        try:
            self._store.value("PRAGMA wal_autocheckpoint = 0")
            while batch := self._next_batch():
                self._write(batch)
                with self._changed:
                    self._is_busy = False
                    if self._journal is not None and not self._queue:
                        self._journal.empty()
                    self._changed.notify_all()
        finally:
            self._store.close()

    def _next_batch(self) -> list[_Queued]:
        """What to commit next; empty when closing and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_closing)
            due = self._last_commit + GATHER_S
            while len(self._queue) < BATCH_MAX and not self._is_closing and time.monotonic() < due:
                self._changed.wait(max(0.0, due - time.monotonic()))
            batch = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
            self._is_busy = bool(batch)
            return batch

    def _write(self, batch: list[_Queued]) -> None:
        """Commit the batch, however often it takes."""
        tries = 0
        while True:
            self._last_commit = time.monotonic()
            try:
                done = self._commit(batch)
                break
            except StoreError as error:
                self._raise_alarm(str(error))
                if self._is_closing and tries > len(RETRY_S):
                    self._give_up(batch)
                    return
                time.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
        self._raise_alarm("")
        now = time.monotonic()
        with self._changed:
            self._lags.extend((now - queued.at) * 1000 for queued in batch)
        self._on_committed(done)

    def _commit(self, batch: list[_Queued]) -> list[Committed]:
        deltas = Deltas(self._store.zone)
        with self._store.eager_transaction(LOCK_WAIT_MS):
            done = [Committed(queued.token, self._apply(queued.event, deltas)) for queued in batch]
            deltas.flush(self._store)
        return done

    def _apply(self, event: Event, deltas: Deltas) -> str:
        """One event in a savepoint of its own: a mistake in it must not hold up the others."""
        own = Deltas(self._store.zone)
        try:
            with self._store.transaction():
                refused = record.apply(self._store, event, own)
        except (AssertionError, KeyError, TypeError, ValueError, Conflict) as error:
            _log.error("event refused: %s: %s", type(event).__name__, error)
            return f"error: {error}"
        deltas.add(own)
        return refused

    def _raise_alarm(self, what: str) -> None:
        if what != self._alarm:
            self._alarm = what
            _log.error("%s", what or "The disk takes writes again.")
            self._on_alarm(what)

    def _give_up(self, batch: list[_Queued]) -> None:
        with self._changed:
            self._queue.extendleft(reversed(batch))
            self._lost += len(self._queue)
