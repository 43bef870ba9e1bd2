"""Everything is killed in mid-conversation: what was typed survives, and the page says the truth.

One floor for all of it: each test has a call of its own, and afterwards its entry is there, once.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.store import compare
from appliance.store.open import open_store
from tests.browser.real_floor import Person, RealFloor
from tests.simulation.phones_floor import OPERATOR_HZ

pytestmark = [
    pytest.mark.slow, pytest.mark.floor_work, pytest.mark.xdist_group("floor"), pytest.mark.timeout(600),
]  # fmt: skip

MEMO = "夕方の方がよい"


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFloor]:
    made = RealFloor(tmp_path_factory.mktemp("kills"))
    made.set_mode("preview")
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def person(floor: RealFloor, browser: Browser) -> Iterator[Person]:
    found = Person(floor, browser)
    found.sit_down()
    yield found
    found.context.close()


def typed(page: Page) -> None:
    page.fill("#memo", MEMO)
    expect(page.locator("#draft")).to_contain_text("下書き保存済み")


def ends_well(floor: RealFloor, person: Person, page: Page, attempt_id: int, code: str = "10") -> None:
    """The talk is ended and coded from the page; its entry is there once, with what was typed."""
    person.page = page
    expect(page.locator("#hang-up")).to_be_enabled()
    page.click("#hang-up")
    person.save(code)
    has_one_entry(floor, attempt_id, code)


def has_one_entry(floor: RealFloor, attempt_id: int, code: str) -> None:
    floor.until(lambda: [line.memo for line in floor.entries(attempt_id)] == [MEMO], "its entry, once")
    assert [line.code for line in floor.entries(attempt_id)] == [code]


def test_a_refreshed_page_and_a_killed_browser_cost_nothing(
    floor: RealFloor, person: Person, browser: Browser
) -> None:
    attempt_id, place, voice = person.call(floor.one_more_customer())
    floor.until_talk(place, voice)
    page = person.page
    typed(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#memo")).to_have_value(MEMO)
    floor.until_talk(place, voice)

    other = browser.browser_type.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    there = other.new_context(ignore_https_errors=True, storage_state=person.context.storage_state())
    killed = there.new_page()
    killed.goto(page.url)
    expect(killed.locator("#memo")).to_have_value(MEMO)
    told = other.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    os.kill(next(each["id"] for each in told if each["type"] == "browser"), signal.SIGKILL)
    floor.until_talk(place, voice)
    again = person.other_pc(browser)
    again.goto(page.url)
    expect(again.locator("#memo")).to_have_value(MEMO)
    expect(again.locator("#state [data-is=word]")).to_contain_text("通話")
    page.close()
    ends_well(floor, person, again, attempt_id)
    again.context.close()


def test_a_killed_web_process_is_missed_by_nobody_on_the_line(floor: RealFloor, person: Person) -> None:
    attempt_id, place, voice = person.call(floor.one_more_customer())
    page = person.page
    typed(page)
    with page.expect_response(lambda answer: answer.url.endswith("/events") and answer.ok):
        floor.kill("web")  # the page says live until it notices, and a key pressed meanwhile is nobody's
    floor.until_talk(place, voice)
    page.fill("#memo", MEMO + "。折り返し")  # typed while nobody listens
    page.fill("#memo", MEMO)
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    expect(page.locator("#state [data-is=word]")).to_contain_text("通話")
    expect(page.locator("#memo")).to_have_value(MEMO)
    floor.until_talk(place, voice)
    ends_well(floor, person, page, attempt_id)


def test_a_killed_audio_process_is_a_moment_of_silence(floor: RealFloor, person: Person) -> None:
    attempt_id, place, voice = person.call(floor.one_more_customer())
    page = person.page
    typed(page)
    floor.kill("audio")
    floor.until_hears(place, OPERATOR_HZ)
    before = len(floor.phones["operator"].heard())
    floor.until(lambda: len(floor.phones["operator"].heard()) > before + 8_000, "speech at the phone again")
    floor.until_talk(place, voice)
    expect(page.locator("#state [data-is=word]")).to_contain_text("通話")
    ends_well(floor, person, page, attempt_id)


def test_killed_phones_end_the_talk_and_the_page_says_so(floor: RealFloor, person: Person) -> None:
    attempt_id, place, _voice = person.call(floor.one_more_customer())
    page = person.page
    typed(page)
    floor.kill("phones")
    floor.until(lambda: floor.seat().state == "logged_out", "a seat whose leg nobody knows any more")
    floor.until(lambda: place not in floor.places(), "the customer's line is free")
    expect(page.locator("#state [data-is=word]")).to_contain_text("－")
    is_listed_once(floor, attempt_id)


def is_listed_once(floor: RealFloor, attempt_id: int) -> None:
    """Nobody coded it: one entry says so, and what was typed is in it, or still a draft."""
    floor.until(lambda: len(floor.entries(attempt_id)) == 1, "its entry, once")
    (entry,) = floor.entries(attempt_id)
    assert entry.code in ("", "98")
    draft = "SELECT count(*) FROM draft WHERE content LIKE '%' || ? || '%'"
    assert entry.memo == MEMO or floor.value(draft, MEMO)


def test_a_killed_dialer_drops_the_call_and_nothing_that_was_typed(floor: RealFloor, person: Person) -> None:
    attempt_id, place, _voice = person.call(floor.one_more_customer())
    page = person.page
    typed(page)
    floor.kill("dialer")
    floor.reconnect()
    floor.until(lambda: place not in floor.places(), "the customer's line is free")
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    shown = {"talking": "通話", "wrapup": "後処理", "logged_out": "－", "paused": "準備中", "waiting": "待機"}
    floor.until(lambda: floor.seat().state in shown, "a state that lasts")
    expect(page.locator("#state [data-is=word]")).to_contain_text(re.compile(shown[floor.seat().state]))
    if floor.seat().state != "wrapup":  # its handset went down meanwhile
        is_listed_once(floor, attempt_id)
        return
    expect(page.locator("#memo")).to_have_value(MEMO)
    person.save("10")
    has_one_entry(floor, attempt_id, "10")


def test_afterwards_every_count_agrees_with_its_rows(floor: RealFloor) -> None:
    store = open_store(floor.home)
    doubled = "SELECT attempt_id FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"
    assert store.tuples(doubled) == []
    assert compare.compare(store) == []
    store.close()
