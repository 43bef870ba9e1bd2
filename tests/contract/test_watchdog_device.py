"""Every watchdog timer behaves alike; the kernel's is faked at its system calls."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.errors import DeviceError
from appliance.settings import Home, Watchdog
from appliance.watchdog import device
from appliance.watchdog.device import Device, open_device
from appliance.watchdog.device_linux import (
    WDIOC_GETBOOTSTATUS,
    WDIOC_GETTIMEOUT,
    WDIOC_KEEPALIVE,
    WDIOC_SETTIMEOUT,
)

PATH = "/dev/watchdog-of-the-test"
FILE = 4711


@dataclass
class Timer:
    """What the kernel's driver remembers.  `fixed_s`: a timer whose time cannot be set."""

    timeout_s: int = 60
    fixed_s: int = 0
    status: int = 0
    pets: int = 0
    is_armed: bool = False
    is_gone: bool = False
    magic: bytes = b""
    open_error: int = 0
    opened: list[int] = field(default_factory=list)

    def open(self, path: str | Path, flags: int, mode: int = 0o777, **more: object) -> int:
        if str(path) != PATH:
            return REAL_OPEN(path, flags, mode, **more)  # type: ignore[arg-type]  # handed on as it came
        if self.open_error:
            raise OSError(self.open_error, os.strerror(self.open_error), PATH)
        self.opened.append(flags)
        self.is_armed, self.magic = True, b""
        return FILE

    def ioctl(self, file: int, request: int, word: bytearray) -> int:
        assert file == FILE
        if self.is_gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        (value,) = struct.unpack("i", word)
        if request == WDIOC_SETTIMEOUT:
            if self.fixed_s:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            self.timeout_s = value
        elif request == WDIOC_KEEPALIVE:
            self.pets += 1
        answers = {WDIOC_SETTIMEOUT: self.timeout_s, WDIOC_GETTIMEOUT: self.fixed_s}
        answers |= {WDIOC_GETBOOTSTATUS: self.status, WDIOC_KEEPALIVE: 0}
        word[:] = struct.pack("i", answers[request])
        return 0

    def write(self, file: int, data: bytes) -> int:
        if file != FILE:
            return REAL_WRITE(file, data)
        self.magic = data
        return len(data)

    def close(self, file: int) -> None:
        if file != FILE:
            REAL_CLOSE(file)
            return
        self.is_armed = self.magic != b"V"


REAL_OPEN, REAL_WRITE, REAL_CLOSE = os.open, os.write, os.close


@pytest.fixture
def timer(mocker: MockerFixture) -> Timer:
    made = Timer()
    mocker.patch("appliance.watchdog.device_linux.os.open", made.open)
    mocker.patch("appliance.watchdog.device_linux.os.write", made.write)
    mocker.patch("appliance.watchdog.device_linux.os.close", made.close)
    mocker.patch("appliance.watchdog.device_linux.fcntl.ioctl", made.ioctl)
    return made


@dataclass
class Bench:
    """One back end, with what can be seen of it from outside."""

    opened: Device
    pets: Callable[[], int]
    is_armed: Callable[[], bool]


@pytest.fixture(params=["linux", "recorded", "absent"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, timer: Timer) -> Bench:
    home = Home(tmp_path)
    words = {"linux": PATH, "recorded": device.RECORDED, "absent": ""}
    opened = open_device(Watchdog(device=words[request.param], timeout_s=30), home)
    file = home.run / "watchdog.recorded"
    return {
        "linux": Bench(opened, lambda: timer.pets, lambda: timer.is_armed),
        "recorded": Bench(
            opened,
            lambda: int(file.read_text().splitlines()[1].split()[1]),
            lambda: "disarmed" not in file.read_text(),
        ),
        "absent": Bench(opened, lambda: -1, lambda: False),
    }[request.param]


def test_it_is_armed_for_the_time_of_the_site_file(bench: Bench) -> None:
    assert bench.opened.timeout_s == 30
    assert bench.is_armed() == bool(bench.opened.name)


def test_each_pet_arrives(bench: Bench) -> None:
    for _ in range(3):
        bench.opened.pet()
    assert bench.pets() in (3, -1)


def test_an_ordered_end_disarms(bench: Bench) -> None:
    bench.opened.disarm()
    assert not bench.is_armed()


def test_any_other_end_lets_the_time_run_on(bench: Bench) -> None:
    bench.opened.pet()
    bench.opened.close()
    assert bench.is_armed() == bool(bench.opened.name)


def test_a_box_that_was_not_reset_has_no_boot_status(bench: Bench) -> None:
    assert bench.opened.boot_status() == 0


def test_the_hardwares_word_is_read(timer: Timer, tmp_path: Path) -> None:
    timer.status = device.CARD_RESET
    assert open_device(Watchdog(device=PATH), Home(tmp_path)).boot_status() == device.CARD_RESET

    home = Home(tmp_path)
    (home.run / "watchdog.boot").write_text(str(device.OVERHEAT), encoding="ascii")
    assert open_device(Watchdog(device=device.RECORDED), home).boot_status() == device.OVERHEAT


def test_a_timer_with_a_time_of_its_own_says_it(timer: Timer, tmp_path: Path) -> None:
    timer.fixed_s = 16
    assert open_device(Watchdog(device=PATH, timeout_s=30), Home(tmp_path)).timeout_s == 16


def test_a_time_too_short_to_be_kept_is_not_taken(timer: Timer, tmp_path: Path) -> None:
    open_device(Watchdog(device=PATH, timeout_s=1), Home(tmp_path))
    assert timer.timeout_s == device.TIMEOUT_MIN_S


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOENT, "driver"), (errno.EBUSY, "systemd"), (errno.EACCES, "group")]
)
def test_a_timer_that_cannot_be_had_is_named_with_a_remedy(
    timer: Timer, tmp_path: Path, number: int, remedy: str
) -> None:
    timer.open_error = number
    with pytest.raises(DeviceError) as caught:
        open_device(Watchdog(device=PATH), Home(tmp_path))
    assert PATH in caught.value.what
    assert remedy in caught.value.remedy


def test_a_timer_that_goes_away_is_named(timer: Timer, tmp_path: Path) -> None:
    opened = open_device(Watchdog(device=PATH), Home(tmp_path))
    timer.is_gone = True
    with pytest.raises(DeviceError, match=PATH):
        opened.pet()


def test_the_numbers_are_those_of_the_kernels_header() -> None:
    header = Path("/usr/include/linux/watchdog.h")
    if not header.exists():
        pytest.skip("no kernel headers here")

    def number(direction: int, of: int) -> int:  # asm-generic/ioctl.h
        return direction << 30 | 4 << 16 | ord("W") << 8 | of

    text = header.read_text(encoding="utf-8")
    for name, direction, value in (
        ("GETBOOTSTATUS", 2, WDIOC_GETBOOTSTATUS),
        ("KEEPALIVE", 2, WDIOC_KEEPALIVE),
        ("SETTIMEOUT", 3, WDIOC_SETTIMEOUT),
        ("GETTIMEOUT", 2, WDIOC_GETTIMEOUT),
    ):
        line = next(line for line in text.splitlines() if f"WDIOC_{name}" in line)
        assert value == number(direction, int(line.split(",")[1]))
