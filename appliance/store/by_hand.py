"""Lists and customers made by hand: an empty list with its headers, several rows typed into a list.

Rows are judged as those of a file are.  One that cannot be taken stops all of them: the person has the form
still open, and nothing typed is lost.
"""

from __future__ import annotations

import json
from typing import Final

from appliance.errors import BadInput
from appliance.store import import_headers, imports, lists, numbers
from appliance.store.counters import Deltas
from appliance.store.customers import VISIBLE, katakana
from appliance.store.import_rows import Judge, Ready, age_of
from appliance.store.import_run import INSERT
from appliance.store.list_jobs import marks
from appliance.store.models import Noun, RowError
from appliance.store.open import Store

ROWS_MAX: Final = 50
HEADERS_MAX: Final = 200
HEADER_CHARACTERS_MAX: Final = 60


class Added(Noun, frozen=True):
    """How many were added, or, where that is 0, why none was.  `duplicates`: those stopped as such."""

    added: int = 0
    errors: tuple[RowError, ...] = ()
    duplicates: int = 0


def create_list(
    store: Store,
    tenant_id: int,
    project_id: int,
    *,
    name: str,
    headers: tuple[str, ...],
    at: int,
    label: str = "",
) -> int:
    """An empty list with these columns; its id.

    Raises BadInput: no 電話番号 among them, a result code's name, too many or too long ones, the name taken.
    """
    named = import_headers.numbered(headers)
    if len(named) > HEADERS_MAX:
        raise BadInput(f"見出しが{len(named)}列あります。", remedy=f"{HEADERS_MAX}列までにしてください。")
    if any(len(header) > HEADER_CHARACTERS_MAX for header in named):
        raise BadInput("見出しが長すぎます。", remedy=f"{HEADER_CHARACTERS_MAX}文字までにしてください。")
    import_headers.columns(named, number_column=-1, reserved=imports.reserved(store, project_id))
    return lists.create(store, tenant_id, project_id, name=name, label=label, headers=named, at=at)


def add_customers(
    store: Store,
    tenant_id: int,
    list_id: int,
    rows: list[list[str]],
    *,
    at: int,
    with_duplicates: bool = False,
) -> Added:
    """Add rows of cells in the order of the list's headers; empty rows are passed over.

    Raises BadInput: no such list, nothing typed, more rows than a form has, a full list.
    """
    found = lists.get(store, tenant_id, list_id)
    if found is None or found.deleted_at:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    typed = [(line, row) for line, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    if not 1 <= len(typed) <= ROWS_MAX:
        raise BadInput("顧客が入力されていません。", remedy=f"1〜{ROWS_MAX}行を入力してください。")
    columns = import_headers.columns(lists.headers_of(found), number_column=-1, reserved=frozenset())
    judge = Judge(columns, seed=at)
    judged = [judge.judge(line, row) for line, row in typed]
    ready = [row for row in judged if isinstance(row, Ready)]
    errors = [row for row in judged if isinstance(row, RowError)]
    with store.transaction():
        _check_size(store, list_id, len(ready))
        double = _duplicates(store, list_id, ready)
        stopped = (
            []
            if with_duplicates
            else [
                judge.error(row, double[row.line], "1行だけ残してください")
                for row in ready
                if row.line in double
            ]
        )
        if errors or stopped:
            every = sorted((*errors, *stopped), key=lambda row: row.line)
            return Added(errors=tuple(every), duplicates=len(stopped))
        store.many(
            INSERT,
            [
                (
                    tenant_id, found.project_id, list_id, 0, row.number, row.name, row.kana, row.sex, row.age,
                    row.fields, row.random_key, int(row.line in double), at,
                )
                for row in ready
            ],
        )  # fmt: skip
        deltas = Deltas(store.zone)
        deltas.customers(list_id, "", customers=len(ready), callable=len(ready))
        deltas.flush(store)
    return Added(added=len(ready))


def add_one(store: Store, tenant_id: int, list_id: int, row: list[str], *, at: int) -> int:
    """Add one customer of whom little is known: one filled cell is enough, and the number may be missing.

    Its id.  Raises BadInput: no such list, nothing typed, a number that cannot be one, a full list.
    """
    found = lists.get(store, tenant_id, list_id)
    if found is None or found.deleted_at:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    headers = lists.headers_of(found)
    cells = [cell.strip() for cell in (*row, *[""] * len(headers))][: len(headers)]
    if not any(cells):
        raise BadInput("顧客が入力されていません。", remedy="1つ以上の項目を入力してください。")
    columns = import_headers.columns(headers, number_column=-1, reserved=frozenset())
    number = _number(cells[columns.number])

    def cell(place: int) -> str:
        return cells[place] if place >= 0 else ""

    with store.transaction():
        _check_size(store, list_id, 1)
        is_known = number and store.value(
            "SELECT 1 FROM customer WHERE number = ? AND list_id = ? LIMIT 1", (number, list_id)
        )
        customer_id = store.insert(
            "customer",
            tenant_id=tenant_id,
            project_id=found.project_id,
            list_id=list_id,
            number=number,
            name=cell(columns.name),
            kana=katakana(cell(columns.kana)),
            sex=cell(columns.sex)[:4],
            age=age_of(cell(columns.age)),
            fields=json.dumps(cells, ensure_ascii=False),
            is_callable=int(bool(number)),
            is_duplicate=int(bool(is_known)),
            created_at=at,
        )
        deltas = Deltas(store.zone)
        deltas.customers(list_id, "", customers=1, callable=int(bool(number)))
        deltas.flush(store)
    return customer_id


def _number(text: str) -> str:
    """The digits of a number in any form, '' where none was typed.  Raises BadInput."""
    if not text:
        return ""
    found = numbers.normalise(text)
    if isinstance(found, numbers.Problem):
        raise BadInput(f"{found.reason}。", remedy=f"{found.fix}。")
    return found.digits


def _check_size(store: Store, list_id: int, more: int) -> None:
    limit = store.settings.limits.list_customers_max
    have = store.value("SELECT coalesce(sum(customers), 0) FROM list_counter WHERE list_id = ?", (list_id,))
    if have + more > limit:
        raise BadInput(f"リストが{limit:,}件を超えます。", remedy="別のリストに分けてください。")


def _duplicates(store: Store, list_id: int, ready: list[Ready]) -> dict[int, str]:
    """Line to reason, of rows whose number stands in an earlier row or in the list."""
    if not ready:
        return {}
    wanted = [row.number for row in ready]
    known = {
        number
        for (number,) in store.tuples(
            "SELECT number FROM customer INDEXED BY customer_by_number"  # noqa: S608 - marks
            f" WHERE number IN ({marks(wanted)}) AND list_id = ? AND {VISIBLE}",
            (*wanted, list_id),
        )
    }
    first: dict[str, int] = {}
    found: dict[int, str] = {}
    for row in ready:
        if row.number in first:
            found[row.line] = f"{first[row.number]}行目と重複しています"
        elif row.number in known:
            found[row.line] = "このリストに登録済みです"
        first.setdefault(row.number, row.line)
    return found
