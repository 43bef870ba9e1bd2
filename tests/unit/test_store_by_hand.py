"""Customers typed by hand, empty lists, and where else a number stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import blocked, by_hand, compare, customers, duplicates, lists, selection
from tests.store_help import NOON_MS, Floor, make_floor

HEADERS = ("電話番号", "氏名", "フリガナ")


def empty_list(floor: Floor, *headers: str, name: str = "手入力") -> int:
    return by_hand.create_list(
        floor.store, floor.tenant, floor.project, name=name, headers=headers or HEADERS, at=NOON_MS
    )


def add(floor: Floor, list_id: int, *rows: list[str], with_duplicates: bool = False) -> by_hand.Added:
    return by_hand.add_customers(
        floor.store, floor.tenant, list_id, list(rows), at=NOON_MS, with_duplicates=with_duplicates
    )


def test_several_rows_are_added_and_can_be_dialled(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = empty_list(floor)

    done = add(floor, list_id, ["０３-1234-5678", "山田", "やまだ"], ["", "", ""], ["312345679", "", ""])

    assert done == by_hand.Added(added=2)
    offered = selection.next_customers(floor.store, list_id, at=NOON_MS).customers
    assert [offer.number for offer in offered] == ["0312345678", "0312345679"]
    assert customers.search(floor.store, floor.tenant, "ヤマダ")[0].name == "山田"
    assert compare.compare(floor.store) == []


def test_one_bad_row_stops_all_with_its_reason(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = empty_list(floor)

    done = add(floor, list_id, ["0312345678", "", ""], ["03-12", "短い", ""], ["0312345678", "", ""])

    assert done.added == 0
    assert [(row.line, row.value) for row in done.errors] == [(2, "03-12"), (3, "0312345678")]
    assert done.duplicates == 1
    assert customers.in_list(floor.store, floor.tenant, list_id) == []


def test_duplicates_are_taken_when_asked_for_and_marked(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = empty_list(floor)
    add(floor, list_id, ["0312345678", "", ""])

    assert add(floor, list_id, ["0312345678", "", ""]).errors[0].reason == "このリストに登録済みです"
    assert add(floor, list_id, ["0312345678", "", ""], with_duplicates=True).added == 1
    rows = customers.in_list(floor.store, floor.tenant, list_id)
    assert [row.is_duplicate for row in rows] == [0, 1]
    assert duplicates.marked(floor.store, floor.tenant, list_id) == 1


def test_headers_of_an_empty_list_are_checked(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = empty_list(floor, "電話番号", "住所", "住所", "")

    found = lists.get(floor.store, floor.tenant, list_id)
    assert found is not None
    assert lists.headers_of(found) == ("電話番号", "住所", "住所2")
    for headers, words in (
        (("氏名",), "電話番号"),
        (("電話番号", "見込"), "結果コード"),
        (("電話番号", "長" * 61), "長すぎます"),
        (("電話番号", *map(str, range(900, 1110))), "列あります"),
    ):
        with pytest.raises(BadInput, match=words):
            empty_list(floor, *headers, name="だめ")


def test_nothing_typed_too_much_typed_and_strangers_lists_are_refused(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = empty_list(floor)

    with pytest.raises(BadInput, match="入力されていません"):
        add(floor, list_id, ["", " ", ""])
    with pytest.raises(BadInput, match="入力されていません"):
        add(floor, list_id, *[[f"03{at:08d}", "", ""] for at in range(51)])
    with pytest.raises(BadInput, match="そのリストはありません"):
        by_hand.add_customers(floor.store, floor.tenant + 1, list_id, [["0312345678"]], at=NOON_MS)


def test_where_else_a_number_stands(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    first = floor.make_list(3)
    second = empty_list(floor, name="二つ目")
    add(floor, second, ["0300000002", "別名", ""], ["0399999999", "", ""])
    binned = empty_list(floor, name="ごみ箱")
    add(floor, binned, ["0300000003", "", ""])
    lists.trash(floor.store, floor.tenant, binned, at=NOON_MS)
    blocked.add(floor.store, floor.tenant, number="0300000001", kind="forbid", at=1)

    found = duplicates.search(floor.store, floor.tenant, first)

    assert [row.customer.number for row in found] == ["0300000002"]
    assert [(place.list_name, place.name) for place in found[0].others] == [("二つ目", "別名")]
    assert duplicates.search(floor.store, floor.tenant, first, after_id=found[0].customer.id) == []
    assert duplicates.search(floor.store, floor.tenant + 1, first) == []
