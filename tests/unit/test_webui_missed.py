"""The page of calls that come in, over WSGI: who waits, who was missed, and what is done about it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from appliance.dialer.messages import AnswerCaller, DialCustomer, DialNumber, IncomingBoard, NameCaller
from appliance.settings import Home, Settings
from appliance.store import blocked, customers, incoming
from tests.browser import call_desk
from tests.browser import floor as floors
from tests.browser.call_desk import Desk
from tests.browser.floor import FakeDialer, Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services

pytestmark = pytest.mark.xdist_group("webui-missed")  # its tests share one floor

WAIT_S = 10.0


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    found = floors.seed(Home(tmp_path_factory.mktemp("missed")), customers=6, seat_count=3, calls=0)
    call_desk.furnish(found)
    return found


@pytest.fixture(scope="module")
def dialer(floor: Floor) -> Iterator[FakeDialer]:
    found = FakeDialer(floor.home, floors.board(floor)).start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def services(floor: Floor, dialer: FakeDialer) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    built.live.start()
    assert until(lambda: built.live.is_up)
    yield built
    built.live.close()
    built.store.close()


@pytest.fixture(scope="module")
def client(services: Services) -> Client:
    found = Client(app.build(services))
    assert found.log_in("demo", "op1").status == 303
    return found


@pytest.fixture
def desk(floor: Floor, dialer: FakeDialer, services: Services) -> Iterator[Desk]:
    found = Desk(floor, dialer, place=2, user_id=floor.operator_ids[0], user_name="佐藤 太郎")
    with found:
        found.sit()
        assert until(lambda: services.live.seat_of(found.user_id) is not None)
        yield found


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for something, with a bound."""
    end = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()


def missed(floor: Floor, number: str, customer_id: int = 0) -> int:
    """A call that nobody took."""
    values: dict[str, Any] = {
        "tenant_id": floor.tenant_id, "project_id": floor.project_id, "customer_id": customer_id,
        "called": "0312345678", "caller": number, "span": 1, "channel": 1, "at": int(time.time() * 1000),
        "outcome": "missed", "tier": 1,
    }  # fmt: skip
    return floor.store.insert("incoming_call", **values)


def a_customer(floor: Floor) -> tuple[int, str]:
    row = floor.store.tuples(
        "SELECT id, number FROM customer WHERE list_id = ? AND number <> '' LIMIT 1", (floor.list_ids[0],)
    )[0]
    return int(row[0]), str(row[1])


def test_a_missed_customer_is_called_back_with_one_click(floor: Floor, client: Client, desk: Desk) -> None:
    customer_id, number = a_customer(floor)
    call = missed(floor, number, customer_id)
    assert f'data-call="{call}"' in client.ask("GET", "/missed").body

    answer = client.post(f"/missed/{call}/call")

    assert (answer.status, desk.asked(DialCustomer)[-1].customer_id) == (303, customer_id)


def test_an_unknown_one_is_called_by_number_and_a_withheld_one_is_not(
    floor: Floor, client: Client, desk: Desk
) -> None:
    assert client.post(f"/missed/{missed(floor, '0355551111')}/call").status == 303
    assert desk.asked(DialNumber)[-1].number == "0355551111"
    assert client.post(f"/missed/{missed(floor, '')}/call").status == 400


def test_a_forbidden_one_is_shown_as_such_and_cannot_be_clicked(floor: Floor, client: Client) -> None:
    blocked.add(floor.store, floor.tenant_id, number="0355552222", kind="forbid", at=1, reason="検査")
    missed(floor, "0355552222")
    assert "発信禁止に登録されているため、かけられません。" in client.ask("GET", "/missed").body


def test_it_is_ticked_off_opened_again_and_counted(floor: Floor, client: Client) -> None:
    call = missed(floor, "0355553333")
    due = json.loads(client.ask("GET", "/missed/due").body)["due"]
    assert client.post(f"/missed/{call}/done").status == 303
    assert json.loads(client.ask("GET", "/missed/due").body)["due"] == due - 1
    assert client.post(f"/missed/{call}/done", open="1").status == 303
    assert json.loads(client.ask("GET", "/missed/due").body)["due"] == due


def test_a_missed_caller_becomes_a_customer_with_one_field(floor: Floor, client: Client) -> None:
    call = missed(floor, "0355554444")
    assert client.post(f"/missed/{call}/customer", name="", list="0").status == 400
    assert (
        client.post(f"/missed/{call}/customer", name="新規 客子", list=str(floor.list_ids[0])).status == 303
    )
    line = incoming.get(floor.store, floor.tenant_id, call)
    assert line is not None
    found = customers.get(floor.store, floor.tenant_id, line.customer_id)
    assert found is not None
    assert (found.name, found.number) == ("新規 客子", "0355554444")


def test_who_waits_is_shown_and_taken_at_ones_own_seat(
    floor: Floor, client: Client, services: Services, dialer: FakeDialer, desk: Desk
) -> None:
    caller = IncomingBoard(
        7, floor.tenant_id, floor.project_id, 0, 0, "0355556666", "0312345678", "queued", 1.0
    )
    dialer.show(lambda board: msgspec.structs.replace(board, incoming=(caller,)))
    assert until(lambda: bool(services.live.board.incoming))
    assert 'data-incoming="7"' in client.ask("GET", "/missed").body

    assert client.post("/missed/7/answer").status == 303

    assert desk.asked(AnswerCaller)[-1].incoming_id == 7
    dialer.show(lambda board: msgspec.structs.replace(board, incoming=()))
    assert until(lambda: not services.live.board.incoming)
    assert client.post("/missed/7/answer").status == 404


def test_a_caller_on_the_line_becomes_a_customer(
    floor: Floor, client: Client, services: Services, desk: Desk
) -> None:
    desk.sit("talking", attempt_kind="incoming")
    desk._put(attempt_id=99, number="0355557777")
    assert until(lambda: (s := services.live.seat_of(desk.user_id)) is not None and s.attempt_id == 99)
    values = {"attempt": "99", "name": "電話 主", "list": str(floor.list_ids[0])}
    assert client.post("/call/caller", **values | {"attempt": "98"}).status == 400
    assert client.post("/call/caller", **values).status == 200
    named = desk.asked(NameCaller)[-1]
    found = customers.get(floor.store, floor.tenant_id, named.customer_id)
    assert found is not None
    assert (named.attempt_id, found.name, found.number) == (99, "電話 主", "0355557777")
