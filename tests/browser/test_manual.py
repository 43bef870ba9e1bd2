"""手動発信 in an operator's hands: the keypad, a call, its memo and code, and the numbers of the day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from appliance.dialer.messages import DialNumber, EnterCode
from tests.browser.call_desk import Desk
from tests.browser.conftest import NewTab, Site, log_in

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def desk(site: Site) -> Iterator[Desk]:
    """The second operator sits, and waits."""
    before = site.dialer.board
    floor = site.floor
    with Desk(floor, site.dialer, place=95, user_id=floor.operator_ids[1], user_name="鈴木 花子") as found:
        found.sit()
        yield found
    site.dialer.show(lambda _board: before)


def test_a_number_is_keyed_called_noted_and_listed(new_tab: NewTab, site: Site, desk: Desk) -> None:
    tab = new_tab()
    log_in(tab, "op2")
    page = tab.open("/call/manual")
    for key in "0355550002":
        page.locator(f"[data-key='{key}']").click()
    expect(page.locator("#number")).to_have_value("0355550002")
    page.get_by_role("button", name="発信", exact=True).click()
    expect(page.locator("#state")).to_contain_text("呼出")
    expect(page.locator("#state")).to_contain_text("03-5555-0002")
    assert desk.asked(DialNumber)[-1].number == "0355550002"
    desk.talk()
    page.locator("#memo").fill("代表に確認")
    desk.part()
    page.locator("#code").select_option("01")
    page.locator("#keep").click()
    row = page.locator("#today tr", has_text="03-5555-0002")
    expect(row).to_contain_text("代表に確認")
    assert desk.asked(EnterCode)[-1].code == "01"
    page.locator("[data-clear]").click()
    row.get_by_role("button", name="番号を入れる").click()
    expect(page.locator("#number")).to_have_value("0355550002")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.errors == []


def test_what_is_refused_is_said_beside_the_number(new_tab: NewTab, site: Site, desk: Desk) -> None:
    tab = new_tab()
    log_in(tab, "op2")
    page = tab.open("/call/manual?number=0355550003")
    desk.refusal = "この番号は発信禁止に登録されているため、発信できません。"
    page.get_by_role("button", name="発信", exact=True).click()
    expect(page.locator("#problem")).to_contain_text("発信禁止に登録されている")
    desk.refusal = ""
