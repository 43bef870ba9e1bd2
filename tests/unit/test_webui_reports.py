"""Reports over HTTP: quick days, kept addresses, files in both languages, tenants and roles apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from appliance.settings import Home, Settings
from appliance.store import saved_views
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process, report_frame
from webui.ask import Services
from webui.words import translator

EVERY = ("hourly", "days", "codes", "operators", "operator-codes", "abandoned")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("reports")), customers=40, seat_count=4, calls=80)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


def logged_in(services: Services, entry: str, login: str) -> Client:
    client = Client(app.build(services))
    assert client.log_in(entry, login).status == 303
    return client


@pytest.fixture(scope="module")
def manager(services: Services) -> Client:
    return logged_in(services, "demo", "manager")


@pytest.fixture(scope="module")
def stranger(services: Services) -> Client:
    return logged_in(services, "other", "manager")


def test_the_quick_days_are_what_people_call_them() -> None:
    found = report_frame.periods(date(2026, 3, 1))  # a Sunday, the first of a month

    assert found == {
        "today": (20260301, 20260301),
        "yesterday": (20260228, 20260228),
        "week": (20260223, 20260301),
        "last-month": (20260201, 20260228),
    }


def test_the_words_of_the_bar_have_their_english() -> None:
    english = translator("en")
    words = [word for _, word, *_ in (*report_frame.PERIODS, *report_frame.REPORTS)]
    assert [word for word in words if english(word) == word] == []


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", ["", "utf8", "cp932", "xlsx", "notes"])
def test_no_report_shows_another_tenants_rows(
    manager: Client, stranger: Client, floor: Floor, name: str, kind: str
) -> None:
    own, other = (
        client.ask("GET", f"/reports/{name}?csv={kind}&project={floor.project_id}")
        for client in (manager, stranger)
    )

    assert own.status == other.status == 200
    if kind in ("", "utf8"):
        assert "2026年11月A" not in other.text.decode("utf-8-sig")
        assert "佐藤" not in other.text.decode("utf-8-sig")
    if name == "codes" and kind == "utf8":
        assert "2026年11月" in own.text.decode("utf-8-sig")
    assert (kind == "xlsx") == (own.text[:2] == b"PK")


def test_files_speak_the_readers_language(manager: Client) -> None:
    manager.post("/account/look", language="en", next="/")
    try:
        lines = manager.ask("GET", "/reports/operator-codes?csv=utf8").text.decode("utf-8-sig").splitlines()
        notes = manager.ask("GET", "/reports/hourly?csv=notes").text.decode("utf-8-sig")
    finally:
        manager.post("/account/look", language="ja", next="/")
    assert lines[0].startswith("Operator,Total,")
    assert lines[-1].startswith("Total,")
    assert "talks" in notes.lower()


def test_a_view_keeps_what_today_means(manager: Client, services: Services, floor: Floor) -> None:
    page = manager.ask("GET", f"/reports/days?period=today&project={floor.project_id}").body
    assert f'name="address" value="/reports/days?project={floor.project_id}&amp;period=today"' in page


@pytest.mark.parametrize(
    ("page", "address", "status"),
    [
        ("reports", "/reports/codes?period=week", 303),
        ("reports", "https://evil.example/", 400),
        ("history", "/reports/codes", 400),
        ("board", "/board", 404),
    ],
)
def test_only_our_own_addresses_are_kept(services: Services, page: str, address: str, status: int) -> None:
    client = logged_in(services, "demo", "super")
    answer = client.post("/views", page=page, name="試し", address=address)
    assert answer.status == status


def test_nobody_removes_anothers_view(
    manager: Client, stranger: Client, services: Services, floor: Floor
) -> None:
    values: dict[str, Any] = {"page": "reports", "name": "共有", "address": "/reports/days", "is_shared": "1"}
    manager.post("/views", **values)
    view = saved_views.every(floor.store, floor.tenant_id, floor.manager_id, "reports")[0]

    others = [logged_in(services, "demo", "super"), stranger]

    assert [client.post(f"/views/{view.id}/remove").status for client in others] == [404, 404]
    answer = manager.post(f"/views/{view.id}/remove", back="https://evil.example/")
    assert answer.status == 303
    assert answer.header("Location").startswith("/history")


def test_an_operator_reads_own_days_alone_and_shares_nothing(services: Services, floor: Floor) -> None:
    client = logged_in(services, "demo", "op1")
    assert client.ask("GET", "/reports/days").status == 200
    assert [client.ask("GET", f"/reports/{name}").status for name in ("codes", "abandoned")] == [403, 403]
    client.post("/views", page="reports", name="自分", address="/reports/days", is_shared="1")
    shared = saved_views.every(floor.store, floor.tenant_id, floor.manager_id, "reports")
    assert "自分" not in [view.name for view in shared]
