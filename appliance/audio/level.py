"""How loud a B channel is: root mean square and peak of what was heard, in dBm0.  Pure.

G.711 table 2: a sine that reaches mu-law's full scale has +3.17 dBm0.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from appliance.audio.mulaw import BLOCK_BYTES, TICK_S, amplitude, decode

SILENCE_DBM0: Final = -100.0


class Meter:
    """Adds blocks of 160 mu-law bytes up."""

    def __init__(self) -> None:
        self._squares = 0.0
        self._peak = 0
        self._blocks = 0

    def add(self, block: bytes) -> None:
        """One block more."""
        samples = decode(block).astype(np.int32)
        self._squares += float(np.sum(samples.astype(np.float64) ** 2))
        self._peak = max(self._peak, int(np.max(np.abs(samples), initial=0)))
        self._blocks += 1

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._blocks * TICK_S

    @property
    def level_dbm0(self) -> float:
        """The level of all of it; -100 for silence."""
        samples = max(1, self._blocks * BLOCK_BYTES)
        return _dbm0(math.sqrt(self._squares / samples) * math.sqrt(2))

    @property
    def peak_dbm0(self) -> float:
        """The level of a sine with the highest peak heard."""
        return _dbm0(self._peak)


def _dbm0(peak: float) -> float:
    """The level of a sine of that peak, in 16-bit steps."""
    return round(20 * math.log10(peak / amplitude(0.0)), 1) if peak >= 1 else SILENCE_DBM0
