"""Whom the dialer may call next: order, rules, re-call permission, bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import blocked, compare, events, lists, projects, selection
from tests.store_help import DAY, NOON_MS, NOON_S, Floor, make_floor


def walk(floor: Floor, list_id: int, *, at: int = NOON_MS, limit: int = 7) -> list[int]:
    """Every customer the selection offers, batch by batch."""
    found: list[int] = []
    cursor = ""
    for _ in range(1_000):
        batch = selection.next_customers(floor.store, list_id, cursor=cursor, limit=limit, at=at)
        assert len(batch.customers) <= limit
        found += [offer.customer_id for offer in batch.customers]
        cursor = batch.cursor
        if batch.is_last:
            return found
    raise AssertionError("the walk does not end")


def test_by_id_every_customer_comes_once(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(50)

    assert walk(floor, list_id) == list(range(1, 51))


def test_at_random_every_customer_comes_once_in_another_order(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(50, order="random")

    found = walk(floor, list_id)

    assert sorted(found) == list(range(1, 51))
    assert found != sorted(found)
    assert walk(floor, list_id, limit=200) == found


def test_from_a_customer_on_the_list_goes_round_once(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(20)
    lists.set_order(floor.store, floor.tenant, list_id, mode="id", from_id=15)

    assert walk(floor, list_id) == [*range(15, 21), *range(1, 15)]


def test_more_rows_than_one_look(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(selection.LOOK_AT * 2 + 3)

    assert len(walk(floor, list_id, limit=200)) == selection.LOOK_AT * 2 + 3


@pytest.mark.parametrize(
    ("kind", "days", "code"),
    [("forbid", (0, 0), "9a"), ("suspend", (DAY, DAY), "90"), ("exclude", (0, 0), "99")],
)
def test_a_blocked_customer_is_handed_back_with_its_code(
    tmp_path: Path, kind: str, days: tuple[int, int], code: str
) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    blocked.add(
        floor.store, floor.tenant, number="03-0000-0002", kind=kind, at=1, from_day=days[0], to_day=days[1]  # type: ignore[arg-type]
    )  # fmt: skip

    batch = selection.next_customers(floor.store, list_id, at=NOON_MS)

    assert [offer.customer_id for offer in batch.customers] == [1, 3]
    assert [(one.customer_id, one.code) for one in batch.refused] == [(2, code)]


def test_blocks_of_other_projects_days_and_tenants_do_not_count(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    other = projects.create(floor.store, floor.tenant, name="別", at=1)
    add = blocked.add
    add(floor.store, floor.tenant, number="0300000001", kind="forbid", at=1, project_id=other)
    add(
        floor.store, floor.tenant, number="0300000002", kind="suspend", at=1, from_day=DAY + 1, to_day=DAY + 2
    )
    gone = add(floor.store, floor.tenant, number="0300000003", kind="forbid", at=1)
    blocked.release(floor.store, floor.tenant, gone, at=2, user_id=1, reason="本人の申し出")

    assert walk(floor, list_id) == [1, 2, 3]


def test_called_customers_come_again_only_with_permission_and_only_once(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(4)

    def call(attempt: int, customer: int, code: str) -> None:
        floor.write(
            floor.opened(attempt, list_id, customer),
            events.SaveAttempt(attempt_id=attempt, setup_at=NOON_S, result=code, end="result"),
            floor.entry(attempt, list_id, customer, code),
        )

    call(1, 1, "94")
    call(2, 2, "93")
    assert walk(floor, list_id) == [3, 4]

    assert lists.permit_recall(floor.store, floor.tenant, list_id, ("94",), at=NOON_MS) == 1
    assert walk(floor, list_id) == [1, 3, 4]
    counts = {one.code: (one.customers, one.callable) for one in lists.code_counts(floor.store, 1, list_id)}
    assert (counts["94"], counts["93"], counts[""]) == ((1, 1), (1, 0), (2, 2))

    call(3, 1, "94")
    assert walk(floor, list_id) == [3, 4]
    assert compare.compare(floor.store) == []


def test_a_permission_can_be_taken_back(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(2)
    floor.write(floor.opened(1, list_id, 1), floor.entry(1, list_id, 1, "94"))
    floor.write(events.SaveAttempt(attempt_id=1, setup_at=NOON_S, result="94", end="result"))
    lists.permit_recall(floor.store, floor.tenant, list_id, ("94",), at=NOON_MS)

    assert lists.revoke_recall(floor.store, floor.tenant, list_id, ("94",), at=NOON_MS) == 1

    assert walk(floor, list_id) == [2]
    assert compare.compare(floor.store) == []


def test_interval_holds_back_and_attempts_use_up(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    projects.change(floor.store, floor.tenant, floor.project, interval_min_s=600, attempts_max=2)
    floor.store.run("UPDATE customer SET attempts = 1, last_called_at = ? WHERE id = 1", (NOON_MS - 599_000,))
    floor.store.run("UPDATE customer SET attempts = 2, last_called_at = 1 WHERE id = 2")

    early = selection.next_customers(floor.store, list_id, at=NOON_MS)
    later = selection.next_customers(floor.store, list_id, at=NOON_MS + 1_000)

    assert [offer.customer_id for offer in early.customers] == [3]
    assert [(one.customer_id, one.code) for one in early.refused] == [(2, "97")]
    assert [offer.customer_id for offer in later.customers] == [1, 3]
    assert early.callable == 3


def test_a_list_in_the_bin_offers_nobody(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3)
    lists.trash(floor.store, floor.tenant, list_id, at=1)

    with pytest.raises(BadInput):
        selection.next_customers(floor.store, list_id, at=NOON_MS)
    assert lists.started(floor.store) == ()
    lists.restore(floor.store, floor.tenant, list_id)
    assert walk(floor, list_id) == [1, 2, 3]


def test_the_dialer_follows_blocks_and_releases(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    standing = blocked.standing(floor.store)
    one = blocked.add(floor.store, floor.tenant, number="0312345678", kind="forbid", at=1)
    same = blocked.add(floor.store, floor.tenant, number="03-1234-5678", kind="forbid", at=2)

    added = blocked.changes_since(floor.store, standing.last_id)
    blocked.release(floor.store, floor.tenant, one, at=3, user_id=1, reason="誤登録")
    released = blocked.changes_since(floor.store, added.last_id)

    assert one == same
    assert [block.number for block in added.added] == ["0312345678"]
    assert [block.number for block in released.released] == ["0312345678"]
    assert blocked.changes_since(floor.store, released.last_id).added == ()
    with pytest.raises(BadInput, match="理由"):
        blocked.release(floor.store, floor.tenant, one, at=3, user_id=1, reason=" ")
