"""見込・再コール: promises to call a customer again, made and kept by contacts, and which are due.

`wish` is what a page wrote, before or after the entry; `follow` takes an entry along (record.py, history.py).
Which promise stands is promise.py's; here are its rows.  recall_boxes.py shows them; nothing is dialled here.
"""

from __future__ import annotations

from typing import Final

from appliance.errors import BadInput
from appliance.store.customers import VISIBLE
from appliance.store.models import Noun
from appliance.store.open import Store, joined
from appliance.store.promise import PROMISING, TRIES_MAX, UNKNOWN, Contact, Verdict, retry_at, verdicts

ANYONE_AFTER_MIN: Final = 15  # whoever promised may be in a long call; the customer should not wait for it
DUE_MAX: Final = 500
CONTACTS_MAX: Final = 200
LEVEL_MAX: Final = 40
MEMO_MAX: Final = 2000


class Due(Noun, frozen=True):
    """A promise for the dialer.  `user_id`: whose; from `anyone_at` on any seat of the project will do."""

    recall_id: int
    tenant_id: int
    project_id: int
    list_id: int
    customer_id: int
    number: str
    due_at: int
    user_id: int
    anyone_at: int
    tries: int
    tried_at: int
    tried_code: str
    attempts: int
    last_called_at: int


class Agreed(Noun, frozen=True):
    """What one contact agreed, for a timeline or a form."""

    id: int
    attempt_id: int
    history_id: int
    user_id: int
    successor_id: int
    successor_name: str
    due_at: int
    level: str
    memo: str
    is_promise: int
    done_at: int
    done_reason: str


# --- making and keeping ---------------------------------------------------------------------------


def wish(
    store: Store,
    tenant_id: int,
    customer_id: int,
    *,
    user_id: int,
    at: int,
    attempt_id: int = 0,
    history_id: int = 0,
    due_at: int = 0,
    successor_id: int = 0,
    level: str = "",
    memo: str = "",
) -> int:
    """What was agreed at the contact `attempt_id` (its entry may still come) or `history_id`; the row's id.

    Called again for the same contact it replaces what was agreed.  Raises BadInput: no such customer or
    successor.
    """
    assert attempt_id or history_id, "a wish belongs to a contact"
    with store.transaction():
        project_id = store.value(
            "SELECT project_id FROM customer WHERE id = ? AND tenant_id = ?", (customer_id, tenant_id)
        )
        if project_id is None:
            raise BadInput("その顧客はありません。", remedy="検索し直してください。")
        _check_attempt(store, customer_id, attempt_id)
        found = _row_of(store, customer_id, attempt_id, history_id)
        _check_successor(store, tenant_id, successor_id, found)
        values = {
            "due_at": due_at,
            "successor_id": successor_id,
            "level": level.strip()[:LEVEL_MAX],
            "memo": memo.strip()[:MEMO_MAX],
        }
        if found:
            store.update("recall", found, **values)
        else:
            found = store.insert(
                "recall",
                tenant_id=tenant_id,
                project_id=project_id,
                customer_id=customer_id,
                attempt_id=attempt_id or None,
                history_id=history_id or None,
                user_id=user_id,
                made_at=at,
                **values,
            )
        _link(store, customer_id, attempt_id)
        _settle(store, customer_id)
    return found


def follow(store: Store, history_id: int) -> None:
    """An entry was written or changed: the customer's promises follow.  Cheap where there are none."""
    rows = store.tuples(
        "SELECT h.tenant_id, h.project_id, h.customer_id, coalesce(h.attempt_id, 0), h.user_id, h.code, h.at,"
        " EXISTS (SELECT 1 FROM recall r WHERE r.customer_id = h.customer_id) FROM history h"
        " JOIN customer ON customer.id = h.customer_id WHERE h.id = ?",
        (history_id,),
    )
    for tenant_id, project_id, customer_id, attempt_id, user_id, code, at, is_known in rows:
        if not is_known and code not in PROMISING:
            return
        with store.transaction():
            _link(store, customer_id, attempt_id)
            if code in PROMISING and not _row_of(store, customer_id, attempt_id, history_id):
                store.run(
                    "INSERT OR IGNORE INTO recall (tenant_id, project_id, customer_id, attempt_id,"
                    " history_id, user_id, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (tenant_id, project_id, customer_id, attempt_id or None, history_id, user_id, at),
                )
            _settle(store, customer_id)


