"""装置 as a manager meets it: the sentence, the lamp, an alarm acknowledged, a channel cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from appliance.dialer.messages import ClearChannel
from appliance.monitoring.messages import Acknowledge, Locate
from appliance.monitoring.plugin import Status
from tests.browser import box
from tests.browser.conftest import NewTab, Site, Tab, log_in
from tests.browser.test_look import OVERFLOW, SMALL_TARGETS, SMALL_TEXT

pytestmark = pytest.mark.xdist_group("browser")

BROKEN = {"array": "md0", "working": "1", "wanted": "2", "failed": "sdb3"}


@pytest.fixture(autouse=True)
def well(site: Site) -> Iterator[None]:
    """Every test begins and ends with a box that is well."""
    site.monitor.show(lambda _: box.health(site.floor.clock.wall()))
    yield
    site.monitor.show(lambda _: box.health(site.floor.clock.wall()))


def break_mirror(site: Site) -> None:
    site.monitor.show(lambda now: box.raised(now, "mirror", Status.CRITICAL, "mirror_broken", BROKEN))


def test_a_well_box_says_so_in_one_sentence(manager: Tab) -> None:
    page = manager.open("/device")
    expect(page.locator("main .notice")).to_have_text("正常です。")
    assert page.locator("[data-card]").count() == 6
    expect(page.locator("[data-check=disk]")).to_contain_text(
        "空き 184.0 GB。 注意 1000 MB未満・警報 500 MB未満"
    )
    expect(page.locator("[data-check=panel]")).to_contain_text("この装置にはありません。")
    expect(page.locator("[data-check=loop]")).to_contain_text("毎秒")
    assert page.locator(".channels").first.locator("li").count() == 23
    assert page.locator("[data-card=lines] svg polyline").count() == 2, "a pause is not drawn through"
    expect(page.locator("#lamp")).to_have_attribute("data-weight", "ok")
    assert manager.errors == []


def test_an_alarm_lights_the_lamp_of_every_page_and_comes_up_by_itself(
    site: Site, new_tab: NewTab, manager_cookies: Any
) -> None:
    board = new_tab(storage_state=manager_cookies).open("/board")
    device = new_tab(storage_state=manager_cookies).open("/device")
    expect(board.locator("#lamp")).to_have_attribute("data-weight", "ok")
    break_mirror(site)
    expect(board.locator("#lamp")).to_have_attribute("data-weight", "bad")
    assert "ミラーの片方が外れています" in (board.locator("#lamp").get_attribute("title") or "")
    expect(device.locator("main .notice")).to_contain_text(
        "発信は続けられます。電源を切らずに", timeout=10_000
    )
    expect(device.get_by_role("row", name="ミラー（RAID 1）").first).to_contain_text("確認")


def test_an_alarm_is_acknowledged_by_name(site: Site, manager: Tab) -> None:
    break_mirror(site)
    page = manager.open("/device")
    page.get_by_role("button", name="確認", exact=True).click()
    page.get_by_label("メモ").fill("ディスク手配済み")
    page.get_by_role("button", name="確認する").click()
    expect(page.locator("main > .notice")).to_contain_text("警報を確認しました。")
    assert Acknowledge("mirror", "管理 太郎", "ディスク手配済み") in site.monitor.requests
    expect(page.locator("#device")).to_contain_text("✔ 管理 太郎")
    expect(page.locator("#device .notice")).to_contain_text("（確認済み）")
    expect(page.get_by_role("row", name="ディスク手配済み").first).to_be_visible()


def test_a_stuck_channel_can_be_cut_with_a_reason(site: Site, manager: Tab) -> None:
    site.monitor.show(lambda now: msgspec.structs.replace(now, stuck=("1/7",)))
    page = manager.open("/device")
    expect(page.locator(".c-stuck")).to_have_count(1)
    page.get_by_role("button", name="1/7を切断").click()
    page.locator("#cut-why-1-7").fill("終話しない")
    page.get_by_role("button", name="切断する").click()
    expect(page.locator("main > .notice")).to_contain_text("切断しました。")
    assert ClearChannel(span=1, channel=7) in site.dialer.requests


def test_the_box_is_found_by_its_lamps(site: Site, manager: Tab) -> None:
    fitted = {"key": "panel", "is_fitted": True}
    site.monitor.show(
        lambda now: msgspec.structs.replace(
            now,
            checks=tuple(
                msgspec.structs.replace(check, **fitted) if check.name == "panel" else check
                for check in now.checks
            ),
        )
    )
    page = manager.open("/device")
    page.get_by_role("button", name="LEDを点滅させて装置を探す").click()
    page.get_by_role("button", name="LEDの点滅を止める").click()
    off = page.get_by_role("button", name="LEDを点滅させて装置を探す")
    expect(off).to_be_visible(timeout=10_000)  # the monitor's word may come with the page's next look, in 5 s
    assert [body.is_on for body in site.monitor.requests if isinstance(body, Locate)] == [True, False]


def test_a_supervisor_may_look_and_not_cut(new_tab: NewTab, site: Site) -> None:
    site.monitor.show(lambda now: msgspec.structs.replace(now, stuck=("1/7",)))
    tab = new_tab()
    log_in(tab, "super")
    page = tab.open("/device")
    expect(page.locator(".c-stuck")).to_have_count(1)
    assert page.get_by_role("button", name="1/7を切断").count() == 0


@pytest.mark.parametrize("size", [(1351, 600), (1903, 950)])
def test_the_page_with_alarms_can_be_read_and_hit(
    new_tab: NewTab, manager_cookies: Any, site: Site, size: tuple[int, int]
) -> None:
    break_mirror(site)
    site.monitor.show(
        lambda now: box.raised(now, "phones", Status.WARNING, "phones_missing", {"missing": "A-03, A-11"})
    )
    tab = new_tab(viewport={"width": size[0], "height": size[1]}, storage_state=manager_cookies)
    page = tab.open("/device")
    expect(page.get_by_role("heading", name="警報 2")).to_be_visible()
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(OVERFLOW)[0] <= 0
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    serious = [
        node["html"][:120]
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []
    assert tab.errors == []


def test_the_page_speaks_english(new_tab: NewTab, site: Site) -> None:
    break_mirror(site)
    tab = new_tab()
    page = log_in(tab, "super")
    page.click("#user-menu")
    page.select_option("#set-language", "en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page = tab.open("/device")
    expect(page.locator("#device .notice")).to_contain_text("md0 is degraded: 1 of 2 disks, failed sdb3")
    expect(page.locator("#device .notice")).to_contain_text("call support")
    expect(page.locator("[data-check=disk]")).to_contain_text("warning under 1000 MB")
    page.click("#user-menu")
    page.select_option("#set-language", "ja")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
