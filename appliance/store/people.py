"""People as the users page shows and changes them: one table, one change for all of a person's fields.

Who may change whom is one table here (`MANAGES`); the last MGR stays.  Passwords and PINs go in, never out.
"""

from __future__ import annotations

import secrets
from typing import Final

from appliance.errors import BadInput
from appliance.store import users
from appliance.store.models import Noun, Role, User
from appliance.store.open import Conflict, Store
from appliance.store.visibility import CALLERS

MANAGES: Final[dict[Role, tuple[Role, ...]]] = {
    "MGR": ("MGR", "SV", "OP", "BIZ", "BY"),
    "SV": ("OP", "BIZ", "BY"),
    "OP": (),
    "BIZ": (),
    "BY": (),
}
"""The roles that a role creates and changes."""

READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without l, 1, i, o, 0: it is read off paper
GROUPS: Final = (4, 4, 4)  # 12 signs of 31: 59 bits, for a password that is changed at its first use

TRIES_MAX: Final = 100  # a log-in of one letter stands in a third of all passwords


class PersonLine(Noun, frozen=True):
    """A row of the users page.  `project_ids` is read only where `is_all_projects` is 0."""

    id: int
    login_name: str
    name: str
    role: Role
    phone_id: str
    has_pin: int
    is_all_projects: int
    is_password_temporary: int
    logged_in_at: int
    password_set_at: int
    created_at: int
    retired_at: int
    project_ids: tuple[int, ...] = ()


class Wanted(Noun, frozen=True):
    """What a person shall be.  `pin` '' keeps the one there is; `project_ids` None: all projects."""

    login_name: str
    name: str
    role: Role
    phone_id: str = ""
    pin: str = ""
    project_ids: tuple[int, ...] | None = None


_LINE: Final = (
    "SELECT id, login_name, name, role, coalesce(phone_id, '') AS phone_id, pin_hash <> '' AS has_pin,"
    " is_all_projects, is_password_temporary, logged_in_at, password_set_at, created_at, retired_at"
    " FROM user WHERE tenant_id = ?"
)


def table(store: Store, tenant_id: int, *, is_retired: bool = False) -> list[PersonLine]:
    """The tenant's people: by role as MANAGES names them, then by name; or those who have left."""
    lines = store.all(PersonLine, _LINE + " AND (retired_at > 0) = ?", (tenant_id, int(is_retired)))
    projects = _projects(store, tenant_id)
    order = MANAGES["MGR"]
    filled = [_with(line, projects.get(line.id, ())) for line in lines]
    return sorted(filled, key=lambda line: (order.index(line.role), line.name))


def get(store: Store, tenant_id: int, user_id: int) -> PersonLine | None:
    """One person, also one who has left."""
    line = store.one(PersonLine, _LINE + " AND id = ?", (tenant_id, user_id))
    return _with(line, _projects(store, tenant_id).get(user_id, ())) if line else None


def _with(line: PersonLine, project_ids: tuple[int, ...]) -> PersonLine:
    values = {name: getattr(line, name) for name in PersonLine.__struct_fields__}
    return PersonLine(**(values | {"project_ids": project_ids}))


def _projects(store: Store, tenant_id: int) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for user_id, project_id in store.tuples(
        "SELECT user_id, project_id FROM user_project WHERE tenant_id = ? ORDER BY project_id", (tenant_id,)
    ):
        found[user_id] = (*found.get(user_id, ()), project_id)
    return found


def new_password(login_name: str = "") -> str:
    """A password for one use: printed on a slip, changed at the first log-in; without the log-in in it."""
    for _ in range(TRIES_MAX):
        found = "-".join("".join(secrets.choice(READABLE) for _ in range(size)) for size in GROUPS)
        if not login_name or login_name.lower() not in found:
            break
    return found


def create(store: Store, tenant_id: int, wanted: Wanted, *, by: Role, password: str, at: int) -> int:
    """A new person; the id.  Raises BadInput: a role that `by` may not give, names or digits taken."""
    _check_role(wanted.role, by)
    with store.transaction():
        user_id = users.create(
            store,
            tenant_id,
            login_name=wanted.login_name,
            name=wanted.name,
            role=wanted.role,
            password=password,
            phone_id=wanted.phone_id,
            pin=wanted.pin,
            at=at,
        )
        _check_phone_role(wanted)
        _put_projects(store, tenant_id, user_id, wanted.project_ids)
    return user_id


