"""A recording on the disk: stereo mu-law, sealed frame by frame, readable while it grows.

    header   b"YOBIREC1", plain bytes of a voice frame as u32 LE, 4 zero bytes
    frames   4 random bytes ("session"), then AES-256-GCM of 12,800 bytes (0.8 s, left and right in turn)
    tail     the last frame, shorter; then the sealed waveform; then the footer
    footer   sealed lengths of the last frame and of the waveform as u32 LE, b"YOBIEND1"

Nonce: the session, then the kind and number of the frame.  Frames are only ever appended: rewriting the last
one would use its nonce twice, which AES-GCM does not forgive, and a torn rewrite would lose what was safe.  A
file without a footer was cut off (or still grows): what is not a whole frame is left out.  A changed byte, or
another recording's key, is an error.  The key is nowhere but in the recording's row: with it goes the speech.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.audio import mulaw
from appliance.errors import BadInput
from appliance.files import sync_directory
from appliance.settings import file_mode, make_directory

MAGIC: Final = b"YOBIREC1"
END_MAGIC: Final = b"YOBIEND1"
HEADER: Final = struct.Struct("<8sI4x")
FOOTER: Final = struct.Struct("<II8s")
SESSION_BYTES: Final = 4
TAG_BYTES: Final = 16
SEAL_BYTES: Final = SESSION_BYTES + TAG_BYTES
KEY_BYTES: Final = 32
CHANNELS: Final = 2
FRAME_BYTES: Final = 12_800  # 0.8 s: a killed process loses less than a second
PEAK_SAMPLES: Final = 800  # ten peaks a second and channel: finer than a screen shows
VOICE: Final = 0
PEAKS: Final = 1

Peaks = npt.NDArray[np.uint8]


class BadRecording(BadInput):
    """A recording that cannot be opened: not one, changed, or another one's key."""


