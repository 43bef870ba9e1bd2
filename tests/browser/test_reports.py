"""Reports in a manager's hands: quick days, kept views, files, the ledger, paper, tenants apart."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser import floor as floors
from tests.browser.conftest import NewTab, Tab, log_in

pytestmark = pytest.mark.xdist_group("browser")


JAPANESE = """() => [...document.querySelectorAll('th, button, summary, label, h1, h2, option')]
  .filter(e => e.checkVisibility() && !e.closest('[name=list]'))  // a list's name is the manager's own word
  .map(e => [...e.childNodes].filter(n => n.nodeName !== 'SELECT').map(n => n.textContent).join(''))
  .filter(t => /[ぁ-ん]/.test(t))"""


def choose(page: Page, name: str) -> None:
    page.click("#report-menu")
    page.get_by_role("link", name=name, exact=True).click()


def saved(page: Page, name: str) -> bytes:
    page.click("#files-menu")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return download.value.path().read_bytes()


def test_the_reports_share_their_bar_and_every_count_opens_its_rows(manager: Tab) -> None:
    page = manager.open("/reports/hourly")
    for name, head in (
        ("日別・月別", "日付"),
        ("リスト×結果", "リスト"),
        ("オペレーター×結果", "オペレーター"),
    ):
        choose(page, name)
        expect(page.locator("#report thead th").first).to_have_text(head)
        expect(page.get_by_role("link", name="今日")).to_have_attribute("aria-current", "true")
    row = page.locator("#report tbody tr", has_text="システム")
    count = int(row.locator("td a").first.inner_text())
    assert count > 0
    row.locator("td a").first.click()
    expect(page.locator("#results b").first).to_have_text(f"{count}件")
    assert manager.errors == []


def test_the_ledger_of_abandoned_calls_adds_up(manager: Tab) -> None:
    page = manager.open("/reports/hourly")
    figure = page.locator(".kpi-table tr", has_text="放棄呼数").locator("td").first.inner_text()
    choose(page, "放棄呼台帳")
    expect(page.locator("#report b").first).to_have_text(f"{figure}件")
    expect(page.locator("#report tbody tr")).to_have_count(int(figure))
    expect(page.locator("#report tbody tr").first).to_contain_text("96")


def test_a_view_is_kept_shared_opened_and_deleted(manager: Tab, new_tab: NewTab) -> None:
    page = manager.open("/reports/codes?period=week&project=1")
    page.click("#views-menu")
    page.get_by_label("いまの条件の名前").fill("今週の光回線")
    page.get_by_label("ほかの人にも見せる（共有）").check()
    page.get_by_role("button", name="ビューを保存").click()
    expect(page.get_by_text("ビューを保存しました。")).to_be_visible()
    other = new_tab()
    seen = log_in(other, "super")
    seen.goto(other.site.url + "/reports/hourly")
    seen.click("#views-menu")
    seen.get_by_role("link", name=re.compile("今週の光回線.*管理 太郎")).click()
    expect(seen).to_have_url(re.compile(r"/reports/codes\?.*period=week"))
    expect(seen.get_by_role("link", name="今週")).to_have_attribute("aria-current", "true")
    seen.click("#views-menu")
    expect(seen.get_by_role("button", name="削除")).to_have_count(0)
    stranger = new_tab()
    theirs = log_in(stranger, entry="other")
    theirs.goto(stranger.site.url + "/reports/hourly")
    theirs.click("#views-menu")
    expect(theirs.get_by_text("今週の光回線")).to_have_count(0)
    page.click("#views-menu")
    page.get_by_role("button", name="削除").click()
    expect(page.get_by_text("ビューを削除しました。")).to_be_visible()
    assert manager.errors == []


def test_files_are_a_workbook_with_its_formulas_and_csv(manager: Tab) -> None:
    page = manager.open("/reports/hourly")
    book = openpyxl.load_workbook(io.BytesIO(saved(page, "Excel（XLSX）")))
    assert book.sheetnames == ["時間帯別KPI", "注記"]
    assert book["時間帯別KPI"]["A4"].value == "発信数"
    assert book["時間帯別KPI"]["B4"].value == floors.dials(manager.site.floor)
    assert book["注記"].max_row == 23
    manager.open("/reports/operators")
    text = saved(page, "CSV（UTF-8）").decode("utf-8-sig")
    assert text.splitlines()[-1].endswith(",合計")
    manager.open("/reports/abandoned")
    assert "直近30分の放棄率" in saved(page, "CSV（CP932）").decode("cp932")


def test_the_hourly_report_prints_on_one_landscape_page(manager: Tab) -> None:
    page = manager.open("/reports/hourly")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    width, height = map(float, re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper)[0])
    assert (round(width), round(height)) == (842, 595), "A4 landscape in points"


def test_english_reports_are_english(new_tab: NewTab, manager_cookies: object) -> None:
    tab = new_tab(storage_state=manager_cookies)
    speak(tab, "en")
    try:
        for path in ("/reports/abandoned", "/reports/days", "/reports/operator-codes", "/history"):
            assert tab.open(path).evaluate(JAPANESE) == []
    finally:
        speak(tab, "ja")


def speak(tab: Tab, language: str) -> None:
    """Choose the page's language; it is the person's, so whoever changes it changes it back."""
    page = tab.open("/account/password")
    page.click("#user-menu")
    page.select_option("#set-language", language)
    expect(page.locator("html")).to_have_attribute("lang", language)
