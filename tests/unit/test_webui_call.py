"""The call screen over WSGI: who may open whom, what is kept when, and what the dialer is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from appliance.dialer.messages import (
    NONE_CALLABLE,
    CallTarget,
    DialCustomer,
    DialForOperator,
    DialNumber,
    EnterCode,
    SeatBoard,
    SetReady,
)
from appliance.settings import Home, Settings
from appliance.store import (
    blocked,
    customer_edits,
    customers,
    details,
    drafts,
    history,
    projects,
    screen_locks,
)
from tests.browser import call_desk
from tests.browser import floor as floors
from tests.browser.call_desk import Desk
from tests.browser.floor import FakeDialer, Floor
from tests.unit.test_webui_guard import Answer, Client
from webui import app, process
from webui.ask import Services
from webui.call_card import Reader
from webui.call_view import CallView
from webui.words import translator

pytestmark = pytest.mark.xdist_group("webui-call")  # its tests share one floor, in order

WAIT_S = 10.0


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    found = floors.seed(Home(tmp_path_factory.mktemp("call")), customers=30, seat_count=4, calls=6)
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
def clients(services: Services) -> dict[str, Client]:
    wsgi, found = app.build(services), {}
    people = (
        ("one", "demo", "op1"),
        ("two", "demo", "op2"),
        ("boss", "demo", "manager"),
        ("other", "other", "manager"),
    )
    for name, entry, login in people:
        found[name] = Client(wsgi)
        assert found[name].log_in(entry, login).status == 303
    return found


@pytest.fixture
def desk(floor: Floor, dialer: FakeDialer, services: Services) -> Iterator[Desk]:
    found = Desk(floor, dialer, place=2, user_id=floor.operator_ids[0], user_name="佐藤 太郎")
    with found:
        found.sit()
        assert until(lambda: shown(services, found) == "waiting")
        yield found
    screen_locks.release(floor.store, floor.tenant_id, user_id=found.user_id)


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for something, with a bound."""
    end = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()


def shown(services: Services, desk: Desk) -> str:
    seat = services.live.seat_of(desk.user_id)
    return seat.state if seat else ""


def in_wrapup(services: Services, desk: Desk, customer: int) -> int:
    """A talk with the customer that is over; the attempt."""
    attempt = desk.connect(customer)
    desk.part()
    assert until(lambda: shown(services, desk) == "wrapup")
    return attempt


def data(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.body)
    return found


def ask(client: Client, url: str, **values: Any) -> Answer:
    form = {"csrf": client.csrf, **{name: str(value) for name, value in values.items()}}
    return client.ask("POST", url, form, ACCEPT="application/json")


def entry(floor: Floor, customer: int) -> Any:
    return history.of_customer(floor.store, floor.tenant_id, customer)[0]


def test_a_changed_field_leaves_the_others_and_the_number_as_they_were(
    floor: Floor, clients: dict[str, Client]
) -> None:
    customer = floor.customer_ids[20]
    before = dict(customers.fields(floor.store, floor.tenant_id, customer))
    form = {f"field-{name}": value for name, value in before.items() if name != "電話番号"}
    answer = ask(clients["one"], f"/call/customers/{customer}", **(form | {"field-住所": "神奈川県川崎市"}))
    assert answer.status == 200
    after = dict(customers.fields(floor.store, floor.tenant_id, customer))
    assert after == before | {"住所": "神奈川県川崎市"}
    assert [edit.field for edit in customer_edits.every(floor.store, floor.tenant_id, customer)] == ["住所"]
    refused = ask(clients["one"], f"/call/customers/{customer}", **{"field-電話番号": "0399999999"})
    assert refused.status == 400
    assert "元の電話番号は変えられません" in refused.body


