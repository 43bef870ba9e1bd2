"""One suite for every front panel: what it shows, its button, its failures; and a bus that hangs."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import settings
from appliance.errors import DeviceError
from appliance.gpio_leds import panel_gpio
from appliance.gpio_leds.bounded import BoundedPanel
from appliance.gpio_leds.keeper import LampKeeper
from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.messages import AddressShown, BoxState, Event, PanelFailed, PanelRecovered, Phase
from appliance.gpio_leds.panel import open_panel
from appliance.settings import Home
from tests.contract.lamps_rig import RIGS, GpioRig, Pca9555Rig, Rig

ALL = frozenset(Lamp)


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = RIGS[request.param](monkeypatch, tmp_path)
    yield made
    made.panel.close()


def wait_for(what: Callable[[], bool], *, bound_s: float = 5.0) -> None:
    deadline = time.monotonic() + bound_s
    while not what():
        assert time.monotonic() < deadline, f"still not so after {bound_s} s"
        time.sleep(0.01)


@pytest.mark.parametrize("lamp", list(Lamp))
def test_one_lamp_alone(rig: Rig, lamp: Lamp) -> None:
    rig.panel.show(ALL)
    rig.panel.show(frozenset({lamp}))

    assert rig.lit() == (frozenset({lamp}) if rig.has_lamps else frozenset())


def test_all_and_none(rig: Rig) -> None:
    rig.panel.show(ALL)
    assert rig.lit() == (ALL if rig.has_lamps else frozenset())

    rig.panel.show(frozenset())
    assert rig.lit() == frozenset()


def test_the_button(rig: Rig) -> None:
    rig.panel.show(ALL)
    seen = []
    for is_down in (False, True, False):
        rig.press(is_down)
        seen.append(rig.panel.button())

    assert seen == ([False, True, False] if rig.has_lamps else [None, None, None])


def test_what_is_shown_stays_after_close(rig: Rig) -> None:
    rig.panel.show(frozenset({Lamp.POWER}))
    rig.panel.close()

    assert rig.lit() == (frozenset({Lamp.POWER}) if rig.has_lamps else frozenset())


@pytest.mark.parametrize("rig", [name for name in sorted(RIGS) if RIGS[name].can_break], indirect=True)
def test_a_missing_panel_is_named_and_comes_back(rig: Rig) -> None:
    rig.break_off()
    for transfer in (lambda: rig.panel.show(ALL), rig.panel.button):
        with pytest.raises(DeviceError, match=re.escape(rig.panel.name)):
            transfer()
    rig.mend()
    if isinstance(rig, GpioRig):
        rig.forget_closed()
    rig.panel.show(frozenset({Lamp.DISKS}))

    assert rig.lit() == {Lamp.DISKS}


def test_the_names_say_bus_and_address() -> None:
    assert "0x21 on /dev/i2c-3" in open_panel(settings.Lamps(kind="pca9555", bus=3, address=0x21)).name
    assert "/dev/gpiochip2" in open_panel(settings.Lamps(kind="gpio", gpio_chip="/dev/gpiochip2")).name


# --- the expander -------------------------------------------------------------------------------------


@pytest.fixture
def expander(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Pca9555Rig]:
    rig = Pca9555Rig(monkeypatch, tmp_path)
    yield rig
    rig.chip.let_go.set()


def test_no_pin_but_the_lamps_is_driven(expander: Pca9555Rig) -> None:
    expander.panel.show(ALL)

    assert expander.chip.registers[6] | expander.chip.registers[7] << 8 == 0xFE00


def test_an_expander_that_lost_its_supply_is_set_up_again(expander: Pca9555Rig) -> None:
    expander.panel.show(ALL)
    expander.chip.power_on()
    assert expander.lit() == frozenset()

    expander.panel.show(ALL)

    assert expander.lit() == ALL


def test_a_bus_that_hangs_is_refused_in_time_and_once_it_is_free_again_works(expander: Pca9555Rig) -> None:
    panel = BoundedPanel(expander.panel, deadline_s=0.1)
    panel.show(ALL)
    threads = threading.active_count()
    expander.chip.let_go.clear()

    transfers = expander.chip.transfers
    for _ in range(20):
        with pytest.raises(DeviceError, match=r"0x20 on /dev/i2c-0.* hangs"):
            panel.show(frozenset())
    assert (
        expander.chip.transfers == transfers + 1
    )  # the first waits for its deadline, the others are refused
    assert threading.active_count() == threads

    expander.chip.let_go.set()
    wait_for(lambda: expander.chip.lit() == frozenset())
    panel.show(frozenset({Lamp.ALARM}))
    assert expander.lit() == {Lamp.ALARM}
    panel.close()
    wait_for(lambda: threading.active_count() == threads - 1)


def test_the_keeper_lives_through_a_bus_that_hangs(expander: Pca9555Rig, tmp_path: Path) -> None:
    events: list[Event] = []
    keeper = LampKeeper(
        settings.Lamps(),
        home=Home(tmp_path),
        on_event=events.append,
        panel=BoundedPanel(expander.panel, deadline_s=0.1),
    )
    try:
        keeper.show(BoxState(phase=Phase.LOCKED))
        wait_for(lambda: expander.lit() == {Lamp.POWER})
        expander.chip.let_go.clear()
        wait_for(lambda: bool(keeper.fault()))
        assert "hangs" in keeper.fault()
        expander.chip.let_go.set()
        wait_for(lambda: not keeper.fault(), bound_s=10)
        assert [type(event) for event in events] == [PanelFailed, PanelRecovered]
    finally:
        expander.chip.let_go.set()
        keeper.close()
    assert expander.lit() == {Lamp.POWER}


def test_the_button_reaches_the_monitor_through_the_chip(expander: Pca9555Rig, tmp_path: Path) -> None:
    events: list[Event] = []
    keeper = LampKeeper(
        settings.Lamps(), home=Home(tmp_path), on_event=events.append, panel=BoundedPanel(expander.panel)
    )
    try:
        keeper.show(BoxState(address="10.1.2.3"))
        wait_for(lambda: expander.chip.transfers > 20)
        expander.press(True)
        wait_for(lambda: AddressShown("10.1.2.3") in events, bound_s=10)
    finally:
        keeper.close()


# --- the GPIO character device ------------------------------------------------------------------------

PROBE = """
#include <stddef.h>
#include <stdio.h>
#include <linux/gpio.h>
int main(void) {
  printf("%lu %lu ", GPIO_V2_GET_LINE_IOCTL, GPIO_V2_LINE_GET_VALUES_IOCTL);
  printf("%lu ", GPIO_V2_LINE_SET_VALUES_IOCTL);
  printf("%zu ", sizeof(struct gpio_v2_line_request));
  printf("%zu ", offsetof(struct gpio_v2_line_request, config.flags));
  printf("%zu ", offsetof(struct gpio_v2_line_request, num_lines));
  printf("%zu %zu ", offsetof(struct gpio_v2_line_request, fd), sizeof(struct gpio_v2_line_values));
  printf("%d %d %d", GPIO_V2_LINE_FLAG_ACTIVE_LOW, GPIO_V2_LINE_FLAG_INPUT, GPIO_V2_LINE_FLAG_OUTPUT);
}
"""


def test_the_numbers_are_those_of_the_kernels_header(tmp_path: Path) -> None:
    source, program = tmp_path / "probe.c", tmp_path / "probe"
    source.write_text(PROBE)
    subprocess.run(["gcc", "-o", str(program), str(source)], check=True, timeout=60)
    told = [int(word) for word in subprocess.run([program], capture_output=True, check=True).stdout.split()]

    request = panel_gpio.REQUEST.pack(*range(64), b"x", 0x1122334455667788, 0, 7, 0, 77)
    flags_at = request.index(0x1122334455667788.to_bytes(8, "little"))
    ours = [panel_gpio.GET_LINE, panel_gpio.GET_VALUES, panel_gpio.SET_VALUES, len(request), flags_at]
    ours += [request.rindex(b"\x07\0\0\0"), request.rindex(b"\x4d\0\0\0"), panel_gpio.VALUES.size]
    assert told == [*ours, panel_gpio.ACTIVE_LOW, panel_gpio.IS_INPUT, panel_gpio.IS_OUTPUT]
