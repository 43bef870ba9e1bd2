"""An operator's own day: calls, connects, wins across lists, and entries still without a code.

Calls and connects are what the codes' flags say: 不通, FAX and 現アナ are calls and not connects.  Of several
numbers dialled at once each is a call; who was answered too late (96) is nobody's connect.
Who called us is no call of ours, and counts among neither.
"""

from __future__ import annotations

from appliance.store.models import Noun
from appliance.store.open import Store


class Day(Noun, frozen=True):
    """Counts since a moment."""

    calls: int
    connects: int
    wins: int
    uncoded: int


def of_user(store: Store, tenant_id: int, user_id: int, *, since_at: int) -> Day:
    """A person's counts of entries since `since_at`, midnight of the site as a rule."""
    found = store.one(
        Day,
        "SELECT coalesce(sum((h.code = '' OR r.is_dials) AND coalesce(a.kind, '') <> 'incoming'), 0)"
        " + (SELECT count(*) FROM attempt"
        " WHERE end = 'outrun' AND user_id = ? AND setup_at >= ? AND tenant_id = ?) AS calls,"
        " coalesce(sum(r.is_connect AND h.code <> '96' AND coalesce(a.kind, '') <> 'incoming'), 0)"
        " AS connects,"
        " coalesce(sum(r.is_sales), 0) AS wins, coalesce(sum(h.code IN ('', '98')), 0) AS uncoded"
        " FROM history h LEFT JOIN attempt a ON a.id = h.attempt_id"
        " LEFT JOIN result_code r ON r.project_id = h.project_id AND r.code = h.code"
        " WHERE h.user_id = ? AND h.at >= ? AND h.tenant_id = ? AND h.attempt_id IS NOT NULL",
        (user_id, since_at, tenant_id) * 2,
    )
    assert found is not None, "an aggregate has one row"
    return found
