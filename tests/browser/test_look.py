"""Every page as a person meets it: room at 1351x600, sizes of targets and letters, axe, the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from appliance.store import incoming_routes
from appliance.store.incoming_checks import Wanted
from appliance.store.routing import Choice, Tier, TierKind
from tests.browser import floor as floors
from tests.browser.conftest import NewTab, Tab
from tests.browser.floor import PASSWORD
from tests.browser.test_reports import speak
from tests.browser.test_walk import csv_with_dirt

pytestmark = pytest.mark.xdist_group("browser")

PAGES = (
    "/board",
    "/lists",
    "/lists/1",
    "/lists/1?tab=customers",
    "/lists/1?tab=duplicates",
    "/lists/1?tab=settings",
    "/lists/1/add",
    "/lists/new",
    "/exports/new?list=1",
    "/work",
    "/imports",
    "/imports/new",
    "/history",
    "/history?view=customers&list=1",
    "/history?project=1&talk_min=10&field=住所&field_text=見本町",
    "/customers/1",
    "/call",
    "/call/search",
    "/call/search?list=1&code=06",
    "/recalls?box=free",
    "/entries/new?number=佐藤",
    "/entries/new?list=1",
    "/entries/new?customer=3",
    "/report-history",
    "/reports/hourly",
    "/reports/hourly?tab=chart",
    "/reports/codes",
    "/reports/operators",
    "/reports/operator-codes",
    "/reports/days",
    "/reports/days?by=month",
    "/reports/abandoned",
    "/reports/rows?key=sales",
    "/blocked",
    "/projects",
    "/projects/1",
    "/users",
    "/users/1",
    "/users/new",
    "/users/4/sees",
    "/users/rights",
    "/security",
    "/incoming",
    "/incoming/new",
    "/monitors",
    "/device",
    "/account/password",
    "/account/second-factor",
    "/floor",
    "/layout",
    "/transfers",
    "/listenings",
    "/reports/breaks",
    "/audit",
    "/users/file",
)

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter(e => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && e.type !== 'hidden')
  .filter(e => !e.closest('.skip, .unseen, dialog:not([open])'))
  .filter(e => !(e.tagName === 'A' && getComputedStyle(e).display === 'inline'))
  .map(e => [e, e.closest('.choices label')?.getBoundingClientRect() ?? e.getBoundingClientRect()])
  .filter(([e, box]) => box.width > 0 && (box.width < 23.9 || box.height < 23.9))
  .map(([e, box]) => `${e.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""

SMALL_TEXT = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .filter(e => !['SCRIPT', 'STYLE', 'NOSCRIPT', 'OPTION'].includes(e.tagName))
  .filter(e => parseFloat(getComputedStyle(e).fontSize) < 13)
  .map(e => e.outerHTML.slice(0, 90))"""

OVERFLOW = """() => { const page = document.documentElement;
  return [page.scrollWidth - innerWidth, page.scrollHeight - innerHeight]; }"""


BAR_SPILLS = """() => { const bar = document.querySelector('header.bar').getBoundingClientRect();
  return [...document.querySelectorAll('header.bar > *, header.bar > .row > *')]
    .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0)
    .filter(([, box]) => box.top < bar.top || box.bottom > bar.bottom || box.right > innerWidth + 0.5)
    .map(([html]) => html); }"""


