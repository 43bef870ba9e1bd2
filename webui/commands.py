"""Commands to the dialer: nothing that a message names may be another tenant's, or another person's seat.

One check for every message, by the names of its fields (`CHECKS`): a field that ends in `_id` or `_ids` and
stands in no table here is a mistake of ours, and a test finds it.  Handlers send through `Ask.command`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from appliance.dialer.messages import SeatBoard
from appliance.store import seats, visibility
from appliance.store.visibility import MANAGERS

if TYPE_CHECKING:
    from webui.ask import Ask

Check = Callable[["Ask", Any], bool]


def check(ask: Ask, message: Any) -> None:
    """Raises NotFound, with the same words whatever it is and whyever it may not be named."""
    from webui.ask import NotFound

    for name in message.__struct_fields__:
        value = getattr(message, name)
        if name in CHECKS and not all(CHECKS[name](ask, one) for one in _each(value)):
            raise NotFound(ask.t("見つかりません。一覧を更新してください。"))
    if not _may_command(ask, message):
        raise NotFound(ask.t("この座席はありません。"))


def _each(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list | frozenset) else (value,)


def _may_command(ask: Ask, message: Any) -> bool:
    """One's own seat; MGR and SV every seat of the tenant; anybody a free one, to sit down at it."""
    seat_id = getattr(message, "seat_id", 0)
    if not seat_id:
        return True
    seat = _standing(ask, seat_id)
    if ask.person.role in MANAGERS or (seat is not None and seat.user_id == ask.person.user_id):
        return True
    return type(message).__name__ in FOR_A_FREE_SEAT and (seat is None or not seat.user_id)


FOR_A_FREE_SEAT: Final = frozenset(("TakeSeat",))


def _standing(ask: Ask, seat_id: int) -> SeatBoard | None:
    return next((row for row in ask.services.live.board.seats if row.seat_id == seat_id), None)


def _seat(ask: Ask, seat_id: int) -> bool:
    """A desk that the tenant sees, and nobody of another tenant at it."""
    standing = _standing(ask, seat_id)
    is_free = standing is None or standing.is_seen_by(ask.tenant_id)
    return is_free and visibility.sees_seat(ask.services.store, ask.viewer, seat_id)


def _extension(ask: Ask, extension: str) -> bool:
    """A desk of the tenant's, by its number in the house."""
    every = {seat.extension: seat for seat in seats.every(ask.services.store)}
    return not extension or (extension in every and every[extension].tenant_id in (None, ask.tenant_id))


def _attempt(ask: Ask, attempt_id: int) -> bool:
    """A call of the tenant's: one that stands at a seat may not have been written yet."""
    at_seats = {row.attempt_id: row.tenant_id for row in ask.services.live.board.seats if row.attempt_id}
    if attempt_id in at_seats:
        return at_seats[attempt_id] == ask.tenant_id
    return not attempt_id or visibility.owns(ask.services.store, ask.tenant_id, "attempt", attempt_id)


def _customer(ask: Ask, customer_id: int) -> bool:
    return not customer_id or visibility.sees_customer(ask.services.store, ask.viewer, customer_id)


def _transfer(ask: Ask, transfer_id: int) -> bool:
    """An entry of the in-house inbox, which the board carries."""
    standing = getattr(ask.services.live.board, "transfers", ())
    return any(row.transfer_id == transfer_id and row.tenant_id == ask.tenant_id for row in standing)


def _incoming(ask: Ask, incoming_id: int) -> bool:
    """A caller who waits, whom the board carries."""
    standing = ask.services.live.board.incoming
    return any(row.incoming_id == incoming_id and row.tenant_id == ask.tenant_id for row in standing)


def _owned(table: str) -> Check:
    def check_row(ask: Ask, row_id: int) -> bool:
        return not row_id or visibility.owns(ask.services.store, ask.tenant_id, table, row_id)

    return check_row


CHECKS: Final[dict[str, Check]] = {
    "seat_id": _seat,
    "extension": _extension,
    "attempt_id": _attempt,
    "customer_id": _customer,
    "customer_ids": _customer,
    "project_id": _owned("project"),
    "project_ids": _owned("project"),
    "list_id": _owned("list"),
    "target_id": _owned("transfer_target"),
    "transfer_id": _transfer,
    "incoming_id": _incoming,
    # A person acts as himself and for his own tenant.
    "user_id": lambda ask, user_id: bool(user_id == ask.person.user_id),
    "tenant_id": lambda ask, tenant_id: bool(tenant_id == ask.tenant_id),
}
