"""People: made, renamed, retired; passwords for the page and PINs for the phone, both argon2id.

A retired user's names and digits are never given to another.  Throttling is throttle.py's business.
"""

from __future__ import annotations

import functools
import re
import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import BadInput
from appliance.store.models import Role, Tenant, User
from appliance.store.open import Conflict, Store

PASSWORD_CHARACTERS_MIN: Final = 10
PHONE_ID_DIGITS: Final = (2, 8)
PIN_DIGITS: Final = (4, 8)
ROLES: Final[tuple[Role, ...]] = ("MGR", "SV", "OP", "BIZ", "BY")

# OWASP's second choice (19 MiB, 2 passes): some 30 ms on the box, so that a log-in never holds up a page.
_PASSWORDS: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@functools.cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown name takes as long as a wrong password.

    Made when first wanted: most processes that read this module never log anybody in.
    """
    return _PASSWORDS.hash(secrets.token_hex(16))


def create_tenant(store: Store, *, entry_code: str, name: str, at: int) -> int:
    """A new tenant; its id.  Raises BadInput where the entry code is taken."""
    try:
        return store.insert("tenant", entry_code=entry_code, name=name, created_at=at)
    except Conflict as error:
        raise BadInput(
            f"エントリ「{entry_code}」は使われています。", remedy="別の名前にしてください。"
        ) from error


def tenants(store: Store) -> list[Tenant]:
    """Every tenant of the box."""
    return store.all(Tenant, "FROM tenant ORDER BY id")


def tenant_by_entry(store: Store, entry_code: str) -> Tenant | None:
    """The tenant with this entry code."""
    return store.one(Tenant, "FROM tenant WHERE entry_code = ?", (entry_code,))


def create(
    store: Store,
    tenant_id: int,
    *,
    login_name: str,
    name: str,
    role: Role,
    password: str,
    phone_id: str = "",
    pin: str = "",
    at: int,
    is_password_temporary: bool = True,
) -> int:
    """A new user; the id.  Raises BadInput: names taken now or ever, a weak password, odd digits."""
    login_name, name = checked_name(login_name, is_login=True), checked_name(name)
    if role not in ROLES:
        raise BadInput(f"権限「{role}」はありません。", remedy="一覧から選んでください。")
    _check_password(password, login_name)
    check_phone(phone_id, pin)
    try:
        return store.insert(
            "user",
            tenant_id=tenant_id,
            login_name=login_name,
            name=name,
            role=role,
            password_hash=_PASSWORDS.hash(password),
            password_set_at=at,
            is_password_temporary=int(is_password_temporary),
            phone_id=phone_id or None,
            pin_hash=_PASSWORDS.hash(pin) if pin else "",
            created_at=at,
        )
    except Conflict as error:
        raise taken(str(error), login_name, name, phone_id) from error


def get(store: Store, tenant_id: int, user_id: int) -> User | None:
    """One user of the tenant, retired or not."""
    return store.one(User, "FROM user WHERE tenant_id = ? AND id = ?", (tenant_id, user_id))


def by_id(store: Store, user_id: int) -> User | None:
    """One user of whichever tenant: for the dialer alone, which serves all of them."""
    return store.one(User, "FROM user WHERE id = ?", (user_id,))


def every(store: Store, tenant_id: int, *, with_retired: bool = False) -> list[User]:
    """The tenant's users by name; retired ones only where history needs their names."""
    return store.all(
        User,
        "FROM user WHERE tenant_id = ? AND (? OR retired_at = 0) ORDER BY name",
        (tenant_id, int(with_retired)),
    )


def check_password(store: Store, tenant_id: int, login_name: str, password: str) -> User | None:
    """The user whose password this is.  Takes as long for a name that does not exist."""
    row = store.tuples(
        "SELECT id, password_hash FROM user WHERE tenant_id = ? AND login_name = ? AND retired_at = 0",
        (tenant_id, login_name.strip()),
    )
    user_id, stored = row[0] if row else (0, _nobody())
    if not _matches(stored, password) or not user_id:
        return None
    if _PASSWORDS.check_needs_rehash(stored):
        store.run("UPDATE user SET password_hash = ? WHERE id = ?", (_PASSWORDS.hash(password), user_id))
    return get(store, tenant_id, user_id)


def check_pin(store: Store, phone_id: str, pin: str) -> User | None:
    """The user who logs in at a desk phone, of whichever tenant: a phone ID is unique in the box.

    Nobody whose role does not call: such a phone ID is a remainder of a former role.
    """
    row = store.tuples(
        "SELECT tenant_id, id, pin_hash FROM user WHERE phone_id = ? AND retired_at = 0 AND pin_hash <> ''"
        " AND role IN ('MGR', 'SV', 'OP')",
        (phone_id,),
    )
    tenant_id, user_id, stored = row[0] if row else (0, 0, _nobody())
    return get(store, tenant_id, user_id) if _matches(stored, pin) and user_id else None


def set_password(
    store: Store, tenant_id: int, user_id: int, password: str, *, at: int, is_temporary: bool
) -> None:
    """Replace a password and end the user's sessions.  Raises BadInput for a weak one."""
    user = _existing(store, tenant_id, user_id)
    _check_password(password, user.login_name)
    with store.transaction():
        store.run(
            "UPDATE user SET password_hash = ?, password_set_at = ?, is_password_temporary = ? WHERE id = ?",
            (_PASSWORDS.hash(password), at, int(is_temporary), user_id),
        )
        store.run("DELETE FROM session WHERE user_id = ?", (user_id,))


