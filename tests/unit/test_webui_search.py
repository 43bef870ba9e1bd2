"""Searching before calling, over WSGI: which lists, what is found, the queue it becomes; the walls."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from appliance.settings import Home, Settings
from appliance.store import blocked, call_queues, lists
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services

pytestmark = pytest.mark.xdist_group("webui-search")  # its tests share one floor, in order


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("search")), customers=12, seat_count=2, calls=0)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def clients(services: Services) -> dict[str, Client]:
    wsgi, found = app.build(services), {}
    for name, entry, login in (("one", "demo", "op1"), ("two", "demo", "op2"), ("other", "other", "manager")):
        found[name] = Client(wsgi)
        assert found[name].log_in(entry, login).status == 303
    return found


def queue_of(floor: Floor, at: int) -> call_queues.Queue:
    found = call_queues.get(floor.store, floor.tenant_id, floor.operator_ids[at])
    assert found is not None
    return found


def test_lists_are_those_a_person_may_call(floor: Floor, clients: dict[str, Client]) -> None:
    first, second = floor.list_ids
    lists.permit_users(floor.store, floor.tenant_id, first, (floor.operator_ids[0],))

    assert "2026年11月A" in clients["one"].ask("GET", "/call/search").body
    assert "2026年11月A" not in clients["two"].ask("GET", "/call/search").body
    assert clients["two"].ask("GET", f"/call/search?list={first}").status == 404
    assert clients["two"].post("/call/search/start", list=str(first)).status == 404
    assert clients["other"].ask("GET", f"/call/search?list={second}").status == 404
    lists.set_enabled(floor.store, floor.tenant_id, second, is_enabled=False)
    assert "かけられるリストがありません。" in clients["two"].ask("GET", "/call/search").body
    lists.set_enabled(floor.store, floor.tenant_id, second, is_enabled=True)


def test_what_is_found_becomes_the_queue(floor: Floor, clients: dict[str, Client]) -> None:
    list_id, ids = floor.list_ids[1], floor.customer_ids[12:]
    number = str(floor.store.value("SELECT number FROM customer WHERE id = ?", (ids[5],)))
    blocked.add(floor.store, floor.tenant_id, number=number, kind="forbid", at=int(time.time() * 1000))

    page = clients["two"].ask("GET", f"/call/search?list={list_id}").body
    assert "12件" in page
    assert "発信禁止" in page
    answer = clients["two"].post(
        "/call/search/start", list=str(list_id), from_id=f"{list_id}-{ids[4]}", nth="new"
    )
    assert answer.header("Location") == "/call"
    assert queue_of(floor, 1).ids == (ids[4], *ids[6:])
    assert queue_of(floor, 1).title == "2026年11月B 新規"
    assert "続きが7件あります" in clients["two"].ask("GET", "/call/search").body


def test_two_people_do_not_begin_at_the_same_customer_by_chance(
    floor: Floor, clients: dict[str, Client]
) -> None:
    floor.store.run("UPDATE customer SET random_key = (id * 2654435761) % 4294967296")
    for client in (clients["one"], clients["two"]):
        assert client.post("/call/search/start", list=str(floor.list_ids[1]), order="random").status == 303
    assert queue_of(floor, 0).ids != queue_of(floor, 1).ids
    assert sorted(queue_of(floor, 0).ids) == sorted(queue_of(floor, 1).ids)


def test_nobody_to_call_and_an_id_that_is_none_are_said(floor: Floor, clients: dict[str, Client]) -> None:
    list_id = str(floor.list_ids[1])
    nobody = clients["one"].post("/call/search/start", list=list_id, nth="second")
    assert (nobody.status, "かけられる顧客がいません" in nobody.body) == (400, True)
    wrong = clients["one"].post("/call/search/start", list=list_id, from_id="abc")
    assert (wrong.status, "12-345" in wrong.body) == (400, True)
    empty = clients["one"].ask("GET", f"/call/search?list={list_id}&nth=third").body
    assert "条件に一致する顧客はいません。" in empty
    assert "2回かけて" in empty
