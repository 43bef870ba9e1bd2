"""One change to many lists, all or none, and the way back within ten seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.store import lists, lists_bulk
from appliance.store.lists_bulk import Change, Done
from tests.store_help import NOON_MS, Floor, make_floor


def states(floor: Floor) -> list[tuple[str, int, str]]:
    return [(line.state, line.is_enabled, line.label) for line in lists.table(floor.store, floor.tenant)]


def changed(floor: Floor, ids: tuple[int, ...], what: Change, **more: str) -> Done:
    return lists_bulk.change(floor.store, floor.tenant, ids, what, user_id=floor.manager, at=NOON_MS, **more)


@pytest.mark.parametrize("what", ["started", "paused", "stopped", "enable", "disable", "label", "delete"])
def test_every_change_is_taken_back(tmp_path: Path, what: Change) -> None:
    floor = make_floor(tmp_path)
    ids = tuple(floor.make_list(1, name=name) for name in ("秋", "冬"))
    lists.set_state(floor.store, floor.tenant, ids[0], "started")
    lists.rename(floor.store, floor.tenant, ids[1], name="冬", label="旧")
    before = states(floor)

    done = changed(floor, ids, what, label="新")
    assert states(floor) != before or what == "enable"
    assert lists_bulk.last(floor.store, floor.tenant, floor.manager, at=NOON_MS + 9_000) == done

    assert lists_bulk.undo(floor.store, floor.tenant, floor.manager, at=NOON_MS + 9_000) == 2
    assert states(floor) == before
    with pytest.raises(BadInput, match="時間を過ぎました"):
        lists_bulk.undo(floor.store, floor.tenant, floor.manager, at=NOON_MS + 9_500)


def test_after_ten_seconds_it_is_too_late(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    changed(floor, (list_id,), "started")

    assert lists_bulk.last(floor.store, floor.tenant, floor.manager, at=NOON_MS + 10_000) is None
    with pytest.raises(BadInput, match="時間を過ぎました"):
        lists_bulk.undo(floor.store, floor.tenant, floor.manager, at=NOON_MS + 15_001)
    assert states(floor) == [("started", 1, "")]


def test_disabled_lists_are_passed_over_and_counted(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    first, second = floor.make_list(1), floor.make_list(1, name="冬")
    lists.set_enabled(floor.store, floor.tenant, second, is_enabled=False)

    done = changed(floor, (first, second), "started")

    assert (len(done.before), done.skipped) == (1, 1)
    assert states(floor) == [("started", 1, ""), ("stopped", 0, "")]
    with pytest.raises(BadInput, match="無効なリスト"):
        changed(floor, (second,), "started")


def test_another_persons_and_another_tenants_changes_are_out_of_reach(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)
    changed(floor, (list_id,), "started")

    with pytest.raises(BadInput):
        lists_bulk.undo(floor.store, floor.tenant, floor.operator, at=NOON_MS)
    with pytest.raises(BadInput, match="そのリストはありません"):
        lists_bulk.change(floor.store, floor.tenant + 1, (list_id,), "stopped", user_id=1, at=NOON_MS)
    with pytest.raises(BadInput, match="選ばれていません"):
        changed(floor, (), "stopped")


def test_one_that_is_gone_stops_all(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(1)

    with pytest.raises(BadInput, match="そのリストはありません"):
        changed(floor, (list_id, list_id + 7), "started")
    assert states(floor) == [("stopped", 1, "")]
