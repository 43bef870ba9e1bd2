"""Filters kept by name: own, shared, of this tenant, and addresses of our own pages alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.store import saved_views, users
from tests.store_help import NOON_MS, PASSWORD, Floor, make_floor


def keep(floor: Floor, user: int, name: str, **more: Any) -> int:
    values: dict[str, Any] = {
        "page": "history",
        "address": "/history?code=01",
        "is_shared": False,
        "at": NOON_MS,
    }
    return saved_views.save(floor.store, floor.tenant, user, name=name, **{**values, **more})


def names(floor: Floor, user: int, *, tenant: int = 0) -> list[str]:
    return [view.name for view in saved_views.every(floor.store, tenant or floor.tenant, user, "history")]


def test_a_view_is_its_owners_until_it_is_shared(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    keep(floor, floor.manager, "成約だけ")
    keep(floor, floor.manager, "みんなで", is_shared=True)

    assert names(floor, floor.manager) == ["みんなで", "成約だけ"]
    assert names(floor, floor.operator) == ["みんなで"]


def test_no_other_tenant_sees_or_removes_it(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    other = users.create_tenant(floor.store, entry_code="other", name="別", at=NOON_MS)
    stranger = users.create(
        floor.store, other, login_name="x", name="よそ", role="MGR", password=PASSWORD, at=NOON_MS
    )
    view = keep(floor, floor.manager, "みんなで", is_shared=True)

    assert names(floor, stranger, tenant=other) == []
    assert not saved_views.remove(floor.store, other, stranger, view)
    assert not saved_views.remove(floor.store, floor.tenant, floor.operator, view)
    assert saved_views.remove(floor.store, floor.tenant, floor.manager, view)


def test_the_same_name_is_replaced(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    keep(floor, floor.manager, "朝")
    keep(floor, floor.manager, " 朝 ", address="/history?code=94")

    found = saved_views.every(floor.store, floor.tenant, floor.manager, "history")

    assert [(view.name, view.address) for view in found] == [("朝", "/history?code=94")]


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/reports/hourly", "/history\n", ""]
)
def test_only_addresses_of_the_page_itself_are_kept(tmp_path: Path, address: str) -> None:
    floor = make_floor(tmp_path)

    with pytest.raises(BadInput):
        keep(floor, floor.manager, "よそへ", address=address)


def test_one_person_keeps_so_many(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    for number in range(saved_views.VIEWS_MAX):
        keep(floor, floor.manager, f"{number}")

    with pytest.raises(BadInput, match="50件まで"):
        keep(floor, floor.manager, "もうひとつ")
