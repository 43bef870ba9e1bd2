"""Changes of a customer made by hand: fields of the file, and numbers added beside the fixed one.

The imported number never changes.  Each change is kept with who, when, and what stood there before.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import customers, numbers
from appliance.store.import_headers import NAMES, NUMBER
from appliance.store.import_rows import age_of
from appliance.store.models import Customer, Noun
from appliance.store.open import Store

VALUE_MAX: Final = 500
NUMBERS_MAX: Final = 10
ADDED: Final = "追加の番号"


class Edit(Noun, frozen=True):
    """One change."""

    id: int
    user_name: str
    at: int
    field: str
    before: str
    after: str


def change(
    store: Store, tenant_id: int, customer_id: int, values: Mapping[str, str], *, user_id: int, at: int
) -> list[str]:
    """Change fields by their header; the headers that did change.

    Raises BadInput, and changes nothing: no such customer or field, or the fixed number.
    """
    with store.transaction():
        found = customers.get(store, tenant_id, customer_id)
        if found is None:
            raise BadInput("その顧客はありません。", remedy="検索し直してください。")
        headers = _headers(store, found)
        cells = json.loads(found.fields)
        cells += [""] * (len(headers) - len(cells))
        changed = []
        for header, text in values.items():
            place, after = _place(headers, header), text.strip()[:VALUE_MAX]
            if cells[place] == after:
                continue
            if header == NUMBER:
                raise BadInput("元の電話番号は変えられません。", remedy="番号の追加を使ってください。")
            _note(store, found, header, cells[place], after, user_id=user_id, at=at)
            cells[place] = after
            changed.append(header)
        if changed:
            whole = json.dumps(cells, ensure_ascii=False)
            store.update("customer", customer_id, fields=whole, **_columns(headers, cells, changed))
    return changed


def _headers(store: Store, found: Customer) -> list[str]:
    text = store.value("SELECT headers FROM list WHERE id = ?", (found.list_id,))
    return list(json.loads(text or "[]"))


def _place(headers: list[str], header: str) -> int:
    if header not in headers:
        raise BadInput(f"項目「{header}」はこのリストにありません。", remedy="画面を読み込み直してください。")
    return headers.index(header)


def _columns(headers: list[str], cells: list[str], changed: list[str]) -> dict[str, Any]:
    """What the store keeps beside the fields, where their columns changed: as an import would read it."""
    found: dict[str, Any] = {}
    for column, words in NAMES.items():
        header = next((name for name in headers if name in words), None)
        if header not in changed:
            continue
        text = cells[headers.index(header)]
        if column == "age":
            found[column] = age_of(text)
        elif column == "kana":
            found[column] = customers.katakana(text)
        else:
            found[column] = text
    return found


def add_number(
    store: Store, tenant_id: int, customer_id: int, *, number: str, label: str, user_id: int, at: int
) -> int:
    """A number beside the fixed one; its id.  Raises BadInput: it cannot be one, known already, too many."""
    with store.transaction():
        found = customers.get(store, tenant_id, customer_id)
        standing = customers.added_numbers(store, tenant_id, customer_id)
        digits = _digits(number)
        if found is not None and digits in (found.number, *(row.number for row in standing)):
            raise BadInput("その番号は登録済みです。", remedy="一覧から選んでください。")
        if len(standing) >= NUMBERS_MAX:
            raise BadInput(
                f"追加の番号は{NUMBERS_MAX}件までです。", remedy="使わない番号を削除してください。"
            )
        number_id = customers.add_number(
            store, tenant_id, customer_id, number=number, label=label[:30], at=at
        )
        if found is not None:
            _note(store, found, ADDED, "", _shown(digits, label), user_id=user_id, at=at)
    return number_id


def change_number(
    store: Store,
    tenant_id: int,
    customer_id: int,
    number_id: int,
    *,
    number: str,
    label: str,
    user_id: int,
    at: int,
) -> None:
    """Put an added number right; an empty one takes it away.  Raises BadInput: none such, no number."""
    with store.transaction():
        found = customers.get(store, tenant_id, customer_id)
        every = customers.added_numbers(store, tenant_id, customer_id)
        before = next((row for row in every if row.id == number_id), None)
        if found is None or before is None:
            raise BadInput("その番号はありません。", remedy="画面を読み込み直してください。")
        digits = _digits(number) if number.strip() else ""
        if digits:
            store.update("customer_number", number_id, number=digits, label=label.strip()[:30])
        else:
            store.run("DELETE FROM customer_number WHERE id = ?", (number_id,))
        was, now = _shown(before.number, before.label), _shown(digits, label) if digits else ""
        _note(store, found, ADDED, was, now, user_id=user_id, at=at)


def _digits(number: str) -> str:
    found = numbers.normalise(number)
    if isinstance(found, numbers.Problem):
        raise BadInput(f"{found.reason}。", remedy=f"{found.fix}。")
    return found.digits


def _shown(digits: str, label: str) -> str:
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFC", label)).strip()
    return f"{digits} {plain}".strip()


def _note(
    store: Store, found: Customer, field: str, before: str, after: str, *, user_id: int, at: int
) -> None:
    store.insert(
        "customer_edit",
        tenant_id=found.tenant_id,
        customer_id=found.id,
        user_id=user_id,
        at=at,
        field=field,
        before=before,
        after=after,
    )


def originals(edits: list[Edit]) -> dict[str, Edit]:
    """The first change of each field (`before` is what the file had), of changes newest first.  Pure."""
    return {edit.field: edit for edit in edits if edit.field != ADDED}


def every(store: Store, tenant_id: int, customer_id: int, *, limit: int = 50) -> list[Edit]:
    """A customer's changes, newest first."""
    return store.all(
        Edit,
        "SELECT e.id, u.name AS user_name, e.at, e.field, e.before, e.after FROM customer_edit e"
        " JOIN user u ON u.id = e.user_id WHERE e.tenant_id = ? AND e.customer_id = ?"
        " ORDER BY e.id DESC LIMIT ?",
        (tenant_id, customer_id, limit),
    )
