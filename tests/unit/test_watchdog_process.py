"""The loop that pets: what it does to the device, the processes and the book, second by second."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance import settings
from appliance.clock import VirtualClock
from appliance.errors import DeviceError
from appliance.settings import Home, Settings
from appliance.watchdog import device, journal, messages, policy
from appliance.watchdog.journal import Clerk
from appliance.watchdog.messages import Why
from appliance.watchdog.policy import Look, Rung, Seen, Step
from appliance.watchdog.process import OPEN_AGAIN_S, Watchdog


class Floor:
    """The senses of a floor that is told how it is."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.frozen_at: float | None = None
        self.steps: list[Step] = []

    def seen(self, now: float) -> Seen:
        beat_at = now if self.frozen_at is None else self.frozen_at
        checks = {**dict.fromkeys(policy.CHECKS, ""), **self.wrong}
        return Seen(checks, {"dialer": Look(17, beat_at)})

    def carry_out(self, step: Step) -> None:
        self.steps.append(step)


class Rig:
    def __init__(self, home: Home, *, to: str = device.RECORDED) -> None:
        self.home = home
        self.clock = VirtualClock()
        self.clock.advance_to(500.0)
        self.floor = Floor()
        self.clerk = Clerk(home)
        self.watchdog = Watchdog(
            home,
            Settings(watchdog=settings.Watchdog(device=to, timeout_s=30)),
            senses=self.floor,  # type: ignore[arg-type]  # stands in for children and threads
            clerk=self.clerk,
            clock=self.clock,
        )

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance_to(self.clock.monotonic() + 1.0)
            self.watchdog.look()

    def line(self) -> list[str]:
        return (self.home.run / "watchdog.recorded").read_text(encoding="ascii").split("\n")[:-1]

    def pets(self) -> int:
        return int(self.line()[1].removeprefix("pet "))

    def book(self) -> list[tuple[str, str]]:
        assert self.clerk.flush(5.0)
        return [(entry.what, entry.check) for entry in journal.read(self.home)]

    def status(self) -> messages.Status:
        assert self.clerk.flush(5.0)
        status = messages.read(self.home, now=self.clock.monotonic())
        assert status is not None
        return status


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(Home(tmp_path))


def test_a_box_that_is_well_is_petted_every_second(rig: Rig) -> None:
    rig.run(60)
    assert rig.pets() == 60
    status = rig.status()
    assert (status.is_petting, status.ill, status.fault, status.timeout_s) == (True, (), "", 30)


def test_a_sick_process_is_started_again_and_the_book_and_the_status_say_so(rig: Rig) -> None:
    rig.run(10)
    rig.floor.frozen_at = rig.clock.monotonic()
    rig.run(12)

    assert [(step.rung, step.check) for step in rig.floor.steps] == [(Rung.ONE, "dialer")]
    assert rig.book() == [("started", ""), ("restart_one", "dialer")]
    status = rig.status()
    assert [(step.what, step.check) for step in status.steps] == [("restart_one", "dialer")]
    assert [ill.check for ill in status.ill] == ["dialer"]
    assert rig.pets() == 22


def test_a_frozen_supervisord_is_written_down_before_the_last_pet(rig: Rig) -> None:
    rig.run(10)
    rig.floor.wrong["supervisord"] = "supervisord does not answer"
    rig.run(100)

    assert rig.book()[-1] == ("reset", "supervisord")
    assert 10 < rig.pets() < 60
    assert not rig.status().is_petting


def test_the_next_start_says_why(rig: Rig, mocker: MockerFixture, tmp_path: Path) -> None:
    rig.run(10)
    rig.floor.wrong["supervisord"] = "supervisord does not answer"
    rig.run(100)
    rig.book()
    other = tmp_path / "boot_id"
    other.write_text("another boot\n", encoding="ascii")
    mocker.patch("appliance.watchdog.process.BOOT_ID", other)

    after = Rig(rig.home)
    after.run(2)

    restarted = after.status().restarted
    assert (restarted.why, restarted.check) == (Why.CHECK_FAILED, "supervisord")
    assert "supervisord did not answer" in restarted.en
    assert "プロセス管理" in restarted.ja


def test_resets_in_a_row_come_to_an_end_and_that_is_told(
    rig: Rig, mocker: MockerFixture, tmp_path: Path
) -> None:
    boot = tmp_path / "boot_id"
    mocker.patch("appliance.watchdog.process.BOOT_ID", boot)
    for number in range(policy.RESETS_MAX + 1):
        boot.write_text(f"boot {number}", encoding="ascii")
        rig = Rig(rig.home)
        rig.run(10)
        rig.floor.wrong["disk"] = "no answer"
        rig.run(300)
        rig.book()

    assert [what for what, _ in rig.book()].count("reset") == policy.RESETS_MAX
    assert rig.book()[-1] == ("given_up", "")
    assert rig.status().has_given_up
    assert rig.pets() == 310


def test_an_order_to_stop_disarms_and_any_other_end_does_not(rig: Rig, mocker: MockerFixture) -> None:
    stop = threading.Event()
    stop.set()
    rig.watchdog.watch(stop)
    assert rig.line()[-1] == "disarmed"
    assert rig.book()[-1] == ("ordered", "")

    again = Rig(rig.home)
    mocker.patch.object(again.floor, "seen", side_effect=MemoryError)
    mocker.patch("appliance.watchdog.process.LOOK_EVERY_S", 0.01)
    with pytest.raises(MemoryError):
        again.watchdog.watch(threading.Event())
    assert "disarmed" not in again.line()


def test_a_box_that_is_being_let_go_is_not_saved_by_an_order_to_stop(rig: Rig) -> None:
    rig.run(10)
    rig.floor.wrong["supervisord"] = "supervisord does not answer"
    rig.run(60)
    stop = threading.Event()
    stop.set()
    rig.watchdog.watch(stop)
    assert "disarmed" not in rig.line()
    assert rig.book()[-1] == ("reset", "supervisord")


def test_a_missing_device_is_told_and_the_processes_are_watched_all_the_same(tmp_path: Path) -> None:
    rig = Rig(Home(tmp_path), to=str(tmp_path / "no-watchdog"))
    rig.run(10)
    rig.floor.frozen_at = rig.clock.monotonic()
    rig.run(12)

    status = rig.status()
    assert (status.device, status.is_petting) == ("", False)
    assert "no-watchdog cannot be opened" in status.fault
    assert [step.check for step in rig.floor.steps] == ["dialer"]


def test_a_device_that_goes_away_is_opened_again(rig: Rig, mocker: MockerFixture) -> None:
    rig.run(5)
    mocker.patch(
        "appliance.watchdog.device_recorded.RecordedDevice.pet",
        side_effect=[DeviceError("The watchdog is gone."), *[None] * 500],
    )
    rig.run(1)
    assert "gone" in rig.watchdog.status(0.0).fault
    assert rig.book()[-1] == ("device_lost", "")

    rig.run(int(OPEN_AGAIN_S) + 2)
    assert (rig.watchdog.status(0.0).fault, rig.watchdog.status(0.0).is_petting) == ("", True)


def test_the_clock_on_the_wall_decides_nothing(rig: Rig) -> None:
    rig.run(10)
    rig.clock.step_wall(-86_400.0 * 365)
    rig.run(100)
    rig.clock.step_wall(86_400.0 * 900)
    rig.run(100)
    assert rig.floor.steps == []
    assert rig.pets() == 210
