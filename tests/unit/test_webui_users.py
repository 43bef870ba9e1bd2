"""ユーザー and セキュリティ over WSGI: people made, changed, retired; what a supervisor may not."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from appliance.settings import Home, Settings
from appliance.store import audit, lists, people, security, users
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Answer, Client
from webui import app, process
from webui.ask import Services

pytestmark = pytest.mark.xdist_group("webui-users")  # its tests share one floor, in order


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("users")), customers=12, seat_count=2, calls=6)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def clients(services: Services) -> dict[str, Client]:
    wsgi, found = app.build(services), {}
    for name, login in (("mgr", "manager"), ("sv", "super")):
        found[name] = Client(wsgi)
        assert found[name].log_in("demo", login).status == 303
    return found


def form(**values: str) -> dict[str, str]:
    given = {"name": "新人 花子", "login_name": "shinjin", "role": "OP", "where": "all"}
    return given | values


def on_slip(answer: Answer) -> list[str]:
    return [html.unescape(text) for text in re.findall(r'<code class="digits">([^<]+)<', answer.body)]


def id_of(floor: Floor, login: str) -> int:
    return next(row.id for row in people.table(floor.store, floor.tenant_id) if row.login_name == login)


def said(floor: Floor) -> list[tuple[str, str]]:
    return [(row.action, row.detail) for row in audit.search(floor.store, floor.tenant_id, text="users")]


def test_a_new_person_comes_in_with_what_is_on_the_slip(
    clients: dict[str, Client], floor: Floor, services: Services
) -> None:
    answer = clients["sv"].post("/users", **form(phone_id="771"))

    assert answer.status == 200
    assert answer.header("Cache-Control") == "no-store"
    password, phone_id, pin = on_slip(answer)
    assert phone_id == "771"
    found = users.check_pin(floor.store, "771", pin)
    assert found is not None
    assert found.name == "新人 花子"
    fresh = Client(app.build(services))
    assert fresh.log_in("demo", "shinjin", password).header("Location") == "/call"
    assert fresh.ask("GET", "/history").header("Location") == "/account/password"
    assert ("created", "shinjin 新人 花子 OP") in said(floor)
    assert not any(password in detail or pin in detail for _, detail in said(floor))
    page = clients["mgr"].ask("GET", f"/users/{found.id}").body
    assert password not in page
    assert pin not in page


def test_a_refusal_keeps_what_was_typed(clients: dict[str, Client]) -> None:
    answer = clients["mgr"].post("/users", **form(login_name="OP1", name="同じID", phone_id="9"))
    assert answer.status == 400
    assert "電話IDが正しくありません" in answer.body
    assert 'value="同じID"' in answer.body
    assert "使われています" in clients["mgr"].post("/users", **form(login_name="OP1", name="同じID")).body


def test_fields_change_together_and_are_logged(clients: dict[str, Client], floor: Floor) -> None:
    user_id = id_of(floor, "op1")
    change = form(
        name="佐藤 新姓", login_name="sato", role="BY", where="chosen", project=str(floor.project_id)
    )
    assert clients["mgr"].post(f"/users/{user_id}", **change, phone_id="88").status == 303

    line = people.get(floor.store, floor.tenant_id, user_id)
    assert line is not None
    assert (line.name, line.login_name, line.role, line.phone_id) == ("佐藤 新姓", "sato", "BY", "")
    assert line.project_ids == (floor.project_id,)
    assert "role OP → BY" in said(floor)[0][1]
    assert "佐藤 新姓" in clients["mgr"].ask("GET", "/history").body


def test_a_role_that_calls_again_gets_a_pin_on_a_slip(clients: dict[str, Client], floor: Floor) -> None:
    user_id = id_of(floor, "op2")
    answer = clients["mgr"].post(
        f"/users/{user_id}", **form(name="鈴木 花子", login_name="op2", phone_id="55")
    )
    phone_id, pin = on_slip(answer)
    assert phone_id == "55"
    assert users.check_pin(floor.store, "55", pin) is not None


def test_a_supervisor_reaches_lower_roles_alone(clients: dict[str, Client], floor: Floor) -> None:
    manager_id = floor.manager_id
    page = clients["sv"].ask("GET", f"/users/{manager_id}").body
    assert "権限がありません（MGRのみ）" in page
    assert f"/users/{manager_id}/password" not in page
    for answer in (
        clients["sv"].post(f"/users/{manager_id}", **form(name="管理 太郎", login_name="manager", role="OP")),
        clients["sv"].post(f"/users/{manager_id}/password"),
        clients["sv"].post("/users", **form(login_name="sv2", name="別の監督", role="SV")),
        clients["sv"].post(
            f"/users/{id_of(floor, 'op2')}", **form(name="鈴木 花子", login_name="op2", role="SV")
        ),
    ):
        assert answer.status == 400
        assert "作成・変更できません" in answer.body
    assert clients["sv"].post(f"/users/{id_of(floor, 'op2')}/retire").status == 403


def test_a_reset_password_works_once_and_ends_sessions(
    clients: dict[str, Client], floor: Floor, services: Services
) -> None:
    user_id = id_of(floor, "op2")
    users.set_phone(floor.store, floor.tenant_id, user_id, phone_id="56", pin="24680")
    theirs = Client(app.build(services))
    theirs.log_in("demo", "op2")
    password, *_rest = on_slip(clients["sv"].post(f"/users/{user_id}/password", with_pin="1"))
    assert theirs.ask("GET", "/history").header("Location").startswith("/login")
    assert users.check_password(floor.store, floor.tenant_id, "op2", password) is not None
    assert said(floor)[0] == ("password reset", "op2 and PIN")


def test_whoever_has_left_keeps_the_name_and_cannot_be_changed(
    clients: dict[str, Client], floor: Floor
) -> None:
    user_id = id_of(floor, "op2")
    assert clients["mgr"].post(f"/users/{user_id}/retire").status == 303
    assert "鈴木 花子" not in clients["mgr"].ask("GET", "/users").body.split("<main")[1]
    assert "鈴木 花子" in clients["mgr"].ask("GET", "/users?state=left").body
    assert "鈴木 花子" in clients["mgr"].ask("GET", "/history").body
    assert clients["mgr"].post(f"/users/{user_id}", **form()).status == 400
    assert "使われています" in clients["mgr"].post("/users", **form(login_name="op2", name="別人")).body


def test_the_last_manager_and_oneself_stay(clients: dict[str, Client], floor: Floor) -> None:
    own = clients["mgr"].post(f"/users/{floor.manager_id}/retire")
    assert (own.status, "自分自身" in own.body) == (400, True)
    less = clients["mgr"].post(
        f"/users/{floor.manager_id}", **form(name="管理 太郎", login_name="manager", role="SV")
    )
    assert (less.status, "最後のMGR" in less.body) == (400, True)


def test_the_preview_says_what_is_seen_and_why_not(clients: dict[str, Client], floor: Floor) -> None:
    user_id, list_id = id_of(floor, "shinjin"), floor.list_ids[0]
    url = f"/users/{user_id}/sees"
    assert "担当になっていません" not in clients["sv"].ask("GET", url).body
    lists.permit_users(floor.store, floor.tenant_id, list_id, ())
    page = clients["sv"].ask("GET", url).body
    assert page.count("担当になっていません") == 1
    assert "架電・自動発信" in page
    assert "リストの登録・変更・削除" not in page
    lists.permit_users(floor.store, floor.tenant_id, list_id, (), is_for_all=True)
    assert "すべての案件とリスト" in clients["sv"].ask("GET", f"/users/{floor.manager_id}/sees").body


def test_the_table_of_rights_shows_each_role(clients: dict[str, Client]) -> None:
    page = clients["sv"].ask("GET", "/users/rights").body
    row = re.search(r">架電・自動発信</th>(.*?)</tr>", page)
    assert row
    assert re.findall(r"<td>(.)", row[1]) == ["○", "○", "○", "－", "－"]


def test_rules_for_coming_in_are_kept_or_refused_whole(clients: dict[str, Client], floor: Floor) -> None:
    good = {"idle_minutes": "30", "password_days": "90", "networks": "10.0.0.0/8\n192.0.2.7"}
    assert clients["mgr"].post("/security", **good).status == 303
    assert security.policy(floor.store, floor.tenant_id).networks == ("10.0.0.0/8", "192.0.2.7/32")
    shut = clients["mgr"].post("/security", **good | {"networks": "192.0.2.7"})
    assert (shut.status, "いまお使いのアドレス" in shut.body) == (400, True)
    assert clients["mgr"].post("/security", **good | {"idle_minutes": "abc"}).status == 400
    assert clients["mgr"].post("/security", idle_minutes="", password_days="", networks="").status == 303
    assert security.policy(floor.store, floor.tenant_id) == security.Policy()
    assert clients["sv"].ask("GET", "/security").status == 403
