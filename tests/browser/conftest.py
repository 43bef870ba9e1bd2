"""One seeded floor, one web server and one Chromium for all tests of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from appliance.settings import Home
from tests.browser.floor import PASSWORD
from tests.browser.site import CHROMIUM, DESK, Site, running
from tests.crowd import crowd

SEATS = 100
__all__ = ["CHROMIUM", "DESK", "NewTab", "Site", "Tab", "log_in"]


@dataclass
class Tab:
    """A page of a browser, with the errors its console told."""

    page: Page
    site: Site
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.site.url + path)
        return self.page


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(Home(tmp_path_factory.mktemp("site")), seat_count=SEATS) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield found
        found.close()


def patient(browser: Browser, **options: Any) -> BrowserContext:
    """A browser of its own that waits as long as the machine is crowded."""
    context = browser.new_context(
        ignore_https_errors=True, locale="ja-JP", timezone_id="Asia/Tokyo", **{"viewport": DESK, **options}
    )
    context.set_default_timeout(15_000 * crowd())
    expect.set_options(timeout=5_000 * crowd())
    return context


NewTab = Callable[..., Tab]


@pytest.fixture
def new_tab(browser: Browser, site: Site) -> Iterator[NewTab]:
    """Open a browser of its own (cookies and all)."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Tab:
        context = patient(browser, **options)
        contexts.append(context)
        tab = Tab(context.new_page(), site)
        tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.page.on("console", lambda line: tab.errors.append(line.text) if line.type == "error" else None)
        return tab

    yield make
    for context in contexts:
        context.close()


def log_in(tab: Tab, login: str = "manager", *, entry: str = "demo", password: str = PASSWORD) -> Page:
    page = tab.open("/login")
    page.fill("#entry", entry)
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


@pytest.fixture(scope="session")
def manager_cookies(browser: Browser, site: Site) -> Any:
    """A manager's session, logged in once for all tests that are not about logging in."""
    context = patient(browser)
    log_in(Tab(context.new_page(), site))
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def manager(new_tab: NewTab, manager_cookies: Any) -> Tab:
    """A browser in which a manager is logged in."""
    return new_tab(storage_state=manager_cookies)
