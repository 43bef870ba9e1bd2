"""The queue of background work, on huey's SqlHuey in our own database.

The job's row is the truth and the queue only its messenger: at every start, and every minute, jobs that a
crash left are put back into it.  One thread works, so two imports never race.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from huey import Huey, crontab
from huey.contrib.sql_huey import SqlStorage

from appliance.errors import YobirinError
from appliance.store import audit, compare, drafts, exports, import_run, moves, recordings, sessions
from appliance.store.models import Job
from appliance.store.open import Store
from appliance.store.times import DAY_MS, day_of

POLL_S: Final = 0.5
FILES_KEPT_DAYS: Final = 90

_log = logging.getLogger("yobirin.store.jobs")

WORK: Final[dict[tuple[str, str], Callable[[Store, int], object]]] = {
    ("import", "checking"): import_run.check,
    ("import", "running"): import_run.load,
    ("undo", "running"): import_run.undo,
    ("move", "running"): moves.run,
    ("move_back", "running"): moves.run_back,
    ("export", "running"): exports.run,
}
"""What is done for a job of this kind in this state."""


class _Looked(Huey):  # type: ignore[misc]  # huey is untyped here
    """The queue, which knows when its consumer last looked for work."""

    looked_at = 0.0

    def dequeue(self) -> Any:
        self.looked_at = time.monotonic()
        return super().dequeue()


class Queue:
    """Put work into the queue (web, command line), or be the consumer of it (worker)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._huey = _Looked(
            "yobirin", storage_class=SqlStorage, database=store.database, results=False, utc=True
        )
        self._work = self._huey.task(name="work")(self._work_on)
        self._huey.periodic_task(crontab(minute="*"), name="every_minute")(self._every_minute)
        self._huey.periodic_task(crontab(minute="7"), name="every_hour")(self._every_hour)
        self._huey.periodic_task(crontab(minute="30", hour="18"), name="every_night")(self._every_night)

    def put(self, job_id: int) -> None:
        """Have the worker look at this job soon."""
        self._work(job_id)

    def consumer(self) -> Any:
        """huey's consumer, one thread: `start()`, then `stop()`."""
        self.put_back()
        return self._huey.create_consumer(
            workers=1, periodic=True, initial_delay=POLL_S, max_delay=POLL_S, check_worker_health=False
        )

    @property
    def looked_at(self) -> float:
        """Monotonic time when the consumer last looked for work: twice a second between jobs."""
        return float(self._huey.looked_at)

    def put_back(self) -> int:
        """Queue every job whose work is not done; how many."""
        jobs = self._store.all(Job, "FROM job WHERE state IN ('checking', 'running') ORDER BY id")
        for job in jobs:
            self.put(job.id)
        return len(jobs)

    def _work_on(self, job_id: int) -> None:
        work_on(self._store, job_id)

    def _every_minute(self) -> None:
        stale = int(time.time() * 1000) - 60_000
        for job in self._store.all(
            Job, "FROM job WHERE state IN ('checking', 'running') AND max(created_at, seen_at) < ?", (stale,)
        ):
            self.put(job.id)

    def _every_hour(self) -> None:
        hourly(self._store, at=int(time.time() * 1000))

    def _every_night(self) -> None:
        """18:30 UTC is 03:30 in Japan."""
        nightly(self._store, at=int(time.time() * 1000))


def work_on(store: Store, job_id: int) -> None:
    """Do what the job's row asks for; nothing where it has been done.  Its failures are on its row."""
    job = store.one(Job, "FROM job WHERE id = ?", (job_id,))
    work = WORK.get((job.kind, job.state)) if job else None
    if work is None:
        return
    try:
        work(store, job_id)
    except YobirinError as error:
        _log.warning("job %d: %s", job_id, error)
    except Exception as error:  # noqa: BLE001 - the root of a job: the next one must run
        _log.exception("job %d", job_id)
        store.update("job", job_id, state="failed", message=f"内部エラー：{error}")


def hourly(store: Store, *, at: int) -> None:
    """Expired sessions and old exports go, and the oldest recordings when they outgrow their share."""
    sessions.sweep(store, at=at)
    exports.sweep(store, at=at)
    drafts.sweep(store, at=at)
    pruned = recordings.prune(store, bytes_max=store.settings.limits.recordings_bytes_max, at=at)
    if pruned:
        audit.log(store, 0, at=at, screen="worker", action="recordings_pruned", detail=str(pruned))


def nightly(store: Store, *, at: int) -> int:
    """Counters against rows of the last days, old uploads away; how many counters were put right."""
    found = compare.compare(store, from_day=day_of(at - 3 * DAY_MS, store.zone))
    if found:
        compare.repair(store, found)
        _log.error("%d counters differed from their rows and were put right: %s", len(found), found[:5])
        audit.log(store, 0, at=at, screen="worker", action="counters_repaired", detail=str(found[:5]))
    _remove_old_uploads(store, before=at - FILES_KEPT_DAYS * DAY_MS)
    store.run("PRAGMA optimize")
    return len(found)


def _remove_old_uploads(store: Store, *, before: int) -> None:
    for job in store.all(Job, "FROM job WHERE kind = 'import' AND path <> '' AND created_at < ?", (before,)):
        (store.home.imports / job.path).unlink(missing_ok=True)
        store.update("job", job.id, path="")
