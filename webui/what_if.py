"""追加発信 and the other knobs before they are turned: waiting and abandons now and then, as a forecast.

Made by the dialer's own core on this floor's measured calls (simulator/what_if.py).  Changes nothing.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from appliance.dialer.messages import Board, ProjectBoard
from appliance.simulator.what_if import Question, Setting
from appliance.store import audit, measures, projects
from appliance.store.models import Project
from webui.ask import Ask, Invalid, NotFound, Services
from webui.forecasts import Forecast
from webui.format import decimal, percent
from webui.projects import MODES, PACING
from webui.roles import Route

CONNECTED_MIN: Final = 20  # talks: below it neither talk nor answer is known
BACK_MS: Final = 12 * 3_600_000  # a shift
WORKING: Final = ("waiting", "ringing", "talking", "wrapup")
VALUES_MAX: Final = 4
ROUGH_FROM: Final = 20  # seats: beyond it a few more change little, and an answer kept serves
ROUGH: Final = 5


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/board/what-if", "board", what_if),
        Route("GET", "/board/last-change", "board", last_change),
    ]


def what_if(ask: Ask) -> Any:
    """{state, lines, is_final}: a line for each value asked for.  Ask again until `is_final`."""
    row, project = _standing(ask)
    name = ask.text("field")
    if name not in PACING:
        raise Invalid(ask.t("この値は変えられません。"))
    wanted = [_changed(ask, row, name, text) for text in ask.text("value").split(",")[:VALUES_MAX]]
    seats = rounded(_working(ask.services.live.board, ask.tenant_id, row.project_id))
    forecasts, key = ask.services.forecasts, (ask.tenant_id, row.project_id)
    since_at = ask.services.now_ms() - BACK_MS
    stamp, found = forecasts.measured(
        key, lambda: measures.measured(ask.services.store, ask.tenant_id, row.project_id, since_at=since_at)
    )
    missing = _missing(ask, row, found, seats)
    if missing:
        forecasts.forget(key)
        return ask.json({"state": "unknown", "lines": [missing], "is_final": True})
    channels = _channels(ask.services.live.board)
    present = setting_of(row, channels)
    settings = [setting_of(changed, channels) for changed in wanted]
    question = Question(
        seats=seats,
        ring_timeout_s=project.ring_timeout_s,
        is_ring_cut=bool(project.is_ring_cut),
        runs=(),
        **{name: getattr(found, name) for name in ("answers_s", "others_s", "talks_s", "wraps_s")},
    )
    known, is_final = forecasts.ask(
        (key, stamp, seats, project.ring_timeout_s, project.is_ring_cut),
        tuple(dict.fromkeys((present, *settings))),
        question,
    )
    lines = [
        _line(ask, name, row, changed, known[present], known[setting])
        for changed, setting in zip(wanted, settings, strict=True)
    ]
    return ask.json({"state": "ready" if all(lines) else "computing", "lines": lines, "is_final": is_final})


def _standing(ask: Ask) -> tuple[ProjectBoard, Project]:
    wanted = ask.integer("project")
    for row in ask.services.live.board.projects:
        if (row.project_id, row.tenant_id) == (wanted, ask.tenant_id):
            project = projects.get(ask.services.store, ask.tenant_id, wanted)
            if project is not None:
                return row, project
    raise NotFound(ask.t("この案件はありません。"))


def _changed(ask: Ask, row: ProjectBoard, name: str, text: str) -> ProjectBoard:
    if name == "mode":
        if text not in dict(MODES):
            raise Invalid(ask.t("この値は変えられません。"))
        return msgspec.structs.replace(row, mode=text)
    try:
        value = float(text)
    except ValueError:
        raise Invalid(ask.t("この値は変えられません。")) from None
    low = {"overdial": 0.0, "ratio": 1.0, "abandon_target": 0.001, "channel_share": 1.0}[name]
    high = {"overdial": 50.0, "ratio": 10.0, "abandon_target": 0.1, "channel_share": 115.0}[name]
    kind = int if name in ("overdial", "channel_share") else float
    return msgspec.structs.replace(row, **{name: kind(min(high, max(low, value)))})


def setting_of(row: ProjectBoard, channels: int) -> Setting:
    """What the forecast needs of a project's knobs; those that its mode does not use are left out."""
    mode = row.mode
    return Setting(
        mode=mode,
        overdial=row.overdial if mode == "overdial" else 0,
        ratio=row.ratio if mode == "ratio" else 1.0,
        target=row.abandon_target if mode == "adaptive" else 0.03,
        channels=min(row.channel_share, channels) if channels else row.channel_share,
    )


def rounded(seats: int) -> int:
    """Seats as the forecast takes them.  Pure."""
    return seats if seats <= ROUGH_FROM else round(seats / ROUGH) * ROUGH


def _working(board: Board, tenant_id: int, project_id: int) -> int:
    return sum(
        (seat.tenant_id, seat.project_id) == (tenant_id, project_id) and seat.state in WORKING
        for seat in board.seats
    )


def _channels(board: Board) -> int:
    return sum(len(span.channels) for span in board.spans if span.is_up)


def _missing(ask: Ask, row: ProjectBoard, found: measures.Measured, seats: int) -> str:
    """Why nothing can be said; '' when it can."""
    if row.mode == "preview":
        return ask.t("プレビューは人が選んで発信するため、予測しません。")
    if not seats:
        return ask.t("オペレーターがいないため、予測できません。")
    if len(found.talks_s) < CONNECTED_MIN or len(found.answers_s) < CONNECTED_MIN:
        count = min(len(found.talks_s), len(found.answers_s))
        return ask.t(
            "まだ予測できません（接続が{least}件に達すると表示します。いま{n}件）。",
            least=CONNECTED_MIN,
            n=count,
        )
    return ""


def _line(
    ask: Ask, name: str, row: ProjectBoard, changed: ProjectBoard, before: Forecast, after: Forecast
) -> str:
    """One forecast in words; '' until there is a first run of both."""
    word = change_word(ask, name, row, changed)
    if changed.mode == "preview":
        return ask.t("{change}：人が選んで発信するため、予測しません。", change=word)
    if not (before.runs and after.runs):
        return ""
    return ask.t(
        "{change}：待ち {wait}→{wait_after}秒、放棄 {abandoned}→{abandoned_after}%（予測、誤差±{error}%）",
        change=word,
        wait=decimal(before.wait_s),
        wait_after=decimal(after.wait_s),
        abandoned=percent(before.abandon_ratio),
        abandoned_after=percent(after.abandon_ratio),
        error=percent(after.error),
    )


def change_word(ask: Ask, name: str, row: ProjectBoard, changed: ProjectBoard) -> str:
    """＋1, ×1.5→×1.6, 3.0→3.5%, or the name of the mode."""
    before, after = getattr(row, name), getattr(changed, name)
    if name == "mode":
        return ask.t(dict(MODES)[after])
    if name == "ratio":
        return f"×{decimal(before)}→×{decimal(after)}"
    if name == "abandon_target":
        return f"{decimal(100 * before)}→{decimal(100 * after)}%"
    step = after - before
    unit = "ch" if name == "channel_share" else ""
    return f"{'＋' if step >= 0 else '−'}{abs(step)}{unit}"


def last_change(ask: Ask) -> Any:
    """Who turned a knob last: shown where a knob moved by another's hand."""
    found = audit.search(ask.services.store, ask.tenant_id, text="pacing", limit=5)
    newest = next((entry for entry in found if entry.action == "pacing"), None)
    return ask.json({"name": newest.user_name if newest else ""})
