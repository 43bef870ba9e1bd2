"""The work of an import, in the worker: dry run, run, undo; each may be stopped or killed at any point.

Rows go in by chunks of 500 and stay hidden until the last transaction shows all of them at once: a cancelled
or killed import leaves nothing to see.  Memory does not grow with the file.
"""

from __future__ import annotations

import itertools
import time
import zlib
from collections.abc import Iterator
from typing import Final

from appliance.errors import BadInput, YobirinError
from appliance.store import import_reader, imports, lists
from appliance.store.counters import Deltas
from appliance.store.import_headers import Columns
from appliance.store.import_reader import Found
from appliance.store.import_rows import Judge, Ready, Seen
from appliance.store.imports import Counts, Plan
from appliance.store.models import Job, RowError
from appliance.store.open import Store
from appliance.store.times import DAY_MS

CHUNK: Final = 500
CHUNK_MIN: Final = 200  # below that the commits themselves cost more than the rows
HOLD_MS: Final = 12.0  # how long a transaction of ours may keep the dialer's writer waiting
PROGRESS_S: Final = 0.25  # a dry run writes nothing but its progress
ERRORS_KEPT_MAX: Final = 20_000


class Cancelled(YobirinError):
    """A person stopped the job; nothing of it stays."""


class _Import:
    """One pass over a file, dry or real."""

    def __init__(self, store: Store, job: Job, *, is_dry: bool) -> None:
        self.store = store
        self.job = job
        self.plan: Plan = imports.plan_of(job)
        self.is_dry = is_dry
        self.path = imports.path_of(store, job)
        self.found: Found = import_reader.recognise(
            self.path, encoding=self.plan.encoding, sheet=self.plan.sheet
        )
        self.columns: Columns = imports.columns_of(store, job.tenant_id, self.plan, self.path, self.found)
        self.rows_max = store.settings.limits.import_rows_max
        self.seen = Seen(self.rows_max)
        self.judge = Judge(self.columns, seed=zlib.crc32(job.path.encode()))
        self.counts = dict.fromkeys(("total", "loaded", "duplicates", "blocked", "repaired", "errors"), 0)
        self.errors_kept = 0
        self.list_id = self.plan.list_id
        self._chunk = CHUNK_MIN
        self._version = 0
        self._has_blocks = bool(
            store.value(
                "SELECT 1 FROM blocked_number WHERE tenant_id = ? AND released_at = 0", (job.tenant_id,)
            )
        )
        self._noted_at = 0.0

    def result(self) -> Counts:
        return Counts(**self.counts, encoding=self.found.words)

    def go(self) -> None:
        """All rows.  Raises BadInput: too many rows, a file that cannot be read on; Cancelled."""
        rows = itertools.islice(import_reader.rows(self.path, self.found), 1, None)
        while chunk := list(itertools.islice(rows, CHUNK if self.is_dry else self._chunk)):
            self.counts["total"] += len(chunk)
            if self.counts["total"] > self.rows_max:
                raise BadInput(
                    f"行数が{self.rows_max:,}行を超えています。",
                    remedy="ファイルを分割して取り込んでください。",
                )
            ready, errors = self._judged(chunk)
            self._write(ready, errors)

    def _judged(self, chunk: list[tuple[int, list[str]]]) -> tuple[list[tuple[Ready, bool]], list[RowError]]:
        """Rows to load, with whether each is a duplicate; rows not to."""
        ready: list[Ready] = []
        errors: list[RowError] = []
        for line, cells in chunk:
            judged = self.judge.judge(line, cells)
            if isinstance(judged, RowError):
                errors.append(judged)
            else:
                ready.append(judged)
        self.counts["errors"] += len(errors)
        known = self._known_elsewhere([row.number for row in ready])
        kept = []
        for row in ready:
            words = self._duplicate_words(row, known)
            self.counts["duplicates"] += bool(words)
            if words and not self.plan.with_duplicates:
                errors.append(self.judge.error(row, words, "1行だけ残してください"))
            else:
                kept.append((row, bool(words)))
        self._count(kept)
        return kept, errors

    def _duplicate_words(self, row: Ready, known: dict[str, str]) -> str:
        first = self.seen.first_line(row.number, row.line)
        if first:
            return f"同じファイルの{first}行目と重複しています"
        where = known.get(row.number)
        return f"リスト「{where}」に登録済みです" if where is not None else ""

    def _known_elsewhere(self, numbers: list[str]) -> dict[str, str]:
        """Number to the name of a list that has it, within the plan's scope."""
        scope, values = self._scope()
        if not scope or not numbers:
            return {}
        marks = ", ".join("?" * len(numbers))
        rows = self.store.tuples(
            "SELECT c.number, list.name FROM customer c INDEXED BY customer_by_number"  # noqa: S608 - marks
            " JOIN list ON list.id = c.list_id"
            f" WHERE c.number IN ({marks}) AND c.tenant_id = ? AND c.import_id <> ? AND list.deleted_at = 0"
            f" AND c.import_id NOT IN (SELECT import_id FROM hidden_import) AND {scope}",
            (*numbers, self.job.tenant_id, self.job.id, *values),
        )
        return dict(rows)

    def _scope(self) -> tuple[str, tuple[int, ...]]:
        plan = self.plan
        if plan.scope == "list":
            return ("c.list_id = ?", (plan.list_id,)) if plan.list_id else ("", ())
        if plan.scope == "project":
            return "c.project_id = ?", (plan.project_id,)
        if plan.scope == "days":
            return "c.last_called_at >= ?", (_now() - plan.days * DAY_MS,)
        return ("1", ()) if plan.scope == "all" else ("", ())

    def _count(self, kept: list[tuple[Ready, bool]]) -> None:
        self.counts["loaded"] += len(kept)
        self.counts["repaired"] += sum(row.is_repaired for row, _ in kept)
        numbers = [row.number for row, _ in kept]
        if not numbers or not self._has_blocks:
            return
        marks = ", ".join("?" * len(numbers))
        blocked = {
            number
            for (number,) in self.store.tuples(
                "SELECT number FROM blocked_number WHERE released_at = 0 AND tenant_id = ?"  # noqa: S608 - marks
                f" AND project_id IN (0, ?) AND number IN ({marks})",
                (self.job.tenant_id, self.plan.project_id, *numbers),
            )
        }
        self.counts["blocked"] += sum(number in blocked for number in numbers)

    def _write(self, ready: list[tuple[Ready, bool]], errors: list[RowError]) -> None:
        """One transaction: customers (not in a dry run), rejected rows, progress.  Raises Cancelled."""
        kept = errors[: ERRORS_KEPT_MAX - self.errors_kept]
        self.errors_kept += len(kept)
        job, now = self.job, _now()
        if self.is_dry and not kept and time.monotonic() - self._noted_at < PROGRESS_S:
            return
        with self.store.transaction():
            held_from = time.monotonic()
            if not self.is_dry and ready:
                self.store.many(
                    INSERT,
                    [
                        (
                            job.tenant_id, self.plan.project_id, self.list_id, job.id, row.number, row.name,
                            row.kana, row.sex, row.age, row.fields, row.random_key, int(is_duplicate), now,
                        )
                        for row, is_duplicate in ready
                    ],
                )  # fmt: skip
            if kept:
                self.store.many(
                    "INSERT OR REPLACE INTO import_row_error (job_id, line, value, name, reason, fix)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    [(job.id, e.line, e.value, e.name, e.reason, e.fix) for e in kept],
                )
            if not _progress(self.store, job.id, self.counts["total"], now):
                raise Cancelled("取り込みは中断されました。")
        self._noted_at = time.monotonic()
        self._adapt(len(ready), (self._noted_at - held_from) * 1000)

    def _adapt(self, rows: int, held_ms: float) -> None:
        """Beside another writer: as many rows a transaction as the lock may be held for, here and now."""
        version = self.store.value("PRAGMA data_version")  # moves when another connection commits
        is_alone, self._version = version == self._version, version
        if is_alone:
            self._chunk = CHUNK
        elif rows >= CHUNK_MIN // 2:
            fitting = int(rows * HOLD_MS / max(held_ms, 0.1))
            self._chunk = max(CHUNK_MIN, min(CHUNK, fitting))


