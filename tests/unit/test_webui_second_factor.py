"""確認コード over WSGI: set up by oneself, asked at log-in, slowed down, needed by role, reset."""

from __future__ import annotations

import base64
import html
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.settings import Home, Settings
from appliance.store import audit, second_factor, security, totp, users
from tests.browser import floor as floors
from tests.browser.floor import PASSWORD, Floor
from tests.unit.test_webui_guard import Answer, Client
from webui import app, auth, process
from webui.ask import Services

BEGIN, PROVE = "/account/second-factor/begin", "/account/second-factor/prove"


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


def code_of(secret: bytes, *, steps: int = 0) -> str:
    return totp.code(secret, totp.step_of(int(time.time() * 1000)) + steps)


def set_up(client: Client) -> tuple[bytes, list[str]]:
    """As a person does it: password, key into the app, first code; the secret and the recovery codes."""
    assert client.post(BEGIN, password=PASSWORD).status == 303
    page = client.ask("GET", "/account/second-factor").body
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found
    secret = base64.b32decode(found[1].replace(" ", ""))
    shown = client.post(PROVE, code=code_of(secret))  # a log-in gives the next one: each is taken once
    assert shown.status == 200
    return secret, re.findall(r'<code class="digits">([a-z0-9]{5}-[a-z0-9]{5})</code>', shown.body)


def by_password(services: Services, login: str) -> tuple[Client, Answer]:
    """A new browser, after the right password."""
    client = Client(app.build(services))
    page = client.ask("GET", "/login")
    pre = re.search(r'name="pre" value="([^"]+)"', page.body)
    assert pre
    form = {"entry": "demo", "login": login, "password": PASSWORD, "pre": pre[1]}
    return client, client.ask("POST", "/login", form)


def given(client: Client, code: str) -> Answer:
    pre = re.search(r'name="pre" value="([^"]+)"', client.ask("GET", "/login/code?next=/history").body)
    assert pre
    return client.ask("POST", "/login/code", {"code": code, "pre": pre[1], "next": "/history"})


def test_after_setting_up_the_password_alone_opens_nothing(floor: Floor, services: Services) -> None:
    client = entered(services, "super")
    assert client.post(BEGIN, password="違うパスワード").status == 400
    secret, codes = set_up(client)
    assert len(codes) == second_factor.CODES
    page = client.ask("GET", "/account/second-factor").body
    assert not [one for one in (totp.written(secret), *codes) if one in page], "shown once, and never again"

    browser, answer = by_password(services, "super")
    assert answer.header("Location").startswith("/login/code")
    assert auth.COOKIE not in browser.cookies
    assert browser.ask("GET", "/board").header("Location").startswith("/login?")
    wrong = given(browser, "abc")
    assert wrong.status == 400
    assert "確認コードが違います" in wrong.body
    right = given(browser, code_of(secret, steps=1))
    assert (right.status, right.header("Location")) == (303, "/history")
    assert browser.ask("GET", "/board").status == 200
    actions = {row.action for row in audit.page(floor.store, floor.tenant_id, audit.Filter())}
    assert {"second factor on", "second factor wrong", "login"} <= actions
    assert not audit.page(floor.store, floor.tenant_id, audit.Filter(text=codes[0]))


def test_a_recovery_code_opens_once(services: Services) -> None:
    _, codes = set_up(entered(services, "super"))
    for expected in (303, 400):
        browser, _ = by_password(services, "super")
        assert given(browser, codes[0]).status == expected


def test_guessing_is_slowed_down_also_for_the_right_code(services: Services) -> None:
    secret, _ = set_up(entered(services, "super"))
    browser, _ = by_password(services, "super")
    for _ in range(5):
        assert given(browser, "abc").status == 400
    answer = given(browser, code_of(secret, steps=1))
    assert answer.status == 400
    assert "までログインできません" in answer.body


def test_without_the_password_before_it_no_code_is_asked(services: Services) -> None:
    client = Client(app.build(services))
    assert client.ask("GET", "/login/code").header("Location") == "/login"
    assert client.ask("POST", "/login/code", {"code": "123456"}).header("Location") == "/login"


def test_a_role_that_needs_it_comes_no_further_before_it_is_set_up(floor: Floor, services: Services) -> None:
    boss = entered(services, "manager")
    assert boss.post("/security", idle_minutes="", password_days="", networks="", factor="SV").status == 303
    assert security.policy(floor.store, floor.tenant_id).factor_roles == ("SV",)

    supervisor = entered(services, "super")
    assert supervisor.ask("GET", "/board").header("Location") == "/account/second-factor"
    assert "あなたの役割では確認コードが必要です" in supervisor.ask("GET", "/account/second-factor").body
    set_up(supervisor)
    assert supervisor.ask("GET", "/board").status == 200
    assert supervisor.post("/account/second-factor/off", password=PASSWORD).status == 303
    assert supervisor.ask("GET", "/board").header("Location") == "/account/second-factor"
    assert boss.ask("GET", "/board").status == 200


def test_a_manager_resets_it_and_a_supervisor_or_another_tenant_does_not(
    floor: Floor, services: Services
) -> None:
    owner = entered(services, "op1")
    set_up(owner)
    user = users.check_password(floor.store, floor.tenant_id, "op1", PASSWORD)
    assert user is not None
    address = f"/users/{user.id}/second-factor"
    assert entered(services, "super").post(address).status == 403
    other = Client(app.build(services))
    assert other.log_in("other", "manager").status == 303
    assert other.post(address).status == 404
    assert second_factor.is_on(floor.store, user.id)
    boss = entered(services, "manager")
    assert html.escape(address) in boss.ask("GET", f"/users/{user.id}").body
    assert boss.post(address).status == 303
    assert not second_factor.is_on(floor.store, user.id)
    assert owner.ask("GET", "/call").status in (303, 401), "its browsers are logged out"
    assert entered(services, "op1").ask("GET", "/account/second-factor").status == 200