def set_phone(store: Store, tenant_id: int, user_id: int, *, phone_id: str, pin: str) -> None:
    """Replace the phone log-in; empty both to take it away.  Raises BadInput."""
    user = _existing(store, tenant_id, user_id)
    check_phone(phone_id, pin)
    try:
        store.run(
            "UPDATE user SET phone_id = ?, pin_hash = ? WHERE id = ?",
            (phone_id or None, _PASSWORDS.hash(pin) if pin else "", user_id),
        )
    except Conflict as error:
        raise taken(str(error), user.login_name, user.name, phone_id) from error


def set_language(store: Store, tenant_id: int, user_id: int, language: str) -> None:
    """`ja`, `en`, or '' for the site's."""
    store.run("UPDATE user SET language = ? WHERE tenant_id = ? AND id = ?", (language, tenant_id, user_id))


def rename(store: Store, tenant_id: int, user_id: int, name: str) -> None:
    """Everything but memo texts shows the new name.  Raises BadInput where it is taken."""
    user = _existing(store, tenant_id, user_id)
    name = checked_name(name)
    try:
        store.run("UPDATE user SET name = ? WHERE id = ?", (name, user_id))
    except Conflict as error:
        raise taken(str(error), user.login_name, name, "") from error


def set_role(store: Store, tenant_id: int, user_id: int, role: Role) -> None:
    """Change the role; sessions end, so that the rights change at once.  Raises BadInput: the last MGR."""
    user = _existing(store, tenant_id, user_id)
    with store.transaction():
        if role != "MGR":
            _keep_a_manager(store, user)
        store.run("UPDATE user SET role = ? WHERE id = ?", (role, user_id))
        store.run("DELETE FROM session WHERE user_id = ?", (user_id,))


def retire(store: Store, tenant_id: int, user_id: int, *, at: int) -> None:
    """End a user for ever: names stay in history, permissions and sessions go.

    Raises BadInput for the last manager of the tenant.
    """
    user = _existing(store, tenant_id, user_id)
    with store.transaction():
        _keep_a_manager(store, user)
        store.run("UPDATE user SET retired_at = ? WHERE id = ? AND retired_at = 0", (at, user_id))
        store.run("DELETE FROM session WHERE user_id = ?", (user_id,))
        store.run("DELETE FROM list_permission WHERE user_id = ?", (user_id,))
        store.run("DELETE FROM user_project WHERE user_id = ?", (user_id,))


def _keep_a_manager(store: Store, user: User) -> None:
    others = store.value(
        "SELECT count(*) FROM user WHERE tenant_id = ? AND role = 'MGR' AND retired_at = 0 AND id <> ?",
        (user.tenant_id, user.id),
    )
    if user.role == "MGR" and not others:
        raise BadInput("最後のMGRがいなくなります。", remedy="先に別のMGRを作成してください。")


def _existing(store: Store, tenant_id: int, user_id: int) -> User:
    user = get(store, tenant_id, user_id)
    if user is None or user.retired_at:
        raise BadInput("そのユーザーはありません。", remedy="一覧を更新してください。")
    return user


def _matches(stored: str, given: str) -> bool:
    try:
        return _PASSWORDS.verify(stored, given)
    except (VerificationError, InvalidHashError):
        return False


def checked_name(text: str, *, is_login: bool = False) -> str:
    """A name as it is stored.  Raises BadInput."""
    name = unicodedata.normalize("NFKC", text).strip()
    if not 1 <= len(name) <= 60:
        raise BadInput(
            f"ログインIDが{len(name)}文字です。" if is_login else f"氏名が{len(name)}文字です。",
            remedy="1〜60文字にしてください。",
        )
    return name


def _check_password(password: str, login_name: str) -> None:
    if len(password) < PASSWORD_CHARACTERS_MIN:
        raise BadInput(
            f"パスワードが{len(password)}文字です。",
            remedy=f"{PASSWORD_CHARACTERS_MIN}文字以上にしてください。",
        )
    if login_name.lower() in password.lower() or len(set(password)) < 4:
        raise BadInput(
            "推測されやすいパスワードです。", remedy="ログインIDや同じ文字の繰り返しを避けてください。"
        )


def check_phone(phone_id: str, pin: str) -> None:
    """Raises BadInput where the digits of a phone log-in are none."""
    if not phone_id and not pin:
        return
    if not _is_digits(phone_id, PHONE_ID_DIGITS):
        raise BadInput("電話IDが正しくありません。", remedy="2〜8桁の数字にしてください。")
    if not _is_digits(pin, PIN_DIGITS):
        raise BadInput("PINが正しくありません。", remedy="4〜8桁の数字にしてください。")


def _is_digits(text: str, bounds: tuple[int, int]) -> bool:
    return re.fullmatch(rf"[0-9]{{{bounds[0]},{bounds[1]}}}", text) is not None


def taken(error: str, login_name: str, name: str, phone_id: str) -> BadInput:
    """Which name or number it is that somebody has or had."""
    if "phone_id" in error:
        return BadInput(f"電話ID「{phone_id}」は使われています。", remedy="別の番号にしてください。")
    return BadInput(
        f"ログインID「{login_name}」は使われています（削除済みも含みます）。"
        if "login_name" in error
        else f"氏名「{name}」は使われています（削除済みも含みます）。",
        remedy="別の名前にしてください。",
    )
