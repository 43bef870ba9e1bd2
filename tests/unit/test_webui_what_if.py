"""What a knob would do: one program at a time, kept answers, refusals in words, the wall between tenants."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.clock import SystemClock, VirtualClock
from appliance.dialer.messages import Board, ProjectBoard
from appliance.settings import Home, Settings
from appliance.simulator.what_if import Question, Run, Setting
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.unit.test_webui_guard import Client
from webui import app, process
from webui.ask import Services
from webui.forecasts import SEEDS, Forecast, Forecaster, added
from webui.pacing_limit import is_over
from webui.what_if import rounded, setting_of

NOW, MORE = Setting("overdial", 1, 1.0, 0.03, 23), Setting("overdial", 2, 1.0, 0.03, 23)
QUESTION = Question(4, 25.0, False, (5.0,), (25.0,), (60.0,), (9.0,), ())

PROGRAM = """
import json, sys
asked = json.load(sys.stdin)
for setting, seed in asked["runs"]:
    print(json.dumps({"setting": setting, "seed": seed, "answered": 100, "abandoned": 2 * setting["overdial"],
                      "talks": 100, "wait_s": 500.0}), flush=True)
"""


@pytest.fixture
def forecaster(tmp_path: Path) -> Iterator[Forecaster]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    found = Forecaster(clock=SystemClock(), command=(sys.executable, str(program)))
    yield found
    found.close()


def until_final(forecaster: Forecaster, floor: str, settings: tuple[Setting, ...]) -> dict[Setting, Forecast]:
    due = time.monotonic() + 20
    while time.monotonic() < due:
        found, is_final = forecaster.ask(floor, settings, QUESTION)
        if is_final:
            return found
        time.sleep(0.02)
    pytest.fail("no final answer")


def test_runs_are_added_up_with_their_error() -> None:
    found = added([Run(NOW, seed, 100, 2, 98, 490.0) for seed in (1, 2)])

    assert (found.runs, found.wait_s, found.abandon_ratio) == (2, 5.0, 0.02)
    assert 0.015 < found.error < 0.03
    assert added([]).wait_s is None
    assert added([]).abandon_ratio is None


def test_a_question_is_answered_once_and_kept(forecaster: Forecaster) -> None:
    found = until_final(forecaster, "floor", (NOW, MORE))

    assert (found[NOW].runs, found[NOW].abandoned, found[MORE].abandoned) == (SEEDS, 2 * SEEDS, 4 * SEEDS)
    forecaster._command = ("/nowhere",)  # what is kept needs no program
    assert until_final(forecaster, "floor", (NOW, MORE)) == found


def test_one_program_at_a_time_and_a_left_question_gives_way(tmp_path: Path) -> None:
    clock = VirtualClock()
    forecaster = Forecaster(clock=clock, command=(sys.executable, "-c", "import time; time.sleep(60)"))
    forecaster.ask("floor", (NOW,), QUESTION)
    first = forecaster._job
    assert first is not None
    forecaster.ask("other", (NOW,), QUESTION)
    assert forecaster._job is first, "somebody still looks at it"

    clock.advance_to(clock.monotonic() + 5.0)
    forecaster.ask("other", (NOW,), QUESTION)
    assert first.program.wait(10) != 0
    due = time.monotonic() + 10
    while forecaster._job in (first, None) and time.monotonic() < due:
        forecaster.ask("other", (NOW,), QUESTION)
        time.sleep(0.02)

    second = forecaster._job
    assert second is not None
    assert second.floor == "other"
    forecaster.close()
    assert second.program.wait(10) != 0


def test_a_program_that_fails_is_not_started_again_at_once(tmp_path: Path) -> None:
    forecaster = Forecaster(clock=SystemClock(), command=(sys.executable, "-c", "raise SystemExit(3)"))

    found = until_final(forecaster, "floor", (NOW,))

    assert found[NOW].runs == 0


def project(**changes: Any) -> ProjectBoard:
    values: dict[str, Any] = {
        "project_id": 1, "tenant_id": 1, "mode": "overdial", "overdial": 3, "ratio": 1.5,
        "abandon_target": 0.03, "channel_share": 46, "reason": {"limit": "none"}, "seats_ready": 1,
        "seats_talking": 1, "calls_out": 1, "abandon_ratio_30min": 0.0, "answered_30min": 100,
        "answer_rate": 0.3, "ring_s_mean": 9.0, **changes,
    }  # fmt: skip
    return msgspec.convert(values, ProjectBoard)


def test_only_the_knobs_of_the_mode_tell_settings_apart() -> None:
    assert setting_of(project(), 23) == setting_of(project(ratio=9.0, abandon_target=0.05), 115 - 92)
    assert setting_of(project(), 23).channels == 23
    assert setting_of(project(), 115).channels == 46
    assert setting_of(project(mode="adaptive"), 23) != setting_of(
        project(mode="adaptive", abandon_target=0.05), 23
    )


@pytest.mark.parametrize(("seats", "taken"), [(1, 1), (20, 20), (22, 20), (98, 100)])
def test_large_floors_are_rounded(seats: int, taken: int) -> None:
    assert rounded(seats) == taken


def test_the_limit_is_the_last_half_hours() -> None:
    assert is_over(project(abandon_ratio_30min=0.03))
    assert not is_over(project(abandon_ratio_30min=0.029))
    assert not is_over(project(abandon_ratio_30min=0.5, answered_30min=5)), "five answers say nothing"


# --- over HTTP ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return floors.seed(Home(tmp_path_factory.mktemp("what-if")), customers=200, seat_count=6, calls=300)


@pytest.fixture(scope="module")
def services(floor: Floor) -> Iterator[Services]:
    built = process.services(floor.home, Settings())
    yield built
    built.forecasts.close()
    built.store.close()


@pytest.fixture
def manager(services: Services, floor: Floor) -> Iterator[Client]:
    client = Client(app.build(services))
    client.log_in("demo", "manager")
    services.live._board = floors.board(floor)
    yield client
    services.live._board = Board(seq=0, now_at=0.0)


def asked(client: Client, url: str) -> tuple[int, Any]:
    answer = client.ask("GET", url, Accept="application/json")
    return answer.status, json.loads(answer.body)


def test_a_forecast_is_told_in_words(manager: Client, services: Services, floor: Floor) -> None:
    manager.post(f"/projects/{floor.project_id}/pacing", field="mode", value="overdial")
    board = floors.board(floor)
    row = msgspec.structs.replace(board.projects[0], mode="overdial")
    services.live._board = msgspec.structs.replace(board, projects=(row,))
    url = f"/board/what-if?project={floor.project_id}&field=overdial&value=4"
    due = time.monotonic() + 150  # the forecast steps back behind everything else on a crowded machine
    status, found = asked(manager, url)
    while found["state"] == "computing" and time.monotonic() < due:
        time.sleep(0.1)
        status, found = asked(manager, url)

    assert status == 200
    assert found["state"] == "ready"
    assert found["lines"][0].startswith("＋1：待ち ")
    assert "予測、誤差±" in found["lines"][0]


def test_too_little_is_said_kindly(manager: Client, services: Services, floor: Floor) -> None:
    url = f"/board/what-if?project={floor.project_id}&field=abandon_target&value=0.05"
    services.live._board = msgspec.structs.replace(floors.board(floor), seats=())
    assert asked(manager, url)[1]["lines"] == ["オペレーターがいないため、予測できません。"]
    services.forecasts._measured.clear()
    services.live._board = floors.board(floor)
    floor.store.run("UPDATE history SET at = at - 86400000")
    try:
        found = asked(manager, url)[1]
    finally:
        floor.store.run("UPDATE history SET at = at + 86400000")
        services.forecasts._measured.clear()
    assert found == {
        "state": "unknown", "is_final": True,
        "lines": ["まだ予測できません（接続が20件に達すると表示します。いま0件）。"],
    }  # fmt: skip


@pytest.mark.parametrize("query", ["field=overdial&value=x", "field=mode&value=magic", "field=name&value=1"])
def test_what_is_no_knob_is_refused(manager: Client, floor: Floor, query: str) -> None:
    assert asked(manager, f"/board/what-if?project={floor.project_id}&{query}")[0] == 400


def test_another_tenants_project_has_no_forecast(services: Services, floor: Floor, manager: Client) -> None:
    stranger = Client(app.build(services))
    stranger.log_in("other", "manager")
    query = "field=overdial&value=2"

    assert asked(stranger, f"/board/what-if?project={floor.project_id}&{query}")[0] == 404
    assert asked(stranger, f"/board/what-if?project={floor.other_project_id}&{query}")[0] == 404
    manager.post(f"/projects/{floor.project_id}/pacing", field="overdial", value="2")
    assert asked(stranger, "/board/last-change") == (200, {"name": ""})
    assert asked(manager, "/board/last-change") == (200, {"name": "管理 太郎"})


def test_over_the_target_nothing_is_turned_up(manager: Client, services: Services, floor: Floor) -> None:
    url, board = f"/projects/{floor.project_id}/pacing", floors.board(floor)
    row = msgspec.structs.replace(board.projects[0], abandon_ratio_30min=0.04, answered_30min=100)
    manager.post(url, field="overdial", value="2")
    services.live._board = msgspec.structs.replace(board, projects=(row,))

    refused = manager.ask(
        "POST", url, {"field": "overdial", "value": "3"}, X_CSRF=manager.csrf, Accept="application/json"
    )

    assert refused.status == 400
    assert "4.0%で目標の3.0%に達しています" in refused.body
    assert manager.post(url, field="overdial", value="1").status == 200
    assert manager.post(url, field="overdial", value="2", is_undo="1").status == 200, (
        "a step down is taken back"
    )
