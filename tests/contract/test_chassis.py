"""One suite for every chassis, over real CAN frames; and the process with its clients.

"bus": our end and a controller of its own on python-can's bus in memory; "simulated": the back end that
ships; "absent": none.  SocketCAN is tested in QEMU, with the kernel's driver.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from can.interfaces.virtual import VirtualBus

from appliance import ipc, settings
from appliance.chassis import __main__ as command_line
from appliance.chassis import messages
from appliance.chassis.chassis import AbsentChassis, BusChassis, Chassis, open_chassis
from appliance.chassis.judge import Judge
from appliance.chassis.link import Moved
from appliance.chassis.messages import Relay, RelayState, Severity
from appliance.chassis.rules import Seen
from appliance.chassis.simulated_controller import SimulatedController
from appliance.chassis.simulated_state import SimulatedState, SimulatedSupply
from appliance.chassis.wire_can import CanWire
from appliance.errors import BadInput, DeviceError
from appliance.settings import Home

NODE = 0x10


@dataclass
class Rig:
    """A chassis in virtual time, with a hand in its controller."""

    chassis: Chassis
    become: Callable[[SimulatedState], None]
    step: Callable[[float], None]
    now: float = 0.0

    def run(self, seconds: float) -> Seen:
        seen: Seen | None = None
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.step(self.now)
            seen = self.chassis.look(self.now)
        assert seen is not None
        return seen


def bus_rig(directory: Path) -> Iterator[Rig]:
    name = str(directory)
    bus = VirtualBus(name, rx_queue_size=128)
    controller = SimulatedController(bus, node=NODE)
    wire = CanWire(interface="virtual", channel=name, node=NODE)
    chassis = BusChassis(wire, node=NODE, has_line_relay=True, now=0.0)
    yield Rig(chassis, lambda state: setattr(controller, "state", state), controller.step)
    chassis.close()
    bus.shutdown()


def simulated_rig(directory: Path) -> Iterator[Rig]:
    file = directory / "state.json"
    site = settings.Chassis(kind="simulated", node=NODE, has_line_relay=True)
    chassis = open_chassis(site, state_file=file, now=0.0)

    def become(state: SimulatedState) -> None:
        replacement = file.with_suffix(".new")
        replacement.write_bytes(msgspec.json.encode(state))
        replacement.replace(file)

    yield Rig(chassis, become, lambda _now: None)
    chassis.close()


@pytest.fixture(params=["bus", "simulated"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    yield from {"bus": bus_rig, "simulated": simulated_rig}[request.param](tmp_path)


def test_a_controller_that_was_just_switched_on_tells_everything_within_two_seconds(rig: Rig) -> None:
    seen = rig.run(2)

    assert seen.is_fresh
    assert seen.readings is not None
    assert [supply.is_ok for supply in seen.readings.supplies] == [True, True]
    assert seen.readings.fans_rpm == (3000, 3000, 3000, 3000)
    assert (seen.readings.inlet_c, seen.readings.cpu_c, seen.readings.card_c) == (25.0, 50.0, 40.0)
    assert seen.readings.relay == RelayState(Relay.BOX_A, Relay.BOX_A)


def test_a_change_is_seen_within_a_second(rig: Rig) -> None:
    rig.run(2)
    rig.become(
        SimulatedState(
            supply_b=SimulatedSupply(is_present=False, millivolts=0, milliamperes=0),
            fans_rpm=(3000, 0, 3000, 65535),
            cpu_tenths_c=-55,
            card_tenths_c=-32768,
            has_relay=False,
        )
    )
    readings = rig.run(1).readings

    assert readings is not None
    assert readings.supplies[1] == messages.Supply(is_present=False, is_ok=False, volts=0.0, amperes=0.0)
    assert readings.fans_rpm == (3000, 0, 3000, None)
    assert (readings.cpu_c, readings.card_c, readings.relay) == (-5.5, None, None)


def test_a_silent_controller_grows_old_and_is_woken_when_it_comes_back(rig: Rig) -> None:
    rig.run(2)
    rig.become(SimulatedState(is_silent=True))
    assert rig.run(5).age_s > 4

    rig.become(SimulatedState())

    assert rig.run(2).is_fresh


def test_the_relay_moves_on_command_alone(rig: Rig) -> None:
    seen = rig.run(5)
    assert seen.readings is not None
    assert seen.readings.relay == RelayState(Relay.BOX_A, Relay.BOX_A)

    rig.chassis.set_relay(Relay.BOX_B, rig.now)
    seen = rig.run(1)

    assert rig.chassis.moved() == [Moved(Relay.BOX_B, "")]
    assert seen.readings is not None
    assert seen.readings.relay == RelayState(Relay.BOX_B, Relay.BOX_B)
    with_time = rig.run(30).readings
    assert with_time is not None
    assert with_time.relay == RelayState(Relay.BOX_B, Relay.BOX_B)


def test_a_stuck_relay_is_told(rig: Rig) -> None:
    rig.become(SimulatedState(is_relay_stuck=True))
    rig.run(2)
    rig.chassis.set_relay(Relay.BOX_B, rig.now)
    seen = rig.run(4)

    (moved,) = rig.chassis.moved()
    assert "contacts do not say" in moved.error
    assert seen.readings is not None
    assert seen.readings.relay == RelayState(Relay.BOX_B, Relay.BOX_A)


def test_a_controller_without_a_relay_refuses(rig: Rig) -> None:
    rig.become(SimulatedState(has_relay=False))
    rig.run(2)
    rig.chassis.set_relay(Relay.BOX_B, rig.now)
    rig.run(4)

    (moved,) = rig.chassis.moved()
    assert "0x08000022" in moved.error


def test_a_relay_is_not_told_twice_at_once(rig: Rig) -> None:
    rig.run(2)
    rig.chassis.set_relay(Relay.BOX_B, rig.now)

    with pytest.raises(DeviceError, match="still moving"):
        rig.chassis.set_relay(Relay.BOX_A, rig.now)


def test_a_controller_that_babbles_costs_little_and_is_told(rig: Rig) -> None:
    rig.run(2)
    judge = Judge()
    rig.become(SimulatedState(babble_per_s=1000))
    raised = []
    for _ in range(50):
        raised += judge.look(rig.run(0.1), rig.now)

    assert "bus_flooded" in [change.name for change in raised]


def test_strangers_on_the_bus_are_not_heard(rig: Rig) -> None:
    rig.run(2)
    rig.become(SimulatedState(stray_per_s=100))
    seen = rig.run(20)

    assert seen.is_fresh
    assert seen.readings is not None
    assert seen.readings.cpu_c == 50.0


def test_no_chassis_has_nothing_and_moves_nothing() -> None:
    chassis = AbsentChassis()

    assert chassis.look(1.0) is None
    with pytest.raises(BadInput, match="no line relay"):
        chassis.set_relay(Relay.BOX_A, 1.0)


def test_a_box_without_the_setting_moves_nothing(tmp_path: Path) -> None:
    chassis = open_chassis(settings.Chassis(kind="simulated"), state_file=tmp_path / "none", now=0.0)

    with pytest.raises(BadInput, match="has_line_relay"):
        chassis.set_relay(Relay.BOX_A, 1.0)
    chassis.close()


def test_an_interface_that_is_not_there_is_named_and_tried_again(tmp_path: Path) -> None:
    wire = CanWire(interface="socketcan", channel="can77", node=NODE)

    for now in range(100):
        assert wire.receive(10, float(now)) == []

    assert wire.fault().startswith("The CAN interface can77 cannot be used: it does not exist.")
    assert "site.toml" in wire.fault()


# --- the process --------------------------------------------------------------------------------------


class Process:
    """`python -m appliance chassis` in a home of its own, and a client."""

    def __init__(self, directory: Path, section: str) -> None:
        self.home = Home(directory)
        self.home.site_file.write_text(f"[chassis]\n{section}\n", encoding="utf-8")
        words = [sys.executable, "-m", "appliance", "chassis", "--home", str(directory)]
        self.child = subprocess.Popen(
            words, stderr=subprocess.PIPE, env={**os.environ, "PYTHONWARNINGS": "error"}
        )
        self._client: ipc.BlockingClient | None = None

    def client(self) -> ipc.BlockingClient:
        deadline = time.monotonic() + 30
        while not self.home.socket("chassis").exists():
            assert self.child.poll() is None, self.child.stderr.read() if self.child.stderr else b""
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return ipc.BlockingClient(self.home.socket("chassis"), messages.Union, name="test", timeout_s=30)

    def become(self, state: SimulatedState) -> None:
        path = self.home.run / "chassis-simulated.json"
        replacement = path.with_suffix(".new")
        replacement.write_bytes(msgspec.json.encode(state))
        replacement.replace(path)

    def stop(self) -> None:
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(10) == 0, self.child.stderr.read() if self.child.stderr else b""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    processes: list[Process] = []

    def start(section: str) -> Process:
        processes.append(Process(tmp_path, section))
        return processes[-1]

    yield start
    for process in processes:
        process.child.kill()
        process.child.wait()
        if process.child.stderr is not None:
            process.child.stderr.close()


def test_a_client_gets_the_snapshot_then_what_changes(started: Callable[[str], Process]) -> None:
    process = started('kind = "simulated"\nhas_line_relay = true')
    client = process.client()
    events = client.events()
    assert isinstance(next(events), messages.ChassisSnapshot)

    process.become(SimulatedState(supply_b=SimulatedSupply(is_ok=False)))
    raised = next(event for event in events if isinstance(event, messages.AlarmRaised))
    assert (raised.alarm.name, raised.alarm.severity) == ("supply_b", Severity.CRITICAL)
    assert abs(raised.alarm.since - time.time()) < 60

    second = process.client()
    snapshot = next(second.events())
    assert [alarm.name for alarm in snapshot.alarms] == ["supply_b"]
    second.close()

    process.become(SimulatedState())
    assert next(event for event in events if isinstance(event, messages.AlarmCleared)).name == "supply_b"
    client.close()
    process.stop()
    assert not process.home.socket("chassis").exists()


def test_the_relay_over_the_socket(started: Callable[[str], Process]) -> None:
    process = started('kind = "simulated"\nhas_line_relay = true')
    client = process.client()
    assert client.request(messages.SetRelay(Relay.BOX_B, by="test")) == messages.RelaySet(Relay.BOX_B)

    process.become(SimulatedState(is_relay_stuck=True))
    with pytest.raises(ipc.Refused, match="contacts do not say"):
        client.request(messages.SetRelay(Relay.BOX_A, by="test"))
    client.close()
    process.stop()


def test_the_command_line_asks_and_moves(
    started: Callable[[str], Process], capsys: pytest.CaptureFixture[str]
) -> None:
    process = started('kind = "simulated"\nhas_line_relay = true')
    process.client().close()
    home = ["--home", str(process.home.root)]

    assert command_line.main([*home, "relay", "box_b"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["position"] == "box_b"
    assert command_line.main([*home, "status"]) == 0
    relay = msgspec.json.decode(capsys.readouterr().out)["readings"]["relay"]
    assert relay == {"commanded": "box_b", "read_back": "box_b"}

    process.stop()
    assert command_line.main([*home, "status"]) == ipc.PeerGone.exit_code
    assert "chassis is not running" in capsys.readouterr().err


def test_a_box_without_a_chassis_says_so_and_beats(started: Callable[[str], Process]) -> None:
    process = started('kind = "absent"')
    client = process.client()

    assert client.request(messages.GetChassis()) == messages.ChassisSnapshot("absent", None, None, ())
    with pytest.raises(ipc.Refused, match="no line relay"):
        client.request(messages.SetRelay(Relay.BOX_A, by="test"))
    assert (process.home.run / "heartbeat" / "chassis").exists()
    client.close()
    process.stop()


def test_a_bus_that_is_not_there_is_an_alarm_and_the_process_lives(started: Callable[[str], Process]) -> None:
    process = started('kind = "can"\nchannel = "can77"')
    client = process.client()
    names = set()
    for event in client.events():
        if isinstance(event, messages.AlarmRaised):
            names.add(event.alarm.name)
        if names == {"bus", "controller"}:
            break
    assert process.child.poll() is None
    client.close()
    process.stop()


def test_an_unreadable_state_of_the_simulated_chassis_changes_nothing(
    started: Callable[[str], Process],
) -> None:
    process = started('kind = "simulated"')
    client = process.client()
    (process.home.run / "chassis-simulated.json").write_text('{"fans": 0}')
    readings = next(event for event in client.events() if isinstance(event, messages.ReadingsSeen)).readings

    assert readings.fans_rpm == (3000, 3000, 3000, 3000)
    client.close()
    process.stop()
