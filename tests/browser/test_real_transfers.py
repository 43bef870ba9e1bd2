"""Each path of a transfer and a three-way from the page, and each way in which it fails, heard at every end.

The machine's own paths are tests/unit/test_dialer_transfer.py's; here page, phone and line go through them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from appliance.dialer import messages as dialer
from appliance.simulator.callee_plan import CallPlan, Do, Sound, Step
from appliance.store import compare
from appliance.store.open import open_store
from tests.browser.real_floor import BUSY, COLLEAGUE, COLLEAGUE_HZ, SILENT, VACANT, Person, RealFloor
from tests.simulation.phones_floor import OPERATOR_HZ
from tests.simulation.test_transfer_floor import Place

pytestmark = [
    pytest.mark.slow, pytest.mark.floor_work, pytest.mark.xdist_group("floor"), pytest.mark.timeout(600),
]  # fmt: skip

OUTSIDE = "0355560001"
PARTY = "#transfer-panel [data-is=party]"


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFloor]:
    made = RealFloor(tmp_path_factory.mktemp("transfers"))
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
    if floor.seat().state == "talking":
        floor.ask(dialer.LogOutSeat(floor.seat().seat_id, is_now=True, reason="test"))
    found.context.close()


@pytest.fixture
def colleague(floor: RealFloor, browser: Browser) -> Iterator[Person]:
    found = Person(floor, browser, "colleague")
    found.sit_down()
    yield found
    floor.ask(dialer.LogOutSeat(floor.seat("colleague").seat_id, is_now=True, reason="test"))
    found.context.close()


def privately(floor: RealFloor, person: Person, customer: Place, voice: int, to: str) -> tuple[Place, int]:
    """Talk with a third party while the customer hears music; his channel, his voice."""
    person.consult(to)
    expect(person.page.locator(PARTY)).to_contain_text("お客様には聞こえません")
    floor.until(lambda: floor.voice_at("operator") not in (0, voice), "the third party's voice at the phone")
    (third,) = floor.places() - {customer}
    floor.until(lambda: floor.has_music(customer), "music for the customer")
    floor.until_hears(third, OPERATOR_HZ, not_=(voice,))
    return third, floor.voice_at("operator")


def another_voice(floor: RealFloor, voice: int) -> str:
    """A number outside whose person does not sound like the customer."""
    hz = next(each for each in (650, 900) if each != voice)
    steps = (Step(0.05, Do.PROCEED), Step(0.1, Do.ALERT), Step(0.2, Do.CONNECT, sound=Sound("tone", hz)))
    floor.force(OUTSIDE, CallPlan("forced", steps))
    return OUTSIDE


def ended(floor: RealFloor, person: Person, attempt_id: int) -> None:
    """The talk is over, its code is saved from the page, and no leg is left."""
    floor.until(lambda: floor.seat().state == "wrapup", "the code is owed")
    person.save("10")
    floor.until(lambda: [line.code for line in floor.entries(attempt_id)] == ["10"], "its entry, once")
    floor.until(lambda: not floor.places(), "every line is free")


def test_a_target_who_is_not_reached_gives_the_customer_back_with_the_reason(
    floor: RealFloor, person: Person
) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    page = person.page
    for plan, words in ((BUSY, "話し中"), (SILENT, "出ませんでした"), (VACANT, "使われていない番号")):
        floor.force(OUTSIDE, plan)
        person.consult(OUTSIDE)
        expect(page.locator(PARTY)).to_contain_text(words)
        expect(page.locator(PARTY)).to_contain_text("お客様に戻りました")
        expect(page.locator("#who [data-is=held]")).to_be_hidden()
        floor.until_talk(customer, voice)
        assert floor.places() == {customer}
    for wrong in ("12", "099"):
        person.consult(wrong)
        expect(page.locator("#transfer-panel [data-is=problem]")).not_to_be_empty()
        assert not floor.seat().is_held
    page.keyboard.press("Escape")
    floor.until_talk(customer, voice)
    page.click("#hang-up")
    ended(floor, person, attempt_id)


def test_who_hangs_up_in_private_talk_and_three_way(floor: RealFloor, person: Person) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    page, to = person.page, another_voice(floor, voice)
    third, other = privately(floor, person, customer, voice, to)
    floor.put_down(third)  # the target, in private talk
    floor.until_talk(customer, voice)
    assert floor.places() == {customer}

    third, other = privately(floor, person, customer, voice, to)
    page.click("[data-act=join-all]")
    expect(page.locator(PARTY)).to_contain_text("三者で話しています")
    floor.until_hears(customer, OPERATOR_HZ, other)
    floor.until_hears(third, OPERATOR_HZ, voice)
    floor.put_down(third)  # the target, in the three-way
    floor.until_hears(customer, OPERATOR_HZ, not_=(other,))
    floor.until_talk(customer, voice)

    third, other = privately(floor, person, customer, voice, to)
    page.click("[data-act=drop-target]")  # the operator, back to the customer
    floor.until_talk(customer, voice)
    floor.until(lambda: floor.places() == {customer}, "the target's line is free")

    privately(floor, person, customer, voice, to)
    page.click("#hang-up")  # ends the third party first
    floor.until_talk(customer, voice)
    floor.until(lambda: floor.places() == {customer}, "the target's line is free")

    privately(floor, person, customer, voice, to)
    floor.put_down(customer)  # the customer, in private talk
    ended(floor, person, attempt_id)


def test_a_customer_who_leaves_a_three_way_ends_it(floor: RealFloor, person: Person) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    privately(floor, person, customer, voice, another_voice(floor, voice))
    person.page.click("[data-act=join-all]")
    expect(person.page.locator(PARTY)).to_contain_text("三者で話しています")
    floor.put_down(customer)
    ended(floor, person, attempt_id)


@pytest.mark.parametrize("is_joined", [False, True])
def test_a_customer_handed_over_talks_on_without_the_operator(
    floor: RealFloor, person: Person, is_joined: bool
) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    third, other = privately(floor, person, customer, voice, another_voice(floor, voice))
    if is_joined:
        person.page.click("[data-act=join-all]")
        floor.until_hears(customer, OPERATOR_HZ, other)
    person.page.click("[data-act=hand-over]")
    floor.until_hears(customer, other, not_=(OPERATOR_HZ,))
    floor.until_hears(third, voice, not_=(OPERATOR_HZ,))
    person.save("10")  # no short dial's code: the operator's, while the two talk
    floor.put_down(third if is_joined else customer)
    floor.until(lambda: not floor.places(), "both lines are free")
    assert [line.code for line in floor.entries(attempt_id)] == ["10"]


def test_a_short_dial_stores_its_own_code_and_frees_the_operator(floor: RealFloor, person: Person) -> None:
    attempt_id, customer, _voice = person.call(floor.one_more_customer())
    person.consult("001")
    expect(person.page.locator(PARTY)).to_contain_text("お客様には聞こえません")
    floor.until(lambda: len(floor.places()) == 2, "the short dial's line")
    person.page.click("[data-act=hand-over]")
    expect(person.page.locator("#state")).to_contain_text(re.compile("準備中|待機"))
    floor.until(lambda: [line.code for line in floor.entries(attempt_id)] == ["06"], "the short dial's code")
    floor.put_down(customer)
    floor.until(lambda: not floor.places(), "both lines are free")


def test_an_operator_whose_handset_goes_down_leaves_the_two_together(
    floor: RealFloor, person: Person
) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    third, other = privately(floor, person, customer, voice, another_voice(floor, voice))
    floor.phones["operator"].command("hangup")
    floor.until_hears(customer, other, not_=(OPERATOR_HZ,))
    floor.until_hears(third, voice, not_=(OPERATOR_HZ,))
    expect(person.page.locator("#state")).to_contain_text("－")
    floor.put_down(customer)
    floor.until(lambda: not floor.places(), "both lines are free")
    floor.until(lambda: len(floor.entries(attempt_id)) == 1, "its entry, once")


def test_a_colleague_takes_the_customer_from_the_inbox(
    floor: RealFloor, person: Person, colleague: Person
) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    inbox = colleague.open("/transfers")
    person.consult(COLLEAGUE)
    inbox.get_by_role("button", name="応答").click()
    expect(person.page.locator(PARTY)).to_contain_text("お客様には聞こえません")
    floor.until(
        lambda: floor.phone_hears("operator", heard=(COLLEAGUE_HZ,), unheard=(voice,)), "the colleague alone"
    )
    assert floor.has_music(customer)
    person.page.click("[data-act=hand-over]")
    floor.until_hears(customer, COLLEAGUE_HZ, not_=(OPERATOR_HZ,))
    floor.until(lambda: floor.voice_at("colleague") == voice, "the customer at the colleague's phone")
    page = colleague.open("/call")
    expect(page.locator("#who [data-is=name]")).to_have_text(re.compile(".+ 様"))
    page.click("#hang-up")
    colleague.save("10")
    floor.until(lambda: [line.user_id for line in floor.entries(attempt_id)] == [floor.user_ids["colleague"]],
                "the entry, once, the colleague's")  # fmt: skip
    floor.until(lambda: floor.seat().state in ("paused", "waiting"), "the operator is free")


def test_a_blind_transfer_nobody_takes_rings_back_and_a_busy_colleague_is_busy(
    floor: RealFloor, person: Person, colleague: Person
) -> None:
    attempt_id, customer, voice = person.call(floor.one_more_customer())
    person.consult(COLLEAGUE)
    expect(person.page.locator(PARTY)).to_contain_text("呼び出しています")
    person.page.click("[data-act=hand-over]")
    floor.until(lambda: floor.seat().state != "talking", "the operator has left")
    floor.until(
        lambda: floor.seat().attempt_id == attempt_id and floor.seat().state == "talking", "it rings back"
    )
    floor.until_talk(customer, voice)

    other_attempt, elsewhere, _ = colleague.call(floor.one_more_customer())
    person.open("/call")
    person.consult(COLLEAGUE)
    expect(person.page.locator("#transfer-panel")).to_contain_text(re.compile("話し中|通話中"))
    floor.until_talk(customer, voice)
    floor.put_down(elsewhere)
    colleague.save("09")
    person.page.click("#hang-up")
    ended(floor, person, attempt_id)
    assert [line.code for line in floor.entries(other_attempt)] == ["09"]


def test_afterwards_nobody_is_lost_and_every_count_agrees(floor: RealFloor) -> None:
    store = open_store(floor.home)
    assert store.value("SELECT count(*) FROM transfer WHERE cleared_at = 0") == 0
    assert store.value("SELECT count(*) FROM attempt WHERE end = ''") == 0
    assert compare.compare(store) == []
    store.close()
