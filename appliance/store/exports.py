"""Lists written out, in the worker: by customer or by history entry; CSV (UTF-8 or CP932) or XLSX.

A finished file lies under data/exports, readable by us alone, for a day; who asked and who fetched it is the
page's to log.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from appliance.errors import BadInput, YobirinError
from appliance.store import export_files, export_rows, list_jobs, lists
from appliance.store.export_files import Format
from appliance.store.models import Job, Noun
from appliance.store.open import Store
from appliance.store.times import DAY_MS

LISTS_MAX: Final = 200
SIGNS_KEPT_MAX: Final = 40
KEPT_MS: Final = DAY_MS

By = Literal["customer", "history"]
FORMATS: Final[dict[str, Format]] = {"utf-8": "utf-8-sig", "cp932": "cp932", "xlsx": "xlsx"}


class ExportPlan(Noun, frozen=True):
    """What is written.  `codes` None: everybody; `is_safe`: no cell that a spreadsheet would compute."""

    list_ids: tuple[int, ...]
    by: By = "customer"
    format: Format = "utf-8-sig"
    codes: tuple[str, ...] | None = None
    is_safe: bool = True


class Exported(Noun, frozen=True):
    """What was written.  `unwritable`: signs that CP932 lacks, with how often each was replaced."""

    rows: int = 0
    size_bytes: int = 0
    unwritable: tuple[tuple[str, int], ...] = ()


def request(store: Store, tenant_id: int, plan: ExportPlan, *, user_id: int, at: int) -> int:
    """Ask for an export; the job's id.  Raises BadInput: no list, over 200, not the tenant's."""
    if not 1 <= len(plan.list_ids) <= LISTS_MAX:
        raise BadInput(
            "出力するリストが選ばれていません。", remedy=f"1〜{LISTS_MAX}件のリストを選んでください。"
        )
    found = [lists.get(store, tenant_id, list_id) for list_id in plan.list_ids]
    if any(row is None or row.deleted_at for row in found):
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    names = [row.name for row in found if row]
    when = datetime.fromtimestamp(at / 1000, store.zone)
    what = {"customer": "顧客", "history": "対応履歴"}[plan.by]
    title = names[0] if len(names) == 1 else f"{names[0]}ほか{len(names) - 1}件"
    suffix = "xlsx" if plan.format == "xlsx" else "csv"
    return store.insert(
        "job",
        tenant_id=tenant_id,
        user_id=user_id,
        kind="export",
        state="running",
        project_id=found[0].project_id if found[0] else 0,
        list_id=plan.list_ids[0],
        file_name=f"{title}_{what}_{when:%Y%m%d%H%M}.{suffix}",
        plan=msgspec.json.encode(plan).decode(),
        created_at=at,
    )


def plan_of(job: Job) -> ExportPlan:
    """The plan an export carries."""
    return msgspec.json.decode(job.plan, type=ExportPlan)


def result_of(job: Job) -> Exported:
    """What an export wrote, zeros before."""
    return msgspec.json.decode(job.result, type=Exported)


def path_of(store: Store, job: Job) -> Path:
    """The finished file.  Raises BadInput once it has been removed."""
    path = _directory(store) / Path(job.path).name
    if job.kind != "export" or not job.path or not path.exists():
        raise BadInput("出力したファイルは残っていません。", remedy="もう一度出力してください。")
    return path


def sweep(store: Store, *, at: int) -> None:
    """Remove files older than a day, and what no job knows (a killed worker's)."""
    for job in store.all(
        Job,
        "FROM job WHERE kind = 'export' AND path <> '' AND finished_at < ? AND finished_at > 0",
        (at - KEPT_MS,),
    ):
        (_directory(store) / Path(job.path).name).unlink(missing_ok=True)
        store.update("job", job.id, path="")
    for path in _directory(store).iterdir():
        if path.stat().st_mtime * 1000 < at - 2 * KEPT_MS:
            path.unlink(missing_ok=True)


# --- in the worker ------------------------------------------------------------------------------------


def run(store: Store, job_id: int) -> Exported:
    """Write the file.  Stopped or failed, none is left."""
    job = list_jobs.of_worker(store, job_id)
    plan = plan_of(job)
    path = _directory(store) / f"{secrets.token_hex(12)}.{'xlsx' if plan.format == 'xlsx' else 'csv'}"
    try:
        result = _write(store, job, plan, path)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, YobirinError):
            state = "cancelled" if isinstance(error, list_jobs.Stopped) else "failed"
            list_jobs.end(store, job_id, state, message=str(error))
        raise
    list_jobs.end(
        store,
        job_id,
        "done",
        path=path.name,
        result=msgspec.json.encode(result).decode(),
        rows_done=result.rows,
    )
    return result


def _write(store: Store, job: Job, plan: ExportPlan, path: Path) -> Exported:
    ids = [
        customer_id
        for list_id in plan.list_ids
        for customer_id in export_rows.customer_ids(store, list_id, plan.codes)
    ]
    list_jobs.begin(store, job.id, rows_total=len(ids))
    tables = export_rows.tables(store, job.tenant_id, plan.list_ids)
    is_by_customer = plan.by == "customer"
    rows_of = export_rows.customer_rows if is_by_customer else export_rows.history_rows
    file = export_files.opened(path, plan.format, is_safe=plan.is_safe)
    done = 0
    try:
        file.row(export_rows.customer_head(tables) if is_by_customer else export_rows.HISTORY_HEAD)
        for chunk in list_jobs.chunks(ids):
            for row in rows_of(store, tables, chunk):
                file.row(row)
            done += len(chunk)
            list_jobs.progress(store, job.id, done)
    finally:
        file.close()
    return Exported(
        rows=file.rows - 1,
        size_bytes=path.stat().st_size,
        unwritable=tuple(file.unwritable.most_common(SIGNS_KEPT_MAX)),
    )


def _directory(store: Store) -> Path:
    return store.home.directory("data", "exports")
