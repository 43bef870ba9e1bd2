"""Prompts in memory: mu-law WAV files of the product and of the site, and the tones, by name.

Reads RIFF with G.711 mu-law or 16-bit samples, 8 kHz, one channel; refuses anything else by name.  The site's
speech changes while the box runs: `refresh` reads what is new, and is meant for a thread that may wait.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from appliance.audio import mulaw
from appliance.errors import BadInput

log = logging.getLogger("audio")

SHIPPED: Final = Path(__file__).resolve().parent / "prompts"
NAME: Final = re.compile(r"[a-z0-9][A-Za-z0-9-]{0,99}")
FORMAT_PCM: Final = 1
FORMAT_MULAW: Final = 7
WAV_BYTES_MAX: Final = 5_000_000  # ten minutes: nobody listens longer
REMEDY: Final = "Convert it: sox IN.wav -r 8000 -c 1 -e mu-law OUT.wav"


def from_wav(data: bytes, name: str) -> bytes:
    """The mu-law samples of a WAV file, filled up to whole blocks.  Raises BadInput naming `name`."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise BadInput(f"{name} is not a WAV file.", remedy=REMEDY)
    chunks = _chunks(data)
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise BadInput(f"{name} is a WAV file without sound.", remedy=REMEDY)
    kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    if channels != 1 or rate_hz != mulaw.RATE_HZ or (kind, bits) not in ((FORMAT_MULAW, 8), (FORMAT_PCM, 16)):
        raise BadInput(
            f"{name} has {channels} channels of {bits} bits at {rate_hz} Hz, format {kind}.", remedy=REMEDY
        )
    speech = chunks[b"data"]
    if kind == FORMAT_PCM:
        speech = mulaw.encode(np.frombuffer(speech[: len(speech) // 2 * 2], "<i2").astype(np.int16))
    return speech + b"\xff" * (-len(speech) % mulaw.BLOCK_BYTES)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file by their four letters, the first of each.  A torn last one is cut."""
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.setdefault(data[at : at + 4], data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def to_wav(speech: bytes) -> bytes:
    """A mu-law WAV file of mu-law samples."""
    form = struct.pack("<HHIIHHH", FORMAT_MULAW, 1, mulaw.RATE_HZ, mulaw.RATE_HZ, 1, 8, 0)
    count = struct.pack("<4sII", b"fact", 4, len(speech))
    padding = b"\0" * (len(speech) % 2)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + count
    body += b"data" + struct.pack("<I", len(speech)) + speech + padding
    return b"RIFF" + struct.pack("<I", len(body)) + body


def to_pcm_wav(speech: bytes) -> bytes:
    """A 16-bit WAV file of mu-law samples, as every browser plays it."""
    body = mulaw.DECODE[np.frombuffer(speech, np.uint8)].astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", FORMAT_PCM, 1, mulaw.RATE_HZ, 2 * mulaw.RATE_HZ, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def read_wav(path: Path) -> bytes:
    """The mu-law samples of a file.  Raises BadInput naming it."""
    try:
        if path.stat().st_size > WAV_BYTES_MAX:
            raise BadInput(f"{path} is longer than ten minutes.", remedy="Shorten it.")
        return from_wav(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", remedy="Check the file.") from error


class PromptBook:
    """Everything that can be said, by name.  A site's file hides a shipped one of the same name."""

    def __init__(self, site: Path, tones: Mapping[str, bytes], *, shipped: Path = SHIPPED) -> None:
        self._directories = (shipped, site)
        self._sounds: dict[str, bytes] = dict(tones)
        self._read: dict[Path, tuple[int, int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read what is new or changed, forget what is gone; a bad file is logged and left out."""
        for path in [path for path in self._read if not path.exists()]:
            del self._read[path]
            self._sounds.pop(path.stem, None)
            self._read.pop(self._directories[0] / path.name, None)  # a shipped one it hid is read again
        for directory in self._directories:
            for path in sorted(directory.glob("*.wav")):
                self._refresh_file(path)

    def sound(self, name: str) -> bytes:
        """The mu-law samples of a prompt.  Raises BadInput naming it."""
        sound = self._sounds.get(name)
        if sound is None and NAME.fullmatch(name):
            path = self._directories[1] / f"{name}.wav"  # made a moment ago
            if path.exists():
                self._refresh_file(path)
                sound = self._sounds.get(name)
        if sound is None:
            raise BadInput(
                f"there is no prompt {name!r}.", remedy=f"Put {name}.wav into {self._directories[1]}."
            )
        return sound

    def _refresh_file(self, path: Path) -> None:
        try:
            seen = path.stat()
            if self._read.get(path) == (seen.st_mtime_ns, seen.st_size):
                return
            self._read[path] = (seen.st_mtime_ns, seen.st_size)
            self._sounds[path.stem] = read_wav(path)
        except (BadInput, OSError) as error:
            log.warning("%s", error)
