"""Result codes of a project: 01-89 the tenant's own (six of them fixed), 90-9a the system's."""

from __future__ import annotations

import re
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store.models import ResultCode
from appliance.store.open import Conflict, Store

FLAGS: Final = ("is_dials", "is_connect", "is_contact", "is_contact_p", "is_dmc", "is_complete", "is_sales")

FIXED: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("02", "不通", ("is_dials",)),
    ("03", "FAX", ("is_dials",)),
    ("04", "現アナ", ("is_dials",)),
    ("05", "再コール", ("is_dials", "is_connect", "is_contact_p")),
    ("06", "見込", ("is_dials", "is_connect", "is_contact", "is_contact_p")),
    ("07", "架電禁止", ("is_dials", "is_connect", "is_contact", "is_complete", "is_forbidding")),
)
"""Cannot be renamed or removed.  不通, FAX and 現アナ count as calls and not as connects."""

SYSTEM: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("90", "発信一時停止", ()),
    ("91", "欠番", ("is_dials",)),
    ("92", "呼出中止", ("is_dials",)),
    ("93", "話中", ("is_dials",)),
    ("94", "不在", ("is_dials",)),
    ("95", "間隔制限", ()),
    ("96", "放棄（オペレーターなし）", ("is_dials", "is_connect")),
    ("97", "回数制限", ()),
    ("98", "結果未入力", ("is_dials", "is_connect")),
    ("99", "除外", ()),
    ("9a", "発信禁止", ()),
)
ABANDONED: Final = ("92", "96")


def create_fixed(store: Store, tenant_id: int, project_id: int) -> None:
    """The codes every project begins with."""
    for kind, codes in (("fixed", FIXED), ("system", SYSTEM)):
        for code, name, flags in codes:
            store.insert(
                "result_code",
                tenant_id=tenant_id,
                project_id=project_id,
                code=code,
                name=name,
                kind=kind,
                sort=int(code, 16),
                **dict.fromkeys(flags, 1),
            )


def every(store: Store, tenant_id: int, project_id: int, *, with_retired: bool = False) -> list[ResultCode]:
    """The project's codes in their order, system codes last."""
    return store.all(
        ResultCode,
        "FROM result_code WHERE tenant_id = ? AND project_id = ? AND (? OR retired_at = 0)"
        " ORDER BY kind = 'system', sort, code",
        (tenant_id, project_id, int(with_retired)),
    )


def add(
    store: Store, tenant_id: int, project_id: int, *, code: str, name: str, sort: int = 0, **flags: bool
) -> int:
    """A code of the tenant's own, 01-89.  Raises BadInput: taken, out of range, unknown flag."""
    if not re.fullmatch(r"[0-8][0-9]", code) or code == "00":
        raise BadInput(f"結果コード「{code}」は使えません。", remedy="01〜89の2桁にしてください。")
    try:
        return store.insert(
            "result_code",
            tenant_id=tenant_id,
            project_id=project_id,
            code=code,
            name=_name(name),
            sort=sort or int(code, 16),
            **_flags(flags),
        )
    except Conflict as error:
        raise BadInput(
            f"結果コード「{code}」は使われています。", remedy="別の番号にしてください。"
        ) from error


def change(store: Store, tenant_id: int, project_id: int, code: str, **values: Any) -> None:
    """Change name, sort, classes or flags.  Raises BadInput for a system code, or a fixed one's name."""
    found = _existing(store, tenant_id, project_id, code)
    if found.kind == "system":
        raise BadInput(f"結果コード「{code}」はシステムのものです。", remedy="変更できません。")
    if found.kind == "fixed" and values.get("name", found.name) != found.name:
        raise BadInput(f"「{found.name}」の名称は変えられません。", remedy="別のコードを追加してください。")
    texts: dict[str, Any] = {
        name: str(values.pop(name)) for name in ("name", "middle_class", "fine_class") if name in values
    }
    sort: dict[str, Any] = {"sort": int(values.pop("sort"))} if "sort" in values else {}
    changes: dict[str, Any] = {**texts, **sort, **_flags(values)}
    if changes:
        store.update("result_code", found.id, **changes)


def retire(store: Store, tenant_id: int, project_id: int, code: str, *, at: int) -> None:
    """Take an own code out of use; history keeps its name.  Raises BadInput for fixed and system ones."""
    found = _existing(store, tenant_id, project_id, code)
    if found.kind != "own":
        raise BadInput(f"「{found.name}」は削除できません。", remedy="固定のコードです。")
    store.run("UPDATE result_code SET retired_at = ? WHERE id = ?", (at, found.id))


def _existing(store: Store, tenant_id: int, project_id: int, code: str) -> ResultCode:
    found = store.one(
        ResultCode,
        "FROM result_code WHERE tenant_id = ? AND project_id = ? AND code = ?",
        (tenant_id, project_id, code),
    )
    if found is None:
        raise BadInput(f"結果コード「{code}」はありません。", remedy="一覧を更新してください。")
    return found


def _flags(values: dict[str, Any]) -> dict[str, int]:
    known = (*FLAGS, "is_forbidding", "is_on_phone")
    for name in values:
        if name not in known:
            raise BadInput(
                f"結果コードに「{name}」という設定はありません。", remedy="名前を確かめてください。"
            )
    return {name: int(bool(value)) for name, value in values.items()}


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 30:
        raise BadInput(f"結果コードの名称が{len(name)}文字です。", remedy="1〜30文字にしてください。")
    return name
