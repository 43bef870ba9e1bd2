"""A supervisor at the board: listens, whispers, barges, answers calls for help, sends words; all logged."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from appliance.dialer.messages import AnswerHelp, EndListening, Listen, LogOutSeat, ShowMessage
from appliance.store import audit
from tests.browser.conftest import NewTab, Tab, log_in
from tests.browser.test_desk import set_seat

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def office(new_tab: NewTab) -> Iterator[Tab]:
    """A supervisor's browser; the board stands as before afterwards."""
    tab = new_tab()
    before = tab.site.dialer.board
    log_in(tab, "super")
    yield tab
    tab.site.dialer.show(lambda _board: before)


def asked(tab: Tab, kind: type) -> list[object]:
    return [body for body in tab.site.dialer.requests if isinstance(body, kind)]


def open_panel(page: Page, label: str) -> None:
    page.locator("[data-seat]", has_text=label).first.click()
    expect(page.locator("#panel")).to_be_visible()


def test_listening_goes_from_key_to_key_and_ends(office: Tab) -> None:
    page, site = office.open("/board"), office.site
    open_panel(page, "A-02")
    page.keyboard.press("1")
    expect(page.locator("#panel [data-answer]")).to_contain_text("監督電話の内線を先に登録してください")
    page.select_option("#telephone", "250")
    expect(page.locator("#panel [data-answer]")).to_have_text("監督電話を登録しました。")
    page.locator("#panel [data-shuts]").focus()
    for key, how, word in (("1", "listen", "聞く"), ("2", "whisper", "ささやく"), ("3", "barge", "割り込む")):
        page.keyboard.press(key)
        expect(page.locator("#panel [data-is=listeners]")).to_have_text(
            f"1名が聞いています：監督 花子（{word}）"
        )
        sent = asked(office, Listen)[-1]
        assert isinstance(sent, Listen)
        assert (sent.how, sent.extension, sent.user_name) == (how, "250", "監督 花子")
    expect(page.locator("#told-listening")).to_contain_text("通話に入っています")
    page.keyboard.press("4")
    expect(page.locator("#panel [data-is=listeners]")).to_have_text("")
    assert asked(office, EndListening)
    page.reload()
    open_panel(page, "A-02")
    expect(page.locator("#telephone")).to_have_value("250")
    actions = [row.action for row in audit.search(site.floor.store, site.floor.tenant_id, limit=10)]
    assert {"listen", "whisper", "barge", "listening ended", "supervisor's phone"} <= set(actions)
    assert office.errors == [
        "Failed to load resource: the server responded with a status of 400 (Bad Request)"
    ]


def test_opening_the_panel_answers_the_call_for_help(office: Tab) -> None:
    page = office.open("/lists")
    set_seat(office, "C-05", help_since_at=office.site.dialer.board.now_at)
    page.locator("#helps").click()
    expect(page.locator("#panel [data-is=help]")).to_have_text("監督 花子さんがヘルプに応じました。")
    assert isinstance(asked(office, AnswerHelp)[-1], AnswerHelp)
    expect(page.locator("#helps")).to_be_hidden()
    set_seat(office, "C-05", help_since_at=office.site.dialer.board.now_at, helper="")
    tile = page.locator("[data-seat]", has_text="C-05")
    expect(tile).to_have_class("seat s-alarm")
    expect(tile).to_have_attribute("aria-label", "C-05 ヘルプ 後処理 " + _name(office, "C-05"))
    page.locator("[data-state-filter=help]").click()
    expect(page.locator("[data-seat]")).to_have_count(1)


def _name(tab: Tab, label: str) -> str:
    return next(seat.user_name for seat in tab.site.dialer.board.seats if seat.label == label)


def test_words_and_log_outs_reach_the_dialer_with_their_reason(office: Tab) -> None:
    page = office.open("/board")
    open_panel(page, "B-01")
    page.fill("#message-text", "次の一件で休憩どうぞ")
    page.keyboard.press("Enter")
    expect(page.locator("#panel [data-answer]")).to_have_text("送りました。")
    assert asked(office, ShowMessage)[-1].text == "次の一件で休憩どうぞ"  # type: ignore[attr-defined]
    page.fill("#reason-text", "席の取り違え")
    page.get_by_role("button", name="通話のあとログアウト").click()
    expect(page.locator("#panel [data-answer]")).to_have_text("ログアウトを指示しました。")
    sent = asked(office, LogOutSeat)[-1]
    assert isinstance(sent, LogOutSeat)
    assert (sent.is_now, sent.reason) == (False, "席の取り違え")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert office.errors == []


def test_the_map_is_filtered_by_state_and_text_and_sorted(office: Tab) -> None:
    page = office.open("/board")
    expect(page.locator("[data-seat]")).to_have_count(100)
    page.locator("[data-state-filter=wrapup]").click()
    expect(page.locator("[data-seat]")).to_have_count(10)
    page.fill("#seat-search", "c-0")
    expect(page.locator("[data-seat]")).to_have_count(1)
    expect(page.locator("[data-state-filter=talking] b")).to_have_text("4")
    page.locator("[data-state-filter=wrapup]").click()
    page.fill("#seat-search", "")
    page.select_option("#seat-order", "state")
    expect(page.locator("[data-seat]").first).to_have_attribute("aria-label", re.compile("通話"))
