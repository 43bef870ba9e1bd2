"""Background work on lists as people follow it: asked for, read, stopped; how far it is.

The work itself is in moves.py and exports.py and runs in the worker.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from appliance.errors import BadInput, YobirinError
from appliance.store.models import Job
from appliance.store.open import Store

KINDS: Final = ("move", "move_back", "export")
CHUNK: Final = 500  # rows a page of reading
MOVE_MIN: Final = 20  # below that the commits themselves cost more than the rows
MOVE_MAX: Final = 150  # a moved row changes four indexes: some 30 ms
HOLD_MS: Final = 8.0  # how long a transaction of ours may keep the dialer's writer waiting
YIELD_S: Final = 0.001  # the dialer's writer looks for the lock every half millisecond
UNDO_DAYS: Final = 7
IDS_MAX: Final = 500


class Stopped(YobirinError):
    """A person stopped the job."""


def existing(store: Store, tenant_id: int, job_id: int) -> Job:
    """The job.  Raises BadInput where the tenant has none of this id."""
    job = store.one(
        Job,
        "FROM job WHERE tenant_id = ? AND id = ? AND kind IN ('move', 'move_back', 'export')",
        (tenant_id, job_id),
    )
    if job is None:
        raise BadInput("その処理はありません。", remedy="一覧を更新してください。")
    return job


def every(store: Store, tenant_id: int, *, before_id: int = 0, limit: int = 50) -> list[Job]:
    """Moves, their undoings and exports, newest first."""
    return store.all(
        Job,
        "FROM job WHERE tenant_id = ? AND kind IN ('move', 'move_back', 'export') AND (? = 0 OR id < ?)"
        " ORDER BY id DESC LIMIT ?",
        (tenant_id, before_id, before_id, limit),
    )


def cancel(store: Store, tenant_id: int, job_id: int) -> None:
    """Stop a job that runs: an export leaves nothing, a move keeps what has been moved so far.

    An undoing goes on to its end.
    """
    existing(store, tenant_id, job_id)
    store.run(
        "UPDATE job SET is_cancelling = 1 WHERE id = ? AND state = 'running' AND kind <> 'move_back'",
        (job_id,),
    )


def begin(store: Store, job_id: int, *, rows_total: int) -> None:
    """Note that work has begun; `started_at` of a first run that was killed stays."""
    now = now_ms()
    store.run(
        "UPDATE job SET started_at = CASE started_at WHEN 0 THEN ? ELSE started_at END, seen_at = ?,"
        " rows_total = ?, rows_done = 0, message = '' WHERE id = ?",
        (now, now, rows_total, job_id),
    )


def progress(store: Store, job_id: int, rows_done: int) -> None:
    """Note how far it is.  Raises Stopped where somebody has asked for that."""
    changed = store.run(
        "UPDATE job SET rows_done = ?, seen_at = ? WHERE id = ? AND is_cancelling = 0",
        (rows_done, now_ms(), job_id),
    )
    if not changed:
        raise Stopped("中断されました。")


def end(store: Store, job_id: int, state: str, **values: Any) -> None:
    """The job is over; `values` are columns of its row."""
    store.update("job", job_id, state=state, finished_at=now_ms(), is_cancelling=0, **values)


def of_worker(store: Store, job_id: int) -> Job:
    """The job the worker was given."""
    job = store.one(Job, "FROM job WHERE id = ?", (job_id,))
    assert job is not None, f"no job {job_id}"
    return job


class Pace:
    """How many rows the next transaction may change, so that none holds the write lock for long."""

    def __init__(self) -> None:
        self.rows = MOVE_MIN

    def took(self, rows: int, held_s: float) -> None:
        """The last transaction changed so many rows in so long."""
        fitting = int(rows * HOLD_MS / max(held_s * 1000, 0.1))
        self.rows = max(MOVE_MIN, min(MOVE_MAX, fitting, 2 * self.rows))


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids by so many as one transaction takes."""
    for at in range(0, len(ids), CHUNK):
        yield ids[at : at + CHUNK]


def marks(values: Sequence[Any]) -> str:
    """`?, ?, ?` for as many values."""
    return ", ".join("?" * len(values))


def now_ms() -> int:
    """The wall clock, for the job's row."""
    return int(time.time() * 1000)
