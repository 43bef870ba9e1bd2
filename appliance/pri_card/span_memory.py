"""A line whose two ends are in one process and in virtual time: for tests, benches and rehearsals.

The D channel is held to 64 kbit/s each way by `now` alone.  `cut` and `mend` unplug it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from appliance.errors import DeviceError
from appliance.pri_card.span import BLOCK_BYTES, CHANNELS, Alarm
from appliance.pri_card.wire import Wire

BLOCKS_MAX: Final = 8  # DAHDI's buffers on a B channel


class MemoryB:
    """One end of a B channel; `to_far` is the other end's `from_far`."""

    def __init__(self, from_far: deque[bytes], to_far: deque[bytes], on_close: Callable[[], None]) -> None:
        self._from_far = from_far
        self._to_far = to_far
        self._on_close = on_close

    def read(self) -> bytes:
        return self._from_far.popleft() if self._from_far else b""

    def write(self, block: bytes) -> bool:
        assert len(block) == BLOCK_BYTES, "a block is 160 mu-law bytes"
        if len(self._to_far) >= BLOCKS_MAX:
            return False
        self._to_far.append(block)
        return True

    def fileno(self) -> int:
        return -1

    def flush(self) -> None:
        self._from_far.clear()
        self._to_far.clear()

    def close(self) -> None:
        self.flush()
        self._on_close()


class MemorySpan:
    """One end of a line in memory; made by `memory_pair`."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.wire = Wire()  # what this end sends
        self.is_cut = False
        self._far: MemorySpan = self
        self._speech: dict[int, deque[bytes]] = {}
        self._open_b: set[int] = set()

    def join(self, far: MemorySpan) -> None:
        """Make `far` the other end."""
        self._far = far

    def open_d(self, now: float) -> None:
        """Nothing to open."""

    def send_d(self, frame: bytes, now: float) -> None:
        if not self.is_cut:
            self.wire.push(frame, now)

    def receive_d(self, now: float) -> list[bytes]:
        return self._far.wire.pop(now)

    def due(self) -> float | None:
        return self._far.wire.due()

    def files(self) -> list[int]:
        return []

    def alarm(self) -> Alarm:
        return "red" if self.is_cut else ""

    def open_b(self, channel: int) -> MemoryB:
        if not 1 <= channel <= CHANNELS:
            raise DeviceError(f"{self.name} has no channel {channel}.", remedy=f"Channels are 1-{CHANNELS}.")
        if channel in self._open_b:
            raise DeviceError(f"{self.name}: channel {channel} is open already.", remedy="Close it first.")
        self._open_b.add(channel)
        return MemoryB(self.speech(channel), self._far.speech(channel), lambda: self._open_b.discard(channel))

    def speech(self, channel: int) -> deque[bytes]:
        """Blocks on their way to this end."""
        return self._speech.setdefault(channel, deque())

    def close(self) -> None:
        """Nothing was open."""


def memory_pair(
    number: int = 1,
    *,
    is_lost: Callable[[bytes], bool] = lambda _frame: False,
) -> tuple[MemorySpan, MemorySpan]:
    """(user end, network end) of one line.  `is_lost(frame)` swallows D frames of either direction."""
    user, network = MemorySpan(number, f"span {number}"), MemorySpan(number, f"span {number} (network)")
    for near, far in ((user, network), (network, user)):
        near.join(far)
        near.wire.is_lost = is_lost
    return user, network


def cut(*ends: MemorySpan) -> None:
    """Unplug the line: red alarm, and what was on the wire is gone."""
    for end in ends:
        end.is_cut = True
        end.wire.clear()


def mend(*ends: MemorySpan) -> None:
    """Plug it in again."""
    for end in ends:
        end.is_cut = False
