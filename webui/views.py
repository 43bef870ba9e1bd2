"""The dialer's board cut to what one tenant may see, as plain data for a stream.  Pure.

Seats nobody is logged in at are everybody's; spans are the box's.  A customer's number leaves here only as
the right allows: whole for those who may see history, else its last four digits.
"""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.dialer import messages
from webui.phone_number import hyphenated
from webui.reasons import told
from webui.streams import View
from webui.words import Translate


def board_view(board: messages.Board, *, tenant_id: int, translate: Translate) -> View:
    """Everything the live board and the wallboard draw."""
    projects = {row.project_id: row for row in board.projects if row.tenant_id == tenant_id}
    lists = {row.list_id: row for row in board.lists if row.project_id in projects}
    own_alarms = [alarm.what for alarm in board.tenant_alarms if alarm.tenant_id == tenant_id]
    return {
        "projects": {str(key): _project(row, translate) for key, row in projects.items()},
        "lists": {str(key): msgspec.to_builtins(row) for key, row in lists.items()},
        "seats": {str(row.seat_id): seat_view(row) for row in board.seats if row.is_seen_by(tenant_id)},
        "spans": {str(row.span): msgspec.to_builtins(row) for row in board.spans},
        "minutes": {
            f"{row.list_id}:{row.at:.0f}": msgspec.to_builtins(row)
            for row in board.minutes
            if row.list_id in lists
        },
        "alarms": {str(place): text for place, text in enumerate((*board.alarms, *own_alarms))},
    }


def _project(row: messages.ProjectBoard, translate: Translate) -> dict[str, Any]:
    reason = told(row.reason, translate)
    plain: dict[str, Any] = msgspec.to_builtins(row)
    return plain | {
        "reason": {"weight": reason.weight, "sentence": reason.sentence, "remedy": reason.remedy},
    }


def seat_view(row: messages.SeatBoard) -> dict[str, Any]:
    """One seat; numbers are written for reading."""
    plain: dict[str, Any] = msgspec.to_builtins(row)
    plain["number_shown"] = hyphenated(row.number) if row.number else ""
    del plain["number"]
    plain["dialling"] = [
        {"number": hyphenated(one.number), "state": one.state, "code": one.code} for one in row.dialling
    ]
    return plain
