"""A floor whose every process is the product's own: two operators and a supervisor, each with page and phone.

Chromium works the pages, baresip is each desk phone, the simulated exchange is everybody outside.  What is
heard is judged at each end by its tone.  Nothing here knows what the dialer thinks but by its board.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance import ipc
from appliance.dialer import messages as dialer
from appliance.simulator import exchange_messages as exchange
from appliance.simulator.callee_plan import CALLEE_TONES_HZ, CallPlan, Do, Step
from appliance.store import history, projects, seats, users
from appliance.store.models import HistoryLine
from appliance.store.open import open_store
from tests.browser.conftest import patient
from tests.contract.baresip_rig import Baresip
from tests.crowd import crowd
from tests.simulation import test_transfer_floor
from tests.simulation.phones_floor import EXTENSION, HEARD_DB, OPERATOR_HZ, VOICE_S, levels_db
from tests.simulation.test_transfer_floor import HEARD_DBM0, Place

PASSWORD: Final = "operators-own-2026"
COLLEAGUE, COLLEAGUE_HZ = "291", 2_650  # no callee's tone
COLLEAGUES_SECRET: Final = "secret-291"
PEOPLE_AT: Final = {"operator": "op01", "colleague": "op-b", "supervisor": "sv"}

BUSY: Final = CallPlan("forced", (Step(0.05, Do.PROCEED), Step(0.1, Do.DISCONNECT, cause=17)))
SILENT: Final = CallPlan("forced", (Step(0.05, Do.PROCEED), Step(0.1, Do.ALERT)))
VACANT: Final = CallPlan("forced", (Step(0.05, Do.PROCEED), Step(0.1, Do.DISCONNECT, cause=1)))


class RealFloor(test_transfer_floor.Scene):
    """The scene of transfers, with the pages beside it and a colleague at the next desk."""

    PROCESSES = frozenset({"phones", "audio", "dialer", "exchange", "web"})

    def _set_up(self, phone_id: str) -> None:
        super()._set_up(phone_id)
        store, now = open_store(self.home), int(time.time() * 1000)
        self.entry = users.tenants(store)[0].entry_code
        users.create(
            store, self.tenant_id, login_name="op-b", name="渡辺 次郎", role="OP", password=PASSWORD, at=now,
            is_password_temporary=False,
        )  # fmt: skip
        seats.create(
            store, label="B-01", extension=COLLEAGUE, password=COLLEAGUES_SECRET, tenant_id=self.tenant_id
        )
        self.user_ids = {}
        for who, login in PEOPLE_AT.items():
            user = next(user for user in users.every(store, self.tenant_id) if user.login_name == login)
            users.set_password(store, self.tenant_id, user.id, PASSWORD, at=now, is_temporary=False)
            self.user_ids[who] = user.id
        store.close()

    def start(self) -> None:
        super().start()
        self.phones["colleague"] = Baresip(
            self._root / "colleague", self._sip_port, COLLEAGUE, tone_hz=COLLEAGUE_HZ,
            password=COLLEAGUES_SECRET, answermode="auto", voice_s=VOICE_S,
        )  # fmt: skip
        self.until(lambda: all(seat.is_registered for seat in self.board().seats), "phones registered")
        self.until(lambda: is_open(self.web_port), "the page's port")

    def set_mode(self, mode: str) -> None:
        """How the project is dialled, before anything starts; a target that is silent rings for 5 s."""
        store = open_store(self.home)
        projects.change(store, self.tenant_id, self.project_id, mode=mode, ring_timeout_s=5)
        store.close()

    # --- seeing -----------------------------------------------------------------------------------------

    def seat(self, who: str = "operator") -> dialer.SeatBoard:
        extension = {"operator": self._login.extension, "colleague": COLLEAGUE, "supervisor": EXTENSION}[who]
        return next(seat for seat in self.board().seats if seat.extension == extension)

    def entries(self, attempt_id: int) -> list[HistoryLine]:
        """Every entry of an attempt: one, when all is well."""
        store = open_store(self.home)
        lines = history.search(store, self.tenant_id, history.Filter()).lines
        store.close()
        return [line for line in lines if line.attempt_id == attempt_id]

    def value(self, sql: str, *values: Any) -> Any:
        store = open_store(self.home)
        try:
            return store.value(sql, values)
        finally:
            store.close()

    def one_more_customer(self) -> int:
        """Somebody nobody has called."""
        return int(self.value("SELECT min(id) FROM customer WHERE attempts = 0 AND number != ''"))

    # --- hearing ----------------------------------------------------------------------------------------

    def voice_at(self, who: str) -> int:
        """Whom of outside a phone hears; 0: nobody."""
        heard = levels_db(self.phones[who], *CALLEE_TONES_HZ)
        return CALLEE_TONES_HZ[heard.index(max(heard))] if max(heard) > HEARD_DB else 0

    def is_talk_heard(self, place: Place, voice: int, who: str = "operator", hz: int = OPERATOR_HZ) -> bool:
        """Whether the two hear each other."""
        return (
            levels_db(self.phones[who], voice)[0] > HEARD_DB and self.ear(place, hz).asked_dbm0 > HEARD_DBM0
        )

    def until_talk(self, place: Place, voice: int, what: str = "both hear each other") -> None:
        self.until(lambda: self.is_talk_heard(place, voice), what)

    def until_hears(self, place: Place, *hz: int, not_: tuple[int, ...] = ()) -> None:
        """Somebody outside hears exactly this."""
        self.until(
            lambda: self.is_heard(place, *hz) and self.is_unheard(place, *not_),
            f"{place} hears {hz} and not {not_}",
        )

    # --- what happens -----------------------------------------------------------------------------------

    def force(self, number: str, plan: CallPlan | None) -> None:
        self._exchange.request(exchange.Force(number, plan))

    def put_down(self, place: Place) -> None:
        """Somebody outside hangs up."""
        self._exchange.request(exchange.PutDown(*place))

    def kill(self, process: str) -> None:
        """The end of a process, and the begin of the next."""
        before = int(self.supervisor.states()[process]["pid"])
        os.kill(before, signal.SIGKILL)
        self.until(lambda: self._pid(process) not in (0, before), f"a new {process}", is_dialer_up=False)

    def _pid(self, process: str) -> int:
        return int(self.supervisor.states()[process]["pid"])

    def until(self, condition: Any, what: str, *, is_dialer_up: bool = True) -> None:
        """Wait for it; the seat as the dialer sees it is told where it does not happen."""
        if is_dialer_up:
            super().until(condition, what)
            return
        deadline = time.monotonic() + 40.0 * crowd()
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen"
            time.sleep(0.05)

    def reconnect(self) -> None:
        """After the dialer was killed: its socket is another one."""
        self._dialer.close()

        def is_there() -> bool:
            try:
                self._dialer = ipc.BlockingClient(self.home.socket("dialer"), dialer.Union, name="test")
            except (OSError, ipc.PeerGone):
                return False
            return True

        self.until(is_there, "the dialer's socket", is_dialer_up=False)


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Person:
    """Somebody with a page and a phone."""

    def __init__(self, floor: RealFloor, browser: Browser, who: str = "operator") -> None:
        self.floor, self.who = floor, who
        self.context = self._context(browser)
        self.page = self.context.new_page()
        page, url = self.page, f"https://127.0.0.1:{floor.web_port}"
        page.goto(url + "/login")
        page.fill("#entry", floor.entry)
        page.fill("#login", PEOPLE_AT[who])
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        page.wait_for_url(lambda found: "/login" not in found)

    def _context(self, browser: Browser, **more: Any) -> BrowserContext:
        context = patient(browser, **more)
        expect.set_options(timeout=20_000 * crowd())
        return context

    def other_pc(self, browser: Browser) -> Page:
        """The same person at another browser, after this one is gone."""
        cookies = self.context.storage_state()
        return self._context(browser, storage_state=cookies).new_page()

    def open(self, path: str) -> Page:
        self.page.goto(f"https://127.0.0.1:{self.floor.web_port}{path}")
        return self.page

    def sit_down(self) -> None:
        """From the page: the phone rings, its handset goes up, and the seat is his."""
        seat = self.floor.seat(self.who)
        if seat.user_id == self.floor.user_ids[self.who]:
            return
        self.page.click("#user-menu")
        self.page.click("#take-seat")
        self.page.select_option("#seat-choice", value=str(seat.seat_id))
        self.page.click("#seat-form button.primary")
        self.floor.until(
            lambda: self.floor.seat(self.who).state in ("paused", "waiting"), "the log-in from the page"
        )

    def call(self, customer_id: int) -> tuple[int, Place, int]:
        """Dial a customer from the page; the attempt, his channel, his voice."""
        before = self.floor.places()
        page = self.open(f"/call?customer={customer_id}")
        expect(page.locator("#dial")).to_be_visible()  # hidden, it is no button for its key either
        expect(page.locator("#dial")).to_be_enabled()
        page.keyboard.press("F2")
        self.floor.until(lambda: self.floor.seat(self.who).state == "talking", "a call from the page")
        self.floor.until(lambda: self.floor.voice_at(self.who), "the customer's voice at the phone")
        (place,) = self.floor.places() - before
        expect(page.locator("#state [data-is=word]")).to_contain_text("通話")
        return self.floor.seat(self.who).attempt_id, place, self.floor.voice_at(self.who)

    def save(self, code: str) -> None:
        """Two digits, Enter, and saved."""
        page = self.page
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        expect(page.locator("#codes input:checked")).to_have_value(code)
        page.click("#save-only")
        expect(page.locator("#state")).to_contain_text(re.compile("準備中|待機"))

    def consult(self, to: str) -> None:
        """転送: call somebody while the customer waits."""
        page = self.page
        if page.locator("#transfer-panel").is_hidden():
            page.click("#transfer")
        page.fill("#target", to)
        page.keyboard.press("Enter")
