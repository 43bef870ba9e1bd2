"""A box at the end of a serial cable: a home in a directory, the `setup` door, the console on a real tty.

The cable is two ptys with a relay between them, which can be cut, mended and made noisy.  No program of the
system is run: the box's commands are recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.settings import Console as ConsoleSettings
from appliance.settings import Home, Settings
from provisioning.commands import RecordedCommands
from provisioning.console.line import Console
from provisioning.link import Link
from provisioning.serial_port import PortGone, SerialPort
from provisioning.setup_door import Door
from provisioning.setup_service import SetupService

WAIT_S = 20.0
BAUD = 115_200


def wait_for(is_there: Callable[[], bool], what: str) -> None:
    """Wait for a condition, at most 20 s."""
    until = time.monotonic() + WAIT_S
    while not is_there():
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.01)


class Cable:
    """Two ttys and what lies between them."""

    def __init__(self, seed: int = 1) -> None:
        self._masters, self.paths = [], []
        self._slaves = []
        for _ in range(2):
            master, slave = os.openpty()
            tty.setraw(slave)
            self._masters.append(master)
            self._slaves.append(slave)
            self.paths.append(os.ttyname(slave))
        self.is_cut = False
        self.noise = 0.0  # chance that a piece is broken
        self.cut_when: Callable[[], bool] = lambda: False  # asked until it is true, then the cable is cut
        self._random = random.Random(seed)
        self._is_over = False
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    @property
    def box(self) -> str:
        return self.paths[0]

    @property
    def laptop(self) -> str:
        return self.paths[1]

    def close(self) -> None:
        self._is_over = True
        self._thread.join(5)
        for file in (*self._masters, *self._slaves):
            os.close(file)

    def _relay(self) -> None:
        while not self._is_over:
            for master in select.select(self._masters, [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self._carry(master, os.read(master, 256))

    def _carry(self, master: int, data: bytes) -> None:
        is_to_laptop = master == self._masters[0]
        if is_to_laptop and self.cut_when():
            self.cut_when, self.is_cut = lambda: False, True
        if self.is_cut:
            return
        if self.noise and self._random.random() < self.noise:
            data = self._broken(data)
        other = self._masters[1] if is_to_laptop else self._masters[0]
        while data:
            if select.select([], [other], [], 0.5)[1]:
                data = data[os.write(other, data) :]
            elif self._is_over:
                return

    def _broken(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data) + 1)
        return self._random.choice(
            (
                data[:at] + self._random.randbytes(7) + data[at:],
                data[:at] + data[at + 1 :],
                data[:at],
                data[:at] + bytes([self._random.randrange(256)]) + data[at + 1 :],
            )
        )


class Box:
    """A box that can be set up.  `code` is the one-time set-up code on its screen."""

    def __init__(self, root: Path, device: str, commands: RecordedCommands | None = None) -> None:
        self.home = Home(root / "home")
        self.box_directory = root / "box"
        self.commands = commands or RecordedCommands()
        self.service = SetupService(self.home, self.commands, box_directory=self.box_directory, settle_s=0.0)
        self.service.box.ensure_certificates()
        self.code = self.service.box.pin.new_code()
        self._stop = threading.Event()
        settings = Settings(console=ConsoleSettings(device=device))
        self.beats = 0
        self.console = Console(self.home, settings, beat=self._beat, should_stop=self._stop.is_set)
        self._device = device
        self._is_ready = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._door, self._serve)]
        for thread in self._threads:
            thread.start()
        assert self._is_ready.wait(WAIT_S)

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()
        self.console.close()

    def _beat(self) -> None:
        self.beats += 1

    def _serve(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(PortGone):
                self.console.serve(SerialPort(self._device, BAUD, write_s=1.0))

    def _door(self) -> None:
        async def serve() -> None:
            door = Door(self.home, self.service)
            await door.start()
            self._is_ready.set()
            while not self._stop.is_set():
                await asyncio.sleep(0.05)
            await door.stop()

        asyncio.run(serve())


@contextlib.contextmanager
def cabled(root: Path, *, seed: int = 1) -> Iterator[tuple[Cable, Box]]:
    """A cable with a box at its end."""
    cable = Cable(seed)
    box = Box(root, cable.box)
    try:
        yield cable, box
    finally:
        box.close()
        cable.close()


def link(cable: Cable, *, silence_s: float = 2.5, repeat_s: float = 0.3) -> Link:
    """The laptop's end, less patient than in life."""
    return Link(SerialPort(cable.laptop, BAUD), silence_s=silence_s, repeat_s=repeat_s)
