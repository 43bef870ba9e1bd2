"""Recordings under way: the tick hands speech to a queue, one thread seals and writes it.

The tick never waits for the disk.  A disk that is full, broken or too slow costs the recording, never the
conversation; `results` says so.
"""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from appliance.audio import messages
from appliance.audio.recording_file import FRAME_BYTES, SESSION_BYTES, BadRecording, RecordingWriter
from appliance.errors import YobirinError

log = logging.getLogger("audio")

QUEUE_MAX: Final = 3_000  # 100 recordings while the disk hangs for 20 s: 38 MB
SPACE_CHECK_FRAMES: Final = 64  # a hundred recordings fill 1 MB between two looks at the disk
STOP_WAIT_S: Final = 4.0

FreeBytes = Callable[[Path], int]


@dataclass(frozen=True, slots=True)
class Begin:
    recording: messages.Recording


@dataclass(frozen=True, slots=True)
class Speech:
    recording_id: int
    stereo: bytes


@dataclass(frozen=True, slots=True)
class End:
    recording_id: int


Work = Begin | Speech | End | None


class QueuedTake:
    """One recording, on the tick's side: collects 0.8 s, then hands it over."""

    def __init__(
        self, recording_id: int, put: Callable[[Work], bool], on_lost: Callable[[int], None]
    ) -> None:
        self.recording_id = recording_id
        self._put = put
        self._on_lost = on_lost
        self._operator = bytearray()
        self._customer = bytearray()
        self._is_lost = False

    def add(self, operator: bytes, customer: bytes) -> None:
        self._operator += operator
        self._customer += customer
        if len(self._operator) >= FRAME_BYTES // 2:
            self._hand_over()

    def close(self) -> None:
        self._hand_over()
        if not self._is_lost and not self._put(End(self.recording_id)):
            self._lose()

    def _hand_over(self) -> None:
        stereo = np.empty((len(self._operator), 2), np.uint8)
        stereo[:, 0] = np.frombuffer(bytes(self._operator), np.uint8)
        stereo[:, 1] = np.frombuffer(bytes(self._customer), np.uint8)
        self._operator.clear()
        self._customer.clear()
        if len(stereo) and not self._is_lost and not self._put(Speech(self.recording_id, stereo.tobytes())):
            self._lose()

    def _lose(self) -> None:
        self._is_lost = True
        self._on_lost(self.recording_id)


class DiskRecorder:
    """Writes recordings below `root`.  `take_results` gives what became of them, on the tick's thread."""

    def __init__(self, root: Path, *, disk_free_min_bytes: int, free_bytes: FreeBytes | None = None) -> None:
        self._root = root
        self._disk_free_min_bytes = disk_free_min_bytes
        self._free_bytes = free_bytes or _free_bytes
        self._queue: queue.Queue[Work] = queue.Queue(QUEUE_MAX)
        self._results: deque[messages.RecordingDone | messages.RecordingLost] = deque()
        self._given_up: deque[int] = deque()  # lost on the tick's side: their files are to be closed
        self._writers: dict[int, RecordingWriter] = {}
        self._frames = 0
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self._thread.start()

    def begin(self, recording: messages.Recording) -> QueuedTake:
        """A new recording; whatever goes wrong is in the results, never raised."""
        take = QueuedTake(recording.recording_id, self._put, self._too_slow)
        if not self._put(Begin(recording)):
            self._too_slow(recording.recording_id)
        return take

    def take_results(self) -> list[messages.RecordingDone | messages.RecordingLost]:
        taken = []
        while self._results:
            taken.append(self._results.popleft())
        return taken

    def close(self) -> None:
        """Finish what is queued, within a bound, and stop the thread."""
        try:
            self._queue.put(None, timeout=STOP_WAIT_S)
        except queue.Full:
            log.error("the disk does not take the recordings' last seconds")
            return
        self._thread.join(STOP_WAIT_S)

    # --- on the tick's thread -------------------------------------------------------------------------

    def _put(self, work: Work) -> bool:
        try:
            self._queue.put_nowait(work)
        except queue.Full:
            return False
        return True

    def _too_slow(self, recording_id: int) -> None:
        reason = f"The disk of {self._root} is too slow: {QUEUE_MAX} pieces of speech wait for it."
        self._results.append(messages.RecordingLost(recording_id, reason))
        self._given_up.append(recording_id)

    # --- on the writing thread ------------------------------------------------------------------------

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            self._do(work)
            while self._given_up:
                self._abandon(self._given_up.popleft())
        for recording_id in list(self._writers):
            self._end(recording_id)

    def _do(self, work: Begin | Speech | End) -> None:
        recording_id = work.recording.recording_id if isinstance(work, Begin) else work.recording_id
        try:
            if isinstance(work, Begin):
                self._begin(work.recording)
            elif isinstance(work, Speech):
                self._write(work)
            else:
                self._end(recording_id)
        except (OSError, YobirinError) as error:
            self._lose(recording_id, error)

    def _begin(self, recording: messages.Recording) -> None:
        path = (self._root / recording.path).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise BadRecording(f"{recording.path} lies outside {self._root}.")
        if recording.recording_id in self._writers:
            raise BadRecording(f"recording {recording.recording_id} is being written already.")
        self._check_space()
        session = secrets.token_bytes(SESSION_BYTES)
        self._writers[recording.recording_id] = RecordingWriter(path, recording.key, session=session)

    def _write(self, speech: Speech) -> None:
        writer = self._writers.get(speech.recording_id)
        if writer is None:
            return  # lost, and reported
        self._frames += 1
        if self._frames % SPACE_CHECK_FRAMES == 0:
            self._check_space()
        writer.write(speech.stereo)

    def _end(self, recording_id: int) -> None:
        writer = self._writers.get(recording_id)
        if writer is None:
            return
        seconds = writer.seconds
        size = writer.finish()
        del self._writers[recording_id]
        self._results.append(messages.RecordingDone(recording_id, seconds, size))

    def _lose(self, recording_id: int, error: OSError | YobirinError) -> None:
        self._abandon(recording_id)
        words = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        reason = f"Recording in {self._root} failed: {words}"
        log.error("recording %d: %s", recording_id, reason)
        self._results.append(messages.RecordingLost(recording_id, reason))

    def _abandon(self, recording_id: int) -> None:
        writer = self._writers.pop(recording_id, None)
        if writer is not None:
            writer.abandon()

    def _check_space(self) -> None:
        free = self._free_bytes(self._root)
        if free < self._disk_free_min_bytes:
            raise BadRecording(
                f"only {free // 1_000_000} MB are free on the disk of {self._root}.",
                remedy="Delete old recordings, or lower limits.recordings_bytes_max.",
            )


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free
