"""案件設定: campaigns, how they dial, their caller numbers and result codes; and pacing from the board.

A change is in force at once: the dialer is told to read again.  What it does not hear it reads at its start.
"""

from __future__ import annotations

import re
from typing import Any, Final

from appliance.dialer.messages import Reload
from appliance.errors import BadInput
from appliance.settings import SPANS_MAX
from appliance.store import lists, projects, result_codes
from appliance.store.models import Hours, Project
from appliance.store.projects import RING_TIMEOUT_WARNED_S
from webui import call_project, pacing_limit, transfer_section
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.report_section import section as report_section
from webui.roles import Route
from webui.words import Translate

PACING: Final = ("mode", "overdial", "ratio", "abandon_target", "channel_share")
CHANNELS_MAX: Final = SPANS_MAX * 23
WEEKDAYS: Final = ("月", "火", "水", "木", "金", "土", "日")

MODES: Final = (
    ("adaptive", "おまかせ（放棄率を守る）"),
    ("progressive", "待機席と同数"),
    ("overdial", "追加発信（待機席＋n）"),
    ("ratio", "倍率（待機席×n）"),
    ("preview", "プレビュー（1件ずつ選ぶ）"),
)

SECTIONS: Final = (
    ("basic", "基本・時間帯"),
    ("callers", "発信元番号"),
    ("dialling", "発信方式・放棄率"),
    ("apology", "おわびの音声"),
    ("codes", "結果コード"),
    ("report", "報告メール"),
)

OBSTACLES: Final = {
    "inactive": ("案件が無効です。", "basic"),
    "no_main_caller": ("発信元番号（メイン）がありません。", "callers"),
    "no_hours": ("発信する時間帯がありません。", "basic"),
    "no_own_code": ("自社の結果コードがありません。", "codes"),
    "no_list": ("リストがありません。", "imports"),
    "no_started_list": ("開始しているリストがありません。", "lists"),
}

FLAGS: Final = (
    ("is_dials", "発信", "発信数に数えます"),
    ("is_connect", "接続", "接続数に数えます"),
    ("is_contact", "通話", "通話数に数えます"),
    ("is_contact_p", "見込通話", "見込みのある通話として数えます"),
    ("is_dmc", "本人", "本人通話完了数に数えます"),
    ("is_complete", "完了", "完了数に数えます"),
    ("is_sales", "成約", "成約数に数えます"),
)

SYSTEM_RULES: Final = {
    "90": "発信一時停止の期間中なので発信しませんでした。",
    "91": "使われていない番号でした。",
    "92": "呼出中に席がなくなったので切りました。放棄呼に数えます。",
    "93": "話し中でした。",
    "94": "呼出時間内に出ませんでした。",
    "95": "前回の発信から設定した間隔がたっていないので発信しませんでした。",
    "96": "応答がありましたが席が空いていませんでした。放棄呼に数えます。",
    "97": "設定した回数まで発信したので、これ以上は発信しません。",
    "98": "結果コードが入力されないまま受話器が置かれました。",
    "99": "今回の発信から除外した番号です。",
    "9a": "発信禁止の番号なので発信しませんでした。",
}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/projects", "projects.view", show_all),
        Route("POST", "/projects", "projects.change", create),
        Route("GET", "/projects/<project_id:int>", "projects.view", show),
        Route("POST", "/projects/<project_id:int>/basic", "projects.change", change_basic),
        Route("POST", "/projects/<project_id:int>/dialling", "projects.change", change_dialling),
        Route("POST", "/projects/<project_id:int>/apology", "projects.change", change_apology),
        Route("POST", "/projects/<project_id:int>/callers", "projects.change", change_callers),
        Route("POST", "/projects/<project_id:int>/codes", "projects.change", change_codes),
        Route("POST", "/projects/<project_id:int>/codes/new", "projects.change", add_code),
        Route("POST", "/projects/<project_id:int>/pacing", "projects.change", change_pacing),
    ]


