"""The page of promises: boxes, the memo on hover and by keyboard, a promise closed and taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from appliance.store import recalls
from tests.browser.conftest import Site, Tab

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def promised(site: Site) -> Iterator[int]:
    """One promise of half an hour ago; gone afterwards, for the tests that come later."""
    floor, now = site.floor, int(site.floor.clock.wall() * 1000)
    found = recalls.wish(
        floor.store, floor.tenant_id, floor.customer_ids[-1], user_id=floor.operator_ids[0], at=now,
        attempt_id=99_001, due_at=now - 30 * 60_000, level="高", memo="夕方に奥様へ\n犬に注意",
    )  # fmt: skip
    yield found
    floor.store.run("DELETE FROM recall WHERE id = ?", (found,))


def test_a_promise_is_read_closed_and_taken_back(manager: Tab, promised: int) -> None:
    page = manager.open("/recalls?box=past")
    row = page.locator("#promises tbody tr[data-note*='犬に注意']")
    expect(row).to_contain_text("30分経過")
    row.hover()
    note = page.get_by_role("tooltip")
    expect(note).to_contain_text("犬に注意")
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    page.locator("h1").hover()
    row.locator("[data-note-here]").focus()
    expect(note).to_be_visible()
    row.get_by_role("button", name="完了にする").click()
    done = page.locator("#promises tr.over[data-note*='犬に注意']")
    expect(done).to_contain_text("完了（手で）")
    done.get_by_role("button", name="取り消す").click()
    expect(done).to_have_count(0)
    page.get_by_label("完了を隠す").check()
    expect(row).to_contain_text("30分経過")
    assert manager.errors == []
