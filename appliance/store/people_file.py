"""People from a file: read, judged row by row before anything is made, then made one by one.

The judgement makes nobody; what it lets through can still be refused when two managers work at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from appliance.errors import BadInput
from appliance.store import import_reader, people, projects, users
from appliance.store.models import Noun, Role
from appliance.store.open import Store
from appliance.store.people import MANAGES, Wanted
from appliance.store.visibility import CALLERS

ROWS_MAX: Final = 300  # each is a password to hash: some 30 ms of the box
BYTES_MAX: Final = 1 << 20
NAME, LOGIN, ROLE, PHONE, PROJECTS = "名前", "ID", "役割", "電話ID", "案件"
NEEDED: Final = (NAME, LOGIN, ROLE)
HEADERS: Final = (*NEEDED, PHONE, PROJECTS)
ROLE_NAMES: Final[dict[str, Role]] = {
    "マネージャー": "MGR", "スーパーバイザー": "SV", "オペレーター": "OP", "アポインター": "OP",
    "コミュニケーター": "OP", "閲覧者": "BIZ", "バックオフィス": "BY",
}  # fmt: skip
SAMPLE: Final = (
    HEADERS,
    ("見本 花子", "mihon1", "オペレーター", "1201", ""),
    ("見本 一郎", "mihon2", "バックオフィス", "", ""),
)


class Judged(Noun, frozen=True):
    """One row as the file has it (`line` as Excel counts), and why it cannot be; `reason` '' when it can."""

    line: int
    cells: tuple[str, ...]  # in the order of HEADERS
    reason: str = ""
    fix: str = ""


class _Known(Noun, frozen=True):
    """What is taken, by people there are, have been, and stand further up in the file."""

    logins: set[str]
    names: set[str]
    phones: set[str]
    projects: dict[str, int]


def read(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """(line, cells in the order of HEADERS) of each row.  Raises BadInput: unreadable, headers, too many."""
    if path.stat().st_size > BYTES_MAX:
        raise BadInput("ファイルが大きすぎます。", remedy=f"{ROWS_MAX}行までに分けてください。")
    every = list(import_reader.rows(path, import_reader.recognise(path)))
    heads = [head.strip() for head in every[0][1]] if every else []
    missing = [name for name in NEEDED if name not in heads]
    if missing:
        raise BadInput(
            f"見出し「{'・'.join(missing)}」がありません。", remedy="1行目を見本のとおりにしてください。"
        )
    unknown = [head for head in heads if head and head not in HEADERS]
    if unknown:
        raise BadInput(f"見出し「{unknown[0]}」は使えません。", remedy="1行目を見本のとおりにしてください。")
    if len(every) - 1 > ROWS_MAX:
        raise BadInput(f"{len(every) - 1}行あります。", remedy=f"{ROWS_MAX}行までに分けてください。")
    places = [heads.index(name) if name in heads else -1 for name in HEADERS]
    return [
        (line, tuple(row[at].strip() if 0 <= at < len(row) else "" for at in places))
        for line, row in every[1:]
    ]


def judge(store: Store, tenant_id: int, rows: list[tuple[int, tuple[str, ...]]], *, by: Role) -> list[Judged]:
    """Every row with why it cannot be, if so."""
    known, found = _known(store, tenant_id), []
    for line, cells in rows:
        try:
            _take(wanted_of(cells, known.projects, by=by), known)
        except BadInput as error:
            found.append(Judged(line=line, cells=cells, reason=error.what, fix=error.remedy))
        else:
            found.append(Judged(line=line, cells=cells))
    return found


def project_ids(store: Store, tenant_id: int) -> dict[str, int]:
    """The tenant's projects by name."""
    return {row.name: row.id for row in projects.every(store, tenant_id)}


def wanted_of(cells: tuple[str, ...], known: dict[str, int], *, by: Role) -> Wanted:
    """A row as the person it means.  Raises BadInput."""
    name, login, role_text, phone_id, project_text = cells
    role = _role(role_text)
    if role not in MANAGES[by]:
        raise BadInput(
            f"「{by}」は「{role}」のユーザーを作成・変更できません。",
            remedy="マネージャーに依頼してください。",
        )
    users.check_phone(phone_id, "0" * users.PIN_DIGITS[0] if phone_id else "")
    if phone_id and role not in CALLERS:
        raise BadInput(f"「{role}」は電話でログインしません。", remedy="電話IDを空にしてください。")
    names = [part.strip() for part in project_text.replace("、", ",").replace(";", ",").split(",")]
    missing = [part for part in names if part and part not in known]
    if missing:
        raise BadInput(f"案件「{missing[0]}」はありません。", remedy="案件の名前を確かめてください。")
    return Wanted(
        login_name=users.checked_name(login, is_login=True),
        name=users.checked_name(name),
        role=role,
        phone_id=phone_id,
        project_ids=tuple(known[part] for part in names if part) or None,
    )


def _role(text: str) -> Role:
    found = next((role for role in MANAGES["MGR"] if role == text.upper()), ROLE_NAMES.get(text))
    if found is None:
        raise BadInput(f"役割「{text}」はありません。", remedy="OP・SV・BY・BIZ・MGRのどれかにしてください。")
    return found


def _known(store: Store, tenant_id: int) -> _Known:
    rows = store.tuples("SELECT login_name, name FROM user WHERE tenant_id = ?", (tenant_id,))
    phones = store.tuples("SELECT phone_id FROM user WHERE phone_id IS NOT NULL")
    return _Known(
        logins={row[0].lower() for row in rows},
        names={row[1] for row in rows},
        phones={row[0] for row in phones},
        projects=project_ids(store, tenant_id),
    )


def _take(wanted: Wanted, known: _Known) -> None:
    """Give the row its names.  Raises BadInput where somebody has or had them."""
    login = wanted.login_name
    if login.lower() in known.logins:
        raise users.taken("login_name", login, wanted.name, "")
    if wanted.name in known.names:
        raise users.taken("name", login, wanted.name, "")
    if wanted.phone_id and wanted.phone_id in known.phones:
        raise users.taken("phone_id", login, wanted.name, wanted.phone_id)
    known.logins.add(login.lower())
    known.names.add(wanted.name)
    known.phones.add(wanted.phone_id)


class Made(Noun, frozen=True):
    """Somebody who was made: his row, and what his slip says once."""

    line: int
    user_id: int
    wanted: Wanted
    password: str


def make(store: Store, tenant_id: int, line: int, wanted: Wanted, *, by: Role, at: int) -> Made:
    """One person, with a password for one use.  Raises BadInput."""
    password = people.new_password(wanted.login_name)
    user_id = people.create(store, tenant_id, wanted, by=by, password=password, at=at)
    return Made(line=line, user_id=user_id, wanted=wanted, password=password)
