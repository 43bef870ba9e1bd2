"""What forbids a call, when; local days and hours; deadlines."""

from __future__ import annotations

import datetime
import random
from zoneinfo import ZoneInfo

import pytest

from appliance.dialer import rules, wall
from appliance.dialer.inputs import Block, CallingHours, Customer, ListSettings
from appliance.dialer.rules import Blocks
from appliance.dialer.timers import Timers
from tests.unit.dialer_floor import MONDAY_9H, project

JST = 32_400.0
TODAY = 20261116


def refusal(
    customer: Customer, *, blocks: Blocks | None = None, last: float = 0.0, **changes: object
) -> str | None:
    return rules.customer_refusal(
        project(**changes), customer, blocks or Blocks(), at=MONDAY_9H, day=TODAY, last_called_at=last
    )


def blocked(*held: Block) -> Blocks:
    blocks = Blocks()
    blocks.add(held)
    return blocks


CUSTOMER = Customer(1, "0312345678", attempts=3)


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (Block(1, "0312345678", "forbid"), "9a"),
        (Block(1, "0312345678", "suspend", 1), "90"),
        (Block(1, "0312345678", "exclude"), "99"),
        (Block(1, "0312345678", "forbid", 2), None),  # another project
        (Block(2, "0312345678", "forbid"), None),  # another tenant
        (Block(1, "0312345679", "forbid"), None),
        (Block(1, "0312345678", "suspend", 0, TODAY, TODAY), "90"),
        (Block(1, "0312345678", "suspend", 0, TODAY + 1, 0), None),
        (Block(1, "0312345678", "suspend", 0, 0, TODAY - 1), None),
    ],
)
def test_blocks_by_tenant_project_number_and_day(held: Block, code: str | None) -> None:
    assert refusal(CUSTOMER, blocks=blocked(held)) == code


def test_the_gravest_block_counts_and_a_release_takes_back_its_own_kind() -> None:
    forbid, suspend = Block(1, "0312345678", "forbid"), Block(1, "0312345678", "suspend", 0, 1, 0)
    blocks = blocked(suspend, forbid, forbid)
    assert refusal(CUSTOMER, blocks=blocks) == "9a"
    blocks.release([forbid])
    assert refusal(CUSTOMER, blocks=blocks) == "90"
    blocks.release([Block(1, "0312345678", "suspend")])
    assert refusal(CUSTOMER, blocks=blocks) is None


@pytest.mark.parametrize(("most", "code"), [(0, None), (4, None), (3, "97"), (1, "97")])
def test_attempts_used_up(most: int, code: str | None) -> None:
    assert refusal(CUSTOMER, attempts_max=most) == code


@pytest.mark.parametrize(("ago", "code"), [(599.0, "95"), (600.0, None), (-60.0, "95")])
def test_the_interval_between_calls(ago: float, code: str | None) -> None:
    assert refusal(CUSTOMER, interval_s=600.0, last=MONDAY_9H - ago) == code


def test_a_number_never_called_has_no_interval() -> None:
    assert refusal(CUSTOMER, interval_s=600.0) is None


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, None),
        ({"is_active": False}, "stopped"),
        ({"main_caller": ""}, "caller"),
        ({"hours": ()}, "hours"),
        ({"hours": (CallingHours(0, 540, 541),)}, None),
        ({"hours": (CallingHours(0, 541, 1440),)}, "hours"),
        ({"hours": (CallingHours(0, 500, 540),)}, "hours"),
        ({"hours": (CallingHours(1, 0, 1440),)}, "hours"),
    ],
)
def test_what_holds_a_project_back(changes: dict[str, object], held: str | None) -> None:
    assert rules.project_refusal(project(**changes), MONDAY_9H, JST) == held


def test_hours_may_run_to_midnight() -> None:
    until_24 = (CallingHours(0, 1200, 1440),)
    assert rules.is_open(until_24, MONDAY_9H + 15 * 3600 - 1, JST)
    assert not rules.is_open(until_24, MONDAY_9H + 15 * 3600, JST)


@pytest.mark.parametrize(
    ("listed", "held"),
    [
        (None, "stopped"),
        (ListSettings(1, 1, True, True), None),
        (ListSettings(1, 1, False, True), "stopped"),
        (ListSettings(1, 1, True, False), "stopped"),
    ],
)
def test_what_holds_a_list_back(listed: ListSettings | None, held: str | None) -> None:
    assert rules.list_refusal(listed) == held


def test_local_time_agrees_with_the_calendar() -> None:
    rng = random.Random(7)
    zone = ZoneInfo("Asia/Tokyo")
    for _try in range(500):
        at = rng.uniform(0, 4_102_444_800.0)  # to 2100
        local = datetime.datetime.fromtimestamp(at, zone)
        offset = local.utcoffset()
        assert offset is not None
        seconds = offset.total_seconds()
        assert wall.day_of(at, seconds) == local.year * 10_000 + local.month * 100 + local.day
        assert wall.hour_of(at, seconds) == local.hour
        weekday, minute = wall.minute_of_week(at, seconds)
        assert (weekday, int(minute)) == (local.weekday(), local.hour * 60 + local.minute)


def test_deadlines_come_out_in_order_and_only_as_last_armed() -> None:
    timers = Timers()
    timers.arm("ring", 1, 5.0)
    timers.arm("ring", 2, 3.0)
    timers.arm("ring", 1, 2.0)
    timers.arm("window", 3, 1.0)
    timers.disarm("window", 3)

    assert timers.due() == 2.0
    assert timers.pop(1.9) is None
    assert [timers.pop(9.0), timers.pop(9.0), timers.pop(9.0)] == [("ring", 1), ("ring", 2), None]
    assert timers.due() is None
