"""見込・再架電: past, future and free promises of oneself, for managers of everybody; done ones grey.

A click opens the customer on the call screen.  Nothing is dialled here.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from appliance.errors import BadInput
from appliance.store import projects, recall_boxes, recalls, users
from appliance.store.recall_boxes import BOXES, Box, Line
from webui.ask import Ask, NotFound, Services
from webui.auth import log_action
from webui.roles import Route

PAGE: Final = 50
DONE_SHOWN_MS: Final = 7 * 86_400_000  # older ones are on the customer's page
WORDS: Final[dict[Box, str]] = {"past": "過去", "future": "未来", "free": "フリー"}
EMPTY: Final[dict[Box, str]] = {
    "past": "時刻を過ぎた約束はありません。",
    "future": "これからの約束はありません。",
    "free": "日時を決めていない見込・再コールはありません。",
}
ENDS: Final = {
    "kept": "済",
    "replaced": "次の約束へ",
    "hopeless": "発信できません",
    "hand": "完了（手で）",
}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/recalls", "recalls", show),
        Route("GET", "/recalls/due", "recalls", due),
        Route("POST", "/recalls/<recall_id:int>/done", "recalls", close),
        Route("POST", "/recalls/<recall_id:int>/reopen", "recalls", reopen),
    ]


def whose(ask: Ask) -> int:
    """Whose promises: 0 everybody's, which is for managers alone, who may also choose one person."""
    if not ask.may("history.all"):
        return ask.person.user_id
    return ask.integer("user")


def show(ask: Ask, *, problem: str = "") -> Any:
    store, now, user_id = ask.services.store, ask.services.now_ms(), whose(ask)
    counts = recall_boxes.counts(store, ask.tenant_id, at=now, user_id=user_id)
    which = _box(ask, counts)
    start, project_id = ask.integer("start"), ask.integer("project")
    page = recall_boxes.box(
        store,
        ask.tenant_id,
        which,
        at=now,
        user_id=user_id,
        project_id=project_id,
        done_since=now - DONE_SHOWN_MS if _shows_done(ask) else 0,
        offset=start,
        limit=PAGE,
    )
    query = {"box": which, "project": project_id, "user": user_id, "open": "" if _shows_done(ask) else "1"}
    return ask.page(
        "recalls.html",
        status=400 if problem else 200,
        problem=problem,
        box=which,
        boxes=[(box, ask.t(WORDS[box]), getattr(counts, box)) for box in BOXES],
        rows=page.lines,
        total=page.count,
        start=start,
        size=PAGE,
        user=user_id,
        project=project_id,
        shows_done=_shows_done(ask),
        box_url=lambda box: "/recalls?" + _query({**query, "box": box}),
        page_url="?" + _query(query),
        empty=ask.t(EMPTY[which]),
        late=lambda row: _late(ask, row, now),
        end_words=lambda row: _end_words(ask, row),
        project_options=[
            (0, ask.t("すべて")), *((row.id, row.name) for row in projects.every(store, ask.tenant_id))
        ],
        user_options=_people(ask),
    )  # fmt: skip


def _query(values: dict[str, Any]) -> str:
    return urlencode({name: value for name, value in values.items() if value})


def _box(ask: Ask, counts: recall_boxes.Counts) -> Box:
    """The asked one; else the first with something open in it."""
    wanted = ask.text("box")
    for box in BOXES:
        if wanted == box or (not wanted and getattr(counts, box)):
            return box
    return "past"


def _shows_done(ask: Ask) -> bool:
    return not ask.flag("open")


def _people(ask: Ask) -> list[tuple[int, str]]:
    if not ask.may("history.all"):
        return []
    people = users.every(ask.services.store, ask.tenant_id, with_retired=True)
    return [(0, ask.t("全員")), *((row.id, row.name) for row in people)]


def _late(ask: Ask, row: Line, now: int) -> str:
    """How long a promise has been waiting, in the largest unit that says it."""
    minutes = (now - row.due_at) // 60_000
    if not row.due_at or row.done_at or minutes < 1:
        return ""
    if minutes < 60:
        return ask.t("{n}分経過", n=minutes)
    if minutes < 48 * 60:
        return ask.t("{n}時間経過", n=minutes // 60)
    return ask.t("{n}日経過", n=minutes // (24 * 60))


def _end_words(ask: Ask, row: Line) -> str:
    words = ask.t(ENDS[row.done_reason]) if row.done_reason else ""
    return f"{words} {ask.t(row.done_name)}".strip() if row.done_name else words


def due(ask: Ask) -> Any:
    """How many promises of the asking person's view are past and open: the badge of the frame."""
    counts = recall_boxes.counts(
        ask.services.store, ask.tenant_id, at=ask.services.now_ms(), user_id=whose(ask)
    )
    return ask.json({"due": counts.past})


def close(ask: Ask, recall_id: int) -> Any:
    found = _own(ask, recall_id)
    store, now = ask.services.store, ask.services.now_ms()
    return _changed(
        ask,
        found,
        "closed",
        lambda: recalls.close(store, ask.tenant_id, recall_id, by=ask.person.user_id, at=now),
    )


def reopen(ask: Ask, recall_id: int) -> Any:
    found = _own(ask, recall_id)
    return _changed(
        ask, found, "opened again", lambda: recalls.reopen(ask.services.store, ask.tenant_id, recall_id)
    )


def _changed(ask: Ask, found: Line, action: str, change: Any) -> Any:
    try:
        change()
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    log_action(ask, "recalls", action, f"{found.list_id}-{found.customer_id}")
    back = ask.text("back", size_max=200)
    return ask.goto(f"/recalls?{back}" if back else "/recalls", "saved")


def _own(ask: Ask, recall_id: int) -> Line:
    """The promise, if it is the asking person's, or anybody's for managers.  Raises NotFound."""
    found = recall_boxes.one(ask.services.store, ask.tenant_id, recall_id)
    if found is None or (not ask.may("history.all") and found.owner_id != ask.person.user_id):
        raise NotFound(ask.t("この約束はありません。"))
    return found
