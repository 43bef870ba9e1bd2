"""The pages of lists over WSGI: many at once, extraction, export, by hand; and the wall between tenants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.settings import Home, Settings
from appliance.store import audit, compare, import_run, jobs, list_jobs, lists, moves
from appliance.store.exports import ExportPlan, request
from appliance.store.imports import Plan
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Answer, Client
from webui import app, process
from webui.ask import Services


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("lists")), customers=12, seat_count=2, calls=12)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def clients(services: Services) -> dict[str, Client]:
    """A manager, a supervisor, and the manager of another tenant."""
    wsgi = app.build(services)
    found = {}
    for name, entry, login in (
        ("mgr", "demo", "manager"),
        ("sv", "demo", "super"),
        ("other", "other", "manager"),
    ):
        found[name] = Client(wsgi)
        assert found[name].log_in(entry, login).status == 303
    return found


@pytest.fixture
def manager(clients: dict[str, Client]) -> Client:
    return clients["mgr"]


def work(floor: Floor, answer: Answer) -> int:
    """Do the job that a POST led to; its id."""
    found = re.search(r"/work/(\d+)", answer.header("Location"))
    assert found, answer.body
    jobs.work_on(floor.store, int(found[1]))
    return int(found[1])


def state_of(floor: Floor, list_id: int) -> str:
    found = lists.get(floor.store, floor.tenant_id, list_id)
    assert found is not None
    return found.state


def test_many_lists_are_started_at_once_and_taken_back(manager: Client, floor: Floor) -> None:
    body = "&".join(f"list={list_id}" for list_id in floor.list_ids)
    first, second = floor.list_ids
    page = manager.ask("GET", f"/exports/new?{body}")
    assert page.status == 200

    assert manager.post("/lists/bulk", list=str(first), act="started").status == 303
    assert "発信を開始しました" in manager.ask("GET", "/lists").body
    assert [state_of(floor, list_id) for list_id in (first, second)] == ["started", "stopped"]
    assert manager.post("/lists/undo").status == 303
    assert state_of(floor, first) == "stopped"
    assert manager.post("/lists/undo").status == 400
    assert manager.post("/lists/bulk", list=str(first), act="explode").status == 400
    assert manager.post("/exports/new", list=str(first), code="94").status == 200


def test_codes_are_extracted_and_the_move_undone(manager: Client, floor: Floor) -> None:
    list_id = floor.list_ids[0]
    before = {row.code: row.customers for row in lists.code_counts(floor.store, floor.tenant_id, list_id)}

    answer = manager.post(f"/lists/{list_id}/extract", code="-", name="未架電だけ")
    job_id = work(floor, answer)

    page = manager.ask("GET", f"/work/{job_id}").body
    assert f"{before['']}件を新しいリストへ移しました" in page
    assert "未架電だけ" in manager.ask("GET", "/lists").body
    back = work(floor, manager.post(f"/work/{job_id}/undo"))
    assert "元のリストへ戻しました" in manager.ask("GET", f"/work/{back}").body
    after = {row.code: row.customers for row in lists.code_counts(floor.store, floor.tenant_id, list_id)}
    assert after == before
    assert compare.compare(floor.store) == []
    assert manager.ask("GET", "/work").status == 200


def test_an_export_is_made_fetched_and_logged_as_taking_data_out(manager: Client, floor: Floor) -> None:
    list_id = floor.list_ids[0]

    job_id = work(
        floor, manager.post("/exports", list=str(list_id), by="customer", format="cp932", is_safe="1")
    )
    file = manager.ask("GET", f"/work/{job_id}/file")

    assert file.status == 200
    assert file.text.decode("cp932").splitlines()[0].startswith("ID,リスト,電話番号,氏名")
    assert len(file.text.decode("cp932").splitlines()) == 13
    assert "filename*=UTF-8''2026" in file.header("Content-Disposition")
    logged = [row.action for row in audit.search(floor.store, floor.tenant_id)]
    assert {"exported", "export downloaded"} <= set(logged)


def test_customers_are_typed_into_an_empty_list(manager: Client, floor: Floor) -> None:
    answer = manager.post("/lists/new", project=str(floor.project_id), name="紹介", headers="電話番号\n氏名")
    assert answer.status == 303
    list_id = int(answer.header("Location").split("/")[2])

    wrong = manager.post(f"/lists/{list_id}/add", cell="03-12")
    assert wrong.status == 400
    assert "桁数が足りません" in wrong.body
    assert 'value="03-12"' in wrong.body
    assert manager.post(f"/lists/{list_id}/add", cell="0312345678").status == 303
    assert "03-1234-5678" in manager.ask("GET", f"/lists/{list_id}?tab=customers").body
    assert (
        manager.post("/lists/new", project=str(floor.project_id), name="紹介", headers="氏名").status == 400
    )


def test_duplicates_show_where_else_and_are_removed(manager: Client, floor: Floor) -> None:
    list_id = floor.list_ids[1]
    number = str(floor.store.value("SELECT number FROM customer WHERE list_id = ?", (floor.list_ids[0],)))
    assert manager.post(f"/lists/{list_id}/add", cell=number).status == 303

    page = manager.ask("GET", f"/lists/{list_id}?tab=duplicates").body
    assert "2026年11月A" in page
    double = re.search(r'name="customer" value="(\d+)"', page)
    assert double
    job_id = work(floor, manager.post(f"/lists/{list_id}/remove", customer=double[1]))
    assert "ごみ箱に移しました" in manager.ask("GET", f"/work/{job_id}").body
    assert "同じ電話番号の顧客はいません" in manager.ask("GET", f"/lists/{list_id}?tab=duplicates").body


def test_people_are_put_to_a_list(manager: Client, floor: Floor) -> None:
    list_id, operator_id = floor.list_ids[0], floor.operator_ids[0]

    form = {"list": str(list_id), "person": str(operator_id)}
    assert manager.post("/lists/people", **form, who="chosen").status == 303
    assert lists.permitted_users(floor.store, floor.tenant_id, list_id) == (operator_id,)
    page = manager.ask("GET", f"/lists/{list_id}?tab=settings").body
    assert re.findall(r'name="person" value="(\d+)"[^>]* checked', page) == [str(operator_id)]
    for wrong in (form, {**form, "who": "others"}, {"list": str(list_id), "who": "chosen"}):
        assert manager.post("/lists/people", **wrong).status == 400
    assert lists.permitted_users(floor.store, floor.tenant_id, list_id) == (operator_id,)
    for who in ("nobody", "all"):
        assert manager.post("/lists/people", **form, who=who).status == 303
        assert lists.permitted_users(floor.store, floor.tenant_id, list_id) == ()
        found = lists.get(floor.store, floor.tenant_id, list_id)
        assert found is not None
        assert found.is_for_all == (who == "all")
    assert manager.post("/lists/people", person=str(operator_id), who="all").status == 400


def test_the_customers_of_an_import_are_saved_with_their_ids(
    clients: dict[str, Client], floor: Floor
) -> None:
    plan = Plan(project_id=floor.project_id, list_name="取り込み分")
    content = iter(["電話番号,氏名\r\n0451112222,=髙橋\r\n短い,x\r\n".encode("cp932")])
    job, _ = import_run.load_file(
        floor.store, floor.tenant_id, plan, file_name="名簿.csv", content=content, is_dry=False
    )

    saved = clients["mgr"].ask("GET", f"/imports/{job.id}/loaded.csv")

    lines = saved.text.decode("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("ID,電話番号,氏名", 2)
    assert re.fullmatch(rf"{job.list_id}-\d+,0451112222,'=髙橋", lines[1])
    assert clients["other"].ask("GET", f"/imports/{job.id}/loaded.csv").status == 404
    assert clients["sv"].ask("GET", f"/imports/{job.id}/loaded.csv").status == 403


def test_a_supervisor_looks_but_takes_nothing_out(clients: dict[str, Client], floor: Floor) -> None:
    supervisor, list_id = clients["sv"], floor.list_ids[0]
    assert supervisor.ask("GET", "/work").status == 200
    assert supervisor.ask("GET", f"/exports/new?list={list_id}").status == 403
    assert supervisor.post("/exports", list=str(list_id)).status == 403
    assert supervisor.post(f"/lists/{list_id}/extract", code="-", name="x").status == 403
    assert supervisor.post("/lists/bulk", list=str(list_id), act="started").status == 403


def test_another_tenants_lists_and_jobs_do_not_exist(clients: dict[str, Client], floor: Floor) -> None:
    list_id, store, stranger = floor.list_ids[0], floor.store, clients["other"]
    export_id = request(store, floor.tenant_id, ExportPlan(list_ids=(list_id,)), user_id=1, at=1)
    move_id = moves.extract(
        store, floor.tenant_id, list_id, codes=("",), name="よそから見えない", user_id=1, at=1
    )
    for job_id in (export_id, move_id):
        jobs.work_on(store, job_id)
    names = [line.name for line in lists.table(store, floor.tenant_id)]
    gets = [
        f"/exports/new?list={list_id}",
        f"/lists/{list_id}/add",
        f"/lists/new?like={list_id}",
        *(f"/work/{job_id}{tail}" for job_id in (export_id, move_id) for tail in ("", "/file")),
        f"/imports/{move_id}",
    ]
    posts: dict[str, dict[str, Any]] = {
        f"/lists/{list_id}/extract": {"code": "-", "name": "盗む"},
        f"/lists/{list_id}/remove": {"customer": str(floor.customer_ids[0])},
        f"/lists/{list_id}/add": {"cell": "0312345678"},
        f"/work/{move_id}/undo": {},
        f"/work/{export_id}/cancel": {},
        "/lists/new": {"project": str(floor.project_id), "name": "盗む", "headers": "電話番号"},
    }
    assert [stranger.ask("GET", url).status for url in gets] == [404] * len(gets)
    assert [stranger.post(url, **values).status for url, values in posts.items()] == [404] * len(posts)
    assert stranger.post("/lists/bulk", list=str(list_id), act="delete").status == 400
    assert stranger.post("/exports", list=str(list_id)).status == 400
    assert stranger.post("/exports/new", list=str(list_id)).status == 404
    assert stranger.post("/lists/people", list=str(list_id), person="1", who="chosen").status == 404
    assert "よそから見えない" not in stranger.ask("GET", "/work").body
    assert [line.name for line in lists.table(store, floor.tenant_id)] == names
    assert list_jobs.existing(store, floor.tenant_id, move_id).state == "done"


def test_nothing_is_exported_without_a_list(manager: Client) -> None:
    assert manager.ask("GET", "/exports/new").status == 400
    assert manager.ask("GET", "/work/99999").status == 404


def test_the_pages_say_it_in_english_too(clients: dict[str, Client], floor: Floor) -> None:
    supervisor = clients["sv"]
    supervisor.post("/account/look", language="en", theme="light", size="small", next="/lists")
    page = supervisor.ask("GET", "/work").body
    assert "Extractions and exports" in page
    assert not re.search(r"<h1>[^<]*[ぁ-んァ-ヶ一-龠]", page)