def test_what_is_typed_is_kept_first_and_then_the_code_is_told(
    floor: Floor, services: Services, clients: dict[str, Client], desk: Desk
) -> None:
    customer = floor.customer_ids[21]
    attempt = in_wrapup(services, desk, customer)
    where = {"customer": customer, "attempt": attempt}
    content = {"memo": "夕方に", "recall": "明日 10", "level": 0}
    assert "下書き" not in ask(clients["one"], "/call/draft", **where, content=json.dumps(content)).body
    missing = ask(clients["one"], "/call/save", **where, content=json.dumps(content))
    assert (missing.status, desk.asked(EnterCode)) == (400, [])

    desk.refusal = "発信エンジンが停止中です。"
    failed = ask(clients["one"], "/call/save", **where, content=json.dumps(content | {"code": "06"}))
    assert failed.status == 409
    assert drafts.find(floor.store, floor.tenant_id, desk.user_id, customer, attempt) is not None
    desk.refusal = ""

    saved = ask(
        clients["one"], "/call/save", **where, content=json.dumps(content | {"code": "06"}), is_next=1
    )
    assert saved.status == 200
    assert desk.asked(EnterCode)[-1] == EnterCode(desk.seat_id, attempt, "06", is_next=True)
    assert (entry(floor, customer).code, entry(floor, customer).memo) == ("06", "夕方に")
    kept = details.get(floor.store, floor.tenant_id, attempt)
    assert kept is not None
    assert services.calendar.clock(kept.due_at) == "10:00"
    assert drafts.find(floor.store, floor.tenant_id, desk.user_id, customer, attempt) is None

    taken = ask(clients["one"], "/call/take-back", **where)
    assert taken.status == 200
    draft = drafts.find(floor.store, floor.tenant_id, desk.user_id, customer, attempt)
    assert draft is not None
    restored = json.loads(draft.content)
    assert (restored["code"], restored["memo"]) == ("06", "夕方に")
    assert restored["recall"].endswith("10:00")


def test_an_entry_that_stands_is_edited_by_its_author_alone(
    floor: Floor, services: Services, clients: dict[str, Client], desk: Desk
) -> None:
    customer = floor.customer_ids[22]
    attempt = in_wrapup(services, desk, customer)
    desk.key("98")
    assert until(lambda: shown(services, desk) == "waiting")
    where = {
        "customer": customer,
        "attempt": attempt,
        "content": json.dumps({"code": "08", "memo": "留守電"}),
    }
    assert ask(clients["two"], "/call/save", **where).status == 404
    assert ask(clients["one"], "/call/save", **where).status == 200
    assert (entry(floor, customer).code, entry(floor, customer).memo) == ("08", "留守電")


def test_a_second_person_reads_who_has_the_customer_and_can_do_nothing(
    floor: Floor, clients: dict[str, Client], desk: Desk
) -> None:
    customer = floor.customer_ids[23]
    first = data(ask(clients["one"], "/call/open", customer=customer))
    assert first["held"] is None
    second = data(ask(clients["two"], "/call/open", customer=customer))
    assert second["held"] == {"name": "佐藤 太郎", "seat": desk.seat().label}
    assert second["card"]["customer_id"] == customer
    refused = ask(clients["two"], f"/call/customers/{customer}", **{"field-住所": "x"})
    assert "対応中です" in refused.body
    assert data(ask(clients["two"], "/call/beat", customer=customer)) == {"is_ours": False}
    assert data(ask(clients["two"], "/call/open", customer=customer, is_viewing=1))["held"] is None
    ask(clients["one"], "/call/close", customer=customer)
    assert data(ask(clients["two"], "/call/open", customer=customer))["held"] is None
    ask(clients["two"], "/call/close", customer=customer)


def test_any_number_is_called_by_hand_and_a_block_is_said_with_its_reason(
    floor: Floor, services: Services, clients: dict[str, Client], desk: Desk
) -> None:
    assert "今日はまだ手動で発信していません" in clients["one"].ask("GET", "/call/manual").body
    assert ask(clients["one"], "/call/manual", number="０３-5555-0001").status == 200
    assert desk.asked(DialNumber)[-1].number == "0355550001"
    assert until(lambda: shown(services, desk) == "ringing")
    desk.talk()
    desk.part()
    assert until(lambda: shown(services, desk) == "wrapup")
    saved = ask(clients["one"], "/call/manual/save", attempt=desk.last, memo="本社の代表", code="01")
    assert saved.status == 200
    assert desk.asked(EnterCode)[-1].attempt_id == desk.last
    page = clients["one"].ask("GET", "/call/manual").body
    assert "本社の代表" in page
    assert "03-5555-0001" in page
    assert "本社の代表" not in clients["two"].ask("GET", "/call/manual").body, "of one's own day alone"
    at = services.now_ms()
    block = blocked.add(
        floor.store, floor.tenant_id, number="0355550001", kind="forbid", at=at, reason="本人の申し出"
    )
    desk.refusal = "この番号は発信禁止に登録されているため、発信できません。"
    refused = ask(clients["one"], "/call/manual", number="0355550001")
    desk.refusal = ""
    blocked.release(floor.store, floor.tenant_id, block, at=at, user_id=floor.manager_id, reason="試験")
    assert refused.status == 400
    assert "発信禁止に登録されている" in refused.body
    assert "本人の申し出" in refused.body


