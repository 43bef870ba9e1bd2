"""An operator's hour pressed into a minute, and a supervisor beside it: pages, phones and ears at every end.

The order of the work comes from a seed, which is told when something fails.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from appliance.dialer import messages as dialer
from appliance.simulator.callee_plan import CallPlan, Do, Sound, Step
from appliance.store import compare
from appliance.store.open import open_store
from tests.browser.real_floor import COLLEAGUE, COLLEAGUE_HZ, PASSWORD, Person, RealFloor
from tests.simulation.phones_floor import EXTENSION, OPERATOR_HZ, SUPERVISOR_HZ
from tests.simulation.test_transfer_floor import Place

pytestmark = [
    pytest.mark.slow, pytest.mark.floor_work, pytest.mark.xdist_group("floor"), pytest.mark.timeout(600),
]  # fmt: skip

SEED = 4
OUTSIDE, OUTSIDE_HZ = "0355560002", 1_950  # no customer's tone
SPEAKS = CallPlan(
    "forced",
    (Step(0.05, Do.PROCEED), Step(0.1, Do.ALERT), Step(0.2, Do.CONNECT, sound=Sound("tone", OUTSIDE_HZ))),
)
PARTY = "#transfer-panel [data-is=party]"


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFloor]:
    made = RealFloor(tmp_path_factory.mktemp("hour"))
    try:
        made.start()
        made.force(OUTSIDE, SPEAKS)
        yield made
    finally:
        made.close()


@pytest.fixture
def people(floor: RealFloor, browser: Browser) -> Iterator[dict[str, Person]]:
    found = {who: Person(floor, browser, who) for who in ("operator", "colleague", "supervisor")}
    for who in ("operator", "colleague"):
        found[who].sit_down()
    yield found
    for each in found.values():
        each.context.close()
    for who in ("operator", "colleague"):
        floor.ask(dialer.LogOutSeat(floor.seat(who).seat_id, is_now=True, reason="test"))


class Hour:
    """The operator's work, piece by piece: each has a customer on the line, and ends with his entry."""

    def __init__(self, floor: RealFloor, people: dict[str, Person]) -> None:
        self.floor, self.people = floor, people
        self.page = people["operator"].page
        self.coded: dict[int, str] = {}  # attempt to code
        self.attempt_id, self.place, self.voice = 0, (0, 0), 0

    def next_customer(self) -> None:
        """The next call, unasked: its customer on the screen, both heard by each other."""
        floor, last = self.floor, self.attempt_id
        if floor.seat().state == "paused":
            self.page.click("#ready")
        floor.until(lambda: floor.seat().state == "talking" and floor.seat().attempt_id != last, "a call")
        floor.until(lambda: floor.voice_at("operator"), "the customer's voice at the phone")
        self.attempt_id, self.voice = floor.seat().attempt_id, floor.voice_at("operator")
        floor.until(lambda: self._heard_at(), "the operator, at the customer's end")
        (self.place,) = self._heard_at()
        floor.until_talk(self.place, self.voice)
        name = floor.value("SELECT name FROM customer WHERE id = ?", floor.seat().customer_id)
        expect(self.page.locator("#who [data-is=name]")).to_have_text(f"{name} 様")

    def _heard_at(self) -> list[tuple[int, int]]:
        """Lines on which the operator is heard; customers who were handed over talk on other ones."""
        return [place for place in self.floor.places() if self.floor.is_heard(place, OPERATOR_HZ)]

    def ends(self, code: str) -> None:
        """終話, two digits, Ctrl+Enter."""
        page = self.page
        page.click("#hang-up")
        self.keys(code)

    def keys(self, code: str) -> None:
        page, attempt_id = self.page, self.attempt_id
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        page.keyboard.press("Control+Enter")
        self.coded[attempt_id] = code
        self.floor.until(lambda: self.floor.seat().attempt_id != attempt_id, "the code is taken")

    # --- pieces of work ---------------------------------------------------------------------------------

    def plain(self) -> None:
        self.page.fill("#memo", f"通話{self.attempt_id}")
        self.ends("10")
        self.floor.until(
            lambda: [line.memo for line in self.floor.entries(self.last())] == [f"通話{self.last()}"],
            "the memo",
        )

    def last(self) -> int:
        return max(self.coded)

    def hold(self) -> None:
        self.page.keyboard.press("Control+Shift+H")
        self.floor.until(lambda: self.floor.has_music(self.place), "music for the customer")
        expect(self.page.locator("#who [data-is=held]")).to_be_visible()
        self.page.keyboard.press("Control+Shift+H")
        self.floor.until_talk(self.place, self.voice)
        self.ends("08")

    def _private(self) -> Place:
        self.people["operator"].consult(OUTSIDE)
        expect(self.page.locator(PARTY)).to_contain_text("お客様には聞こえません")
        (third,) = self.floor.places() - {self.place}
        self.floor.until_hears(third, OPERATOR_HZ, not_=(self.voice,))
        self.floor.until(lambda: self.floor.has_music(self.place), "music for the customer")
        return third

    def outside(self) -> None:
        third = self._private()
        self.page.click("[data-act=hand-over]")
        self.floor.until_hears(self.place, OUTSIDE_HZ, not_=(OPERATOR_HZ,))
        self.floor.until_hears(third, self.voice, not_=(OPERATOR_HZ,))
        self.floor.put_down(third)
        self.floor.until(lambda: not self.floor.places(), "both lines are free")
        self.keys("10")

    def three_way(self) -> None:
        third = self._private()
        self.page.click("[data-act=join-all]")
        self.floor.until_hears(self.place, OPERATOR_HZ, OUTSIDE_HZ)
        self.floor.until_hears(third, OPERATOR_HZ, self.voice)
        self.floor.put_down(third)
        self.floor.until_talk(self.place, self.voice)
        self.ends("09")

    def in_house(self) -> None:
        floor, colleague = self.floor, self.people["colleague"]
        inbox, attempt_id = colleague.open("/transfers"), self.attempt_id
        self.people["operator"].consult(COLLEAGUE)
        inbox.get_by_role("button", name="応答").click()
        expect(self.page.locator(PARTY)).to_contain_text("お客様には聞こえません")
        self.page.click("[data-act=hand-over]")
        floor.until_hears(self.place, COLLEAGUE_HZ, not_=(OPERATOR_HZ,))
        page = colleague.open("/call")
        page.click("#hang-up")
        colleague.save("10")
        self.coded[attempt_id] = "10"

    def promise(self) -> None:
        page, attempt_id = self.page, self.attempt_id
        page.click("#hang-up")
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type("06")
        page.keyboard.press("Enter")
        expect(page.locator("#recall")).to_be_focused()
        page.keyboard.type("明日 10")
        page.keyboard.press("Control+Enter")
        self.coded[attempt_id] = "06"
        due = "SELECT count(*) FROM recall WHERE attempt_id = ? AND due_at > 0"
        self.floor.until(lambda: self.floor.value(due, attempt_id) == 1, "the promise")

    def rest(self) -> None:
        """A break is asked for in the talk, begins after it, and ends by the password."""
        page = self.page
        page.keyboard.press("Control+Shift+B")
        page.keyboard.press("Enter")
        self.ends("08")
        expect(page.locator("#lock h1")).to_have_text("休憩中")
        self.floor.until(lambda: self.floor.seat().state == "break", "the break")
        page.fill("#lock-password", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#lock")).to_have_count(0)

    def help(self) -> None:
        office = self.people["supervisor"].page
        expect(self.page.locator("#help")).to_be_enabled()
        self.page.keyboard.press("Control+Shift+U")
        office.locator("#helps").click()
        expect(office.locator("#panel [data-is=help]")).to_contain_text("ヘルプに応じました")
        self.floor.until(lambda: not self.floor.seat().help_since_at, "the call for help is answered")
        office.keyboard.press("Escape")
        self.ends("08")


WORK: tuple[Callable[[Hour], None], ...] = (
    Hour.plain,
    Hour.hold,
    Hour.outside,
    Hour.three_way,
    Hour.in_house,
    Hour.promise,
    Hour.rest,
    Hour.help,
)


def test_an_operators_hour_of_mixed_work(floor: RealFloor, people: dict[str, Person]) -> None:
    hour, work = Hour(floor, people), list(WORK)
    random.Random(SEED).shuffle(work)
    for piece in work:
        hour.next_customer()
        piece(hour)
    wanted = {attempt_id: [code] for attempt_id, code in hour.coded.items()}

    def written() -> dict[int, list[str]]:
        return {attempt_id: [line.code for line in floor.entries(attempt_id)] for attempt_id in wanted}

    floor.until(lambda: written() == wanted, f"each entry, once: {wanted}")
    judge(floor)


def judge(floor: RealFloor) -> None:
    store = open_store(floor.home)
    doubled = "SELECT attempt_id FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"
    assert store.tuples(doubled) == []
    assert store.value("SELECT count(*) FROM transfer WHERE cleared_at = 0") == 0
    assert compare.compare(store) == []
    store.close()


def test_a_supervisor_whispers_and_barges_by_the_buttons_of_the_board(
    floor: RealFloor, people: dict[str, Person]
) -> None:
    hour, office = Hour(floor, people), people["supervisor"].page
    hour.next_customer()
    place, voice = hour.place, hour.voice
    people["supervisor"].open("/board")
    office.locator("[data-seat]", has_text=floor.seat().label).first.click()
    office.select_option("#telephone", EXTENSION)
    expect(office.locator("#panel [data-answer]")).to_have_text("監督電話を登録しました。")
    told = hour.page.locator("#told-listeners")

    office.click("#panel [data-how=listen]")
    floor.until(
        lambda: floor.phone_hears("supervisor", heard=(voice, OPERATOR_HZ)), "both, at the supervisor"
    )
    floor.until_hears(place, OPERATOR_HZ, not_=(SUPERVISOR_HZ,))
    expect(told).to_have_count(0)

    office.click("#panel [data-how=whisper]")
    floor.until(
        lambda: floor.phone_hears("operator", heard=(voice, SUPERVISOR_HZ)), "the whisper, at the phone"
    )
    floor.until_hears(place, OPERATOR_HZ, not_=(SUPERVISOR_HZ,))
    expect(told).to_contain_text("ささやいています")

    office.click("#panel [data-how=barge]")
    floor.until_hears(place, OPERATOR_HZ, SUPERVISOR_HZ)
    floor.until(lambda: floor.phone_hears("operator", heard=(voice, SUPERVISOR_HZ)), "both, at the operator")
    expect(told).to_contain_text("通話に入っています")

    office.click("#panel [data-how=end]")
    floor.until_hears(place, OPERATOR_HZ, not_=(SUPERVISOR_HZ,))
    floor.until(lambda: floor.phone_hears("operator", heard=(voice,), unheard=(SUPERVISOR_HZ,)), "him alone")
    hour.ends("10")
