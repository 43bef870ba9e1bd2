"""リスト取込: upload → columns → check → job.  All four steps live in the job's row; a page may be closed.

The worker reads the file; this only moves the job along and shows what it found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import import_formats, imports, lists, projects, users
from appliance.store.import_formats import Format
from appliance.store.import_headers import NUMBER, USE_WORDS, ColumnPlan, guessed
from appliance.store.imports import UNDO_DAYS, Look, Plan
from appliance.store.models import Job
from appliance.store.times import DAY_MS
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.lists import existing as existing_list
from webui.projects import existing as existing_project
from webui.roles import Route

BLOCK: Final = 1_048_576
ERRORS_SHOWN: Final = 50
ENCODINGS: Final = (("", "自動"), ("utf-8-sig", "UTF-8"), ("cp932", "CP932（Shift_JIS）"))
SCOPES: Final = (
    ("list", "このリストの中"),
    ("file", "ファイルの中だけ"),
    ("project", "この案件のすべてのリスト"),
    ("all", "すべての案件"),
    ("days", "指定した日数以内に架電した番号"),
)
STATES: Final = {
    "checking": ("…", "確認中", ""),
    "waiting": ("◇", "確認待ち", "s-warn"),
    "running": ("▶", "処理中", ""),
    "done": ("✔", "成功", "s-ok"),
    "partly": ("！", "一部失敗", "s-warn"),
    "failed": ("×", "失敗", "s-bad"),
    "cancelled": ("－", "中止", ""),
    "undone": ("－", "取り消し済み", ""),
}
DAYS_MAX: Final = 365


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/imports", "lists.view", show_all),
        Route("GET", "/imports/new", "lists.change", show_upload),
        Route("POST", "/imports", "lists.change", upload),
        Route("GET", "/imports/<job_id:int>", "lists.view", show),
        Route("GET", "/imports/<job_id:int>/columns", "lists.change", show_columns),
        Route("POST", "/imports/<job_id:int>/check", "lists.change", check),
        Route("POST", "/imports/<job_id:int>/confirm", "lists.change", confirm),
        Route("POST", "/imports/<job_id:int>/cancel", "lists.change", cancel),
        Route("POST", "/imports/<job_id:int>/undo", "lists.change", undo),
        Route("GET", "/imports/<job_id:int>/errors.csv", "lists.change", errors_csv),
        Route("GET", "/imports/<job_id:int>/loaded.csv", "export", loaded_csv),
        Route("GET", "/imports/<job_id:int>/file", "lists.change", original),
    ]


def _existing(ask: Ask, job_id: int) -> Job:
    try:
        return imports.existing(ask.services.store, ask.tenant_id, job_id)
    except BadInput as error:
        raise NotFound(error.what, remedy=error.remedy) from error


def show_all(ask: Ask) -> Any:
    store, text, before = ask.services.store, ask.text("q", size_max=80), ask.integer("before")
    rows = imports.every(store, ask.tenant_id, text=text, before_id=before)
    return ask.page(
        "imports.html",
        rows=[(job, imports.counts_of(job)) for job in rows],
        q=text,
        before=before,
        is_full=len(rows) == 50,
        states=STATES,
        is_busy=any(job.state in ("checking", "running") for job in rows),
        user_names={user.id: user.name for user in users.every(store, ask.tenant_id, with_retired=True)},
    )


# --- 1 file -------------------------------------------------------------------------------------------


def show_upload(ask: Ask) -> Any:
    store, limits = ask.services.store, ask.services.settings.limits
    every = projects.every(store, ask.tenant_id, with_inactive=False)
    return ask.page(
        "import_new.html",
        projects=every,
        project_options=[(project.id, project.name) for project in every],
        chosen=ask.integer("project"),
        lists=lists.table(store, ask.tenant_id),
        chosen_list=ask.integer("list"),
        bytes_max=limits.import_bytes_max,
        rows_max=limits.import_rows_max,
        customers_max=limits.list_customers_max,
    )


def upload(ask: Ask) -> Any:
    """Keep the file under a job; on to its columns with the chosen target."""
    given = ask.request.files.get("file")
    if given is None or not given.raw_filename:
        raise BadInput(ask.t("ファイルが選ばれていません。"), remedy=ask.t("ファイルを選んでください。"))
    list_id, project_id = ask.integer("list"), ask.integer("project")
    if list_id:
        project_id = existing_list(ask, list_id).project_id
    existing_project(ask, project_id)
    name = given.raw_filename
    job_id = imports.upload(
        ask.services.store,
        ask.tenant_id,
        user_id=ask.person.user_id,
        file_name=name,
        content=_blocks(given.file),
        at=ask.services.now_ms(),
    )
    log_action(ask, "imports", "uploaded", f"{job_id}: {name}")
    list_name = ask.text("list_name", size_max=80) or name.rsplit(".", 1)[0][:80]
    query = _query(project=project_id, list=list_id, list_name=list_name, label=ask.text("label"))
    return ask.goto(f"/imports/{job_id}/columns?{query}")


def _query(**values: Any) -> str:
    return urlencode(values)


def _blocks(file: Any) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


# --- 2 columns ----------------------------------------------------------------------------------------


def show_columns(ask: Ask, job_id: int, *, problem: str = "") -> Any:
    """Columns with samples, and what each becomes; what cannot be read is asked."""
    store, job = ask.services.store, _existing(ask, job_id)
    encoding, sheet = ask.text("encoding"), ask.text("sheet")
    look: Look | None = None
    try:
        look = imports.look(store, ask.tenant_id, job_id, encoding=encoding, sheet=sheet)
    except BadInput as error:
        problem = problem or ask.refusal(error)
    target = existing_list(ask, ask.integer("list")) if ask.integer("list") else None
    saved = import_formats.find(store, ask.tenant_id, look.headers) if look else None
    return ask.page(
        "import_columns.html",
        status=400 if problem else 200,
        job=job,
        look=look,
        columns=_columns(ask, job, look, saved) if look else [],
        saved=saved,
        is_fresh=ask.flag("fresh"),
        uses=[(use, ask.t(word)) for use, word in USE_WORDS.items()],
        encoding=encoding,
        sheet=sheet,
        encodings=[(key, ask.t(word)) for key, word in ENCODINGS],
        scopes=[(key, ask.t(word)) for key, word in SCOPES],
        scope=ask.text("scope", "list"),
        days=ask.text("days", "30", size_max=4),
        project=existing_project(ask, ask.integer("project")),
        target=target,
        list_name=ask.text("list_name"),
        label=ask.text("label"),
        problem=problem,
    )


def _columns(ask: Ask, job: Job, look: Look, saved: Format | None) -> list[dict[str, Any]]:
    """Each column with its samples and what it becomes: as typed, as checked before, as saved, as guessed."""
    plans = _given(ask)
    if not plans and job.plan != "{}" and not ask.flag("fresh"):
        plans = imports.plan_of(job).columns
    if not plans and saved and not ask.flag("fresh"):
        plans = saved.columns
    if len(plans) != len(look.headers):
        named = NUMBER in look.headers
        number = look.headers.index(NUMBER) if named else next(iter(look.number_candidates), -1)
        plans = guessed(look.headers, number)
    return [
        {
            "header": header,
            "use": plan.use,
            "name": plan.header,
            "samples": [row[at] if at < len(row) else "" for row in look.samples],
        }
        for at, (header, plan) in enumerate(zip(look.headers, plans, strict=True))
    ]


def _given(ask: Ask) -> tuple[ColumnPlan, ...]:
    """What the form says of the columns; nothing where it did not come."""
    if ask.request.method != "POST":
        return ()
    uses, names = ask.texts("use"), ask.texts("header")
    known = {str(use): use for use in USE_WORDS}
    return tuple(
        ColumnPlan(header=name.strip()[:200], use=known.get(use, "field"))
        for use, name in zip(uses, names, strict=False)
    )


def check(ask: Ask, job_id: int) -> Any:
    """Ask for the dry run; what cannot work is told beside the columns."""
    _existing(ask, job_id)
    store, list_id = ask.services.store, ask.integer("list")
    project_id = existing_list(ask, list_id).project_id if list_id else ask.integer("project")
    existing_project(ask, project_id)
    scope = next((key for key, _ in SCOPES if key == ask.text("scope")), "list")
    try:
        plan = Plan(
            project_id=project_id,
            list_id=list_id,
            list_name="" if list_id else ask.text("list_name", size_max=80),
            label=ask.text("label", size_max=40),
            encoding=next((key for key, _ in ENCODINGS if key == ask.text("encoding")), ""),
            sheet=ask.text("sheet", size_max=40),
            columns=_given(ask),
            scope=scope,  # type: ignore[arg-type]  # one of SCOPES, which are the plan's
            days=ask.whole("days", ask.t("日数"), 1, DAYS_MAX) if scope == "days" else 30,
        )
        imports.check(store, ask.tenant_id, job_id, plan)
    except (BadInput, Invalid) as error:
        return show_columns(ask, job_id, problem=ask.refusal(error))
    ask.services.queue.put(job_id)
    return ask.goto(f"/imports/{job_id}")


# --- 3 check, 4 job -----------------------------------------------------------------------------------


def show(ask: Ask, job_id: int) -> Any:
    """The job as it stands: being checked, waiting for a yes, running, or over."""
    store, job = ask.services.store, _existing(ask, job_id)
    if job.state == "waiting" and job.result == "{}":
        return ask.goto("/imports")
    counts, plan = imports.counts_of(job), imports.plan_of(job) if job.plan != "{}" else None
    is_undoable = (
        job.kind == "import"
        and job.state in ("done", "partly")
        and ask.services.now_ms() - job.finished_at < UNDO_DAYS * DAY_MS
    )
    target = lists.get(store, ask.tenant_id, job.list_id) if job.list_id else None
    return ask.page(
        "import_check.html" if job.state == "waiting" else "import_job.html",
        job=job,
        counts=counts,
        plan=plan,
        back=_back(job, plan),
        errors=imports.errors(store, ask.tenant_id, job_id, limit=ERRORS_SHOWN),
        kept=imports.kept(store, ask.tenant_id, job.parent_id) if job.kind == "undo" else [],
        state=STATES[job.state],
        target=target,
        list_name=target.name if target else plan.list_name if plan else "",
        remaining_s=remaining_s(ask, job),
        is_undoable=is_undoable,
        undo_until=job.finished_at + UNDO_DAYS * DAY_MS,
        undo_days=UNDO_DAYS,
        scope=_scope_words(ask, plan),
    )


def _scope_words(ask: Ask, plan: Plan | None) -> str:
    if plan and plan.scope == "days":
        return ask.t("{n}日以内に架電した番号", n=str(plan.days))
    return next((ask.t(word) for key, word in SCOPES if plan and key == plan.scope), "")


def _back(job: Job, plan: Plan | None) -> str:
    if plan is None:
        return "/imports"
    query = _query(
        project=plan.project_id,
        list=plan.list_id,
        list_name=plan.list_name,
        label=plan.label,
        encoding=plan.encoding,
        sheet=plan.sheet,
        scope=plan.scope,
        days=plan.days,
    )
    return f"/imports/{job.id}/columns?{query}"


def remaining_s(ask: Ask, job: Job) -> float | None:
    """Seconds a running job still wants at its speed so far; None before it has one."""
    if not job.rows_done or not job.rows_total or not job.started_at:
        return None
    gone_s = (ask.services.now_ms() - job.started_at) / 1000
    return max(0.0, gone_s * (job.rows_total - job.rows_done) / job.rows_done)


def confirm(ask: Ask, job_id: int) -> Any:
    job = _existing(ask, job_id)
    imports.confirm(ask.services.store, ask.tenant_id, job_id, with_duplicates=ask.flag("with_duplicates"))
    ask.services.queue.put(job_id)
    log_action(ask, "imports", "confirmed", f"{job_id}: {job.file_name}")
    return ask.goto(f"/imports/{job_id}", "accepted")


def cancel(ask: Ask, job_id: int) -> Any:
    job = _existing(ask, job_id)
    imports.cancel(ask.services.store, ask.tenant_id, job_id)
    log_action(ask, "imports", "cancelled", f"{job_id}: {job.file_name}")
    return ask.goto(f"/imports/{job_id}", "cancelled")


def undo(ask: Ask, job_id: int) -> Any:
    job = _existing(ask, job_id)
    undo_id = imports.undo(
        ask.services.store, ask.tenant_id, job_id, user_id=ask.person.user_id, at=ask.services.now_ms()
    )
    ask.services.queue.put(undo_id)
    ask.services.live.tell(Reload("lists"))
    log_action(ask, "imports", "undone", f"{job_id}: {job.file_name}")
    return ask.goto(f"/imports/{undo_id}")


def errors_csv(ask: Ask, job_id: int) -> Any:
    """The rejected rows, as in the file, with their reasons: to be mended and imported again."""
    job = _existing(ask, job_id)
    log_action(ask, "imports", "errors downloaded", str(job_id))
    content = imports.error_csv(ask.services.store, ask.tenant_id, job_id)
    stem = job.file_name.rsplit(".", 1)[0]
    return ask.download(content, f"{stem}_エラー行.csv", "text/csv")


def loaded_csv(ask: Ask, job_id: int) -> Any:
    """The customers that came of it, with the IDs they have now."""
    job = _existing(ask, job_id)
    log_action(ask, "imports", "customers downloaded", f"{job_id}: {job.file_name}")
    content = imports.loaded_csv(ask.services.store, ask.tenant_id, job_id)
    return ask.download(content, f"{job.file_name.rsplit('.', 1)[0]}_取り込んだ顧客.csv", "text/csv")


def original(ask: Ask, job_id: int) -> Any:
    """The file as it was uploaded."""
    job = _existing(ask, job_id)
    path = imports.path_of(ask.services.store, job)
    log_action(ask, "imports", "file downloaded", f"{job_id}: {job.file_name}")
    return ask.download(_read(path), job.file_name, "application/octet-stream")


def _read(path: Any) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _blocks(file)
