"""コールデータ検索: shortcuts, each condition by itself, order, and who is left out of the queue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.store import attributes, blocked, customer_search, events, recalls
from appliance.store.customer_search import Wanted
from tests.store_help import DAY, NOON_MS, NOON_S, Floor, make_floor


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return make_floor(tmp_path)


def call(floor: Floor, attempt: int, customer: int, code: str, *, minutes: int = 0, user: int = 0) -> None:
    list_id = int(floor.store.value("SELECT list_id FROM customer WHERE id = ?", (customer,)))
    at = NOON_S + minutes * 60
    floor.write(
        floor.opened(attempt, list_id, customer),
        events.SaveAttempt(attempt_id=attempt, setup_at=at, cleared_at=at + 9, result=code, end="result"),
        floor.entry(attempt, list_id, customer, code, user=user, at=at),
    )


def found(floor: Floor, list_id: int, **wanted: Any) -> list[int]:
    page = customer_search.search(floor.store, floor.tenant, Wanted(list_id=list_id, **wanted), day=DAY)
    assert page.count == len(page.rows)
    return [row.id for row in page.rows]


def make(floor: Floor, count: int = 5) -> tuple[int, list[int]]:
    list_id = floor.make_list(count)
    first = floor.first_customer(list_id)
    return list_id, list(range(first, first + count))


def test_shortcuts_new_second_and_third(floor: Floor) -> None:
    list_id, (one, two, three, four, five) = make(floor)
    call(floor, 1, two, "02", user=floor.operator)
    call(floor, 2, three, "94")
    call(floor, 3, three, "94", minutes=9)
    call(floor, 4, four, "01", user=floor.operator)

    assert found(floor, list_id) == [one, two, three, four, five]
    assert found(floor, list_id, nth="new") == [one, five]
    assert found(floor, list_id, nth="second") == [two]
    assert found(floor, list_id, nth="third") == [three]
    assert found(floor, list_id, code="01") == [four]
    assert found(floor, list_id, code=customer_search.NEVER) == [one, five]


def test_who_spoke_last_when_and_for_how_long(floor: Floor) -> None:
    list_id, (one, two, *_) = make(floor)
    call(floor, 1, one, "01", user=floor.operator)
    call(floor, 2, two, "01", user=floor.operator)
    call(floor, 3, two, "01", minutes=60, user=floor.manager)

    assert found(floor, list_id, user_id=floor.operator) == [one]
    assert found(floor, list_id, user_id=floor.manager) == [two]
    assert found(floor, list_id, from_at=NOON_MS + 1) == [two]
    assert found(floor, list_id, to_at=NOON_MS + 1) == [one, two]
    assert found(floor, list_id, talk_min_ms=30_000) == [one, two]
    assert found(floor, list_id, talk_max_ms=29_000) == []
    row = customer_search.search(floor.store, floor.tenant, Wanted(list_id=list_id), day=DAY).rows[1]
    assert (row.user_name, row.code_name, row.attempts) == ("管理 花子", "成約", 2)


def test_a_level_a_column_an_attribute_and_the_box(floor: Floor) -> None:
    list_id, (one, two, three, *_) = make(floor)
    for at, (customer, level) in enumerate(((one, "A"), (two, "A"), (two, "B"))):
        recalls.wish(
            floor.store, floor.tenant, customer, user_id=floor.operator, at=NOON_MS + at, attempt_id=50 + at,
            level=level,
        )  # fmt: skip
    plan = attributes.add(
        floor.store, floor.tenant, floor.project, target="customer", kind="check", name="関心",
        choices=("光", "電力", "電力と光"),
    )  # fmt: skip
    attributes.save(floor.store, floor.tenant, floor.project, "customer", three, {plan: "光\n電力"})

    assert found(floor, list_id, level="A") == [one]
    assert found(floor, list_id, field_name="氏名", field_text="本3") == [three]
    assert found(floor, list_id, field_name="住所", field_text="本3") == []
    assert found(floor, list_id, attribute_id=plan, attribute_text="電力") == [three]
    assert found(floor, list_id, attribute_id=plan, attribute_text="電力と光") == []
    assert found(floor, list_id, text="03-0000-0002") == [two]
    assert found(floor, list_id, text=f"{list_id}-{three}") == [three]


def test_from_an_id_and_by_chance_another_for_each_person(floor: Floor) -> None:
    list_id, ids = make(floor, 40)

    assert found(floor, list_id, from_id=ids[30]) == ids[30:]
    orders = [found(floor, list_id, order="random", seed=seed) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == ids != orders[0]


def test_whoever_cannot_be_called_is_marked_and_left_out_of_the_queue(floor: Floor) -> None:
    list_id, (one, two, three, four, five) = make(floor)
    blocked.add(floor.store, floor.tenant, number="0300000001", kind="forbid", at=NOON_MS)
    blocked.add(
        floor.store,
        floor.tenant,
        number="0300000002",
        kind="suspend",
        at=NOON_MS,
        from_day=DAY + 1,
        to_day=DAY + 2,
    )
    floor.store.update("customer", three, number="", fields=json.dumps(["", "無番号"]))

    wanted = Wanted(list_id=list_id)
    rows = customer_search.search(floor.store, floor.tenant, wanted, day=DAY).rows
    assert [row.stop for row in rows] == ["forbid", "", "number", "", ""]
    assert customer_search.callable_ids(floor.store, floor.tenant, wanted, day=DAY, limit=9) == (
        two,
        four,
        five,
    )
    assert customer_search.callable_ids(floor.store, floor.tenant, wanted, day=DAY + 1, limit=1) == (four,)
    assert one == rows[0].id


def test_another_tenants_list_is_empty(floor: Floor) -> None:
    list_id, _ = make(floor)
    page = customer_search.search(floor.store, floor.tenant + 1, Wanted(list_id=list_id), day=DAY)
    assert (page.rows, page.count) == ((), 0)
