"""A customer's page over WSGI: what was changed beside what the file had, and attributes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.settings import Home, Settings
from appliance.store import attributes, customer_edits, history
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return floors.seed(Home(tmp_path), customers=4, seat_count=2, calls=6)


@pytest.fixture
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


def entered(services: Services, login: str, entry: str = "demo") -> Client:
    client = Client(app.build(services))
    assert client.log_in(entry, login).status == 303
    return client


def question(floor: Floor, target: str, kind: str, name: str) -> int:
    return attributes.add(
        floor.store, floor.tenant_id, floor.project_id, target=target, kind=kind, name=name,  # type: ignore[arg-type]
        choices=() if kind == "text" else ("光", "ガス", "水道"),
    )  # fmt: skip


def test_the_original_stands_beside_what_was_changed(floor: Floor, services: Services) -> None:
    store, customer = floor.store, floor.customer_ids[0]
    who = {"user_id": floor.operator_ids[0], "at": 1_795_230_000_000}
    for value in ("北町9-9", "南町1-1"):
        customer_edits.change(store, floor.tenant_id, customer, {"住所": value}, **who)
    before = customer_edits.originals(customer_edits.every(store, floor.tenant_id, customer))["住所"].before
    customer_edits.add_number(store, floor.tenant_id, customer, number="0451119999", label="携帯", **who)

    page = entered(services, "manager").ask("GET", f"/customers/{customer}").body

    assert f"元：{before}（" in page
    assert "元：北町9-9" not in page
    assert "変更の記録（3件）" in page
    assert "045-111-9999" in page


def test_an_entry_without_a_call_answers_the_projects_questions(floor: Floor, services: Services) -> None:
    store, customer = floor.store, floor.customer_ids[0]
    many, text = (
        question(floor, "result", "check", "検査の契約"),
        question(floor, "result", "text", "検査の備考"),
    )
    own = question(floor, "customer", "radio", "検査の持ち家")
    attributes.save(store, floor.tenant_id, floor.project_id, "customer", customer, {own: "光"})
    client = entered(services, "manager")
    form = {"customer": str(customer), "code": "06", f"attribute-{text}": "夕方に"}
    assert "検査の契約" in client.ask("GET", f"/entries/new?customer={customer}").body

    answer = client.post("/entries", **form, **{f"attribute-{many}": "ガス"})

    assert answer.status == 303
    entry = history.of_customer(store, floor.tenant_id, customer)[0]
    found = attributes.of_entries(store, floor.tenant_id, customer)[entry.id]
    assert [(one.name, one.shown) for one in found] == [("検査の契約", "ガス"), ("検査の備考", "夕方に")]
    page = client.ask("GET", f"/customers/{customer}").body
    assert "検査の備考：夕方に" in page
    assert "検査の持ち家</th><td>光" in page
    count = entry_count(floor, customer)
    refused = client.post("/entries", **form, **{f"attribute-{many}": "石炭"})
    assert refused.status == 400
    assert "石炭" in refused.body
    assert entry_count(floor, customer) == count


def entry_count(floor: Floor, customer: int) -> int:
    return int(floor.store.value("SELECT count(*) FROM history WHERE customer_id = ?", (customer,)))


def test_result_attributes_of_a_call_stand_beside_its_entry(floor: Floor) -> None:
    store, tenant = floor.store, floor.tenant_id
    asked = question(floor, "result", "check", "検査の契約")
    attempt, customer = store.tuples(
        "SELECT attempt_id, customer_id FROM history WHERE attempt_id > 0 ORDER BY id LIMIT 1"
    )[0]
    attributes.save(store, tenant, floor.project_id, "result", attempt, {asked: "光\nガス"})
    attributes.retire(store, tenant, floor.project_id, asked, at=1)

    ((found,),) = [list(rows) for rows in attributes.of_entries(store, tenant, customer).values()]

    assert (found.name, found.shown) == ("検査の契約", "光・ガス")
    assert attributes.of_entries(store, floor.other_tenant_id, customer) == {}


def test_attributes_are_renamed_and_moved_by_a_manager_alone(floor: Floor, services: Services) -> None:
    first, second = question(floor, "result", "text", "検査一"), question(floor, "result", "text", "検査二")
    at, manager = f"/projects/{floor.project_id}/attributes", entered(services, "manager")

    def names() -> list[str]:
        every = attributes.every(floor.store, floor.tenant_id, floor.project_id, "result")
        return [row.name for row in every if row.id in (first, second)]

    for act in ("moved up", "moved up"):
        assert manager.post(at, attribute=str(second), act=act).status == 303
    assert names() == ["検査二", "検査一"]
    assert manager.post(at, attribute=str(first), act="renamed", name="検査三").status == 303
    assert manager.post(at, attribute=str(first), act="renamed", name="検査二").status == 400
    assert manager.post(at, attribute=str(second), act="moved down").status == 303
    assert names() == ["検査三", "検査二"]
    for login in ("super", "op1"):
        assert entered(services, login).post(at, attribute=str(first), act="renamed", name="x").status == 403
    theirs = entered(services, "manager", "other").post(at, attribute=str(first), act="renamed", name="x")
    assert theirs.status == 404
    assert names() == ["検査三", "検査二"]
