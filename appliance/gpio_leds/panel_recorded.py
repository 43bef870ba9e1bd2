"""A front panel in memory, for tests and boxes on a desk: keeps what was shown, and can be pressed."""

from __future__ import annotations

from collections import deque
from typing import Final

from appliance.gpio_leds.lamps import Lamp

SHOWN_MAX: Final = 1000  # a minute and a half of ten looks a second


class RecordedPanel:
    """`shown` holds the last pictures, the newest last; `is_pressed` is the finger on the button."""

    name: Final = "recorded front panel"

    def __init__(self) -> None:
        self.shown: deque[frozenset[Lamp]] = deque(maxlen=SHOWN_MAX)
        self.is_pressed = False

    def show(self, lit: frozenset[Lamp]) -> None:
        """Keep the picture."""
        self.shown.append(lit)

    def button(self) -> bool | None:
        """What the test presses."""
        return self.is_pressed

    def close(self) -> None:
        """The pictures stay."""
