"""Front panels under test: each back end with what is really lit, and a finger on its button.

The chip and the GPIO character device are modelled at the edge of smbus2 and of ioctl(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import threading
from pathlib import Path
from typing import Protocol

import pytest
import smbus2

from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.panel import BUTTON_PIN, PINS, Panel
from appliance.gpio_leds.panel_absent import AbsentPanel
from appliance.gpio_leds.panel_gpio import GpioPanel
from appliance.gpio_leds.panel_pca9555 import Pca9555Panel
from appliance.gpio_leds.panel_recorded import RecordedPanel


class Rig(Protocol):
    """A panel and its outside."""

    panel: Panel

    @property
    def has_lamps(self) -> bool: ...

    @property
    def can_break(self) -> bool: ...

    def lit(self) -> frozenset[Lamp]:
        """What an eye sees."""

    def press(self, is_down: bool, /) -> None: ...

    def break_off(self) -> None: ...

    def mend(self) -> None: ...


class Chip:
    """A PCA9555 as its data sheet describes it, and a bus on which it can be missing, or hang."""

    def __init__(self) -> None:
        self.power_on()
        self.is_missing = False
        self.let_go = threading.Event()
        self.let_go.set()
        self.transfers = 0

    def power_on(self) -> None:
        self.registers = {0: 0xFF, 1: 0xFF, 2: 0xFF, 3: 0xFF, 4: 0, 5: 0, 6: 0xFF, 7: 0xFF}

    def lit(self) -> frozenset[Lamp]:
        output = self.registers[2] | self.registers[3] << 8
        is_input = self.registers[6] | self.registers[7] << 8
        return frozenset(lamp for lamp, pin in PINS.items() if not (output | is_input) >> pin & 1)

    def press(self, is_down: bool) -> None:
        self.registers[1] = 0x7F if is_down else 0xFF
        assert self.registers[7] & 0x80 or BUTTON_PIN != 15, "the button's pin is driven: a short circuit"

    def _transfer(self, register: int) -> None:
        self.transfers += 1
        self.let_go.wait(30)
        if self.is_missing:
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
        assert register in self.registers

    def bus(self, number: int) -> Bus:
        if self.is_missing:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), f"/dev/i2c-{number}")
        return Bus(self)


class Bus:
    """What smbus2.SMBus does with the chip."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def read_byte_data(self, address: int, register: int) -> int:
        assert address == 0x20
        self._chip._transfer(register)
        polarity = self._chip.registers[register + 4] if register < 2 else 0
        return self._chip.registers[register] ^ polarity

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        assert address == 0x20
        assert 0 <= value <= 0xFF
        self._chip._transfer(register)
        assert register >= 2, "the input port is not written"
        self._chip.registers[register] = value

    def close(self) -> None:
        pass


class Pca9555Rig:
    """The chip behind smbus2."""

    has_lamps = can_break = True

    def __init__(self, monkeypatch: pytest.MonkeyPatch, _directory: Path) -> None:
        self.chip = Chip()
        monkeypatch.setattr(smbus2, "SMBus", self.chip.bus)
        self.panel: Panel = Pca9555Panel(bus=0, address=0x20)
        self.lit, self.press = self.chip.lit, self.chip.press

    def break_off(self) -> None:
        self.chip.is_missing = True

    def mend(self) -> None:
        self.chip.is_missing = False
        self.chip.power_on()


class Attribute(ctypes.Structure):
    _fields_ = (("id", ctypes.c_uint32), ("padding", ctypes.c_uint32), ("value", ctypes.c_uint64))


class ConfigAttribute(ctypes.Structure):
    _fields_ = (("attr", Attribute), ("mask", ctypes.c_uint64))


class LineConfig(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("num_attrs", ctypes.c_uint32),
        ("padding", ctypes.c_uint32 * 5),
        ("attrs", ConfigAttribute * 10),
    )


class LineRequest(ctypes.Structure):
    """struct gpio_v2_line_request of linux/gpio.h."""

    _fields_ = (
        ("offsets", ctypes.c_uint32 * 64),
        ("consumer", ctypes.c_char * 32),
        ("config", LineConfig),
        ("num_lines", ctypes.c_uint32),
        ("event_buffer_size", ctypes.c_uint32),
        ("padding", ctypes.c_uint32 * 5),
        ("fd", ctypes.c_int32),
    )


class LineValues(ctypes.Structure):
    """struct gpio_v2_line_values of linux/gpio.h."""

    _fields_ = (("bits", ctypes.c_uint64), ("mask", ctypes.c_uint64))


