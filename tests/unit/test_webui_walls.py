"""What a right alone does not decide: whose recordings, whose seat to command, from where and how long."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.dialer import messages
from appliance.dialer.messages import Board, DialCustomer, LogOutSeat, SeatBoard
from appliance.settings import Home, Settings
from appliance.store import lists, security, users
from tests.browser import floor as floors
from tests.browser.floor import PASSWORD, Floor
from tests.unit.test_webui_guard import Client
from webui import app, commands, process
from webui.ask import Ask, NotFound, Person, Services

pytestmark = pytest.mark.xdist_group("webui-walls")  # its tests share one floor, in order

TO_PAGES = ("Board", "SeatChanged", "ChannelTried", "Figures", "AskBoard", "AskFigures")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    found = floors.seed(Home(tmp_path_factory.mktemp("walls")), customers=12, seat_count=4, calls=12)
    floors.add_recording(found)
    return found


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def wsgi(services: Services) -> Any:
    return app.build(services)


def test_every_id_in_a_message_to_the_dialer_is_looked_at() -> None:
    asked = [kind for kind in typing.get_args(messages.Union) if kind.__name__ not in TO_PAGES]
    assert len(asked) >= 6
    forgotten = [
        f"{kind.__name__}.{name}"
        for kind in asked
        for name in kind.__struct_fields__
        if name.endswith(("_id", "_ids")) and name not in commands.CHECKS
    ]
    assert forgotten == [], "say in webui/commands.py whose it must be"


class _Live:
    """The page's window on the dialer, that keeps what is asked for."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.asked: list[Any] = []

    def request(self, message: Any) -> Any:
        self.asked.append(message)


def asker(floor: Floor, live: _Live, role: Any, user_id: int, tenant_id: int = 0) -> Ask:
    person = Person(
        user_id=user_id, tenant_id=tenant_id or floor.tenant_id, name="", login_name="", role=role,
        language="ja", csrf="", must_change_password=False,
    )  # fmt: skip
    services: Any = type("Services", (), {"store": floor.store, "live": live})()
    return Ask(services, None, language="ja", person=person)


def at_seat(floor: Floor, seat: int, user_id: int, **more: Any) -> SeatBoard:
    return SeatBoard(
        seat_id=floor.seat_ids[seat], label=f"A-0{seat + 1}", extension=str(201 + seat), user_id=user_id,
        tenant_id=floor.tenant_id if user_id else 0, **more,
    )  # fmt: skip


def test_an_operator_commands_the_own_seat_and_a_supervisor_the_floor(floor: Floor) -> None:
    mine, theirs = floor.operator_ids[:2]
    live = _Live(Board(seq=1, now_at=0.0, seats=(at_seat(floor, 0, mine), at_seat(floor, 1, theirs))))
    own, other = (LogOutSeat(seat_id=floor.seat_ids[at], is_now=True, reason="x") for at in (0, 1))

    asker(floor, live, "OP", mine).command(own)
    asker(floor, live, "SV", 99).command(other)
    assert live.asked == [own, other]
    for ask, message in (
        (asker(floor, live, "OP", mine), other),
        (asker(floor, live, "MGR", 1, tenant_id=99), own),
        (asker(floor, live, "OP", mine, tenant_id=99), own),  # the same id in another tenant is nobody
    ):
        with pytest.raises(NotFound, match=r"見つかりません|座席"):
            ask.command(message)
    assert len(live.asked) == 2


def test_a_command_names_customers_of_ones_own_alone(floor: Floor) -> None:
    mine, list_id = floor.operator_ids[0], floor.list_ids[0]
    live = _Live(Board(seq=1, now_at=0.0, seats=(at_seat(floor, 0, mine),)))
    ask = asker(floor, live, "OP", mine)
    unknown = floor.store.value(
        "SELECT id FROM customer WHERE list_id = ? AND id NOT IN (SELECT customer_id FROM history"
        " WHERE user_id = ?)",
        (list_id, mine),
    )
    ask.command(DialCustomer(seat_id=floor.seat_ids[0], customer_id=unknown))
    lists.permit_users(floor.store, floor.tenant_id, list_id, ())
    try:
        for customer_id in (unknown, floor.other_customer_id):
            with pytest.raises(NotFound):
                ask.command(DialCustomer(seat_id=floor.seat_ids[0], customer_id=customer_id))
    finally:
        lists.permit_users(floor.store, floor.tenant_id, list_id, (), is_for_all=True)
    assert len(live.asked) == 1


