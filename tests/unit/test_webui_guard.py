"""The guard in front of every route: session, origin, token, role, tenant; driven as WSGI, no socket."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from appliance.dialer.messages import Board, MinutePoint, SeatBoard
from appliance.settings import Home, Monitor, Settings, Web
from appliance.store import audit, projects, users
from tests.browser import floor as floors
from tests.browser.floor import PASSWORD, Floor
from webui import app, process, tls
from webui.ask import Services
from webui.roles import EVERYONE, MONITOR, OPEN, RIGHTS, Route, may
from webui.views import board_view
from webui.words import translator


class Client:
    """A browser as far as the guard sees one: cookies, the page's token, an origin."""

    def __init__(self, wsgi: Any) -> None:
        self._wsgi = wsgi
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def ask(self, method: str, url: str, values: dict[str, str] | None = None, **headers: str) -> Answer:
        body = urlencode(values or {}).encode()
        return self.send(method, url, body, "application/x-www-form-urlencoded", headers)

    def send(self, method: str, url: str, body: bytes, kind: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": parts.path.encode().decode("latin-1"),
            "QUERY_STRING": parts.query,
            "HTTP_HOST": "box",
            "SERVER_NAME": "box",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "10.0.0.9",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": kind,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        answer = Answer()
        chunks = self._wsgi(environ, answer.start)
        answer.text = b"" if method == "HEAD" else b"".join(chunks)
        for name, value in answer.headers:
            if name == "Set-Cookie":
                for cookie in SimpleCookie(value).values():
                    self.cookies[cookie.key] = cookie.value
        return answer

    def log_in(self, entry: str, login: str, password: str = PASSWORD) -> Answer:
        page = self.ask("GET", "/login")
        pre = re.search(r'name="pre" value="([^"]+)"', page.body)
        assert pre
        form = {"entry": entry, "login": login, "password": password, "pre": pre[1]}
        answer = self.ask("POST", "/login", form)
        if answer.status == 303:
            page = self.ask("GET", "/account/password")
            found = re.search(r'name="csrf" content="([^"]+)"', page.body)
            assert found
            self.csrf = found[1]
        return answer

    def post(self, url: str, **values: str) -> Answer:
        return self.ask("POST", url, {"csrf": self.csrf, **values})


class Answer:
    status = 0
    text = b""

    def start(self, status: str, headers: list[tuple[str, str]], _exc: Any = None) -> None:
        self.status, self.headers = int(status.split()[0]), headers

    @property
    def body(self) -> str:
        return self.text.decode()

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("guard")), customers=12, seat_count=4, calls=12)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def wsgi(services: Services) -> Any:
    return app.build(services)


@pytest.fixture(scope="module")
def manager(wsgi: Any) -> Client:
    client = Client(wsgi)
    assert client.log_in("demo", "manager").status == 303
    return client


@pytest.fixture(scope="module")
def operator(wsgi: Any) -> Client:
    client = Client(wsgi)
    assert client.log_in("demo", "op1").status == 303
    return client


def filled(route: Route, ids: int = 1) -> str:
    return re.sub(r"<\w+:int>", str(ids), route.path).replace("<labels>", "A-01")


WALL = ("/wall", "/wall/names", "/wall-events")


def test_every_route_names_a_right_and_the_open_ones_are_known(services: Services) -> None:
    routes = app.routes(services)
    open_paths = {(route.method, route.path) for route in routes if route.right == OPEN}
    assert open_paths == {
        ("GET", "/"), ("GET", "/login"), ("POST", "/login"), ("GET", "/health"), ("GET", "/metrics"),
        ("GET", "/login/code"), ("POST", "/login/code"),
    }  # fmt: skip
    monitor_paths = {route.path for route in routes if route.right == MONITOR}
    assert monitor_paths == {"/seat/<labels>", "/seat-events/<labels>", "/monitor/enrolled", *WALL}
    assert all(route.right in RIGHTS for route in routes if route.right not in (OPEN, MONITOR))
    assert all(holders <= EVERYONE and holders for holders in RIGHTS.values())


