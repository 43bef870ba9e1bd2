"""G.711 mu-law against the standard's own values, mixing, tones."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.audio import mixer, mulaw, prompts, tones

# G.711 table 2a (14-bit decision and output values, here times 4): code, output
REFERENCE = [
    (0x80, 32_124), (0x8F, 16_764), (0x9F, 8_316), (0xAF, 4_092), (0xBF, 1_980), (0xCF, 924), (0xDF, 396),
    (0xEF, 132), (0xFE, 8), (0xFF, 0), (0x00, -32_124), (0x0F, -16_764), (0x7E, -8), (0x7F, 0),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value"), REFERENCE)
def test_a_code_has_the_value_of_the_standard(code: int, value: int) -> None:
    assert int(mulaw.decode(bytes([code]))[0]) == value


def test_every_code_comes_back_from_its_value() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # negative zero is sent as positive zero
    assert mulaw.encode(mulaw.decode(codes)) == codes


def test_a_sample_is_coded_to_the_nearest_value() -> None:
    every = np.arange(-32_768, 32_768).astype(np.int16)
    error = np.abs(mulaw.decode(mulaw.encode(every)).astype(int) - every)
    inside = np.abs(every.astype(int)) <= 32_124
    assert np.all(error[inside] <= np.maximum(4, np.abs(every[inside].astype(int)) / 16 / 2 + 8))


def test_the_digital_milliwatt_is_0_dbm0() -> None:
    milliwatt = bytes([0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E]) * 100  # G.711 table 6
    assert mulaw.level_dbm0(mulaw.decode(milliwatt)) == pytest.approx(0.0, abs=0.02)


def test_a_mix_is_the_sum_and_clips() -> None:
    quiet = tones.encoded(tones.sine(500, 0.02, -30))
    other = tones.encoded(tones.sine(900, 0.02, -30))
    both = mulaw.decode(mixer.mix([quiet, other])).astype(int)
    wanted = mulaw.decode(quiet).astype(int) + mulaw.decode(other)
    assert np.max(np.abs(both - wanted)) < 64
    loud = tones.encoded(tones.sine(500, 0.02, 3.0))
    assert np.max(mulaw.decode(mixer.mix([loud, loud]))) == 32_124
    assert mixer.mix([quiet]) is quiet


def frequencies(data: bytes) -> set[int]:
    """The bins of a second within 10 dB of the strongest."""
    spectrum = np.abs(np.fft.rfft(mulaw.decode(data[:8_000]).astype(float)))
    return {int(hz) for hz in np.flatnonzero(spectrum > spectrum.max() / 3.2)}


def test_tones_are_the_ones_of_the_japanese_network() -> None:
    assert frequencies(tones.dial()) == {400}
    busy = mulaw.decode(tones.busy())
    assert mulaw.level_dbm0(busy[:4_000]) > -17
    assert not busy[4_000:].any()
    ringing = tones.ringback()
    assert frequencies(ringing) == {384, 400, 416}
    assert not mulaw.decode(ringing)[8_000:].any()


def test_hold_music_loops_quietly_without_a_click() -> None:
    music = mulaw.decode(prompts.read_wav(prompts.SHIPPED / "music.wav"))
    assert len(music) % mulaw.BLOCK_BYTES == 0
    assert mulaw.level_dbm0(music) == pytest.approx(-24, abs=0.5)
    steps = np.abs(np.diff(np.concatenate([music[-80:], music[:80]]).astype(int)))
    assert steps.max() <= np.abs(np.diff(music.astype(int))).max()
    seconds = music[: len(music) // 8_000 * 8_000].reshape(-1, 8_000)
    assert min(mulaw.level_dbm0(second) for second in seconds) > -40  # no gap anybody would call a dead line
