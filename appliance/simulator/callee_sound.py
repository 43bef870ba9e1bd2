"""What a callee and an exchange put on the line: mu-law blocks of 20 ms, made once and repeated.

A tick costs one tuple index a channel: tones and noise are loops without a seam, announcements and keys
come before the loop.  Levels are dBm0 (a full-scale sine is +3.17 dBm0, G.711 table 5).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from appliance.audio import mulaw
from appliance.audio.mulaw import BLOCK_BYTES, RATE_HZ, SILENT_BLOCK
from appliance.simulator import callee_announcements
from appliance.simulator.callee_plan import CALLEE_TONES_HZ, GREETING_S, SILENCE, Key, Sound, SoundKind

BLOCKS_PER_S: Final = RATE_HZ // BLOCK_BYTES
FULL_SCALE: Final = 32_767
KEY_BLOCKS: Final = 5  # 100 ms; Q.24 asks for 40 ms at least
KEY_DBM0: Final = -9.0  # each of the two frequencies
BEEP_HZ: Final = 1_000
BEEP_S: Final = 0.5

DTMF_HZ: Final[dict[str, tuple[int, int]]] = {  # Q.23
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477),
    "4": (770, 1209), "5": (770, 1336), "6": (770, 1477),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477),
    "*": (941, 1209), "0": (941, 1336), "#": (941, 1477),
}  # fmt: skip

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loop:
    """Blocks played once, then blocks repeated for ever."""

    head: tuple[bytes, ...]
    body: tuple[bytes, ...]

    def block(self, index: int) -> bytes:
        """The block number `index` since the sound began."""
        head = len(self.head)
        return self.head[index] if index < head else self.body[(index - head) % len(self.body)]


class Voice:
    """One end of a B channel: the sound on it now, and how far it has come."""

    def __init__(self) -> None:
        self._loop = loop_of(SILENCE)
        self._index = 0

    def say(self, sound: Sound) -> None:
        """Begin a sound, ending the one before."""
        self._loop = loop_of(sound)
        self._index = 0

    def next_block(self) -> bytes:
        """The next 20 ms."""
        block = self._loop.block(self._index)
        self._index += 1
        return block


def prepare(level_dbm0: float) -> None:
    """Make every common loop now: the first call of a morning must not wait for its noise."""
    fixed: tuple[SoundKind, ...] = ("silence", "ringback", "busy", "vacant", "changed", "voicemail")
    for kind in fixed:
        loop_of(Sound(kind))
    loop_of(Sound("noise", 0, level_dbm0))
    for frequency_hz in CALLEE_TONES_HZ:
        loop_of(Sound("tone", frequency_hz, level_dbm0))


@functools.lru_cache(maxsize=512)  # 19 tones by a few levels, and whoever presses keys
def loop_of(sound: Sound) -> Loop:
    """The blocks of a sound."""
    if sound.keys:
        return _with_keys(loop_of(msgspec.structs.replace(sound, keys=())), sound.keys)
    return _bare_loop(sound)


def tone(frequency_hz: float, seconds: float, level_dbm0: float) -> Samples:
    """A sine from phase 0; 1.0 is full scale."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave: Samples = amplitude(level_dbm0) * np.sin(2 * np.pi * frequency_hz * at)
    return wave


def amplitude(level_dbm0: float) -> float:
    """Peak of a sine of that level, 1.0 being full scale."""
    return mulaw.amplitude(level_dbm0) / FULL_SCALE


def encode(samples: Samples) -> bytes:
    """G.711 mu-law of samples in -1..1; beyond is clipped."""
    return mulaw.encode(mulaw.clipped(samples * FULL_SCALE))


def blocks(samples: Samples) -> tuple[bytes, ...]:
    """Mu-law blocks of 20 ms; the last one is filled up with silence."""
    data = encode(samples)
    return cut(data + b"\xff" * (-len(data) % BLOCK_BYTES))


