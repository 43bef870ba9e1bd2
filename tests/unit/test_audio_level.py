"""The level of a line in dBm0: a tone of known level, silence, and the peak beside the mean."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.audio.level import SILENCE_DBM0, Meter
from appliance.audio.mulaw import SILENT_BLOCK, amplitude, encode


def tone(level_dbm0: float, blocks: int) -> list[bytes]:
    at = np.arange(160 * blocks)
    samples = np.rint(amplitude(level_dbm0) * np.sin(2 * np.pi * 1_000 * at / 8_000)).astype(np.int16)
    raw = encode(samples)
    return [raw[first : first + 160] for first in range(0, len(raw), 160)]


@pytest.mark.parametrize("level", [-40.0, -20.0, -10.0, 0.0])
def test_a_tone_is_measured_as_loud_as_it_is(level: float) -> None:
    meter = Meter()
    for block in tone(level, 50):
        meter.add(block)
    assert meter.level_dbm0 == pytest.approx(level, abs=0.3)
    assert meter.peak_dbm0 == pytest.approx(level, abs=0.5)
    assert meter.seconds == pytest.approx(1.0)


def test_silence_and_nothing_are_silent_and_half_a_tone_is_three_db_less() -> None:
    meter = Meter()
    assert meter.level_dbm0 == SILENCE_DBM0
    for block in (*tone(-10.0, 25), *[SILENT_BLOCK] * 25):
        meter.add(block)
    assert meter.level_dbm0 == pytest.approx(-13.0, abs=0.3)
    assert meter.peak_dbm0 == pytest.approx(-10.0, abs=0.5)
