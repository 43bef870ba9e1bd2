"""Work on whole lists in the background: extraction, removal, export; its progress, its file, its undoing.

The worker does it; a page may be closed.  Asking for an export and fetching it are both logged as taking
data out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import exports, list_jobs, lists, moves, users
from appliance.store.exports import FORMATS, ExportPlan
from appliance.store.list_jobs import UNDO_DAYS
from appliance.store.models import Job
from appliance.store.times import DAY_MS
from webui.ask import Ask, NotFound, Services
from webui.auth import log_action
from webui.imports import remaining_s
from webui.list_bulk import chosen_lists
from webui.lists import NEVER_CALLED
from webui.lists import existing as existing_list
from webui.roles import Route

BLOCK: Final = 1_048_576
STATES: Final = {
    "running": ("▶", "処理中", ""),
    "done": ("✔", "成功", "s-ok"),
    "partly": ("！", "一部失敗", "s-warn"),
    "failed": ("×", "失敗", "s-bad"),
    "cancelled": ("－", "中止", ""),
    "undone": ("－", "取り消し済み", ""),
}
KINDS: Final = {"move": "抽出", "remove": "削除", "move_back": "取り消し", "export": "出力"}
ENCODINGS: Final = (
    ("utf-8", "CSV（UTF-8、Excelで開けます）"),
    ("cp932", "CSV（CP932＝Shift_JIS）"),
    ("xlsx", "Excel（XLSX）"),
)
BY: Final = (
    ("customer", "顧客ごと（1人1行）"),
    ("history", "対応履歴ごと（1件1行）"),
)


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/lists/<list_id:int>/extract", "lists.change", extract),
        Route("POST", "/lists/<list_id:int>/remove", "lists.change", remove),
        Route("GET", "/exports/new", "export", show_export),
        Route("POST", "/exports/new", "export", show_export),  # from a form: its token stays out of addresses
        Route("POST", "/exports", "export", export),
        Route("GET", "/work", "lists.view", show_all),
        Route("GET", "/work/<job_id:int>", "lists.view", show),
        Route("GET", "/work/<job_id:int>/file", "export", download),
        Route("POST", "/work/<job_id:int>/cancel", "lists.change", cancel),
        Route("POST", "/work/<job_id:int>/undo", "lists.change", undo),
    ]


def codes_of(ask: Ask) -> tuple[str, ...]:
    """The codes ticked; '' for the never called."""
    return tuple("" if code == NEVER_CALLED else code[:4] for code in ask.texts("code"))


def extract(ask: Ask, list_id: int) -> Any:
    """The customers of the ticked codes into a new list."""
    found, codes = existing_list(ask, list_id), codes_of(ask)
    job_id = moves.extract(
        ask.services.store,
        ask.tenant_id,
        list_id,
        codes=codes,
        name=ask.text("name", size_max=80),
        label=ask.text("label", size_max=40),
        user_id=ask.person.user_id,
        at=ask.services.now_ms(),
    )
    return _queued(ask, job_id, "extracted", f"{list_id}: {found.name}: {codes}")


def remove(ask: Ask, list_id: int) -> Any:
    """One customer, or all duplicates of the list, into the bin."""
    found = existing_list(ask, list_id)
    ids = tuple(int(text) for text in ask.texts("customer") if text.isascii() and text.isdigit())
    job_id = moves.remove(
        ask.services.store,
        ask.tenant_id,
        list_id,
        ids=ids,
        user_id=ask.person.user_id,
        at=ask.services.now_ms(),
    )
    return _queued(ask, job_id, "customers removed", f"{list_id}: {found.name}: {ids or 'duplicates'}")


def _queued(ask: Ask, job_id: int, action: str, detail: str) -> Any:
    ask.services.queue.put(job_id)
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "lists", action, f"{job_id}: {detail}"[:1000])
    return ask.goto(f"/work/{job_id}")


# --- exports ------------------------------------------------------------------------------------------


def show_export(ask: Ask) -> Any:
    """What to write, in which form; nothing is written yet."""
    chosen = [existing_list(ask, list_id) for list_id in chosen_lists(ask)]
    if not chosen:
        raise BadInput(ask.t("リストが選ばれていません。"), remedy=ask.t("リストを選んでください。"))
    return ask.page(
        "export_new.html",
        lists=chosen,
        codes=codes_of(ask),
        code_values=ask.texts("code"),
        by=[(key, ask.t(word)) for key, word in BY],
        formats=[(key, ask.t(word)) for key, word in ENCODINGS],
    )


def export(ask: Ask) -> Any:
    """Have the worker write the lists; logged as taking data out."""
    codes = codes_of(ask)
    plan = ExportPlan(
        list_ids=chosen_lists(ask),
        by="history" if ask.text("by") == "history" else "customer",
        format=FORMATS.get(ask.text("format"), "utf-8-sig"),
        codes=codes or None,
        is_safe=ask.flag("is_safe"),
    )
    job_id = exports.request(
        ask.services.store, ask.tenant_id, plan, user_id=ask.person.user_id, at=ask.services.now_ms()
    )
    return _queued(ask, job_id, "exported", f"{plan.by} {plan.format}: {plan.list_ids} {codes}")


def download(ask: Ask, job_id: int) -> Any:
    """The finished file, for a day."""
    job = _existing(ask, job_id)
    path = exports.path_of(ask.services.store, job)
    log_action(ask, "lists", "export downloaded", f"{job_id}: {job.file_name}")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return ask.download(
        _read(path), job.file_name, kind if path.suffix == ".xlsx" else "application/octet-stream"
    )


def _read(path: Any) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


# --- jobs ---------------------------------------------------------------------------------------------


def _existing(ask: Ask, job_id: int) -> Job:
    try:
        return list_jobs.existing(ask.services.store, ask.tenant_id, job_id)
    except BadInput as error:
        raise NotFound(error.what, remedy=error.remedy) from error


def show_all(ask: Ask) -> Any:
    store, before = ask.services.store, ask.integer("before")
    rows = list_jobs.every(store, ask.tenant_id, before_id=before)
    return ask.page(
        "work.html",
        rows=[(job, _kind(ask, job)) for job in rows],
        states=STATES,
        is_full=len(rows) == 50,
        before=before,
        is_busy=any(job.state == "running" for job in rows),
        user_names={user.id: user.name for user in users.every(store, ask.tenant_id, with_retired=True)},
    )


def _kind(ask: Ask, job: Job) -> str:
    if job.kind == "move" and moves.plan_of(job).is_removal:
        return ask.t(KINDS["remove"])
    return ask.t(KINDS[job.kind])


def show(ask: Ask, job_id: int) -> Any:
    """The job as it stands; a running one refreshes itself."""
    store, job = ask.services.store, _existing(ask, job_id)
    is_export = job.kind == "export"
    plan = None if is_export else moves.plan_of(job)
    is_over = job.state != "running"
    is_undoable = (
        job.kind == "move"
        and job.state in ("done", "partly", "cancelled")
        and ask.services.now_ms() - job.finished_at < UNDO_DAYS * DAY_MS
    )
    return ask.page(
        "work_job.html",
        job=job,
        kind=_kind(ask, job),
        state=STATES[job.state],
        moved=None if is_export else moves.result_of(job),
        exported=exports.result_of(job) if is_export else None,
        is_removal=bool(plan and plan.is_removal),
        source=lists.get(store, ask.tenant_id, plan.from_list_id) if plan else None,
        target=lists.get(store, ask.tenant_id, plan.to_list_id) if plan else None,
        kept=moves.kept(store, ask.tenant_id, job) if job.kind == "move_back" and is_over else [],
        has_file=is_export and is_over and bool(job.path),
        is_undoable=is_undoable,
        undo_until=job.finished_at + UNDO_DAYS * DAY_MS,
        remaining_s=remaining_s(ask, job),
    )


def cancel(ask: Ask, job_id: int) -> Any:
    job = _existing(ask, job_id)
    list_jobs.cancel(ask.services.store, ask.tenant_id, job_id)
    log_action(ask, "lists", "work cancelled", f"{job_id}: {job.file_name}")
    return ask.goto(f"/work/{job_id}")


def undo(ask: Ask, job_id: int) -> Any:
    """Move the customers back; those called since stay."""
    job = _existing(ask, job_id)
    back_id = moves.undo(
        ask.services.store, ask.tenant_id, job_id, user_id=ask.person.user_id, at=ask.services.now_ms()
    )
    return _queued(ask, back_id, "move undone", f"{job_id}: {job.file_name}")
