"""The seam to the front panel's hardware: which pin is which, and the back end the site file names.

Back ends: `panel_pca9555` (a port expander on I2C), `panel_gpio` (lines of a GPIO chip), `panel_recorded`
(memory), `panel_absent`.  Who calls is not held up: `bounded.py` gives every transfer a deadline.
"""

from __future__ import annotations

from typing import Final, Protocol

from appliance import settings
from appliance.gpio_leds.lamps import Lamp

PINS: Final[dict[Lamp, int]] = {lamp: pin for pin, lamp in enumerate(Lamp)}
"""Pins 0-8 of the expander, which are also the offsets of its GPIO chip.  A pin drawn low lights its lamp:
a PCA9555 sinks 25 mA and sources 10 (data sheet, table 15)."""

BUTTON_PIN: Final = 15  # low while pressed; the expander pulls it up

assert BUTTON_PIN not in PINS.values()


class Panel(Protocol):
    """Nine lamps and a button."""

    @property
    def name(self) -> str:
        """For people: device and address."""

    def show(self, lit: frozenset[Lamp]) -> None:
        """Light these lamps and darken the others.  Raises DeviceError, naming bus and address."""

    def button(self) -> bool | None:
        """Whether the button is down; None where there is none.  Raises DeviceError."""

    def close(self) -> None:
        """Let go of the device; what it shows stays.  The next `show` takes it again."""


def open_panel(lamps: settings.Lamps) -> Panel:
    """The panel of the site file.  Touches no hardware yet: the first `show` does."""
    if lamps.kind == "pca9555":
        from appliance.gpio_leds.bounded import BoundedPanel
        from appliance.gpio_leds.panel_pca9555 import Pca9555Panel

        return BoundedPanel(Pca9555Panel(bus=lamps.bus, address=lamps.address))
    if lamps.kind == "gpio":
        from appliance.gpio_leds.bounded import BoundedPanel
        from appliance.gpio_leds.panel_gpio import GpioPanel

        return BoundedPanel(GpioPanel(lamps.gpio_chip))
    if lamps.kind == "recorded":
        from appliance.gpio_leds.panel_recorded import RecordedPanel

        return RecordedPanel()
    from appliance.gpio_leds.panel_absent import AbsentPanel

    return AbsentPanel()
