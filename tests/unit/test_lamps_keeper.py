"""What the keeper does at a tick, in virtual time: blinking, the button's requests, a panel that fails."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.clock import VirtualClock
from appliance.errors import DeviceError
from appliance.gpio_leds import reset_request
from appliance.gpio_leds.keeper import PanelShow
from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.messages import (
    AddressShown,
    BoxState,
    Event,
    FactoryResetAsked,
    PanelFailed,
    PanelRecovered,
    Phase,
)
from appliance.gpio_leds.panel_recorded import RecordedPanel
from appliance.settings import Home

RUNNING = BoxState(phase=Phase.RUNNING, address="192.168.1.3")


class Breakable(RecordedPanel):
    """A recorded panel with a cable that can be pulled; counts how often it was tried."""

    is_broken = False
    tries = 0

    def button(self) -> bool | None:
        self.tries += 1
        if self.is_broken:
            raise DeviceError("The panel does not answer.")
        return super().button()


class Bench:
    """A keeper's inside, driven tick by tick."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.panel = Breakable()
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.keeper = PanelShow(self.panel, home=home, on_event=self.events.append, clock=self.clock)

    def run(self, seconds: float, state: BoxState = RUNNING) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.advance_to(self.clock.monotonic() + 0.1)
            self.keeper.at(state, self.clock.monotonic())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Home(tmp_path))


def test_only_changes_and_refreshes_are_written(bench: Bench) -> None:
    bench.run(60)

    assert 60 <= len(bench.panel.shown) <= 61 + 60 / 5  # the status lamp changes once a second


def test_a_new_state_is_shown_at_the_next_tick(bench: Bench) -> None:
    bench.run(1)
    bench.run(0.1, BoxState(phase=Phase.LOCKED))

    assert bench.panel.shown[-1] == {Lamp.POWER}


def test_the_address_is_shown_for_a_minute(bench: Bench) -> None:
    bench.run(1)
    bench.panel.is_pressed = True
    bench.run(5.2)
    bench.panel.is_pressed = False
    assert bench.events == [AddressShown("192.168.1.3")]

    bench.panel.shown.clear()
    bench.run(50)
    flashes = sum(Lamp.STATUS in picture for picture in bench.panel.shown)
    assert 3 * 10 <= flashes <= 3 * 14  # rounds of 4 s with three flashes each

    bench.run(11)
    bench.panel.shown.clear()
    bench.run(10)
    assert 5 <= sum(Lamp.STATUS in picture for picture in bench.panel.shown) <= 7


def test_fifteen_seconds_write_a_request_that_only_the_owner_reads(bench: Bench) -> None:
    bench.run(1)
    bench.panel.is_pressed = True
    bench.run(16)

    asked = bench.events[-1]
    assert isinstance(asked, FactoryResetAsked)
    assert reset_request.pending(bench.home, wall=bench.clock.wall()) == asked
    assert stat.S_IMODE(reset_request.path(bench.home).stat().st_mode) == 0o600
    assert bench.panel.shown[-1] <= {Lamp.POWER, Lamp.STATUS, Lamp.ALARM}


def test_a_request_is_forgotten_after_ten_minutes(bench: Bench) -> None:
    reset_request.ask(bench.home, wall=1000.0)

    assert reset_request.pending(bench.home, wall=1600.0) is not None
    assert reset_request.pending(bench.home, wall=1601.0) is None
    assert reset_request.pending(bench.home, wall=999.0) is None  # the clock was set back


def test_an_unreadable_request_is_none(bench: Bench) -> None:
    reset_request.path(bench.home).write_text('{"asked_at": "yesterday"}')

    assert reset_request.pending(bench.home, wall=0.0) is None


def test_the_lamps_go_on_once_the_console_has_answered(bench: Bench) -> None:
    bench.run(1)
    bench.panel.is_pressed = True
    bench.run(16)
    bench.panel.is_pressed = False
    bench.run(5)
    assert bench.panel.shown[-1] <= {Lamp.POWER, Lamp.STATUS, Lamp.ALARM}

    reset_request.withdraw(bench.home)
    bench.panel.shown.clear()
    bench.run(10)

    assert (
        sum(Lamp.STATUS in picture for picture in bench.panel.shown) <= 7
    )  # the slow blink of a running box


def test_a_failing_panel_is_told_once_and_tried_more_and_more_rarely(bench: Bench) -> None:
    bench.run(1)
    bench.panel.is_broken = True
    before = bench.panel.tries
    bench.run(600)

    assert [type(event) for event in bench.events] == [PanelFailed]
    assert 5 + 600 // 30 - 3 <= bench.panel.tries - before <= 5 + 600 // 30
    assert "does not answer" in bench.keeper.fault


def test_a_mended_panel_shows_the_present_state(bench: Bench) -> None:
    bench.panel.is_broken = True
    bench.run(1)
    bench.panel.is_broken = False
    bench.run(31, BoxState(phase=Phase.LOCKED))

    assert [type(event) for event in bench.events] == [PanelFailed, PanelRecovered]
    assert bench.panel.shown[-1] == {Lamp.POWER}
    assert bench.keeper.fault == ""


def test_a_panel_that_fails_while_the_button_is_held_asks_for_nothing(bench: Bench) -> None:
    bench.run(1)
    bench.panel.is_pressed = True
    bench.run(3)
    bench.panel.is_broken = True
    bench.run(2)
    bench.panel.is_broken = False
    bench.run(60)

    assert [type(event) for event in bench.events] == [PanelFailed, PanelRecovered]


def test_an_ordered_end_leaves_the_power_lamp(bench: Bench) -> None:
    bench.run(1)
    bench.keeper.stop()

    assert bench.panel.shown[-1] == {Lamp.POWER}


def test_it_looks_often_only_while_somebody_watches(bench: Bench) -> None:
    bench.run(1)
    assert bench.keeper.tick_s() == 0.25

    bench.panel.is_pressed = True
    bench.run(0.3)
    assert bench.keeper.tick_s() == 0.1
    bench.panel.is_pressed = False
    bench.run(0.3)
    assert bench.keeper.tick_s() == 0.25

    bench.run(0.1, BoxState(phase=Phase.BOOTING))
    assert bench.keeper.tick_s() == 0.1  # the status lamp blinks fast


def test_a_request_is_not_withdrawn_through_a_link(bench: Bench) -> None:
    """Any process may put one into the run directory; set-up, which is root, follows none."""
    database = bench.home.directory("data") / "yobirin.db"
    database.write_bytes(b"rows")
    reset_request.path(bench.home).symlink_to(database)
    with pytest.raises(OSError, match="symbolic link"):
        reset_request.withdraw(bench.home)
    assert database.read_bytes() == b"rows"
