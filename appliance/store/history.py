"""History entries as screens read and edit them, and notes added without a call.

The entry of an attempt is written by the writer (record.py); a change here takes its counters along.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import customers, numbers, recalls, record, report_mail
from appliance.store.counters import Deltas, HistoryRow
from appliance.store.customers import VISIBLE, katakana
from appliance.store.history_lines import LINE
from appliance.store.history_lines import line as line
from appliance.store.models import Customer, HistoryLine, Noun
from appliance.store.open import Store

PAGE_MAX: Final = 200
COUNT_MAX: Final = 10_000  # beyond that a page says "more than"


class Filter(Noun, frozen=True):
    """What to look for; 0 and '' are no condition.  Times in ms; `user_id` also serves 'own entries only'."""

    project_id: int = 0
    list_id: int = 0
    user_id: int = 0
    customer_id: int = 0
    code: str = ""
    from_at: int = 0
    to_at: int = 0
    text: str = ""
    talk_min_ms: int = 0
    talk_max_ms: int = 0
    has_recording: bool = False
    is_nobodys: bool = False  # what reached no operator
    is_cut_off: bool = False  # calls that a stop or a power cut ended
    is_uncoded: bool = False  # calls whose result nobody has written
    is_promised: bool = False  # contacts in a promise's time: from ten minutes before it until done
    field_name: str = ""  # a column of the project's lists, and a part of what stands in it
    field_text: str = ""

    @property
    def is_of_entries(self) -> bool:
        """Whether a condition asks for entries: customers without one cannot meet it."""
        asked = (self.user_id, self.code, self.from_at, self.to_at, self.talk_min_ms, self.talk_max_ms)
        flags = (self.has_recording, self.is_nobodys, self.is_cut_off, self.is_uncoded, self.is_promised)
        return any((*asked, *flags))


class Page(Noun, frozen=True):
    """One page, newest first, and how many there are in all (at most COUNT_MAX + 1)."""

    lines: tuple[HistoryLine, ...]
    count: int


class People(Noun, frozen=True):
    """One page of customers, and how many there are in all (at most COUNT_MAX + 1)."""

    customers: tuple[Customer, ...]
    count: int


def search(store: Store, tenant_id: int, wanted: Filter, *, offset: int = 0, limit: int = 50) -> Page:
    """One page of the tenant's history."""
    where, values = _where(tenant_id, wanted)
    with store.reading():
        ids = store.tuples(
            "SELECT h.id FROM history h WHERE " + where + " ORDER BY h.at DESC, h.id DESC LIMIT ? OFFSET ?",  # noqa: S608 - constants
            (*values, min(limit, PAGE_MAX), offset),
        )
        count = store.value(
            "SELECT count(*) FROM (SELECT 1 FROM history h WHERE " + where + " LIMIT ?)",  # noqa: S608 - constants
            (*values, COUNT_MAX + 1),
        )
        lines = [line(store, tenant_id, row[0]) for row in ids]
    return Page(lines=tuple(found for found in lines if found), count=int(count))


def people(store: Store, tenant_id: int, wanted: Filter, *, offset: int = 0, limit: int = 50) -> People:
    """The customers of the same conditions: newest contact first where entries are asked for, else by ID."""
    if wanted.is_of_entries:
        where, values = _where(tenant_id, wanted)
        rows = "FROM history h WHERE h.customer_id > 0 AND " + where + " GROUP BY h.customer_id"
        order = " ORDER BY max(h.at) DESC, h.customer_id DESC"
        column = "h.customer_id"
    else:
        where, values = _where_people(tenant_id, wanted)
        rows, order, column = f"FROM customer c WHERE {where}", " ORDER BY c.id", "c.id"
    with store.reading():
        ids = store.tuples(
            f"SELECT {column} " + rows + order + " LIMIT ? OFFSET ?", (*values, min(limit, PAGE_MAX), offset)
        )
        count = store.value(
            f"SELECT count(*) FROM (SELECT 1 {rows} LIMIT ?)",  # noqa: S608 - constants
            (*values, COUNT_MAX + 1),
        )
        found = [customers.get(store, tenant_id, customer_id) for (customer_id,) in ids]
    return People(customers=tuple(one for one in found if one), count=int(count))


def of_customer(store: Store, tenant_id: int, customer_id: int, *, limit: int = 50) -> list[HistoryLine]:
    """A customer's entries, newest first."""
    return store.all(
        HistoryLine,
        LINE + " WHERE h.tenant_id = ? AND h.customer_id = ? ORDER BY h.at DESC, h.id DESC LIMIT ?",
        (tenant_id, customer_id, limit),
    )


