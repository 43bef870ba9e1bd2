"""操作ログ, モニタリングの記録 and 休憩・離席 over WSGI: filters, files, walls, and who is refused."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import Home, Settings
from appliance.store import audit, breaks
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, audit_words, process
from webui.ask import Services

pytestmark = pytest.mark.xdist_group("webui-logs")  # its tests share one floor

NOON = 1_795_230_000_000  # 2026-11-21 12:00 in Japan
DAY = "2026-11-21"
ROOM = Path(app.__file__).parent


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    found = floors.seed(Home(tmp_path_factory.mktemp("logs")), customers=2, seat_count=2, calls=0)
    store, tenant, operator = found.store, found.tenant_id, found.operator_ids[0]
    boss = found.manager_id
    for at, how, to_at in ((NOON, "listen", NOON + 60_000), (NOON + 60_000, "whisper", NOON + 90_000)):
        store.insert(
            "listening", tenant_id=tenant, user_id=boss, seat_id=found.seat_ids[0], operator_id=operator,
            how=how, from_at=at, to_at=to_at, ended="changed" if how == "listen" else "ended",
        )  # fmt: skip
    for at, reason, seconds in ((NOON, "break", 600), (NOON + 3_600_000, "棚卸し", 1200)):
        store.insert(
            "seat_interval", tenant_id=tenant, user_id=operator, seat_id=found.seat_ids[0],
            project_id=found.project_id, kind="break", from_at=at, duration_ms=seconds * 1000, reason=reason,
        )  # fmt: skip
    for at, seconds in ((NOON + 1_000, 590), (NOON + 7_200_000, 300)):  # the first is known at the seat too
        store.insert(
            "absence", tenant_id=tenant, user_id=operator, reason="away", asked_at=at, from_at=at,
            ended_at=at + seconds * 1000,
        )  # fmt: skip
    for screen, action, detail in (
        ("history", "exported", "検査の持ち出し"), ("history", "recording played", "検査の再生"),
        ("users", "retired", "検査の退職"),
    ):  # fmt: skip
        audit.log(
            store, tenant, at=NOON, screen=screen, action=action, detail=detail, user_id=boss,
            user_name="検査員", role="MGR", address="10.0.0.7",
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def clients(services: Services) -> dict[str, Client]:
    wsgi, found = app.build(services), {}
    for name, entry, login in (
        ("mgr", "demo", "manager"),
        ("sv", "demo", "super"),
        ("other", "other", "manager"),
    ):
        found[name] = Client(wsgi)
        assert found[name].log_in(entry, login).status == 303
    return found


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("taken", {"検査の持ち出し"}),
        ("removed", {"検査の退職"}),
        ("played", {"検査の再生"}),
        ("heard", set()),
    ],
)
def test_a_kind_of_action_is_filtered(clients: dict[str, Client], kind: str, seen: set[str]) -> None:
    page = clients["mgr"].ask("GET", f"/audit?from={DAY}&to={DAY}&kind={kind}")
    assert page.status == 200
    assert {word for word in ("検査の持ち出し", "検査の再生", "検査の退職") if word in page.body} == seen


def test_the_log_is_filtered_by_person_day_and_words_and_taken_away(
    floor: Floor, clients: dict[str, Client]
) -> None:
    at = f"/audit.csv?from={DAY}&to={DAY}&user={floor.manager_id}&q=検査の"
    heads, *rows = rows_of(clients["mgr"].ask("GET", at))
    assert heads[:5] == ["日時", "ユーザー", "役割", "画面", "操作"]
    assert rows[0] == [
        "2026/11/21 12:00:00",
        "検査員",
        "マネージャー",
        "ユーザー・権限",
        "退職・廃止",
        "検査の退職",
        "10.0.0.7",
    ]
    assert len(rows) == 3
    assert audit.page(floor.store, floor.tenant_id, audit.Filter())[0].action == "exported"
    other_day = clients["mgr"].ask("GET", "/audit.csv?from=2020-01-01&to=2020-01-02")
    assert len(rows_of(other_day)) == 1


def test_another_tenant_and_a_supervisor_read_nothing_of_it(clients: dict[str, Client]) -> None:
    for address in ("/audit", "/audit.csv", "/listenings?from=2026-11-21", "/reports/breaks?from=2026-11-21"):
        body = clients["other"].ask("GET", address).body
        assert not [word for word in ("検査", "棚卸し", "ささやく</td>") if word in body], address
    assert clients["sv"].ask("GET", "/audit").status == 403
    assert clients["sv"].ask("GET", "/listenings.csv").status == 403


def test_a_changed_entry_is_found(floor: Floor, clients: dict[str, Client]) -> None:
    assert "改ざんされていません" in clients["mgr"].post("/audit/check").body
    entry = audit.page(floor.store, floor.tenant_id, audit.Filter(text="検査の再生"))[0]
    floor.store.run("UPDATE audit_log SET detail = '別' WHERE id = ?", (entry.id,))
    assert f"記録{entry.id}番" in clients["mgr"].post("/audit/check").body
    floor.store.run("UPDATE audit_log SET detail = ? WHERE id = ?", (entry.detail, entry.id))
    assert "改ざんされていません" in clients["mgr"].post("/audit/check").body


def test_who_listened_to_whom_and_how_long(floor: Floor, clients: dict[str, Client]) -> None:
    page = clients["sv"].ask("GET", f"/listenings?from={DAY}&to={DAY}")
    assert page.status == 200
    assert "2件中" in page.body
    one = clients["sv"].ask(
        "GET", f"/listenings?from={DAY}&to={DAY}&how=whisper&user={floor.operator_ids[0]}"
    )
    assert "1件中" in one.body
    _, *rows = rows_of(clients["mgr"].ask("GET", f"/listenings.csv?from={DAY}&to={DAY}"))
    assert [(row[2], row[6], row[7]) for row in rows] == [
        ("30", "ささやく", "終了"),
        ("60", "聞く", "方法を変えた"),
    ]


def test_breaks_stand_by_reason_and_none_is_counted_twice(floor: Floor, clients: dict[str, Client]) -> None:
    found = breaks.by_day(floor.store, floor.tenant_id, from_at=NOON - 1, to_at=NOON + 86_000_000)
    assert [(row.day, row.reason, row.count, row.duration_ms) for row in found if row.day == 20261121] == [
        (20261121, "away", 1, 300_000),
        (20261121, "break", 1, 600_000),
        (20261121, "棚卸し", 1, 1_200_000),
    ]
    page = clients["sv"].ask("GET", f"/reports/breaks?from={DAY}&to={DAY}")
    assert page.status == 200
    assert "0:35:00（3回）" in page.body
    _, *rows = rows_of(clients["mgr"].ask("GET", f"/reports/breaks?from={DAY}&to={DAY}&csv=utf8"))
    assert [(row[2], row[4]) for row in rows] == [("離席", "300"), ("休憩", "600"), ("棚卸し", "1200")]


def test_every_action_that_is_logged_in_plain_words_has_its_japanese() -> None:
    lacking: set[str] = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log_action"):
                continue
            screen, action = node.args[1], node.args[2]
            if isinstance(screen, ast.Constant) and screen.value not in audit_words.SCREENS:
                lacking.add(str(screen.value))
            texts = [one.value for one in ast.walk(action) if isinstance(one, ast.Constant)]
            if isinstance(action, ast.Constant | ast.IfExp):
                lacking |= {str(text) for text in texts if isinstance(text, str)} - audit_words.ACTIONS.keys()
    assert lacking == set()
