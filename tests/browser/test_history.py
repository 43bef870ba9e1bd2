"""Search and history: one query in two views, chips, conditions, a link to a second of a recording."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewTab, Tab, log_in

pytestmark = pytest.mark.xdist_group("browser")


def all_entries(tab: Tab) -> str:
    """How many there are: other tests of the same floor write some, too."""
    floor = tab.site.floor
    count = floor.store.value("SELECT count(*) FROM history WHERE tenant_id = ?", (floor.tenant_id,))
    return f"{count}件"


def customers_with(tab: Tab, code: str) -> int:
    """How many customers have an entry of a code."""
    floor = tab.site.floor
    sql = "SELECT count(DISTINCT customer_id) FROM history WHERE tenant_id = ? AND code = ?"
    return int(floor.store.value(sql, (floor.tenant_id, code)))


def test_one_query_is_seen_as_entries_and_as_customers(manager: Tab) -> None:
    page = manager.open("/history")
    expect(page.locator("#results b").first).to_have_text(all_entries(manager))
    page.get_by_text("条件を追加").click()
    page.get_by_label("結果").select_option("01")
    page.get_by_role("button", name="検索", exact=True).click()
    count = page.locator("#results b").first.inner_text()
    assert count != all_entries(manager)
    page.get_by_role("link", name="顧客", exact=True).click()
    people = f"{customers_with(manager, '01')}件"
    expect(page.locator("#results b").first).to_have_text(people)
    expect(page.locator("#results thead th").first).to_have_text("ID")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_bytes().decode("utf-8-sig").splitlines()
    assert f"{len(lines) - 1}件" == people
    page.get_by_role("link", name="条件をクリア").first.click()
    expect(page.get_by_text("条件を選んで検索してください")).to_be_visible()
    assert manager.errors == []


def test_chips_narrow_and_widen_again(manager: Tab) -> None:
    page = manager.open("/history?project=1&list=1")
    of_list = page.locator("#results b").first.inner_text()
    expect(page.get_by_role("link", name="このリスト")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="この案件").click()
    expect(page.locator("#results b").first).to_have_text(all_entries(manager))
    assert of_list != all_entries(manager)
    page.get_by_role("link", name="24時間以内").click()
    expect(page).to_have_url(re.compile("recent=1"))
    expect(page.get_by_role("link", name="24時間以内")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="すべて", exact=True).click()
    expect(page.locator("#results b").first).to_have_text(all_entries(manager))


def test_a_column_of_the_project_is_a_condition(manager: Tab) -> None:
    page = manager.open("/history?view=customers")
    page.get_by_text("条件を追加").click()
    expect(page.get_by_text("案件を選ぶと、顧客項目でも探せます。")).to_be_visible()
    page.get_by_label("案件").select_option(label="光回線 秋")
    page.wait_for_url("**project=1**")
    page.get_by_text("条件を追加").click()
    page.locator("select[name=field]").select_option("住所")
    page.get_by_label("顧客項目の値").fill("見本町3-")
    page.get_by_role("button", name="検索", exact=True).click()
    shown = page.locator("#results tbody tr")
    expect(shown.first).to_be_visible()
    total = int(re.sub(r"\D", "", page.locator("#results b").first.inner_text()))
    assert 0 < total < 600
    expect(page.get_by_text(f"{total}件中 1〜")).to_be_visible()
    assert manager.errors == []


def test_a_link_opens_a_recording_at_its_second(manager: Tab) -> None:
    page = manager.open("/history?recorded=1")
    play = page.locator("[data-play]").first
    address = play.get_attribute("data-link") or ""
    page = manager.open(address + "#t=4")
    at = "document.querySelector('#player audio').currentTime"
    expect(page.locator("#player")).to_be_visible()
    page.wait_for_function(f"{at} >= 4")
    page.locator("#player [data-is=toggle]").focus()
    page.get_by_role("button", name="この位置のリンク").click()
    expect(page.locator("#player [data-is=told]")).to_contain_text(re.compile(r"リンクをコピー|#t=\d"))
    assert [line for line in manager.errors if "clipboard" not in line.lower()] == []


def test_an_operator_is_told_that_only_own_entries_are_shown(new_tab: NewTab) -> None:
    tab = new_tab()
    page = log_in(tab, "op1")
    page.goto(tab.site.url + "/history")
    expect(page.get_by_text("自分の対応のみ表示しています。")).to_be_visible()
    page.get_by_role("link", name="顧客", exact=True).click()
    own = tab.site.floor.store.value(
        "SELECT count(DISTINCT customer_id) FROM history WHERE user_id = ?", (tab.site.floor.operator_ids[0],)
    )
    expect(page.locator("#results b").first).to_have_text(f"{own}件")
    page.goto(tab.site.url + "/history?user=nobody")
    expect(page.locator("#results tbody tr", has_text="鈴木 花子")).to_have_count(0)
