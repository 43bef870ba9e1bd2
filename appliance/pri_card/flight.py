"""The D channel's flight recorder: every frame of every span, in a ring of segment files on disk.

What was flushed survives a killed process; a torn last record is left out when reading.  The ring never
grows beyond its bound: the oldest segment goes first.  A disk that takes no more stops the recording, and
nothing else.
"""

from __future__ import annotations

import errno
import logging
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

log = logging.getLogger("pri_card")

MAGIC: Final = b"YBD1"
HEADER: Final = struct.Struct(">dBBH")  # seconds since 1970, span, 1 if we sent it, bytes that follow
SEGMENTS: Final = 16  # the ring forgets a sixteenth at a time
SEGMENT_BYTES_MIN: Final = 8192
FLUSH_S: Final = 1.0
FRAME_BYTES_MAX: Final = 2048
BUFFER_BYTES_MAX: Final = 1_000_000  # a disk that stalls must not fill the memory


@dataclass(frozen=True, slots=True)
class Recorded:
    """One frame as it went by, without FCS.  `at` is seconds since 1970 (UTC)."""

    at: float
    span: int
    is_sent: bool
    frame: bytes


class FlightRecorder:
    """Appends to `directory/d-*.trace`.  `wall` gives seconds since 1970."""

    def __init__(self, directory: Path, *, bytes_max: int, wall: Callable[[], float]) -> None:
        self.lost_frames = 0
        self._directory = directory
        self._segment_bytes = max(SEGMENT_BYTES_MIN, bytes_max // SEGMENTS)
        self._wall = wall
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._file: int | None = None
        self._written = 0
        self._flush_at = 0.0
        last = max((_number(path) for path in segments(directory)), default=0)
        self._next_number = last + 1

    def record(self, span: int, is_sent: bool, frame: bytes) -> None:
        """Keep one frame; it is on disk after the next `flush`."""
        if self._waiting_bytes >= BUFFER_BYTES_MAX:
            self.lost_frames += 1
            return
        self._waiting.append(HEADER.pack(self._wall(), span, is_sent, len(frame)) + frame)
        self._waiting_bytes += len(self._waiting[-1])

    def due(self) -> float | None:
        """When `flush` should run; None when there is nothing to write."""
        return self._flush_at if self._waiting else None

    def flush(self, now: float) -> None:
        """Write what is waiting, at most once a second."""
        if not self._waiting or now < self._flush_at:
            return
        self._flush_at = now + FLUSH_S
        self._write_out()

    def close(self) -> None:
        self._write_out()
        self._close_segment()

    def _write_out(self) -> None:
        try:
            while self._waiting:
                file = self._segment(len(self._waiting[0]))
                data = self._fitting()
                if os.write(file, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._written += len(data)
        except OSError as error:
            log.error("The D-channel trace in %s cannot be written: %s.", self._directory, error)
            self.lost_frames += len(self._waiting)
            self._waiting.clear()
            self._close_segment()  # a torn record ends a segment; the next one begins clean
        self._waiting_bytes = 0

    def _fitting(self) -> bytes:
        """As many waiting records as the open segment has room for; the first one has."""
        chosen = []
        room = self._segment_bytes - self._written
        while self._waiting and len(self._waiting[0]) <= room:
            chosen.append(self._waiting.popleft())
            room -= len(chosen[-1])
        return b"".join(chosen)

    def _segment(self, size_bytes: int) -> int:
        """The open segment if so much fits, or a new one, and room made for it."""
        if self._file is not None and self._written + size_bytes <= self._segment_bytes:
            return self._file
        self._close_segment()
        for path in segments(self._directory)[: -(SEGMENTS - 1)]:
            path.unlink(missing_ok=True)
        path = self._directory / f"d-{self._next_number:08d}.trace"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._next_number += 1
        self._written = os.write(self._file, MAGIC)
        return self._file

    def _close_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def segments(directory: Path) -> list[Path]:
    """Segment files, the oldest first."""
    return sorted((path for path in directory.glob("d-*.trace") if _number(path)), key=_number)


def read(directory: Path) -> Iterator[Recorded]:
    """Every whole record of the ring, the oldest first.  A segment that goes away meanwhile is left out."""
    for path in segments(directory):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        yield from _records(data)


def _records(data: bytes) -> Iterator[Recorded]:
    at = len(MAGIC)
    if data[:at] != MAGIC:
        return
    while at + HEADER.size <= len(data):
        time, span, is_sent, size = HEADER.unpack_from(data, at)
        at += HEADER.size
        if size > FRAME_BYTES_MAX or at + size > len(data):
            return
        yield Recorded(time, span, bool(is_sent), data[at : at + size])
        at += size


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("d-")
    return int(digits) if digits.isdigit() else 0