def test_dialling_takes_an_added_number_and_makes_no_paused_seat_ready_for_lists(
    floor: Floor, services: Services, clients: dict[str, Client], desk: Desk
) -> None:
    customer = floor.customer_ids[24]
    desk.sit("paused")
    assert until(lambda: shown(services, desk) == "paused")
    ask(clients["one"], f"/call/customers/{customer}/numbers", number="０９０-1234-5678", label="携帯")
    added = customers.added_numbers(floor.store, floor.tenant_id, customer)[0]
    told = len(desk.asked(SetReady))
    assert ask(clients["one"], "/call/dial", customer=customer, number_id=added.id).status == 200
    assert len(desk.asked(SetReady)) == told, "the project dials by itself for seats that are ready"
    assert desk.asked(DialCustomer)[-1].number == "09012345678"
    assert ask(clients["two"], "/call/dial", customer=customer).status == 400
    desk.no_answer()


def test_several_are_dialled_at_once_as_far_as_the_project_allows(
    floor: Floor, services: Services, clients: dict[str, Client], desk: Desk
) -> None:
    one, project = clients["one"], (floor.store, floor.tenant_id, floor.project_id)
    chosen = data(ask(one, "/call/queue", list=floor.list_ids[1]))
    assert "許可されていません" in ask(one, "/call/dial-many", count=3).body
    assert not desk.asked(DialForOperator)
    projects.change(*project, dials_at_once=2)

    assert data(ask(one, "/call/dial-many", count=4))["count"] == 2
    first = desk.asked(DialForOperator)[-1].customer_ids
    assert len(first) == 2
    assert until(lambda: shown(services, desk) == "ringing")
    held = data(ask(clients["two"], "/call/open", customer=first[0]))["held"]
    assert held == {"name": "佐藤 太郎", "seat": desk.seat().label}
    desk.win(first[1])
    desk.part()
    desk.key("08")
    assert until(lambda: shown(services, desk) == "waiting")

    desk.refusal = "発信できません。空いている回線がありません。"
    assert ask(one, "/call/dial-many", count=2).status in (400, 409, 502)
    desk.refusal = ""
    after = data(ask(one, "/call/dial-many", count=2))
    second = desk.asked(DialForOperator)[-1].customer_ids
    assert second[0] == first[0], "who was outrun before he rang comes first"
    assert first[1] not in second
    assert after["queue"]["left"] == chosen["count"] - 3
    desk.nobody()
    assert until(lambda: shown(services, desk) == "waiting")

    desk.refusal = NONE_CALLABLE
    assert data(ask(one, "/call/dial-many", count=2)) == {"is_over": True, "has_queue": True}
    desk.refusal = ""
    projects.change(*project, dials_at_once=1)


def test_a_target_is_a_number_a_desk_of_ours_or_nothing(
    floor: Floor, services: Services, clients: dict[str, Client], desk: Desk
) -> None:
    desk.connect(floor.customer_ids[25])
    assert until(lambda: shown(services, desk) == "talking")
    assert ask(clients["one"], "/call/target", to="044-430-5356").status == 200
    assert desk.asked(CallTarget)[-1] == CallTarget(desk.seat_id, number="0444305356")
    assert ask(clients["one"], "/call/target", to="201").status == 200
    assert desk.asked(CallTarget)[-1] == CallTarget(desk.seat_id, extension="201")
    before = len(desk.asked(CallTarget))
    for wrong in ("005", "だれか", "12"):
        assert ask(clients["one"], "/call/target", to=wrong).status == 400
    assert len(desk.asked(CallTarget)) == before
    desk.part()
    desk.key("08")