class GpioRig:
    """The character device behind ioctl(2): levels are physical, 1 is high."""

    has_lamps = can_break = True

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        self._file = directory / "gpiochip0"
        self._file.touch()
        self.levels = dict.fromkeys(range(16), 1)
        self._requests: dict[int, LineRequest] = {}
        self._is_broken = False
        monkeypatch.setattr(fcntl, "ioctl", self._ioctl)
        self.panel: Panel = GpioPanel(str(self._file))

    def lit(self) -> frozenset[Lamp]:
        return frozenset(lamp for lamp, pin in PINS.items() if self.levels[pin] == 0)

    def press(self, is_down: bool) -> None:
        self.levels[BUTTON_PIN] = 0 if is_down else 1

    def break_off(self) -> None:
        self._is_broken = True

    def mend(self) -> None:
        self._is_broken = False

    def _ioctl(self, fd: int, number: int, argument: bytes | bytearray, _mutate: bool = True) -> int:
        if self._is_broken:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        assert number >> 8 & 0xFF == 0xB4
        assert number >> 16 & 0x3FFF == len(argument)
        {0x07: self._request, 0x0E: self._get, 0x0F: self._set}[number & 0xFF](fd, argument)
        return 0

    def _request(self, fd: int, argument: bytes | bytearray) -> None:
        assert isinstance(argument, bytearray)
        assert os.fstat(fd).st_ino == self._file.stat().st_ino
        request = LineRequest.from_buffer(argument)
        assert request.num_lines > 0
        assert not any(request.padding)
        held = {pin for other in self._requests.values() for pin in other.offsets[: other.num_lines]}
        if held & set(request.offsets[: request.num_lines]):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        request.fd = os.open("/dev/null", os.O_RDWR)
        self._requests[request.fd] = LineRequest.from_buffer_copy(argument)
        if request.config.flags & 1 << 3:
            self._put(self._requests[request.fd], 0, (1 << request.num_lines) - 1)

    def _get(self, fd: int, argument: bytes | bytearray) -> None:
        assert isinstance(argument, bytearray)
        values, request = LineValues.from_buffer(argument), self._requests[fd]
        assert request.config.flags & 1 << 2, "an output is not read"
        is_low = request.config.flags >> 1 & 1
        levels = [self.levels[pin] ^ is_low for pin in request.offsets[: request.num_lines]]
        values.bits = sum(level << place for place, level in enumerate(levels)) & values.mask

    def _set(self, fd: int, argument: bytes | bytearray) -> None:
        values, request = LineValues.from_buffer_copy(argument), self._requests[fd]
        self._put(request, values.bits, values.mask)

    def _put(self, request: LineRequest, bits: int, mask: int) -> None:
        assert request.config.flags & 1 << 3, "an input is not driven"
        for place, pin in enumerate(request.offsets[: request.num_lines]):
            if mask >> place & 1:
                self.levels[pin] = bits >> place & 1 ^ (request.config.flags >> 1 & 1)

    def forget_closed(self) -> None:
        """The kernel frees lines whose descriptor was closed."""
        for fd in list(self._requests):
            with contextlib.suppress(OSError):
                os.fstat(fd)
                continue
            del self._requests[fd]


class RecordedRig:
    """Memory."""

    has_lamps, can_break = True, False

    def __init__(self, _monkeypatch: pytest.MonkeyPatch, _directory: Path) -> None:
        self._recorded = RecordedPanel()
        self.panel: Panel = self._recorded

    def lit(self) -> frozenset[Lamp]:
        return self._recorded.shown[-1]

    def press(self, is_down: bool) -> None:
        self._recorded.is_pressed = is_down

    def break_off(self) -> None: ...

    def mend(self) -> None: ...


class AbsentRig:
    """Nothing."""

    has_lamps = can_break = False

    def __init__(self, _monkeypatch: pytest.MonkeyPatch, _directory: Path) -> None:
        self.panel: Panel = AbsentPanel()

    def lit(self) -> frozenset[Lamp]:
        return frozenset()

    def press(self, is_down: bool) -> None: ...

    def break_off(self) -> None: ...

    def mend(self) -> None: ...


RIGS: dict[str, type[Pca9555Rig | GpioRig | RecordedRig | AbsentRig]] = {
    "pca9555": Pca9555Rig,
    "gpio": GpioRig,
    "recorded": RecordedRig,
    "absent": AbsentRig,
}