def existing(ask: Ask, project_id: int) -> Project:
    """The tenant's project.  Raises NotFound."""
    project = projects.get(ask.services.store, ask.tenant_id, project_id)
    if project is None or project.retired_at:
        raise NotFound(ask.t("この案件はありません。"))
    return project


def modes(translate: Translate) -> list[tuple[str, str]]:
    return [(key, translate(word)) for key, word in MODES]


def system_codes(translate: Translate) -> list[tuple[str, str, str]]:
    return [(code, translate(name), translate(SYSTEM_RULES[code])) for code, name, _ in result_codes.SYSTEM]


def problems(ask: Ask, project_id: int) -> list[dict[str, str]]:
    """What still prevents calling, each with the place where it is put right."""
    found = []
    for name in projects.obstacles(ask.services.store, ask.tenant_id, project_id):
        text, section = OBSTACLES[name]
        link = {"imports": f"/imports/new?project={project_id}", "lists": f"/lists?project={project_id}"}
        found.append(
            {
                "text": ask.t(text),
                "section": section,
                "link": link.get(section, f"/projects/{project_id}#{section}"),
            }
        )
    return found


def show_all(ask: Ask, *, problem: str = "") -> Any:
    store, words = ask.services.store, dict(modes(ask.t))
    lines = lists.table(store, ask.tenant_id)
    rows = [
        {
            "project": project,
            "mode": words[project.mode],
            "lists": sum(line.project_id == project.id for line in lines),
            "problems": problems(ask, project.id),
        }
        for project in projects.every(store, ask.tenant_id)
    ]
    return ask.page("projects.html", status=400 if problem else 200, rows=rows, problem=problem)


def create(ask: Ask) -> Any:
    try:
        project_id = projects.create(
            ask.services.store, ask.tenant_id, name=ask.text("name"), at=ask.services.now_ms()
        )
    except BadInput as error:
        return show_all(ask, problem=ask.refusal(error))
    log_action(ask, "projects", "created", ask.text("name"))
    return _done(ask, project_id, said="created")


def show(ask: Ask, project_id: int, *, problem: str = "") -> Any:
    store, project = ask.services.store, existing(ask, project_id)
    every = result_codes.every(store, ask.tenant_id, project_id)
    missing = problems(ask, project_id)
    return ask.page(
        "project.html",
        status=400 if problem else 200,
        project=project,
        problem=problem,
        problems=missing,
        missing={row["section"] for row in missing},
        sections=[
            (key, ask.t(word)) for key, word in (*SECTIONS, *call_project.SECTIONS, ("transfers", "転送"))
        ],
        callers=projects.callers(store, ask.tenant_id, project_id),
        modes=modes(ask.t),
        target=f"{project.abandon_target * 100:g}",
        week=_week(ask, projects.hours_of(project)),
        own_codes=[_CodeRow(code) for code in every if code.kind != "system"],
        flags=[(flag, ask.t(word), ask.t(hint)) for flag, word, hint in FLAGS],
        system_codes=system_codes(ask.t),
        **call_project.context(ask, project_id),
        **transfer_section.context(ask, project_id),
        report=report_section(ask, project_id),
    )


class _CodeRow:
    """A result code whose flags a template can read by name."""

    def __init__(self, code: Any) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._code, name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self._code, name)


def _week(ask: Ask, hours: tuple[Hours, ...]) -> list[tuple[int, str, str, str, bool]]:
    spans = {span.weekday: span for span in hours}
    rows = []
    for weekday, word in enumerate(WEEKDAYS):
        span = spans.get(weekday)
        first, last = (span.from_minute, span.to_minute) if span else (9 * 60, 21 * 60)
        rows.append((weekday, ask.t(word), _clock(first), _clock(last), span is not None))
    return rows


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(ask: Ask, name: str, word: str) -> int:
    found = re.fullmatch(r"([0-9]{1,2}):?([0-5][0-9])", ask.text(name).replace("：", ":"))
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minute <= 1440:
        raise Invalid(ask.t("{day}曜日の時刻は 09:00 の形で、24:00 までにしてください。", day=word))
    return minute