def test_another_tenant_opens_dials_and_edits_nobody(floor: Floor, clients: dict[str, Client]) -> None:
    customer = floor.customer_ids[0]
    for url in ("/call/open", "/call/draft", "/call/save", f"/call/customers/{customer}"):
        assert ask(clients["other"], url, customer=customer, attempt=1, content="{}").status in (400, 404), (
            url
        )
    assert clients["other"].ask("GET", f"/call/projects/{floor.project_id}").status == 404


def test_the_list_is_called_in_its_order_and_ends(floor: Floor, clients: dict[str, Client]) -> None:
    chosen = data(ask(clients["two"], "/call/queue", list=floor.list_ids[1]))
    assert chosen["count"] > 0
    first = data(ask(clients["two"], "/call/next"))
    second = data(ask(clients["two"], "/call/next"))
    assert second["card"]["customer_id"] > first["card"]["customer_id"]
    assert second["queue"]["left"] == chosen["count"] - 2
    assert ask(clients["two"], "/call/queue", list=floor.other_list_id).status == 404
    screen_locks.release(floor.store, floor.tenant_id, user_id=floor.operator_ids[1])


def test_a_time_is_read_for_the_page(floor: Floor, clients: dict[str, Client]) -> None:
    def read(text: str) -> dict[str, str]:
        url = f"/call/when?project={floor.project_id}&text={text}"
        return data(clients["one"].ask("GET", url, ACCEPT="application/json"))

    assert read("%E6%98%8E%E6%97%A5+10")["shown"].endswith("10:00")
    assert "読み取れません" in read("xyz")["problem"]


def test_a_project_gets_its_questions_and_words_from_managers_alone(
    floor: Floor, clients: dict[str, Client]
) -> None:
    at = f"/projects/{floor.project_id}"
    assert ask(clients["one"], f"{at}/levels", name="D").status == 403
    script = "{氏名}さま {ない列}"
    done = ask(
        clients["boss"],
        f"{at}/call",
        script=script,
        wrap_limit_s=90,
        recall_wait_min=15,
        auto_call_s=20,
        is_mode_free=1,
    )
    assert done.status == 200
    assert (
        ask(
            clients["boss"], f"{at}/call", script=script, wrap_limit_s=90, recall_wait_min=15, auto_call_s=60
        ).status
        == 400
    )
    assert ask(clients["boss"], f"{at}/levels", name="D 見送り").status == 200
    choices = {"target": "customer", "kind": "select", "name": "地域", "choices": "東\r\n西"}
    assert ask(clients["boss"], f"{at}/attributes", **choices).status == 200
    assert ask(clients["boss"], f"{at}/attributes", **(choices | {"kind": "odd"})).status == 400
    assert ask(clients["boss"], f"{at}/templates", name="", text="あとで送付").status == 200
    page = clients["boss"].ask("GET", at).body
    assert "リストにない項目名です： ない列" in page
    pack = data(clients["one"].ask("GET", f"/call/projects/{floor.project_id}"))
    assert (pack["auto_call_s"], pack["wrap_limit_s"], pack["is_mode_free"]) == (20, 90, True)
    assert {"name": "地域", "kind": "select", "choices": ["東", "西"]}.items() <= pack["customer"][-1].items()
    assert "D 見送り" in [name for _, name in pack["levels"]]


def test_the_stream_brings_the_whole_customer_once_with_the_call(
    floor: Floor, services: Services, desk: Desk
) -> None:
    reader = Reader(services, floor.tenant_id, desk.user_id, "佐藤 太郎", "OP", translator("ja"))
    view = CallView(reader)

    def seat() -> SeatBoard | None:
        return services.live.seat_of(desk.user_id)

    assert "card" not in view.look(seat())["call"]
    customer = floor.customer_ids[26]
    desk.connect(customer)
    assert until(lambda: shown(services, desk) == "talking")
    card = view.look(seat())["call"]["card"]
    name = str(floor.store.value("SELECT name FROM customer WHERE id = ?", (customer,)))
    assert (card["name"], card["customer_id"], card["fields"][0][0]) == (name, customer, "電話番号")
    assert [field[0] for field in card["fields"]] == list(floors.HEADERS)
    assert view.look(seat())["call"]["card"] is card
    desk.part()
    desk.key("08")
    assert until(lambda: shown(services, desk) == "waiting")
    assert "card" not in view.look(seat())["call"]
