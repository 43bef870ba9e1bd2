"""Desk phones and their places; who sat where, for the dialer's restart."""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

from appliance.errors import BadInput
from appliance.settings import SEATS_MAX
from appliance.store.models import Seat, SeatStanding
from appliance.store.open import Conflict, Store

REALM: Final = "yobirin"
FLOORS: Final = 10
COLUMNS: Final = 12  # what a screen of 1351 px shows beside the lists without scrolling
ROWS: Final = 10


class Place(NamedTuple):
    """Where a seat stands on the map.  Floor, column and row from 1; column and row 0: nowhere."""

    seat_id: int
    floor: int
    x: int
    y: int


def create(
    store: Store,
    *,
    label: str,
    extension: str,
    password: str,
    tenant_id: int | None = None,
    x: int = 0,
    y: int = 0,
) -> int:
    """A new seat; its id.  Raises BadInput: label or extension taken, odd extension, more than 100."""
    if not re.fullmatch(r"[0-9]{2,6}", extension):
        raise BadInput(f"内線「{extension}」は使えません。", remedy="2〜6桁の数字にしてください。")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,10}", label):
        raise BadInput(
            f"座席名「{label}」は使えません。", remedy="英数字とハイフン10文字までにしてください。"
        )
    with store.transaction():
        if store.value("SELECT count(*) FROM seat WHERE retired_at = 0") >= SEATS_MAX:
            raise BadInput(f"座席は{SEATS_MAX}席までです。", remedy="使わない座席を削除してください。")
        try:
            return store.insert(
                "seat",
                tenant_id=tenant_id,
                label=label,
                extension=extension,
                ha1=ha1(extension, password),
                x=x,
                y=y,
            )
        except Conflict as error:
            raise BadInput(
                f"座席「{label}」または内線「{extension}」は使われています。",
                remedy="別の名前にしてください。",
            ) from error


def ha1(extension: str, password: str) -> str:
    """What digest authentication keeps of a phone's password (RFC 2617: MD5 of user:realm:password)."""
    text = f"{extension}:{REALM}:{password}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def every(store: Store) -> list[Seat]:
    """All seats of the box, by label."""
    return store.all(Seat, "FROM seat WHERE retired_at = 0 ORDER BY label")


def by_labels(store: Store, labels: tuple[str, ...]) -> list[Seat]:
    """The seats with these labels, in this order; unknown ones are left out."""
    found = {seat.label: seat for seat in every(store)}
    return [found[label] for label in labels if label in found]


def set_password(store: Store, seat_id: int, password: str) -> None:
    """Replace the phone's password."""
    extension = store.value("SELECT extension FROM seat WHERE id = ?", (seat_id,))
    store.run("UPDATE seat SET ha1 = ? WHERE id = ?", (ha1(str(extension), password), seat_id))


def place(store: Store, seat_id: int, *, floor: int, x: int, y: int) -> None:
    """Where the seat stands on the seat map."""
    store.run("UPDATE seat SET floor = ?, x = ?, y = ? WHERE id = ?", (floor, x, y, seat_id))


def arrange(store: Store, tenant_id: int, places: list[Place]) -> list[Place]:
    """Move seats on the map; where they stood before.  Raises BadInput: not ours, no such cell, taken."""
    with store.transaction():
        own = {seat.id: seat for seat in every(store) if seat.tenant_id in (None, tenant_id)}
        for one in places:
            if one.seat_id not in own:
                raise BadInput("その座席はありません。", remedy="ページを読み込み直してください。")
            if not (1 <= one.floor <= FLOORS and 0 <= one.x <= COLUMNS and 0 <= one.y <= ROWS):
                raise BadInput(
                    f"座席「{own[one.seat_id].label}」の位置が範囲の外です。",
                    remedy=f"フロアは{FLOORS}、横は{COLUMNS}、縦は{ROWS}までにしてください。",
                )
            place(store, one.seat_id, floor=one.floor, x=one.x, y=one.y)
        _refuse_shared_cells(store, tenant_id)
        return [Place(one.seat_id, *_place_of(own[one.seat_id])) for one in places]


def _place_of(seat: Seat) -> tuple[int, int, int]:
    return seat.floor, seat.x, seat.y


def _refuse_shared_cells(store: Store, tenant_id: int) -> None:
    taken: dict[tuple[int, int, int], str] = {}
    for seat in every(store):
        if seat.tenant_id in (None, tenant_id) and seat.x and seat.y:
            other = taken.setdefault(_place_of(seat), seat.label)
            if other != seat.label:
                raise BadInput(
                    f"座席「{other}」と「{seat.label}」の位置が重なります。", remedy="位置を変えてください。"
                )


def standing(store: Store) -> list[SeatStanding]:
    """Who sat where when it was last written."""
    return store.all(SeatStanding, "FROM seat_standing")