def change_basic(ask: Ask, project_id: int) -> Any:
    hours = tuple(
        Hours(
            weekday=weekday,
            from_minute=_minute(ask, f"from-{weekday}", ask.t(word)),
            to_minute=_minute(ask, f"to-{weekday}", ask.t(word)),
        )
        for weekday, word in enumerate(WEEKDAYS)
        if ask.flag(f"open-{weekday}")
    )
    return _change(
        ask,
        project_id,
        "basic",
        name=ask.text("name"),
        is_active=ask.integer("is_active"),
        hours=hours,
    )


def change_dialling(ask: Ask, project_id: int) -> Any:
    ring = ask.number("ring_timeout_s", ask.t("呼出時間"), 5, 120)
    if ring < RING_TIMEOUT_WARNED_S and not ask.flag("is_short_ring"):
        words = ask.t("呼出時間が15秒より短いです。承知のうえなら、下の確認に印を付けて保存してください。")
        return show(ask, project_id, problem=words)
    return _change(
        ask,
        project_id,
        "dialling",
        mode=ask.text("mode"),
        abandon_target=ask.number("abandon_target", ask.t("放棄率の目標"), 0.1, 10) / 100,
        overdial=ask.whole("overdial", ask.t("追加発信"), 0, 50),
        ratio=ask.number("ratio", ask.t("倍率"), 1, 10),
        channel_share=ask.whole("channel_share", ask.t("回線の上限"), 1, CHANNELS_MAX),
        ring_timeout_s=ring,
        interval_min_s=round(ask.number("interval_min_s", ask.t("同じ顧客への間隔"), 0, 525_600) * 60),
        attempts_max=ask.whole("attempts_max", ask.t("同じ顧客への回数"), 0, 99),
        dials_at_once=ask.integer("dials_at_once", existing(ask, project_id).dials_at_once),
        is_presented=int(ask.flag("is_presented")),
        is_ring_cut=int(ask.flag("is_ring_cut")),
        is_take_back=int(ask.flag("is_take_back")),
        is_listening_told=int(ask.flag("is_listening_told")),
        is_listening_shown=int(ask.flag("is_listening_shown")),
    )


def change_apology(ask: Ask, project_id: int) -> Any:
    return _change(ask, project_id, "apology", apology=ask.text("apology", size_max=200))


def change_callers(ask: Ask, project_id: int) -> Any:
    existing(ask, project_id)
    store, act, caller_id = ask.services.store, ask.text("act"), ask.integer("id")
    try:
        if act == "add":
            projects.add_caller(
                store, ask.tenant_id, project_id, number=ask.text("number"), name=ask.text("name")
            )
        elif act == "main":
            projects.set_main_caller(store, ask.tenant_id, project_id, caller_id)
        elif act == "remove":
            projects.remove_caller(store, ask.tenant_id, project_id, caller_id)
    except BadInput as error:
        return show(ask, project_id, problem=ask.refusal(error))
    log_action(ask, "projects", f"caller {act}", f"{project_id}: {ask.text('number')}{caller_id or ''}")
    return _done(ask, project_id, "callers")


def change_codes(ask: Ask, project_id: int) -> Any:
    """Saves the whole table, or moves one code a place up or down."""
    existing(ask, project_id)
    store = ask.services.store
    codes = [code for code in result_codes.every(store, ask.tenant_id, project_id) if code.kind != "system"]
    up, down = ask.integer("up"), ask.integer("down")
    try:
        with store.transaction():
            if up or down:
                _move(ask, project_id, [code.code for code in codes], codes, up, down)
            else:
                for code in codes:
                    _save_code(ask, project_id, code)
    except BadInput as error:
        return show(ask, project_id, problem=ask.refusal(error))
    log_action(ask, "projects", "codes changed", str(project_id))
    return _done(ask, project_id, "codes")


