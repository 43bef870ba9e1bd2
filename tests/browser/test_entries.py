"""An entry without a call, from the bar of any page to the customer's timeline."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab

pytestmark = pytest.mark.xdist_group("browser")


def test_a_new_customer_gets_an_entry_from_any_page(manager: Tab) -> None:
    page = manager.open("/blocked")
    page.get_by_role("link", name="新規履歴").click()
    page.get_by_role("searchbox").fill("０３－９９９９－８８８８")
    page.get_by_role("button", name="検索").click()
    expect(page.get_by_text("この番号の顧客はいません。")).to_be_visible()
    page.get_by_role("button", name="新しい顧客を入力").click()
    expect(page.get_by_label("電話番号")).to_have_value("０３－９９９９－８８８８")
    page.get_by_label("氏名").fill("窓口 来子")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_have_text("窓口 来子")
    page.get_by_label("結果").select_option("10")
    page.get_by_label("再架電日時").fill("明日 10:30")
    page.get_by_label("メモ").fill("店頭で資料を希望")
    page.keyboard.press("Control+Enter")
    row = page.locator("table[data-rows] tbody tr").first
    expect(row).to_contain_text("追記")
    expect(row).to_contain_text("店頭で資料を希望")
    expect(row).to_contain_text("↻")
    assert manager.errors == []
