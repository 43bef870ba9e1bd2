"""Short dials of a project, and what became of transfers: for the page 転送, reports and charges."""

from __future__ import annotations

import re
from typing import Final

from appliance.errors import BadInput
from appliance.store import numbers
from appliance.store.models import Transfer, TransferTarget
from appliance.store.open import Conflict, Store

TARGETS_MAX: Final = 999  # three digits, from 001
NAME_MAX: Final = 40
LOST: Final = "lost"  # the outcome of a call that a stop of the dialer cut off
DIGITS_MIN: Final = 3  # 110, 119, 171: short numbers of the network are numbers too
DIGITS_MAX: Final = 15  # E.164


# --- short dials ---------------------------------------------------------------------------------------


def targets(store: Store, tenant_id: int, project_id: int) -> list[TransferTarget]:
    """The project's short dials in their order."""
    return store.all(
        TransferTarget,
        "FROM transfer_target WHERE tenant_id = ? AND project_id = ? AND removed_at = 0 ORDER BY sort, short",
        (tenant_id, project_id),
    )


def add_target(
    store: Store, tenant_id: int, project_id: int, *, name: str, number: str, code: str = "", short: str = ""
) -> int:
    """A new short dial, by default the next free one; its id.  Raises BadInput."""
    with store.transaction():
        if not store.value("SELECT 1 FROM project WHERE id = ? AND tenant_id = ?", (project_id, tenant_id)):
            raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
        values = _checked(store, project_id, short or _next_short(store, project_id), name, number, code)
        try:
            return store.insert(
                "transfer_target",
                tenant_id=tenant_id,
                project_id=project_id,
                sort=int(values["short"]),
                **values,
            )
        except Conflict as error:
            raise _taken(values["short"]) from error


def change_target(
    store: Store, tenant_id: int, target_id: int, *, short: str, name: str, number: str, code: str
) -> None:
    """Change all of a short dial.  Raises BadInput."""
    with store.transaction():
        project_id = store.value(
            "SELECT project_id FROM transfer_target WHERE id = ? AND tenant_id = ? AND removed_at = 0",
            (target_id, tenant_id),
        )
        if project_id is None:
            raise _gone()
        try:
            values = _checked(store, int(project_id), short, name, number, code)
            store.update("transfer_target", target_id, **values)
        except Conflict as error:
            raise _taken(short) from error


def remove_target(store: Store, tenant_id: int, target_id: int, *, at: int) -> None:
    """Take a short dial away; transfers of it stay as they are.  Raises BadInput."""
    if not store.run(
        "UPDATE transfer_target SET removed_at = ? WHERE id = ? AND tenant_id = ? AND removed_at = 0",
        (at, target_id, tenant_id),
    ):
        raise _gone()


def restore_target(store: Store, tenant_id: int, target_id: int) -> None:
    """Bring a removed one back.  Raises BadInput: it is gone, or its digits were given to another."""
    found = store.value(
        "SELECT short FROM transfer_target WHERE id = ? AND tenant_id = ?", (target_id, tenant_id)
    )
    if found is None:
        raise _gone()
    try:
        store.run(
            "UPDATE transfer_target SET removed_at = 0 WHERE id = ? AND tenant_id = ?", (target_id, tenant_id)
        )
    except Conflict as error:
        raise _taken(str(found)) from error


def removed_target(store: Store, tenant_id: int, project_id: int, target_id: int) -> TransferTarget | None:
    """One that was taken away, for the offer to bring it back."""
    return store.one(
        TransferTarget,
        "FROM transfer_target WHERE id = ? AND tenant_id = ? AND project_id = ? AND removed_at > 0",
        (target_id, tenant_id, project_id),
    )


def order_targets(store: Store, tenant_id: int, project_id: int, target_ids: list[int]) -> None:
    """Put short dials in this order; those not named come after."""
    with store.transaction():
        store.run(
            "UPDATE transfer_target SET sort = ? + sort WHERE tenant_id = ? AND project_id = ?",
            (len(target_ids), tenant_id, project_id),
        )
        for place, target_id in enumerate(target_ids):
            store.run(
                "UPDATE transfer_target SET sort = ? WHERE id = ? AND tenant_id = ? AND project_id = ?",
                (place, target_id, tenant_id, project_id),
            )


