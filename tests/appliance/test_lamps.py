"""The front panel on the kernel's i2c-stub: i2cget sees each state, the button is pressed with i2cset."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.gpio_leds import __main__ as by_hand
from appliance.gpio_leds import lamps
from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.messages import Fault
from appliance.gpio_leds.patterns import Light, Pattern
from tests.appliance.box import BOOT_S, Box
from tests.appliance.lamp_watch import ADDRESS, CODE_S, bus, look, pattern
from tests.appliance.site_file import put_section, supervisor

pytestmark = pytest.mark.timeout(1200)

UNIT = "test-lamps"
HOME = "/run/test-lamps"
WITHIN_S = 90.0


@pytest.fixture(scope="module")
def panel(booted: Box) -> Box:
    """A booted box with an expander on its bus; nobody drives it yet."""
    booted.run(f"modprobe i2c-dev && modprobe i2c-stub chip_addr={ADDRESS} && udevadm settle")
    press(booted, False)
    return booted


def press(box: Box, is_down: bool) -> None:
    """The finger: pin 15 is low while pressed."""
    box.run(f"i2cset -y {bus(box)} {ADDRESS} 1 {'0x00' if is_down else '0x80'}")


@contextlib.contextmanager
def driven(box: Box, words: str, *, preload: str = "") -> Iterator[None]:
    """The lamps by hand, from the first picture until they are left with the power lamp alone."""
    box.run(f"i2cset -y {bus(box)} {ADDRESS} 2 0xff; i2cset -y {bus(box)} {ADDRESS} 6 0xff")
    environment = f"-E LD_PRELOAD={preload}" if preload else ""
    box.run(
        f"systemd-run -q --collect --unit={UNIT} {environment} /opt/yobirin/bin/python -m appliance.gpio_leds"
        f" --home {HOME} --bus {bus(box)} {words}"
    )
    try:
        box.wait(
            lambda: box.run(f"i2cget -y {bus(box)} {ADDRESS} 6").strip() == "0x00", WITHIN_S, "no picture"
        )
        yield
    finally:
        box.run(f"systemctl stop {UNIT}", timeout_s=120.0)


def said(box: Box) -> str:
    return box.run(f"journalctl -q --no-pager -o cat -u {UNIT}")


def expected(words: str) -> dict[str, str]:
    """Lamp to pattern, from the table itself."""
    return {
        lamp.value: _name(light)
        for lamp, light in lamps.lights(by_hand.state(by_hand.options(words.split()))).items()
    }


def _name(light: Light) -> str:
    return str(light.code) if light.pattern is Pattern.CODE else light.pattern.value


@pytest.mark.parametrize(
    "words",
    [
        "booting",
        "locked --worst critical --fault 7",
        "stopping",
        "running --lines up,up,up,up,up --disks ok",
        "running --lines up,down,alarm --disks rebuilding --worst warning",
        "running --lines up --disks degraded --worst critical",
        "running --lines up --disks full --worst critical --fault 3",
        "running --lines up --disks ok --worst critical --fault 5 --acknowledged",
        "running --lines up --locate",
    ],
)
def test_i2cget_sees_each_state(panel: Box, words: str) -> None:
    with driven(panel, words):
        samples = look(panel, CODE_S if any(name.isdigit() for name in expected(words).values()) else 8)

    assert {lamp.value: pattern(samples, lamp) for lamp in Lamp} == expected(words)


def test_an_ordered_end_leaves_the_power_lamp(panel: Box) -> None:
    with driven(panel, "running --lines up --disks ok"):
        pass

    assert look(panel, 1)[-1][1] == {Lamp.POWER}


def test_the_button_shows_the_address_and_asks_for_a_factory_reset(panel: Box) -> None:
    panel.run(f"rm -rf {HOME}/run")
    with driven(panel, "running --lines up --disks ok --box-address 192.168.1.3"):
        press(panel, True)
        panel.wait(lambda: "AddressShown(address='192.168.1.3')" in said(panel), WITHIN_S, "no address")
        samples = look(panel, 12)
        assert pattern(samples, Lamp.STATUS) == "3"
        assert pattern(samples, Lamp.SPAN_1) == "off"

        request = f"{HOME}/run/factory-reset-asked.json"
        panel.wait(lambda: panel.tried(f"test -s {request}").code == 0, WITHIN_S, "no request")
        press(panel, False)
        asked = json.loads(panel.guest.get(request))
        assert abs(float(panel.run("date +%s")) - asked["asked_at"]) < 60
        assert pattern(look(panel, 4), Lamp.ALARM) == "fast"
    assert panel.page("/login") == 200, "nothing was reset"


HANG = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <unistd.h>
int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void *argument = va_arg(list, void *);
  va_end(list);
  int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  if (request == 0x0720 /* I2C_SMBUS */)
    while (access("/run/test-i2c-hangs", F_OK) == 0) usleep(10000);
  return real(fd, request, argument);
}
"""


