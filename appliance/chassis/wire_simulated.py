"""A simulated chassis inside this process: its controller and our end on a bus in memory.

What is wrong with it is read from a file, `run/chassis-simulated.json` in the box.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from can.interfaces.virtual import VirtualBus

from appliance.chassis.simulated_controller import SimulatedController
from appliance.chassis.simulated_state import StateFile
from appliance.chassis.wire import Frame
from appliance.chassis.wire_can import MEMORY_FRAMES, CanWire

NAME: Final = "simulated"


class SimulatedWire:
    """Our end, and the controller that is stepped whenever we listen."""

    def __init__(self, *, node: int, state_file: Path) -> None:
        channel = f"chassis {state_file}"
        self._wire = CanWire(interface="virtual", channel=channel, node=node)
        self._bus = VirtualBus(channel, rx_queue_size=MEMORY_FRAMES)
        self._controller = SimulatedController(self._bus, node=node)
        self._file = StateFile(state_file)

    @property
    def name(self) -> str:
        return NAME

    def receive(self, frames_max: int, now: float) -> list[Frame]:
        """Let the controller go on, and take what it says."""
        self._controller.state = self._file.changed(now) or self._controller.state
        self._controller.step(now)
        return self._wire.receive(frames_max, now)

    def send(self, frame: Frame) -> bool:
        """To the controller, which takes it at its next step."""
        return self._wire.send(frame)

    def frames_passed(self) -> int:
        """What has reached our end."""
        return self._wire.frames_passed()

    def fault(self) -> str:
        """A bus in memory has none."""
        return self._wire.fault()

    def close(self) -> None:
        """Both ends."""
        self._wire.close()
        self._bus.shutdown()