def change(store: Store, tenant_id: int, user_id: int, wanted: Wanted, *, by: Role) -> tuple[str, ...]:
    """Make the person as wanted; the fields that changed.  All or nothing.  Raises BadInput."""
    before = existing(store, tenant_id, user_id, by=by)
    _check_role(wanted.role, by)
    _check_phone_role(wanted)
    with store.transaction():
        _rename(store, before, wanted)
        if wanted.role != before.role:
            users.set_role(store, tenant_id, user_id, wanted.role)
        _put_phone(store, tenant_id, before, wanted)
        _put_projects(store, tenant_id, user_id, wanted.project_ids)
        after = get(store, tenant_id, user_id)
    assert after is not None
    names = ("login_name", "name", "role", "phone_id", "is_all_projects", "project_ids")
    changed = tuple(name for name in names if getattr(before, name) != getattr(after, name))
    return (*changed, "pin") if wanted.pin else changed


def existing(store: Store, tenant_id: int, user_id: int, *, by: Role) -> PersonLine:
    """A person whom `by` may change.  Raises BadInput."""
    found = get(store, tenant_id, user_id)
    if found is None or found.retired_at:
        raise BadInput("そのユーザーはありません。", remedy="一覧を更新してください。")
    _check_role(found.role, by)
    return found


def reset_password(store: Store, tenant_id: int, user_id: int, *, by: Role, at: int) -> str:
    """A new password for one use, which ends the person's sessions.  Raises BadInput."""
    existing(store, tenant_id, user_id, by=by)
    password = new_password()
    users.set_password(store, tenant_id, user_id, password, at=at, is_temporary=True)
    return password


def logged_in(store: Store, user: User, *, at: int) -> None:
    """Note that somebody came in."""
    store.run("UPDATE user SET logged_in_at = ? WHERE id = ?", (at, user.id))


def password_set_at(store: Store, user_id: int) -> int:
    """When the present password was chosen."""
    return int(store.value("SELECT password_set_at FROM user WHERE id = ?", (user_id,)) or 0)


def _check_role(role: Role, by: Role) -> None:
    if role not in MANAGES["MGR"]:
        raise BadInput(f"権限「{role}」はありません。", remedy="一覧から選んでください。")
    if role not in MANAGES[by]:
        raise BadInput(
            f"「{by}」は「{role}」のユーザーを作成・変更できません。",
            remedy="マネージャーに依頼してください。",
        )


def _check_phone_role(wanted: Wanted) -> None:
    if wanted.phone_id and wanted.role not in CALLERS:
        raise BadInput(f"「{wanted.role}」は電話でログインしません。", remedy="電話IDを空にしてください。")


def _rename(store: Store, before: PersonLine, wanted: Wanted) -> None:
    login_name, name = (
        users.checked_name(wanted.login_name, is_login=True),
        users.checked_name(wanted.name),
    )
    if (login_name, name) == (before.login_name, before.name):
        return
    try:
        store.update("user", before.id, login_name=login_name, name=name)
    except Conflict as error:
        raise users.taken(str(error), login_name, name, "") from error


def _put_phone(store: Store, tenant_id: int, before: PersonLine, wanted: Wanted) -> None:
    if wanted.phone_id == before.phone_id and not wanted.pin:
        return
    if wanted.phone_id and not wanted.pin and before.has_pin:
        users.check_phone(wanted.phone_id, "0" * users.PIN_DIGITS[0])
        try:
            store.update("user", before.id, phone_id=wanted.phone_id)
        except Conflict as error:
            raise users.taken(str(error), wanted.login_name, wanted.name, wanted.phone_id) from error
        return
    users.set_phone(store, tenant_id, before.id, phone_id=wanted.phone_id, pin=wanted.pin)


def _put_projects(store: Store, tenant_id: int, user_id: int, project_ids: tuple[int, ...] | None) -> None:
    store.run("DELETE FROM user_project WHERE user_id = ?", (user_id,))
    store.update("user", user_id, is_all_projects=int(project_ids is None))
    store.many(
        "INSERT INTO user_project (user_id, project_id, tenant_id)"
        " SELECT ?, id, tenant_id FROM project WHERE id = ? AND tenant_id = ?",
        [(user_id, project_id, tenant_id) for project_id in dict.fromkeys(project_ids or ())],
    )
