"""Filters of reports and history kept under a name, for oneself or for everybody of the tenant.

A view is an address of our own page, nothing else: opening it shows what its reader may see, no more.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from appliance.errors import BadInput
from appliance.store.models import Noun
from appliance.store.open import Store

Page = Literal["history", "reports"]

VIEWS_MAX: Final = 50  # of one person on one page: a menu, not an archive
NAME_MAX: Final = 40
ADDRESS_MAX: Final = 600
ADDRESS: Final[dict[Page, str]] = {"history": r"/history(\?.*)?", "reports": r"/reports/[a-z-]+(\?.*)?"}


class SavedView(Noun, frozen=True):
    """One view; `address` is path and query of a page of ours."""

    id: int
    user_id: int
    user_name: str
    page: str
    name: str
    address: str
    is_shared: int


def every(store: Store, tenant_id: int, user_id: int, page: Page) -> list[SavedView]:
    """A person's own views and the shared ones of others, by name."""
    return store.all(
        SavedView,
        "SELECT v.id, v.user_id, u.name AS user_name, v.page, v.name, v.address, v.is_shared"
        " FROM saved_view v JOIN user u ON u.id = v.user_id"
        " WHERE v.tenant_id = ? AND v.page = ? AND (v.user_id = ? OR v.is_shared = 1)"
        " ORDER BY v.user_id <> ?, v.name, v.id",
        (tenant_id, page, user_id, user_id),
    )


def save(
    store: Store,
    tenant_id: int,
    user_id: int,
    *,
    page: Page,
    name: str,
    address: str,
    is_shared: bool,
    at: int,
) -> int:
    """Keep an address under a name; one's own view of that name is replaced.  Its id.  Raises BadInput."""
    wanted = name.strip()[:NAME_MAX]
    if not wanted:
        raise BadInput("名前がありません。", remedy="ビューの名前を入力してください。")
    if len(address) > ADDRESS_MAX or not re.fullmatch(ADDRESS[page], address):
        raise BadInput("この条件は保存できません。", remedy="条件を減らしてください。")
    with store.transaction():
        store.run(
            "DELETE FROM saved_view WHERE tenant_id = ? AND user_id = ? AND page = ? AND name = ?",
            (tenant_id, user_id, page, wanted),
        )
        count = store.value(
            "SELECT count(*) FROM saved_view WHERE tenant_id = ? AND user_id = ? AND page = ?",
            (tenant_id, user_id, page),
        )
        if int(count or 0) >= VIEWS_MAX:
            raise BadInput(f"ビューは{VIEWS_MAX}件までです。", remedy="使わないビューを削除してください。")
        return store.insert(
            "saved_view",
            tenant_id=tenant_id,
            user_id=user_id,
            page=page,
            name=wanted,
            address=address,
            is_shared=int(is_shared),
            created_at=at,
        )


def remove(store: Store, tenant_id: int, user_id: int, view_id: int) -> bool:
    """Take away an own view; False when there is none such of this person."""
    return bool(
        store.run(
            "DELETE FROM saved_view WHERE id = ? AND tenant_id = ? AND user_id = ?",
            (view_id, tenant_id, user_id),
        )
    )
