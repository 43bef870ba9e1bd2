"""What each kind of reader sees of the board.  A view is made once for all who see the same.

A manager sees all of the tenant's floor; an operator sees who sits where and in which state, never a
number, a customer or who listens; a wallboard sees neither persons nor customers.  What is one person's own
(the seat, a break, a message) is `own_view`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from appliance.clock import Clock
from appliance.dialer.messages import Board, SeatBoard
from webui import device_view
from webui.absent import Absent
from webui.box_live import BoxLive
from webui.live import Live
from webui.streams import Shared, View
from webui.views import board_view, seat_view
from webui.words import translator

Kind = Literal["managers", "operators", "wall", "wall-names"]
Language = Literal["ja", "en"]

# Fields of a seat that each kind gets, and no others.
ON_FLOOR: Final = (
    "seat_id",
    "label",
    "extension",
    "state",
    "since_at",
    "is_registered",
    "user_id",
    "user_name",
)
ON_WALL: Final = (*ON_FLOOR[:6], "project_id", "list_id", "help_since_at", "talks_today")


class Audiences:
    """One shared view for each tenant, language and kind of reader.  Safe from any thread."""

    def __init__(self, live: Live, box: BoxLive, absent: Absent, *, clock: Clock) -> None:
        self._live = live
        self._box = box
        self._absent = absent
        self._clock = clock
        self._lock = threading.Lock()
        self._shared: dict[tuple[int, str, str], Shared] = {}

    def of(self, tenant_id: int, language: Language, kind: Kind) -> Shared:
        """The view of this kind, made when first asked for."""
        with self._lock:
            key = (tenant_id, language, kind)
            if key not in self._shared:
                look = self._look(tenant_id, language, kind)
                self._shared[key] = Shared(self._live, look, clock=self._clock)
            return self._shared[key]

    def _look(self, tenant_id: int, language: Language, kind: Kind) -> Callable[[], View]:
        translate = translator(language)

        def managers() -> View:
            view = board_view(self._live.board, tenant_id=tenant_id, translate=translate)
            lamp = device_view.lamp(self._box.health, translate, language)
            absent = self._absent.of_tenant(tenant_id)
            transfers = ringing(self._live.board, tenant_id)
            beside = {"transfers": transfers, "incoming": callers(self._live.board, tenant_id)}
            return view | {"health": {"lamp": lamp}, "absent": absent} | beside

        def wall() -> View:
            view = board_view(self._live.board, tenant_id=tenant_id, translate=translate)
            seats = wall_seats(self._live.board, tenant_id, with_names=kind == "wall-names")
            return {name: view[name] for name in ("projects", "lists", "spans")} | {"seats": seats}

        def operators() -> View:
            board = self._live.board
            beside = {"transfers": ringing(board, tenant_id), "incoming": callers(board, tenant_id)}
            return {"floor": floor_seats(board, tenant_id)} | beside

        return {"managers": managers, "operators": operators}.get(kind, wall)


def _own(board: Board, tenant_id: int) -> list[SeatBoard]:
    return [seat for seat in board.seats if seat.is_seen_by(tenant_id)]


def _cut(seat: SeatBoard, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(seat, name) for name in fields}


def floor_seats(board: Board, tenant_id: int) -> dict[str, Any]:
    """What operators see of each other: no number, no customer, nobody who listens.  Pure."""
    return {
        str(seat.seat_id): _cut(seat, ON_FLOOR) | {"is_help": seat.help_since_at > 0}
        for seat in _own(board, tenant_id)
    }


def wall_seats(board: Board, tenant_id: int, *, with_names: bool) -> dict[str, Any]:
    """What hangs on the wall, where visitors pass.  Pure."""
    return {
        str(seat.seat_id): _cut(seat, ON_WALL) | {"user_name": seat.user_name if with_names else ""}
        for seat in _own(board, tenant_id)
    }


def ringing(board: Board, tenant_id: int) -> dict[str, Any]:
    """Transfers that ring in the house: that there is one, and where; who calls stands on the page.  Pure."""
    return {
        str(row.transfer_id): {"to_extension": row.to_extension, "since_at": row.since_at}
        for row in board.transfers
        if row.tenant_id == tenant_id
    }


def callers(board: Board, tenant_id: int) -> dict[str, Any]:
    """Who calls and whom nobody has: that there is one, and since when; who it is, the page says.  Pure."""
    return {
        str(row.incoming_id): {"since_at": row.since_at, "state": row.state}
        for row in board.incoming
        if row.tenant_id == tenant_id
    }


def own_seat(seat: SeatBoard | None) -> dict[str, Any]:
    """An operator's own seat; {} without one.  Pure."""
    if seat is None:
        return {}
    return seat_view(seat) | {"listeners": own_listeners(seat)}


def own_listeners(seat: SeatBoard) -> list[dict[str, Any]]:
    """Who whispers or is in the conversation; who only listens where the project shows it.  Pure."""
    return [msgspec.to_builtins(one) for one in seat.listeners if one.how != "listen" or one.is_shown]