def cut(data: bytes) -> tuple[bytes, ...]:
    """Whole blocks, one by one."""
    return tuple(data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))


def _bare_loop(sound: Sound) -> Loop:
    if sound.kind == "tone":  # a multiple of 10 Hz: whole periods in 100 ms
        return Loop((), blocks(tone(sound.frequency_hz, 0.1, sound.level_dbm0)))
    if sound.kind == "noise":
        return Loop((), blocks(_speech_shaped(seconds=4, level_dbm0=sound.level_dbm0, seed=1)))
    return _fixed_loop(sound.kind)


@functools.cache
def _fixed_loop(kind: str) -> Loop:
    """Sounds without parameters."""
    if kind == "ringback":  # 400 Hz modulated by 16 Hz, 1 s on, 2 s off
        at = np.arange(RATE_HZ) / RATE_HZ
        on = tone(400, 1.0, -16.0) * (0.5 - 0.5 * np.cos(2 * np.pi * 16 * at))
        return Loop((), blocks(np.concatenate([on, np.zeros(2 * RATE_HZ)])))
    if kind == "busy":  # 400 Hz, 0.5 s on, 0.5 s off
        return Loop((), blocks(np.concatenate([tone(400, 0.5, -16.0), np.zeros(RATE_HZ // 2)])))
    if kind in ("vacant", "changed"):  # said again after a second
        return Loop((), cut(callee_announcements.spoken(kind)) + (SILENT_BLOCK,) * BLOCKS_PER_S)
    if kind == "voicemail":
        greeting = cut(callee_announcements.spoken(kind))
        beep = blocks(tone(BEEP_HZ, BEEP_S, -12.0))
        pause = round(GREETING_S * BLOCKS_PER_S) - len(greeting) - len(beep)
        assert pause >= 0, "the greeting is longer than GREETING_S"
        return Loop(greeting + (SILENT_BLOCK,) * pause + beep, (SILENT_BLOCK,))
    return Loop((), (SILENT_BLOCK,))


def _speech_shaped(*, seconds: int, level_dbm0: float, seed: int) -> Samples:
    """Noise with the long-term spectrum of speech and four syllables a second; it loops without a seam.

    Spectrum: flat from 100 to 500 Hz, then 9 dB an octave down (after Byrne et al. 1994).
    """
    rng = np.random.default_rng(seed)
    count = seconds * RATE_HZ
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    gain = np.where(frequency < 100, 0.0, np.minimum(1.0, (np.maximum(frequency, 1.0) / 500) ** -1.5))
    phase = np.exp(2j * np.pi * rng.random(len(frequency)))
    at = np.arange(count) / RATE_HZ
    syllables = (0.55 - 0.45 * np.cos(2 * np.pi * 4 * at)) * (0.75 - 0.25 * np.cos(2 * np.pi * at / seconds))
    wave = np.fft.irfft(gain * phase, count) * syllables
    wanted_rms = amplitude(level_dbm0) / np.sqrt(2)
    shaped: Samples = wave * (wanted_rms / np.sqrt(np.mean(wave**2)))
    return shaped


def _with_keys(loop: Loop, keys: Sequence[Key]) -> Loop:
    """The same sound with keys pressed in it; the voice pauses while a key is down."""
    starts = [(round(key.at_s * BLOCKS_PER_S), key.digit) for key in keys]
    head = [loop.block(index) for index in range(max(start for start, _ in starts) + KEY_BLOCKS)]
    for start, digit in starts:
        head[start : start + KEY_BLOCKS] = _key(digit)
    return Loop(tuple(head), loop.body)


@functools.cache
def _key(digit: str) -> tuple[bytes, ...]:
    low, high = DTMF_HZ[digit]
    seconds = KEY_BLOCKS / BLOCKS_PER_S
    return blocks(tone(low, seconds, KEY_DBM0) + tone(high, seconds, KEY_DBM0))
