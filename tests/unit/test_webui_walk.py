"""THE WALK: every route as every role, as nobody, and as another tenant with our ids in hand.

A route with a parameter that is in no table fails: say in walls_floor.py which id of tenant A stands for it.
So does a form field that handlers read as a number or a list and FIELDS does not know.  A right that MATRIX
lacks fails too: it is the product's table of roles, written a second time on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from appliance.dialer.messages import AskBoard
from appliance.settings import Home, Settings
from tests.browser import floor as floors
from tests.browser.floor import FakeDialer, Floor
from tests.unit import walls_floor
from tests.unit.test_webui_guard import Answer, Client
from tests.unit.walls_floor import ROLES, Samples
from webui import app, process
from webui.ask import Services
from webui.roles import MONITOR, OPEN, RIGHTS, Route

pytestmark = pytest.mark.xdist_group("webui-walk")  # its tests share one floor, in order

ROOM = Path(app.__file__).parent

# Who holds what: product's table of the managers' and the operators' screens.
MATRIX: dict[str, str] = {
    "self": "MGR SV OP BIZ BY",
    "board": "MGR SV",
    "supervise": "MGR SV",
    "seats.change": "MGR SV",
    "layout": "MGR SV",
    "monitors.enrol": "MGR SV",
    "lists.view": "MGR SV",
    "lists.change": "MGR",
    "projects.view": "MGR SV",
    "projects.change": "MGR",
    "incoming.view": "MGR SV",
    "incoming": "MGR",
    "report-mail.view": "MGR SV",
    "report-mail": "MGR",
    "users": "MGR SV",
    "users.retire": "MGR",
    "history.all": "MGR SV",
    "reports.all": "MGR SV",
    "recordings": "MGR",
    "export": "MGR",
    "blocked": "MGR SV",
    "security": "MGR",
    "audit": "MGR",
    "contract": "MGR",
    "device.view": "MGR SV",
    "device.change": "MGR",
    "seat": "MGR SV OP",
    "call": "MGR SV OP",
    "search": "MGR SV OP BY",
    "recalls": "MGR SV OP",
    "transfers": "MGR SV OP",
    "manual": "MGR SV OP",
    "missed": "MGR SV OP",
    "monitoring": "MGR SV OP",
    "add-history": "MGR SV OP BY",
    "report-history": "MGR SV OP BIZ BY",
    "history.view": "MGR SV OP BIZ BY",
    "recordings.play": "MGR SV OP BIZ BY",
    "reports.view": "MGR SV OP BY",
}

# What handlers read from forms and addresses as numbers and lists: the sample it gets, or a plain value.
FIELDS: dict[str, str] = {
    "project": "project_id",
    "list": "list_id",
    "like": "list_id",
    "user": "user_id",
    "person": "user_id",
    "successor": "user_id",
    "customer": "customer_id",
    "listen": "recording_id",
    "seat": "seat_id",
    "id": "project_id",
    "attribute": "attribute_id",
    "attempt": "attempt_id",
    "number_id": "number_id",
    "target": "target_id",
    "drop": "target_id",
    "dropped": "target_id",
    "retire": "level_id",
    "remove": "template_id",
}
PLAIN: dict[str, str] = {
    "after": "0", "age": "30", "before": "0", "count": "1", "down": "0", "up": "0", "hour": "10",
    "start": "0", "is_active": "1", "order_from_id": "0", "talk_max": "0", "talk_min": "0",
    "rotate": "0", "fact": "", "factor": "", "at_once": "2", "dials_at_once": "2",
    "cell": "0312345678", "code": "94", "header": "電話番号", "use": "number",
}  # fmt: skip
# What most forms need to come past their own checks.
BODY: dict[str, str] = {
    "reason": "検査", "act": "permit", "state": "paused", "who": "chosen", "name": "検査の名前",
    "memo": "検査", "field": "overdial", "value": "2", "mode": "adaptive", "order_mode": "id", "text": "検査",
    "address": "/history?q=2", "page": "history", "key": "attempts", "kind": "forbid", "is_now": "1",
    "number": "0312345679", "label": "検査", "headers": "電話番号", "role": "OP", "login_name": "kensa",
    "abandon_target": "3", "overdial": "1", "ratio": "1.5", "channel_share": "23", "ring_timeout_s": "20",
    "kind-1": "announce", "text-1": "検査", "ring-1": "20", "from": "09:00", "to": "18:00",
    "day-0": "1", "on_holidays": "closed", "way": "down",
    "answer_window_s": "2", "interval_min_s": "0", "attempts_max": "0",
}  # fmt: skip

# A path with parameters that is nobody's alone: the box's, or the page's own.
NOBODYS = {
    "/device/alarms/<check>/acknowledge",
    "/device/channels/<span:int>/<channel:int>/clear",
}
# Own samples that a manager does not find, and why.
NOT_FOUND: dict[str, str] = {
    "/imports/<job_id:int>/columns": "the import is done",
    "/imports/<job_id:int>/file": "its file is not kept by the loader of tests",
    "/device/channels/<span:int>/<channel:int>/clear": "no such channel is busy",
    "/transfers/<transfer_id:int>/answer": "it is over",
    "/missed/<incoming_id:int>/answer": "he has gone",
    "/incoming/<route_id:int>/words/<place:int>": "no worker has spoken it",
    "/monitors/<device_id:int>/names": "a split monitor shows names anyway",
}
MISSED = (401, 403, 404, 423)
# POSTs that change nothing of the house: one's own look and filters, and a form that is only shown.
UNLOGGED: set[str] = {
    *("/account/look", "/exports/new", "/views", "/views/<view_id:int>/remove"),
    *("/call/open", "/call/next", "/call/beat", "/call/close", "/call/draft"),
}
PARAMETER = re.compile(r"<(\w+)(?::\w+)?>")


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Floor, Samples]:
    return walls_floor.seed(Home(tmp_path_factory.mktemp("walk")))


@pytest.fixture(scope="module")
def floor(walled: tuple[Floor, Samples]) -> Floor:
    return walled[0]


@pytest.fixture(scope="module")
def samples(walled: tuple[Floor, Samples]) -> Samples:
    return walled[1]


@pytest.fixture(scope="module")
def dialer(floor: Floor) -> Iterator[FakeDialer]:
    found = FakeDialer(floor.home, floors.board(floor)).start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def services(floor: Floor, dialer: FakeDialer) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    built.live.start()
    version = 0
    for _ in range(50):
        version = built.live.wait(version, 0.2)
        if built.live.is_up and built.live.board.seats:
            break
    assert built.live.board.seats
    yield built
    built.live.close()
    built.store.close()


@pytest.fixture(scope="module")
def wsgi(services: Services) -> Any:
    return app.build(services)


class Walker(Client):
    """A browser that reads the first piece of a stream and no more."""

    def __init__(self, wsgi: Any) -> None:
        super().__init__(lambda environ, start: self._first(wsgi, environ, start))

    def _first(self, wsgi: Any, environ: Any, start: Any) -> Any:
        heads: list[tuple[str, str]] = []

        def noted(status: str, headers: list[tuple[str, str]], exc: Any = None) -> None:
            heads.extend(headers)
            start(status, headers, exc)

        chunks = wsgi(environ, noted)
        if not dict(heads).get("Content-Type", "").startswith("text/event-stream"):
            return chunks
        first = [next(iter(chunks))]
        if hasattr(chunks, "close"):
            chunks.close()
        return first


def entered(wsgi: Any, entry: str, login: str) -> Walker:
    client = Walker(wsgi)
    assert client.log_in(entry, login).status == 303, (entry, login)
    return client


LAST = ("/break", "/logout")  # behind these a browser gets no further


def routes_of(services: Services) -> list[Route]:
    """Every route, those that end a walk at its end."""
    return sorted(app.routes(services), key=lambda route: (route.path in LAST, route.path == LAST[-1]))


def filled(route: Route, samples: Samples) -> str:
    """The address with ids of tenant A.  Fails for a parameter that no table knows."""

    def value(found: re.Match[str]) -> str:
        for path, sample in samples.by_path.items():
            if route.path.startswith(path):
                return sample
        assert found[1] in samples.by_name, (
            f"{route.method} {route.path}: name a sample of tenant A for <{found[1]}> in walls_floor.py"
        )
        return samples.by_name[found[1]]

    return PARAMETER.sub(value, route.path)


def form(samples: Samples) -> dict[str, str]:
    """Every field that any handler reads, with ids of tenant A."""
    return BODY | PLAIN | {field: samples.by_name[name] for field, name in FIELDS.items()}


def asked(client: Client, route: Route, samples: Samples) -> Answer:
    url = filled(route, samples)
    if route.method == "POST":
        return client.post(url, **form(samples))
    return client.ask("GET", f"{url}?{urlencode(form(samples))}")


def named(answer: Answer, samples: Samples) -> list[str]:
    """What of tenant A stands in an answer."""
    text = answer.text.decode("utf-8", "replace") + answer.header("Location")
    return [name for name in samples.names if name in text]


def entries(floor: Floor) -> int:
    return int(floor.store.value("SELECT count(*) FROM audit_log"))


def has_parameters(route: Route) -> bool:
    return bool(PARAMETER.search(route.path)) and route.path not in NOBODYS


def is_no_secret(client: Client, route: Route, answer: Answer) -> bool:
    """Whether a refusal says of our id what it says of one that nobody has."""
    unknown = client.post(PARAMETER.sub("999999", route.path), **BODY) if route.method == "POST" else answer
    same = [re.sub(r"\d+", "", one.body) for one in (answer, unknown)]
    return route.method == "POST" and answer.status == 400 == unknown.status and same[0] == same[1]


# --- the tables are whole ---------------------------------------------------------------------------------


def test_the_table_of_roles_is_the_products() -> None:
    assert {
        right: " ".join(role for role in ROLES.values() if role in holders)
        for right, holders in RIGHTS.items()
    } == MATRIX


def test_every_route_is_known(services: Services, samples: Samples) -> None:
    for route in routes_of(services):
        filled(route, samples)
    paths = {route.path for route in routes_of(services)}
    assert NOBODYS | NOT_FOUND.keys() <= paths, "a table names a route that is gone"


def test_every_field_that_could_hold_an_id_is_known() -> None:
    pattern = re.compile(r"""ask\.(?:integer|texts)\(\s*"(\w+)\"""")
    read = {name for path in ROOM.glob("*.py") for name in pattern.findall(path.read_text(encoding="utf-8"))}
    assert len(read) > 15
    unknown = read - FIELDS.keys() - PLAIN.keys()
    assert not unknown, f"say in FIELDS or PLAIN what stands in {sorted(unknown)}"


