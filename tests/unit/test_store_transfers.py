"""Short dials of a project, and the rows of transfers: written as they move, charged, ended after a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import events, projects, transfers, users
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor


def shorts(floor: Floor) -> list[tuple[str, str]]:
    found = transfers.targets(floor.store, floor.tenant, floor.project)
    return [(target.short, target.name) for target in found]


def called(transfer_id: int = 1, **changes: object) -> events.SaveTransfer:
    """As the dialer writes it when it is ordered, and again as it moves."""
    values: dict[str, object] = {
        "transfer_id": transfer_id, "tenant_id": 1, "project_id": 1, "attempt_id": 9, "number": "0355556666",
        "asked_at": NOON_S,
    }  # fmt: skip
    return events.SaveTransfer(**(values | changes))  # type: ignore[arg-type]  # by name


def test_short_dials_are_numbered_from_001_and_reach_the_dialer(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    store, who = floor.store, (floor.tenant, floor.project)

    transfers.add_target(store, *who, name="営業部", number="03-5555-6666", code="06")
    second = transfers.add_target(store, *who, name="受付", number="0355557777")

    assert shorts(floor) == [("001", "営業部"), ("002", "受付")]
    dialled = projects.dial_settings(store)[0].targets
    assert [(target.short, target.number, target.code) for target in dialled] == [
        ("001", "0355556666", "06"),
        ("002", "0355557777", ""),
    ]
    transfers.order_targets(store, *who, [second])
    assert shorts(floor) == [("002", "受付"), ("001", "営業部")]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"short": "000"}, "短縮番号"),
        ({"short": "12"}, "短縮番号"),
        ({"short": "001"}, "使われています"),
        ({"name": " "}, "名前"),
        ({"number": "12"}, "電話番号"),
        ({"number": "えいぎょう"}, "電話番号"),
        ({"code": "77"}, "結果コード"),
        ({"code": "98"}, "結果コード"),
    ],
)
def test_a_short_dial_that_cannot_be_is_refused(tmp_path: Path, changes: dict[str, str], word: str) -> None:
    floor = make_floor(tmp_path)
    who = (floor.store, floor.tenant, floor.project)
    transfers.add_target(*who, name="営業部", number="0355556666")

    with pytest.raises(BadInput, match=word):
        transfers.add_target(*who, **({"name": "受付", "number": "0355557777"} | changes))  # type: ignore[arg-type]  # by name

    assert shorts(floor) == [("001", "営業部")]


def test_a_short_dial_that_was_removed_is_brought_back_unless_its_digits_are_taken(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    store, who = floor.store, (floor.tenant, floor.project)
    first = transfers.add_target(store, *who, name="営業部", number="0355556666")

    transfers.remove_target(store, floor.tenant, first, at=NOON_MS)

    assert shorts(floor) == []
    assert projects.dial_settings(store)[0].targets == ()
    found = transfers.removed_target(store, *who, first)
    assert found is not None
    assert found.name == "営業部"
    transfers.restore_target(store, floor.tenant, first)
    assert shorts(floor) == [("001", "営業部")]
    assert transfers.removed_target(store, *who, first) is None

    transfers.remove_target(store, floor.tenant, first, at=NOON_MS)
    transfers.add_target(store, *who, name="受付", number="0355557777")
    with pytest.raises(BadInput, match="使われています"):
        transfers.restore_target(store, floor.tenant, first)
    assert shorts(floor) == [("001", "受付")]


def test_another_tenant_sees_and_changes_nothing(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    store = floor.store
    other = users.create_tenant(store, entry_code="other", name="他社", at=NOON_MS)
    target = transfers.add_target(store, floor.tenant, floor.project, name="営業部", number="0355556666")
    floor.write(called(is_house=True, cleared_at=NOON_S + 1))

    assert transfers.targets(store, other, floor.project) == []
    assert transfers.inbox(store, other, since=0) == []
    for change in (
        lambda: transfers.remove_target(store, other, target, at=NOON_MS),
        lambda: transfers.restore_target(store, other, target),
        lambda: transfers.add_target(store, other, floor.project, name="x", number="0355556666"),
        lambda: transfers.change_target(
            store, other, target, short="001", name="x", number="0355556666", code=""
        ),
        lambda: transfers.hide(store, other, 1, at=NOON_MS),
    ):
        with pytest.raises(BadInput):
            change()
    assert shorts(floor) == [("001", "営業部")]


def test_a_transfer_is_one_row_that_grows_and_its_line_is_charged(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    floor.write(
        called(list_id=3, customer_id=4),
        called(answered_at=NOON_S + 10),
        called(answered_at=NOON_S + 10, handed_at=NOON_S + 20, outcome="handed", code="06"),
        called(answered_at=NOON_S + 10, cleared_at=NOON_S + 70, outcome="handed"),
        called(2, is_house=True, answered_at=NOON_S + 10, cleared_at=NOON_S + 70),
    )

    row = transfers.of_attempt(floor.store, floor.tenant, 9)[0]
    assert (row.list_id, row.customer_id, row.code, row.outcome) == (3, 4, "06", "handed")
    day = {"since": NOON_MS - 1, "until": NOON_MS + 86_400_000}
    assert transfers.charged_ms(floor.store, floor.tenant, **day) == (1, 60_000)
    assert transfers.next_id(floor.store) == 3


def test_what_a_crash_cut_off_ends_at_the_last_moment_known(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    floor.write(called(answered_at=NOON_S + 10), called(2, cleared_at=NOON_S + 5, outcome="busy"))

    assert transfers.recover(floor.store) == 1

    rows = transfers.of_attempt(floor.store, floor.tenant, 9)
    assert [(row.outcome, row.cleared_at) for row in rows] == [
        ("lost", NOON_MS + 10_000),
        ("busy", NOON_MS + 5_000),
    ]


def test_the_inbox_keeps_what_rang_in_the_house_until_it_is_hidden(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    floor.write(called(), called(2, is_house=True), called(3, is_house=True, cleared_at=NOON_S + 9))

    def inbox() -> list[int]:
        return [row.id for row in transfers.inbox(floor.store, floor.tenant, since=NOON_MS)]

    assert inbox() == [3, 2]
    with pytest.raises(BadInput):
        transfers.hide(floor.store, floor.tenant, 2, at=NOON_MS)
    transfers.hide(floor.store, floor.tenant, 3, at=NOON_MS)
    assert inbox() == [2]