def test_a_stranger_gets_no_further_than_the_log_in(services: Services, wsgi: Any) -> None:
    for route in app.routes(services):
        if route.right in (OPEN, MONITOR):
            continue
        answer = Client(wsgi).ask(route.method, filled(route))
        assert answer.status in (303, 401), f"{route.method} {route.path}: {answer.status}"
        if answer.status == 303:
            assert answer.header("Location").startswith("/login")


@pytest.mark.parametrize("login", ["super", "op1"])
def test_a_role_gets_exactly_what_the_table_says(services: Services, wsgi: Any, login: str) -> None:
    client = Client(wsgi)
    client.log_in("demo", login)
    role = {"super": "SV", "op1": "OP"}[login]
    for route in app.routes(services):
        if route.right in (OPEN, MONITOR, "self") or route.path in ("/events",):
            continue
        answer = (
            client.post(filled(route, 999_999))
            if route.method == "POST"
            else client.ask("GET", filled(route, 999_999))
        )
        is_refused = answer.status == 403
        assert is_refused == (not may(role, route.right)), (
            f"{login} {route.method} {route.path}: {answer.status}"
        )


def test_a_post_without_its_token_is_refused_and_changes_nothing(manager: Client, floor: Floor) -> None:
    before = projects.get(floor.store, floor.tenant_id, floor.project_id)
    url = f"/projects/{floor.project_id}/pacing"
    for values in ({}, {"csrf": "x" * 43}):
        answer = manager.ask("POST", url, {"field": "overdial", "value": "9", **values})
        assert answer.status == 403
    assert projects.get(floor.store, floor.tenant_id, floor.project_id) == before


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}],
)
def test_a_post_from_another_site_is_refused_even_with_its_token(
    manager: Client, floor: Floor, headers: dict[str, str]
) -> None:
    values = {"csrf": manager.csrf, "field": "overdial", "value": "9"}
    answer = manager.ask("POST", f"/projects/{floor.project_id}/pacing", values, **headers)
    assert answer.status == 403


def test_another_tenants_things_do_not_exist(manager: Client, floor: Floor) -> None:
    pages = [
        f"/projects/{floor.other_project_id}",
        f"/lists/{floor.other_list_id}",
        f"/customers/{floor.other_customer_id}",
        "/recordings/999",
        "/imports/999",
    ]
    assert [manager.ask("GET", url).status for url in pages] == [404] * len(pages)
    posts = {
        f"/projects/{floor.other_project_id}/pacing": {"field": "overdial", "value": "9"},
        f"/lists/{floor.other_list_id}/state": {"state": "started"},
        f"/lists/{floor.other_list_id}/permit": {"code": "94", "act": "permit"},
    }
    assert [manager.post(url, **values).status for url, values in posts.items()] == [404] * len(posts)
    everything = [
        manager.ask("GET", url).body for url in ("/projects", "/lists", "/history", "/blocked", "/monitors")
    ]
    assert not any("よその" in page for page in everything)


def test_an_operator_sees_own_entries_alone(operator: Client, floor: Floor) -> None:
    page = operator.ask("GET", "/history?user=" + str(floor.operator_ids[1])).body
    assert "自分の対応のみ表示しています" in page
    own = floor.store.value("SELECT count(*) FROM history WHERE user_id = ?", (floor.operator_ids[0],))
    assert page.count('class="nowrap">2026') + page.count('class="nowrap">20') >= own
    others = [name for name in ("鈴木 花子", "高橋 健一", "田中 美咲") if f"<td>{name}</td>" in page]
    assert others == []


def test_headers_stand_on_every_answer(wsgi: Any) -> None:
    for url in ("/login", "/health", "/static/yobirin.css", "/nothing"):
        answer = Client(wsgi).ask("GET", url)
        policy = answer.header("Content-Security-Policy")
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.header("X-Frame-Options") == "DENY"
        assert answer.header("Strict-Transport-Security")


