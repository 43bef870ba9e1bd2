"""The loop ticks with a card's blocks while they come, and by its own timer when they stop."""

from __future__ import annotations

import random
import socket
import threading
import time
from pathlib import Path

from appliance.audio import messages
from appliance.audio.mulaw import SILENT_BLOCK
from appliance.audio.neighbours import Neighbours
from appliance.audio.plane import Plane
from appliance.audio.process import Loop
from appliance.audio.prompts import PromptBook
from appliance.audio.recording import DiskRecorder
from appliance.audio.rtp_socket import PortRange, is_own
from appliance.clock import SystemClock
from tests.contract.audio_rig import until

PACE_S = 0.0225  # slower than any card, so that a tick by the timer would show


class CardChannel:
    """A B channel with a descriptor, as DAHDI gives one; `far` is the network's end."""

    def __init__(self) -> None:
        self._near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._near.setblocking(False)

    def read(self) -> bytes:
        try:
            return self._near.recv(200)
        except BlockingIOError:
            return b""

    def write(self, block: bytes) -> bool:
        return True

    def fileno(self) -> int:
        return self._near.fileno()

    def flush(self) -> None:
        """Nothing has arrived yet."""

    def close(self) -> None:
        self._near.close()


class CountingPlane(Plane):
    ticks = 0

    def tick(self, now: float) -> None:
        self.ticks += 1
        super().tick(now)


def test_the_tick_follows_the_line_and_survives_its_loss(tmp_path: Path) -> None:
    channel = CardChannel()
    recorder = DiskRecorder(tmp_path, disk_free_min_bytes=0)
    plane = CountingPlane(
        open_b=lambda _span, _channel: channel,
        rtp_ports=PortRange("127.0.0.1", 28_000, 28_100),
        neighbours=Neighbours(["127.0.0.0/8"], is_own=is_own),
        prompts=PromptBook(tmp_path, {}),
        recorder=recorder,
        dice=random.Random(1),
        clock=SystemClock(),
    )
    loop = Loop(
        plane=plane, recorder=recorder, path=tmp_path / "audio.sock", clock=SystemClock(), is_clocked=True
    )
    plane.handle(messages.OpenLine("b1/1", 1, 1), time.monotonic())
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        until(lambda: _ticks_for(plane, channel, 40) in range(38, 43), "a second at the line's pace")
        before = plane.ticks
        until(lambda: plane.ticks > before + 50, "a second by the timer", wait_s=3)
        until(lambda: _ticks_for(plane, channel, 40) in range(38, 43), "the line's pace again")
        plane.handle(messages.ClosePort("b1/1"), time.monotonic())
        before = plane.ticks
        until(lambda: plane.ticks > before + 20, "ticks without any line", wait_s=3)
    finally:
        loop.stop()
        thread.join(2)
        loop.close()
        channel.far.close()


def _ticks_for(plane: CountingPlane, channel: CardChannel, blocks: int) -> int:
    """Ticks made while the line gives so many blocks at its pace."""
    before, began = plane.ticks, time.monotonic()
    for number in range(blocks):
        time.sleep(max(0.0, began + number * PACE_S - time.monotonic()))
        channel.far.send(SILENT_BLOCK)
    return plane.ticks - before
