"""The rows of an export: by customer, with all columns of the lists and what came of it; by history entry.

Read by chunks of ids; nothing here writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from appliance.store import lists
from appliance.store.customers import VISIBLE
from appliance.store.list_jobs import marks
from appliance.store.models import List, Noun
from appliance.store.open import Store

CALLABLE_WORDS: Final = {1: "可", 0: "不可"}


class Tables(Noun, frozen=True):
    """What rows are written with, read once."""

    lists: dict[int, List]
    headers: dict[int, tuple[str, ...]]
    fields: tuple[str, ...]
    users: dict[int, str]
    codes: dict[tuple[int, str], str]


def customer_ids(store: Store, list_id: int, codes: tuple[str, ...] | None) -> list[int]:
    """The list's customers, all or those with one of these last codes, by ID."""
    where = "" if codes is None else f" AND last_code IN ({marks(codes)})"
    rows = store.tuples(
        f"SELECT id FROM customer WHERE list_id = ?{where} AND {VISIBLE}",  # noqa: S608 - marks
        (list_id, *(codes or ())),
    )
    return sorted(row[0] for row in rows)


def tables(store: Store, tenant_id: int, list_ids: Sequence[int]) -> Tables:
    """Names of everything that rows of these lists point at."""
    found = {row.id: row for row in store.all(List, "FROM list WHERE tenant_id = ?", (tenant_id,))}
    headers = {list_id: lists.headers_of(found[list_id]) for list_id in list_ids}
    fields = dict.fromkeys(header for names in headers.values() for header in names)
    return Tables(
        lists=found,
        headers=headers,
        fields=tuple(fields),
        users=dict(store.tuples("SELECT id, name FROM user WHERE tenant_id = ?", (tenant_id,))),
        codes={
            (project_id, code): name
            for project_id, code, name in store.tuples(
                "SELECT project_id, code, name FROM result_code WHERE tenant_id = ?", (tenant_id,)
            )
        },
    )


def customer_head(tables: Tables) -> Sequence[str]:
    """The header by customer."""
    return (
        "ID", "リスト", *tables.fields, "最終結果コード", "最終結果", "最終担当者", "最終架電日時",
        "発信回数", "発信", "重複", "メモ",
    )  # fmt: skip


def customer_rows(store: Store, tables: Tables, ids: Sequence[int]) -> Iterator[Sequence[str]]:
    """A row for each customer."""
    operators, memos = _spoken(store, ids)
    for (
        customer_id, project_id, list_id, fields, code, called_at, attempts, is_callable, is_duplicate,
    ) in store.tuples(
        "SELECT id, project_id, list_id, fields, last_code, last_called_at, attempts,"  # noqa: S608 - marks
        f" is_callable, is_duplicate FROM customer WHERE id IN ({marks(ids)}) ORDER BY id",
        ids,
    ):  # fmt: skip
        names = tables.headers.get(list_id, ())
        values = dict(zip(names, json.loads(fields), strict=False))
        yield (
            f"{list_id}-{customer_id}",
            tables.lists[list_id].name,
            *(values.get(name, "") for name in tables.fields),
            code,
            tables.codes.get((project_id, code), ""),
            tables.users.get(operators.get(customer_id, 0), ""),
            _moment(store, called_at),
            str(attempts),
            CALLABLE_WORDS[is_callable],
            "重複" if is_duplicate else "",
            "／".join(memos.get(customer_id, ())),
        )


def _spoken(store: Store, ids: Sequence[int]) -> tuple[dict[int, int], dict[int, list[str]]]:
    """By customer: the last operator, and the memos in order."""
    operators: dict[int, int] = {}
    memos: dict[int, list[str]] = {}
    for customer_id, user_id, memo in store.tuples(
        f"SELECT customer_id, user_id, memo FROM history WHERE customer_id IN ({marks(ids)})"  # noqa: S608 - marks
        " ORDER BY customer_id, at",
        ids,
    ):
        if user_id:
            operators[customer_id] = user_id
        if memo:
            memos.setdefault(customer_id, []).append(memo)
    return operators, memos


HISTORY_HEAD: Final = (
    "ID", "氏名", "日時", "電話番号", "担当者", "結果コード", "結果", "通話秒", "待機秒", "後処理秒",
    "リスト", "メモ",
)  # fmt: skip


def history_rows(store: Store, tables: Tables, ids: Sequence[int]) -> Iterator[Sequence[str]]:
    """A row for each entry of these customers, also those made in a list they were in before."""
    for (
        customer_id, in_list_id, name, project_id, list_id, at, number, user_id, code, talk, wait, wrap, memo,
    ) in store.tuples(
        "SELECT c.id, c.list_id, c.name, h.project_id, h.list_id, h.at, h.number,"  # noqa: S608 - marks
        " h.user_id, h.code, h.talk_ms, h.wait_ms, h.wrap_ms, h.memo"
        " FROM customer c JOIN history h ON h.customer_id = c.id"
        f" WHERE c.id IN ({marks(ids)}) ORDER BY c.id, h.at",
        ids,
    ):  # fmt: skip
        called = tables.lists.get(list_id)
        yield (
            f"{in_list_id}-{customer_id}",
            name,
            _moment(store, at),
            number,
            tables.users.get(user_id, ""),
            code,
            tables.codes.get((project_id, code), ""),
            *(f"{value / 1000:.1f}" for value in (talk, wait, wrap)),
            called.name if called else "",
            memo,
        )


def _moment(store: Store, at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, store.zone):%Y/%m/%d %H:%M:%S}" if at else ""