def test_no_page_carries_inline_script_or_style(manager: Client, floor: Floor) -> None:
    for url in (
        "/board",
        "/lists",
        f"/lists/{floor.list_ids[0]}",
        "/history",
        "/reports/hourly",
        "/imports/new",
    ):
        page = manager.ask("GET", url)
        assert page.status == 200, url
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page.body), url
        assert " style=" not in page.body, url
        assert not re.search(r"\son\w+=", page.body), url


def test_the_session_cookie_is_out_of_reach_of_scripts_and_sites(wsgi: Any) -> None:
    answer = Client(wsgi).log_in("demo", "super")
    cookie = next(
        value for name, value in answer.headers if name == "Set-Cookie" and "__Host-yobirin" in value
    )
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_texts_of_people_are_escaped(manager: Client, floor: Floor) -> None:
    page = manager.ask("GET", "/history?q=" + urlencode({"": "<script>alert(1)</script>"})[1:]).body
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_guessing_is_slowed_down_and_logged(wsgi: Any, floor: Floor) -> None:
    client = Client(wsgi)
    for _ in range(5):
        assert client.log_in("demo", "op3", "ちがうパスワード").status == 400
    answer = client.log_in("demo", "op3")
    assert answer.status == 400
    assert "ログインできません" in answer.body
    found = audit.search(floor.store, floor.tenant_id, text="failed")
    assert len(found) >= 5
    assert all(PASSWORD not in entry.detail for entry in found)


def test_a_log_in_form_of_another_browser_is_refused(wsgi: Any) -> None:
    form = {"entry": "demo", "login": "manager", "password": PASSWORD, "pre": "x"}
    assert Client(wsgi).ask("POST", "/login", form).status == 400


def test_the_way_on_after_log_in_stays_inside(wsgi: Any) -> None:
    for url in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        page = Client(wsgi).ask("GET", "/login?" + urlencode({"next": url})).body
        assert 'name="next" value=""' in page


def test_a_temporary_password_opens_nothing_but_its_change(wsgi: Any, floor: Floor) -> None:
    users.create(
        floor.store,
        floor.tenant_id,
        login_name="fresh",
        name="新人 花子",
        role="MGR",
        password="はじめてのパスワード1",
        at=1,
    )
    client = Client(wsgi)
    client.log_in("demo", "fresh", "はじめてのパスワード1")
    assert client.ask("GET", "/board").header("Location") == "/account/password"
    assert "data-events" not in client.ask("GET", "/account/password").body
    wrong = client.post("/account/password", now="はじめてのパスワード1", new="短い", again="短い")
    assert wrong.status == 400
    fresh = "あたらしいパスワード2"
    done = client.post("/account/password", now="はじめてのパスワード1", new=fresh, again=fresh)
    assert done.header("Location").startswith("/board")
    assert client.ask("GET", "/board").status == 200


def test_logging_out_ends_the_session(wsgi: Any) -> None:
    client = Client(wsgi)
    client.log_in("demo", "super")
    kept = dict(client.cookies)
    client.post("/logout")
    client.cookies = kept
    assert client.ask("GET", "/board").header("Location").startswith("/login")


def test_health_says_what_is_missing(wsgi: Any) -> None:
    answer = Client(wsgi).ask("GET", "/health")
    assert answer.status == 503
    assert '"dialer": false' in answer.body
    assert '"database": true' in answer.body


def test_bad_values_are_refused_in_words(manager: Client, floor: Floor) -> None:
    url = f"/projects/{floor.project_id}/pacing"
    answer = manager.ask(
        "POST",
        url,
        {"field": "abandon_target", "value": "0.5"},
        X_CSRF=manager.csrf,
        Accept="application/json",
    )
    assert answer.status == 400
    assert "0.1%から10%まで" in answer.body
    form = {"mode": "adaptive", "abandon_target": "3", "overdial": "1", "ratio": "1.5", "channel_share": "23"}
    rest = {"ring_timeout_s": "10", "interval_min_s": "0", "attempts_max": "0"}
    short = manager.post(f"/projects/{floor.project_id}/dialling", **form, **rest)
    assert short.status == 400
    assert "15秒より短い" in short.body


