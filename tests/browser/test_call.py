"""The call screen in an operator's hands: predictive and one by one, drafts, locks, keys, undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect

from appliance.dialer.messages import (
    CallTarget,
    DialCustomer,
    DialForOperator,
    EnterCode,
    HangUp,
    HoldCall,
    JoinAll,
    TakeBack,
)
from appliance.store import call_queues, details, history, projects, screen_locks
from tests.browser import call_desk
from tests.browser.call_desk import Desk
from tests.browser.conftest import NewTab, Site, Tab, log_in, patient

pytestmark = pytest.mark.xdist_group("browser")

NAMES = ("佐藤 太郎", "鈴木 花子")


FITS = """(() => { const page = document.documentElement;
  return page.scrollWidth <= innerWidth && page.scrollHeight <= innerHeight; })()"""


def desk_of(site: Site, at: int) -> Desk:
    """The desk of operator `at`, away from the seats that other tests look at."""
    user_id = site.floor.operator_ids[at]
    return Desk(site.floor, site.dialer, place=90 + at, user_id=user_id, user_name=NAMES[at])


@pytest.fixture(scope="module")
def cookies(browser: Any, site: Site) -> dict[str, Any]:
    """Two operators, logged in once; the project has its script and questions."""
    call_desk.furnish(site.floor)
    found = {}
    for login in ("op1", "op2"):
        context = patient(browser)
        log_in(Tab(context.new_page(), site), login)
        found[login] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def desk(site: Site) -> Iterator[Desk]:
    """The first operator sits at his desk and waits."""
    before = site.dialer.board
    with desk_of(site, 0) as found:
        found.sit()
        yield found
    site.dialer.show(lambda _board: before)
    screen_locks.release(site.floor.store, site.floor.tenant_id, user_id=found.user_id)
    call_queues.clear(site.floor.store, site.floor.tenant_id, found.user_id)


@pytest.fixture
def one(new_tab: NewTab, cookies: dict[str, Any]) -> Tab:
    """The first operator's browser."""
    return new_tab(storage_state=cookies["op1"])


@pytest.fixture
def preview(site: Site) -> Iterator[None]:
    """The project is dialled one by one."""
    floor = site.floor
    projects.change(floor.store, floor.tenant_id, floor.project_id, mode="preview")
    yield
    projects.change(floor.store, floor.tenant_id, floor.project_id, mode="adaptive", dials_at_once=1)


def open_call(tab: Tab, path: str = "/call") -> Page:
    page = tab.open(path)
    expect(page.locator("#chip")).to_have_text(re.compile("接続中"))
    return page


def fresh(site: Site, at: int) -> int:
    """A customer nobody has called."""
    floor = site.floor
    found = floor.store.tuples(
        "SELECT id FROM customer WHERE list_id = ? AND attempts = 0 ORDER BY id LIMIT 1 OFFSET ?",
        (floor.list_ids[1], at),
    )
    return int(found[0][0])


def name_of(site: Site, customer_id: int) -> str:
    return str(site.floor.store.value("SELECT name FROM customer WHERE id = ?", (customer_id,)))


def entry_of(site: Site, customer_id: int) -> Any:
    return history.of_customer(site.floor.store, site.floor.tenant_id, customer_id)[0]


# --- predictive -----------------------------------------------------------------------------------------


