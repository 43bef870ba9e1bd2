"""見込・再架電 over WSGI: whose promises are shown, who may close them, the badge's count; the wall."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from appliance.settings import Home, Settings
from appliance.store import recalls
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services

pytestmark = pytest.mark.xdist_group("webui-recalls")  # its tests share one floor, in order

HOUR = 3_600_000


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("recalls")), customers=12, seat_count=2, calls=0)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def clients(services: Services) -> dict[str, Client]:
    wsgi, found = app.build(services), {}
    for name, entry, login in (
        ("mgr", "demo", "manager"),
        ("one", "demo", "op1"),
        ("two", "demo", "op2"),
        ("other", "other", "manager"),
    ):
        found[name] = Client(wsgi)
        assert found[name].log_in(entry, login).status == 303
    return found


def name_of(floor: Floor, customer_id: int) -> str:
    return str(floor.store.value("SELECT number FROM customer WHERE id = ?", (customer_id,)))


@pytest.fixture(scope="module")
def promises(floor: Floor) -> dict[str, int]:
    """Operator 1 promised one for an hour ago and one that operator 2 takes over; one is in an hour."""
    now = int(time.time() * 1000)
    one, two = floor.operator_ids
    made = {}
    for at, (name, due, successor) in enumerate(
        (("past", -HOUR, 0), ("handed", -HOUR, two), ("next", HOUR, 0))
    ):
        made[name] = recalls.wish(
            floor.store, floor.tenant_id, floor.customer_ids[at], user_id=one, at=now, attempt_id=900 + at,
            due_at=now + due, successor_id=successor, memo=f"約束{at}",
        )  # fmt: skip
    return made


def due(client: Client) -> int:
    return int(json.loads(client.ask("GET", "/recalls/due").body)["due"])


def test_everybody_sees_his_own_and_managers_all(
    floor: Floor, clients: dict[str, Client], promises: dict[str, int]
) -> None:
    shown = {name: clients[name].ask("GET", "/recalls?box=past").body for name in clients}

    assert "約束0" in shown["one"]
    assert "約束1" not in shown["one"]
    assert "約束1" in shown["two"]
    assert "から引継" in shown["two"]
    assert "約束0" in shown["mgr"]
    assert "約束1" in shown["mgr"]
    assert "約束" not in shown["other"].replace("約束はありません", "")
    assert [due(clients[name]) for name in ("one", "two", "mgr", "other")] == [1, 1, 2, 0]


def test_an_operator_cannot_ask_for_anothers(clients: dict[str, Client], floor: Floor) -> None:
    body = clients["two"].ask("GET", f"/recalls?box=past&user={floor.operator_ids[0]}").body
    assert "約束0" not in body
    assert "約束0" in clients["mgr"].ask("GET", f"/recalls?box=past&user={floor.operator_ids[0]}").body


def test_a_promise_is_closed_and_opened_again_by_its_owner_alone(
    clients: dict[str, Client], promises: dict[str, int]
) -> None:
    address = f"/recalls/{promises['past']}"
    for name in ("two", "other"):
        assert clients[name].post(f"{address}/done").status == 404
    assert (
        clients["one"]
        .post(f"{address}/done", back="box=past")
        .header("Location")
        .startswith("/recalls?box=past")
    )
    assert due(clients["one"]) == 0
    assert "完了（手で）" in clients["one"].ask("GET", "/recalls?box=past").body
    assert "約束0" not in clients["one"].ask("GET", "/recalls?box=past&open=1").body
    assert clients["mgr"].post(f"{address}/done").status == 400
    assert clients["one"].post(f"{address}/reopen").status == 303
    assert due(clients["one"]) == 1


def test_a_box_that_is_empty_says_why(clients: dict[str, Client]) -> None:
    body = clients["two"].ask("GET", "/recalls?box=free").body
    assert "日時を決めていない見込・再コールはありません。" in body
