"""How a project's call screen behaves and the words it offers: script, limits, levels, boilerplates.

A project without a row has the defaults.  Levels are retired, never deleted: entries keep their names.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.errors import BadInput
from appliance.store.models import Noun
from appliance.store.open import Store

SCRIPT_MAX: Final = 8_000
NAME_MAX: Final = 40
TEXT_MAX: Final = 500
LEVELS_MAX: Final = 20
TEMPLATES_MAX: Final = 50
AUTO_CALL_S: Final = (10, 45)  # the product's bounds of the interval between automatic calls
WRAP_LIMIT_S: Final = (10, 3600)
RECALL_WAIT_MIN: Final = (0, 1440)  # 0: anyone of the project, at the promised minute


class CallSetting(Noun, frozen=True):
    """`wrap_limit_s`: after it the screen alarms; `is_mode_free`: operators may leave the project's mode.

    `recall_wait_min`: so long a promise waits for its operator; then anyone of the project calls.
    """

    project_id: int
    script: str = ""
    wrap_limit_s: int = 60
    auto_call_s: int = 15
    is_mode_free: int = 0
    recall_wait_min: int = 15


class Level(Noun, frozen=True):
    """A prospect level, most hopeful first."""

    id: int
    name: str
    sort: int
    retired_at: int


class Template(Noun, frozen=True):
    """A boilerplate for memos."""

    id: int
    name: str
    text: str
    sort: int


def get(store: Store, tenant_id: int, project_id: int) -> CallSetting:
    """The project's settings, or the defaults."""
    found = store.one(
        CallSetting, "FROM call_setting WHERE tenant_id = ? AND project_id = ?", (tenant_id, project_id)
    )
    return found or CallSetting(project_id=project_id)


def change(store: Store, tenant_id: int, project_id: int, *, user_id: int, at: int, **values: Any) -> None:
    """Change script, limits or the freedom of mode.  Raises BadInput, and changes nothing, out of bounds."""
    _check_project(store, tenant_id, project_id)
    checked = {name: _checked(name, value) for name, value in values.items()}
    with store.transaction():
        store.run(
            "INSERT OR IGNORE INTO call_setting (project_id, tenant_id) VALUES (?, ?)",
            (project_id, tenant_id),
        )
        for name, value in (checked | {"changed_at": at, "changed_by": user_id}).items():
            store.run(f"UPDATE call_setting SET {name} = ? WHERE project_id = ?", (value, project_id))  # noqa: S608 - names of ours


def _checked(name: str, value: Any) -> Any:
    if name == "script":
        text = str(value).replace("\r\n", "\n").strip()
        if len(text) > SCRIPT_MAX:
            raise BadInput("スクリプトが長すぎます。", remedy=f"{SCRIPT_MAX}文字までにしてください。")
        return text
    if name == "is_mode_free":
        return int(bool(value))
    if name == "recall_wait_min":
        low, high = RECALL_WAIT_MIN
        if not low <= int(value) <= high:
            raise BadInput(
                f"担当を待つ時間は{low}〜{high}分にしてください。", remedy="分で入力してください。"
            )
        return int(value)
    bounds = {
        "wrap_limit_s": (WRAP_LIMIT_S, "後処理の目安"),
        "auto_call_s": (AUTO_CALL_S, "自動コールの間隔"),
    }
    assert name in bounds, f"a call screen has no setting {name}"
    (low, high), word = bounds[name]
    if not low <= int(value) <= high:
        raise BadInput(f"「{word}」は{low}〜{high}秒にしてください。", remedy="秒で入力してください。")
    return int(value)


# --- prospect levels ------------------------------------------------------------------------------------


def levels(store: Store, tenant_id: int, project_id: int, *, with_retired: bool = False) -> list[Level]:
    """The project's levels in their order."""
    return store.all(
        Level,
        "FROM prospect_level WHERE tenant_id = ? AND project_id = ? AND (? OR retired_at = 0)"
        " ORDER BY sort, id",
        (tenant_id, project_id, int(with_retired)),
    )


def add_level(store: Store, tenant_id: int, project_id: int, *, name: str) -> int:
    """A level behind the others; its id.  Raises BadInput: no name, taken, too many."""
    _check_project(store, tenant_id, project_id)
    wanted, standing = _name(name), levels(store, tenant_id, project_id)
    if any(level.name == wanted for level in standing):
        raise BadInput(f"見込レベル「{wanted}」はすでにあります。", remedy="別の名前にしてください。")
    if len(standing) >= LEVELS_MAX:
        raise BadInput(f"見込レベルは{LEVELS_MAX}個までです。", remedy="使わないものを削除してください。")
    return store.insert(
        "prospect_level", tenant_id=tenant_id, project_id=project_id, name=wanted, sort=_next(standing)
    )


def retire_level(store: Store, tenant_id: int, project_id: int, level_id: int, *, at: int) -> None:
    """Take a level out of use."""
    store.run(
        "UPDATE prospect_level SET retired_at = ? WHERE id = ? AND project_id = ? AND tenant_id = ?",
        (at, level_id, project_id, tenant_id),
    )


# --- boilerplates ---------------------------------------------------------------------------------------


def templates(store: Store, tenant_id: int, project_id: int) -> list[Template]:
    """The project's boilerplates in their order."""
    return store.all(
        Template,
        "FROM memo_template WHERE tenant_id = ? AND project_id = ? ORDER BY sort, id",
        (tenant_id, project_id),
    )


def add_template(store: Store, tenant_id: int, project_id: int, *, name: str, text: str) -> int:
    """A boilerplate; its id.  Without a name it is called by its first line.  Raises BadInput."""
    _check_project(store, tenant_id, project_id)
    body = text.replace("\r\n", "\n").strip()
    if not 1 <= len(body) <= TEXT_MAX:
        raise BadInput("定型文がありません。", remedy=f"1〜{TEXT_MAX}文字にしてください。")
    standing = templates(store, tenant_id, project_id)
    if len(standing) >= TEMPLATES_MAX:
        raise BadInput(f"定型文は{TEMPLATES_MAX}個までです。", remedy="使わないものを削除してください。")
    return store.insert(
        "memo_template",
        tenant_id=tenant_id,
        project_id=project_id,
        name=name.strip()[:NAME_MAX] or body.split("\n", 1)[0][:NAME_MAX],
        text=body,
        sort=_next(standing),
    )


def remove_template(store: Store, tenant_id: int, project_id: int, template_id: int) -> None:
    """Take a boilerplate away; memos written with it stay."""
    store.run(
        "DELETE FROM memo_template WHERE id = ? AND project_id = ? AND tenant_id = ?",
        (template_id, project_id, tenant_id),
    )


def _next(standing: list[Level] | list[Template]) -> int:
    return max((row.sort for row in standing), default=0) + 1


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise BadInput("名前がありません。", remedy=f"1〜{NAME_MAX}文字にしてください。")
    return name


def _check_project(store: Store, tenant_id: int, project_id: int) -> None:
    if not store.value(
        "SELECT 1 FROM project WHERE id = ? AND tenant_id = ? AND retired_at = 0", (project_id, tenant_id)
    ):
        raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
