"""What moves by itself: seats within a second, the monitor, its privacy, and a connection that goes stale."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from appliance.dialer.messages import Board, SeatBoard, SeatChanged
from appliance.store import projects, recordings, screens
from tests.browser.conftest import NewTab, Tab, log_in
from tests.crowd import crowd

pytestmark = pytest.mark.xdist_group("browser")


def change(tab: Tab, label: str, **values: object) -> SeatBoard:
    """Move one seat on: at once by an event, and in every board from now on."""
    before = next(seat for seat in tab.site.dialer.board.seats if seat.label == label)
    after = msgspec.structs.replace(before, **values)

    def replaced(board: Board) -> Board:
        seats = tuple(after if seat.label == label else seat for seat in board.seats)
        return msgspec.structs.replace(board, seats=seats)

    tab.site.dialer.board = replaced(tab.site.dialer.board)
    tab.site.dialer.say(SeatChanged(9, after.since_at, after))
    return before


def test_a_seat_that_changes_is_on_the_board_within_a_second(manager: Tab) -> None:
    page = manager.open("/board")
    tile = page.locator("[data-seat]", has_text="C-03")
    expect(tile).to_have_class("seat s-talking")
    before = change(manager, "C-03", state="waiting", since_at=manager.site.dialer.board.now_at)
    expect(tile).to_have_attribute("aria-label", "C-03 待機 " + before.user_name, timeout=1000 * crowd())
    change(manager, "C-03", state=before.state, since_at=before.since_at)


def test_many_tabs_of_a_browser_share_one_stream(manager: Tab) -> None:
    first = manager.open("/board")
    expect(first.locator("#chip")).to_have_attribute("data-state", "live")
    asked: list[str] = []
    others = []
    for _ in range(3):
        page = first.context.new_page()
        page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
        page.goto(manager.site.url + "/board")
        others.append(page)
    for page in others:
        expect(page.locator("[data-seat]")).to_have_count(100)
        expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    assert asked == []
    first.close()
    expect(others[-1].locator("#chip")).to_have_attribute("data-state", "live")
    others[0].wait_for_timeout(0)
    assert len(asked) <= 1


def fast_forward(page: Page, seconds: int) -> None:
    page.clock.run_for(seconds * 1000)


def test_a_dialer_that_falls_silent_is_shown_and_numbers_are_dimmed(manager: Tab) -> None:
    tab, page = manager, manager.page
    page.clock.install()
    tab.open(f"/board?project={tab.site.floor.project_id}")
    chip = page.locator("#chip")
    fast_forward(page, 1)
    expect(chip).to_have_attribute("data-state", "live")
    page.route("**/events", lambda route: route.abort())
    page.evaluate("() => { window.dispatchEvent(new Event('offline')); }")
    page.evaluate(CLOSE_STREAM)
    fast_forward(page, 4)
    expect(chip).to_have_attribute("data-state", "late")
    expect(page.locator("#knobs-bar [data-knob=abandon_target] [data-step='1']")).to_be_disabled()
    fast_forward(page, 8)
    expect(chip).to_have_attribute("data-state", "stale")
    expect(chip).to_contain_text("更新停止")
    assert page.locator(".kpis").evaluate("e => getComputedStyle(e).opacity") == "0.5"
    page.unroute("**/events")
    fast_forward(page, 5)
    expect(chip).to_have_attribute("data-state", "live")
    expect(page.locator("#knobs-bar [data-knob=abandon_target] [data-step='1']")).to_be_enabled()


CLOSE_STREAM = (
    "() => import('/static/frame.js').then(({ live }) => { live.source.close(); live.source.onerror(); })"
)


def test_the_wallboard_goes_dark_after_a_minute_of_silence(new_tab: NewTab, manager_cookies: Any) -> None:
    tab = new_tab(viewport={"width": 1920, "height": 1080}, storage_state=manager_cookies)
    page = tab.page
    page.clock.install()
    tab.open("/wall")
    fast_forward(page, 1)
    expect(page.locator("[data-seat]")).to_have_count(100)
    page.route("**/wall-events*", lambda route: route.abort())
    page.evaluate(CLOSE_STREAM)
    fast_forward(page, 62)
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text("更新停止")


def test_a_monitor_is_enrolled_once_and_then_starts_by_itself(new_tab: NewTab) -> None:
    kiosk = new_tab(viewport={"width": 1366, "height": 768})
    page = kiosk.open("/seat/A-01+A-05")
    code = page.locator(".enrol b").inner_text()
    assert len(code.replace(" ", "")) == 6
    manager = new_tab()
    log_in(manager, "super")
    office = manager.open("/monitors")
    office.get_by_label("6けたの番号").fill(code)
    office.get_by_label("置き場所の名前").fill("A列")
    office.get_by_role("button", name="登録", exact=True).click()
    expect(office.get_by_text("モニタを登録しました")).to_be_visible()
    expect(page.locator("[data-label=A-01] [data-is=name]")).to_contain_text("様")
    page.reload()
    expect(page.locator("[data-label=A-01] [data-is=name]")).to_contain_text("様")
    assert page.goto(kiosk.site.url + "/board").url.endswith("/login?next=/board")  # type: ignore[union-attr]


KEEP_STREAMS = """
const Made = window.EventSource;
window.streams = [];
window.EventSource = function (url) { const made = new Made(url); window.streams.push(made); return made; };
window.EventSource.CLOSED = Made.CLOSED;
"""


def test_a_pane_without_news_keeps_a_talks_customer_for_a_minute_and_no_longer(manager: Tab) -> None:
    """Whether the talk goes on is not known any more, and nothing stays on an unattended screen."""
    page = manager.page
    page.add_init_script(KEEP_STREAMS)
    page.clock.install()
    before = change(manager, "A-05", state="talking")
    manager.open("/seat/A-05")
    fast_forward(page, 1)
    name = page.locator("[data-label=A-05] [data-is=name]")
    expect(name).to_contain_text("様")
    page.route("**/*events*", lambda route: route.abort())
    page.evaluate("window.streams.forEach((stream) => stream.close())")
    fast_forward(page, 30)
    expect(page.locator("[data-label=A-05] [data-is=state]")).to_contain_text("更新停止")
    expect(name).to_contain_text("様")
    fast_forward(page, 45)
    expect(name).to_have_text("")
    assert "様" not in page.locator("[data-label=A-05]").inner_text()
    change(manager, "A-05", state=before.state)


def test_a_wallboard_is_enrolled_and_its_token_reads_nothing_else(new_tab: NewTab) -> None:
    wall = new_tab(viewport={"width": 1920, "height": 1080})
    page = wall.open("/wall")
    code = page.locator(".enrol b").inner_text()
    office = new_tab()
    log_in(office, "super")
    desk = office.open("/monitors")
    desk.get_by_label("6けたの番号").fill(code)
    desk.get_by_label("置き場所の名前").fill("壁")
    desk.get_by_role("button", name="登録", exact=True).click()
    expect(desk.get_by_text("モニタを登録しました")).to_be_visible()
    expect(page.locator("[data-seat]")).to_have_count(100)
    told = "import('/static/frame.js').then(({ live }) => JSON.stringify(live.view))"
    seen = page.evaluate(told)
    assert not [word for word in ("鈴木", "number", "customer", "listeners", "user_id") if word in seen]
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    answers = [
        page.request.get(f"{wall.site.url}{path}").text() for path in ("/seat/A-01", "/board", "/events")
    ]
    assert not [text for text in answers if "様" in text or "A-02" in text]
    desk.locator("tr", has_text="壁").get_by_role("button", name="名前を表示する").click()
    expect(desk.get_by_role("button", name="名前を隠す")).to_be_visible()
    page.reload()
    expect(page.locator("[data-seat]")).to_have_count(100)
    assert "鈴木" in page.evaluate(told)
    assert wall.errors == []


def test_a_project_chooses_what_its_panes_show(manager: Tab) -> None:
    floor = manager.site.floor
    page = manager.open(f"/projects/{floor.project_id}/screens")
    page.select_option("#field-1", "契約プラン")
    page.select_option("#field-2", "年齢")
    page.get_by_label("電話番号は下4けただけ表示する").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("保存しました。")).to_be_visible()
    page = manager.open("/seat/A-01")
    expect(page.locator("[data-is=facts] th")).to_have_text(["契約プラン", "年齢", "架電"])
    expect(page.locator("[data-is=number]")).to_have_text(re.compile(r"^••-••••-\d{4}$"))
    screens.change(floor.store, floor.tenant_id, floor.project_id, fields=[], is_masked=False, limits_s={})


def test_a_monitor_refuses_seats_it_does_not_know(manager: Tab) -> None:
    page = manager.open("/seat/Z-99")
    expect(page.get_by_role("alert")).to_contain_text("表示できません")


def test_the_monitor_follows_the_call_echoes_digits_and_forgets_the_customer(manager: Tab) -> None:
    page = manager.open("/seat/A-02+A-03")
    name = page.locator("[data-label=A-02] [data-is=name]")
    expect(name).to_contain_text("様")
    customer = name.inner_text().removesuffix(" 様")
    now = manager.site.floor.clock.wall()
    before = change(manager, "A-02", state="wrapup", since_at=now, typed="0")
    expect(page.locator("[data-label=A-02] [data-is=state]")).to_contain_text(
        "結果入力", timeout=1000 * crowd()
    )
    expect(page.locator("[data-label=A-02] [data-is=typed]")).to_have_text("0＿")
    change(manager, "A-02", typed="06")
    expect(page.locator("[data-label=A-02] [data-is=typed]")).to_have_text("06 見込")
    change(
        manager, "A-02", state="waiting", typed="", saved_code="06", customer_id=0, number="", attempt_id=0
    )
    expect(page.locator("[data-label=A-02] [data-is=big]")).to_have_text("接続待ち")
    expect(page.locator("[data-label=A-02] [data-is=typed]")).to_have_text("✔ 06 見込")
    expect(name).to_be_hidden()
    assert customer not in page.locator("[data-label=A-02]").inner_text()
    names = ("state", "since_at", "typed", "saved_code", "customer_id", "number", "attempt_id")
    change(manager, "A-02", **{name: getattr(before, name) for name in names})


def test_a_saved_result_says_that_it_can_be_taken_back_where_the_project_lets_it(manager: Tab) -> None:
    floor = manager.site.floor
    projects.change(floor.store, floor.tenant_id, floor.project_id, is_take_back=True)
    page = manager.open("/seat/B-03")
    hint = page.locator("[data-label=B-03] [data-is=hint]")
    before = change(
        manager,
        "B-03",
        state="waiting",
        since_at=manager.site.floor.clock.wall(),
        saved_code="06",
        customer_id=0,
        attempt_id=0,
    )
    expect(page.locator("[data-label=B-03] [data-is=typed]")).to_have_text("✔ 06 見込")
    expect(hint).to_have_text("保存しました　# で取り消し（10秒以内）")
    change(manager, "B-03", since_at=manager.site.floor.clock.wall() - 30)
    expect(hint).to_have_text("保存しました")
    projects.change(floor.store, floor.tenant_id, floor.project_id, is_take_back=False)
    page = manager.open("/seat/B-03")
    change(manager, "B-03", since_at=manager.site.floor.clock.wall())
    expect(hint).to_have_text("保存しました")
    kept = {name: getattr(before, name) for name in before.__struct_fields__ if name != "label"}
    change(manager, "B-03", **kept)


def test_a_result_that_is_overdue_raises_the_alarm(manager: Tab) -> None:
    page = manager.open("/seat/A-05")
    now = manager.site.dialer.board.now_at
    before = change(manager, "A-05", state="wrapup", since_at=now - 500)
    expect(page.locator("[data-label=A-05] [data-is=state]")).to_contain_text("結果未入力")
    expect(page.locator("[data-label=A-05] [data-is=band]")).to_have_class("band s-alarm")
    change(manager, "A-05", state=before.state, since_at=before.since_at)


def test_a_conversation_is_heard_while_it_grows_and_goes_on_past_its_first_end(manager: Tab) -> None:
    floor, dialer = manager.site.floor, manager.site.dialer
    recording = recordings.get(floor.store, floor.tenant_id, 1)
    assert recording is not None
    talking = next(seat for seat in dialer.board.seats if seat.state == "talking")
    page = manager.open("/board")
    path = recordings.path_of(floor.store, recording.path)
    whole = path.read_bytes()
    floor.store.update("recording", recording.id, finished_at=0)
    change(manager, talking.label, attempt_id=recording.attempt_id)
    path.write_bytes(whole[: len(whole) // 2])
    try:
        page.locator(f'[data-seat="{talking.seat_id}"]').click()
        page.get_by_role("button", name="録音を聞く").click()
        expect(page.locator("#player [data-is=time]")).to_have_text(re.compile(r"/ 0:02$"))
        path.write_bytes(whole)
        expect(page.locator("#player [data-is=time]")).to_have_text("0:06 / 0:06", timeout=15_000)
    finally:
        path.write_bytes(whole)
        floor.store.update("recording", recording.id, finished_at=recording.finished_at)
        change(manager, talking.label, attempt_id=talking.attempt_id)
    assert manager.errors == []
