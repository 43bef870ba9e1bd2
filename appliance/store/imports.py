"""Imports as people drive them: upload, look, check (a dry run), confirm, cancel, undo, download.

The work itself is in import_run.py and runs in the worker; these verbs only move the job's row.  Nothing of
a file is a customer before `confirm`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from appliance.errors import BadInput
from appliance.settings import file_mode
from appliance.store import export_files, import_formats, import_headers, import_reader, list_jobs, lists
from appliance.store.customers import VISIBLE
from appliance.store.import_headers import ColumnPlan, Columns
from appliance.store.import_reader import Found
from appliance.store.models import Customer, Job, Noun, RowError
from appliance.store.open import Store
from appliance.store.times import DAY_MS

UNDO_DAYS: Final = 7
SAMPLES: Final = 200
SHOWN: Final = 5

Scope = Literal["file", "list", "project", "all", "days"]


class Plan(Noun, frozen=True):
    """How a file is to be read and what becomes of it.  `number_column` -1: the one named 電話番号.

    `scope` says where a number makes a row a duplicate, always within the file too; `days` with scope "days":
    dialled within so many days.  `encoding` '' is recognised, `sheet` '' the first.  `columns` says what
    becomes of each column of the file; empty: every one is kept under its name.
    """

    project_id: int
    list_id: int = 0  # append to this list
    list_name: str = ""  # or make this one
    label: str = ""
    encoding: str = ""
    number_column: int = -1
    scope: Scope = "list"
    days: int = 30
    with_duplicates: bool = False
    sheet: str = ""
    columns: tuple[ColumnPlan, ...] = ()


class Counts(Noun, frozen=True):
    """total = loaded + errors + duplicates (these not when loaded too); blocked, repaired are of loaded."""

    total: int = 0
    loaded: int = 0
    duplicates: int = 0
    blocked: int = 0
    repaired: int = 0
    errors: int = 0
    kept: int = 0  # after an undo: rows that had been called and stayed
    encoding: str = ""


class Look(Noun, frozen=True):
    """What a page shows before anything is decided."""

    encoding: str
    delimiter: str
    words: str
    headers: tuple[str, ...]
    renamed: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    number_candidates: tuple[int, ...]
    sheets: tuple[str, ...] = ()


def upload(
    store: Store, tenant_id: int, *, user_id: int, file_name: str, content: Iterable[bytes], at: int
) -> int:
    """Keep a file under a job of its own; the job's id.  Raises BadInput where it is too large or empty."""
    name = Path(file_name.replace("\\", "/")).name[:120] or "file.csv"
    path = store.home.imports / f"{secrets.token_hex(12)}{Path(name).suffix.lower()[:6]}"
    size, limit = 0, store.settings.limits.import_bytes_max
    try:
        with path.open("xb") as file:
            path.chmod(file_mode(path.parent))
            for block in content:
                size += len(block)
                if size > limit:
                    raise BadInput(
                        f"ファイルが{limit // 1_000_000}MBを超えています。",
                        remedy="分割して取り込んでください。",
                    )
                file.write(block)
        if not size:
            raise BadInput("ファイルが空です。", remedy="見出しとデータの行があるか確かめてください。")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return store.insert(
        "job",
        tenant_id=tenant_id,
        user_id=user_id,
        kind="import",
        state="waiting",
        file_name=name,
        path=path.name,
        created_at=at,
    )


def look(store: Store, tenant_id: int, job_id: int, *, encoding: str = "", sheet: str = "") -> Look:
    """Encoding, headers and first rows of an uploaded file.  Raises BadInput where it cannot be read."""
    job = existing(store, tenant_id, job_id)
    path = path_of(store, job)
    found = import_reader.recognise(path, encoding=encoding, sheet=sheet)
    raw, samples = head_of(path, found)
    headers = import_headers.numbered(raw)
    return Look(
        encoding=found.encoding,
        delimiter=found.delimiter,
        words=found.words,
        headers=headers,
        renamed=tuple(
            new for old, new in zip(raw, headers, strict=False) if old.strip() and old.strip() != new
        ),
        samples=tuple(tuple(row) for row in samples[:SHOWN]),
        number_candidates=import_headers.candidates(headers, samples),
        sheets=import_reader.sheets(path, found),
    )