class Sealer:
    """Seals and opens the frames of one file."""

    def __init__(self, key: bytes, session: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadRecording(f"a recording's key has {KEY_BYTES} bytes, not {len(key)}.")
        assert len(session) == SESSION_BYTES, "a session is 4 bytes"
        self._cipher = AESGCM(key)
        self._session = session

    def seal(self, kind: int, number: int, plain: bytes) -> bytes:
        nonce = self._session + struct.pack("<II", kind, number)
        return self._session + self._cipher.encrypt(nonce, plain, MAGIC)

    def open(self, kind: int, number: int, sealed: bytes, what: str) -> bytes:
        """The plain bytes.  Raises BadRecording naming `what`."""
        nonce = sealed[:SESSION_BYTES] + struct.pack("<II", kind, number)
        try:
            return self._cipher.decrypt(nonce, sealed[SESSION_BYTES:], MAGIC)
        except InvalidTag as error:
            raise BadRecording(
                f"{what} was changed on the disk, or this is not its key.",
                remedy="Restore it from the backup.",
            ) from error


def peaks_of(stereo: bytes) -> Peaks:
    """Loudest sample of each tenth of a second, 0-255, as rows of (operator, customer)."""
    samples = np.abs(mulaw.decode(stereo).astype(np.int32)).reshape(-1, CHANNELS)
    padded = np.pad(samples, ((0, -len(samples) % PEAK_SAMPLES), (0, 0)))
    tops = padded.reshape(-1, PEAK_SAMPLES, CHANNELS).max(axis=1)
    peaks: Peaks = (tops >> 7).clip(0, 255).astype(np.uint8)
    return peaks


class RecordingWriter:
    """Writes one file.  Every method may raise OSError: the disk's own words."""

    def __init__(self, path: Path, key: bytes, *, session: bytes) -> None:
        """Begin a file; one that was cut off by a crash is gone on with.  Raises BadRecording, OSError."""
        self._sealer = Sealer(key, session)
        self._pending = bytearray()
        self._number = 0
        self._peaks: list[Peaks] = []
        self.path = path
        if not path.parent.is_dir():
            make_directory(path.parent)
        if path.exists():
            self._resume(RecordingReader(path, key))
            self._file: BinaryIO = path.open("r+b", buffering=0)
            self._file.truncate(HEADER.size + self._number * (FRAME_BYTES + SEAL_BYTES))
            self._file.seek(0, os.SEEK_END)
        else:
            mode = file_mode(path.parent) & 0o640
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            self._file = os.fdopen(descriptor, "wb", buffering=0)
            self._put(HEADER.pack(MAGIC, FRAME_BYTES))

    @property
    def seconds(self) -> float:
        return (self._number * FRAME_BYTES + len(self._pending)) / CHANNELS / mulaw.RATE_HZ

    def write(self, stereo: bytes) -> None:
        """Append speech, left and right sample in turn; whole frames go to the disk."""
        self._pending += stereo
        while len(self._pending) >= FRAME_BYTES:
            plain = bytes(self._pending[:FRAME_BYTES])
            self._put(self._sealer.seal(VOICE, self._number, plain))
            self._peaks.append(peaks_of(plain))
            self._number += 1
            del self._pending[:FRAME_BYTES]

    def finish(self) -> int:
        """Close the file for good, safe on the disk; its size in bytes."""
        last = self._sealer.seal(VOICE, self._number, bytes(self._pending)) if self._pending else b""
        if self._pending:
            self._peaks.append(peaks_of(bytes(self._pending)))
        waveform = b"".join(peaks.tobytes() for peaks in self._peaks)
        sealed = self._sealer.seal(PEAKS, self._number, waveform)
        self._put(last + sealed + FOOTER.pack(len(last), len(sealed), END_MAGIC))
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        sync_directory(self.path.parent)
        return size

    def abandon(self) -> None:
        """Close it as it stands; what was written stays readable."""
        self._file.close()

    def _put(self, data: bytes) -> None:
        """All of it, or an OSError: a disk that is nearly full takes a part."""
        written = self._file.write(data)
        if written != len(data):
            self._file.truncate(self._file.tell() - (written or 0))
            raise OSError(28, os.strerror(28))

    def _resume(self, reader: RecordingReader) -> None:
        """Take over a file: whole frames stay, the shorter last one is written again in its new session."""
        whole = reader.plain_bytes // FRAME_BYTES
        for number in range(whole):
            self._peaks.append(peaks_of(reader.plain(number * FRAME_BYTES, (number + 1) * FRAME_BYTES)))
        self._pending += reader.plain(whole * FRAME_BYTES, reader.plain_bytes)
        self._number = whole


class RecordingReader:
    """Reads one file as it stands at this moment.  Raises BadRecording naming the file."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._sealer = Sealer(key, bytes(SESSION_BYTES))
        try:
            with path.open("rb") as file:
                self._measure(file, os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise BadRecording(f"{path} cannot be read: {error.strerror}.") from error
        if not self.is_complete:
            self._cut_torn_tail()
        if self._frames():
            self._frame_plain(0)  # the key fits, or nothing is promised

    @property
    def seconds(self) -> float:
        return self.plain_bytes / CHANNELS / mulaw.RATE_HZ

    @property
    def wav_size(self) -> int:
        """Bytes of the WAV file that `read_wav` shows."""
        return WAV_HEADER_BYTES + 2 * self.plain_bytes

    def read_wav(self, start: int = 0, stop: int | None = None) -> bytes:
        """Bytes `start` to `stop` (excluded) of a WAV file: 16 bits, 8 kHz, left operator, right customer.

        Made for HTTP ranges: only the frames that are asked for are opened.
        """
        stop = self.wav_size if stop is None else min(stop, self.wav_size)
        if start >= stop:
            return b""
        head = wav_header(self.plain_bytes)[start:stop]
        first, last = max(0, start - WAV_HEADER_BYTES), max(0, stop - WAV_HEADER_BYTES)
        speech = mulaw.decode(self.plain(first // 2, -(-last // 2))).astype("<i2").tobytes()
        return head + speech[first % 2 : first % 2 + last - first]

    def plain(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` (excluded) of the stereo mu-law, as far as there are any."""
        stop = min(stop, self.plain_bytes)
        if start >= stop:
            return b""
        first, last = start // self._frame_bytes, (stop - 1) // self._frame_bytes
        speech = b"".join(self._frame_plain(number) for number in range(first, last + 1))
        return speech[start - first * self._frame_bytes : stop - first * self._frame_bytes]

    def peaks(self) -> Peaks:
        """The waveform: rows of (operator, customer), 0-255, ten a second."""
        if not self.is_complete:
            return peaks_of(self.plain(0, self.plain_bytes))
        sealed = self._read(self._peaks_at, self._peaks_sealed)
        whole = self.plain_bytes // self._frame_bytes
        plain = self._sealer.open(PEAKS, whole, sealed, str(self._path))
        return np.frombuffer(plain, np.uint8).reshape(-1, CHANNELS)

    def _measure(self, file: BinaryIO, size: int) -> None:
        header = file.read(HEADER.size)
        if len(header) < HEADER.size or not header.startswith(MAGIC):
            raise BadRecording(f"{self._path} is not a recording.", remedy="Check the path.")
        self._frame_bytes = int(HEADER.unpack(header)[1])
        if not 0 < self._frame_bytes <= 65_536 or self._frame_bytes % (CHANNELS * PEAK_SAMPLES):
            raise BadRecording(f"{self._path} was changed on the disk.", remedy="Restore it from the backup.")
        last_sealed, self._peaks_sealed, self.is_complete = self._footer(file, size)
        end = size - FOOTER.size - self._peaks_sealed if self.is_complete else size
        whole = (end - last_sealed - HEADER.size) // (self._frame_bytes + SEAL_BYTES)
        last_bytes = max(0, last_sealed - SEAL_BYTES)
        self._peaks_at = end
        self.plain_bytes = whole * self._frame_bytes + last_bytes

    def _footer(self, file: BinaryIO, size: int) -> tuple[int, int, bool]:
        """Sealed bytes of the last, short frame and of the waveform; all 0 while there is no footer."""
        if size < HEADER.size + FOOTER.size:
            return 0, 0, False
        file.seek(size - FOOTER.size)
        last, peaks, magic = FOOTER.unpack(file.read(FOOTER.size))
        if magic != END_MAGIC or HEADER.size + last + peaks + FOOTER.size > size:
            return 0, 0, False
        return last, peaks, True

    def _cut_torn_tail(self) -> None:
        """What a power cut left half written may be as long as frames; a frame that opens ends the search."""
        while self._frames() > 1:
            try:
                self._frame_plain(self._frames() - 1)
                return
            except BadRecording:
                self.plain_bytes -= self._frame_bytes

    def _frames(self) -> int:
        return -(-self.plain_bytes // self._frame_bytes)

    def _frame_plain(self, number: int) -> bytes:
        sealed_bytes = self._frame_bytes + SEAL_BYTES
        size = min(self._frame_bytes, self.plain_bytes - number * self._frame_bytes) + SEAL_BYTES
        sealed = self._read(HEADER.size + number * sealed_bytes, size)
        return self._sealer.open(VOICE, number, sealed, f"{self._path}, frame {number},")

    def _read(self, at: int, size: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(at)
                return file.read(size)
        except OSError as error:
            raise BadRecording(f"{self._path} cannot be read: {error.strerror}.") from error


WAV_HEADER_BYTES: Final = 44


def wav_header(mulaw_bytes: int) -> bytes:
    """RIFF header of 16-bit stereo samples at 8 kHz: every browser plays it, mu-law only most."""
    size = 2 * mulaw_bytes
    form = struct.pack("<HHIIHH", 1, CHANNELS, mulaw.RATE_HZ, mulaw.RATE_HZ * 2 * CHANNELS, 2 * CHANNELS, 16)
    return (
        struct.pack("<4sI8sI", b"RIFF", WAV_HEADER_BYTES - 8 + size, b"WAVEfmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", size)
    )