def _checked(store: Store, project_id: int, short: str, name: str, number: str, code: str) -> dict[str, str]:
    digits = numbers.digits_of(number)
    name = name.strip()
    if not re.fullmatch(r"[0-9]{3}", short) or short == "000":
        raise BadInput(f"短縮番号「{short}」は使えません。", remedy="001〜999の3桁にしてください。")
    if not name or len(name) > NAME_MAX:
        raise BadInput("転送先の名前がありません。", remedy=f"{NAME_MAX}文字までで入力してください。")
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX:
        raise BadInput(f"「{number}」は電話番号ではありません。", remedy="数字で入力してください。")
    if code and not store.value(
        "SELECT 1 FROM result_code WHERE project_id = ? AND code = ? AND kind <> 'system' AND retired_at = 0",
        (project_id, code),
    ):
        raise BadInput(f"結果コード「{code}」はありません。", remedy="案件の結果コードから選んでください。")
    return {"short": short, "name": name, "number": digits, "code": code}


def _next_short(store: Store, project_id: int) -> str:
    used = {
        short
        for (short,) in store.tuples(
            "SELECT short FROM transfer_target WHERE project_id = ? AND removed_at = 0", (project_id,)
        )
    }
    free = next((i for i in range(1, TARGETS_MAX + 1) if f"{i:03d}" not in used), 0)
    if not free:
        raise BadInput("短縮番号がすべて使われています。", remedy="使わないものを削除してください。")
    return f"{free:03d}"


def _taken(short: str) -> BadInput:
    return BadInput(f"短縮番号「{short}」は使われています。", remedy="別の番号にしてください。")


def _gone() -> BadInput:
    return BadInput("その転送先はもうありません。", remedy="一覧を更新してください。")


# --- what happened -------------------------------------------------------------------------------------


def of_attempt(store: Store, tenant_id: int, attempt_id: int) -> list[Transfer]:
    """Third parties of one call, in order."""
    return store.all(
        Transfer, "FROM transfer WHERE tenant_id = ? AND attempt_id = ? ORDER BY id", (tenant_id, attempt_id)
    )


def inbox(store: Store, tenant_id: int, *, since: int, limit: int = 200) -> list[Transfer]:
    """Transfers within the house asked for since a moment (ms), newest first: the grey rows of 転送電話."""
    return store.all(
        Transfer,
        "FROM transfer WHERE tenant_id = ? AND is_house = 1 AND hidden_at = 0 AND asked_at >= ?"
        " ORDER BY id DESC LIMIT ?",
        (tenant_id, since, limit),
    )


def hide(store: Store, tenant_id: int, transfer_id: int, *, at: int) -> None:
    """Take a finished one out of the inbox.  Raises BadInput for one that still rings or talks."""
    if not store.run(
        "UPDATE transfer SET hidden_at = ? WHERE id = ? AND tenant_id = ? AND cleared_at > 0",
        (at, transfer_id, tenant_id),
    ):
        raise BadInput("この転送電話はまだ終わっていません。", remedy="終わってから削除してください。")


def charged_ms(store: Store, tenant_id: int, *, since: int, until: int) -> tuple[int, int]:
    """(connections, milliseconds) of third parties on lines answered in [since, until), for call charges."""
    rows = store.tuples(
        "SELECT count(*), coalesce(sum(max(cleared_at - answered_at, 0)), 0) FROM transfer"
        " WHERE tenant_id = ? AND is_house = 0 AND answered_at >= ? AND answered_at < ? AND cleared_at > 0",
        (tenant_id, max(since, 1), until),
    )
    return int(rows[0][0]), int(rows[0][1])


def next_id(store: Store) -> int:
    """The first id that no transfer has had."""
    return int(store.value("SELECT coalesce(max(id), 0) + 1 FROM transfer"))


def recover(store: Store) -> int:
    """End what a stop of the dialer cut off, at the last moment that is known of it; how many."""
    return store.run(
        "UPDATE transfer SET outcome = CASE outcome WHEN '' THEN ? ELSE outcome END, cleared_at ="
        " max(asked_at, setup_at, alerting_at, answered_at, handed_at) WHERE cleared_at = 0",
        (LOST,),
    )
