"""What a project's own calls were like lately: when people answered, how long talks and results took.

Raw seconds of the newest rows, for forecasts.  Nothing is judged or smoothed here.
"""

from __future__ import annotations

from typing import Final

from appliance.store.models import Noun
from appliance.store.open import Store

ATTEMPTS_MAX: Final = 1500  # some hours of a small floor, some minutes of a large one
TALKS_MAX: Final = 600


class Measured(Noun, frozen=True):
    """Seconds from SETUP to the answer, from SETUP to any other end, of talks, and of results after them."""

    answers_s: tuple[float, ...] = ()
    others_s: tuple[float, ...] = ()
    talks_s: tuple[float, ...] = ()
    wraps_s: tuple[float, ...] = ()


def measured(store: Store, tenant_id: int, project_id: int, *, since_at: int) -> Measured:
    """The newest calls of a tenant's project from `since_at` (ms) on; empty for another tenant's."""
    calls = store.tuples(
        "SELECT setup_at, answered_at, cleared_at FROM attempt WHERE project_id = ? AND setup_at >= ?"
        " AND tenant_id = ? AND setup_at > 0 AND cleared_at > 0 AND end = 'result'"
        " ORDER BY setup_at DESC LIMIT ?",
        (project_id, since_at, tenant_id, ATTEMPTS_MAX),
    )
    talks = store.tuples(
        "SELECT talk_ms, wrap_ms FROM history WHERE project_id = ? AND at >= ? AND tenant_id = ?"
        " AND talk_ms > 0 AND attempt_id IS NOT NULL ORDER BY at DESC LIMIT ?",
        (project_id, since_at, tenant_id, TALKS_MAX),
    )
    return Measured(
        answers_s=tuple((answered - setup) / 1000 for setup, answered, _ in calls if answered),
        others_s=tuple((cleared - setup) / 1000 for setup, answered, cleared in calls if not answered),
        talks_s=tuple(talk / 1000 for talk, _ in talks),
        wraps_s=tuple(wrap / 1000 for _, wrap in talks),
    )