def _check_attempt(store: Store, customer_id: int, attempt_id: int) -> None:
    """An attempt is one customer's: a page that names another's is refused, and cannot disturb the entry."""
    known = store.value("SELECT customer_id FROM attempt WHERE id = ?", (attempt_id,)) if attempt_id else None
    if known is not None and known != customer_id:
        raise BadInput("その顧客はありません。", remedy="検索し直してください。")


def _check_successor(store: Store, tenant_id: int, successor_id: int, recall_id: int) -> None:
    """One of the tenant's people, or who stood there already: somebody retired since keeps his name."""
    if successor_id and not store.value(
        "SELECT 1 FROM user WHERE id = ? AND tenant_id = ? AND (retired_at = 0"
        " OR EXISTS (SELECT 1 FROM recall WHERE recall.id = ? AND successor_id = user.id))",
        (successor_id, tenant_id, recall_id),
    ):
        raise BadInput("その引継担当はいません。", remedy="一覧から選び直してください。")


def _row_of(store: Store, customer_id: int, attempt_id: int, history_id: int) -> int:
    """The row of a contact, by whichever of its ids is known."""
    return int(
        store.value(
            "SELECT id FROM recall WHERE customer_id = ? AND"
            " ((? > 0 AND attempt_id = ?) OR (? > 0 AND history_id = ?))",
            (customer_id, attempt_id, attempt_id, history_id, history_id),
        )
        or 0
    )


def _link(store: Store, customer_id: int, attempt_id: int) -> None:
    """The row of an attempt learns its entry."""
    if attempt_id:
        store.run(
            "UPDATE recall SET history_id = (SELECT id FROM history WHERE attempt_id = ?)"
            " WHERE attempt_id = ? AND customer_id = ? AND history_id IS NULL",
            (attempt_id, attempt_id, customer_id),
        )


class _Contact(Noun, frozen=True):
    key: int
    at: int
    code: str
    is_reached: int
    due_at: int
    closed_at: int


_CONTACTS: Final = (
    "SELECT coalesce(r.id, 0) AS key, h.at,"
    " CASE WHEN h.code = '' AND h.attempt_id > 0 THEN '98' ELSE h.code END AS code,"
    " coalesce(c.is_connect = 1 AND c.kind != 'system', 0) AS is_reached, coalesce(r.due_at, 0) AS due_at,"
    " CASE WHEN r.done_reason = 'hand' THEN r.done_at ELSE 0 END AS closed_at, h.id AS place FROM history h"
    " LEFT JOIN recall r ON r.history_id = h.id"
    " LEFT JOIN result_code c ON c.project_id = h.project_id AND c.code = h.code WHERE h.customer_id = ?"
    " UNION ALL SELECT id, made_at, '', 0, due_at, CASE WHEN done_reason = 'hand' THEN done_at ELSE 0 END,"
    " 1 << 60 FROM recall WHERE customer_id = ? AND history_id IS NULL"
)


def _settle(store: Store, customer_id: int) -> None:
    """Bring every row of the customer to what its contacts say."""
    found = store.all(
        _Contact,
        f"SELECT key, at, code, is_reached, due_at, closed_at FROM (SELECT * FROM ({_CONTACTS})"  # noqa: S608 - constants
        " ORDER BY at DESC, place DESC LIMIT ?) ORDER BY at, place",
        (customer_id, customer_id, CONTACTS_MAX),
    )
    codes = {one.key: one.code for one in found}
    contacts = [
        Contact(one.key, one.at, one.code, bool(one.is_reached), one.due_at, one.closed_at) for one in found
    ]
    for key, verdict in verdicts(contacts).items():
        _write(store, key, "" if codes[key] == UNKNOWN else codes[key], verdict)


def _write(store: Store, key: int, code: str, verdict: Verdict) -> None:
    values = verdict._asdict() | {"is_promise": int(verdict.is_promise), "code": code}
    by_hand = "" if verdict.done_reason == "hand" else ", done_by = 0"
    changes = ", ".join(f"{name} = ?" for name in values)
    store.run(joined("UPDATE recall SET", changes, by_hand, "WHERE id = ?"), (*values.values(), key))


