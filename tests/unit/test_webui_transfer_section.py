"""案件設定 › 転送 over WSGI: short dials made, changed, deleted and brought back; refusals say where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.settings import Home, Settings
from appliance.store import audit, projects, transfers
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services


@pytest.fixture
def floor(tmp_path: object) -> Floor:
    return floors.seed(Home(tmp_path), customers=2, seat_count=1, calls=0)  # type: ignore[arg-type]


@pytest.fixture
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.store.close()


@pytest.fixture
def manager(services: Services) -> Client:
    client = Client(app.build(services))
    assert client.log_in("demo", "manager").status == 303
    return client


def shorts(floor: Floor) -> list[tuple[str, str, str, str]]:
    rows = transfers.targets(floor.store, floor.tenant_id, floor.project_id)
    return [(row.short, row.name, row.number, row.code) for row in rows]


def test_a_short_dial_is_made_changed_deleted_and_brought_back(floor: Floor, manager: Client) -> None:
    at = f"/projects/{floor.project_id}/targets"
    assert manager.post(f"{at}/new", name="営業部", number="03-5555-6666", code="06").status == 303
    assert manager.post(f"{at}/new", name="受付", number="0355557777", short="007").status == 303
    first, second = transfers.targets(floor.store, floor.tenant_id, floor.project_id)

    assert manager.post(at, up=str(second.id)).status == 303
    form: dict[str, str] = {}
    for row in (first, second):
        form |= {f"short-{row.id}": row.short, f"name-{row.id}": row.name, f"number-{row.id}": row.number}
    assert manager.post(at, **(form | {f"name-{second.id}": "総合受付"})).status == 303
    assert shorts(floor) == [("007", "総合受付", "0355557777", ""), ("001", "営業部", "0355556666", "")]

    answer = manager.post(at, drop=str(first.id))
    assert answer.status == 303
    assert [row[0] for row in shorts(floor)] == ["007"]
    page = manager.ask("GET", answer.header("Location").split("#")[0])
    assert "短縮番号 001「営業部」を削除しました。" in page.body
    assert manager.post(f"{at}/restore", target=str(first.id)).status == 303
    assert [row[0] for row in shorts(floor)] == ["007", "001"]
    logged = [entry.action for entry in audit.search(floor.store, floor.tenant_id, text="short dial")]
    assert logged[:3] == ["short dial restored", "short dial removed", "short dials changed"]


def test_a_refusal_names_the_short_dial_and_saves_nothing(floor: Floor, manager: Client) -> None:
    at = f"/projects/{floor.project_id}/targets"
    for name in ("営業部", "受付"):
        manager.post(f"{at}/new", name=name, number="0355556666")
    first, second = transfers.targets(floor.store, floor.tenant_id, floor.project_id)
    form = {f"short-{first.id}": "001", f"name-{first.id}": "改名", f"number-{first.id}": "0355556666"}
    form |= {f"short-{second.id}": "002", f"name-{second.id}": "受付", f"number-{second.id}": "12"}

    answer = manager.post(at, **form)

    assert answer.status == 400
    assert "002 受付: 「12」は電話番号ではありません。" in answer.body
    assert [row[1] for row in shorts(floor)] == ["営業部", "受付"]


def test_recording_after_a_hand_over_is_switched(floor: Floor, manager: Client) -> None:
    at = f"/projects/{floor.project_id}/transfers"
    for given, kept in (({}, False), ({"is_transfer_recorded": "1"}, True)):
        assert manager.post(at, **given).status == 303
        assert projects.dial_settings(floor.store)[0].is_transfer_recorded is kept


def test_another_tenants_short_dial_is_neither_dropped_nor_brought_back(
    floor: Floor, services: Services
) -> None:
    target = transfers.add_target(
        floor.store, floor.tenant_id, floor.project_id, name="壁", number="0355556666"
    )
    other = Client(app.build(services))
    assert other.log_in("other", "manager").status == 303
    theirs = projects.create(floor.store, floor.other_tenant_id, name="よその二つめ", at=1)

    assert other.post(f"/projects/{floor.project_id}/targets", drop=str(target)).status == 404
    assert other.post(f"/projects/{theirs}/targets", drop=str(target)).status == 303  # saves nothing of ours
    assert other.post(f"/projects/{theirs}/targets/restore", target=str(target)).status == 400
    assert len(shorts(floor)) == 1
