"""One change to many lists at once, and the way back within seconds.

What a list was before is kept for the person who changed it, in the table of settings; the next change of
the same person takes its place.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from appliance.errors import BadInput
from appliance.store.models import List, Noun
from appliance.store.open import Conflict, Store

LISTS_MAX: Final = 200
UNDO_MS: Final = 10_000
GRACE_MS: Final = 5_000  # the button was there when it was pressed

Change = Literal["started", "paused", "stopped", "enable", "disable", "label", "delete"]


class Before(Noun, frozen=True):
    """What a change takes away from a list."""

    list_id: int
    state: str
    is_enabled: int
    label: str


class Done(Noun, frozen=True):
    """A change as it was made, for the notice and for taking it back.  `skipped`: disabled lists."""

    change: Change
    at: int
    before: tuple[Before, ...]
    skipped: int = 0


def change(
    store: Store,
    tenant_id: int,
    list_ids: tuple[int, ...],
    what: Change,
    *,
    user_id: int,
    at: int,
    label: str = "",
) -> Done:
    """Change all of them in one transaction.  A disabled list is not started but passed over.

    Raises BadInput: none chosen, too many, one of them gone, or all of them disabled.
    """
    if not 1 <= len(list_ids) <= LISTS_MAX:
        raise BadInput("リストが選ばれていません。", remedy=f"1〜{LISTS_MAX}件のリストを選んでください。")
    with store.transaction():
        found = [_existing(store, tenant_id, list_id) for list_id in dict.fromkeys(list_ids)]
        chosen = [row for row in found if what != "started" or row.is_enabled]
        if not chosen:
            raise BadInput("無効なリストは開始できません。", remedy="先に有効にしてください。")
        for row in chosen:
            store.update("list", row.id, **_values(what, label=label, at=at))
        done = Done(
            change=what,
            at=at,
            before=tuple(
                Before(list_id=row.id, state=row.state, is_enabled=row.is_enabled, label=row.label)
                for row in chosen
            ),
            skipped=len(found) - len(chosen),
        )
        _remember(store, tenant_id, user_id, msgspec.json.encode(done).decode())
    return done


def last(store: Store, tenant_id: int, user_id: int, *, at: int) -> Done | None:
    """The person's last change, as long as it can be taken back: ten seconds."""
    done = _recall(store, tenant_id, user_id)
    return done if done and 0 <= at - done.at < UNDO_MS else None


def undo(store: Store, tenant_id: int, user_id: int, *, at: int) -> int:
    """Take the person's last change back; how many lists.  Raises BadInput when it is too late."""
    with store.transaction():
        done = _recall(store, tenant_id, user_id)
        if done is None or at - done.at > UNDO_MS + GRACE_MS:
            raise BadInput("取り消せる時間を過ぎました。", remedy="もう一度操作してください。")
        for row in done.before:
            try:
                store.run(
                    "UPDATE list SET state = ?, is_enabled = ?, label = ?, deleted_at = 0"
                    " WHERE id = ? AND tenant_id = ?",
                    (row.state, row.is_enabled, row.label, row.list_id, tenant_id),
                )
            except Conflict as error:
                raise BadInput(
                    "同じ名前のリストがすでにあります。", remedy="先に名前を変えてください。"
                ) from error
        _remember(store, tenant_id, user_id, "")
    return len(done.before)


def _values(what: Change, *, label: str, at: int) -> dict[str, object]:
    values: dict[Change, dict[str, object]] = {
        "started": {"state": "started"},
        "paused": {"state": "paused"},
        "stopped": {"state": "stopped"},
        "enable": {"is_enabled": 1},
        "disable": {"is_enabled": 0, "state": "stopped"},
        "label": {"label": label.strip()[:40]},
        "delete": {"deleted_at": at, "state": "stopped"},
    }
    return values[what]


def _existing(store: Store, tenant_id: int, list_id: int) -> List:
    found = store.one(
        List,
        "FROM list WHERE tenant_id = ? AND id = ? AND deleted_at = 0 AND is_hidden = 0",
        (tenant_id, list_id),
    )
    if found is None:
        raise BadInput("そのリストはありません。", remedy="一覧を更新してください。")
    return found


def _remember(store: Store, tenant_id: int, user_id: int, value: str) -> None:
    store.run(
        "INSERT INTO setting (tenant_id, name, value) VALUES (?, ?, ?)"
        " ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value",
        (tenant_id, f"lists.undo.{user_id}", value),
    )


def _recall(store: Store, tenant_id: int, user_id: int) -> Done | None:
    value = store.value(
        "SELECT value FROM setting WHERE tenant_id = ? AND name = ?", (tenant_id, f"lists.undo.{user_id}")
    )
    return msgspec.json.decode(value, type=Done) if value else None
