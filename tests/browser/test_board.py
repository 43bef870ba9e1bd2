"""The live board in a manager's hands: a forecast before a knob is turned, others' hands, new lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Page, expect

from appliance.dialer.messages import Board
from appliance.store import lists, projects
from tests.browser.conftest import NewTab, Tab, log_in

pytestmark = pytest.mark.xdist_group("browser")


def set_project(tab: Tab, **values: object) -> None:
    """What the dialer says of the project from now on."""

    def changed(board: Board) -> Board:
        row = msgspec.structs.replace(board.projects[0], **values)
        return msgspec.structs.replace(board, projects=(row, *board.projects[1:]))

    tab.site.dialer.show(changed)


@pytest.fixture
def overdialling(manager: Tab) -> Iterator[Tab]:
    """The project dials in the mode whose forecast is made soonest."""
    floor = manager.site.floor
    projects.change(floor.store, floor.tenant_id, floor.project_id, mode="overdial", overdial=3)
    set_project(manager, mode="overdial", overdial=3)
    yield manager
    projects.change(floor.store, floor.tenant_id, floor.project_id, mode="adaptive", overdial=1)
    set_project(manager, mode="adaptive", overdial=3)


def open_board(tab: Tab) -> Page:
    page = tab.open(f"/board?project={tab.site.floor.project_id}")
    expect(page.locator("#knobs-bar [data-knob=overdial]")).to_be_visible()
    return page


def test_a_knob_says_what_it_would_do_before_it_is_turned(overdialling: Tab) -> None:
    page = open_board(overdialling)
    plus = page.locator("#knobs-bar [data-knob=overdial] [data-step='1']")
    told = page.locator("#what-if [data-what-if]")
    plus.hover()
    expect(told).to_have_text(re.compile(r"計算中|＋1"))
    expect(told).to_have_text(
        re.compile(r"^＋1：待ち [\d.]+→[\d.]+秒、放棄 [\d.]+→[\d.]+%（予測、誤差±[\d.]+%）$"), timeout=60_000
    )
    page.locator("#what-if").hover()
    expect(told).to_be_visible()
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    page.mouse.move(5, 500)
    page.locator("#knobs-bar [data-knob=overdial] [data-step='-1']").focus()
    expect(told).to_have_text(re.compile("^−1：待ち"), timeout=60_000)
    box = page.locator("#what-if").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1351
    assert overdialling.errors == []


def test_a_knob_turned_by_another_hand_is_told_with_the_name(overdialling: Tab, new_tab: NewTab) -> None:
    page = open_board(overdialling)
    other = new_tab()
    log_in(other)
    open_board(other).locator("#knobs-bar [data-knob=overdial] [data-step='1']").click()
    set_project(overdialling, overdial=4)
    expect(page.locator("#knob-answer")).to_have_text("管理 太郎さんが変更：追加発信 3→4")
    expect(page.locator("#knobs-bar [data-knob=overdial] output")).to_have_text("4")
    expect(page.locator("#knob-undo")).to_be_hidden()
    assert overdialling.errors == []


def test_over_the_abandon_target_a_step_up_is_refused_with_its_reason(overdialling: Tab) -> None:
    page = open_board(overdialling)
    set_project(overdialling, abandon_ratio_30min=0.041)
    expect(page.locator("[data-kpi=abandoned] .value")).to_have_text("4.1")
    page.locator("#knobs-bar [data-knob=overdial] [data-step='1']").click()
    expect(page.locator("#knob-answer")).to_contain_text("4.1%で目標の3.0%に達しています")
    set_project(overdialling, abandon_ratio_30min=0.021)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_list_made_while_the_board_is_open_gets_its_name(manager: Tab) -> None:
    page = manager.open("/board")
    expect(page.locator("#list-rows tr")).not_to_have_count(0)
    floor, dialer = manager.site.floor, manager.site.dialer
    list_id = lists.create(
        floor.store,
        floor.tenant_id,
        floor.project_id,
        name="あとから作った",
        at=int(floor.clock.wall() * 1000),
        headers=("電話番号",),
    )
    before = dialer.board
    dialer.show(
        lambda board: msgspec.structs.replace(
            board, lists=(*board.lists, msgspec.structs.replace(board.lists[0], list_id=list_id))
        )
    )
    expect(page.locator("#list-rows a", has_text="あとから作った")).to_be_visible()
    expect(page.locator(f"#list option[value='{list_id}']")).to_have_text("あとから作った")
    dialer.show(lambda _board: before)
    lists.trash(floor.store, floor.tenant_id, list_id, at=int(floor.clock.wall() * 1000))
    assert manager.errors == []