def edit(
    store: Store, tenant_id: int, history_id: int, *, code: str, memo: str, editor_id: int, at: int
) -> None:
    """Change code and memo, with counters and, when it is the newest entry, the customer's last code."""
    with store.transaction():
        found = line(store, tenant_id, history_id)
        if found is None:
            raise BadInput("その対応履歴はありません。", remedy="検索し直してください。")
        _check_code(store, found.project_id, code)
        store.update("history", history_id, code=code, memo=memo.strip(), edited_at=at, edited_by=editor_id)
        if code != found.code:
            _change_code(store, tenant_id, found, code)
            recalls.follow(store, history_id)
        report_mail.follow(store, history_id)


def _change_code(store: Store, tenant_id: int, found: HistoryLine, code: str) -> None:
    deltas = Deltas(store.zone)
    before = HistoryRow(tenant_id, found.project_id, found.list_id, found.user_id, found.code, found.at)
    deltas.history(before, -1)
    deltas.history(before._replace(code=code))
    newest = store.value(
        "SELECT id FROM history WHERE customer_id = ? ORDER BY at DESC, id DESC LIMIT 1", (found.customer_id,)
    )
    if newest == found.id:
        record.settle(store, found.customer_id, code, deltas)
    if found.attempt_id:
        store.update("attempt", found.attempt_id, result=code)
    record.follow_forbidding(
        store,
        found.attempt_id,
        before._replace(code=code),
        number=found.number,
        customer_id=found.customer_id,
    )
    deltas.flush(store)


def add_note(
    store: Store, tenant_id: int, customer_id: int, *, user_id: int, code: str, memo: str, at: int
) -> int:
    """An entry without a call, of now or of an earlier day; its id.

    Its code becomes the customer's last one unless a newer entry has one.  Raises BadInput: no such customer,
    or such a code.
    """
    with store.transaction():
        rows = store.tuples(
            "SELECT project_id, list_id, number FROM customer WHERE id = ? AND tenant_id = ?",
            (customer_id, tenant_id),
        )
        if not rows:
            raise BadInput("その顧客はありません。", remedy="検索し直してください。")
        project_id, list_id, number = rows[0]
        _check_code(store, project_id, code)
        history_id = store.insert(
            "history",
            tenant_id=tenant_id,
            project_id=project_id,
            list_id=list_id,
            customer_id=customer_id,
            user_id=user_id,
            number=number,
            code=code,
            memo=memo.strip(),
            at=at,
        )
        deltas = Deltas(store.zone)
        row = HistoryRow(tenant_id, project_id, list_id, user_id, code, at)
        deltas.history(row)
        is_newest = not store.value(
            "SELECT 1 FROM history WHERE customer_id = ? AND at > ? AND code != ''", (customer_id, at)
        )
        if code and is_newest:
            record.settle(store, customer_id, code, deltas)
        else:
            record.note_worked(store, customer_id, deltas)
        if code and number:
            record.follow_forbidding(store, 0, row, number=number, customer_id=customer_id)
        deltas.flush(store)
        recalls.follow(store, history_id)
    return history_id


def _check_code(store: Store, project_id: int, code: str) -> None:
    if code and not store.value(
        "SELECT 1 FROM result_code WHERE project_id = ? AND code = ?", (project_id, code)
    ):
        raise BadInput(f"結果コード「{code}」はこの案件にありません。", remedy="一覧から選んでください。")


