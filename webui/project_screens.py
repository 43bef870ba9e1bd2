"""案件設定 › 画面: what a project's panes show, whether numbers are masked, and how long a state may last.

What does not fit a pane is told here, to who can change it, and not on the floor.
"""

from __future__ import annotations

import json
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import call_settings, lists, projects, screens
from webui.ask import Ask, NotFound, Services
from webui.auth import log_action
from webui.monitor import NOT_FACTS
from webui.roles import Route

NAME_FITS: Final = 6  # signs of a field's name beside its value, at 25 px in a pane of 680
STATE_WORDS: Final[dict[str, str]] = {
    "waiting": "待機",
    "talking": "通話",
    "wrapup": "後処理",
    "paused": "準備中",
    "break": "休憩",
}
HOUSE_S: Final[dict[str, tuple[int, int]]] = {  # static/states.js has the same
    "waiting": (120, 600),
    "talking": (600, 1800),
    "wrapup": (60, 180),
    "paused": (900, 3600),
    "break": (3600, 5400),
}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/projects/<project_id:int>/screens", "projects.view", show),
        Route("POST", "/projects/<project_id:int>/screens", "projects.change", change),
    ]


def _project(ask: Ask, project_id: int) -> Any:
    project = projects.get(ask.services.store, ask.tenant_id, project_id)
    if project is None:
        raise NotFound(ask.t("この案件はありません。"))
    return project


def _headers(ask: Ask, project_id: int) -> list[str]:
    """The columns of the project's lists, each once, without name and number."""
    found: dict[str, None] = {}
    for row in lists.table(ask.services.store, ask.tenant_id):
        if row.project_id == project_id:
            in_list = lists.get(ask.services.store, ask.tenant_id, row.id)
            found |= dict.fromkeys(json.loads(in_list.headers) if in_list else ())
    return [name for name in found if name not in NOT_FACTS]


def show(ask: Ask, project_id: int, *, problem: str = "") -> Any:
    project = _project(ask, project_id)
    screen = screens.of_project(ask.services.store, ask.tenant_id, project_id)
    headers, limits = _headers(ask, project_id), screen.limits_s()
    setting = call_settings.get(ask.services.store, ask.tenant_id, project_id)
    house = HOUSE_S | {"wrapup": screens.wrap_up(setting.wrap_limit_s)}
    return ask.page(
        "project_screens.html",
        status=400 if problem else 200,
        problem=problem,
        project=project,
        chosen=[*screen.fields(), *[""] * screens.FIELDS_MAX][: screens.FIELDS_MAX],
        headers=headers,
        misfits=misfits(ask, screen.fields(), headers),
        is_masked=bool(screen.is_masked),
        states=[
            (state, ask.t(word), *(limits.get(state) or house[state])) for state, word in STATE_WORDS.items()
        ],
        is_own=bool(limits),
    )


def misfits(ask: Ask, chosen: list[str], headers: list[str]) -> list[str]:
    """What a pane could not show as it was meant, in words."""
    gone = [
        ask.t("項目「{name}」はどのリストにもありません。", name=name)
        for name in chosen
        if name not in headers
    ]
    long = [
        ask.t("項目名「{name}」は長いため途中で切れます（{n}文字まで）。", name=name, n=NAME_FITS)
        for name in chosen
        if len(name) > NAME_FITS
    ]
    return gone + long


def change(ask: Ask, project_id: int) -> Any:
    _project(ask, project_id)
    fields = [name for name in ask.texts("fact") if name]
    limits: dict[str, tuple[int, int]] = {}
    if ask.flag("own_limits"):
        for state, word in STATE_WORDS.items():
            first = ask.whole(f"{state}_1", ask.t(word), 1, screens.SECONDS_MAX)
            limits[state] = (first, ask.whole(f"{state}_2", ask.t(word), 1, screens.SECONDS_MAX))
    try:
        screens.change(
            ask.services.store,
            ask.tenant_id,
            project_id,
            fields=fields,
            is_masked=ask.flag("is_masked"),
            limits_s=limits,
        )
    except BadInput as error:
        return show(ask, project_id, problem=ask.refusal(error))
    log_action(ask, "projects", "screens changed", f"{project_id}: {', '.join(fields)} {limits}")
    return ask.goto(f"/projects/{project_id}/screens", "saved")
