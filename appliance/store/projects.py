"""Campaigns: made with their fixed codes, changed within bounds, checked for what still prevents calling."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from appliance.errors import BadInput
from appliance.store import call_settings, numbers
from appliance.store.models import CallerNumber, Hours, Mode, Noun, Project
from appliance.store.open import Conflict, Store
from appliance.store.result_codes import create_fixed

RING_TIMEOUT_WARNED_S: Final = 15.0  # shorter rings reach nobody and annoy
DAYTIME: Final = tuple(Hours(weekday=day, from_minute=9 * 60, to_minute=21 * 60) for day in range(7))
MODES: Final[tuple[Mode, ...]] = ("preview", "progressive", "overdial", "ratio", "adaptive")


class Bound(Noun, frozen=True):
    """What a number of a project may be."""

    low: float
    high: float
    words: str


BOUNDS: Final[dict[str, Bound]] = {
    "overdial": Bound(low=0, high=50, words="追加発信は0〜50にしてください。"),
    "ratio": Bound(low=1, high=10, words="発信比率は1.0〜10.0にしてください。"),
    "abandon_target": Bound(low=0, high=0.2, words="放棄率の目標は0〜20%にしてください。"),
    "channel_share": Bound(low=1, high=115, words="使用回線数は1〜115にしてください。"),
    "ring_timeout_s": Bound(low=5, high=120, words="呼出時間は5〜120秒にしてください。"),
    "answer_window_s": Bound(low=0.5, high=5, words="応答待ちは0.5〜5秒にしてください。"),
    "interval_min_s": Bound(low=0, high=365 * 86_400, words="発信間隔は0秒〜365日にしてください。"),
    "attempts_max": Bound(low=0, high=99, words="発信回数の上限は0（なし）〜99にしてください。"),
    "dials_at_once": Bound(low=1, high=4, words="同時発信数は1（一件ずつ）〜4にしてください。"),
    "is_active": Bound(low=0, high=1, words="0か1にしてください。"),
    "is_presented": Bound(low=0, high=1, words="0か1にしてください。"),
    "is_ring_cut": Bound(low=0, high=1, words="0か1にしてください。"),
    "is_take_back": Bound(low=0, high=1, words="0か1にしてください。"),
    "is_transfer_recorded": Bound(low=0, high=1, words="0か1にしてください。"),
    "is_listening_told": Bound(low=0, high=1, words="0か1にしてください。"),
    "is_listening_shown": Bound(low=0, high=1, words="0か1にしてください。"),
}


class DialSettings(Noun, frozen=True):
    """One active project as the dialer needs it.  No `main_caller`, or no hours: nothing is dialled."""

    project_id: int
    tenant_id: int
    mode: Mode
    overdial: int
    ratio: float
    abandon_target: float
    channel_share: int
    ring_timeout_s: float
    answer_window_s: float
    interval_s: float
    attempts_max: int
    dials_at_once: int
    hours: tuple[Hours, ...]
    main_caller: str
    callers: tuple[str, ...]
    is_presented: bool
    is_active: bool
    is_ring_cut: bool
    is_mode_free: bool
    is_take_back: bool
    is_transfer_recorded: bool
    is_listening_told: bool
    is_listening_shown: bool
    wrap_limit_s: float
    has_apology: bool
    codes: tuple[DialCode, ...]
    targets: tuple[DialTarget, ...] = ()


class DialTarget(Noun, frozen=True):
    """A short dial of transfers."""

    target_id: int
    short: str
    name: str
    number: str
    code: str


class DialCode(Noun, frozen=True):
    """A code an operator may key."""

    code: str
    name: str
    is_contact: bool
    is_sales: bool
    has_prompt: bool


def create(store: Store, tenant_id: int, *, name: str, at: int) -> int:
    """A new project with its six fixed codes and the system's; its id.  Raises BadInput."""
    name = _name(name)
    with store.transaction():
        try:
            project_id = store.insert(
                "project", tenant_id=tenant_id, name=name, hours=_hours_json(DAYTIME), created_at=at
            )
        except Conflict as error:
            raise BadInput(f"案件「{name}」はすでにあります。", remedy="別の名前にしてください。") from error
        create_fixed(store, tenant_id, project_id)
    return project_id


def get(store: Store, tenant_id: int, project_id: int) -> Project | None:
    """One project of the tenant."""
    return store.one(Project, "FROM project WHERE tenant_id = ? AND id = ?", (tenant_id, project_id))


def every(store: Store, tenant_id: int, *, with_inactive: bool = True) -> list[Project]:
    """The tenant's projects, by name."""
    return store.all(
        Project,
        "FROM project WHERE tenant_id = ? AND retired_at = 0 AND (? OR is_active = 1) ORDER BY name",
        (tenant_id, int(with_inactive)),
    )


def by_name(store: Store, tenant_id: int, name: str) -> Project | None:
    """The project with this name."""
    return store.one(Project, "FROM project WHERE tenant_id = ? AND name = ?", (tenant_id, name.strip()))