def head_of(path: Path, found: Found) -> tuple[list[str], list[list[str]]]:
    """The header and the first rows.  Raises BadInput where there is no row after the header."""
    walk = import_reader.rows(path, found)
    header = next(walk, None)
    samples = [row for (_, row), _ in zip(walk, range(SAMPLES), strict=False)]
    if header is None or not samples:
        raise BadInput("データの行がありません。", remedy="見出しの下にデータの行を入れてください。")
    return header[1], samples


def columns_of(store: Store, tenant_id: int, plan: Plan, path: Path, found: Found) -> Columns:
    """The file's columns under a plan.  Raises BadInput: clashes, no number column, headers that differ."""
    raw, samples = head_of(path, found)
    headers = import_headers.numbered(raw)
    number_column = plan.number_column
    if number_column < 0 and import_headers.NUMBER not in headers:
        offered = import_headers.candidates(headers, samples)
        if len(offered) == 1:
            number_column = offered[0]
    taken = reserved(store, plan.project_id)
    columns = (
        import_headers.mapped(plan.columns, width=len(headers), reserved=taken)
        if plan.columns
        else import_headers.columns(headers, number_column=number_column, reserved=taken)
    )
    if not plan.list_id:
        return columns
    target = lists.get(store, tenant_id, plan.list_id)
    if target is None or target.deleted_at or target.project_id != plan.project_id:
        raise BadInput("追加先のリストがありません。", remedy="リストを選び直してください。")
    return import_headers.check_append(columns, lists.headers_of(target))


def _recognised(path: Path, plan: Plan) -> Found:
    return import_reader.recognise(path, encoding=plan.encoding, sheet=plan.sheet)


def reserved(store: Store, project_id: int) -> frozenset[str]:
    """What no header may be called: codes of the project and their names."""
    rows = store.tuples("SELECT code, name FROM result_code WHERE project_id = ?", (project_id,))
    return frozenset(word for row in rows for word in row)


def check(store: Store, tenant_id: int, job_id: int, plan: Plan) -> None:
    """Ask for a dry run under this plan; the worker does it.  Raises BadInput for a plan that cannot work."""
    job = existing(store, tenant_id, job_id)
    path = path_of(store, job)
    columns_of(store, tenant_id, plan, path, _recognised(path, plan))
    _check_target(store, tenant_id, plan)
    changed = store.run(
        "UPDATE job SET plan = ?, state = 'checking', project_id = ?, list_id = ?, rows_done = 0,"
        " rows_total = 0, message = '', is_cancelling = 0 WHERE id = ? AND tenant_id = ? AND kind = 'import'"
        " AND state IN ('waiting', 'checking', 'failed')",
        (encoded(plan), plan.project_id, plan.list_id, job_id, tenant_id),
    )
    if not changed:
        raise BadInput("この取り込みは確認をやり直せません。", remedy="ファイルをもう一度選んでください。")


def _check_target(store: Store, tenant_id: int, plan: Plan) -> None:
    if not store.value("SELECT 1 FROM project WHERE id = ? AND tenant_id = ?", (plan.project_id, tenant_id)):
        raise BadInput("その案件はありません。", remedy="案件を選び直してください。")
    if not plan.list_id and not plan.list_name.strip():
        raise BadInput("リスト名がありません。", remedy="リスト名を入れてください。")
    if not plan.list_id and lists.by_name(store, tenant_id, plan.project_id, plan.list_name):
        raise BadInput(
            f"リスト「{plan.list_name}」はすでにあります。", remedy="別の名前にするか、追加してください。"
        )


