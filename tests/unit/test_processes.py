"""supervisord's configuration from the table, and what happens when it is not there."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance import cli, processes, turn
from appliance.settings import Home
from appliance.supervisor_client import SupervisorGone


def test_each_process_of_the_table_is_a_program_that_the_command_line_knows(tmp_path: Path) -> None:
    text = processes.configuration(Home(tmp_path), processes.BOX + processes.DEMONSTRATION)
    config = configparser.RawConfigParser()
    config.read_string(text)
    programs = [name.removeprefix("program:") for name in config.sections() if name.startswith("program:")]
    beside = [process.name for process in processes.BESIDE]
    assert sorted(programs + beside) == sorted(cli.PROCESS_MODULES)
    for name in programs:
        assert f'"{name}" "--home" "{tmp_path}"' in config[f"program:{name}"]["command"]


def test_a_percent_sign_in_the_path_survives_supervisors_syntax(tmp_path: Path) -> None:
    text = processes.configuration(Home(tmp_path / "100%"), processes.BOX)
    assert "100%%/logs" in text
    assert "100%/" not in text


def test_who_serves_starts_before_who_asks() -> None:
    order = {process.name: process.priority for process in processes.BOX + processes.DEMONSTRATION}
    assert order["exchange"] < order["phones"] < order["dialer"] < order["web"] < order["robots"]


def test_the_configuration_is_for_the_owner_alone(tmp_path: Path) -> None:
    path = processes.write_configuration(Home(tmp_path), processes.BOX)
    assert path.stat().st_mode & 0o077 == 0


def test_no_supervisord_is_said_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SupervisorGone) as caught:
        processes.Supervisor(Home(tmp_path)).states()
    assert "yobirin run" in caught.value.remedy


def test_cpu_time_is_read_from_the_kernel() -> None:
    assert processes.cpu_seconds(os.getpid()) > 0
    assert processes.cpu_seconds(2**22 + 1) == 0.0


def test_ready_means_that_who_listens_has_its_socket(tmp_path: Path, mocker: MockerFixture) -> None:
    home = Home(tmp_path)
    home.directory()
    left_by_a_crash = home.socket("dialer")
    left_by_a_crash.touch()
    mocker.patch("appliance.processes.subprocess.Popen").return_value.poll.return_value = None
    supervisor = processes.Supervisor(home)
    mocker.patch.object(supervisor, "states", return_value={"dialer": {"statename": "RUNNING"}})
    supervisor.start((processes.Process("dialer", 20, listens=True),))

    with pytest.raises(SupervisorGone, match="dialer did not start"):
        supervisor.wait_running(0.3)
    home.socket("dialer").touch()
    supervisor.wait_running(0.3)


@pytest.mark.parametrize(("name", "niceness"), [("dialer", 0), ("audio", 0), ("web", 5), ("monitor", 5)])
def test_who_carries_no_call_lets_the_others_go_first(name: str, niceness: int) -> None:
    words = f"import os; from appliance import processes; processes.limit({name!r}); print(os.nice(0))"
    before = os.nice(0)
    said = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    assert int(said) == min(19, before + niceness)


def test_on_a_box_who_carries_no_call_waits_for_the_dialer(tmp_path: Path) -> None:
    home = Home(tmp_path)
    sections = processes.configuration(home, processes.BOX, is_box=True).split("[program:")[1:]
    waiting = {section.split("]")[0] for section in sections if f"{turn.AFTER}=" in section}
    assert waiting == processes.BEHIND
    assert turn.AFTER not in processes.configuration(home, processes.BOX)
