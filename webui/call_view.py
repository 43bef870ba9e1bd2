"""What the call screen's stream shows of one's own: the customer in hand, at once, and the day's counts.

The card goes out with the seat's own change, so that the name is on the screen with the voice.  It is read
once a call; counts follow the seat and are read again a moment later, when the entry has been written.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from appliance.dialer.messages import SeatBoard
from appliance.store import call_days
from webui.call_card import Reader, card
from webui.phone_number import hyphenated
from webui.reasons import told
from webui.streams import View

WITH_CUSTOMER: Final = ("ringing", "talking", "wrapup")
STOPPING: Final = ("stopped", "hours", "line", "caller", "disk", "customers")  # nobody will be connected
WRITTEN_S: Final = 1.0  # the writer has committed an entry by then


class CallView:
    """One browser's part.  `look` is called by its stream's thread alone."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._card: tuple[tuple[int, int, str], dict[str, Any] | None] = ((0, 0, ""), None)
        self._day: dict[str, int] = {}
        self._day_key: tuple[Any, ...] = ()
        self._day_due: float | None = 0.0

    def look(self, seat: SeatBoard | None) -> View:
        """The present part of the view: section `call`."""
        found: dict[str, Any] = {"day": self._counts(seat)}
        if seat is not None and seat.state == "waiting":
            found["wait"] = self._wait(seat)
        if seat is not None and seat.party is not None:
            found["party"] = hyphenated(seat.party.number)
        shown = self._shown(seat)
        if shown is not None:
            found["card"] = shown
        return {"call": found}

    def _wait(self, seat: SeatBoard) -> dict[str, Any]:
        """How long a wait is as a rule, and what holds the dialling back now."""
        board = self._reader.services.live.board
        lists = [row for row in board.lists if row.project_id == seat.project_id and row.talks]
        talks = sum(row.talks for row in lists)
        mean_s = sum(row.wait_s_mean * row.talks for row in lists) / talks if talks else 0.0
        project = next((row for row in board.projects if row.project_id == seat.project_id), None)
        why = told(project.reason, self._reader.translate).sentence if project else ""
        is_stopped = project is not None and project.reason.limit in STOPPING
        return {"mean_s": round(mean_s), "why": why, "is_stopped": is_stopped}

    def _shown(self, seat: SeatBoard | None) -> dict[str, Any] | None:
        if seat is None or not seat.customer_id or seat.state not in WITH_CUSTOMER:
            self._card = ((0, 0, ""), None)
            return None
        key = (seat.customer_id, seat.attempt_id, seat.number)
        if self._card[0] != key:
            self._card = (key, self._read(seat))
        return self._card[1]

    def _read(self, seat: SeatBoard) -> dict[str, Any] | None:
        return card(self._reader, seat.customer_id, attempt_id=seat.attempt_id, number=seat.number)

    def _counts(self, seat: SeatBoard | None) -> dict[str, int]:
        services = self._reader.services
        now, today = services.clock.monotonic(), services.calendar.day(services.now_ms())
        key = (today, seat and (seat.state, seat.attempt_id, seat.saved_code))
        if key != self._day_key:
            self._day_key, self._day_due = key, now + WRITTEN_S
            self._day = self._count(today)
        elif self._day_due is not None and now >= self._day_due:
            self._day_due = None
            self._day = self._count(today)
        return self._day

    def _count(self, today: int) -> dict[str, int]:
        reader = self._reader
        since_at = reader.services.calendar.start_of(today)
        day = call_days.of_user(reader.services.store, reader.tenant_id, reader.user_id, since_at=since_at)
        found: dict[str, int] = msgspec.to_builtins(day)
        return found
