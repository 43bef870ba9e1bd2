"""Which customers of a list may be dialled next: the dialer's one query.

Bounded: it looks at no more than 5,000 rows and returns at most 200.  What a rule settles for good (9a, 90,
99, 97) is handed back as refused, to be recorded; what is only too early (95) is passed over and comes again.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.errors import BadInput
from appliance.store.blocked import CODE_OF
from appliance.store.models import Noun
from appliance.store.open import Store
from appliance.store.screen_locks import SILENCE_MAX_MS
from appliance.store.times import day_of

LIMIT_MAX: Final = 200
LOOK_AT: Final = 500
LOOKS_MAX: Final = 10


class Offer(Noun, frozen=True):
    """A customer that may be dialled.  `last_called_at` is seconds since 1970, 0.0 never."""

    customer_id: int
    number: str
    attempts: int
    last_called_at: float


class Refused(Noun, frozen=True):
    """A customer that a rule settles, with the code; hand it to the writer as SaveRefusal."""

    customer_id: int
    number: str
    code: str


class Batch(Noun, frozen=True):
    """Ask on from `cursor`.  `is_last`: the end of the list.  `callable` counts the whole list."""

    customers: tuple[Offer, ...]
    refused: tuple[Refused, ...]
    cursor: str
    is_last: bool
    callable: int


class _Rules(Noun, frozen=True):
    """What of list and project decides."""

    tenant_id: int
    project_id: int
    order_mode: str
    order_from_id: int
    interval_min_s: int
    attempts_max: int


class _Row(Noun, frozen=True):
    id: int
    random_key: int
    number: str
    attempts: int
    last_called_at: int


_VISIBLE: Final = (
    " AND import_id NOT IN (SELECT import_id FROM hidden_import)"
    " AND id NOT IN (SELECT customer_id FROM screen_lock WHERE seen_at > ?)"  # somebody has them open
)
_BY_ID: Final = (
    "FROM customer INDEXED BY customer_by_id"
    " WHERE list_id = ? AND is_callable = 1 AND id > ? AND id < ?" + _VISIBLE + " ORDER BY id LIMIT ?"
)
_BY_RANDOM: Final = (
    "FROM customer INDEXED BY customer_by_random"
    " WHERE list_id = ? AND is_callable = 1 AND (random_key, id) > (?, ?)"
    + _VISIBLE
    + " ORDER BY random_key, id LIMIT ?"
)
_ENDLESS: Final = 1 << 62


def next_customers(store: Store, list_id: int, *, cursor: str = "", limit: int = LIMIT_MAX, at: int) -> Batch:
    """The next at most `limit` customers after `cursor` ('' from the start).  BadInput: no such list."""
    with store.reading():
        rules = _rules(store, list_id)
        walk = _Walk(store, list_id, rules, cursor, at)
        offers: list[Offer] = []
        refused: list[Refused] = []
        for _ in range(LOOKS_MAX):
            rows = walk.rows()
            for row, code in _judged(store, rules, rows, at):
                walk.passed(row)
                if code is None:
                    offers.append(_offer(row))
                elif code != "95":
                    refused.append(Refused(customer_id=row.id, number=row.number, code=code))
                if len(offers) == min(limit, LIMIT_MAX):
                    break
            if walk.is_done or len(offers) == min(limit, LIMIT_MAX):
                break
        return Batch(
            customers=tuple(offers),
            refused=tuple(refused),
            cursor=walk.cursor,
            is_last=walk.is_done,
            callable=count_callable(store, list_id),
        )


def count_callable(store: Store, list_id: int) -> int:
    """Customers of the list never called or permitted again, blocked and held ones included."""
    return int(
        store.value("SELECT coalesce(sum(callable), 0) FROM list_counter WHERE list_id = ?", (list_id,))
    )


class _Walk:
    """Goes through a list in its order.  Cursors: `i<id>` by ID, `w<id>` wrapped around, `r<key>:<id>`."""

    def __init__(self, store: Store, list_id: int, rules: _Rules, cursor: str, at: int) -> None:
        self._store = store
        self._list_id = list_id
        self._locked_from = at - SILENCE_MAX_MS
        self._from_id = rules.order_from_id if rules.order_mode == "id" else 0
        start = "r-1:0" if rules.order_mode == "random" else f"i{max(0, self._from_id - 1)}"
        self.cursor = cursor if cursor and (cursor[0] == "r") == (start[0] == "r") else start
        self.is_done = False
        self._is_short = False
        self._left = 0

    def rows(self) -> list[_Row]:
        """The next rows.  Fewer than asked for: this leg of the walk ends with them."""
        kind, _, rest = self.cursor[0], "", self.cursor[1:]
        if kind == "r":
            key, _, last_id = rest.partition(":")
            rows = self._all(_BY_RANDOM, (self._list_id, int(key), int(last_id), self._locked_from, LOOK_AT))
        else:
            end = self._from_id if kind == "w" else _ENDLESS
            rows = self._all(_BY_ID, (self._list_id, int(rest), end, self._locked_from, LOOK_AT))
        self._is_short = len(rows) < LOOK_AT
        self._left = len(rows)
        if not rows:
            self._end_leg()
        return rows

    def passed(self, row: _Row) -> None:
        """Move behind this row."""
        kind = self.cursor[0]
        self.cursor = f"r{row.random_key}:{row.id}" if kind == "r" else f"{kind}{row.id}"
        self._left -= 1
        if self._left == 0 and self._is_short:
            self._end_leg()

    def _end_leg(self) -> None:
        if self.cursor[0] == "i" and self._from_id > 0:
            self.cursor = "w0"
        else:
            self.is_done = True

    def _all(self, sql: str, parameters: tuple[Any, ...]) -> list[_Row]:
        return self._store.all(_Row, sql, parameters)


def _rules(store: Store, list_id: int) -> _Rules:
    rules = store.one(
        _Rules,
        "SELECT list.tenant_id, list.project_id, order_mode, order_from_id, interval_min_s, attempts_max"
        " FROM list JOIN project ON project.id = list.project_id WHERE list.id = ? AND deleted_at = 0"
        " AND is_hidden = 0",
        (list_id,),
    )
    if rules is None:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    return rules


def _judged(store: Store, rules: _Rules, rows: list[_Row], at: int) -> list[tuple[_Row, str | None]]:
    blocks = _blocks(store, rules, rows, at)
    return [(row, _code(rules, row, blocks.get(row.number), at)) for row in rows]


def _code(rules: _Rules, row: _Row, kinds: set[str] | None, at: int) -> str | None:
    """The code that keeps this customer from being dialled now; '95' also where there is no number."""
    if kinds:
        return next(code for kind, code in CODE_OF.items() if kind in kinds)
    if rules.attempts_max and row.attempts >= rules.attempts_max:
        return "97"
    if not row.number or (row.last_called_at and at - row.last_called_at < rules.interval_min_s * 1000):
        return "95"
    return None


def _blocks(store: Store, rules: _Rules, rows: list[_Row], at: int) -> dict[str, set[str]]:
    """Kinds of blocks that stand today for the numbers of these rows."""
    if not rows:
        return {}
    day = day_of(at, store.zone)
    marks = ", ".join("?" * len(rows))
    found: dict[str, set[str]] = {}
    for number, kind in store.tuples(
        "SELECT number, kind FROM blocked_number WHERE tenant_id = ? AND released_at = 0"  # noqa: S608 - marks
        " AND project_id IN (0, ?) AND from_day <= ? AND (to_day = 0 OR to_day >= ?)"
        f" AND number IN ({marks})",
        (rules.tenant_id, rules.project_id, day, day, *(row.number for row in rows)),
    ):
        found.setdefault(number, set()).add(kind)
    return found


def _offer(row: _Row) -> Offer:
    return Offer(
        customer_id=row.id,
        number=row.number,
        attempts=row.attempts,
        last_called_at=row.last_called_at / 1000,
    )
