"""座席配置 by mouse, keys and CSV, taken back; the map follows; what operators see of the floor; 転送電話."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from appliance.dialer.messages import AnswerTransfer, TransferBoard
from appliance.store import seats
from appliance.store.seats import Place
from tests.browser.conftest import Tab
from tests.browser.test_desk import operator

pytestmark = pytest.mark.xdist_group("browser")
__all__ = ["operator"]  # a fixture of theirs


@pytest.fixture
def editor(manager: Tab) -> Iterator[Tab]:
    """The editor; afterwards no seat has a place."""
    yield manager
    floor = manager.site.floor
    every = seats.every(floor.store)
    seats.arrange(floor.store, floor.tenant_id, [Place(seat.id, 1, 0, 0) for seat in every])


def cell(page: Page, x: int, y: int) -> str:
    return page.locator(f".layout-cell[data-x='{x}'][data-y='{y}']").inner_text().split("\n")[0]


def test_seats_are_moved_by_mouse_and_keys_and_taken_back(editor: Tab) -> None:
    page = editor.open("/layout")
    expect(page.locator("#layout-left")).to_have_text("100")
    page.get_by_role("button", name="座席順に並べる").click()
    expect(page.locator("#layout-answer")).to_have_text("保存しました。")
    assert [cell(page, 1, 1), cell(page, 10, 1), cell(page, 1, 2)] == ["A-01", "A-10", "B-01"]
    page.locator("[data-id]", has_text="A-10").drag_to(page.locator(".layout-cell[data-x='12'][data-y='1']"))
    expect(page.locator(".layout-cell[data-x='12'][data-y='1']")).to_contain_text("A-10")
    page.locator("[data-id]", has_text="A-10").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".layout-cell[data-x='11'][data-y='2']")).to_contain_text("A-10")
    expect(page.locator("[data-id]", has_text="A-10")).to_be_focused()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".layout-cell[data-x='12'][data-y='1']")).to_contain_text("A-10")
    expect(page.locator("#layout-answer")).to_have_text("取り消しました。")
    page.locator("[data-id]", has_text="A-09").focus()
    page.keyboard.press("PageDown")
    expect(page.locator("#layout-floor")).to_have_value("2")
    page.goto(editor.site.url + "/board")
    expect(page.locator("#floor")).to_be_visible()
    page.select_option("#floor", "2")
    expect(page.locator("[data-seat]")).to_have_count(1)
    page.select_option("#floor", "1")
    tile = page.locator("[data-seat]", has_text="A-10")
    expect(tile).to_have_css("grid-column-start", "12")
    page.locator("[data-seat]", has_text="A-08").focus()
    page.keyboard.press("ArrowRight")
    expect(tile).to_be_focused()
    assert editor.errors == []


def test_a_csv_is_taken_whole_or_not_at_all(editor: Tab, tmp_path: Path) -> None:
    page = editor.open("/layout")
    path = tmp_path / "seats.csv"
    path.write_text("seat,ext,x,y,floor\nA-01,201,1,1,1\nA-02,999,2,1,1\nZ-99,1,1,1\n", encoding="cp932")
    page.set_input_files("#layout-file", path)
    page.get_by_role("button", name="CSVを取り込む").click()
    expect(page.locator("#layout-problem")).to_contain_text("3行目：A-02の内線は202です。")
    expect(page.locator("#layout-problem")).to_contain_text("4行目：座席「Z-99」はありません。")
    expect(page.locator("#layout-left")).to_have_text("100")
    path.write_text("A-01,201,3,2\nA-02,202,3,2\n", encoding="utf-8")
    page.set_input_files("#layout-file", path)
    page.get_by_role("button", name="CSVを取り込む").click()
    expect(page.locator("#layout-problem")).to_contain_text("位置が重なります")
    path.write_text("A-01,201,3,2\nA-02,,4,2\n", encoding="utf-8")
    page.set_input_files("#layout-file", path)
    page.get_by_role("button", name="CSVを取り込む").click()
    expect(page.locator("#layout-answer")).to_have_text("2席の位置を取り込みました。")
    assert cell(page, 3, 2) == "A-01"
    page.get_by_role("button", name="取り消す").click()
    expect(page.locator("#layout-left")).to_have_text("100")


def test_an_operator_sees_the_floor_without_numbers_and_customers(operator: Tab) -> None:
    page = operator.open("/floor")
    expect(page.locator("[data-seat]")).to_have_count(100)
    expect(page.locator("[data-seat]", has_text="A-02")).to_contain_text("鈴木 花子")
    page.locator("[data-state-filter=talking]").click()
    expect(page.locator("[data-seat]").first).to_have_attribute("aria-label", re.compile("通話"))
    told = page.evaluate("import('/static/frame.js').then(({ live }) => JSON.stringify(live.view.floor))")
    assert "number" not in told
    assert "customer" not in told
    assert "listeners" not in told
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    assert operator.errors == []


def test_a_transfer_in_the_house_is_picked_up_from_the_inbox(operator: Tab) -> None:
    page, floor = operator.open("/transfers"), operator.site.floor
    expect(page.get_by_text("本日の転送電話はまだありません。")).to_be_visible()
    customer_id = floor.customer_ids[3]
    name = floor.store.value("SELECT name FROM customer WHERE id = ?", (customer_id,))
    number = str(floor.store.value("SELECT number FROM customer WHERE id = ?", (customer_id,)))
    row = TransferBoard(
        transfer_id=71, tenant_id=floor.tenant_id, from_seat_id=floor.seat_ids[1], from_name="鈴木 花子",
        to_seat_id=floor.seat_ids[3], to_extension="204", project_id=floor.project_id,
        list_id=floor.list_ids[0], customer_id=customer_id, attempt_id=901, number=number,
        since_at=operator.site.dialer.board.now_at, is_blind=True,
    )  # fmt: skip
    operator.site.dialer.show(lambda board: msgspec.structs.replace(board, transfers=(row,)))
    expect(page.locator("[data-screen=transfers] [data-count]")).to_have_text("1")
    expect(page.locator("[data-transfer='71']")).to_contain_text(str(name))
    expect(page.locator("[data-transfer='71']")).to_contain_text("お客様がお待ちです")
    page.get_by_role("button", name="応答").click()
    page.wait_for_load_state()
    sent = [body for body in operator.site.dialer.requests if isinstance(body, AnswerTransfer)]
    assert [body.transfer_id for body in sent] == [71]
    operator.site.dialer.show(lambda board: msgspec.structs.replace(board, transfers=()))
    expect(page.locator("[data-screen=transfers] [data-count]")).to_be_hidden()
    assert operator.errors == []
