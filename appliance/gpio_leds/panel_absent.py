"""A box without a front panel: takes everything, shows nothing, has no button."""

from __future__ import annotations

from typing import Final

from appliance.gpio_leds.lamps import Lamp


class AbsentPanel:
    """No lamps."""

    name: Final = "no front panel"

    def show(self, lit: frozenset[Lamp]) -> None:
        """Nothing to light."""

    def button(self) -> bool | None:
        """Nothing to press."""
        return None

    def close(self) -> None:
        """Nothing to let go of."""
