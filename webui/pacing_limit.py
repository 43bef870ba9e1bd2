"""May dialling be turned up now?  Not while the last half hour is over the abandon target."""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import ProjectBoard
from webui.ask import Ask, Invalid
from webui.format import percent

TURNED_UP: Final = ("overdial", "ratio")  # the adaptive mode keeps to its target by itself
ANSWERS_MIN: Final = 20  # fewer say nothing about a share of some percent


def check(ask: Ask, project_id: int, field: str, value: Any, before: Any) -> None:
    """Raises Invalid where one more call for the same seats would break the target further."""
    if field not in TURNED_UP or value <= before or ask.flag("is_undo"):
        return
    row = next(
        (
            row
            for row in ask.services.live.board.projects
            if (row.project_id, row.tenant_id) == (project_id, ask.tenant_id)
        ),
        None,
    )
    if row is not None and is_over(row):
        raise Invalid(
            ask.t(
                "放棄率（直近30分）が{ratio}%で目標の{target}%に達しています。下がるまで増やせません。",
                ratio=percent(row.abandon_ratio_30min),
                target=percent(row.abandon_target),
            )
        )


def is_over(row: ProjectBoard) -> bool:
    """Whether the last half hour stands at its target or above.  Pure."""
    return row.answered_30min >= ANSWERS_MIN and row.abandon_ratio_30min >= row.abandon_target
