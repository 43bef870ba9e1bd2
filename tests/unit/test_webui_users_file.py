"""People from a file over WSGI: judged by row, made once confirmed, slips shown once, no role too high."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.settings import Home, Settings
from appliance.store import audit, people, people_file, users
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Answer, Client
from webui import app, process
from webui.ask import Services

HEAD = "名前,ID,役割,電話ID,案件\r\n"


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return floors.seed(Home(tmp_path), customers=2, seat_count=1, calls=0)


@pytest.fixture
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


def entered(services: Services, login: str) -> Client:
    client = Client(app.build(services))
    assert client.log_in("demo", login).status == 303
    return client


def sent(client: Client, text: str, *, encoding: str = "cp932") -> Answer:
    """The form with a file, as a browser sends it."""
    mark = "x" * 20
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{client.csrf}\r\n'.encode()]
    head = 'Content-Disposition: form-data; name="file"; filename="people.csv"'
    parts.append(f"--{mark}\r\n{head}\r\nContent-Type: text/csv\r\n\r\n".encode() + text.encode(encoding))
    body = b"".join([*parts, f"\r\n--{mark}--\r\n".encode()])
    return client.send("POST", "/users/file", body, f"multipart/form-data; boundary={mark}", {})


def confirmed(client: Client, page: Answer) -> Answer:
    found = re.search(r'name="rows" value="([^"]*)"', page.body)
    assert found
    return client.post("/users/file/confirm", rows=html.unescape(found[1]))


def test_rows_are_judged_and_those_that_fit_are_made_with_slips_shown_once(
    floor: Floor, services: Services
) -> None:
    manager = entered(services, "manager")
    project = people_file.project_ids(floor.store, floor.tenant_id)
    name = next(iter(project))
    before = len(people.table(floor.store, floor.tenant_id))
    page = sent(manager, HEAD + f"新井 一,arai,オペレーター,7701,{name}\r\n新井 二,arai2,OP,,\r\n"
                "新井 三,ARAI,OP,,\r\n新井 四,arai4,社長,,\r\n新井 五,arai5,BY,7702,\r\n"
                "新井 六,arai6,OP,7701,\r\n新井 七,arai7,OP,,ない案件\r\n")  # fmt: skip

    assert page.status == 200
    assert "登録できる行 2　登録できない行 5" in page.body
    for reason in ("ログインID「ARAI」は使われています", "役割「社長」はありません。", "電話IDを空に",
                   "電話ID「7701」は使われています。", "案件「ない案件」はありません。"):  # fmt: skip
        assert reason in page.body
    assert len(people.table(floor.store, floor.tenant_id)) == before
    slips = confirmed(manager, page)
    assert "2名を登録しました" in slips.body
    made = {line.login_name: line for line in people.table(floor.store, floor.tenant_id)}
    assert made["arai"].project_ids == (project[name],)
    assert made["arai2"].is_all_projects
    assert made["arai"].has_pin
    password = re.findall(r'<code class="digits">([a-z0-9-]{14})</code>', slips.body)[0]
    assert users.check_password(floor.store, floor.tenant_id, "arai", password) is not None
    assert made["arai"].is_password_temporary
    logged = audit.page(floor.store, floor.tenant_id, audit.Filter(kinds=("users/people imported",)))[0]
    assert "arai" in logged.detail
    assert password not in logged.detail


def test_what_was_made_meanwhile_is_refused_beside_the_slips_of_the_rest(
    floor: Floor, services: Services
) -> None:
    manager = entered(services, "manager")
    page = sent(manager, HEAD + "新井 一,arai,OP,,\r\n新井 二,arai2,OP,,\r\n")
    assert "1名を登録しました" in confirmed(manager, sent(manager, HEAD + "別の人,arai2,OP,,\r\n")).body
    slips = confirmed(manager, page)
    assert "1名を登録しました" in slips.body
    assert "3行目 新井 二：ログインID「arai2」は使われています" in slips.body


def test_a_supervisor_makes_no_manager_also_not_by_a_forged_confirmation(
    floor: Floor, services: Services
) -> None:
    supervisor = entered(services, "super")
    assert "登録できる行 0　登録できない行 1" in sent(supervisor, HEAD + "長 一,cho,MGR,,\r\n").body
    forged = supervisor.post("/users/file/confirm", rows='[[2,["長 一","cho","MGR","",""]]]')
    assert "0名を登録しました" in forged.body
    assert "cho" not in {line.login_name for line in people.table(floor.store, floor.tenant_id)}
    assert supervisor.post("/users/file/confirm", rows="[[").status == 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("名前,ID\r\nあ,a\r\n", "見出し「役割」がありません。"),
        ("名前,ID,役割,住所\r\nあ,a,OP,x\r\n", "見出し「住所」は使えません。"),
        (HEAD, "データの行がありません。"),
        (HEAD + "あ,a,OP,,\r\n" * (people_file.ROWS_MAX + 1), f"{people_file.ROWS_MAX + 1}行あります。"),
    ],
)
def test_a_file_that_is_none_of_people_is_refused_in_words(services: Services, text: str, words: str) -> None:
    answer = sent(entered(services, "manager"), text)
    assert answer.status == 400
    assert words in answer.body


def test_the_sample_can_be_registered(floor: Floor, services: Services, tmp_path: Path) -> None:
    answer = entered(services, "manager").ask("GET", "/users/file/sample.csv")
    path = tmp_path / "sample.csv"
    path.write_bytes(answer.text)
    judged = people_file.judge(floor.store, floor.tenant_id, people_file.read(path), by="MGR")
    assert [row.reason for row in judged] == ["", ""]


def test_a_login_of_one_letter_gets_a_password_without_it() -> None:
    assert all("a" not in people.new_password("a") for _ in range(50))


def test_no_more_than_a_megabyte_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * (people_file.BYTES_MAX + 1))
    with pytest.raises(BadInput, match="大きすぎます"):
        people_file.read(path)
