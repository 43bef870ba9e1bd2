"""What a callee hears: the strongest tone of the last moment and the level, for tests and for the curious.

Pure: blocks of mu-law in, a value out.  It recognises tones, not words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.audio import mulaw
from appliance.audio.mulaw import FULL_SCALE_DBM0, RATE_HZ
from appliance.simulator.callee_sound import BLOCKS_PER_S, FULL_SCALE

EAR_BLOCKS: Final = BLOCKS_PER_S // 2  # half a second: bins of 2 Hz, and a pause is heard as one
FLOOR_DBM0: Final = -70.0  # what is reported for silence; mu-law's smallest step is -66 dBm0 or so


@dataclass(frozen=True, slots=True)
class Heard:
    """`frequency_hz` of the strongest tone (0 in silence), its share of the power, the level of it all."""

    frequency_hz: float
    tone_share: float
    level_dbm0: float
    seconds: float


def decode(data: bytes) -> npt.NDArray[np.float64]:
    """Samples in -1..1 of mu-law bytes."""
    return mulaw.decode(data) / FULL_SCALE


def hear(blocks: Iterable[bytes]) -> Heard:
    """The strongest tone and the level in these blocks."""
    samples = decode(b"".join(blocks))
    seconds = len(samples) / RATE_HZ
    power = float(np.mean(samples**2)) if len(samples) else 0.0
    level = _dbm0(power)
    if level <= FLOOR_DBM0:
        return Heard(0.0, 0.0, FLOOR_DBM0, seconds)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    spectrum[: max(1, len(samples) * 100 // RATE_HZ)] = 0.0  # below 100 Hz is no tone
    peak = int(np.argmax(spectrum))
    near = spectrum[max(0, peak - 2) : peak + 3]
    frequency = float(np.dot(near, np.arange(max(0, peak - 2), peak + len(near) - 2)) / near.sum())
    share = float(near.sum()) / max(float(spectrum.sum()), 1e-12)
    return Heard(frequency * RATE_HZ / len(samples), share, level, seconds)


def tone_level_dbm0(blocks: Iterable[bytes], frequency_hz: float) -> float:
    """Level of one frequency (Goertzel's sum), dBm0; for a steady tone exact to about 0.3 dB."""
    samples = decode(b"".join(blocks))
    if not len(samples):
        return FLOOR_DBM0
    turn = np.exp(-2j * np.pi * frequency_hz * np.arange(len(samples)) / RATE_HZ)
    peak = 2 * abs(np.dot(samples, turn)) / len(samples)
    return _dbm0(peak**2 / 2)


def _dbm0(power: float) -> float:
    """Level of a mean square, 0.5 being a full-scale sine."""
    return max(FLOOR_DBM0, 10 * float(np.log10(max(power, 1e-12) * 2)) + FULL_SCALE_DBM0)
