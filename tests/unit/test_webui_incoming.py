"""折り返し着信 over WSGI: a form becomes a route, a refusal keeps what was typed, a moment is tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.settings import Home, Settings
from appliance.store import audit, incoming_routes, own_holidays
from appliance.store.routing import Choice, Tier
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services
from webui.incoming import minute_of

pytestmark = pytest.mark.xdist_group("webui-incoming")  # its tests share one floor, in order

FORM = {
    "name": "平日", "called": "０３-３０００-０００１", "project": "0", "on_holidays": "closed",
    "day-0": "1", "day-4": "1", "from": "9:00", "to": "18:30", "is_enabled": "1",
    "kind-1": "menu", "text-1": "番号を押してください。", "digit-1-0": "1", "name-1-0": "申込",
    "rings-1-0": "201、202",
    "digit-1-1": "2", "goes-1-1": "2", "kind-2": "ring", "extensions-2": "202 201", "order-2": "in_turn",
    "ring-2": "15", "kind-3": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("incoming")), customers=2, seat_count=3, calls=0)


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


def test_a_form_becomes_a_route_and_the_page_shows_it(clients: dict[str, Client], floor: Floor) -> None:
    assert clients["mgr"].post("/incoming", **FORM).status == 303
    (found,) = incoming_routes.every(floor.store, floor.tenant_id)
    assert (found.called, found.weekdays, found.from_minute, found.to_minute) == (
        "0330000001", 0b0010001, 540, 1110,
    )  # fmt: skip
    assert found.tiers == (
        Tier(place=1, kind="menu", text="番号を押してください。", choices=(
            Choice(digit="1", name="申込", extensions=("201", "202")), Choice(digit="2", tier=2),
        )),
        Tier(place=2, kind="ring", extensions=("202", "201"), ring_order="in_turn", ring_s=15),
    )  # fmt: skip
    page = clients["sv"].ask("GET", "/incoming").body
    assert "月金" in page
    assert "202・201（並び順、15秒）" in page
    assert audit.search(floor.store, floor.tenant_id, text="incoming")[0].action == "created"
    shown = clients["sv"].ask("GET", f"/incoming/{found.id}").body
    assert 'value="201・202" size="8"' in shown
    assert "権限がありません（MGRのみ）" in shown
    assert clients["sv"].post(f"/incoming/{found.id}", **FORM).status == 403


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"from": "25:99"}, "時刻が正しくありません"),
        ({"extensions-2": "999"}, "内線「999」はありません"),
        ({"called": "03-1"}, "桁数が足りません"),
        ({"ring-2": "x"}, "呼出時間は5〜120秒"),
        ({"kind-1": ""}, "行き先"),
        ({"kind-1": "fax"}, "受け方を選んで"),
        ({"on_holidays": "never"}, "曜日と祝日"),
    ],
)
def test_a_refusal_keeps_what_was_typed(
    clients: dict[str, Client], change: dict[str, str], said: str
) -> None:
    given = FORM | {"name": "検査中の名前"} | change
    if change.get("kind-1") == "":
        given |= {"kind-2": "menu", "text-2": "x", "digit-2-0": "1", "goes-2-0": "1"}
    answer = clients["mgr"].post("/incoming", **given)
    assert answer.status == 400
    assert said in answer.body
    assert 'value="検査中の名前"' in answer.body


def test_a_moment_is_tried_as_the_dialer_would(clients: dict[str, Client], floor: Floor) -> None:
    def tried(number: str, at: str) -> str:
        return clients["sv"].ask("GET", f"/incoming?number={number}&at={at}").body

    assert "「平日」が受けます" in tried("03-3000-0001", "2026-11-27T18:29")
    assert "どの設定にも当てはまりません" in tried("03-3000-0001", "2026-11-27T18:30")
    assert "どの設定にも当てはまりません" in tried("03-3000-0001", "2026-11-23T12:00")  # a Monday, a holiday
    clients["mgr"].post("/incoming/days", day="2026-11-23", name="祝日営業", is_open="1")
    assert "「平日」が受けます" in tried("03-3000-0001", "2026-11-23T12:00")
    assert "日時が正しくありません" in tried("0330000001", "soon")
    assert clients["mgr"].post("/incoming/days/20261123/remove").status == 303
    assert own_holidays.own_days(floor.store, floor.tenant_id) == []
    assert clients["mgr"].post("/incoming/days/20261123/remove").status == 404


def test_routes_are_moved_and_removed(clients: dict[str, Client], floor: Floor) -> None:
    clients["mgr"].post("/incoming", **FORM | {"name": "二番目"})
    first, second = (line.id for line in incoming_routes.every(floor.store, floor.tenant_id))
    clients["mgr"].post(f"/incoming/{second}/move", way="up")
    assert [line.id for line in incoming_routes.every(floor.store, floor.tenant_id)] == [second, first]
    assert clients["mgr"].post(f"/incoming/{second}/remove").status == 303
    assert clients["mgr"].post(f"/incoming/{second}/remove").status == 404


@pytest.mark.parametrize(
    ("text", "minute"), [("9:05", 545), ("0905", 545), ("24：00", 1440), ("9", -1), ("", -1)]
)
def test_times_as_people_write_them(text: str, minute: int) -> None:
    assert minute_of(text) == minute
