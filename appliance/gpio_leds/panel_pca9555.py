"""The front panel behind a PCA9555 port expander on I2C, through smbus2.

Register numbers are those of its data sheet (NXP PCA9555 rev. 10, table 4).  Each byte is a transfer of
its own, which every SMBus adapter can do.  Blocks as long as the adapter does: `bounded.py` wraps it.
"""

from __future__ import annotations

from typing import Final

import smbus2

from appliance.errors import DeviceError
from appliance.gpio_leds.lamps import Lamp
from appliance.gpio_leds.panel import BUTTON_PIN, PINS

INPUT, OUTPUT, POLARITY, CONFIGURATION = 0x00, 0x02, 0x04, 0x06  # port 0; port 1 follows
ALL_PINS: Final = 0xFFFF
OUTPUT_PINS: Final = sum(1 << pin for pin in PINS.values())
CONFIGURED: Final = ALL_PINS & ~OUTPUT_PINS  # 1 is an input: the button, and what is not connected


class Pca9555Panel:
    """One expander.  The device file is opened by the first transfer and after every failure."""

    def __init__(self, *, bus: int, address: int) -> None:
        self._bus_number = bus
        self._address = address
        self._bus: smbus2.SMBus | None = None

    @property
    def name(self) -> str:
        return f"front panel (PCA9555 at 0x{self._address:02x} on /dev/i2c-{self._bus_number})"

    def show(self, lit: frozenset[Lamp]) -> None:
        """Set the outputs; pins are made outputs once, and again when the chip has forgotten."""
        low = sum(1 << PINS[lamp] for lamp in lit)
        try:
            bus = self._open()
            self._write(bus, OUTPUT, ALL_PINS & ~low)
            if self._read(bus, CONFIGURATION) != CONFIGURED or self._read(bus, POLARITY) != 0:
                self._write(bus, POLARITY, 0)
                self._write(bus, CONFIGURATION, CONFIGURED)
        except OSError as error:
            raise self._failed(error) from error

    def button(self) -> bool | None:
        """Read the input port."""
        try:
            return not self._read(self._open(), INPUT) & (1 << BUTTON_PIN)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Let go of the bus."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _open(self) -> smbus2.SMBus:
        if self._bus is None:
            self._bus = smbus2.SMBus(self._bus_number)
        return self._bus

    def _write(self, bus: smbus2.SMBus, register: int, value: int) -> None:
        bus.write_byte_data(self._address, register, value & 0xFF)
        bus.write_byte_data(self._address, register + 1, value >> 8)

    def _read(self, bus: smbus2.SMBus, register: int) -> int:
        low: int = bus.read_byte_data(self._address, register)
        high: int = bus.read_byte_data(self._address, register + 1)
        return low | high << 8

    def _failed(self, error: OSError) -> DeviceError:
        self.close()
        return DeviceError(
            f"The {self.name} does not answer: {error.strerror or error}.",
            remedy="Check the panel's cable, and [lamps] in site.toml.",
        )