# --- nobody, and every role -------------------------------------------------------------------------------


def test_nobody_gets_no_further_than_the_log_in(
    services: Services, wsgi: Any, floor: Floor, samples: Samples
) -> None:
    before = walls_floor.sums(floor, but=("monitor_device",))  # a PC that shows its code is noted
    for route in routes_of(services):
        answer = asked(Walker(wsgi), route, samples)
        at = f"{route.method} {route.path}: {answer.status}"
        assert named(answer, samples) == [], at
        if route.right in (OPEN, MONITOR):
            assert answer.status < 500 or route.path == "/health", at
            continue
        assert answer.status in (303, 401), at
        if answer.status == 303:
            assert answer.header("Location").startswith("/login"), at
    assert walls_floor.sums(floor, but=("monitor_device",)) == before


@pytest.mark.parametrize("login", list(ROLES))
def test_a_role_opens_what_the_table_gives_it(
    services: Services, wsgi: Any, samples: Samples, login: str
) -> None:
    client = entered(wsgi, "demo", login)
    for route in routes_of(services):
        if route.right in (OPEN, MONITOR, "self"):
            continue
        is_held = ROLES[login] in MATRIX[route.right].split()
        if route.method == "POST" and is_held:
            answer = client.post(re.sub(PARAMETER, "999999", route.path))  # held: nothing is to be done by it
        else:
            answer = asked(client, route, samples)
        at = f"{login} {route.method} {route.path}: {answer.status}"
        assert answer.status != 401, at
        assert (answer.status == 403) == (not is_held), at
        assert answer.status < 500, at


