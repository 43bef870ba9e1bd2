"""Lists of customers: made, enabled, started, ordered, counted; codes permitted again; the bin.

Figures come from list_counter, never from counting customers.
"""

from __future__ import annotations

import json
from typing import Final

from appliance.errors import BadInput
from appliance.store import visibility
from appliance.store.counters import Deltas
from appliance.store.models import CodeCount, List, ListLine, ListState, Noun, OrderMode
from appliance.store.open import Conflict, Store

CHUNK: Final = 500  # rows a transaction: the dialer's writer waits for no more
SHOWN: Final = "is_hidden = 0 AND deleted_at = 0"


class StartedList(Noun, frozen=True):
    """A list as the dialer needs it.  Not `is_for_all`: permitted to these users alone."""

    list_id: int
    project_id: int
    is_enabled: bool
    is_started: bool
    tenant_id: int
    is_for_all: bool = True
    user_ids: frozenset[int] = frozenset()


class ListToday(Noun, frozen=True):
    """A list's counts of one day.  `talks` have a code with Contact, `wins` one with Sales."""

    list_id: int
    attempts: int = 0
    answered: int = 0
    talks: int = 0
    wins: int = 0
    abandoned: int = 0


def create(
    store: Store,
    tenant_id: int,
    project_id: int,
    *,
    name: str,
    at: int,
    headers: tuple[str, ...] = ("電話番号",),
    label: str = "",
    is_hidden: bool = False,
    deleted_at: int = 0,
) -> int:
    """A new list; its id.  `headers` in the order of the file.  Raises BadInput where the name is taken."""
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise BadInput(f"リスト名が{len(name)}文字です。", remedy="1〜80文字にしてください。")
    if not store.value("SELECT 1 FROM project WHERE id = ? AND tenant_id = ?", (project_id, tenant_id)):
        raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
    try:
        return store.insert(
            "list",
            tenant_id=tenant_id,
            project_id=project_id,
            name=name,
            label=label.strip(),
            headers=json.dumps(headers, ensure_ascii=False),
            is_hidden=int(is_hidden),
            deleted_at=deleted_at,
            created_at=at,
        )
    except Conflict as error:
        raise BadInput(f"リスト「{name}」はすでにあります。", remedy="別の名前にしてください。") from error


def get(store: Store, tenant_id: int, list_id: int) -> List | None:
    """One list of the tenant, also from the bin."""
    return store.one(List, "FROM list WHERE tenant_id = ? AND id = ?", (tenant_id, list_id))


def by_name(store: Store, tenant_id: int, project_id: int, name: str) -> List | None:
    """The list of this name in the project."""
    return store.one(
        List,
        "FROM list WHERE tenant_id = ? AND project_id = ? AND name = ? AND deleted_at = 0",
        (tenant_id, project_id, name.strip()),
    )


def headers_of(found: List) -> tuple[str, ...]:
    """The names of the list's columns, in the file's order."""
    return tuple(json.loads(found.headers))


_TABLE: Final = (
    "SELECT list.id, list.project_id, project.name AS project_name, list.name, list.label, list.is_enabled,"
    " list.state, list.last_called_at, list.created_at,"
    " coalesce(sum(c.customers), 0) AS customers, coalesce(sum(c.callable), 0) AS callable,"
    " coalesce(sum(CASE WHEN c.code = '' THEN c.callable END), 0) AS fresh,"
    " coalesce(sum(c.worked), 0) AS worked"
    " FROM list JOIN project ON project.id = list.project_id LEFT JOIN list_counter c ON c.list_id = list.id"
    " WHERE list.tenant_id = ? AND (? = 0 OR list.project_id = ?) AND list.is_hidden = 0"
    " AND (list.deleted_at > 0) = ? GROUP BY list.id ORDER BY project.name, list.created_at, list.id"
)


def table(store: Store, tenant_id: int, *, project_id: int = 0, is_bin: bool = False) -> list[ListLine]:
    """The table of lists, of one project or all; `is_bin`: those thrown away."""
    return store.all(ListLine, _TABLE, (tenant_id, project_id, project_id, int(is_bin)))