def test_a_cycle_in_predictive_by_keyboard(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    expect(page.locator("#rest-title")).to_have_text(re.compile("接続待ち"))
    expect(page.locator("#customer")).to_be_hidden()

    customer = fresh(site, 0)
    attempt = desk.connect(customer)
    expect(page.locator("#who [data-is=name]")).to_have_text(f"{name_of(site, customer)} 様")
    expect(page.locator("#script [data-is=script]")).to_contain_text(f"{name_of(site, customer)}さま")
    expect(page.locator("#save-next")).to_be_disabled()
    page.fill("#memo", "料金表を希望")

    page.evaluate("document.activeElement.blur()")
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("06")
    page.keyboard.press("Enter")
    expect(page.locator("#codes input:checked")).to_have_value("06")
    expect(page.locator("#recall")).to_be_focused()
    page.keyboard.type("明日 10")
    page.keyboard.press("Tab")
    expect(page.locator("#recall")).to_have_value(re.compile(r"^20\d\d/\d\d/\d\d（.）10:00$"))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#saved")).to_contain_text("06 見込 を保存しました")

    assert desk.asked(EnterCode)[-1] == EnterCode(desk.seat_id, attempt, "06", is_next=True)
    entry = entry_of(site, customer)
    assert (entry.code, entry.memo) == ("06", "料金表を希望")
    kept = details.get(site.floor.store, site.floor.tenant_id, attempt)
    assert kept is not None
    assert kept.due_at > 0
    expect(page.locator("#customer")).to_be_hidden()
    assert one.errors == []


def test_a_saved_result_is_taken_back_with_all_that_was_typed(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    customer = fresh(site, 1)
    attempt = desk.connect(customer)
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.locator("#codes label", has_text="10 資料送付").click()
    page.fill("#memo", "送り先を確認")
    page.select_option("#level", label="B 来月以降")
    page.click("#save-only")
    expect(page.locator("#state")).to_contain_text("準備中")
    page.click("#take-back")
    expect(page.locator("#state")).to_contain_text("後処理")
    expect(page.locator("#memo")).to_have_value("送り先を確認")
    expect(page.locator("#code")).to_have_value("10")
    expect(page.locator("#level option:checked")).to_have_text("B 来月以降")
    assert desk.asked(TakeBack)[-1].attempt_id == attempt
    page.locator("#codes label", has_text="01 成約").click()
    page.click("#save-next")
    expect(page.locator("#saved")).to_contain_text("01 成約")
    assert entry_of(site, customer).code == "01"


def test_a_draft_comes_back_after_a_reload_and_on_another_pc(
    one: Tab, desk: Desk, site: Site, new_tab: NewTab, cookies: dict[str, Any]
) -> None:
    page = open_call(one)
    page.on("dialog", lambda dialog: dialog.accept())
    desk.connect(fresh(site, 2))
    page.fill("#memo", "午後は留守")
    page.click("#more")
    page.locator("#attributes label", has_text="戸建").click()
    expect(page.locator("#draft")).to_contain_text("下書き保存済み")
    page.reload()
    expect(page.locator("#memo")).to_have_value("午後は留守")
    expect(page.locator("#more")).to_have_text("結果属性 1/3")
    other = open_call(new_tab(storage_state=cookies["op1"]))
    expect(other.locator("#memo")).to_have_value("午後は留守")


def test_a_code_keyed_at_the_phone_takes_the_memo_along(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    customer = fresh(site, 3)
    desk.connect(customer)
    expect(page.locator("#memo")).to_be_enabled()
    page.fill("#memo", "電話で入力した結果")
    desk.part()
    desk.key("08")
    expect(page.locator("#customer")).to_be_hidden()
    expect(page.locator("#saved")).to_contain_text("08 留守")
    for _ in range(50):
        if entry_of(site, customer).memo:
            break
        page.wait_for_timeout(100)
    assert (entry_of(site, customer).code, entry_of(site, customer).memo) == ("08", "電話で入力した結果")


def test_leaving_without_a_code_warns(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    warned: list[str] = []

    def leave(dialog: Dialog) -> None:
        warned.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    desk.connect(fresh(site, 4))
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.press("0")
    page.goto(site.url + "/history")
    assert warned == ["beforeunload"]


def test_a_composing_input_method_never_chooses_or_saves(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    desk.connect(fresh(site, 5))
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    compose = """([text, key]) => {
      const box = document.activeElement;
      box.dispatchEvent(new CompositionEvent('compositionstart', {bubbles: true}));
      box.value += text;
      box.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true, data: text}));
      const held = {key, bubbles: true, isComposing: true, ctrlKey: key === 'Enter'};
      box.dispatchEvent(new KeyboardEvent('keydown', held));
      box.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, keyCode: 229}));
    }"""
    page.evaluate(compose, ["０", "Enter"])
    expect(page.locator("#codes input:checked")).to_have_count(0)
    expect(page.locator("#code-problem")).to_be_empty()
    page.evaluate("""() => {
      const box = document.activeElement;
      box.value = '０９';
      box.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true, data: '０９'}));
    }""")
    expect(page.locator("#code")).to_have_value("09")
    page.keyboard.press("Enter")
    expect(page.locator("#codes input:checked")).to_have_value("09")
    expect(page.locator("#memo")).to_be_focused()
    page.evaluate(compose, ["かな", "Enter"])
    assert desk.asked(EnterCode) == [] or desk.asked(EnterCode)[-1].attempt_id != desk.last
    page.locator("#code").fill("77")
    page.keyboard.press("Enter")
    expect(page.locator("#code-problem")).to_have_text("登録のないコードです")


def test_a_code_that_stops_calls_asks_why_and_a_time_is_checked(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    desk.connect(fresh(site, 6))
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.fill("#recall", "明日 3")
    page.locator("#memo").focus()
    expect(page.locator("#recall-told")).to_contain_text("発信時間は09:00〜21:00です")
    page.locator("#codes label", has_text="07 架電禁止").click()
    expect(page.locator("#recall")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#banner-problem")).to_contain_text("理由を入力してください")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("今後の電話を断られた")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#saved")).to_contain_text("07 架電禁止")
    kept = details.get(site.floor.store, site.floor.tenant_id, desk.last)
    assert kept is not None
    assert (kept.reason, kept.due_at) == ("今後の電話を断られた", 0)


def test_with_the_dialer_refusing_nothing_typed_is_lost(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    customer = fresh(site, 7)
    desk.connect(customer)
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.locator("#codes label", has_text="12 クレーム").click()
    page.fill("#memo", "折り返しを希望")
    desk.refusal = "発信エンジンが停止中です。"
    page.click("#save-next")
    expect(page.locator("#banner-problem")).to_be_visible()
    desk.refusal = ""
    expect(page.locator("#memo")).to_have_value("折り返しを希望")
    expect(page.locator("#save-next")).to_be_enabled()
    page.click("#save-next")
    expect(page.locator("#saved")).to_contain_text("12 クレーム")
    assert entry_of(site, customer).memo == "折り返しを希望"


# --- the telephone --------------------------------------------------------------------------------------


def test_hold_transfer_and_three_way_from_the_screen(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    desk.connect(fresh(site, 8))
    expect(page.locator("#hold")).to_be_enabled()
    page.keyboard.press("Control+Shift+H")
    expect(page.locator("#who [data-is=held]")).to_be_visible()
    assert desk.asked(HoldCall)[-1].is_on
    expect(page.locator("#hold")).to_be_enabled()
    page.keyboard.press("Control+Shift+H")
    expect(page.locator("#who [data-is=held]")).to_be_hidden()

    expect(page.locator("#transfer")).to_be_enabled()
    page.keyboard.press("Control+Shift+X")
    expect(page.locator("#target")).to_be_focused()
    page.keyboard.type("044-430-5356")
    page.keyboard.press("Enter")
    expect(page.locator("#transfer-panel [data-is=party]")).to_contain_text("呼び出しています")
    assert desk.asked(CallTarget)[-1].number == "0444305356"
    desk.party("private")
    expect(page.locator("#transfer-panel [data-is=party]")).to_contain_text("お客様には聞こえません")
    page.click("[data-act=join-all]")
    expect(page.locator("#transfer-panel [data-is=party]")).to_contain_text("三者で話しています")
    assert desk.asked(JoinAll)
    page.click("[data-act=hand-over]")
    expect(page.locator("#state")).to_contain_text("後処理")
    expect(page.locator("#transfer-panel")).to_be_hidden()
    assert one.errors == []


def test_a_call_is_ended_once_a_second_at_most(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    desk.connect(fresh(site, 9))
    expect(page.locator("#hang-up")).to_be_enabled()
    expect(page.locator("dialog[open]")).to_have_count(0)
    before = len(desk.asked(HangUp))
    page.locator("#memo").focus()
    for _ in range(3):
        page.keyboard.press("Control+Shift+E")
    expect(page.locator("#state")).to_contain_text("後処理")
    assert len(desk.asked(HangUp)) == before + 1


# --- one by one -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("preview")
def test_a_cycle_one_by_one_with_skip_and_no_answer(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    page.select_option("#list", str(site.floor.list_ids[1]))
    page.locator("#choose button").click()
    expect(page.locator("#customer")).to_be_visible()
    first = int(page.url.rpartition("=")[2])
    dialled = len(desk.asked(DialCustomer))
    page.click("#skip")
    expect(page).not_to_have_url(re.compile(f"customer={first}$"))
    second = int(page.url.rpartition("=")[2])
    assert len(desk.asked(DialCustomer)) == dialled

    page.fill("#memo", "かける前のメモ")
    page.keyboard.press("F2")
    expect(page.locator("#state")).to_contain_text("呼出")
    assert desk.asked(DialCustomer)[-1].customer_id == second
    desk.no_answer()
    expect(page.locator("#state")).to_contain_text("待機")
    expect(page.locator("#entries [data-is=rows]")).to_contain_text("94")
    expect(page.locator("#memo")).to_have_value("かける前のメモ")

    page.click("#next")
    expect(page.locator("#state")).to_contain_text("呼出")
    third = desk.asked(DialCustomer)[-1].customer_id
    assert third not in (first, second)
    desk.talk()
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("08")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#state")).to_contain_text("呼出")
    assert desk.asked(DialCustomer)[-1].customer_id not in (first, second, third)
    assert entry_of(site, third).code == "08"
    desk.no_answer()
    assert one.errors == []


@pytest.mark.usefixtures("preview")
def test_three_at_once_and_nobody_is_shown_before_he_answers(one: Tab, desk: Desk, site: Site) -> None:
    floor = site.floor
    projects.change(floor.store, floor.tenant_id, floor.project_id, dials_at_once=3)
    page = open_call(one, f"/call?customer={fresh(site, 3)}")
    expect(page.locator("#customer")).to_be_visible()
    page.select_option("#at-once", "3")
    assert page.evaluate(FITS), "no scrolling at 1351x600"
    strip = page.locator(".strip").bounding_box()
    assert strip is not None
    assert strip["height"] <= 62, "one line beside customer and buttons"
    page = open_call(one)
    assert page.locator("#at-once option:not([disabled])").count() == 3
    page.select_option("#list", str(floor.list_ids[1]))
    page.locator("#choose button").click()
    expect(page.locator("#rest-title")).to_have_text("次の3件に同時に発信します")
    assert page.evaluate(FITS), "no scrolling at 1351x600"
    page.click("#next")
    expect(page.locator("#dialled li")).to_have_count(3)
    expect(page.locator("#dialled li").first).to_contain_text("呼出中")
    expect(page.locator("#customer")).to_be_hidden()
    assert page.evaluate(FITS), "no scrolling at 1351x600"
    first = desk.asked(DialForOperator)[-1].customer_ids

    attempt = desk.win(first[1])
    expect(page.locator("#who [data-is=name]")).to_have_text(f"{name_of(site, first[1])} 様")
    expect(page.locator("#dialled")).to_be_hidden()
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("08")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#dialled li")).to_have_count(3)
    second = desk.asked(DialForOperator)[-1].customer_ids
    assert second[:2] == (first[0], first[2]), "who was outrun is called again"
    assert entry_of(site, first[1]).attempt_id == attempt

    page.click("#hang-up")
    expect(page.locator("#state")).to_contain_text("待機")
    expect(page.locator("#dialled")).to_be_hidden()
    page.evaluate("localStorage.clear()")
    assert one.errors == []


@pytest.mark.usefixtures("preview")
def test_the_next_numbers_follow_by_themselves_where_none_is_answered(
    one: Tab, desk: Desk, site: Site
) -> None:
    floor = site.floor
    projects.change(floor.store, floor.tenant_id, floor.project_id, dials_at_once=2)
    page = open_call(one)
    page.select_option("#at-once", "2")
    page.select_option("#auto-s", "10")
    page.click("#auto")
    page.select_option("#list", str(floor.list_ids[1]))
    page.locator("#choose button").click()
    page.click("#next")
    expect(page.locator("#dialled li")).to_have_count(2)
    before = len(desk.asked(DialForOperator))

    desk.nobody()
    expect(page.locator("#auto")).to_contain_text("発信まで")
    expect(page.locator("#dialled li")).to_have_count(2, timeout=20_000)
    assert len(desk.asked(DialForOperator)) == before + 1
    page.evaluate("localStorage.clear()")
    desk.nobody()
    assert one.errors == []


@pytest.mark.usefixtures("preview")
def test_two_operators_and_one_customer(
    one: Tab, desk: Desk, site: Site, new_tab: NewTab, cookies: dict[str, Any]
) -> None:
    customer = fresh(site, 20)
    mine = open_call(one, f"/call?customer={customer}")
    expect(mine.locator("#dial")).to_be_visible()
    other = open_call(new_tab(storage_state=cookies["op2"]), f"/call?customer={customer}")
    expect(other.locator("#banner-held")).to_contain_text(
        f"{NAMES[0]}さん（{desk.seat().label}）が対応中です"
    )
    expect(other.locator("#memo")).to_be_disabled()
    other.locator("#banner-held button", has_text="閲覧").click()
    expect(other.locator("#banner-held")).to_have_count(0)
    expect(other.locator("#memo")).to_be_disabled()
    other.reload()
    other.locator("#banner-held button", has_text="空いたら知らせる").click()
    mine.goto(site.url + "/history")
    expect(other.locator("#banner-free")).to_be_visible(timeout=20_000)
    expect(other.locator("#memo")).to_be_enabled()
    screen_locks.release(site.floor.store, site.floor.tenant_id, user_id=site.floor.operator_ids[1])


@pytest.mark.usefixtures("preview")
def test_fields_and_numbers_are_changed_and_an_added_number_is_called(
    one: Tab, desk: Desk, site: Site
) -> None:
    customer = fresh(site, 21)
    page = open_call(one, f"/call?customer={customer}")
    page.click("#edit")
    expect(page.locator("#edit-form input").first).to_be_disabled()
    page.get_by_label("住所", exact=True).fill("神奈川県川崎市中原区1-2-3")
    page.locator("#edit-form button.primary").click()
    expect(page.locator("#customer [data-is=fields]")).to_contain_text("川崎市中原区1-2-3")
    page.click("#add-number")
    page.fill("#new-number", "０９０-1234-5678")
    page.fill("#new-label", "携帯")
    page.locator("#number-form button.primary").click()
    expect(page.locator("#customer [data-is=fields]")).to_contain_text("090-1234-5678")
    page.select_option("#number", label="090-1234-5678（携帯）")
    page.click("#dial")
    expect(page.locator("#state")).to_contain_text("呼出")
    assert desk.asked(DialCustomer)[-1].number == "09012345678"
    desk.no_answer()


# --- how it looks ---------------------------------------------------------------------------------------

SMALL = """() => [...document.querySelectorAll('button, a, input, select, textarea')].filter((one) => {
  const box = one.getBoundingClientRect();
  const isShown = box.width > 1 && box.height > 1 && getComputedStyle(one).visibility !== 'hidden';
  return isShown && !one.matches('.skip, .code-grid input') && (box.width < 23.9 || box.height < 23.9);
}).map((one) => one.id || one.textContent)"""
TINY = """() => [...document.querySelectorAll('body *')].filter((one) =>
  [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) &&
  one.getClientRects().length && parseFloat(getComputedStyle(one).fontSize) < 13
).map((one) => one.textContent)"""
UNNAMED = """() => [...document.querySelectorAll('main :is(button, input, select, textarea)')].filter((one) =>
  one.getClientRects().length && !one.labels?.length && !one.textContent.trim() &&
  !one.getAttribute('aria-label')).map((one) => one.outerHTML)"""


def looks_well(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    grid = page.locator(".code-grid")
    assert grid.evaluate("(box) => box.scrollHeight - box.clientHeight") <= 0
    assert page.evaluate(SMALL) == []
    assert page.evaluate(TINY) == []
    assert page.evaluate(UNNAMED) == []
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()


def test_nothing_scrolls_is_small_or_has_no_name_in_any_state(one: Tab, desk: Desk, site: Site) -> None:
    page = open_call(one)
    looks_well(page)
    desk.connect(fresh(site, 22))
    expect(page.locator("#hold")).to_be_visible()
    looks_well(page)
    desk.part()
    expect(page.locator("#code")).to_be_focused()
    looks_well(page)
    order = []
    for _ in range(40):
        order.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
        page.keyboard.press("Tab")
    wanted = [
        "code",
        "code",
        "recall",
        "successor",
        "level",
        "template",
        "memo",
        "save-next",
        "save-only",
        "edit",
    ]
    found = [name for name in order if name in wanted]
    assert found[:2] == ["code", "code"]
    assert [name for name in found if name != "code"][:7] == [
        name for name in wanted if name not in ("code",)
    ][:7]