def test_no_form_is_taken_from_elsewhere_or_without_its_token(
    services: Services, wsgi: Any, floor: Floor, samples: Samples
) -> None:
    client = entered(wsgi, "demo", "manager")
    before = walls_floor.sums(floor, but=("monitor_device",))
    for route in routes_of(services):
        if route.method != "POST" or route.right == OPEN:
            continue
        url, values = filled(route, samples), form(samples)
        for answer in (
            client.ask("POST", url, values),
            client.ask("POST", url, values | {"csrf": "x" * 43}),
            client.ask("POST", url, values | {"csrf": client.csrf}, Origin="https://evil.example"),
            client.ask("POST", url, values, X_CSRF=client.csrf, Sec_Fetch_Site="cross-site"),
        ):
            assert answer.status == 403, f"{url}: {answer.status}"
    assert walls_floor.sums(floor, but=("monitor_device",)) == before


# --- another tenant ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", list(ROLES))
def test_another_tenant_finds_sees_and_changes_nothing(
    services: Services, wsgi: Any, floor: Floor, samples: Samples, dialer: FakeDialer, login: str
) -> None:
    client = entered(wsgi, "other", login)
    before, commands = walls_floor.sums(floor), len(dialer.requests)
    wrong: list[str] = []
    for route in routes_of(services):
        if route.right == OPEN:
            continue
        answer = asked(client, route, samples)
        at = f"{route.method} {route.path}: {answer.status}"
        if named(answer, samples):
            wrong.append(f"{at} names {named(answer, samples)}")
        is_held = route.right == MONITOR or ROLES[login] in MATRIX[route.right].split()
        expected: tuple[int, ...] = (404,) if is_held else (403,)
        if route.right == MONITOR and login not in ("manager", "super"):
            expected = (200, 403)  # a PC without an enrolment shows its code
        if (
            has_parameters(route)
            and answer.status not in expected
            and not is_no_secret(client, route, answer)
        ):
            wrong.append(at)
        if answer.status >= 500 and route.path != "/health":
            wrong.append(at)
        after = walls_floor.sums(floor)
        own = {"monitor_device", "login_failure"}
        changed = [table for table in before if before[table] != after.get(table) and table not in own]
        if changed:
            wrong.append(f"{at} changed {changed}")
            before = after
    assert wrong == []
    reached = [request for request in dialer.requests[commands:] if not isinstance(request, AskBoard)]
    ours = {"seat_id": floor.seat_ids, "project_id": [floor.project_id], "customer_id": floor.customer_ids}
    hit = [
        request for request in reached for name, ids in ours.items() if getattr(request, name, None) in ids
    ]
    assert hit == []