def _save_code(ask: Ask, project_id: int, code: Any) -> None:
    values: dict[str, Any] = {flag: ask.flag(f"{flag}-{code.id}") for flag, _, _ in FLAGS}
    values["is_on_phone"] = ask.flag(f"is_on_phone-{code.id}")
    values["middle_class"] = ask.text(f"middle-{code.id}", size_max=20)
    if code.kind == "own" and ask.text(f"name-{code.id}"):
        values["name"] = ask.text(f"name-{code.id}", size_max=30)
    result_codes.change(ask.services.store, ask.tenant_id, project_id, code.code, **values)


def _move(ask: Ask, project_id: int, order: list[str], codes: list[Any], up: int, down: int) -> None:
    place = next((at for at, code in enumerate(codes) if code.id == (up or down)), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for sort, code in enumerate(order, start=1):
        result_codes.change(ask.services.store, ask.tenant_id, project_id, code, sort=sort)


def add_code(ask: Ask, project_id: int) -> Any:
    existing(ask, project_id)
    store = ask.services.store
    try:
        result_codes.add(
            store,
            ask.tenant_id,
            project_id,
            code=ask.text("code"),
            name=ask.text("name"),
            sort=len(result_codes.every(store, ask.tenant_id, project_id)) + 1,
            is_dials=True,
            is_connect=True,
            is_contact=True,
        )
    except BadInput as error:
        return show(ask, project_id, problem=ask.refusal(error))
    log_action(ask, "projects", "code added", f"{project_id}: {ask.text('code')} {ask.text('name')}")
    return _done(ask, project_id, "codes")


def change_pacing(ask: Ask, project_id: int) -> Any:
    """One knob of the board.  Out of bounds is refused in words; answers what is now in force."""
    before, field = existing(ask, project_id), ask.text("field")
    if field not in PACING:
        raise Invalid(ask.t("この値は変えられません。"))
    value: Any = ask.text("value") if field == "mode" else _knob(ask, field)
    pacing_limit.check(ask, project_id, field, value, getattr(before, field))
    projects.change(ask.services.store, ask.tenant_id, project_id, **{field: value})
    ask.services.live.tell(Reload("projects"))
    log_action(ask, "board", "pacing", f"{before.name}: {field} {getattr(before, field)} → {value}")
    return ask.json({"field": field, "value": value, "before": getattr(before, field)})


def _knob(ask: Ask, field: str) -> float:
    bounds = {
        "overdial": ("追加発信", 0, 50),
        "ratio": ("倍率", 1, 10),
        "abandon_target": ("放棄率の目標", 0.001, 0.1),
        "channel_share": ("回線の上限", 1, CHANNELS_MAX),
    }
    word, low, high = bounds[field]
    try:
        return ask.number("value", ask.t(word), low, high)
    except Invalid:
        shown = (f"{low * 100:g}%", f"{high * 100:g}%") if field == "abandon_target" else (low, high)
        raise Invalid(
            ask.t("{label}は{low}から{high}までです。", label=ask.t(word), low=shown[0], high=shown[1])
        ) from None


def _change(ask: Ask, project_id: int, section: str, **values: Any) -> Any:
    existing(ask, project_id)
    try:
        projects.change(ask.services.store, ask.tenant_id, project_id, **values)
    except BadInput as error:
        return show(ask, project_id, problem=ask.refusal(error))
    log_action(ask, "projects", f"{section} changed", f"{project_id}: {sorted(values)}")
    return _done(ask, project_id, section)


def _done(ask: Ask, project_id: int, section: str = "", *, said: str = "saved") -> Any:
    ask.services.live.tell(Reload("projects"))
    mark = f"#{section}" if section else ""
    return ask.goto(f"/projects/{project_id}?said={said}{mark}")
