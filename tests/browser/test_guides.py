"""The guides as the product offers them, and as they come out of the printer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.conftest import DESK, Tab
from tools.guides import print_pdf
from webui.app import PDF_POLICY

pytestmark = pytest.mark.xdist_group("browser")


def test_the_menu_offers_the_guide_of_each_side_and_the_keys(manager: Tab) -> None:
    for path, guide in (("/lists", "supervisor"), ("/recalls", "operator")):
        page = manager.open(path)
        page.locator("#user-menu").click()
        expect(page.get_by_role("link", name="操作ガイド")).to_have_attribute(
            "href", f"/static/guides/{guide}.pdf"
        )
        sheet = page.locator("details.menu[open] > .sheet")
        assert sheet.evaluate("(sheet) => sheet.getBoundingClientRect().bottom") < DESK["height"]
        links = [
            page.get_by_role("link", name=name).get_attribute("href") for name in ("操作ガイド", "キー早見表")
        ]
        for link in links:
            answer = page.request.get(f"{manager.site.url}{link}")
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.headers["content-security-policy"] == PDF_POLICY
            assert answer.body().startswith(b"%PDF")


RUNS_OVER = """() => [...document.querySelectorAll(".page, .page *")].filter((one) =>
  one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1).map((one) =>
  one.outerHTML.slice(0, 80))"""
PAPER: ViewportSize = {"width": 718, "height": 1054}  # 190 mm


@pytest.mark.parametrize("name", sorted(print_pdf.SHEETS))
def test_nothing_runs_over_its_column(browser: Browser, name: str) -> None:
    page = browser.new_page(viewport=PAPER)
    page.emulate_media(media="print")
    page.goto((print_pdf.SOURCES / f"{name}.html").as_uri())
    page.evaluate("document.fonts.ready")
    assert page.evaluate(RUNS_OVER) == []
    page.close()


@pytest.mark.parametrize("name", sorted(print_pdf.SHEETS))
def test_a_guide_prints_on_the_sheets_it_promises(browser: Browser, name: str) -> None:
    assert print_pdf.sheets(print_pdf.printed(browser, name)) == print_pdf.SHEETS[name]