def confirm(store: Store, tenant_id: int, job_id: int, *, with_duplicates: bool | None = None) -> None:
    """Import for real; the worker does it.  Raises BadInput unless the dry run has just been done."""
    job = existing(store, tenant_id, job_id)
    if job.state != "waiting" or job.result == "{}":
        raise BadInput("確認が済んでいません。", remedy="先に確認してください。")
    plan = plan_of(job)
    if with_duplicates is not None:
        plan = msgspec.structs.replace(plan, with_duplicates=with_duplicates)
    _check_target(store, tenant_id, plan)
    if plan.columns:
        _keep_format(store, tenant_id, job, plan)
    store.run(
        "UPDATE job SET state = 'running', plan = ?, rows_done = 0 WHERE id = ? AND state = 'waiting'",
        (encoded(plan), job_id),
    )


def _keep_format(store: Store, tenant_id: int, job: Job, plan: Plan) -> None:
    """What was said of these headers is offered when they come again."""
    path = path_of(store, job)
    headers = import_headers.numbered(head_of(path, _recognised(path, plan))[0])
    import_formats.save(
        store, tenant_id, headers, file_name=job.file_name, columns=plan.columns, at=job.created_at
    )


def cancel(store: Store, tenant_id: int, job_id: int) -> None:
    """Stop a check or an import: nothing of it stays.  A finished one is undone instead."""
    existing(store, tenant_id, job_id)
    with store.transaction():
        store.run(
            "UPDATE job SET is_cancelling = 1 WHERE id = ? AND state IN ('checking', 'running')", (job_id,)
        )
        store.run("UPDATE job SET state = 'cancelled' WHERE id = ? AND state = 'waiting'", (job_id,))


def undo(store: Store, tenant_id: int, job_id: int, *, user_id: int, at: int) -> int:
    """Take a finished import back, within 7 days; the undoing job's id.  Rows already called stay."""
    job = existing(store, tenant_id, job_id)
    if job.state not in ("done", "partly"):
        raise BadInput("この取り込みは取り消せません。", remedy="成功した取り込みだけ取り消せます。")
    if at - job.finished_at > UNDO_DAYS * DAY_MS:
        raise BadInput(f"取り込みから{UNDO_DAYS}日を過ぎました。", remedy="リストをごみ箱へ移してください。")
    with store.transaction():
        if not store.run(
            "UPDATE job SET state = 'undone' WHERE id = ? AND state IN ('done', 'partly')", (job_id,)
        ):
            raise BadInput("この取り込みは取り消し中です。", remedy="しばらくお待ちください。")
        return store.insert(
            "job",
            tenant_id=tenant_id,
            user_id=user_id,
            kind="undo",
            state="running",
            parent_id=job_id,
            project_id=job.project_id,
            list_id=job.list_id,
            file_name=job.file_name,
            rows_total=counts_of(job).loaded,
            created_at=at,
        )


def existing(store: Store, tenant_id: int, job_id: int) -> Job:
    """The job.  Raises BadInput where the tenant has none of this id."""
    job = store.one(
        Job,
        "FROM job WHERE tenant_id = ? AND id = ? AND kind IN ('import', 'undo')",
        (tenant_id, job_id),
    )
    if job is None:
        raise BadInput("その取り込みはありません。", remedy="一覧を更新してください。")
    return job


def every(store: Store, tenant_id: int, *, text: str = "", before_id: int = 0, limit: int = 50) -> list[Job]:
    """Imports and undoings, newest first; `text` is a part of the file's name."""
    return store.all(
        Job,
        "FROM job WHERE tenant_id = ? AND kind IN ('import', 'undo') AND (? = 0 OR id < ?)"
        " AND file_name LIKE ? ORDER BY id DESC LIMIT ?",
        (tenant_id, before_id, before_id, f"%{text}%", limit),
    )


def plan_of(job: Job) -> Plan:
    """The plan a job carries."""
    return msgspec.json.decode(job.plan, type=Plan)


def counts_of(job: Job) -> Counts:
    """What a check or a run found, zeros before."""
    return msgspec.json.decode(job.result, type=Counts)


