"""Who is on a break: the page of such a person is locked, on every browser, until the password is given.

Kept in memory for the guard that stands in front of every request, and written through to the store.  A
break asked for in the middle of a call begins when the board shows the seat on its break.  One begun at the
phone locks the page as long as the board shows it, or until the person was let back in; it is not written.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from appliance.dialer.messages import SeatBoard
from appliance.store import absences, users
from appliance.store.absences import Absence
from appliance.store.open import Store

FORGOTTEN_MS: Final = 10_000  # the dialer has shown a wish by then, or it was taken back at the phone


class Absent:
    """Everybody who is on a break or has asked for one.  Safe from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._rows = {row.user_id: row for row in absences.standing(store)}
        self._names: dict[int, str] = {}
        self._let_in: dict[int, float] = {}  # by user, the begin of the seat's break that he came back from

    def of(self, user_id: int, seat: SeatBoard | None, *, now_ms: int) -> Absence | None:
        """The break this person is on; None while it is only asked for."""
        row = self._rows.get(user_id)
        if row is None:
            return self._at_phone(user_id, seat)
        if row.from_at:
            return row
        if seat is not None and seat.state == "break":
            return self.begin(row.tenant_id, user_id, reason=row.reason, at=now_ms)
        if now_ms - row.asked_at > FORGOTTEN_MS and (seat is None or not seat.break_wanted):
            self.end(user_id, at=now_ms)
        return None

    def _at_phone(self, user_id: int, seat: SeatBoard | None) -> Absence | None:
        """A break that no page began: the board alone knows of it."""
        if seat is None or seat.state != "break":
            self._let_in.pop(user_id, None)
            return None
        if self._let_in.get(user_id) == seat.since_at:
            return None
        since = int(seat.since_at * 1000)
        return Absence(0, seat.tenant_id, user_id, seat.break_reason or "break", since, since, 0)

    def let_in(self, user_id: int, seat: SeatBoard | None) -> bool:
        """The password was given: the break on which the seat still stands locks nothing any more."""
        if seat is None or seat.state != "break":
            return False
        self._let_in[user_id] = seat.since_at
        return True

    def begin(self, tenant_id: int, user_id: int, *, reason: str, at: int, is_asked: bool = False) -> Absence:
        """It begins now, or is noted as asked for."""
        with self._lock:
            row = absences.begin(self._store, tenant_id, user_id, reason=reason, at=at, is_asked=is_asked)
            self._rows[user_id] = row
        return row

    def end(self, user_id: int, *, at: int) -> bool:
        """The person is back; False when there was no break."""
        with self._lock:
            self._rows.pop(user_id, None)
            return absences.end(self._store, user_id, at=at)

    def of_tenant(self, tenant_id: int) -> dict[str, dict[str, Any]]:
        """Everybody of the tenant who is on a break, for the managers' board."""
        rows = [row for row in list(self._rows.values()) if row.tenant_id == tenant_id and row.from_at]
        return {
            str(row.user_id): {
                "user_id": row.user_id,
                "name": self._name(tenant_id, row.user_id),
                "reason": row.reason,
                "from_at": row.from_at / 1000,
            }
            for row in rows
        }

    def _name(self, tenant_id: int, user_id: int) -> str:
        if user_id not in self._names:
            user = users.get(self._store, tenant_id, user_id)
            self._names[user_id] = user.name if user else ""
        return self._names[user_id]