def code_counts(store: Store, tenant_id: int, list_id: int) -> list[CodeCount]:
    """Customers by last code, every code of the project, '' first: how many and, callable, in brackets."""
    return store.all(
        CodeCount,
        "SELECT k.code, k.name, k.kind, coalesce(c.customers, 0) AS customers,"
        " coalesce(c.callable, 0) AS callable, coalesce(c.worked, 0) AS worked FROM"
        " (SELECT '' AS code, '' AS name, 'system' AS kind, -1 AS sort, 0 AS last"
        " UNION ALL SELECT r.code, r.name, r.kind, r.sort, r.kind = 'system' FROM result_code r"
        " JOIN list ON list.project_id = r.project_id WHERE list.id = ? AND list.tenant_id = ?) k"
        " LEFT JOIN list_counter c ON c.list_id = ? AND c.code = k.code"
        " ORDER BY k.last, k.sort, k.code",
        (list_id, tenant_id, list_id),
    )


def set_enabled(store: Store, tenant_id: int, list_id: int, *, is_enabled: bool) -> None:
    """Show or hide a list.  A hidden one stops; its permissions stay."""
    _existing(store, tenant_id, list_id)
    with store.transaction():
        store.update("list", list_id, is_enabled=int(is_enabled))
        if not is_enabled:
            store.update("list", list_id, state="stopped")


def set_state(store: Store, tenant_id: int, list_id: int, state: ListState) -> None:
    """Start, pause or stop dialling from it.  Raises BadInput for a disabled list or one still imported."""
    found = _existing(store, tenant_id, list_id)
    if state == "started" and not found.is_enabled:
        raise BadInput("無効なリストは開始できません。", remedy="先に有効にしてください。")
    store.update("list", list_id, state=state)


def set_order(store: Store, tenant_id: int, list_id: int, *, mode: OrderMode, from_id: int = 0) -> None:
    """By ID, at random, or by ID from a customer on (then from the beginning)."""
    _existing(store, tenant_id, list_id)
    store.update("list", list_id, order_mode=mode, order_from_id=from_id)


def rename(store: Store, tenant_id: int, list_id: int, *, name: str, label: str) -> None:
    """Change name and label.  Raises BadInput where the name is taken."""
    _existing(store, tenant_id, list_id)
    try:
        store.update("list", list_id, name=name.strip(), label=label.strip())
    except Conflict as error:
        raise BadInput(f"リスト「{name}」はすでにあります。", remedy="別の名前にしてください。") from error


def permit_users(
    store: Store, tenant_id: int, list_id: int, user_ids: tuple[int, ...], *, is_for_all: bool = False
) -> None:
    """Exactly these users may work the list, none of them: nobody.  `is_for_all`: all of its project."""
    _existing(store, tenant_id, list_id)
    with store.transaction():
        store.update("list", list_id, is_for_all=int(is_for_all))
        store.run("DELETE FROM list_permission WHERE list_id = ?", (list_id,))
        store.many(
            "INSERT INTO list_permission (list_id, user_id, tenant_id)"
            " SELECT ?, id, tenant_id FROM user WHERE id = ? AND tenant_id = ? AND retired_at = 0",
            [] if is_for_all else [(list_id, user_id, tenant_id) for user_id in user_ids],
        )


def permit_same(store: Store, from_list_id: int, list_id: int) -> None:
    """A list made from another is for the same people."""
    with store.transaction():
        store.run(
            "UPDATE list SET is_for_all = (SELECT is_for_all FROM list WHERE id = ?) WHERE id = ?",
            (from_list_id, list_id),
        )
        store.run(
            "INSERT OR IGNORE INTO list_permission (list_id, user_id, tenant_id)"
            " SELECT ?, user_id, tenant_id FROM list_permission WHERE list_id = ?",
            (list_id, from_list_id),
        )


def permitted_users(store: Store, tenant_id: int, list_id: int) -> tuple[int, ...]:
    """Who may work the list by name; not asked where `is_for_all` is set."""
    rows = store.tuples(
        "SELECT user_id FROM list_permission WHERE list_id = ? AND tenant_id = ?", (list_id, tenant_id)
    )
    return tuple(row[0] for row in rows)


def projects_of_user(store: Store, tenant_id: int, user_id: int) -> tuple[int, ...]:
    """Projects with lists that this user may call (visibility.py)."""
    return visibility.call_projects(store, tenant_id, user_id)


def permit_recall(
    store: Store, tenant_id: int, list_id: int, codes: tuple[str, ...], *, at: int, user_id: int = 0
) -> int:
    """Make the customers whose last code is one of `codes` callable once more; how many.

    Once: when they are called and get the same code again, it must be permitted again.
    """
    _existing(store, tenant_id, list_id)
    total = 0
    for code in codes:
        changed = _move(store, list_id, code, is_callable=1) if code else 0
        if changed:
            store.insert(
                "recall_permission",
                tenant_id=tenant_id,
                list_id=list_id,
                code=code,
                customers=changed,
                user_id=user_id,
                at=at,
            )
        total += changed
    return total


