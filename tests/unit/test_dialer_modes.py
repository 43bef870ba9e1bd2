"""How many calls a mode allows, in arithmetic and on the floor, and why not more."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from appliance.dialer import inputs, outputs, why
from appliance.dialer.messages import Board, Limit, ProjectBoard
from appliance.dialer.modes import calls_allowed
from appliance.pri_card import trunk
from tests.unit.dialer_floor import Floor, all_of, customers, project


@pytest.mark.parametrize(
    ("changes", "waiting", "allowed"),
    [
        ({"mode": "progressive"}, 3, 3), ({"mode": "progressive"}, 0, 0),
        ({"mode": "overdial", "overdial": 2}, 3, 5), ({"mode": "overdial", "overdial": 2}, 0, 0),
        ({"mode": "overdial", "overdial": -4}, 3, 0),
        ({"mode": "ratio", "ratio": 1.5}, 3, 5), ({"mode": "ratio", "ratio": 1.5}, 1, 2),  # 4.5 and 1.5: up
        ({"mode": "ratio", "ratio": 1.4}, 1, 1), ({"mode": "ratio", "ratio": 2.5}, 0, 0),
        ({"mode": "preview"}, 5, 0),
    ],
)  # fmt: skip
def test_calls_by_mode(changes: dict[str, Any], waiting: int, allowed: int) -> None:
    assert calls_allowed(project(**changes), waiting) == allowed


def opened(floor: Floor) -> int:
    return len(all_of(outputs.OpenAttempt, floor.out))


def staffed(seats: int, **changes: Any) -> Floor:
    floor = Floor(seats=seats, **changes)
    for seat in range(1, seats + 1):
        floor.ready(seat)
    return floor


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({"mode": "progressive"}, 3), ({"mode": "overdial", "overdial": 4}, 7),
        ({"mode": "ratio", "ratio": 2.0}, 6), ({"mode": "preview"}, 0),
        ({"mode": "ratio", "ratio": 2.0, "channel_share": 5}, 5),
        ({"mode": "ratio", "ratio": 2.0, "channels": 4}, 4), ({"mode": "progressive", "offer": 2}, 2),
    ],
)  # fmt: skip
def test_calls_out_for_three_waiting_seats(changes: dict[str, Any], calls: int) -> None:
    assert opened(staffed(3, **changes)) == calls


def test_mode_and_numbers_change_while_running() -> None:
    floor = staffed(2)
    assert opened(floor) == 2
    floor.configure(mode="overdial", overdial=1)
    assert opened(floor) == 3
    floor.configure(mode="ratio", ratio=3.0)
    assert opened(floor) == 6
    floor.configure(channel_share=2, ratio=5.0)
    assert opened(floor) == 6


def test_a_freed_channel_dials_again_at_once() -> None:
    floor = staffed(2, channels=1)
    assert opened(floor) == 1
    floor.ring(1)
    assert len(all_of(outputs.OpenAttempt, floor.clear(1, cause=17))) == 1


def test_projects_share_scarce_channels() -> None:
    floor = Floor(seats=2, channels=1, offer=0)
    other = project(project_id=2, mode="progressive")
    lists = (inputs.ListSettings(1, 1, True, True), inputs.ListSettings(2, 2, True, True))
    floor.feed(inputs.Configure((floor.settings, other), lists, floor.seats))
    for list_id in (1, 2):
        floor.feed(inputs.ListChanged(list_id))
        floor.feed(inputs.Offered(list_id, customers(10, first=list_id * 100), True))
    floor.ready(1)
    floor.lift(2)
    floor.keys("2#4711#", 2)
    floor.feed(inputs.LoginChecked(2, 102, "操作者2", 1, (2,)))
    floor.keys("*", 2)
    for attempt_id in range(1, 5):
        floor.ring(attempt_id)
        floor.clear(attempt_id, cause=17)

    assert [opened.project_id for opened in all_of(outputs.OpenAttempt, floor.out)] == [1, 2, 1, 2, 1]


# --- why it is slow -----------------------------------------------------------------------------------


def board(floor: Floor) -> Board:
    return floor.machine.board(floor.now)


def reason(floor: Floor) -> tuple[Limit, dict[str, float]]:
    shown: ProjectBoard = board(floor).projects[0]
    return shown.reason.limit, shown.reason.figures


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"hours": ()}, "hours"),
        ({"main_caller": ""}, "caller"),
        ({"channels": 0}, "line"),
        ({}, "no_operators"),
    ],
)
def test_standing_reasons(changes: dict[str, Any], limit: str) -> None:
    assert reason(Floor(**changes))[0] == limit


def test_reasons_of_a_running_floor() -> None:
    assert reason(staffed(2))[0] == "mode"
    limit, figures = reason(staffed(3, mode="ratio", ratio=2.0, channels=4))
    assert (limit, figures["used"], figures["total"]) == ("channels", 4.0, 4.0)
    limit, figures = reason(staffed(3, mode="ratio", ratio=2.0, channel_share=5))
    assert (limit, figures["used"], figures["total"]) == ("channels", 5.0, 5.0)
    assert reason(staffed(3, offer=1))[0] == "customers"
    floor = staffed(1)
    floor.talk()
    assert reason(floor)[0] == "wrapup"
    floor.configure(is_started=False)
    assert reason(floor)[0] == "stopped"


def test_a_full_disk_stops_new_calls_and_nothing_else() -> None:
    floor = staffed(2, offer=9)
    for attempt_id in (1, 2):
        floor.feed(inputs.AttemptCommitted(attempt_id))
    floor.feed(inputs.DiskSpace(is_short=True))
    assert reason(floor)[0] == "disk"
    for attempt_id in (1, 2):
        assert not floor.machine.may_setup(attempt_id, floor.now), "not even what was written ahead"
        floor.feed(trunk.Withdrawn(attempt_id))
    assert all_of(outputs.OpenAttempt, floor.wait(20.0)) == []
    decided = floor.feed(inputs.DiskSpace(is_short=False))
    assert reason(floor)[0] != "disk"
    assert all_of(outputs.OpenAttempt, decided + floor.wait(20.0)) != []


def test_a_call_in_hand_goes_on_while_the_disk_is_full() -> None:
    floor = staffed(1, offer=3)
    floor.ring(1)
    floor.feed(inputs.DiskSpace(is_short=True))
    floor.answer(1)
    assert floor.seat().state == "talking"
    floor.configure(hours=())
    assert reason(floor)[0] == "hours", "what a person can change is said first"


def test_congestion_is_named_while_it_lasts() -> None:
    floor = staffed(1, offer=3)
    floor.ring(1)
    floor.feed(trunk.Congested(1, 42, 0.2))
    assert reason(floor)[0] == "congestion"
    floor.wait(30.0)
    assert reason(floor)[0] == "mode"


def seen(**changes: Any) -> why.Seen:
    usual = why.Seen(
        refusal=None, lists_started=1, spans_up=1, channels_total=23, channels_used=5, share=23, share_used=5,
        waiting=2, talking=3, wrapup=1, callable=10, is_exhausted=False, is_congested=False, wanted=1,
        placed=1, verdict="target", figures={"chance": 0.02},
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changes)


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, "target"),
        ({"verdict": "none"}, "none"),
        ({"verdict": "none", "waiting": 0}, "wrapup"),
        ({"verdict": "wrapup", "waiting": 0}, "wrapup"),
        ({"verdict": "channels", "channels_used": 23}, "channels"),
        ({"verdict": "customers", "callable": 0, "is_exhausted": True}, "customers"),
        ({"lists_started": 0}, "stopped"),
        ({"refusal": "hours", "lists_started": 0}, "hours"),
        ({"channels_total": 0, "spans_up": 0}, "line"),
        ({"waiting": 0, "talking": 0, "wrapup": 0}, "no_operators"),
    ],
)
def test_the_binding_limit(changes: dict[str, Any], limit: str) -> None:
    assert why.binding(seen(**changes)).limit == limit


def test_the_pacers_figures_reach_the_page() -> None:
    assert why.binding(seen()).figures["chance"] == 0.02
