"""The backup that makes itself: once a night, and now and then a test restore.

`due` is arithmetic; `Nightly` is the thread beside the worker's other duties.  A run that failed is tried
again after an hour, and the status file says why it failed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from appliance.backup import key as backup_key
from appliance.backup import messages
from appliance.backup.messages import Status
from appliance.backup.restore import drill
from appliance.backup.run import back_up
from appliance.backup.target import Target, open_target
from appliance.errors import YobirinError
from appliance.settings import Home, Settings
from appliance.store.open import open_store

AGAIN_S: Final = 3600.0
LOOK_EVERY_S: Final = 30.0
DRILL_DAYS: Final = 30
NICENESS: Final = 15

log = logging.getLogger("backup")


def due(now: datetime, last_good: datetime | None, *, hour: int) -> bool:
    """Whether a backup is due: none was made since the latest `hour` o'clock (local, as `now`)."""
    latest = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if latest > now:
        latest -= timedelta(days=1)
    return last_good is None or last_good < latest


def drill_due(status: Status, *, now_ms: int) -> bool:
    """Whether a test restore is due: the first backup is proved at once, later ones once a month."""
    return now_ms - status.last_drill_at > DRILL_DAYS * 86_400_000


class Nightly:
    """Makes the backups of one home until told to stop.  Without a target it does nothing."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home, self._settings = home, settings
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        if self._settings.backup.target:
            self._thread.start()

    def stop(self) -> None:
        """A run in progress is cut off; the next one goes on with what it copied."""
        self._stopped.set()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(
                os.PRIO_PROCESS, threading.get_native_id(), NICENESS
            )  # Linux: of this thread alone
        wait_s = LOOK_EVERY_S
        while not self._stopped.wait(wait_s):
            wait_s = LOOK_EVERY_S
            if self._is_due():
                wait_s = LOOK_EVERY_S if try_now(self._home, self._settings) else AGAIN_S

    def _is_due(self) -> bool:
        zone = ZoneInfo(self._settings.time_zone)
        last_ms = messages.read(self._home).last_good_at
        last = datetime.fromtimestamp(last_ms / 1000, zone) if last_ms else None
        return due(datetime.now(zone), last, hour=self._settings.backup.hour)


def try_now(home: Home, settings: Settings) -> bool:
    """One backup, and a test restore when it is due; False when it failed, which the status file explains."""
    try:
        run_once(home, settings)
    except (YobirinError, OSError) as error:
        log.error("the backup failed: %s", error)
        return _failed(home, str(error))
    except Exception as error:  # the root of the thread: without it no night would follow
        log.exception("the backup failed")
        return _failed(home, f"{type(error).__name__}: {error}")
    return True


def _failed(home: Home, why: str) -> bool:
    with contextlib.suppress(OSError):  # a full disk: the backup's age tells of it
        _note(home, error=why)
    return False


def run_once(home: Home, settings: Settings) -> Status:
    """One backup, and a test restore when it is due.  Raises DeviceError, StoreError, SettingsError."""
    at, key = now_ms(), backup_key.ensure(home)
    with opened_target(settings.backup.target, home) as target:
        store = open_store(home)
        try:
            made, copied = back_up(store, target, key, at=at, keep=settings.backup.keep)
        finally:
            store.close()
        recordings = sum(not kept.is_sealed for kept in made.files)
        _note(home, last_good_at=at, error="", target=target.name, copied_bytes=copied, recordings=recordings)
        log.info("backed up %d files to %s, %d bytes copied", len(made.files), target.name, copied)
        if drill_due(messages.read(home), now_ms=at):
            drill(home, target, key, at=now_ms(), least=settings.limits.disk_free_min_bytes)
            log.info("a test restore from %s went well", target.name)
    return messages.read(home)


@contextlib.contextmanager
def opened_target(name: str, home: Home | None) -> Iterator[Target]:
    """The target, closed at the end."""
    target = open_target(name, home)
    try:
        yield target
    finally:
        target.close()


def now_ms() -> int:
    """Milliseconds since 1970 (UTC): backups are named by the wall clock."""
    return int(time.time() * 1000)


def _note(home: Home, **changes: object) -> None:
    messages.write(home, msgspec.structs.replace(messages.read(home), **changes))