def test_the_certificate_is_made_once_and_its_key_is_ours_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    certificate, key = tls.ensure(home, Web())
    assert key.stat().st_mode & 0o777 == 0o600
    first = certificate.read_bytes()
    assert tls.ensure(home, Web())[0].read_bytes() == first
    key.unlink()
    with pytest.raises(Exception, match="is missing"):
        tls.ensure(home, Web())


def test_another_tenants_seats_and_calls_do_not_reach_a_board_or_a_monitor(
    services: Services, manager: Client, floor: Floor
) -> None:
    other = floor.store.value("SELECT tenant_id FROM list WHERE id = ?", (floor.other_list_id,))
    seat = SeatBoard(
        seat_id=floor.seat_ids[0],
        label="A-01",
        extension="201",
        tenant_id=int(other),
        user_name="よその人",
        state="talking",
        number="0312345678",
        customer_id=floor.other_customer_id,
        project_id=floor.other_project_id,
        list_id=floor.other_list_id,
    )
    minute = MinutePoint(60.0, floor.other_list_id, 1, 1, 1, 0, 1.0)
    free = SeatBoard(seat_id=floor.seat_ids[1], label="よその席", extension="202", owner_id=int(other))
    seen = Board(seq=1, now_at=60.0, seats=(seat, free), minutes=(minute,))
    services.live._board = seen
    try:
        view = json.dumps(board_view(seen, tenant_id=floor.tenant_id, translate=translator("ja")))
        answers = [manager.ask("GET", f"/seats/{seat.seat_id}/{what}") for what in ("recent", "recording")]
        answers += [manager.ask("GET", f"/seats/{free.seat_id}/{what}") for what in ("recent", "recording")]
    finally:
        services.live._board = Board(seq=0, now_at=0.0)
    assert [answer.status for answer in answers] == [404] * 4
    assert json.loads(view)["seats"] == {} == json.loads(view)["minutes"]
    assert not any("よその" in answer.body for answer in answers)


def test_metrics_are_nobodys_until_the_site_file_says_whose(floor: Floor) -> None:
    allowed = Settings(monitor=Monitor(metrics_networks=("10.0.0.0/24",)))
    for settings, near, named, status in (
        (Settings(), "10.0.0.9", "", 404),
        (allowed, "10.0.0.9", "", 200),
        (allowed, "10.0.9.9", "", 404),
        (allowed, "10.0.9.9", "10.0.0.9", 404),  # only our own nginx is believed
        (allowed, "127.0.0.1", "10.0.0.9", 200),
        (allowed, "127.0.0.1", "10.0.9.9", 404),
    ):
        built = process.services(floor.home, settings)
        environ = {"REMOTE_ADDR": near} | ({"HTTP_X_REAL_IP": named} if named else {})
        answer = Client(_from(app.build(built), environ)).ask("GET", "/metrics")
        built.store.close()
        assert answer.status == status, (near, named)


def _from(wsgi: Any, told: dict[str, str]) -> Any:
    return lambda environ, start: wsgi({**environ, **told}, start)


def test_the_device_stands_without_a_monitor(manager: Client, operator: Client) -> None:
    page = manager.ask("GET", "/device")
    assert page.status == 200
    assert "監視プログラムが応答していません" in page.body
    refused = manager.post("/device/alarms/mirror/acknowledge")
    assert (refused.status, "監視プログラムが応答していません" in refused.body) == (400, True)
    assert manager.post("/device/channels/1/1/clear", reason="x").status == 404
    assert operator.ask("GET", "/device").status == 403
