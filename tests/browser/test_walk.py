"""A manager's morning: log in, import a dirty file, look, import, start, watch, read the report."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.dialer.messages import LogOutSeat, Reload
from appliance.store import lists, projects
from tests.browser import floor as floors
from tests.browser.conftest import NewTab, Tab, log_in

pytestmark = pytest.mark.xdist_group("browser")

DIRT = {10: "03-123-4567", 40: "", 80: "3.12E+09", 90: "03-1234-567X"}


def csv_with_dirt(path: Path, *, rows: int = 400) -> Path:
    """A CP932 list as customers send it: bad numbers, a lost 0, a duplicate, full-width digits."""
    rng = random.Random(1)
    lines = ["電話番号,氏名,フリガナ,住所,住所,契約プラン"]
    for at in range(rows):
        number = DIRT.get(at, f"044{rng.randrange(2_000_000, 9_999_999)}")
        if at in (100, 200):
            number = "０３−１２３４−５６７８"
        if at % 100 == 7:
            number = number[1:]
        lines.append(f"{number},髙﨑 {at},タカサキ,神奈川県川崎市,中原区{at},ライト")
    path.write_bytes("\r\n".join(lines).encode("cp932"))
    return path


def test_a_manager_walks_from_import_to_report(new_tab: NewTab, tmp_path: Path) -> None:
    tab = new_tab()
    page = log_in(tab)
    expect(page).to_have_url(tab.site.url + "/board")
    _import(tab, page, csv_with_dirt(tmp_path / "秋の名簿.csv"))
    _start(tab, page)
    _watch(tab, page)
    _report(tab, page)
    assert tab.errors == []


def _import(tab: Tab, page: Page, path: Path) -> None:
    page.click("nav >> text=リスト")
    page.click("text=CSVを取り込む")
    page.set_input_files("#f-file", str(path))
    page.click("text=次へ：列の対応")
    expect(page.locator("h2").first).to_contain_text("CP932")
    expect(page.get_by_text("「住所2」に変えます")).to_be_visible()
    page.click("text=次へ：確認")
    confirm = page.get_by_role("button", name="395件を取り込む")
    expect(confirm).to_be_visible()
    expect(page.get_by_text("指数表記です")).to_be_visible()
    expect(page.get_by_text("同じファイルの102行目と重複しています")).to_be_visible()
    assert (
        lists.by_name(tab.site.floor.store, tab.site.floor.tenant_id, tab.site.floor.project_id, "秋の名簿")
        is None
    )
    with page.expect_download() as download:
        page.click("text=エラー行をCSVで保存")
    rejected = download.value.path().read_bytes().decode("cp932")
    assert "3.12E+09" in rejected
    assert rejected.splitlines()[0].endswith(",理由")
    confirm.click()
    expect(page.get_by_text("リストを開く")).to_be_visible()
    page.click("text=リストを開く")
    expect(page.locator("h1")).to_have_text("秋の名簿")


def _start(tab: Tab, page: Page) -> None:
    page.get_by_role("button", name="開始").click()
    expect(page.get_by_text("発信を開始しました")).to_be_visible()
    assert Reload("lists") in tab.site.dialer.requests


def _watch(tab: Tab, page: Page) -> None:
    page.click("nav >> text=リアルタイム")
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    expect(page.locator("#reason-sentence")).to_contain_text("放棄率の目標（3.0%）")
    expect(page.locator("[data-kpi=answered] .value")).to_have_text("644")
    expect(page.locator("#list-rows tr")).to_have_count(2)
    expect(page.locator("[data-seat]")).to_have_count(100)
    expect(page.locator("#chart canvas")).to_be_visible()


def _report(tab: Tab, page: Page) -> None:
    page.click("nav >> text=レポート")
    page.wait_for_load_state("load")  # the page's modules answer clicks from here on
    expect(page.locator(".kpi-table tbody tr")).to_have_count(21)
    dials = page.locator(".kpi-table tr", has_text="発信数").first.locator("td").first
    count = floors.dials(tab.site.floor)
    expect(dials).to_have_text(str(count))
    page.get_by_role("button", name="成約率（通話比）").click()
    expect(page.locator("#formula")).to_contain_text("成約数 ÷ 通話数 × 100")
    page.locator("#formula").get_by_role("button", name="閉じる").click()
    dials.locator("a").click()
    expect(page.get_by_text(f"{count}件中 1〜50件")).to_be_visible()


def test_a_finished_import_is_undone(manager: Tab, tmp_path: Path) -> None:
    page = manager.open("/imports/new")
    page.set_input_files("#f-file", str(csv_with_dirt(tmp_path / "取り消す.csv", rows=60)))
    page.click("text=次へ：列の対応")
    page.click("text=次へ：確認")
    page.get_by_role("button", name="件を取り込む").click()
    page.get_by_role("button", name="取り込みを取り消す").click()
    page.locator("#undo").get_by_role("button", name="取り消す").click()
    expect(page.get_by_text("58件を取り消しました")).to_be_visible()


def test_a_knob_is_turned_in_place_and_taken_back(manager: Tab) -> None:
    floor, dialer = manager.site.floor, manager.site.dialer
    page = manager.open(f"/board?project={floor.project_id}")
    before = projects.get(floor.store, floor.tenant_id, floor.project_id)
    assert before is not None
    page.locator("#knobs-bar [data-knob=abandon_target] [data-step='1']").click()
    expect(page.locator("#knob-answer")).to_have_text("変更しました。")
    changed = projects.get(floor.store, floor.tenant_id, floor.project_id)
    assert changed is not None
    assert changed.abandon_target == pytest.approx(before.abandon_target + 0.005)
    assert Reload("projects") in dialer.requests
    page.click("#knob-undo")
    expect(page.locator("#knob-answer")).to_have_text("取り消しました。")
    assert projects.get(floor.store, floor.tenant_id, floor.project_id) == before


def test_a_seat_opens_beside_the_map_and_is_logged_out_with_a_reason(manager: Tab) -> None:
    page = manager.open("/board")
    tile = page.locator("[data-seat]").first
    tile.click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("A-01")
    expect(panel.locator("[data-recent] tr")).not_to_have_count(0)
    panel.get_by_label("強制ログアウトの理由").fill("席替え")
    panel.get_by_role("button", name="通話のあとログアウト").click()
    expect(panel.get_by_text("ログアウトを指示しました")).to_be_visible()
    seat_id = manager.site.floor.seat_ids[0]
    assert LogOutSeat(seat_id=seat_id, is_now=False, reason="席替え") in manager.site.dialer.requests
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(tile).to_be_focused()


def test_choosing_a_list_leaves_its_seats_alone(manager: Tab) -> None:
    floor = manager.site.floor
    page = manager.open(f"/board?project={floor.project_id}&list={floor.list_ids[0]}")
    expect(page.locator("#list-rows tr")).to_have_count(1)
    labels = {seat.label for seat in manager.site.dialer.board.seats if seat.list_id == floor.list_ids[0]}
    expect(page.locator("[data-seat]")).to_have_count(len(labels))


def test_a_recording_plays_and_is_saved_with_a_reason(manager: Tab) -> None:
    page = manager.open("/history?recorded=1")
    page.get_by_role("button", name="再生").first.click()
    expect(page.locator("#player [data-is=time]")).to_have_text(re.compile(r"^0:0[1-6] / 0:06$"))
    assert page.evaluate("document.querySelector('#player audio').duration") == pytest.approx(6.0, abs=0.1)
    page.get_by_role("button", name="保存").first.click()
    page.locator("#save").get_by_label("理由").fill("苦情の確認")
    with page.expect_download() as download:
        page.locator("#save").get_by_role("button", name="保存する").click()
    data = download.value.path().read_bytes()
    assert data[:4] == b"RIFF"
    assert len(data) == 44 + 6 * 8000 * 2 * 2
    assert manager.errors == []


def test_codes_are_permitted_to_be_called_again(manager: Tab) -> None:
    floor = manager.site.floor
    list_id = floor.list_ids[1]
    page = manager.open(f"/lists/{list_id}")
    page.locator("label", has_text="94 不在").locator("input").check()
    page.get_by_role("button", name="選んだ結果の再架電を許可").click()
    expect(page.get_by_text("再架電を許可しました")).to_be_visible()
    counts = {row.code: row for row in lists.code_counts(floor.store, floor.tenant_id, list_id)}
    assert counts["94"].callable == counts["94"].customers > 0


def test_a_number_is_blocked_found_and_released(manager: Tab) -> None:
    page = manager.open("/blocked")
    page.get_by_role("button", name="登録").first.click()
    page.get_by_label("電話番号（1行に1件").fill("03-5555-0001\n０３５５５５０００２")
    page.locator("#add").get_by_label("理由").fill("本人の申し出")
    page.get_by_role("button", name="登録する").click()
    page.get_by_role("searchbox").fill("0355550002")
    page.get_by_role("button", name="調べる").click()
    expect(page.get_by_role("status").filter(has_text="03-5555-0002 は発信禁止です")).to_be_visible()
    page.get_by_role("button", name="解除", exact=True).click()
    page.locator("dialog[open]").get_by_label("理由").fill("登録まちがい")
    page.get_by_role("button", name="解除する").click()
    expect(page.get_by_text("発信禁止を解除しました")).to_be_visible()


def test_a_supervisor_sees_but_may_not_turn(new_tab: NewTab) -> None:
    tab = new_tab()
    page = log_in(tab, "super")
    page.goto(f"{tab.site.url}/board?project={tab.site.floor.project_id}")
    expect(page.locator("#knobs-bar [data-knob=abandon_target] [data-step='1']")).to_be_disabled()
    page.goto(tab.site.url + "/lists")
    expect(page.get_by_text("MGRのみ").first).to_be_visible()
    expect(page.get_by_role("button", name="開始")).to_have_count(0)


def test_english_says_the_same_in_english(manager: Tab) -> None:
    page = manager.open("/board")
    page.click("#user-menu")
    page.select_option("#set-language", "en")
    expect(page.locator("nav")).to_contain_text("Live")
    expect(page.locator("#chip")).to_have_text("● Connected")
    expect(page.locator("#reason-sentence")).to_contain_text("Abandon target (3.0%)")
    page.click("#user-menu")
    page.select_option("#set-language", "ja")
    expect(page.locator("nav")).to_contain_text("リアルタイム")
    assert manager.errors == []
