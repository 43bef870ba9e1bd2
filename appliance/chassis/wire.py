"""The seam to the CAN bus: frames that concern us, taken without waiting, and how busy the bus is.

Back ends: `wire_can` (SocketCAN), `wire_simulated` (a simulated controller on a bus in memory).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from appliance.chassis.dictionary import HEARTBEAT, SDO_ANSWER, TPDOS, tpdo_base


class Frame(NamedTuple):
    """A data frame with an 11-bit identifier."""

    can_id: int
    data: bytes


class Wire(Protocol):
    """One end of a bus.  Nothing here waits."""

    @property
    def name(self) -> str:
        """For people: the interface."""

    def receive(self, frames_max: int, now: float) -> list[Frame]:
        """What has arrived, at most so many; the rest waits, bounded.  A bus that fails gives nothing."""

    def send(self, frame: Frame) -> bool:
        """Send one frame; False when the bus does not take it, who needs an answer repeats it."""

    def frames_passed(self) -> int:
        """Frames on the bus so far, those for others too.  Only differences mean something."""

    def fault(self) -> str:
        """What is wrong with the bus itself, such as bus-off; empty while it works."""

    def close(self) -> None: ...


def heard_ids(node: int) -> tuple[int, ...]:
    """The identifiers by which a controller speaks to us; the kernel drops all others."""
    return (
        *(tpdo_base(place) + node for place in range(len(TPDOS))),
        SDO_ANSWER + node,
        HEARTBEAT + node,
    )
