"""The screens of the floor at work as their users meet them: axe, sizes, nothing that scrolls.

test_look.py looks at every page of a manager; here operators sit, menus and dialogs stand open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from appliance.dialer.messages import Listener, TransferBoard
from appliance.store import recalls
from tests.browser.conftest import NewTab, Site, Tab
from tests.browser.test_desk import operator, set_seat
from tests.browser.test_look import BAR_SPILLS, OVERFLOW, SMALL_TARGETS, SMALL_TEXT

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(600),
]  # whole walks, and axe at each stop
__all__ = ["operator"]  # a fixture of theirs

RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
OPERATORS = (
    "/call",
    "/call/search",
    "/recalls",
    "/recalls?box=past",
    "/transfers",
    "/floor",
    "/history",
    "/entries/new",
    "/report-history",
    "/reports/hourly",
    "/reports/days",
)
MANAGERS = (
    "/layout",
    "/recalls",
    "/call/search",
    "/entries/new",
    "/report-history",
    "/incoming",
)
UNSEEN_FOCUS = """() => { const one = document.activeElement, style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const isMarked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 ||
    style.boxShadow !== 'none' || one.matches('.skip, body');
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const isCovered = box.width > 1 && middle && !one.contains(middle) && !middle.contains(one) &&
    !middle.closest('label');
  return isMarked && !isCovered ? '' : one.outerHTML.slice(0, 100); }"""


def problems(page: Page, axe: Axe) -> list[str]:
    """Whatever a person would stumble over; nothing of this size may scroll."""
    wide, high = page.evaluate(OVERFLOW)
    found = [f"scrolls by {wide}x{high}"] if wide > 0 or high > 0 else []
    looks = {"small": SMALL_TARGETS, "tiny": SMALL_TEXT}
    if page.locator("header.bar").count():  # neither a wallboard nor a locked page has one
        looks["spilt"] = BAR_SPILLS
    for name, script in looks.items():
        found += [f"{name}: {one}" for one in page.evaluate(script)]
    told = axe.run(page, options={"runOnly": RULES}).response["violations"]
    return found + [f"{each['id']}: {node['html'][:140]}" for each in told for node in each["nodes"]]


def ready(page: Page) -> None:
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")


@pytest.fixture(scope="module")
def axe() -> Axe:
    return Axe()


@pytest.fixture
def busy_hour(site: Site) -> Iterator[None]:
    """A promise that is late, and a customer who rings in the inbox."""
    floor, now = site.floor, int(site.floor.clock.wall() * 1000)
    wished = recalls.wish(
        floor.store, floor.tenant_id, floor.customer_ids[-2], user_id=floor.operator_ids[0], at=now,
        attempt_id=99_002, due_at=now - 60_000, level="高", memo="奥様へ",
    )  # fmt: skip
    row = TransferBoard(
        transfer_id=72, tenant_id=floor.tenant_id, from_seat_id=floor.seat_ids[1], from_name="鈴木 花子",
        to_seat_id=floor.seat_ids[3], to_extension="204", project_id=floor.project_id,
        list_id=floor.list_ids[0], customer_id=floor.customer_ids[3], attempt_id=902, number="0312345678",
        since_at=floor.clock.wall(), is_blind=True,
    )  # fmt: skip
    site.dialer.show(lambda board: msgspec.structs.replace(board, transfers=(row,)))
    yield
    site.dialer.show(lambda board: msgspec.structs.replace(board, transfers=()))
    floor.store.run("DELETE FROM recall WHERE id = ?", (wished,))


@pytest.mark.usefixtures("busy_hour")
def test_an_operator_stumbles_over_nothing(operator: Tab, axe: Axe) -> None:
    found: dict[str, list[str]] = {}
    for path in OPERATORS:
        page = operator.open(path)
        ready(page)
        found[path] = problems(page, axe)
    assert {path: told for path, told in found.items() if told} == {}
    assert operator.errors == []


def test_what_opens_over_a_page_can_be_read_hit_and_left(operator: Tab, axe: Axe) -> None:
    page = operator.open("/call")
    ready(page)
    found: dict[str, list[str]] = {}
    for opener in ("#user-menu", "#break-menu summary"):
        page.click(opener)
        found[opener] = problems(page, axe)
        page.click(opener)
    page.click("#user-menu")
    page.click("#take-seat")
    expect(page.locator("#seat-dialog")).to_be_visible()
    found["#take-seat"] = problems(page, axe)
    page.keyboard.press("Escape")
    expect(page.locator("#seat-dialog")).to_be_hidden()
    page.keyboard.press("Control+/")
    expect(page.locator("dialog[open]")).to_be_visible()
    found["Ctrl+/"] = problems(page, axe)
    page.keyboard.press("Escape")
    heard = (Listener(7, "監督 花子", "barge", is_on=True),)
    told = {"message": "次で休憩どうぞ", "message_from": "監督 花子", "message_at": 6.0, "listeners": heard}
    set_seat(operator, "A-04", **told)
    expect(page.locator("#told-message")).to_be_visible()
    found["told"] = problems(page, axe)
    page.keyboard.press("Control+Shift+B")
    page.keyboard.press("Enter")
    expect(page.locator("#lock h1")).to_be_visible()
    found["locked"] = problems(page, axe)
    page.reload()
    expect(page.locator("#lock h1")).to_be_visible()
    found["locked page"] = problems(page, axe)
    assert {what: told for what, told in found.items() if told} == {}


@pytest.mark.usefixtures("busy_hour")
def test_a_supervisor_stumbles_over_nothing(manager: Tab, axe: Axe) -> None:
    found: dict[str, list[str]] = {}
    for path in MANAGERS:
        page = manager.open(path)
        ready(page)
        found[path] = problems(page, axe)
    page = manager.open("/board")
    ready(page)
    page.locator("[data-seat]", has_text="A-02").first.click()
    expect(page.locator("#panel")).to_be_visible()
    found["panel"] = problems(page, axe)
    assert {path: told for path, told in found.items() if told} == {}


def test_the_wallboard_and_a_dark_night_can_be_read(new_tab: NewTab, manager_cookies: Any, axe: Axe) -> None:
    tab = new_tab(viewport={"width": 1920, "height": 1080}, storage_state=manager_cookies)
    page = tab.open("/wall")
    expect(page.locator("[data-seat]")).to_have_count(100)
    found = {"/wall": problems(page, axe)}
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": tab.site.url}])
    page.set_viewport_size({"width": 1351, "height": 600})
    for path in ("/call", "/floor", "/layout", "/recalls", "/transfers", "/call/search", "/incoming"):
        tab.open(path)
        found[path] = problems(page, axe)
    assert {path: told for path, told in found.items() if told} == {}


@pytest.mark.parametrize(
    "path", ["/call", "/call/search", "/recalls", "/transfers", "/floor", "/entries/new"]
)
def test_the_keyboard_s_place_is_always_seen(operator: Tab, path: str) -> None:
    page = operator.open(path)
    ready(page)
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        unseen.append(page.evaluate(UNSEEN_FOCUS))
    assert [one for one in unseen if one] == []