def _where(tenant_id: int, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    """Conditions and their values; every text is a constant of ours."""
    parts: list[tuple[str, tuple[Any, ...]]] = [("h.tenant_id = ?", (tenant_id,)), (_OF_A_CUSTOMER, ())]
    for column in ("project_id", "list_id", "user_id", "customer_id", "code"):
        value = getattr(wanted, column)
        if value:
            parts.append((f"h.{column} = ?", (value,)))
    if wanted.from_at:
        parts.append(("h.at >= ?", (wanted.from_at,)))
    if wanted.to_at:
        parts.append(("h.at < ?", (wanted.to_at,)))
    if wanted.talk_min_ms:
        parts.append(("h.talk_ms >= ?", (wanted.talk_min_ms,)))
    if wanted.talk_max_ms:
        parts.append(("h.talk_ms > 0 AND h.talk_ms <= ?", (wanted.talk_max_ms,)))
    if wanted.is_nobodys:
        parts.append(("h.user_id = 0", ()))
    if wanted.is_cut_off:
        parts.append(("h.attempt_id IN (SELECT id FROM attempt WHERE end = 'interrupted')", ()))
    if wanted.is_uncoded:
        parts.append(("h.code IN ('', '98') AND h.attempt_id IS NOT NULL", ()))
    if wanted.is_promised:
        parts.append((_PROMISED, (BEFORE_PROMISE_MS,)))
    if wanted.field_name and wanted.field_text:
        condition, asked = _field_condition(tenant_id, wanted)
        parts.append((f"h.customer_id IN ({condition})", asked))
    if wanted.has_recording:
        parts.append(
            ("EXISTS (SELECT 1 FROM recording WHERE attempt_id = h.attempt_id AND deleted_at = 0)", ())
        )
    if wanted.text.strip():
        parts.append(_text_condition(wanted.text))
    return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


_OF_A_CUSTOMER: Final = (
    "(h.customer_id > 0 OR NOT EXISTS"
    " (SELECT 1 FROM attempt WHERE attempt.id = h.attempt_id AND attempt.kind = 'manual'))"
)
"""Manual calls to any number are no contacts with a customer: manual_calls.py has them."""

BEFORE_PROMISE_MS: Final = 10 * 60_000
_PROMISED: Final = (
    "EXISTS (SELECT 1 FROM recall r WHERE r.customer_id = h.customer_id AND r.is_promise = 1 AND r.due_at > 0"
    " AND r.made_at < h.at AND h.at >= r.due_at - ? AND (r.done_at = 0 OR r.done_at >= h.at)"
    " AND coalesce(r.history_id, 0) != h.id)"
)


def _where_people(tenant_id: int, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    """The same for customers, who need no entry."""
    parts: list[tuple[str, tuple[Any, ...]]] = [
        (
            "c.tenant_id = ? AND c.list_id IN"  # noqa: S608 - constants
            f" (SELECT id FROM list WHERE tenant_id = ? AND deleted_at = 0 AND is_hidden = 0) AND {VISIBLE}",
            (tenant_id, tenant_id),
        )
    ]
    for column in ("project_id", "list_id"):
        value = getattr(wanted, column)
        if value:
            parts.append((f"c.{column} = ?", (value,)))
    if wanted.customer_id:
        parts.append(("c.id = ?", (wanted.customer_id,)))
    if wanted.field_name and wanted.field_text:
        condition, asked = _field_condition(tenant_id, wanted)
        parts.append((f"c.id IN ({condition})", asked))
    if wanted.text.strip():
        parts.append(_person_condition(wanted.text))
    return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def _field_condition(tenant_id: int, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    """Customers of the lists that have the column, by a part of its value."""
    return (
        "SELECT f.id FROM list l JOIN json_each(l.headers) k ON k.value = ?"
        " JOIN customer f ON f.list_id = l.id AND json_extract(f.fields, '$[' || k.key || ']') LIKE ?"
        " WHERE l.tenant_id = ? AND (? = 0 OR l.project_id = ?) AND (? = 0 OR l.id = ?)",
        (
            wanted.field_name, f"%{wanted.field_text.strip()}%", tenant_id, wanted.project_id,
            wanted.project_id, wanted.list_id, wanted.list_id,
        ),
    )  # fmt: skip


def _person_condition(text: str) -> tuple[str, tuple[Any, ...]]:
    """`12-3456` or `3456`: an ID; a whole number or its end; else a part of name or フリガナ."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = numbers.digits_of(plain)
    if digits and isinstance(numbers.normalise(plain), numbers.Number):
        return (
            "(c.number = ? OR c.id IN (SELECT customer_id FROM customer_number WHERE number = ?))",
            (digits, digits),
        )
    if digits:
        return "(c.id = ? OR c.number LIKE ?)", (_id_in(plain, digits), f"%{digits}")
    return "(c.name LIKE ? OR c.kana LIKE ?)", (f"%{plain}%", f"%{katakana(plain)}%")


def _id_in(plain: str, digits: str) -> int:
    """The customer's part of `list-customer`; else all the digits."""
    _, dash, last = plain.rpartition("-")
    return min(int(last) if dash and last.isdigit() else int(digits), 2**62)


def _text_condition(text: str) -> tuple[str, tuple[Any, ...]]:
    """A whole number, a customer's ID or the end of a number; else a part of name, フリガナ or memo."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = numbers.digits_of(plain)
    if digits and isinstance(numbers.normalise(plain), numbers.Number):
        return "h.number = ?", (digits,)
    if digits:
        return "(h.customer_id = ? OR h.number LIKE ?)", (_id_in(plain, digits), f"%{digits}")
    like = f"%{plain}%"
    return (
        "(h.memo LIKE ? OR h.customer_id IN (SELECT id FROM customer WHERE name LIKE ? OR kana LIKE ?))",
        (like, like, f"%{katakana(plain)}%"),
    )
