"""コールデータ検索: the customers of one list that an operator looks for before calling, and in which order.

Reads only.  Whoever may not be called now (no number, forbidden, suspended, excluded) is found and marked,
and left out of what goes into the queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, Literal

from appliance.store.customers import VISIBLE, condition
from appliance.store.models import Noun
from appliance.store.open import Store

Nth = Literal["", "new", "second", "third"]
Order = Literal["id", "random"]
UNREACHED: Final = ("02", "93", "94")  # 不通, and what the dialer itself calls so: busy, no answer
COUNT_MAX: Final = 10_000
NEVER: Final = "-"  # as a code: no result yet
SPREAD: Final = 2_654_435_761  # Knuth's multiplicative constant: people begin far from each other

Part = tuple[str, tuple[Any, ...]]


class Wanted(Noun, frozen=True):
    """What to look for; 0 and '' are no condition.  Times in ms.

    `nth`: never called; or called once, or twice, and reached by none.  `user_id`: who spoke last.
    `attribute_id` and `attribute_text`: a customer attribute with this choice, or a part of its text.
    `seed` turns the random order, so that two people do not meet at the same customer.
    """

    list_id: int
    nth: Nth = ""
    code: str = ""
    level: str = ""
    user_id: int = 0
    from_at: int = 0
    to_at: int = 0
    talk_min_ms: int = 0
    talk_max_ms: int = 0
    field_name: str = ""
    field_text: str = ""
    attribute_id: int = 0
    attribute_text: str = ""
    text: str = ""
    from_id: int = 0
    order: Order = "id"
    seed: int = 0


class Row(Noun, frozen=True):
    """A customer as the result shows it.  `stop`: why it cannot be called now, '' where it can."""

    id: int
    list_id: int
    number: str
    name: str
    kana: str
    last_code: str
    code_name: str
    last_called_at: int
    attempts: int
    level: str
    memo: str
    user_name: str
    stop: str


class Page(Noun, frozen=True):
    """Some rows, and how many there are in all (at most COUNT_MAX + 1)."""

    rows: tuple[Row, ...]
    count: int


_STOP: Final = (
    "SELECT b.kind FROM blocked_number b WHERE b.number = customer.number"
    " AND b.tenant_id = customer.tenant_id AND b.released_at = 0"
    " AND b.project_id IN (0, customer.project_id) AND b.from_day <= ? AND (b.to_day = 0 OR b.to_day >= ?)"
)
_LEVEL: Final = (
    "(SELECT r.level FROM recall r WHERE r.customer_id = customer.id AND r.level != ''"
    " ORDER BY r.made_at DESC, r.id DESC LIMIT 1)"
)
_LAST: Final = (
    "(SELECT h.{column} FROM history h WHERE h.customer_id = customer.id AND h.user_id > 0"
    " ORDER BY h.at DESC, h.id DESC LIMIT 1)"
)
_ROW: Final = (
    "SELECT customer.id, customer.list_id, number, customer.name, kana, last_code,"  # noqa: S608 - constants
    " coalesce((SELECT k.name FROM result_code k WHERE k.project_id = customer.project_id"
    " AND k.code = customer.last_code), '') AS code_name, customer.last_called_at, attempts,"
    f" coalesce({_LEVEL}, '') AS level, coalesce({_LAST.format(column='memo')}, '') AS memo,"
    f" coalesce((SELECT u.name FROM user u WHERE u.id = {_LAST.format(column='user_id')}), '') AS user_name,"
    f" CASE WHEN number = '' THEN 'number' ELSE coalesce(({_STOP} LIMIT 1), '') END AS stop FROM customer"
)


def search(
    store: Store, tenant_id: int, wanted: Wanted, *, day: int, offset: int = 0, limit: int = 50
) -> Page:
    """One page of what is found.  `day`: today, YYYYMMDD, for what is suspended."""
    where, values = _where(store, tenant_id, wanted)
    order, turned = _order(wanted)
    with store.reading():
        rows = store.all(
            Row,
            f"{_ROW} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
            (day, day, *values, *turned, limit, offset),
        )
        count = store.value(
            f"SELECT count(*) FROM (SELECT 1 FROM customer WHERE {where} LIMIT {COUNT_MAX + 1})",  # noqa: S608 - constants
            values,
        )
    return Page(rows=tuple(rows), count=int(count))


def callable_ids(store: Store, tenant_id: int, wanted: Wanted, *, day: int, limit: int) -> tuple[int, ...]:
    """The found customers that can be called now, in the wanted order."""
    where, values = _where(store, tenant_id, wanted)
    order, turned = _order(wanted)
    rows = store.tuples(
        f"SELECT customer.id FROM customer WHERE {where} AND number != '' AND NOT EXISTS ({_STOP})"  # noqa: S608 - constants
        f" ORDER BY {order} LIMIT ?",
        (*values, day, day, *turned, limit),
    )
    return tuple(row[0] for row in rows)


def _order(wanted: Wanted) -> Part:
    if wanted.order == "random":
        return "(random_key + ?) % 4294967296, customer.id", (wanted.seed * SPREAD,)
    return "customer.id", ()


def _where(store: Store, tenant_id: int, wanted: Wanted) -> Part:
    """Conditions and their values; every text is a constant of ours."""
    parts = [part for part in _parts(store, tenant_id, wanted) if part[0]]
    return " AND ".join(text for text, _ in parts), tuple(value for _, values in parts for value in values)


def _parts(store: Store, tenant_id: int, wanted: Wanted) -> Iterator[Part]:
    yield f"customer.tenant_id = ? AND customer.list_id = ? AND {VISIBLE}", (tenant_id, wanted.list_id)
    yield _nth(wanted.nth)
    if wanted.code:
        yield "last_code = ?", ("" if wanted.code == NEVER else wanted.code,)
    if wanted.level:
        yield f"{_LEVEL} = ?", (wanted.level,)
    if wanted.user_id:
        yield f"{_LAST.format(column='user_id')} = ?", (wanted.user_id,)
    if wanted.from_id:
        yield "customer.id >= ?", (wanted.from_id,)
    if wanted.text.strip():
        yield condition(wanted.text)
    yield _entries(wanted)
    yield _field(store, tenant_id, wanted)
    yield _attribute(wanted)


def _nth(nth: Nth) -> Part:
    if nth == "new":
        return "attempts = 0 AND is_worked = 0", ()
    if not nth:
        return "", ()
    marks = ", ".join("?" * len(UNREACHED))
    return f"attempts = ? AND last_code IN ({marks})", ({"second": 1, "third": 2}[nth], *UNREACHED)


def _entries(wanted: Wanted) -> Part:
    """Period and talk time: of one and the same entry."""
    asked = (
        ("h.at >= ?", wanted.from_at),
        ("h.at < ?", wanted.to_at),
        ("h.talk_ms >= ?", wanted.talk_min_ms),
        ("h.talk_ms > 0 AND h.talk_ms <= ?", wanted.talk_max_ms),
    )
    given = [(text, value) for text, value in asked if value]
    if not given:
        return "", ()
    conditions = " AND ".join(text for text, _ in given)
    return (
        f"EXISTS (SELECT 1 FROM history h WHERE h.customer_id = customer.id AND {conditions})",  # noqa: S608 - constants
        tuple(value for _, value in given),
    )


def _field(store: Store, tenant_id: int, wanted: Wanted) -> Part:
    """A part of what stands in a column of the list; nobody where it has no such column."""
    if not (wanted.field_name and wanted.field_text.strip()):
        return "", ()
    headers = store.value(
        "SELECT headers FROM list WHERE id = ? AND tenant_id = ?", (wanted.list_id, tenant_id)
    )
    names = json.loads(headers or "[]")
    if wanted.field_name not in names:
        return "0", ()
    place = f"$[{names.index(wanted.field_name)}]"
    return "json_extract(fields, ?) LIKE ?", (place, f"%{wanted.field_text.strip()}%")


def _attribute(wanted: Wanted) -> Part:
    """One of the chosen choices (they stand one a line), or a part of a text."""
    if not (wanted.attribute_id and wanted.attribute_text.strip()):
        return "", ()
    text = wanted.attribute_text.strip()
    return (
        "EXISTS (SELECT 1 FROM customer_attribute a JOIN attribute q ON q.id = a.attribute_id"
        " WHERE a.customer_id = customer.id AND a.attribute_id = ? AND CASE q.kind WHEN 'text'"
        " THEN a.value LIKE ? ELSE char(10) || a.value || char(10) LIKE ? END)",
        (wanted.attribute_id, f"%{text}%", f"%\n{text}\n%"),
    )
