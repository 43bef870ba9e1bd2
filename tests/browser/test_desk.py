"""On every page: a break that locks it, calling for help, and what a supervisor tells the operator."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Page, expect

from appliance.dialer.messages import Board, CallForHelp, EndBreak, Listener, StartBreak
from tests.browser.conftest import DESK, NewTab, Tab, log_in
from tests.browser.floor import PASSWORD

pytestmark = pytest.mark.xdist_group("browser")


def seat_of(tab: Tab, user_id: int) -> str:
    return next(seat.label for seat in tab.site.dialer.board.seats if seat.user_id == user_id)


def set_seat(tab: Tab, label: str, **values: object) -> None:
    """What the dialer says of a seat from now on."""

    def changed(board: Board) -> Board:
        seats = (
            msgspec.structs.replace(seat, **values) if seat.label == label else seat for seat in board.seats
        )
        return msgspec.structs.replace(board, seats=tuple(seats))

    tab.site.dialer.show(changed)


@pytest.fixture
def operator(new_tab: NewTab) -> Iterator[Tab]:
    """The first operator, alone at the seat A-04, which waits."""
    tab = new_tab()
    before, floor = tab.site.dialer.board, tab.site.floor
    user_id = floor.operator_ids[0]
    seats = tuple(
        msgspec.structs.replace(seat, user_id=0, state="logged_out") if seat.user_id == user_id else seat
        for seat in before.seats
    )
    tab.site.dialer.show(lambda board: msgspec.structs.replace(board, seats=seats))
    set_seat(tab, "A-04", user_id=user_id, user_name="佐藤 太郎", state="waiting", tenant_id=floor.tenant_id)
    log_in(tab, "op1")
    yield tab
    tab.site.dialer.show(lambda _board: before)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_break_locks_every_page_until_the_password_is_given(operator: Tab) -> None:
    page = operator.open("/history")
    expect(page.locator("#my-seat")).to_contain_text("A-04 内線204")
    other = page.context.new_page()
    other.goto(operator.site.url + "/reports/hourly")
    page.keyboard.press("Control+Shift+B")
    expect(page.locator("#break-menu button", has_text="休憩").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#lock h1")).to_have_text("休憩中")
    expect(other.locator("#lock h1")).to_have_text("休憩中")
    expect(page.locator("#main")).to_be_hidden()
    assert any(
        isinstance(body, StartBreak) and body.reason == "break" for body in operator.site.dialer.requests
    )
    answer = page.request.get(operator.site.url + "/history", headers={"Accept": "application/json"})
    assert answer.status == 423
    page.reload()
    expect(page.locator("#lock h1")).to_have_text("休憩中")
    assert "<table" not in page.content()
    page.fill("#lock-password", "まちがい")
    page.click("#lock button.primary")
    expect(page.locator("[data-lock-problem]")).to_have_text("パスワードが違います。")
    other.fill("#lock-password", PASSWORD)
    other.keyboard.press("Enter")
    expect(other.locator("#lock")).to_have_count(0)
    expect(other.locator("main#main")).to_be_visible()
    expect(page.locator("main#main")).to_be_visible()
    assert isinstance(operator.site.dialer.requests[-1], EndBreak)


def test_a_break_waits_for_the_call_and_keeps_what_was_typed(operator: Tab) -> None:
    set_seat(operator, "A-04", state="talking")
    page = operator.open("/history")
    page.get_by_role("searchbox").first.fill("書きかけ")
    page.locator("#break-menu summary").click()
    page.get_by_role("button", name="離席", exact=False).nth(0).click()
    expect(page.locator("#told-wish")).to_have_text("この通話のあと「離席」に入ります。")
    expect(page.locator("#lock")).to_have_count(0)
    set_seat(operator, "A-04", state="break", break_wanted="", break_reason="away")
    expect(page.locator("#lock h1")).to_have_text("離席中")
    page.fill("#lock-password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#lock")).to_have_count(0)
    expect(page.get_by_role("searchbox").first).to_have_value("書きかけ")


def test_a_break_begun_at_the_phone_locks_the_page_too(operator: Tab) -> None:
    page = operator.open("/history")
    expect(page.locator("#my-seat")).to_contain_text("A-04 内線204")
    set_seat(operator, "A-04", state="break", break_reason="break", since_at=time.time())
    expect(page.locator("#lock h1")).to_have_text("休憩中")
    answer = page.request.get(operator.site.url + "/history", headers={"Accept": "application/json"})
    assert answer.status == 423
    set_seat(operator, "A-04", state="paused", break_reason="", since_at=time.time())
    expect(page.locator("#lock")).to_have_count(0)  # the PIN was keyed there
    set_seat(operator, "A-04", state="break", break_reason="break", since_at=time.time())
    expect(page.locator("#lock h1")).to_have_text("休憩中")
    page.fill("#lock-password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#lock")).to_have_count(0)
    assert isinstance(operator.site.dialer.requests[-1], EndBreak)


def test_help_is_called_by_key_and_the_supervisor_hears_it_once(operator: Tab, new_tab: NewTab) -> None:
    office = new_tab()
    log_in(office, "super")
    board = office.page
    expect(board.locator("#helps")).to_be_hidden()
    page = operator.page
    expect(page.locator("#help")).to_be_enabled()
    page.keyboard.press("Control+Shift+U")
    expect(page.locator("#help")).to_have_text("！ ヘルプ呼出中")
    expect(board.locator("#helps")).to_have_text("！ ヘルプ 1名")
    expect(board.locator("body")).to_have_attribute("data-rang", "1")
    assert any(isinstance(body, CallForHelp) for body in operator.site.dialer.requests)
    page.click("#help")
    expect(board.locator("#helps")).to_be_hidden()
    assert fits(board)
    assert operator.errors == []
    assert office.errors == []


def test_the_operator_reads_who_whispers_and_never_who_listens(operator: Tab) -> None:
    page = operator.open("/history")
    heard = (
        Listener(7, "監督 花子", "whisper", is_on=True),
        Listener(8, "管理 太郎", "listen", is_on=True),
    )
    set_seat(
        operator, "A-04", listeners=heard, message="次で休憩どうぞ", message_from="監督 花子", message_at=5.0
    )
    expect(page.locator("#told-listeners")).to_have_text(
        "監督 花子さんがささやいています（お客様には聞こえません）。"
    )
    expect(page.locator("#told-message")).to_contain_text("監督 花子：次で休憩どうぞ")
    told = page.evaluate("import('/static/frame.js').then(({ live }) => JSON.stringify(live.view))")
    assert "管理 太郎" not in told
    page.locator("#told-message button").click()
    page.reload()
    expect(page.locator("#told-listeners")).to_be_visible()
    expect(page.locator("#told-message")).to_have_count(0)
    assert page.viewport_size == DESK
