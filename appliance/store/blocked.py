"""Numbers not to be dialled: forbidden (for ever), suspended (from a day to a day), excluded (for one run).

Adding and releasing leave a trace that the dialer follows with `changes_since`.
"""

from __future__ import annotations

from typing import Final

from appliance.errors import BadInput
from appliance.store import numbers
from appliance.store.models import Blocked, BlockKind, Noun
from appliance.store.open import Conflict, Store

CODE_OF: Final[dict[str, str]] = {"forbid": "9a", "suspend": "90", "exclude": "99"}
"""The system's code of each kind; also the order in which they are looked at."""


class Block(Noun, frozen=True):
    """What the dialer needs of a blocked number; days are YYYYMMDD, 0 without bound."""

    tenant_id: int
    number: str
    kind: BlockKind
    project_id: int
    from_day: int
    to_day: int


class Changes(Noun, frozen=True):
    """What was blocked and released since; ask again from `last_id`."""

    added: tuple[Block, ...]
    released: tuple[Block, ...]
    last_id: int


class Counts(Noun, frozen=True):
    """How many numbers stand, by kind."""

    forbid: int
    suspend: int
    exclude: int


def add(
    store: Store,
    tenant_id: int,
    *,
    number: str,
    kind: BlockKind,
    at: int,
    project_id: int = 0,
    from_day: int = 0,
    to_day: int = 0,
    reason: str = "",
    origin: str = "form",
    attempt_id: int = 0,
    customer_id: int = 0,
    user_id: int = 0,
) -> int:
    """Block a number (any form); its id, also when the same block stands already.  Raises BadInput."""
    found = numbers.normalise(number)
    if isinstance(found, numbers.Problem):
        raise BadInput(f"{found.reason}。", remedy=f"{found.fix}。")
    if kind == "suspend" and not 0 < from_day <= to_day:
        raise BadInput("発信一時停止の期間がありません。", remedy="開始日と終了日を入れてください。")
    with store.transaction():
        try:
            block_id = store.insert(
                "blocked_number",
                tenant_id=tenant_id,
                number=found.digits,
                kind=kind,
                project_id=project_id,
                from_day=from_day,
                to_day=to_day,
                reason=reason.strip(),
                origin=origin,
                attempt_id=attempt_id,
                customer_id=customer_id,
                user_id=user_id,
                created_at=at,
            )
        except Conflict:
            return int(
                store.value(
                    "SELECT id FROM blocked_number WHERE number = ? AND tenant_id = ? AND kind = ?"
                    " AND project_id = ? AND from_day = ? AND to_day = ? AND released_at = 0",
                    (found.digits, tenant_id, kind, project_id, from_day, to_day),
                )
            )
        store.insert("blocked_change", blocked_id=block_id, is_released=0)
    return block_id


def release(store: Store, tenant_id: int, block_id: int, *, at: int, user_id: int, reason: str) -> None:
    """Lift a block; the row stays with who, when and why.  Raises BadInput without a reason."""
    if not reason.strip():
        raise BadInput("解除の理由がありません。", remedy="理由を入れてください。")
    with store.transaction():
        if not store.run(
            "UPDATE blocked_number SET released_at = ?, released_by = ?, release_reason = ?"
            " WHERE id = ? AND tenant_id = ? AND released_at = 0",
            (at, user_id, reason.strip(), block_id, tenant_id),
        ):
            raise BadInput("その登録はありません。", remedy="一覧を更新してください。")
        store.insert("blocked_change", blocked_id=block_id, is_released=1)


def check(store: Store, tenant_id: int, *, number: str, project_id: int, day: int) -> str | None:
    """The code that forbids dialling `number` (bare digits) for the project on that day, or None."""
    rows = store.tuples(
        "SELECT kind FROM blocked_number WHERE number = ? AND tenant_id = ? AND released_at = 0"
        " AND project_id IN (0, ?) AND from_day <= ? AND (to_day = 0 OR to_day >= ?)",
        (number, tenant_id, project_id, day, day),
    )
    kinds = {row[0] for row in rows}
    return next((code for kind, code in CODE_OF.items() if kind in kinds), None)


def find(store: Store, tenant_id: int, number: str) -> list[Blocked]:
    """Every block that stands for a number, in any form."""
    return store.all(
        Blocked,
        "FROM blocked_number WHERE tenant_id = ? AND number = ? AND released_at = 0 ORDER BY id DESC",
        (tenant_id, numbers.digits_of(number)),
    )


def search(
    store: Store, tenant_id: int, *, kind: BlockKind, text: str = "", before_id: int = 0, limit: int = 50
) -> list[Blocked]:
    """Blocks of one kind that stand, newest first; `text` is a part of the number or of the reason."""
    digits = numbers.digits_of(text)
    return store.all(
        Blocked,
        "FROM blocked_number WHERE tenant_id = ? AND kind = ? AND released_at = 0 AND (? = 0 OR id < ?)"
        " AND (? = '' OR (? <> '' AND number LIKE ?) OR reason LIKE ?) ORDER BY id DESC LIMIT ?",
        (tenant_id, kind, before_id, before_id, text, digits, f"%{digits}%", f"%{text}%", limit),
    )


def counts(store: Store, tenant_id: int) -> Counts:
    """How many stand, by kind."""
    rows = store.tuples(
        "SELECT kind, count(*) FROM blocked_number WHERE tenant_id = ? AND released_at = 0 GROUP BY kind",
        (tenant_id,),
    )
    return Counts(**({"forbid": 0, "suspend": 0, "exclude": 0} | dict(rows)))


def standing(store: Store) -> Changes:
    """Every block of the box and the change to follow on from."""
    with store.reading():
        added = tuple(store.all(Block, "FROM blocked_number WHERE released_at = 0"))
        last_id = int(store.value("SELECT coalesce(max(id), 0) FROM blocked_change"))
    return Changes(added=added, released=(), last_id=last_id)


def changes_since(store: Store, last_id: int) -> Changes:
    """What happened after `last_id`.  What was released and blocked again counts as blocked."""
    rows = store.tuples(
        "SELECT c.id, b.released_at, b.tenant_id, b.number, b.kind, b.project_id, b.from_day, b.to_day"
        " FROM blocked_change c JOIN blocked_number b ON b.id = c.blocked_id WHERE c.id > ? ORDER BY c.id",
        (last_id,),
    )
    names = Block.__struct_fields__
    added = {Block(**dict(zip(names, row[2:], strict=True))) for row in rows if not row[1]}
    released = {Block(**dict(zip(names, row[2:], strict=True))) for row in rows if row[1]}
    return Changes(
        added=tuple(added), released=tuple(released - added), last_id=rows[-1][0] if rows else last_id
    )
