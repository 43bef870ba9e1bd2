"""Calls that came in and were answered by the announcement.  Routing them comes with callbacks."""

from __future__ import annotations

from appliance.store.models import IncomingCall
from appliance.store.open import Store


def every(store: Store, tenant_id: int, *, before_id: int = 0, limit: int = 50) -> list[IncomingCall]:
    """Newest first.  A call to a number that is no single tenant's is shown where there is but one tenant."""
    return store.all(
        IncomingCall,
        "FROM incoming_call WHERE (tenant_id = ? OR tenant_id = 0 AND (SELECT count(*) FROM tenant) = 1)"
        " AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?",
        (tenant_id, before_id, before_id, limit),
    )
