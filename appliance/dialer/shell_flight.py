"""The machine's flight recorder on disk: every input, in a ring of files, so that a morning can be run again.

One file a process run and size (`m-RUN-NUMBER.jsonl`): a replay begins with the first file of a run.  Written
once a second, by a thread; a disk that takes no more stops the recording and nothing else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance.dialer import flight

log = logging.getLogger("dialer")

SEGMENTS: Final = 16  # the ring forgets a sixteenth at a time
BUFFER_BYTES_MAX: Final = 8_000_000  # a disk that stalls must not fill the memory


class InputRecorder:
    """Keeps inputs as they are fed.  `is_secret(input)` says whose digit must not be kept."""

    def __init__(self, directory: Path, *, bytes_max: int, is_secret: Callable[[Any], bool]) -> None:
        self.lost = 0
        self._directory = directory
        self._segment_bytes = bytes_max // SEGMENTS
        self._is_secret = is_secret
        self._buffer = bytearray()
        self._run = max((_run_of(path) for path in files(directory)), default=0) + 1
        self._number = 1
        self._written = 0

    def record(self, now: float, what: Any) -> None:
        """Keep one input; it is on disk after the next `flush`."""
        if len(self._buffer) >= BUFFER_BYTES_MAX:
            self.lost += 1
            return
        self._buffer += flight.encode(now, what, is_secret=self._is_secret(what))

    def take(self) -> bytes:
        """What waits to be written; in the loop's thread."""
        data, self._buffer = bytes(self._buffer), bytearray()
        return data

    def write(self, data: bytes) -> None:
        """Append to the ring; in any one thread."""
        try:
            with os.fdopen(
                os.open(self._path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb"
            ) as file:
                file.write(data)
            self._written += len(data)
            if self._written >= self._segment_bytes:
                self._number, self._written = self._number + 1, 0
                for path in files(self._directory)[: -(SEGMENTS - 1)]:
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.error("The flight of inputs in %s cannot be written: %s.", self._directory, error)

    def _path(self) -> Path:
        return self._directory / f"m-{self._run:06d}-{self._number:06d}.jsonl"


def files(directory: Path) -> list[Path]:
    """The ring's files, the oldest first."""
    return sorted(directory.glob("m-??????-??????.jsonl"))


def _run_of(path: Path) -> int:
    digits = path.name[2:8]
    return int(digits) if digits.isdigit() else 0