def test_a_bus_that_hangs_is_told_and_the_lamps_come_back(panel: Box, tmp_path: Path) -> None:
    source, library = tmp_path / "hang.c", tmp_path / "hang.so"
    source.write_text(HANG)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    panel.guest.put("/run/test-hang.so", library.read_bytes())
    panel.run("mount -o remount,exec /run")
    with driven(panel, "running --lines up --disks ok", preload="/run/test-hang.so"):
        panel.run("touch /run/test-i2c-hangs")
        panel.wait(lambda: "PanelFailed" in said(panel), WITHIN_S, "the hang is not told")
        assert f"0x20 on /dev/i2c-{bus(panel)}) hangs" in said(panel)
        panel.run("rm /run/test-i2c-hangs")
        panel.wait(lambda: "PanelRecovered" in said(panel), WITHIN_S, "the panel did not recover")
        assert pattern(look(panel, 6), Lamp.STATUS) == "slow"


@pytest.mark.short
def test_the_monitor_shows_the_running_box(panel: Box) -> None:
    put_section(panel, "lamps", f'kind = "pca9555"\nbus = {bus(panel)}\naddress = 0x20', process="monitor")
    panel.wait(
        lambda: pattern(look(panel, 5), Lamp.STATUS) == "slow", WITHIN_S, "the box does not show that it runs"
    )
    assert pattern(look(panel, 3), Lamp.POWER) == "on"
    assert panel.tried("yobirin check panel --home /var/lib/yobirin").code == 0

    supervisor(panel, "stop monitor")
    assert look(panel, 1)[-1][1] == {Lamp.POWER}
    supervisor(panel, "start monitor")


def test_a_panel_that_is_not_there_is_named_and_the_box_works_on(panel: Box) -> None:
    put_section(panel, "lamps", f'kind = "pca9555"\nbus = {bus(panel)}\naddress = 0x21', process="monitor")

    def is_told() -> bool:
        told = panel.tried("yobirin check panel --home /var/lib/yobirin")
        return told.code != 0 and "0x21" in told.out

    panel.wait(is_told, WITHIN_S, "the missing panel is not told")
    assert set(panel.processes().values()) == {"RUNNING"}
    assert panel.page("/login") == 200


def test_a_box_that_waits_for_its_key_shows_it(box: Box) -> None:
    box.pull_key()
    box.start()
    box.guest.wait(BOOT_S)
    box.run(f"modprobe i2c-dev && modprobe i2c-stub chip_addr={ADDRESS} && udevadm settle")
    press(box, False)
    board = "/run/yobirin/board.toml"
    box.run(f"sed -i 's/^lamps = .*/lamps = \"pca9555\"\\nlamps_bus = {bus(box)}/' {board}")
    box.run("systemctl start yobirin-lamps")
    box.wait(
        lambda: pattern(look(box, CODE_S), Lamp.ALARM) == str(Fault.KEY.value), BOOT_S, "no sign of the key"
    )
    assert pattern(look(box, 3), Lamp.POWER) == "on"

    box.plug_key()
    box.wait_ready()
    assert box.run("systemctl is-active yobirin-lamps || true").strip() != "active", (
        "the panel has two masters"
    )
