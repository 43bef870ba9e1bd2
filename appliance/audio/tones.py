"""Tones made on the spot: Japanese dial, busy and ringback tone, a beep.

Each is mu-law that loops without a seam.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.audio import mulaw
from appliance.audio.mulaw import RATE_HZ

Wave = npt.NDArray[np.float64]

TONE_DBM0: Final = -16.0
BEEP_DBM0: Final = -20.0  # it is mixed over speech
FADE_S: Final = 0.005  # no click at either end
KEY_DBM0: Final = -9.0  # each of the two frequencies of a key

KEY_HZ: Final[dict[str, tuple[int, int]]] = {  # Q.23
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "A": (697, 1633),
    "4": (770, 1209), "5": (770, 1336), "6": (770, 1477), "B": (770, 1633),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "C": (852, 1633),
    "*": (941, 1209), "0": (941, 1336), "#": (941, 1477), "D": (941, 1633),
}  # fmt: skip


def sine(frequency_hz: float, seconds: float, level_dbm0: float) -> Wave:
    """A sine from phase 0, in 16-bit steps."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave: Wave = mulaw.amplitude(level_dbm0) * np.sin(2 * np.pi * frequency_hz * at)
    return wave


def silence(seconds: float) -> Wave:
    return np.zeros(round(seconds * RATE_HZ))


def encoded(wave: Wave) -> bytes:
    """Mu-law of a wave, filled up with silence to whole blocks."""
    data = mulaw.encode(mulaw.clipped(wave))
    return data + b"\xff" * (-len(data) % mulaw.BLOCK_BYTES)


def dial() -> bytes:
    """400 Hz, steady."""
    return encoded(sine(400, 1.0, TONE_DBM0))


def busy() -> bytes:
    """400 Hz, 0.5 s on, 0.5 s off."""
    return encoded(np.concatenate([sine(400, 0.5, TONE_DBM0), silence(0.5)]))


def ringback() -> bytes:
    """400 Hz modulated by 16 Hz, 1 s on, 2 s off."""
    at = np.arange(RATE_HZ) / RATE_HZ
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * 16 * at)
    return encoded(np.concatenate([sine(400, 1.0, TONE_DBM0) * swell, silence(2.0)]))


def beep() -> bytes:
    """1 kHz for 0.2 s: somebody is about to be heard."""
    return encoded(faded(sine(1_000, 0.2, BEEP_DBM0)))


def owed() -> bytes:
    """Three short high pips: a result has been owed for too long."""
    pip = faded(sine(1_600, 0.12, BEEP_DBM0))
    gap = silence(0.1)
    return encoded(np.concatenate([pip, gap, pip, gap, pip]))


def key(digit: str, seconds: float = 0.1, level_dbm0: float = KEY_DBM0) -> bytes:
    """A DTMF key.  Raises KeyError for what is not one."""
    low, high = KEY_HZ[digit]
    return encoded(sine(low, seconds, level_dbm0) + sine(high, seconds, level_dbm0))


def faded(wave: Wave) -> Wave:
    """The same with its ends rounded off."""
    count = round(FADE_S * RATE_HZ)
    ramp = np.linspace(0.0, 1.0, count)
    out = wave.copy()
    out[:count] *= ramp
    out[-count:] *= ramp[::-1]
    return out


def all_tones() -> dict[str, bytes]:
    """By the names that `Play` knows them by."""
    return {
        "tone:dial": dial(),
        "tone:busy": busy(),
        "tone:ringback": ringback(),
        "tone:beep": beep(),
        "tone:owed": owed(),
    }