def test_a_recording_is_heard_by_whose_call_it_was_and_who_may_call_there(wsgi: Any, floor: Floor) -> None:
    store = floor.store
    attempt = store.tuples(
        "SELECT user_id, list_id FROM attempt WHERE id = (SELECT attempt_id FROM recording)"
    )
    speaker, list_id = attempt[0]
    logins = {user.id: user.login_name for user in users.every(store, floor.tenant_id)}
    other = next(login for user, login in logins.items() if login.startswith("op") and user != speaker)
    clients = {login: Client(wsgi) for login in ("manager", "super", logins[speaker], other)}
    for login, client in clients.items():
        client.log_in("demo", login)

    def heard() -> dict[str, tuple[int, int]]:
        return {
            login: (
                client.ask("GET", "/recordings/1/peaks").status,
                client.post("/recordings/1/download", reason="x").status,
            )
            for login, client in clients.items()
        }

    open_to_all = heard()
    lists.permit_users(store, floor.tenant_id, list_id, ())
    closed = heard()
    lists.permit_users(store, floor.tenant_id, list_id, (), is_for_all=True)

    assert open_to_all == dict.fromkeys(clients, (200, 403)) | {"manager": (200, 200)}
    assert closed == {
        "manager": (200, 200), "super": (404, 403), logins[speaker]: (200, 403), other: (404, 403),
    }  # fmt: skip


def test_a_tenants_rules_for_coming_in(wsgi: Any, floor: Floor, services: Services) -> None:
    def rules(**values: Any) -> None:
        given = {"idle_minutes": 0, "password_days": 0, "networks": "", **values}
        security.set_policy(floor.store, floor.tenant_id, own_address="192.0.2.1", **given)

    client = Client(wsgi)
    assert client.log_in("demo", "op4").status == 303
    try:
        rules(networks="192.0.2.0/24")
        assert client.ask("GET", "/history").header("Location").startswith("/login")
        refused = Client(wsgi).log_in("demo", "op4")
        assert (refused.status, "この場所からは" in refused.body) == (400, True)
        wrong = Client(wsgi).log_in("demo", "op4", "まちがい")
        assert "この場所からは" in wrong.body  # the place is told alike, whatever the password
        assert Client(wsgi).log_in("other", "manager").status == 303
        rules(networks="10.0.0.0/8\n192.0.2.0/24")
        assert client.ask("GET", "/history").status == 200
        rules(password_days=1)
        floor.store.run("UPDATE user SET password_set_at = 1 WHERE login_name = 'op4'")
        assert client.ask("GET", "/history").header("Location") == "/account/password"
        assert "有効日数" in client.ask("GET", "/account/password").body
    finally:
        rules()
    assert client.ask("GET", "/history").status == 200


def test_a_page_that_lies_open_keeps_nobody_logged_in(wsgi: Any, floor: Floor, services: Services) -> None:
    security.set_policy(
        floor.store, floor.tenant_id, idle_minutes=15, password_days=0, networks="", own_address="192.0.2.1"
    )
    store = floor.store
    try:
        client = Client(wsgi)
        client.log_in("demo", "op3")
        ago = services.now_ms() - 14 * 60_000
        store.run("UPDATE session SET seen_at = ?, acted_at = ?", (ago, ago))
        assert client.ask("GET", "/history", X_Refresh="1").status == 200
        assert store.value("SELECT max(acted_at) FROM session") == ago
        assert store.value("SELECT max(seen_at) FROM session") > ago
        store.run("UPDATE session SET acted_at = acted_at - 120000")
        assert client.ask("GET", "/history", X_Refresh="1").header("Location").startswith("/login")
        assert client.ask("GET", "/history").header("Location").startswith("/login")
    finally:
        security.set_policy(
            floor.store,
            floor.tenant_id,
            idle_minutes=0,
            password_days=0,
            networks="",
            own_address="192.0.2.1",
        )


def test_a_log_in_takes_its_time_whoever_is_asked_for(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is reckoned once, for a known name, an unknown one and an unknown entry."""
    reckoned: list[str] = []
    real = users._PASSWORDS

    class Counting:
        def verify(self, stored: str, given: str) -> bool:
            reckoned.append(stored)
            return bool(real.verify(stored, given))

        def hash(self, given: str) -> str:
            return real.hash(given)

        def check_needs_rehash(self, stored: str) -> bool:
            return bool(real.check_needs_rehash(stored))

    monkeypatch.setattr(users, "_PASSWORDS", Counting())
    for tenant_id, login in ((floor.tenant_id, "op1"), (floor.tenant_id, "nobody"), (0, "op1")):
        assert users.check_password(floor.store, tenant_id, login, PASSWORD + "x") is None
    assert len(reckoned) == 3
    assert len({stored.rsplit("$", 2)[0] for stored in reckoned}) == 1  # the same cost


def test_the_dialer_is_asked_through_the_wall_alone() -> None:
    """A handler that asks the dialer past `Ask.command` would ask for anybody's seat."""
    room = Path(app.__file__).parent
    past = {
        path.name
        for path in room.glob("*.py")
        if "live.request(" in path.read_text(encoding="utf-8") and path.name not in ("ask.py", "desk.py")
    }
    assert past == set()
