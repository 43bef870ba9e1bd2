"""Entries without a call, reports and their page, over WSGI: who may write where, and what becomes of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from appliance.settings import Home, Settings
from appliance.store import blocked, compare, history, lists, mail, recalls, users
from appliance.store.models import HistoryLine
from tests.browser import floor as floors
from tests.browser.floor import PASSWORD, Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services

pytestmark = pytest.mark.xdist_group("webui-entries")  # its tests share one floor, in order

PEOPLE = (
    ("mgr", "demo", "manager"),
    ("op", "demo", "op1"),
    ("two", "demo", "op2"),
    ("biz", "demo", "reader"),
    ("other", "other", "manager"),
)


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    made = floors.seed(Home(tmp_path_factory.mktemp("entries")), customers=12, seat_count=2, calls=0)
    users.create(
        made.store, made.tenant_id, login_name="reader", name="閲覧 次郎", role="BIZ", password=PASSWORD,
        at=1, is_password_temporary=False,
    )  # fmt: skip
    lists.permit_users(made.store, made.tenant_id, made.list_ids[1], (made.operator_ids[1],))
    return made


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def clients(services: Services) -> dict[str, Client]:
    wsgi, found = app.build(services), {}
    for name, entry, login in PEOPLE:
        found[name] = Client(wsgi)
        assert found[name].log_in(entry, login).status == 303
    return found


def newest(floor: Floor, customer_id: int) -> HistoryLine:
    return history.of_customer(floor.store, floor.tenant_id, customer_id)[0]


def test_somebody_is_found_by_number_in_the_lists_one_may_work(
    floor: Floor, clients: dict[str, Client]
) -> None:
    theirs = floor.customer_ids[12]
    number = str(floor.store.value("SELECT number FROM customer WHERE id = ?", (theirs,)))
    shown = f"{number[:2]}-{number[2:6]}-{number[6:]}"

    for name, is_found in (("mgr", True), ("two", True), ("op", False), ("other", False)):
        body = clients[name].ask("GET", f"/entries/new?number={shown}").body
        assert (f"customer={theirs}" in body) is is_found, name
        status = clients[name].ask("GET", f"/entries/new?customer={theirs}").status
        assert status == (200 if is_found else 404), name
        assert clients[name].post("/entries", customer=str(theirs), memo="x").status == (
            303 if is_found else 404
        )
    assert clients["biz"].ask("GET", "/entries/new").status == 403


def test_a_customer_needs_one_field_and_no_number(floor: Floor, clients: dict[str, Client]) -> None:
    list_id = str(floor.list_ids[0])
    assert clients["op"].post("/entries/customers", list=list_id).status == 400
    wrong = clients["op"].post("/entries/customers", list=list_id, **{"cell-0": "12", "cell-1": "名無し"})
    assert (wrong.status, "名無し" in wrong.body) == (400, True)
    done = clients["op"].post("/entries/customers", list=list_id, **{"cell-1": "番号 無子"})
    made = int(re.findall(r"customer=(\d+)", done.header("Location"))[0])
    assert floor.store.tuples("SELECT number, name, is_callable FROM customer WHERE id = ?", (made,)) == [
        ("", "番号 無子", 0)
    ]
    assert (
        clients["op"].post("/entries/customers", list=str(floor.list_ids[1]), **{"cell-1": "x"}).status == 404
    )
    assert compare.compare(floor.store) == []


def test_an_entry_is_marked_as_written_and_keeps_what_was_agreed(
    floor: Floor, clients: dict[str, Client]
) -> None:
    customer = floor.customer_ids[0]
    answer = clients["op"].post(
        "/entries", customer=str(customer), code="06", memo="メールで相談", when="明日 10",
        successor=str(floor.operator_ids[1]), level="高",
    )  # fmt: skip
    assert answer.header("Location") == f"/customers/{customer}?said=saved"
    page = clients["op"].ask("GET", f"/customers/{customer}").body
    for words in ("追記", "メールで相談", "引継：", "高", "↻"):
        assert words in page
    agreed = recalls.agreed(floor.store, floor.tenant_id, customer)[0]
    assert (agreed.successor_id, agreed.is_promise) == (floor.operator_ids[1], 1)
    assert compare.compare(floor.store) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("when", "いつか", "再架電日時を読み取れません"),
        ("at", "2999-01-01T10:00", "1年前から今まで"),
        ("at", "きのう", "形が正しくありません"),
        ("code", "zz", "この案件にありません"),
        ("memo", "", "結果かメモを入れてください"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    floor: Floor, clients: dict[str, Client], field: str, value: str, words: str
) -> None:
    customer = str(floor.customer_ids[1])
    answer = clients["op"].post("/entries", **{"customer": customer, "memo": "書いたもの", field: value})
    assert answer.status == 400
    assert words in answer.body
    assert field == "memo" or "書いたもの" in answer.body
    assert history.of_customer(floor.store, floor.tenant_id, floor.customer_ids[1]) == []


def test_an_entry_of_an_earlier_day_leaves_the_newer_result(floor: Floor, clients: dict[str, Client]) -> None:
    customer = floor.customer_ids[2]
    clients["op"].post("/entries", customer=str(customer), code="01", memo="今日")
    day = time.strftime("%Y-%m-%dT10:00", time.localtime(time.time() - 3 * 86_400))
    assert (
        clients["op"].post("/entries", customer=str(customer), code="02", memo="先日", at=day).status == 303
    )

    assert floor.store.value("SELECT last_code FROM customer WHERE id = ?", (customer,)) == "01"
    assert [row.memo for row in history.of_customer(floor.store, floor.tenant_id, customer)] == [
        "今日",
        "先日",
    ]
    assert compare.compare(floor.store) == []


def test_forbidding_without_a_call_forbids_the_number(floor: Floor, clients: dict[str, Client]) -> None:
    customer = floor.customer_ids[3]
    number = str(floor.store.value("SELECT number FROM customer WHERE id = ?", (customer,)))
    clients["op"].post("/entries", customer=str(customer), code="07", memo="手紙で断られた")
    assert [row.reason for row in blocked.find(floor.store, floor.tenant_id, number)] == ["架電禁止"]


def test_own_entries_are_edited_by_their_author_and_by_managers(
    floor: Floor, clients: dict[str, Client]
) -> None:
    customer = floor.customer_ids[4]
    clients["op"].post("/entries", customer=str(customer), code="05", memo="折り返し", when="明日 11")
    entry = newest(floor, customer)
    assert clients["two"].post(f"/history/{entry.id}", code="01", memo="x").status == 404
    past = clients["op"].post(f"/history/{entry.id}", code="05", memo="折り返し", agreed="1", when="きのう")
    assert past.status == 400
    clients["op"].post(f"/history/{entry.id}", code="08", memo="直した", agreed="1", when="", level="中")
    agreed = recalls.agreed(floor.store, floor.tenant_id, customer)[0]
    assert (agreed.due_at, agreed.level, agreed.is_promise) == (0, "中", 0)
    clients["mgr"].post(f"/history/{entry.id}", code="06", memo="管理者が直した")
    assert newest(floor, customer).memo == "管理者が直した"
    assert recalls.agreed(floor.store, floor.tenant_id, customer)[0].level == "中", (
        "a form without it keeps it"
    )


def settings(**changes: str) -> dict[str, str]:
    return {"is_on": "1", "addresses": "kanri@example.com", "header": "前書き", **changes}


def test_reporting_is_offered_only_where_it_is_on(floor: Floor, clients: dict[str, Client]) -> None:
    customer, project = str(floor.customer_ids[5]), f"/projects/{floor.project_id}/report"
    assert "保存して報告" not in clients["op"].ask("GET", f"/entries/new?customer={customer}").body
    refused = clients["op"].post("/entries", customer=customer, memo="報告したい", then="report")
    assert (refused.status, "報告をしません" in refused.body) == (400, True)
    assert history.of_customer(floor.store, floor.tenant_id, floor.customer_ids[5]) == [], "all or nothing"

    wrong = clients["mgr"].post(project, **settings(addresses="だれか"))
    assert (wrong.status, "メールアドレスではありません" in wrong.body) == (400, True)
    assert clients["op"].post(project, **settings()).status == 403
    reader = int(floor.store.value("SELECT id FROM user WHERE login_name = 'reader'"))
    assert clients["mgr"].post(project, **settings(person=str(reader))).status == 303
    assert "保存して報告" in clients["op"].ask("GET", f"/entries/new?customer={customer}").body
    assert (
        clients["op"].post("/entries", customer=customer, code="01", memo="決まった", then="report").status
        == 303
    )
    letters = mail.due(floor.store, at=int(time.time() * 1000) + 60_000)
    assert ["前書き" in letter.body for letter in letters] == [True]


def test_a_report_is_read_by_its_recipients_with_its_customer(
    floor: Floor, clients: dict[str, Client]
) -> None:
    customer = floor.customer_ids[5]
    assert "決まった" in clients["biz"].ask("GET", "/report-history").body
    assert "決まった" in clients["mgr"].ask("GET", "/report-history?q=決まった").body
    for name in ("op", "two", "other"):
        assert "決まった" not in clients[name].ask("GET", "/report-history").body
    page = clients["biz"].ask("GET", f"/customers/{customer}")
    assert (page.status, "決まった" in page.body) == (200, True)
    assert "新規履歴" not in page.body
    assert clients["biz"].ask("GET", f"/customers/{floor.customer_ids[4]}").status == 404
    assert clients["biz"].ask("GET", "/report-history?code=02").body.count("決まった") == 0


def test_a_letter_that_may_have_arrived_is_sent_again_by_hand_alone(
    floor: Floor, clients: dict[str, Client]
) -> None:
    (letter,) = mail.due(floor.store, at=int(time.time() * 1000) + 60_000)
    delivery = int(floor.store.value("SELECT id FROM report_delivery WHERE mail_id = ?", (letter.id,)))
    again = f"/report-history/{delivery}/again"
    assert clients["mgr"].post(again).status == 400
    assert mail.begin(floor.store, letter.id, at=1)
    assert "届いたか不明" in clients["mgr"].ask("GET", "/report-history").body
    assert clients["op"].post(again).status == 403
    assert clients["other"].post(again).status == 404
    assert clients["mgr"].post(again).status == 303
    assert len(mail.due(floor.store, at=int(time.time() * 1000) + 60_000)) == 1


def test_the_call_screen_reports_what_it_saves(floor: Floor, clients: dict[str, Client]) -> None:
    customer, now = floor.customer_ids[7], int(time.time() * 1000)
    entry = floor.store.insert(
        "history", tenant_id=floor.tenant_id, project_id=floor.project_id, list_id=floor.list_ids[0],
        customer_id=customer, attempt_id=811, user_id=floor.operator_ids[0], code="94", at=now,
    )  # fmt: skip

    def save(**more: str) -> list[str]:
        content = json.dumps({"code": "10", "memo": "資料を送る"})
        answer = clients["op"].post(
            "/call/save", customer=str(customer), attempt="811", content=content, **more
        )
        assert answer.status == 200, answer.body
        return [
            str(row[0])
            for row in floor.store.tuples(
                "SELECT m.body FROM report_delivery d JOIN mail m ON m.id = d.mail_id WHERE d.history_id = ?",
                (entry,),
            )
        ]

    assert save() == []
    (body,) = save(is_reporting="1")
    assert "結果: 10 資料送付" in body
    assert "メモ: 資料を送る" in body
    assert save() == [], "saved again without reporting, within the time of taking back"


def test_the_history_shows_what_has_no_result_and_promised_calls(
    floor: Floor, clients: dict[str, Client]
) -> None:
    customer, now = floor.customer_ids[6], int(time.time() * 1000)
    for attempt, code, ago in ((801, "98", 5000), (802, "08", 10)):
        floor.store.insert(
            "history", tenant_id=floor.tenant_id, project_id=floor.project_id, list_id=floor.list_ids[0],
            customer_id=customer, attempt_id=attempt, code=code, memo=f"通話{attempt}", at=now - ago,
        )  # fmt: skip
    recalls.wish(
        floor.store, floor.tenant_id, customer, user_id=1, at=now - 9000, attempt_id=800, due_at=now - 1000
    )
    uncoded = clients["mgr"].ask("GET", "/history?uncoded=1").body
    assert "通話801" in uncoded
    assert "結果未入力" in uncoded
    assert "通話802" not in uncoded
    promised = clients["mgr"].ask("GET", "/history?promised=1").body
    assert "通話802" in promised
    assert "決まった" not in promised
