"""The monitor's books: what it writes into the store and reads back after a restart, in a thread of its own.

A store that refuses (a full disk, a lock, no database yet) costs nothing: what waits is kept in memory,
bounded, and written with the next turn.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from appliance.errors import YobirinError
from appliance.monitoring.alarm import Alarm, Change, State
from appliance.monitoring.letters import Letter
from appliance.monitoring.messages import AlarmEvent
from appliance.monitoring.plugin import Status, Verdict
from appliance.settings import Home
from appliance.store import alarms, mail
from appliance.store.open import Store, open_store
from appliance.store.times import DAY_MS, ms

log = logging.getLogger("monitor")

EVENTS_MAX: Final = 1_000
LETTERS_MAX: Final = 100
HISTORY_SHOWN: Final = 100
RETRY_S: Final = 2.0


class Books:
    """`note`, `post` and `sample` only queue; the thread writes.  `on_letters`: mails are in the queue."""

    def __init__(
        self, home: Home, *, wall: Callable[[], float], on_letters: Callable[[], None] = lambda: None
    ) -> None:
        self._home = home
        self._wall = wall
        self._on_letters = on_letters
        self._lock = threading.Lock()
        self._states: list[alarms.AlarmState] | None = None
        self._events: deque[alarms.AlarmEvent] = deque(maxlen=EVENTS_MAX)
        self._letters: deque[Letter] = deque(maxlen=LETTERS_MAX)
        self._samples: dict[str, float] = {}
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="books", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_s: float = 3.0) -> None:
        """Write what waits, if the disk takes it within the time."""
        self._stopped.set()
        self._wake.set()
        self._thread.join(timeout_s)

    # --- from the loop --------------------------------------------------------------------------------

    def note(self, standing: Iterable[Alarm], changes: Iterable[tuple[Change, Verdict]]) -> None:
        """The alarms that stand now, and what happened."""
        states = [_state(alarm) for alarm in standing]
        events = [_event(change, verdict) for change, verdict in changes]
        with self._lock:
            self._states = states
            self._events.extend(events)
        self._wake.set()

    def post(self, letter: Letter) -> None:
        """Queue a mail."""
        with self._lock:
            self._letters.append(letter)
        self._wake.set()

    def sample(self, figures: dict[str, float]) -> None:
        """Keep a figure of each check."""
        with self._lock:
            self._samples = figures
        self._wake.set()

    # --- the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._wake.wait(RETRY_S if self._is_failing else None)
            self._wake.clear()
            self._is_failing = not self._write_safely()
            if self._stopped.is_set():
                return

    def _write_safely(self) -> bool:
        try:
            store = open_store(self._home)
            try:
                self._write(store)
            finally:
                store.close()
        except YobirinError as error:
            if not self._is_failing:
                log.warning("the monitor's books wait: %s", error.what)
            return False
        except Exception:
            log.exception("the monitor's books could not be written")
            return False
        return True

    def _write(self, store: Store) -> None:
        """Each part is taken off the queue only once it is on the disk."""
        with self._lock:
            states, events = self._states, list(self._events)
            letters, samples = list(self._letters), self._samples
        if states is not None:
            alarms.write(store, states, events)
            with self._lock:
                if self._states is states:
                    self._states = None
                for _ in events:
                    self._events.popleft()
        at = ms(self._wall())
        for letter in letters:
            mail.put(store, topic=letter.topic, subject=letter.subject, body=letter.body, at=at)
            with self._lock:
                self._letters.popleft()
        if samples:
            alarms.add_samples(store, at, samples)
            with self._lock:
                self._samples = {}
        if letters:
            self._on_letters()


def read_standing(home: Home) -> list[tuple[str, State, Status, alarms.AlarmState]]:
    """The alarms that stood when the last monitor ended.  Raises YobirinError."""
    store = open_store(home)
    try:
        return [(row.check_name, State(row.state), Status(row.status), row) for row in alarms.standing(store)]
    finally:
        store.close()


def read_history(home: Home) -> list[AlarmEvent]:
    """What happened lately, the newest first.  Raises YobirinError."""
    store = open_store(home)
    try:
        rows = alarms.history(store, limit=HISTORY_SHOWN)
    finally:
        store.close()
    return [_shown(row) for row in rows]


def read_days(home: Home, *, at: float) -> dict[str, tuple[tuple[float, float], ...]]:
    """The figures of the last day.  Raises YobirinError."""
    store = open_store(home)
    try:
        found = alarms.samples(store, since=ms(at) - DAY_MS)
    finally:
        store.close()
    return {name: tuple((moment / 1000, value) for moment, value in rows) for name, rows in found.items()}


def last_alive(home: Home, topic: str) -> float:
    """When the last mail of a topic was queued (seconds since 1970).  Raises YobirinError."""
    store = open_store(home)
    try:
        return mail.last_of(store, topic) / 1000
    finally:
        store.close()


def shown(change: Change, verdict: Verdict) -> AlarmEvent:
    """A change as the page lists it."""
    return AlarmEvent(
        change.at, change.check, change.event, change.status, verdict.key, verdict.values, change.who,
        change.note,
    )  # fmt: skip


def _shown(row: alarms.AlarmEvent) -> AlarmEvent:
    event: object = row.event
    return AlarmEvent(
        row.at / 1000, row.check_name, event, Status(row.status), row.sentence,  # type: ignore[arg-type]  # ours
        json.loads(row.filling), row.who, row.note,
    )  # fmt: skip


def _state(alarm: Alarm) -> alarms.AlarmState:
    return alarms.AlarmState(
        check_name=alarm.check,
        state=alarm.state.value,
        status=int(alarm.level),
        raised_at=ms(alarm.problem_at),
        who=alarm.who,
        acknowledged_at=ms(alarm.acknowledged_at),
        note=alarm.note,
    )


def _event(change: Change, verdict: Verdict) -> alarms.AlarmEvent:
    return alarms.AlarmEvent(
        at=ms(change.at),
        check_name=change.check,
        event=change.event,
        status=int(change.status),
        sentence=verdict.key,
        filling=alarms.filling(verdict.values),
        who=change.who,
        note=change.note,
    )
