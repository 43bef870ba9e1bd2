"""座席配置: where seats stand on the map: up to ten floors, a grid on each, moved by mouse, keys or a CSV.

A move answers with where the seats stood before, so that the page can take it back.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import seats
from appliance.store.models import Seat
from appliance.store.seats import COLUMNS, FLOORS, ROWS, Place
from webui.ask import Ask, Invalid, Services
from webui.auth import log_action
from webui.roles import Route

CSV_BYTES_MAX: Final = 200_000
ERRORS_SHOWN: Final = 20
HEADERS: Final = ("seat", "ext", "x", "y", "floor")


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/layout", "layout", show),
        Route("POST", "/layout", "layout", arrange),
        Route("POST", "/layout/import", "layout", read_csv),
        Route("GET", "/layout.csv", "layout", write_csv),
    ]


def own_seats(ask: Ask, tenant_id: int = 0) -> list[Seat]:
    """A tenant's seats and those that are everybody's; without a tenant the asking person's."""
    own = (None, tenant_id or ask.tenant_id)
    return [seat for seat in seats.every(ask.services.store) if seat.tenant_id in own]


def places(ask: Ask) -> dict[str, tuple[int, int, int]]:
    """Where the asking person's tenant's seats stand, for the map."""
    return places_of(ask, ask.tenant_id)


def places_of(ask: Ask, tenant_id: int) -> dict[str, tuple[int, int, int]]:
    """Floor, column and row of each seat that has a place; from 1."""
    every = own_seats(ask, tenant_id)
    return {str(seat.id): (seat.floor, seat.x, seat.y) for seat in every if seat.x and seat.y}


def show(ask: Ask) -> Any:
    every = [
        {"id": row.id, "label": row.label, "extension": row.extension, "place": [row.floor, row.x, row.y]}
        for row in own_seats(ask)
    ]
    grid = {"columns": COLUMNS, "rows": ROWS, "floors": FLOORS}
    return ask.page("layout.html", seats=every, grid=grid)


def arrange(ask: Ask) -> Any:
    """Move seats: `places` is a JSON list of [seat, floor, x, y]; x and y 0 take a seat off the map."""
    try:
        rows = [
            Place(*(int(value) for value in row)) for row in json.loads(ask.text("places", size_max=20_000))
        ]
    except (ValueError, TypeError) as error:
        raise Invalid(ask.t("座席の位置を読み取れません。ページを読み込み直してください。")) from error
    return _apply(ask, rows)


def _apply(ask: Ask, rows: list[Place]) -> Any:
    try:
        before = seats.arrange(ask.services.store, ask.tenant_id, rows)
    except BadInput as error:
        raise Invalid(ask.refusal(error)) from error
    labels = {seat.id: seat.label for seat in own_seats(ask)}
    moved = ", ".join(f"{labels[row.seat_id]} {row.floor}:{row.x},{row.y}" for row in rows[:5])
    log_action(ask, "layout", "arranged", f"{len(rows)}: {moved}")
    return ask.json({"before": [list(row) for row in before], "now": [list(row) for row in rows]})


def read_csv(ask: Ask) -> Any:
    """Places from a file: seat, ext, x, y and, if there is one, floor.  All of it or nothing."""
    upload = ask.request.files.get("file")
    data = upload.file.read(CSV_BYTES_MAX + 1) if upload else b""
    if not data or len(data) > CSV_BYTES_MAX:
        raise Invalid(ask.t("CSVファイルを選んでください（200KBまで）。"))
    rows, problems = _rows(ask, _decoded(data))
    if problems:
        more = ask.t("ほか{n}件", n=len(problems) - ERRORS_SHOWN) if len(problems) > ERRORS_SHOWN else ""
        shown = "\n".join([*problems[:ERRORS_SHOWN], *([more] if more else [])])
        raise Invalid(ask.t("取り込みませんでした。") + "\n" + shown)
    return _apply(ask, rows)


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp932", errors="replace")


def _rows(ask: Ask, text: str) -> tuple[list[Place], list[str]]:
    known, found, problems = {seat.label: seat for seat in own_seats(ask)}, [], []
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and len(cells) > 2 and not cells[2].isdigit()):
            continue  # an empty line, or the headers
        seat = known.get(cells[0])
        if seat is None:
            problems.append(ask.t("{n}行目：座席「{seat}」はありません。", n=number, seat=cells[0]))
        elif len(cells) < 4 or not all(cell.isascii() and cell.isdigit() for cell in cells[2:5] if cell):
            problems.append(ask.t("{n}行目：xとyを数字で入れてください。", n=number))
        elif cells[1] and cells[1] != seat.extension:
            problems.append(
                ask.t("{n}行目：{seat}の内線は{ext}です。", n=number, seat=seat.label, ext=seat.extension)
            )
        else:
            floor = int(cells[4]) if len(cells) > 4 and cells[4] else 1
            found.append(Place(seat.id, floor, int(cells[2] or 0), int(cells[3] or 0)))
    if not found and not problems:
        problems.append(ask.t("座席の行がありません。"))
    return found, problems


def write_csv(ask: Ask) -> Any:
    """The present places in the form that is read."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADERS)
    for seat in own_seats(ask):
        writer.writerow((seat.label, seat.extension, seat.x, seat.y, seat.floor))
    return ask.csv(out.getvalue(), ask.t("座席配置") + ".csv")
