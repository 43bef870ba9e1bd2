"""Monitor PCs without a keyboard: a PC asks for a code, a manager types it, then its cookie is enough.

The cookie's token is kept as its hash.  A code is good for a quarter of an hour and for one PC.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Literal

from appliance.errors import BadInput
from appliance.store.models import Noun
from appliance.store.open import Store

Kind = Literal["panes", "wall"]

CODE_MS: Final = 15 * 60_000
WAITING_MAX: Final = 200  # PCs that wait for their code at once; anybody on the LAN can ask for one


class MonitorDevice(Noun, frozen=True):
    """A monitor PC.  `enrolled_at` 0: it still shows its code."""

    id: int
    tenant_id: int
    name: str
    code: str
    requested_at: int
    enrolled_at: int
    enrolled_by: int
    retired_at: int
    kind: Kind
    has_names: int


def request(store: Store, *, at: int, kind: Kind = "panes") -> tuple[str, str]:
    """A new PC asks; (token for its cookie, six-digit code to show).  Raises BadInput when too many wait."""
    token = secrets.token_urlsafe(32)
    with store.transaction():
        store.run("DELETE FROM monitor_device WHERE enrolled_at = 0 AND requested_at < ?", (at - CODE_MS,))
        rows = store.tuples("SELECT code FROM monitor_device WHERE enrolled_at = 0")
        if len(rows) >= WAITING_MAX:
            raise BadInput("登録を待つモニタが多すぎます。", remedy="15分後にもう一度開いてください。")
        taken = {code for (code,) in rows}
        code = next(code for code in iter(_code, "") if code not in taken)
        store.insert("monitor_device", token_hash=_hash(token), code=code, requested_at=at, kind=kind)
    return token, code


def by_token(store: Store, token: str, *, at: int) -> MonitorDevice | None:
    """The PC with this cookie: enrolled, or still waiting with a code that is good."""
    found = store.one(
        MonitorDevice,
        "FROM monitor_device WHERE token_hash = ? AND retired_at = 0",
        (_hash(token),),
    )
    if found is None or (not found.enrolled_at and at - found.requested_at > CODE_MS):
        return None
    return found


def enrol(store: Store, tenant_id: int, *, code: str, name: str, user_id: int, at: int) -> None:
    """Accept the PC that shows this code.  Raises BadInput."""
    changed = store.run(
        "UPDATE monitor_device SET tenant_id = ?, name = ?, code = '', enrolled_at = ?, enrolled_by = ?"
        " WHERE code = ? AND code <> '' AND enrolled_at = 0 AND retired_at = 0 AND requested_at > ?",
        (tenant_id, name.strip()[:60], at, user_id, code, at - CODE_MS),
    )
    if not changed:
        raise BadInput(
            "この番号のモニタはありません。", remedy="モニタに表示されている6けたを入力してください。"
        )


def every(store: Store, tenant_id: int) -> list[MonitorDevice]:
    """The tenant's enrolled PCs."""
    return store.all(
        MonitorDevice,
        "FROM monitor_device WHERE tenant_id = ? AND enrolled_at > 0 AND retired_at = 0 ORDER BY name, id",
        (tenant_id,),
    )


def set_names(store: Store, tenant_id: int, device_id: int, *, has_names: bool) -> bool:
    """Whether a wallboard shows names; False when it is not the tenant's."""
    return (
        store.run(
            "UPDATE monitor_device SET has_names = ?"
            " WHERE id = ? AND tenant_id = ? AND retired_at = 0 AND kind = 'wall'",
            (int(has_names), device_id, tenant_id),
        )
        == 1
    )


def retire(store: Store, tenant_id: int, device_id: int, *, at: int) -> bool:
    """Take a PC's right away; False when it is not the tenant's."""
    return (
        store.run(
            "UPDATE monitor_device SET retired_at = ? WHERE id = ? AND tenant_id = ? AND retired_at = 0",
            (at, device_id, tenant_id),
        )
        == 1
    )


def _code() -> str:
    return f"{secrets.randbelow(1_000_000):06}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
