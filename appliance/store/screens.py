"""How a project shows itself on the floor: four fields of a pane, masked numbers, how long a state may last.

Limits are seconds: after the first a seat's tile gets a thick edge, after the second it alarms.
"""

from __future__ import annotations

import json
from typing import Final

from appliance.errors import BadInput
from appliance.store import call_settings
from appliance.store.models import Noun
from appliance.store.open import Store

FIELDS_MAX: Final = 4  # a pane of 1366 x 768 has room for so many at 25 px
STATES: Final = ("waiting", "talking", "wrapup", "paused", "break")
SECONDS_MAX: Final = 86_400


class Screen(Noun, frozen=True):
    """A project's row.  `limits` is {state: [first, second]}; a state that is missing has the house's."""

    project_id: int
    pane_fields: str
    is_masked: int
    limits: str

    def fields(self) -> list[str]:
        """The chosen fields in their order; [] : the pane chooses."""
        return [str(name) for name in json.loads(self.pane_fields)]

    def limits_s(self) -> dict[str, list[int]]:
        """Seconds by state."""
        found: dict[str, list[int]] = json.loads(self.limits)
        return found


def of_project(store: Store, tenant_id: int, project_id: int) -> Screen:
    """The project's row, or what holds without one."""
    found = store.one(
        Screen,
        "FROM project_screen WHERE project_id = (SELECT id FROM project WHERE id = ? AND tenant_id = ?)",
        (project_id, tenant_id),
    )
    return found or Screen(project_id, "[]", 0, "{}")


def limits_of_tenant(store: Store, tenant_id: int) -> dict[str, dict[str, list[int]]]:
    """Each project's limits, for the map: its own, and of wrap-up at least the one its phones sound."""
    rows = store.tuples(
        "SELECT project.id, coalesce(limits, '{}'), wrap_limit_s FROM project"
        " LEFT JOIN project_screen ON project_screen.project_id = project.id"
        " LEFT JOIN call_setting ON call_setting.project_id = project.id"
        " WHERE project.tenant_id = ? AND project.retired_at = 0",
        (tenant_id,),
    )
    return {
        str(project_id): {"wrapup": list(wrap_up(limit_s))} | json.loads(limits)
        for project_id, limits, limit_s in rows
    }


def wrap_up(limit_s: int | None) -> tuple[int, int]:
    """A thick edge at half of the project's limit, the alarm at its end.  Pure."""
    last = limit_s or call_settings.CallSetting(project_id=0).wrap_limit_s
    return max(last // 2, 1), last


def change(
    store: Store,
    tenant_id: int,
    project_id: int,
    *,
    fields: list[str],
    is_masked: bool,
    limits_s: dict[str, tuple[int, int]],
) -> None:
    """Set all of it.  Raises BadInput: too many fields, limits out of order."""
    if len(fields) > FIELDS_MAX or len(set(fields)) != len(fields):
        raise BadInput(
            "分割モニタの項目が多すぎるか重なっています。",
            remedy=f"別々の項目を{FIELDS_MAX}つまで選んでください。",
        )
    for first, second in limits_s.values():
        if not 0 < first <= second <= SECONDS_MAX:
            raise BadInput(
                "めやすの時間の順が違います。", remedy="1つめは1秒以上、2つめは1つめ以上にしてください。"
            )
    with store.transaction():
        if not store.value("SELECT 1 FROM project WHERE id = ? AND tenant_id = ?", (project_id, tenant_id)):
            raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
        store.run("DELETE FROM project_screen WHERE project_id = ?", (project_id,))
        store.insert(
            "project_screen",
            project_id=project_id,
            pane_fields=json.dumps(fields, ensure_ascii=False),
            is_masked=int(is_masked),
            limits=json.dumps({state: list(pair) for state, pair in limits_s.items()}),
        )
