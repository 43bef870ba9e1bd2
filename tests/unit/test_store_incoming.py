"""Who answers a call that came in: hours, holidays, numbers; and what a route may not be."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.store import holidays, incoming_routes, own_holidays, projects, seats, users
from appliance.store.incoming_checks import Wanted
from appliance.store.routing import Choice, Route, Tier, is_open, route
from tests.store_help import NOON_MS, Floor, make_floor

RING = Tier(place=1, kind="ring", extensions=("201",))

# The Cabinet Office's list (内閣府「国民の祝日について」).
OFFICIAL = {
    2024: "0101 0108 0211 0212 0223 0320 0429 0503 0504 0505 0506 0715 0811 0812 0916 0922 0923 1014"
    " 1103 1104 1123",
    2025: "0101 0113 0211 0223 0224 0320 0429 0503 0504 0505 0506 0721 0811 0915 0923 1013 1103 1123 1124",
    2026: "0101 0112 0211 0223 0320 0429 0503 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123",
    2027: "0101 0111 0211 0223 0321 0322 0429 0503 0504 0505 0719 0811 0920 0923 1011 1103 1123",
}  # fmt: skip


@pytest.mark.parametrize("year", OFFICIAL)
def test_the_national_holidays_are_the_official_ones(year: int) -> None:
    assert [f"{day % 10_000:04}" for day in holidays.national(year)] == OFFICIAL[year].split()


def test_nothing_is_known_of_years_outside() -> None:
    assert holidays.national(2021) == {} == holidays.national(2100)


def made(**values: Any) -> Route:
    given: dict[str, Any] = {
        "id": 1, "tenant_id": 1, "project_id": 0, "numbers": ("0344305356",), "weekdays": 0b0011111,
        "on_holidays": "closed", "from_minute": 540, "to_minute": 1080, "tiers": (RING,),
    }  # fmt: skip
    return Route(**(given | values))


# 2026-11-23 is a Monday and a holiday, 2026-11-24 a Tuesday, 2026-11-22 a Sunday.
@pytest.mark.parametrize(
    ("values", "at", "is_answered"),
    [
        ({}, "2026-11-24 09:00", True),
        ({}, "2026-11-24 08:59", False),
        ({}, "2026-11-24 17:59", True),
        ({}, "2026-11-24 18:00", False),
        ({}, "2026-11-22 12:00", False),
        ({}, "2026-11-23 12:00", False),
        ({"on_holidays": "same"}, "2026-11-23 12:00", True),
        ({"on_holidays": "also", "weekdays": 0}, "2026-11-23 12:00", True),
        ({"on_holidays": "also", "weekdays": 0}, "2026-11-24 12:00", False),
        ({"on_holidays": "only"}, "2026-11-23 12:00", True),
        ({"on_holidays": "only"}, "2026-11-24 12:00", False),
        ({"from_minute": 0, "to_minute": 1440}, "2026-11-24 23:59", True),
        # From Friday 22:00 to Saturday 6:00 (the 27th is a Friday).
        ({"from_minute": 1320, "to_minute": 360, "weekdays": 0b0010000}, "2026-11-27 22:00", True),
        ({"from_minute": 1320, "to_minute": 360, "weekdays": 0b0010000}, "2026-11-28 05:59", True),
        ({"from_minute": 1320, "to_minute": 360, "weekdays": 0b0010000}, "2026-11-28 06:00", False),
        ({"from_minute": 1320, "to_minute": 360, "weekdays": 0b0010000}, "2026-11-27 05:00", False),
        ({"from_minute": 1320, "to_minute": 360, "weekdays": 0b0010000}, "2026-11-28 22:00", False),
        # The night that began on a holiday is the holiday's.
        ({"from_minute": 1320, "to_minute": 360, "on_holidays": "only"}, "2026-11-24 01:00", True),
    ],
)
def test_hours_and_holidays(values: dict[str, Any], at: str, is_answered: bool) -> None:
    days = frozenset(holidays.national(2026))
    assert is_open(made(**values), datetime.fromisoformat(at), days) == is_answered


def test_the_first_that_fits_answers_and_a_whole_number_goes_first() -> None:
    at = datetime(2026, 11, 24, 12, 0)
    first = made(id=1, numbers=("0612345356",))
    second = made(id=2)
    third = made(id=3)
    every = (first, second, third)
    assert route("0344305356", at, every, {}) == second
    assert route("5356", at, every, {}) == first  # the last digits alone: by order
    assert route("356", at, every, {}) is None
    assert route("0399999999", at, every, {}) is None
    assert route("", at, every, {}) is None
    night = at.replace(hour=20)
    assert route("0344305356", night, every, {}) is None
    assert route("0344305356", at, (made(tenant_id=7),), {7: {20261124}, 1: set()}) is None
    assert route("0344305356", at, (made(tenant_id=7),), {1: {20261124}}) is not None


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    floor = make_floor(tmp_path)
    other = users.create_tenant(floor.store, entry_code="other", name="別", at=NOON_MS)
    for label, extension, tenant in (
        ("A-01", "201", floor.tenant),
        ("A-02", "202", None),
        ("B-01", "301", other),
    ):
        seats.create(floor.store, label=label, extension=extension, password="x" * 12, tenant_id=tenant)
    project = projects.create(floor.store, other, name="よそ", at=NOON_MS)
    projects.add_caller(floor.store, other, project, number="0312345678")
    return floor


def wanted(**values: Any) -> Wanted:
    given: dict[str, Any] = {"name": "折り返し", "tiers": (RING,)}
    return Wanted(**(given | values))


def test_a_route_comes_back_as_it_was_put(floor: Floor) -> None:
    tiers = (
        Tier(place=1, kind="menu", text="ご用件の番号を押してください。", choices=(
            Choice(digit="1", name="申込", extensions=("201", "202")), Choice(digit="2", tier=2),
        )),
        Tier(place=2, kind="ring", extensions=("202", "201"), ring_order="in_turn", ring_s=15),
        Tier(place=3, kind="announce", text="本日の受付は終了しました。"),
    )  # fmt: skip
    made_id = incoming_routes.save(
        floor.store, floor.tenant, wanted(called="03-4430-5356", tiers=tiers), at=NOON_MS
    )
    found = incoming_routes.get(floor.store, floor.tenant, made_id)
    assert found is not None
    assert (found.called, found.tiers) == ("0344305356", tiers)
    for_dialer = incoming_routes.routes(floor.store)
    assert [(one.numbers, one.tiers) for one in for_dialer] == [(("0344305356",), tiers)]
    assert incoming_routes.get(floor.store, floor.tenant + 1, made_id) is None

    shorter = wanted(name="短い", tiers=(RING,), is_enabled=False)
    incoming_routes.save(floor.store, floor.tenant, shorter, at=NOON_MS, route_id=made_id)
    assert [line.tiers for line in incoming_routes.every(floor.store, floor.tenant)] == [(RING,)]
    assert incoming_routes.routes(floor.store) == ()


def test_without_a_number_a_route_is_for_those_the_projects_show(floor: Floor) -> None:
    incoming_routes.save(floor.store, floor.tenant, wanted(), at=NOON_MS)
    assert [one.numbers for one in incoming_routes.routes(floor.store)] == [("0344305356",)]
    theirs = floor.store.value("SELECT id FROM project WHERE name = 'よそ'")
    projects.add_caller(floor.store, floor.tenant + 1, theirs, number="0344305356")
    assert [one.numbers for one in incoming_routes.routes(floor.store)] == [()]  # nobody's alone


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "名前"),
        ({"called": "abc"}, "着信番号"),
        ({"called": "0312345678"}, "登録できません"),  # another tenant's
        ({"project_id": 99}, "その案件"),
        ({"weekdays": 0}, "曜日が選ばれていません"),
        ({"from_minute": 600, "to_minute": 600}, "同じ時刻"),
        ({"to_minute": 1441}, "時刻"),
        ({"tiers": ()}, "受け方がありません"),
        ({"tiers": (Tier(place=1, kind="ring"),)}, "鳴らす内線"),
        ({"tiers": (Tier(place=1, kind="ring", extensions=("301",)),)}, "内線「301」"),
        ({"tiers": (Tier(place=1, kind="ring", extensions=("201",), ring_s=1),)}, "呼出時間"),
        ({"tiers": (Tier(place=1, kind="announce"),)}, "案内の文"),
        ({"tiers": (Tier(place=1, kind="announce", text="あ" * 301),)}, "301文字"),
        ({"tiers": (Tier(place=1, kind="menu", text="どうぞ"),)}, "メニューの番号"),
        (
            {
                "tiers": (
                    Tier(place=1, kind="menu", text="どうぞ", choices=(Choice(digit="1"), Choice(digit="1"))),
                )
            },
            "メニューの番号",
        ),
        (
            {"tiers": (Tier(place=1, kind="menu", text="どうぞ", choices=(Choice(digit="1", tier=3),)),)},
            "行き先",
        ),
        (
            {
                "tiers": (
                    Tier(
                        place=1, kind="menu", text="はい", choices=(Choice(digit="1", extensions=("301",)),)
                    ),
                )
            },
            "内線「301」",
        ),
    ],
)
def test_what_a_route_may_not_be(floor: Floor, values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        incoming_routes.save(floor.store, floor.tenant, wanted(**values), at=NOON_MS)
    assert incoming_routes.every(floor.store, floor.tenant) == []


def test_order_is_changed_and_routes_are_removed_within_the_tenant(floor: Floor) -> None:
    store, tenant = floor.store, floor.tenant
    ids = [incoming_routes.save(store, tenant, wanted(name=name), at=NOON_MS) for name in ("一", "二", "三")]
    incoming_routes.move(store, tenant, ids[2], is_up=True)
    incoming_routes.move(store, tenant, ids[0], is_up=True)
    assert [line.name for line in incoming_routes.every(store, tenant)] == ["一", "三", "二"]
    for verb in (
        lambda: incoming_routes.remove(store, tenant + 1, ids[0]),
        lambda: incoming_routes.move(store, tenant + 1, ids[0], is_up=False),
        lambda: incoming_routes.save(
            store,
            tenant + 1,
            wanted(tiers=(Tier(place=1, kind="announce", text="x"),)),
            at=1,
            route_id=ids[0],
        ),
    ):
        with pytest.raises(BadInput, match="その着信の設定はありません"):
            verb()
    incoming_routes.remove(store, tenant, ids[0])
    assert [line.name for line in incoming_routes.every(store, tenant)] == ["三", "二"]


def test_own_days_close_and_open(floor: Floor) -> None:
    store, tenant = floor.store, floor.tenant
    own_holidays.set_day(store, tenant, 20261230, name="年末休み", is_open=False)
    own_holidays.set_day(store, tenant, 20261123, name="祝日営業", is_open=True)
    closed = own_holidays.closed_days(store, year=2026)
    assert 20261230 in closed[tenant]
    assert 20261123 not in closed[tenant]
    assert {20261123, 20270101} <= closed[tenant + 1]
    assert 20261230 not in closed[tenant + 1]
    with pytest.raises(BadInput, match="日付"):
        own_holidays.set_day(store, tenant, 20261301, name="", is_open=False)
    assert own_holidays.remove_day(store, tenant, 20261230)
    assert not own_holidays.remove_day(store, tenant + 1, 20261123)
