"""The second factor of log-in: begun, proved, checked; codes for when it is lost; log-ins that await a code.

A code is taken once and only near its time.  Throttling is throttle.py's business.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from typing import Final

from appliance.errors import BadInput
from appliance.store import totp
from appliance.store.models import User
from appliance.store.open import Store
from appliance.store.people import READABLE

SKEW_STEPS: Final = 1  # a telephone's clock may be half a minute off (RFC 6238 5.2)
CODES: Final = 10
CODE_SIGNS: Final = 10  # of 31: 49 bits, each for one use
AWAITED_MS: Final = 5 * 60_000


# --- the authenticator --------------------------------------------------------------------------------


def begin(store: Store, tenant_id: int, user_id: int, *, at: int) -> bytes:
    """A new secret, which counts once it is proved; the one in use stays until then.  BadInput: in use."""
    if is_on(store, user_id):
        raise BadInput("確認コードは設定済みです。", remedy="先に解除してください。")
    secret = totp.new_secret()
    with store.transaction():
        store.run("DELETE FROM second_factor WHERE user_id = ?", (user_id,))
        store.insert("second_factor", user_id=user_id, tenant_id=tenant_id, secret=secret, begun_at=at)
    return secret


def begun(store: Store, user_id: int) -> bytes | None:
    """The secret that was shown and is not proved yet."""
    found = store.value("SELECT secret FROM second_factor WHERE user_id = ? AND confirmed_at = 0", (user_id,))
    return bytes(found) if found is not None else None


def is_on(store: Store, user_id: int) -> bool:
    """Whether this person's log-in asks for a code."""
    sql = "SELECT 1 FROM second_factor WHERE user_id = ? AND confirmed_at > 0"
    return bool(store.value(sql, (user_id,)))


def prove(store: Store, tenant_id: int, user_id: int, text: str, *, at: int) -> list[str]:
    """The authenticator shows our codes: from now on they are asked for; the recovery codes, told this once.

    Raises BadInput: another code, or nothing was begun.
    """
    with store.transaction():
        if begun(store, user_id) is None:
            raise BadInput("確認コードの設定が始まっていません。", remedy="始めからやり直してください。")
        if not _take(store, user_id, text, at=at):
            raise BadInput("確認コードが違います。", remedy="アプリに今出ている6桁を入力してください。")
        store.run("UPDATE second_factor SET confirmed_at = ? WHERE user_id = ?", (at, user_id))
        return new_codes(store, tenant_id, user_id)


def check(store: Store, user_id: int, text: str, *, at: int) -> bool:
    """Whether this is the authenticator's code of now; it is taken once."""
    return is_on(store, user_id) and _take(store, user_id, text, at=at)


def _take(store: Store, user_id: int, text: str, *, at: int) -> bool:
    row = store.tuples("SELECT secret, last_step FROM second_factor WHERE user_id = ?", (user_id,))
    given = _plain(text)
    if not row or len(given) != totp.DIGITS:
        return False
    secret, last = bytes(row[0][0]), int(row[0][1])
    now = totp.step_of(at)
    for step in range(now - SKEW_STEPS, now + SKEW_STEPS + 1):
        if secrets.compare_digest(totp.code(secret, step).encode(), given.encode()):
            sql = "UPDATE second_factor SET last_step = ? WHERE user_id = ? AND last_step < ?"
            return step > last and store.run(sql, (step, user_id, step)) == 1
    return False


def remove(store: Store, tenant_id: int, user_id: int) -> bool:
    """Ask for no code any more; False where none was asked for."""
    with store.transaction():
        store.run("DELETE FROM recovery_code WHERE user_id = ? AND tenant_id = ?", (user_id, tenant_id))
        sql = "DELETE FROM second_factor WHERE user_id = ? AND tenant_id = ?"
        return store.run(sql, (user_id, tenant_id)) > 0


# --- when it is lost ----------------------------------------------------------------------------------


def new_codes(store: Store, tenant_id: int, user_id: int) -> list[str]:
    """Recovery codes in place of the old ones; told this once."""
    made = ["".join(secrets.choice(READABLE) for _ in range(CODE_SIGNS)) for _ in range(CODES)]
    with store.transaction():
        store.run("DELETE FROM recovery_code WHERE user_id = ?", (user_id,))
        store.many(
            "INSERT INTO recovery_code (user_id, tenant_id, code_hash) VALUES (?, ?, ?)",
            [(user_id, tenant_id, _hash(text)) for text in made],
        )
    return [f"{text[:5]}-{text[5:]}" for text in made]


def codes_left(store: Store, user_id: int) -> int:
    """How many recovery codes were not used yet."""
    return int(
        store.value("SELECT count(*) FROM recovery_code WHERE user_id = ? AND used_at = 0", (user_id,))
    )


def use_code(store: Store, user_id: int, text: str, *, at: int) -> bool:
    """Whether this is one of the recovery codes; it is gone then."""
    sql = "UPDATE recovery_code SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at = 0"
    return is_on(store, user_id) and store.run(sql, (at, user_id, _hash(_plain(text)))) == 1


def _plain(text: str) -> str:
    """As people type it: wide digits, blanks and hyphens do not matter."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("-", "").lower()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- between password and code ------------------------------------------------------------------------


def await_code(store: Store, user: User, *, at: int) -> str:
    """The password was right: a token for the browser, which may give the code within five minutes."""
    token = secrets.token_urlsafe(32)
    with store.transaction():
        store.run("DELETE FROM login_step WHERE user_id = ? OR at < ?", (user.id, at - AWAITED_MS))
        store.insert("login_step", token_hash=_hash(token), tenant_id=user.tenant_id, user_id=user.id, at=at)
    return token


def awaited(store: Store, token: str, *, at: int) -> User | None:
    """Whose code is awaited from this browser; None after five minutes, or when the person has left."""
    return store.one(
        User,
        "FROM user WHERE retired_at = 0 AND id = (SELECT user_id FROM login_step"
        " WHERE token_hash = ? AND at >= ?)",
        (_hash(token), at - AWAITED_MS),
    )


def forget(store: Store, token: str) -> None:
    """The code came, or the person began anew."""
    store.run("DELETE FROM login_step WHERE token_hash = ?", (_hash(token),))
