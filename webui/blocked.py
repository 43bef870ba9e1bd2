"""発信管理: numbers not to be dialled; looked up in one line, added, released with a reason that is kept."""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.store import blocked, numbers, projects, users
from appliance.store.models import Blocked, BlockKind
from webui.ask import Ask, Services
from webui.auth import log_action
from webui.format import day_slash
from webui.phone_number import hyphenated
from webui.roles import Route

PAGE: Final = 50
LINES_MAX: Final = 1000
KINDS: Final[tuple[tuple[BlockKind, str], ...]] = (
    ("forbid", "発信禁止"),
    ("suspend", "発信一時停止"),
    ("exclude", "除外"),
)
ORIGINS: Final = {"form": "手入力", "csv": "CSV", "import": "CSV", "code": "結果コード", "phone": "電話機"}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/blocked", "blocked", show),
        Route("POST", "/blocked", "blocked", add),
        Route("POST", "/blocked/<block_id:int>/release", "blocked", release),
    ]


def show(ask: Ask, *, problem: str = "") -> Any:
    store, number = ask.services.store, ask.text("number" if ask.request.method == "GET" else "numbers")
    kind = _kind(ask)
    counts = blocked.counts(store, ask.tenant_id)
    before = ask.integer("before")
    rows = blocked.search(store, ask.tenant_id, kind=kind, text=number, before_id=before, limit=PAGE)
    names = {project.id: project.name for project in projects.every(store, ask.tenant_id)}
    return ask.page(
        "blocked.html",
        status=400 if problem else 200,
        kind=kind,
        kinds=[(key, ask.t(word), getattr(counts, key)) for key, word in KINDS],
        number=number,
        answer=_answer(ask, number) if number and not problem else None,
        problem=problem,
        rows=rows,
        is_full=len(rows) == PAGE,
        before=before,
        origins=ORIGINS,
        project_names=names,
        project_options=[(0, ask.t("全体（すべての案件）")), *names.items()],
        user_names={user.id: user.name for user in users.every(store, ask.tenant_id, with_retired=True)},
    )


def _kind(ask: Ask) -> BlockKind:
    wanted = ask.text("kind")
    return next((key for key, _ in KINDS if key == wanted), "forbid")


def _answer(ask: Ask, text: str) -> dict[str, Any] | None:
    """One line about a whole number: blocked or not, since when and why."""
    found = numbers.normalise(text)
    if isinstance(found, numbers.Problem):
        return None
    rows = blocked.find(ask.services.store, ask.tenant_id, found.digits)
    shown = hyphenated(found.digits)
    if not rows:
        return {
            "is_blocked": False,
            "text": ask.t("{number} の登録はありません。発信できます。", number=shown),
        }
    return {"is_blocked": True, "text": _blocked_words(ask, rows[0], shown)}


def _blocked_words(ask: Ask, row: Blocked, shown: str) -> str:
    word = ask.t(dict(KINDS)[row.kind])
    day = ask.services.calendar.date(row.created_at)
    until = ask.t("、{day}まで", day=day_slash(row.to_day)) if row.to_day else ""
    return ask.t(
        "{number} は{kind}です（{day}登録{until}：{reason}）。",
        number=shown,
        kind=word,
        day=day,
        until=until,
        reason=row.reason or "—",
    )


def add(ask: Ask) -> Any:
    """All of the pasted numbers, or none where one of them is no number."""
    store = ask.services.store
    lines = [line for line in ask.text("numbers", size_max=40_000).splitlines() if line.strip()]
    kind = _kind(ask)
    project_id = ask.integer("project")
    if project_id and projects.get(store, ask.tenant_id, project_id) is None:
        project_id = -1
    try:
        _check(ask, lines, project_id)
        with store.transaction():
            for line in lines:
                _add_one(ask, line, kind, project_id)
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    ask.services.live.tell(Reload("blocked"))
    log_action(ask, "blocked", f"{kind} added", f"{len(lines)}: {ask.text('reason')}")
    return ask.goto(f"/blocked?kind={kind}", "blocked")


def _check(ask: Ask, lines: list[str], project_id: int) -> None:
    if not lines or len(lines) > LINES_MAX:
        raise BadInput(ask.t("電話番号を1〜{n}件入力してください。", n=LINES_MAX))
    if project_id < 0:
        raise BadInput(ask.t("この案件はありません。"))
    if not ask.text("reason"):
        raise BadInput(ask.t("理由を入力してください。"))
    for place, line in enumerate(lines, start=1):
        found = numbers.normalise(line)
        if isinstance(found, numbers.Problem):
            raise BadInput(
                ask.t("{n}行目「{text}」：{reason}。", n=place, text=line[:30], reason=found.reason)
            )


def _add_one(ask: Ask, line: str, kind: BlockKind, project_id: int) -> None:
    is_suspended = kind == "suspend"
    blocked.add(
        ask.services.store,
        ask.tenant_id,
        number=line,
        kind=kind,
        at=ask.services.now_ms(),
        project_id=project_id,
        from_day=ask.day("from", 0) if is_suspended else 0,
        to_day=ask.day("to", 0) if is_suspended else 0,
        reason=ask.text("reason", size_max=200),
        user_id=ask.person.user_id,
    )


def release(ask: Ask, block_id: int) -> Any:
    blocked.release(
        ask.services.store,
        ask.tenant_id,
        block_id,
        at=ask.services.now_ms(),
        user_id=ask.person.user_id,
        reason=ask.text("reason", size_max=200),
    )
    ask.services.live.tell(Reload("blocked"))
    log_action(ask, "blocked", "released", f"{block_id}: {ask.text('reason')}")
    return ask.goto("/blocked", "released")
