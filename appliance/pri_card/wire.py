"""A 64 kbit/s D channel in one direction, as arithmetic: when does a frame's last bit arrive?

Pure.  A simulated line sends through it, so that no exchange and no bench sees a line faster than the real
one.  Bit stuffing (about one bit in sixty) is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

BITS_PER_S: Final = 64_000
FRAME_OVERHEAD_BYTES: Final = 3  # FCS (Q.921 2.7) and the one flag that two frames share (Q.921 2.2)
FRAMES_MAX: Final = 32  # DAHDI's write buffers on a D channel


def frame_s(size_bytes: int) -> float:
    """Seconds that a frame of `size_bytes` (without FCS) is on the wire."""
    return (size_bytes + FRAME_OVERHEAD_BYTES) * 8 / BITS_PER_S


class Wire:
    """Frames in at any speed, out at the line's.  `is_lost(frame)` may swallow one, as noise does."""

    def __init__(self, *, is_lost: Callable[[bytes], bool] = lambda _frame: False) -> None:
        self.is_lost = is_lost
        self.lost_frames = 0
        self.sent_bytes = 0
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0

    def push(self, frame: bytes, now: float) -> bool:
        """Queue a frame; False when the buffers are full and it is lost."""
        if len(self._waiting) >= FRAMES_MAX:
            self.lost_frames += 1
            return False
        self._free_at = max(now, self._free_at) + frame_s(len(frame))
        self._waiting.append((self._free_at, frame))
        self.sent_bytes += len(frame) + FRAME_OVERHEAD_BYTES
        return True

    def pop(self, now: float) -> list[bytes]:
        """Frames whose last bit has arrived by `now`."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            frame = self._waiting.popleft()[1]
            if self.is_lost(frame):
                self.lost_frames += 1
            else:
                arrived.append(frame)
        return arrived

    def due(self) -> float | None:
        """When the next frame arrives."""
        return self._waiting[0][0] if self._waiting else None

    def clear(self) -> None:
        """The line was cut: what was on it is gone."""
        self.lost_frames += len(self._waiting)
        self._waiting.clear()
        self._free_at = 0.0
