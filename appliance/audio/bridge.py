"""Two ports that hear each other, and the recording of what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from appliance.audio.ports import LinePort, PhonePort, Port


class Take(Protocol):
    """One recording under way."""

    @property
    def recording_id(self) -> int: ...

    def add(self, operator: bytes, customer: bytes) -> None:
        """20 ms of both."""

    def close(self) -> None:
        """No more will come."""


@dataclass(slots=True)
class Bridge:
    """A standing bridge.  `is_heard`: the customer's voice has left for the phone."""

    bridge_id: int
    line: LinePort
    phone: PhonePort
    begun_at: float
    take: Take | None = None
    is_heard: bool = False

    @property
    def ports(self) -> dict[str, Port]:
        """Both, by name: the line first."""
        return {self.line.name: self.line, self.phone.name: self.phone}

    @property
    def lines(self) -> tuple[LinePort, ...]:
        return (self.line,)

    def record(self) -> None:
        """This tick's speech goes into the recording: left the operator, right the customer."""
        if self.take is not None:
            self.take.add(self.phone.heard, self.line.heard)

    def close(self) -> None:
        if self.take is not None:
            self.take.close()
            self.take = None
