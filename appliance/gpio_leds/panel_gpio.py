"""The front panel on lines of a GPIO chip, by the character device's version 2 requests (linux/gpio.h).

For boards with LEDs on their own GPIO, and for a PCA9555 that the kernel's driver has taken: the same pins
are then line offsets.  Lets the kernel invert: a lit lamp is an active line.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

from appliance.errors import DeviceError
from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.panel import BUTTON_PIN, PINS

GET_LINE: Final = 0xC250B407  # GPIO_V2_GET_LINE_IOCTL
GET_VALUES: Final = 0xC010B40E  # GPIO_V2_LINE_GET_VALUES_IOCTL
SET_VALUES: Final = 0xC010B40F  # GPIO_V2_LINE_SET_VALUES_IOCTL
ACTIVE_LOW, IS_INPUT, IS_OUTPUT = 1 << 1, 1 << 2, 1 << 3  # enum gpio_v2_line_flag

LINES_MAX: Final = 64
REQUEST: Final = struct.Struct("=64I32sQI20x240xII20xi")
"""struct gpio_v2_line_request: offsets, consumer, config (flags, num_attrs, attrs), num_lines,
event_buffer_size, fd."""
VALUES: Final = struct.Struct("=QQ")  # struct gpio_v2_line_values: bits, mask

LAMP_PINS: Final = tuple(PINS.values())


class GpioPanel:
    """The lines of one chip.  Taken by the first transfer and after every failure."""

    def __init__(self, chip: str) -> None:
        self._chip = chip
        self._lamps = -1
        self._button = -1

    @property
    def name(self) -> str:
        return f"front panel (lines of {self._chip})"

    def show(self, lit: frozenset[Lamp]) -> None:
        """Set all lamp lines in one step."""
        bits = sum(1 << place for place, lamp in enumerate(PINS) if lamp in lit)
        try:
            self._open()
            fcntl.ioctl(self._lamps, SET_VALUES, VALUES.pack(bits, (1 << len(PINS)) - 1))
        except OSError as error:
            raise self._failed(error) from error

    def button(self) -> bool | None:
        """Read the button's line."""
        try:
            self._open()
            values = bytearray(VALUES.pack(0, 1))
            fcntl.ioctl(self._button, GET_VALUES, values, True)
        except OSError as error:
            raise self._failed(error) from error
        return bool(VALUES.unpack(values)[0] & 1)

    def close(self) -> None:
        """Give the lines back; the kernel leaves their levels."""
        for line in (self._lamps, self._button):
            if line >= 0:
                os.close(line)
        self._lamps = self._button = -1

    def _open(self) -> None:
        if self._lamps >= 0:
            return
        chip = os.open(self._chip, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._lamps = _lines(chip, LAMP_PINS, IS_OUTPUT | ACTIVE_LOW)
            self._button = _lines(chip, (BUTTON_PIN,), IS_INPUT | ACTIVE_LOW)
        finally:
            os.close(chip)

    def _failed(self, error: OSError) -> DeviceError:
        self.close()
        return DeviceError(
            f"The {self.name} does not answer: {error.strerror or error}.",
            remedy="Check that no other program holds its lines (`gpioinfo`), and [lamps] in site.toml.",
        )


def _lines(chip: int, offsets: tuple[int, ...], flags: int) -> int:
    """Ask for lines; the file descriptor that stands for them."""
    padded = offsets + (0,) * (LINES_MAX - len(offsets))
    request = bytearray(REQUEST.pack(*padded, b"yobirin", flags, 0, len(offsets), 0, 0))
    fcntl.ioctl(chip, GET_LINE, request, True)
    return int(REQUEST.unpack(request)[-1])
