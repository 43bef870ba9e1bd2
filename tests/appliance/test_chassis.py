"""The chassis over the kernel's CAN driver: the box on can0, the simulated controller on can1, one bus.

Each fault raises its alarm alone, and clears it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.appliance.box import Box
from tests.appliance.site_file import put_section

pytestmark = pytest.mark.timeout(1200)

STATE = "/run/test-chassis.json"
CONTROLLER = "test-controller"
WITHIN_S = 90.0  # an emulated box beside other work; the rules' own patience is at most 10 s


@pytest.fixture(scope="module")
def chassis(booted: Box) -> Box:
    """A booted box that has a chassis controller."""
    become(booted)
    put_section(booted, "chassis", 'kind = "can"\nchannel = "can0"\nhas_line_relay = true', process="chassis")
    start_controller(booted)
    wait_alarms(booted)
    booted.wait(lambda: status(booted)["readings"] is not None, WITHIN_S, "the controller told nothing")
    return booted


@pytest.fixture(autouse=True)
def _healthy_again(chassis: Box) -> Iterator[None]:
    yield
    become(chassis)


def start_controller(box: Box) -> None:
    box.run(
        f"systemd-run -q --collect --unit={CONTROLLER} /opt/yobirin/bin/python"
        f" -m appliance.chassis.simulated_controller --channel can1 --state {STATE}"
    )


def become(box: Box, **state: Any) -> None:
    """Put the simulated chassis into this state; what is not named is healthy."""
    box.guest.put(f"{STATE}.new", json.dumps(state))
    box.run(f"mv {STATE}.new {STATE}")


def ask(box: Box, words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(box.run(f"python -m appliance.chassis {words}"))
    return answer


def status(box: Box) -> dict[str, Any]:
    return ask(box, "status")


def alarms(box: Box) -> dict[str, str]:
    return {alarm["name"]: alarm["severity"] for alarm in status(box)["alarms"]}


def wait_alarms(box: Box, **wanted: str) -> None:
    """Until exactly these alarms stand."""
    last: dict[str, str] = {}

    def is_so() -> bool:
        last.clear()
        last.update(alarms(box))
        return last == wanted

    box.wait(is_so, WITHIN_S, f"alarms are not {wanted}, but {last}")


def test_both_controllers_are_on_one_bus(chassis: Box) -> None:
    for name in ("can0", "can1"):
        shown = chassis.run(f"ip -details link show {name}")
        assert "state ERROR-ACTIVE" in shown
        assert "bitrate 250000" in shown
        assert "restart-ms 100" in shown
    readings = status(chassis)["readings"]
    assert readings["fans_rpm"] == [3000, 3000, 3000, 3000]
    assert readings["cpu_c"] == 50.0


@pytest.mark.short
def test_a_failed_supply(chassis: Box) -> None:
    become(chassis, supply_a={"is_ok": False, "millivolts": 0})
    wait_alarms(chassis, supply_a="critical")
    said = chassis.tried("yobirin check chassis --home /var/lib/yobirin")
    assert said.code == 2, said.out
    assert "supply A" in said.out or "supply_a" in said.out

    become(chassis)
    wait_alarms(chassis)
    said = chassis.tried("yobirin check chassis --home /var/lib/yobirin")
    assert said.code == 0, said.out


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({"supply_b": {"is_present": False, "millivolts": 0}}, {"supply_b": "critical"}),
        ({"supply_a": {"millivolts": 11300}}, {"voltage_a": "warning"}),
        ({"fans_rpm": [3000, 0, 3000, 65535]}, {"fan_2": "critical"}),
        ({"cpu_tenths_c": 880}, {"temperature_cpu": "warning"}),
        (
            {"inlet_tenths_c": 520, "card_tenths_c": 760},
            {"temperature_inlet": "critical", "temperature_card": "critical"},
        ),
    ],
    ids=["missing-supply", "low-voltage", "stopped-fan", "warm-processor", "hot-air"],
)
def test_a_fault_is_raised_alone_and_cleared(
    chassis: Box, state: dict[str, Any], wanted: dict[str, str]
) -> None:
    become(chassis, **state)
    wait_alarms(chassis, **wanted)

    become(chassis)
    wait_alarms(chassis)


def test_heat_clears_only_beyond_its_hysteresis(chassis: Box) -> None:
    become(chassis, cpu_tenths_c=870)
    wait_alarms(chassis, temperature_cpu="warning")
    become(chassis, cpu_tenths_c=830)  # below the limit of 85, within the hysteresis of 3
    chassis.run("sleep 12")  # longer than the patience of 10 s
    assert alarms(chassis) == {"temperature_cpu": "warning"}

    become(chassis, cpu_tenths_c=810)
    wait_alarms(chassis)


def test_a_silent_controller(chassis: Box) -> None:
    become(chassis, is_silent=True)
    wait_alarms(chassis, controller="warning")

    become(chassis)
    wait_alarms(chassis)


def test_a_controller_that_died_and_came_back_is_started_by_the_box(chassis: Box) -> None:
    chassis.run(f"systemctl kill --signal=KILL {CONTROLLER}")
    wait_alarms(chassis, controller="warning")
    chassis.run(f"systemctl reset-failed {CONTROLLER} 2>/dev/null; true")

    start_controller(chassis)
    wait_alarms(chassis)


def test_the_relay_moves_on_command_and_a_stuck_one_is_told(chassis: Box) -> None:
    assert status(chassis)["readings"]["relay"] == {"commanded": "box_a", "read_back": "box_a"}
    assert ask(chassis, "relay box_b")["position"] == "box_b"
    assert status(chassis)["readings"]["relay"] == {"commanded": "box_b", "read_back": "box_b"}

    become(chassis, is_relay_stuck=True)
    said = chassis.tried("python -m appliance.chassis relay box_a")
    assert "contacts do not say" in said.out
    wait_alarms(chassis, relay="critical")
    become(chassis)
    wait_alarms(chassis)


@pytest.mark.parametrize("kind", ["babble_per_s", "stray_per_s"])
def test_a_bus_that_floods_is_told_and_costs_little(chassis: Box, kind: str) -> None:
    pid = chassis.run("supervisorctl -s unix:///var/lib/yobirin/run/supervisor.sock pid chassis").strip()
    before = resident_kb(chassis, pid)
    become(chassis, **{kind: 3000})
    chassis.wait(lambda: "bus_flooded" in alarms(chassis), WITHIN_S, "the flood is not told")
    chassis.run("sleep 5")
    assert resident_kb(chassis, pid) < before + 2000
    assert chassis.processes()["chassis"] == "RUNNING"

    become(chassis)
    wait_alarms(chassis)


def resident_kb(box: Box, pid: str) -> int:
    return int(box.run(f"awk '/VmRSS/ {{print $2}}' /proc/{pid}/status"))


def test_an_interface_that_goes_down_is_told_and_comes_back(chassis: Box) -> None:
    chassis.run("ip link set can0 down")
    wait_alarms(chassis, bus="warning", controller="warning")

    chassis.run("ip link set can0 up")
    wait_alarms(chassis)
