"""Lists that not every seat of their project may call: whose calls a seat is never handed without permission.

They are dialled one call for each waiting seat that may call them, beside the project's own pacing, which
does not count on those seats meanwhile.  A permission costs speed on its list, and never an abandoned call.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.dialer.machine_core import Core
from appliance.dialer.project import Project
from appliance.dialer.selection import ListRun


def lists(core: Core, project: Project, started: Sequence[ListRun]) -> list[ListRun]:
    """Those of the started lists that somebody at work for the project may not call."""
    limited = [run for run in started if not run.settings.is_for_all]
    if not limited:
        return []
    seats = (*project.waiting, *project.talking, *project.wrapup, *project.kept)
    users = {core.seats[seat_id].user_id for seat_id in seats}
    return [run for run in limited if not all(run.settings.permits(user_id) for user_id in users)]


def out(core: Core, project: Project) -> dict[int, int]:
    """Calls of such lists that ring, or are answered and wait for a seat, by list."""
    if not project.narrow:
        return {}
    found = dict(project.narrow)
    for attempt_id in project.unserved:
        attempt = core.attempts[attempt_id]
        if attempt.is_narrow:
            found[attempt.list_id] = found.get(attempt.list_id, 0) + 1
    return {list_id: count for list_id, count in found.items() if count}


def paced(core: Core, list_id: int) -> int:
    """Calls of a list that ring since before somebody sat down who may not call it."""
    ringing = (one for one in core.attempts.values() if one.list_id == list_id and not one.is_dialled)
    return sum(not one.is_narrow and not one.is_bound for one in ringing)


def reserved(core: Core, project: Project) -> set[int]:
    """Waiting seats that these calls are for: the last to have come, so that others go on in their turn."""
    taken: set[int] = set()
    for list_id, count in out(core, project).items():
        able = [seat_id for seat_id in able_to(core, project, list_id) if seat_id not in taken]
        taken |= set(able[-count:])
    return taken


def able_to(core: Core, project: Project, list_id: int) -> list[int]:
    """Waiting seats that may call a list, in order of arrival."""
    return [seat_id for seat_id in project.waiting if core.may_call(core.seats[seat_id], list_id)]