INSERT: Final = (
    "INSERT INTO customer (tenant_id, project_id, list_id, import_id, number, name, kana, sex, age, fields,"
    " random_key, is_duplicate, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def check(store: Store, job_id: int) -> Counts:
    """The dry run: counts and rejected rows on the job, and not one customer.  Failures go on the job too."""
    job = _job(store, job_id)
    _begin(store, job)
    try:
        run = _Import(store, job, is_dry=True)
        store.update("job", job_id, rows_total=import_reader.count_lines(run.path, run.found))
        run.go()
    except YobirinError as error:
        _end(store, job_id, "cancelled" if isinstance(error, Cancelled) else "failed", message=str(error))
        raise
    store.update(
        "job",
        job_id,
        state="waiting",
        result=imports.encoded(run.result()),
        rows_done=run.counts["total"],
        rows_total=run.counts["total"],
    )
    return run.result()


def load(store: Store, job_id: int) -> Counts:
    """The real run.  All rows come into sight in the last transaction; a failure leaves none."""
    job = _job(store, job_id)
    purge(store, job_id)  # what a killed run left, hidden
    _begin(store, job)
    try:
        run = _Import(store, job, is_dry=False)
        if not job.rows_total:
            store.update("job", job_id, rows_total=import_reader.count_lines(run.path, run.found))
        _stage(store, job, run)
        with store.relaxed():
            run.go()
        _check_size(store, run)
        _show(store, job, run)
    except YobirinError as error:
        purge(store, job_id)
        _end(store, job_id, "cancelled" if isinstance(error, Cancelled) else "failed", message=str(error))
        raise
    return run.result()


def _stage(store: Store, job: Job, run: _Import) -> None:
    """Hide what this import loads, and make its list, hidden too."""
    with store.transaction():
        store.run("INSERT OR IGNORE INTO hidden_import (import_id) VALUES (?)", (job.id,))
        if not run.list_id:
            run.list_id = lists.create(
                store,
                job.tenant_id,
                run.plan.project_id,
                name=run.plan.list_name,
                label=run.plan.label,
                headers=run.columns.headers,
                is_hidden=True,
                at=_now(),
            )
            store.update("job", job.id, list_id=run.list_id)


def _check_size(store: Store, run: _Import) -> None:
    limit = store.settings.limits.list_customers_max
    have = store.value(
        "SELECT coalesce(sum(customers), 0) FROM list_counter WHERE list_id = ?", (run.list_id,)
    )
    if have + run.counts["loaded"] > limit:
        raise BadInput(f"リストが{limit:,}件を超えます。", remedy="別のリストに分けてください。")


def _show(store: Store, job: Job, run: _Import) -> None:
    """Everything into sight, with its counters, or nothing."""
    loaded = run.counts["loaded"]
    state = "partly" if run.counts["errors"] else "done"
    with store.transaction():
        deltas = Deltas(store.zone)
        deltas.customers(run.list_id, "", customers=loaded, callable=loaded)
        deltas.flush(store)
        store.run("DELETE FROM hidden_import WHERE import_id = ?", (job.id,))
        store.update("list", run.list_id, is_hidden=0)
        store.update("job", job.id, result=imports.encoded(run.result()), rows_done=run.counts["total"])
        _end(store, job.id, state)


def purge(store: Store, job_id: int) -> None:
    """Remove what an unfinished import left, and the list it made; it has been hidden all the time."""
    if not store.value("SELECT 1 FROM hidden_import WHERE import_id = ?", (job_id,)):
        return
    sql = "DELETE FROM customer WHERE id IN (SELECT id FROM customer WHERE import_id = ? LIMIT ?)"
    while store.run(sql, (job_id, CHUNK)):
        pass
    with store.transaction():
        list_id = store.value("SELECT list_id FROM job WHERE id = ?", (job_id,))
        store.run("DELETE FROM list WHERE id = ? AND is_hidden = 1", (list_id,))
        store.run("DELETE FROM import_row_error WHERE job_id = ?", (job_id,))
        store.run("DELETE FROM hidden_import WHERE import_id = ?", (job_id,))
        plan_list_id = imports.plan_of(_job(store, job_id)).list_id
        store.update("job", job_id, list_id=plan_list_id)


def undo(store: Store, job_id: int) -> Counts:
    """Take an import back by chunks.  Called rows stay and are counted; an empty list is binned."""
    job = _job(store, job_id)
    done = job.rows_done
    while removed := _undo_chunk(store, job, done):
        done += removed
    kept = int(store.value("SELECT count(*) FROM customer WHERE import_id = ?", (job.parent_id,)))
    counts = Counts(loaded=done, kept=kept)
    with store.transaction():
        if not store.value("SELECT 1 FROM customer WHERE list_id = ? LIMIT 1", (job.list_id,)):
            store.update("list", job.list_id, deleted_at=_now(), state="stopped")
        store.update("job", job_id, result=imports.encoded(counts))
        _end(store, job_id, "partly" if kept else "done")
    return counts


def _undo_chunk(store: Store, job: Job, done: int) -> int:
    with store.transaction():
        rows = store.tuples(
            "SELECT id, list_id, last_code, is_callable FROM customer c WHERE import_id = ? AND attempts = 0"
            " AND is_worked = 0 AND NOT EXISTS (SELECT 1 FROM attempt WHERE customer_id = c.id) LIMIT ?",
            (job.parent_id, CHUNK),
        )
        deltas = Deltas(store.zone)
        for _, list_id, code, is_callable in rows:
            deltas.customers(list_id, code, customers=-1, callable=-is_callable)
        store.many("DELETE FROM customer WHERE id = ?", [(row[0],) for row in rows])
        deltas.flush(store)
        store.update("job", job.id, rows_done=done + len(rows), seen_at=_now())
    return len(rows)


def _job(store: Store, job_id: int) -> Job:
    job = store.one(Job, "FROM job WHERE id = ?", (job_id,))
    assert job is not None, f"no job {job_id}"
    return job


def _begin(store: Store, job: Job) -> None:
    with store.transaction():
        store.run("DELETE FROM import_row_error WHERE job_id = ?", (job.id,))
        store.update("job", job.id, started_at=_now(), seen_at=_now(), rows_done=0, message="")


def _end(store: Store, job_id: int, state: str, *, message: str = "") -> None:
    store.update("job", job_id, state=state, finished_at=_now(), message=message, is_cancelling=0)


def _progress(store: Store, job_id: int, rows: int, now: int) -> int:
    """Note how far it is; 0 where somebody cancelled."""
    return store.run(
        "UPDATE job SET rows_done = ?, seen_at = ? WHERE id = ? AND is_cancelling = 0", (rows, now, job_id)
    )


def _now() -> int:
    return int(time.time() * 1000)


def load_file(
    store: Store, tenant_id: int, plan: Plan, *, file_name: str, content: Iterator[bytes], is_dry: bool
) -> tuple[Job, Counts]:
    """Upload, check and (unless `is_dry`) load in one go, for the command line.  Raises BadInput."""
    job_id = imports.upload(store, tenant_id, user_id=0, file_name=file_name, content=content, at=_now())
    imports.check(store, tenant_id, job_id, plan)
    counts = check(store, job_id)
    if not is_dry:
        imports.confirm(store, tenant_id, job_id)
        counts = load(store, job_id)
    return imports.existing(store, tenant_id, job_id), counts