def revoke_recall(store: Store, tenant_id: int, list_id: int, codes: tuple[str, ...], *, at: int) -> int:
    """Take a permission back from the customers not called since; how many."""
    _existing(store, tenant_id, list_id)
    total = 0
    for code in codes:
        total += _move(store, list_id, code, is_callable=0) if code else 0
        store.run(
            "UPDATE recall_permission SET revoked_at = ? WHERE list_id = ? AND code = ? AND revoked_at = 0",
            (at, list_id, code),
        )
    return total


def _move(store: Store, list_id: int, code: str, *, is_callable: int) -> int:
    total = 0
    while True:
        with store.transaction():
            moved = store.run(
                "UPDATE customer SET is_callable = ? WHERE id IN (SELECT id FROM customer c WHERE list_id = ?"
                " AND last_code = ? AND is_callable = ? AND NOT EXISTS"
                " (SELECT 1 FROM attempt WHERE customer_id = c.id AND end = '') LIMIT ?)",
                (is_callable, list_id, code, 1 - is_callable, CHUNK),
            )
            deltas = Deltas(store.zone)
            deltas.customers(list_id, code, callable=moved if is_callable else -moved)
            deltas.flush(store)
        total += moved
        if moved < CHUNK:
            return total


def trash(store: Store, tenant_id: int, list_id: int, *, at: int) -> None:
    """Into the bin: stopped and out of sight, ids kept; `restore` brings it back."""
    _existing(store, tenant_id, list_id)
    store.update("list", list_id, deleted_at=at, state="stopped")


def restore(store: Store, tenant_id: int, list_id: int) -> None:
    """Back from the bin.  Raises BadInput where its name has been taken meanwhile."""
    found = get(store, tenant_id, list_id)
    if found is None or not found.deleted_at:
        raise BadInput("そのリストはごみ箱にありません。", remedy="一覧を更新してください。")
    try:
        store.update("list", list_id, deleted_at=0)
    except Conflict as error:
        raise BadInput(
            f"リスト「{found.name}」はすでにあります。", remedy="先に名前を変えてください。"
        ) from error


def started(store: Store) -> tuple[StartedList, ...]:
    """Every list in sight of every active project, as the dialer needs it."""
    named: dict[int, set[int]] = {}
    for list_id, user_id in store.tuples(
        "SELECT p.list_id, p.user_id FROM list_permission p JOIN list ON list.id = p.list_id"
        " WHERE list.is_for_all = 0 AND list.deleted_at = 0"
    ):
        named.setdefault(list_id, set()).add(user_id)
    rows = store.tuples(
        "SELECT list.id, project_id, is_enabled, state = 'started', list.tenant_id, list.is_for_all FROM list"
        " JOIN project ON project.id = list.project_id WHERE project.is_active = 1 AND retired_at = 0"
        " AND deleted_at = 0 AND is_hidden = 0 ORDER BY list.id"
    )
    return tuple(
        StartedList(
            list_id=list_id,
            project_id=project_id,
            is_enabled=bool(is_enabled),
            is_started=bool(is_started),
            tenant_id=tenant_id,
            is_for_all=bool(is_for_all),
            user_ids=frozenset(named.get(list_id, ())),
        )
        for list_id, project_id, is_enabled, is_started, tenant_id, is_for_all in rows
    )


def today(store: Store, day: int) -> tuple[ListToday, ...]:
    """Counts of one day (YYYYMMDD) by list, for the live board to count on from."""
    return tuple(
        store.all(
            ListToday,
            "SELECT h.list_id, sum(h.attempts) AS attempts, sum(h.answered) AS answered,"
            " coalesce(sum(h.entries * r.is_contact), 0) AS talks,"
            " coalesce(sum(h.entries * r.is_sales), 0) AS wins,"
            " sum(CASE WHEN h.code IN ('92', '96') THEN h.entries ELSE 0 END) AS abandoned FROM project"
            " JOIN hour_counter h ON h.project_id = project.id AND h.day = ?"
            " LEFT JOIN result_code r ON r.project_id = h.project_id AND r.code = h.code"
            " GROUP BY h.list_id",
            (day,),
        )
    )


def _existing(store: Store, tenant_id: int, list_id: int) -> List:
    found = get(store, tenant_id, list_id)
    if found is None or found.deleted_at:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    return found