def change(store: Store, tenant_id: int, project_id: int, **values: Any) -> tuple[str, ...]:
    """Change numbers, mode, name, apology or hours; warnings for the manager.

    Raises BadInput, and changes nothing, when one value is out of bounds.
    """
    _existing(store, tenant_id, project_id)
    checked = {name: _checked(name, value) for name, value in values.items()}
    with store.transaction():
        for name, value in checked.items():
            try:
                store.update("project", project_id, **{name: value})
            except Conflict as error:
                raise BadInput(
                    f"案件「{value}」はすでにあります。", remedy="別の名前にしてください。"
                ) from error
    return _warnings(checked)


def _checked(name: str, value: Any) -> Any:
    if name in BOUNDS:
        bound = BOUNDS[name]
        number = float(value)
        if not bound.low <= number <= bound.high:
            raise BadInput(f"「{name}」に「{value}」は使えません。", remedy=bound.words)
        return (
            number
            if name in ("ratio", "abandon_target", "ring_timeout_s", "answer_window_s")
            else int(number)
        )
    if name == "mode":
        if value not in MODES:
            raise BadInput(
                f"発信方式「{value}」はありません。", remedy=f"「{'・'.join(MODES)}」から選んでください。"
            )
        return value
    if name == "hours":
        return _hours_json(_checked_hours(tuple(value)))
    if name == "name":
        return _name(str(value))
    if name == "apology":
        return str(value).strip()[:200]
    raise BadInput(f"案件に「{name}」という設定はありません。", remedy="名前を確かめてください。")


def _warnings(values: dict[str, Any]) -> tuple[str, ...]:
    found = []
    if values.get("ring_timeout_s", RING_TIMEOUT_WARNED_S) < RING_TIMEOUT_WARNED_S:
        found.append("呼出時間が15秒未満です。相手が出る前に切れます。")
    if values.get("abandon_target", 0.0) > 0.03:
        found.append("放棄率の目標が3%を超えています。")
    if values.get("dials_at_once", 1) > 1:
        found.append("同時発信で同じ瞬間に2人が出ると、1人は放棄呼（96）になります。")
    if values.get("is_ring_cut"):
        found.append("呼出中の切断は放棄呼（92）として数えます。")
    return tuple(found)


def hours_of(project: Project) -> tuple[Hours, ...]:
    """The open spans of the week."""
    return msgspec.json.decode(project.hours, type=tuple[Hours, ...])


def obstacles(store: Store, tenant_id: int, project_id: int) -> tuple[str, ...]:
    """What still prevents calling: inactive, no_main_caller, no_hours, no_own_code,
    no_list, no_started_list.
    """
    project = _existing(store, tenant_id, project_id)
    checks = {
        "inactive": project.is_active,
        "no_main_caller": main_caller(store, project_id),
        "no_hours": hours_of(project),
        "no_own_code": store.value(
            "SELECT 1 FROM result_code WHERE project_id = ? AND kind = 'own' AND retired_at = 0",
            (project_id,),
        ),
        "no_list": store.value(
            "SELECT 1 FROM list WHERE project_id = ? AND is_enabled = 1 AND is_hidden = 0 AND deleted_at = 0",
            (project_id,),
        ),
        "no_started_list": store.value(
            "SELECT 1 FROM list WHERE project_id = ? AND state = 'started' AND is_enabled = 1"
            " AND deleted_at = 0",
            (project_id,),
        ),
    }
    return tuple(name for name, is_met in checks.items() if not is_met)


def callers(store: Store, tenant_id: int, project_id: int) -> list[CallerNumber]:
    """Numbers the project may show, the main one first."""
    return store.all(
        CallerNumber,
        "FROM caller_number WHERE tenant_id = ? AND project_id = ? ORDER BY is_main DESC, number",
        (tenant_id, project_id),
    )


def main_caller(store: Store, project_id: int) -> str:
    """The main number; '' without one, and then nothing is dialled."""
    return str(
        store.value("SELECT number FROM caller_number WHERE project_id = ? AND is_main", (project_id,)) or ""
    )


def add_caller(
    store: Store, tenant_id: int, project_id: int, *, number: str, name: str = "", is_main: bool = False
) -> int:
    """Add a number (any form); the first one is main.  Raises BadInput."""
    _existing(store, tenant_id, project_id)
    found = numbers.normalise(number)
    if isinstance(found, numbers.Problem):
        raise BadInput(f"発信元番号が正しくありません。{found.reason}。", remedy=f"{found.fix}。")
    with store.transaction():
        if is_main or not main_caller(store, project_id):
            store.run("UPDATE caller_number SET is_main = 0 WHERE project_id = ?", (project_id,))
            is_main = True
        try:
            return store.insert(
                "caller_number",
                tenant_id=tenant_id,
                project_id=project_id,
                number=found.digits,
                name=name.strip(),
                is_main=int(is_main),
            )
        except Conflict as error:
            raise BadInput("その番号は登録済みです。", remedy="一覧から選んでください。") from error


