"""Projects and their codes: bounds, fixed codes, what still prevents calling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.store import lists, projects, result_codes
from appliance.store.models import Hours
from tests.store_help import NOON_MS, make_floor


def test_a_project_begins_with_six_fixed_codes_and_the_systems(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    codes = result_codes.every(floor.store, floor.tenant, floor.project)

    fixed = {code.name for code in codes if code.kind == "fixed"}
    system = [code.code for code in codes if code.kind == "system"]
    assert fixed == {"不通", "FAX", "現アナ", "見込", "再コール", "架電禁止"}
    assert system == ["90", "91", "92", "93", "94", "95", "96", "97", "98", "99", "9a"]
    calls_not_connects = [c for c in codes if c.name in ("不通", "FAX", "現アナ")]
    assert all(c.is_dials and not c.is_connect for c in calls_not_connects)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ratio", 0.9), ("ratio", 11), ("overdial", -1), ("abandon_target", 0.5), ("channel_share", 0),
        ("channel_share", 116), ("ring_timeout_s", 4), ("attempts_max", 100), ("mode", "turbo"),
        ("name", ""), ("colour", 1), ("interval_min_s", -1),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_refused_and_nothing_is_changed(
    tmp_path: Path, name: str, value: Any
) -> None:
    floor = make_floor(tmp_path)
    before = projects.get(floor.store, floor.tenant, floor.project)

    with pytest.raises(BadInput):
        projects.change(floor.store, floor.tenant, floor.project, apology="別の文", **{name: value})

    assert projects.get(floor.store, floor.tenant, floor.project) == before


def test_a_short_ring_is_allowed_with_a_warning(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    warnings = projects.change(floor.store, floor.tenant, floor.project, ring_timeout_s=12)

    assert any("15秒未満" in words for words in warnings)
    assert projects.dial_settings(floor.store)[0].ring_timeout_s == 12


def test_the_dialer_gets_the_project_whole(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    hours = (Hours(weekday=0, from_minute=540, to_minute=1440),)
    projects.change(
        floor.store, floor.tenant, floor.project, mode="ratio", ratio=2.5, interval_min_s=600, hours=hours
    )

    (found,) = projects.dial_settings(
        floor.store, prompts=frozenset({f"project-{floor.project}-apology", f"code-{floor.project}-01"})
    )

    assert (found.mode, found.ratio, found.interval_s, found.hours) == ("ratio", 2.5, 600.0, hours)
    assert found.main_caller == "0344305356"
    assert found.has_apology
    assert [code.code for code in found.codes if code.has_prompt] == ["01"]
    assert "91" not in [code.code for code in found.codes]


def test_hours_must_be_spans_of_a_day(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    for wrong in ((0, 600, 600), (7, 0, 60), (0, 0, 1441)):
        span = Hours(weekday=wrong[0], from_minute=wrong[1], to_minute=wrong[2])
        with pytest.raises(BadInput, match="時間帯"):
            projects.change(floor.store, floor.tenant, floor.project, hours=(span,))


def test_what_prevents_calling_is_named_until_nothing_does(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    bare = projects.create(floor.store, floor.tenant, name="新しい", at=NOON_MS)

    assert projects.obstacles(floor.store, floor.tenant, bare) == (
        "no_main_caller", "no_own_code", "no_list", "no_started_list",
    )  # fmt: skip

    list_id = floor.make_list(3)
    lists.set_state(floor.store, floor.tenant, list_id, "started")
    assert projects.obstacles(floor.store, floor.tenant, floor.project) == ()


def test_the_first_caller_number_is_main_and_there_is_only_one(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    second = projects.add_caller(floor.store, floor.tenant, floor.project, number="0120-444-444")

    assert projects.main_caller(floor.store, floor.project) == "0344305356"
    projects.set_main_caller(floor.store, floor.tenant, floor.project, second)

    assert [c.is_main for c in projects.callers(floor.store, floor.tenant, floor.project)] == [1, 0]
    assert projects.main_caller(floor.store, floor.project) == "0120444444"
    with pytest.raises(BadInput, match="数字以外"):
        projects.add_caller(floor.store, floor.tenant, floor.project, number="abc")


@pytest.mark.parametrize("code", ["00", "90", "9a", "1", "0x", "123"])
def test_own_codes_are_01_to_89(tmp_path: Path, code: str) -> None:
    floor = make_floor(tmp_path)

    with pytest.raises(BadInput, match="使えません"):
        result_codes.add(floor.store, floor.tenant, floor.project, code=code, name="別")


def test_fixed_and_system_codes_stay(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    where = (floor.store, floor.tenant, floor.project)

    with pytest.raises(BadInput):
        result_codes.change(*where, "06", name="別の名")
    with pytest.raises(BadInput):
        result_codes.change(*where, "96", is_sales=True)
    with pytest.raises(BadInput):
        result_codes.retire(*where, "06", at=1)

    result_codes.change(*where, "06", is_sales=True, sort=1)
    result_codes.retire(*where, "01", at=1)
    codes = {code.code: code for code in result_codes.every(*where)}
    assert codes["06"].is_sales
    assert "01" not in codes


def test_another_tenants_project_is_not_there(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    assert projects.get(floor.store, floor.tenant + 1, floor.project) is None
    with pytest.raises(BadInput, match="その案件はありません"):
        projects.change(floor.store, floor.tenant + 1, floor.project, ratio=2.0)


def test_what_the_pacing_learnt_outlives_a_restart(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    projects.remember(floor.store, floor.project, {"theta": 0.25, "laws": [1, 2]})

    assert projects.memories(floor.store) == {floor.project: {"theta": 0.25, "laws": [1, 2]}}