def encoded(value: Any) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()


def errors(
    store: Store, tenant_id: int, job_id: int, *, after_line: int = 0, limit: int = 50
) -> list[RowError]:
    """Rows that are not loaded, by line: errors, and duplicates that are left out."""
    existing(store, tenant_id, job_id)
    return store.all(
        RowError,
        "FROM import_row_error WHERE job_id = ? AND line > ? ORDER BY line LIMIT ?",
        (job_id, after_line, limit),
    )


def kept(store: Store, tenant_id: int, job_id: int, *, limit: int = 200) -> list[Customer]:
    """Rows of an undone import that stayed because they had been called."""
    return store.all(
        Customer,
        f"FROM customer WHERE tenant_id = ? AND import_id = ? AND {VISIBLE} ORDER BY id LIMIT ?",
        (tenant_id, job_id, limit),
    )


def path_of(store: Store, job: Job) -> Path:
    """The uploaded file.  Raises BadInput where retention removed it."""
    path = store.home.imports / Path(job.path).name
    if not job.path or not path.exists():
        raise BadInput("ファイルが残っていません。", remedy="もう一度アップロードしてください。")
    return path


def error_csv(store: Store, tenant_id: int, job_id: int) -> Iterator[bytes]:
    """The rows that were not loaded, as in the file and in its own encoding, with a column 理由 added."""
    job = existing(store, tenant_id, job_id)
    path = path_of(store, job)
    found = _recognised(path, plan_of(job)) if job.plan != "{}" else import_reader.recognise(path)
    reasons = dict(store.tuples("SELECT line, reason FROM import_row_error WHERE job_id = ?", (job_id,)))
    encoding = found.encoding or "utf-8-sig"
    delimiter = found.delimiter or ","
    walk = import_reader.rows(path, found)
    line, header = next(walk)
    has_reason = header[-1:] == [import_headers.REASON]
    width = len(header) - int(has_reason)

    def encode(row: list[str], last: str, *, is_first: bool = False) -> bytes:
        text = io.StringIO()
        cells = (row + [""] * width)[:width]
        csv.writer(text, delimiter=delimiter).writerow([*cells, last])
        named = encoding if is_first or encoding != "utf-8-sig" else "utf-8"
        return text.getvalue().encode(named if named != "utf-16" else "utf-8", errors="replace")

    yield encode(header, import_headers.REASON, is_first=True)
    for line, row in walk:
        if line in reasons:
            yield encode(row, reasons[line])


def loaded_csv(store: Store, tenant_id: int, job_id: int) -> Iterator[bytes]:
    """The customers that came of an import and still stand, with their IDs; UTF-8 with BOM."""
    job = existing(store, tenant_id, job_id)
    target = lists.get(store, tenant_id, job.list_id)
    text = io.StringIO()
    csv.writer(text).writerow(["ID", *(lists.headers_of(target) if target else ())])
    yield b"\xef\xbb\xbf" + text.getvalue().encode()
    rows = store.tuples(
        f"SELECT id FROM customer WHERE import_id = ? AND tenant_id = ? AND {VISIBLE}",  # noqa: S608 - constant
        (job_id, tenant_id),
    )
    ids = sorted(row[0] for row in rows)
    for chunk in list_jobs.chunks(ids):
        text = io.StringIO()
        writer = csv.writer(text)
        for customer_id, list_id, fields in store.tuples(
            f"SELECT id, list_id, fields FROM customer WHERE id IN ({list_jobs.marks(chunk)}) ORDER BY id",  # noqa: S608
            chunk,
        ):
            writer.writerow(
                [f"{list_id}-{customer_id}", *(export_files.safe(cell) for cell in json.loads(fields))]
            )
        yield text.getvalue().encode()


def digest(path: Path) -> str:
    """SHA-256 of an uploaded file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def headers_json(headers: tuple[str, ...]) -> str:
    """Headers as a list keeps them."""
    return json.dumps(headers, ensure_ascii=False)