def close(store: Store, tenant_id: int, recall_id: int, *, by: int, at: int) -> None:
    """完了 by hand.  Raises BadInput where no such promise is open."""
    changed = store.run(
        "UPDATE recall SET done_at = ?, done_by = ?, done_reason = 'hand', done_code = ''"
        " WHERE id = ? AND tenant_id = ? AND is_promise = 1 AND done_at = 0",
        (at, by, recall_id, tenant_id),
    )
    if not changed:
        raise BadInput("この約束はもう完了しています。", remedy="一覧を更新してください。")


def reopen(store: Store, tenant_id: int, recall_id: int) -> None:
    """Take a closing by hand back.  Raises BadInput where it was not closed by hand."""
    with store.transaction():
        changed = store.run(
            "UPDATE recall SET done_at = 0, done_by = 0, done_reason = '' WHERE id = ? AND tenant_id = ?"
            " AND done_reason = 'hand'",
            (recall_id, tenant_id),
        )
        if not changed:
            raise BadInput("この約束は手で完了したものではありません。", remedy="一覧を更新してください。")
        _settle(store, int(store.value("SELECT customer_id FROM recall WHERE id = ?", (recall_id,))))


# --- reading --------------------------------------------------------------------------------------

OWNER: Final = "(CASE WHEN r.successor_id > 0 THEN r.successor_id ELSE r.user_id END)"


def agreed(store: Store, tenant_id: int, customer_id: int) -> list[Agreed]:
    """What the customer's contacts agreed, newest first."""
    return store.all(
        Agreed,
        "SELECT r.id, coalesce(r.attempt_id, 0) AS attempt_id, coalesce(r.history_id, 0) AS history_id,"
        " r.user_id, r.successor_id, coalesce(s.name, '') AS successor_name, r.due_at, r.level, r.memo,"
        " r.is_promise, r.done_at, r.done_reason FROM recall r LEFT JOIN user s ON s.id = r.successor_id"
        " WHERE r.tenant_id = ? AND r.customer_id = ? ORDER BY r.made_at DESC, r.id DESC LIMIT ?",
        (tenant_id, customer_id, CONTACTS_MAX),
    )


_DUE: Final = (
    "SELECT r.id AS recall_id, r.tenant_id, c.project_id, c.list_id, r.customer_id, c.number, r.due_at,"  # noqa: S608 - constants
    f" CASE WHEN u.retired_at = 0 THEN {OWNER} ELSE 0 END AS user_id, CASE WHEN u.retired_at = 0"
    " THEN r.due_at + coalesce(s.recall_wait_min, ?) * 60000 ELSE r.due_at END AS anyone_at,"
    " r.tries, r.tried_at, r.tried_code, c.attempts, c.last_called_at"
    " FROM recall r JOIN customer c ON c.id = r.customer_id"
    " JOIN list l ON l.id = c.list_id JOIN project p ON p.id = c.project_id"
    f" LEFT JOIN user u ON u.id = {OWNER} LEFT JOIN call_setting s ON s.project_id = p.id"
    " WHERE r.is_promise = 1 AND r.done_at = 0 AND r.due_at BETWEEN 1 AND ? AND r.tried_code != '98'"
    " AND r.tries < ? AND c.number != '' AND c." + VISIBLE + " AND l.is_enabled = 1"
    " AND l.deleted_at = 0 AND l.is_hidden = 0 AND p.is_active = 1 AND p.retired_at = 0"
    " AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.customer_id = r.customer_id AND attempt.end = '')"
    " ORDER BY r.due_at, r.id LIMIT ?"
)


def due(store: Store, *, at: int, within_ms: int) -> tuple[Due, ...]:
    """Open promises of all tenants due by `at + within_ms`, the earliest first; at most DUE_MAX.

    Left out: customers being called, tries that `promise.retry_at` puts off beyond that moment, who was
    spoken to and has no result yet, and lists or projects that are off.  What forbids a number is looked at
    by whoever dials.
    """
    until = at + within_ms
    rows = store.all(Due, _DUE, (ANYONE_AFTER_MIN, until, TRIES_MAX, DUE_MAX))
    return tuple(row for row in rows if _is_time(row, until))


def _is_time(row: Due, until: int) -> bool:
    again = retry_at(row.tries, row.tried_at, row.tried_code)
    return again is not None and again <= until
