"""An operator's work with page and phone together: Chromium, a baresip as desk phone, the simulated exchange.

Every process is the product's own; what is heard is judged at each end.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.store import history, users
from appliance.store.open import open_store
from tests.browser.conftest import DESK
from tests.crowd import crowd
from tests.simulation.phones_floor import OPERATOR_HZ, Scene

PASSWORD = "operators-own-2026"
UNHEARD_DBM0 = -50.0

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(300)]


class Floor(Scene):
    """The scene of listening, with the page beside it."""

    PROCESSES = frozenset({"phones", "audio", "dialer", "exchange", "web"})

    def set_up_page(self) -> None:
        store = open_store(self.home)
        user = next(user for user in users.every(store, self.tenant_id) if user.id == self.operator[0])
        now = int(time.time() * 1000)
        users.set_password(store, self.tenant_id, user.id, PASSWORD, at=now, is_temporary=False)
        self.entry = users.tenants(store)[0].entry_code
        self.login_name = user.login_name
        store.close()


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    made.set_up_page()
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def page(floor: Floor, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True, locale="ja-JP", viewport=DESK)  # type: ignore[arg-type]
    context.set_default_timeout(20_000 * crowd())
    expect.set_options(timeout=20_000 * crowd())
    found = context.new_page()
    floor.until(lambda: is_open(floor.web_port), "the page's port")
    found.goto(f"https://127.0.0.1:{floor.web_port}/login")
    found.fill("#entry", floor.entry)
    found.fill("#login", floor.login_name)
    found.fill("#password", PASSWORD)
    found.click("button.primary")
    found.wait_for_url(re.compile("/call"))
    yield found
    context.close()


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sit_down(floor: Floor, page: Page) -> None:
    """From the page: the phone rings, its handset goes up, and the seat is the operator's."""
    floor.until(lambda: all(seat.is_registered for seat in floor.board().seats), "phones registered")
    page.click("#user-menu")
    page.click("#take-seat")
    page.select_option("#seat-choice", value=str(floor.seat().seat_id))
    page.click("#seat-form button.primary")
    floor.until(lambda: floor.is_state("paused"), "the log-in from the page")


def test_a_talk_from_ready_to_its_saved_result(floor: Floor, page: Page) -> None:
    sit_down(floor, page)
    page.click("#ready")
    floor.until(lambda: floor.is_state("talking"), "a call")
    expect(page.locator("#state [data-is=word]")).to_contain_text("通話")
    expect(page.locator("#who [data-is=name]")).to_have_text(re.compile(".+ 様"))
    floor.until(floor.customer_hz, "the customer's voice at the phone")
    floor.until(lambda: floor.customer_hears(OPERATOR_HZ) > -30, "the operator, at the customer's end")

    page.click("#hold")
    floor.until(lambda: floor.customer_hears(OPERATOR_HZ) < UNHEARD_DBM0, "music instead of the operator")
    page.click("#hold")
    floor.until(lambda: floor.customer_hears(OPERATOR_HZ) > -30, "the operator again")

    attempt_id = floor.seat().attempt_id
    page.fill("#memo", "料金表を希望。夕方がよい")
    page.click("#hang-up")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    floor.until(lambda: floor.seat().attempt_id not in (0, attempt_id), "the next call by itself")

    store = open_store(floor.home)
    rows = history.search(store, floor.tenant_id, history.Filter()).lines
    store.close()
    found = [(row.code, row.memo) for row in rows if row.attempt_id == attempt_id]
    assert found == [("10", "料金表を希望。夕方がよい")]