def set_main_caller(store: Store, tenant_id: int, project_id: int, caller_id: int) -> None:
    """Make one of the project's numbers its main one."""
    with store.transaction():
        store.run("UPDATE caller_number SET is_main = 0 WHERE project_id = ?", (project_id,))
        if not store.run(
            "UPDATE caller_number SET is_main = 1 WHERE id = ? AND project_id = ? AND tenant_id = ?",
            (caller_id, project_id, tenant_id),
        ):
            raise BadInput("その発信元番号はありません。", remedy="一覧を更新してください。")


def remove_caller(store: Store, tenant_id: int, project_id: int, caller_id: int) -> None:
    """Take a number away.  Without a main one nothing is dialled."""
    store.run(
        "DELETE FROM caller_number WHERE id = ? AND project_id = ? AND tenant_id = ?",
        (caller_id, project_id, tenant_id),
    )


def dial_settings(store: Store, *, prompts: frozenset[str] = frozenset()) -> tuple[DialSettings, ...]:
    """Every project that is not retired, as the dialer needs it.  `prompts`: the site's own speech."""
    projects = store.all(Project, "FROM project WHERE retired_at = 0 ORDER BY id")
    return tuple(_dial_settings(store, project, prompts) for project in projects)


def _dial_settings(store: Store, project: Project, prompts: frozenset[str]) -> DialSettings:
    codes = store.tuples(
        "SELECT code, name, is_contact, is_sales FROM result_code"
        " WHERE project_id = ? AND kind <> 'system' AND retired_at = 0 ORDER BY sort, code",
        (project.id,),
    )
    same = {name: getattr(project, name) for name in DialSettings.__struct_fields__ if hasattr(project, name)}
    flags = {name: bool(value) for name, value in same.items() if name.startswith("is_")}
    flags["is_mode_free"] = bool(
        store.value("SELECT is_mode_free FROM call_setting WHERE project_id = ?", (project.id,))
    )
    return DialSettings(
        **(same | flags | {"hours": hours_of(project)}),
        project_id=project.id,
        interval_s=float(project.interval_min_s),
        main_caller=main_caller(store, project.id),
        wrap_limit_s=float(call_settings.get(store, project.tenant_id, project.id).wrap_limit_s),
        targets=tuple(
            DialTarget(target_id=target_id, short=short, name=name, number=number, code=code)
            for target_id, short, name, number, code in store.tuples(
                "SELECT id, short, name, number, code FROM transfer_target WHERE project_id = ?"
                " AND removed_at = 0 ORDER BY sort, short",
                (project.id,),
            )
        ),
        callers=tuple(
            number
            for (number,) in store.tuples(
                "SELECT number FROM caller_number WHERE project_id = ? ORDER BY is_main DESC, number",
                (project.id,),
            )
        ),
        has_apology=f"project-{project.id}-apology" in prompts,
        codes=tuple(
            DialCode(
                code=code,
                name=name,
                is_contact=bool(is_contact),
                is_sales=bool(is_sales),
                has_prompt=f"code-{project.id}-{code}" in prompts,
            )
            for code, name, is_contact, is_sales in codes
        ),
    )


def remember(store: Store, project_id: int, memory: dict[str, Any]) -> None:
    """Keep what the project's pacing has learnt, over a restart."""
    store.run("UPDATE project SET memory = ? WHERE id = ?", (json.dumps(memory), project_id))


def memories(store: Store) -> dict[int, dict[str, Any]]:
    """What each project's pacing had learnt."""
    rows = store.tuples("SELECT id, memory FROM project WHERE retired_at = 0 AND memory <> '{}'")
    return {project_id: json.loads(memory) for project_id, memory in rows}


def retire(store: Store, tenant_id: int, project_id: int, *, at: int) -> None:
    """End a project: its lists stop, its history stays."""
    with store.transaction():
        store.run(
            "UPDATE project SET retired_at = ?, is_active = 0 WHERE id = ? AND tenant_id = ?",
            (at, project_id, tenant_id),
        )
        store.run("UPDATE list SET state = 'stopped' WHERE project_id = ?", (project_id,))


def _existing(store: Store, tenant_id: int, project_id: int) -> Project:
    project = get(store, tenant_id, project_id)
    if project is None or project.retired_at:
        raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
    return project


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 60:
        raise BadInput(f"案件名が{len(name)}文字です。", remedy="1〜60文字にしてください。")
    return name


def _checked_hours(hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
    for span in hours:
        if not (0 <= span.weekday <= 6 and 0 <= span.from_minute < span.to_minute <= 1440):
            raise BadInput(
                "発信時間帯が正しくありません。", remedy="開始は終了より前、終了は24:00までにしてください。"
            )
    return hours


def _hours_json(hours: tuple[Hours, ...]) -> str:
    return msgspec.json.encode(hours).decode()