# --- the samples are real: last, for it changes things ------------------------------------------------------


def test_the_manager_or_whose_it_is_finds_every_sample(tmp_path_factory: pytest.TempPathFactory) -> None:
    floor, samples = walls_floor.seed(Home(tmp_path_factory.mktemp("own")))
    dialer = FakeDialer(floor.home, floors.board(floor)).start()
    built = process.services(floor.home, Settings())
    built.live.start()
    try:
        built.live.wait(0, 5.0)
        wsgi = app.build(built)
        clients = [entered(wsgi, "demo", login) for login in ("manager", "op1")]
        lost: list[str] = []
        silent: list[str] = []
        for route in sorted(routes_of(built), key=lambda route: (route.method, route.path in LAST)):
            if route.path in NOT_FOUND or route.right == OPEN or route.path in LAST:
                continue
            seen = entries(floor)
            told = [asked(client, route, samples).status for client in clients]
            if route.method == "POST" and told[0] < 400 and entries(floor) == seen:
                silent.append(route.path)
            if has_parameters(route) and all(status in MISSED or status >= 500 for status in told):
                lost.append(f"{route.method} {route.path}: {told}")
        assert lost == []
        assert set(silent) <= UNLOGGED, "what a person changes is logged: log_action(ask, …)"
    finally:
        built.live.close()
        built.store.close()
        dialer.stop()
