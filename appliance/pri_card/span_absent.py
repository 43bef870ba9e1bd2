"""A line that is configured and not there: always in alarm, takes every frame and gives none."""

from __future__ import annotations

from appliance.errors import DeviceError
from appliance.pri_card.span import Alarm, BChannel


class AbsentSpan:
    """Keeps the numbering of the other spans while a card is away for repair."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"span {number} (absent)"

    def open_d(self, now: float) -> None:
        """Always succeeds: the line simply stays in alarm."""

    def send_d(self, frame: bytes, now: float) -> None:
        """Lost."""

    def receive_d(self, now: float) -> list[bytes]:
        return []

    def due(self) -> float | None:
        return None

    def files(self) -> list[int]:
        return []

    def alarm(self) -> Alarm:
        return "removed"

    def open_b(self, channel: int) -> BChannel:
        raise DeviceError(
            f"{self.name} has no channel {channel}.", remedy='Set kind = "dahdi" for it in site.toml.'
        )

    def close(self) -> None:
        """Nothing was open."""
