"""The seam to a chassis: one look at a time, and the relay's command.

Back ends: a controller on a CAN bus (`BusChassis`, over the wires "can" and "simulated"), and none
(`AbsentChassis`).  Nothing here waits.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Final, Protocol

from appliance import settings
from appliance.chassis.link import Link, Moved
from appliance.chassis.messages import Relay
from appliance.chassis.rules import Seen
from appliance.chassis.wire import Wire
from appliance.errors import BadInput, DeviceError

FRAMES_A_LOOK: Final = 256  # at two looks a second: fifty times what the controller sends
RATE_OVER_S: Final = 1.0


class Chassis(Protocol):
    """Power supplies, fans, temperatures and the line relay of one box."""

    def look(self, now: float) -> Seen | None:
        """Take what has arrived; None where there is no chassis controller."""

    def set_relay(self, position: Relay, now: float) -> None:
        """Begin to move the relay.  Raises BadInput where there is none, DeviceError while it moves."""

    def moved(self) -> list[Moved]:
        """Movements that have ended since the last call."""

    def close(self) -> None: ...


class AbsentChassis:
    """A box without a chassis controller."""

    def look(self, _now: float) -> Seen | None:
        """Nothing to see."""
        return None

    def set_relay(self, _position: Relay, _now: float) -> None:
        """Nothing to move.  Raises BadInput."""
        raise _no_relay()

    def moved(self) -> list[Moved]:
        """Nothing has."""
        return []

    def close(self) -> None:
        """Nothing to let go of."""


class BusChassis:
    """A controller behind a wire."""

    def __init__(self, wire: Wire, *, node: int, has_line_relay: bool, now: float) -> None:
        self._wire = wire
        self._link = Link(node=node, now=now)
        self._node = node
        self._has_line_relay = has_line_relay
        self._rate = FrameRate()

    def look(self, now: float) -> Seen | None:
        """Take what has arrived, bounded, and send what is due."""
        for frame in self._wire.receive(FRAMES_A_LOOK, now):
            self._link.feed(frame, now)
        self._link.tick(now)
        for frame in self._link.take_frames():
            self._wire.send(frame)
        return Seen(
            readings=self._link.readings(),
            age_s=self._link.age_s(now),
            frames_per_s=self._rate.at(self._wire.frames_passed(), now),
            bus_fault=self._wire.fault(),
            controller=f"node {self._node} on {self._wire.name}",
            has_line_relay=self._has_line_relay,
        )

    def set_relay(self, position: Relay, now: float) -> None:
        """Begin to move the relay; the command leaves at the next look."""
        if not self._has_line_relay:
            raise _no_relay()
        if refused := self._link.command(position, now):
            raise DeviceError(refused, remedy="Try again in a few seconds.")

    def moved(self) -> list[Moved]:
        """As the link saw it."""
        return self._link.moved()

    def close(self) -> None:
        """Let go of the bus."""
        self._wire.close()


class FrameRate:
    """Frames a second over the last second, from a counter that only grows or begins anew."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=64)

    def at(self, count: int, now: float) -> float:
        """The rate, with this sample."""
        if self._samples and count < self._samples[-1][1]:
            self._samples.clear()  # the interface was made anew
        self._samples.append((now, count))
        while len(self._samples) > 2 and now - self._samples[1][0] >= RATE_OVER_S:
            self._samples.popleft()
        first_at, first = self._samples[0]
        return (count - first) / (now - first_at) if now - first_at >= RATE_OVER_S else 0.0


def open_chassis(site: settings.Chassis, *, state_file: Path, now: float) -> Chassis:
    """The chassis of the site file.  Opens nothing yet: the first look does."""
    if site.kind == "absent":
        return AbsentChassis()
    wire: Wire
    if site.kind == "can":
        from appliance.chassis.wire_can import CanWire

        wire = CanWire(interface="socketcan", channel=site.channel, node=site.node)
    else:
        from appliance.chassis.wire_simulated import SimulatedWire

        wire = SimulatedWire(node=site.node, state_file=state_file)
    return BusChassis(wire, node=site.node, has_line_relay=site.has_line_relay, now=now)


def _no_relay() -> BadInput:
    return BadInput(
        "This box has no line relay.",
        remedy="Set has_line_relay in [chassis] of site.toml where there is one.",
    )
