"""Customers: one with its fields, and the search box (number in any form, name, フリガナ, ID)."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import numbers
from appliance.store.models import Customer, Noun
from appliance.store.open import Store

FOUND_MAX: Final = 200
VISIBLE: Final = "import_id NOT IN (SELECT import_id FROM hidden_import)"


class Found(Noun, frozen=True):
    """One line of a search."""

    id: int
    project_id: int
    project_name: str
    list_id: int
    list_name: str
    number: str
    name: str
    kana: str
    last_code: str
    last_called_at: int
    attempts: int
    is_callable: int


class CustomerNumber(Noun, frozen=True):
    """A number added to a customer."""

    id: int
    number: str
    label: str


def get(store: Store, tenant_id: int, customer_id: int) -> Customer | None:
    """One customer of the tenant."""
    return store.one(
        Customer, f"FROM customer WHERE tenant_id = ? AND id = ? AND {VISIBLE}", (tenant_id, customer_id)
    )


def by_id(store: Store, customer_id: int) -> Customer | None:
    """One customer of whichever tenant: for the dialer alone, which serves all of them."""
    return store.one(Customer, "FROM customer WHERE id = ?", (customer_id,))


def fields(store: Store, tenant_id: int, customer_id: int) -> list[tuple[str, str]]:
    """(header, value) in the file's order; empty where there is no such customer."""
    row = store.tuples(
        "SELECT list.headers, customer.fields FROM customer JOIN list ON list.id = customer.list_id"
        " WHERE customer.tenant_id = ? AND customer.id = ?",
        (tenant_id, customer_id),
    )
    return list(zip(json.loads(row[0][0]), json.loads(row[0][1]), strict=False)) if row else []


def added_numbers(store: Store, tenant_id: int, customer_id: int) -> list[CustomerNumber]:
    """Numbers added beside the fixed one."""
    return store.all(
        CustomerNumber,
        "FROM customer_number WHERE tenant_id = ? AND customer_id = ? ORDER BY id",
        (tenant_id, customer_id),
    )


def add_number(store: Store, tenant_id: int, customer_id: int, *, number: str, label: str, at: int) -> int:
    """Add a number in any form.  Raises BadInput with the reason where it cannot be one."""
    found = numbers.normalise(number)
    if isinstance(found, numbers.Problem):
        raise BadInput(f"{found.reason}。", remedy=f"{found.fix}。")
    if get(store, tenant_id, customer_id) is None:
        raise BadInput("その顧客はありません。", remedy="検索し直してください。")
    return store.insert(
        "customer_number",
        tenant_id=tenant_id,
        customer_id=customer_id,
        number=found.digits,
        label=label.strip(),
        created_at=at,
    )


def in_list(
    store: Store, tenant_id: int, list_id: int, *, after_id: int = 0, code: str | None = None, limit: int = 50
) -> list[Customer]:
    """Customers of a list by ID, all or those with one last code ('' never called)."""
    return store.all(
        Customer,
        "FROM customer WHERE tenant_id = ? AND list_id = ? AND id > ? AND (? OR last_code = ?)"
        f" AND {VISIBLE} ORDER BY id LIMIT ?",
        (tenant_id, list_id, after_id, int(code is None), code or "", limit),
    )


_SEARCH: Final = (
    "SELECT customer.id, customer.project_id, project.name AS project_name, list_id, list.name AS list_name,"  # noqa: S608 - constants
    " number, customer.name, kana, last_code, customer.last_called_at, attempts, is_callable FROM customer"
    " JOIN list ON list.id = customer.list_id JOIN project ON project.id = customer.project_id"
    " WHERE customer.tenant_id = ? AND list.deleted_at = 0 AND list.is_hidden = 0 AND " + VISIBLE + ""
    " AND (? = 0 OR customer.project_id = ?) AND (? = 0 OR list_id = ?) AND "
)


def search(
    store: Store, tenant_id: int, text: str, *, project_id: int = 0, list_id: int = 0, limit: int = 50
) -> list[Found]:
    """The search box.  `12-3456`: list (now or once), customer; digits: a number or its end; else a name."""
    where, values = condition(text)
    return store.all(
        Found,
        _SEARCH + where + " ORDER BY customer.id DESC LIMIT ?",
        (tenant_id, project_id, project_id, list_id, list_id, *values, min(limit, FOUND_MAX)),
    )


_MOVED_FROM: Final = " (SELECT customer_id FROM moved_customer WHERE customer_id = ? AND from_list_id = ?)"


def condition(text: str) -> tuple[str, tuple[Any, ...]]:
    """The search box as a condition on `customer` with its values."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if match := re.fullmatch(r"(\d{1,9})-(\d{1,12})", plain):
        both = "(customer.id = ? AND (list_id = ? OR customer.id IN" + _MOVED_FROM + "))"
        list_id, customer_id, digits = int(match[1]), int(match[2]), numbers.digits_of(plain)
        return f"({both} OR number = ?)", (customer_id, list_id, customer_id, list_id, digits)
    digits = numbers.digits_of(plain)
    if digits and isinstance(numbers.normalise(plain), numbers.Number):
        return (
            "(number = ? OR customer.id IN (SELECT customer_id FROM customer_number WHERE number = ?))",
            (digits, digits),
        )
    if digits:
        return "(customer.id = ? OR number LIKE ?)", (int(digits), f"%{_escaped(digits)}")
    like = f"%{_escaped(plain)}%"
    return "(customer.name LIKE ? ESCAPE '\\' OR kana LIKE ? ESCAPE '\\')", (
        like,
        f"%{_escaped(katakana(plain))}%",
    )


def katakana(text: str) -> str:
    """Hiragana to katakana and half-width to full, without spaces: how フリガナ is kept and searched."""
    wide = text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
    return wide.translate(_TO_KATAKANA)


_TO_KATAKANA: Final = {
    **{code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)},
    **dict.fromkeys(map(ord, " \t\r\n")),
}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