@pytest.fixture(scope="module")
def axe() -> Axe:
    return Axe()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_and_hit(manager: Tab, axe: Axe, path: str) -> None:
    page = manager.open(path)
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(OVERFLOW)[0] <= 0, "a page must not scroll sideways"
    assert page.evaluate(BAR_SPILLS) == []
    found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    serious = [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []
    assert manager.errors == []


FITTING = (
    "/board",
    "/reports/hourly",
    "/reports/hourly?tab=chart",
    "/imports/new",
    "/users/4",
    "/users/4/sees",
    "/users/rights",
    "/security",
    "/incoming",
    "/incoming/new",
    "/account/second-factor",
    "/layout",
    "/transfers",
    "/listenings",
    "/reports/breaks",
    "/audit",
    "/users/file",
)


@pytest.mark.parametrize("path", FITTING)
def test_what_must_fit_fits_without_scrolling(manager: Tab, path: str) -> None:
    page = manager.open(path)
    if path == "/board":
        expect(page.locator("[data-seat]")).to_have_count(100)
    assert page.evaluate(OVERFLOW) == [0, 0]
    for box in page.locator(".seat-box, .kpi-box").all():
        hidden = box.evaluate("e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]")
        assert hidden == [0, 0]


@pytest.mark.parametrize("kind", ["menu", "ring", "announce"])
def test_a_route_with_three_tiers_fits_without_scrolling(manager: Tab, kind: TierKind) -> None:
    store, tenant = manager.site.floor.store, manager.site.floor.tenant_id
    choices = tuple(Choice(digit=str(at), name=f"用件{at}", extensions=("201",)) for at in range(1, 6))
    tiers = tuple(
        Tier(
            place=place, kind=kind, text="お電話ありがとうございます。" * 3,
            extensions=("201", "202") if kind == "ring" else (), choices=choices if kind == "menu" else (),
        )
        for place in (1, 2, 3)
    )  # fmt: skip
    wanted = Wanted(name=f"三段の{kind}", called="0312349876", tiers=tiers)
    route = incoming_routes.save(store, tenant, wanted, at=1)
    try:
        page = manager.open(f"/incoming/{route}")
        assert page.evaluate(OVERFLOW) == [0, 0]
        assert page.evaluate(SMALL_TARGETS) == []
    finally:
        incoming_routes.remove(store, tenant, route)


def test_the_menu_of_a_manager_reaches_no_further_than_the_page(manager: Tab) -> None:
    page = manager.open("/board")
    page.click("#user-menu")
    bottom = page.evaluate("document.querySelector('details[open] > .sheet').getBoundingClientRect().bottom")
    assert bottom <= page.evaluate("innerHeight")
    assert page.get_by_role("button", name="ログアウト").is_visible()


def test_the_english_bar_holds_what_is_in_it(new_tab: NewTab, manager_cookies: Any) -> None:
    tab = new_tab(storage_state=manager_cookies)
    speak(tab, "en")
    try:
        for path in ("/board", "/reports/hourly", "/reports/days", "/history"):
            page = tab.open(path)
            assert page.evaluate(BAR_SPILLS) == []
            assert page.evaluate(OVERFLOW)[0] <= 0
    finally:
        speak(tab, "ja")


@pytest.mark.parametrize("seats", ["A-01", "A-01+A-05", "A-01+A-05+A-04+A-09"])
@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_the_monitor_fills_its_screen_and_no_more(
    new_tab: NewTab, manager_cookies: Any, size: tuple[int, int], seats: str
) -> None:
    tab = new_tab(viewport={"width": size[0], "height": size[1]}, storage_state=manager_cookies)
    page = tab.open(f"/seat/{seats}")
    expect(page.locator("[data-label=A-01] [data-is=name]")).not_to_have_text("")
    assert page.evaluate(OVERFLOW) == [0, 0]
    for memo in page.locator("[data-is=customer]:not([hidden]) [data-is=memo]").all():
        assert memo.evaluate(
            "e => e.getBoundingClientRect().bottom <= e.closest('.body').getBoundingClientRect().bottom"
        )
    assert tab.errors == []


def test_the_dark_page_is_as_readable(manager: Tab, axe: Axe) -> None:
    page = manager.open("/board")
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": manager.site.url}])
    for path in ("/board", "/lists", "/reports/hourly", "/projects/1"):
        manager.open(path)
        found = axe.run(page, options={"runOnly": ["color-contrast"]})
        assert [node["html"][:120] for v in found.response["violations"] for node in v["nodes"]] == []


def test_log_in_by_keyboard_alone(new_tab: NewTab) -> None:
    tab = new_tab()
    page = tab.open("/login")
    expect(page.locator("#login")).to_be_focused()
    page.keyboard.type("manager")
    page.keyboard.press("Tab")
    page.keyboard.type("違うパスワード")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("違います")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#entry")).to_be_focused()
    page.keyboard.type("demo")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/board")


def press_to(page: Page, name: str, *, presses_max: int = 60) -> None:
    """Tab until the element with this text or label has the focus."""
    for _ in range(presses_max):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.textContent"):
            return
    pytest.fail(f"the keyboard does not reach {name}")


def test_import_by_keyboard_alone(manager: Tab, tmp_path: Path) -> None:
    page = manager.open("/imports/new")
    page.set_input_files("#f-file", str(csv_with_dirt(tmp_path / "キーボード.csv", rows=40)))
    press_to(page, "次へ：列の対応")
    page.keyboard.press("Enter")
    page.wait_for_url("**/columns*")
    press_to(page, "次へ：確認")
    page.keyboard.press("Enter")
    expect(page.locator("#confirm")).to_be_visible()
    press_to(page, "件を取り込む")
    page.keyboard.press("Enter")
    expect(page.get_by_text("リストを開く")).to_be_visible()


def test_arrows_walk_the_seat_map_and_the_report(manager: Tab) -> None:
    page = manager.open("/board")
    page.locator("[data-seat]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("B-02")
    page = manager.open("/reports/hourly")
    page.get_by_role("button", name="発信数", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{floors.dials(manager.site.floor)}件中")).to_be_visible()


def test_one_column_remains_on_a_narrow_screen(new_tab: NewTab, manager_cookies: Any) -> None:
    tab = new_tab(viewport={"width": 700, "height": 900}, storage_state=manager_cookies)
    for path in ("/lists", "/projects/1", "/imports/new"):
        page = tab.open(path)
        assert page.locator("main").is_visible()
        assert page.evaluate(OVERFLOW)[0] <= 0
