"""Sounds have the frequency and level they claim, loop without a seam, and are recognised again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from appliance.audio import dtmf
from appliance.audio.mulaw import BLOCK_BYTES
from appliance.simulator import callee_announcements, callee_hearing, callee_sound
from appliance.simulator.callee_plan import CALLEE_TONES_HZ, GREETING_S, SILENCE, Key, Sound, SoundKind
from appliance.simulator.callee_sound import BLOCKS_PER_S, Voice


def spoken(sound: Sound, seconds: float) -> list[bytes]:
    voice = Voice()
    voice.say(sound)
    return [voice.next_block() for _ in range(round(seconds * BLOCKS_PER_S))]


# G.711 table 2b: decision values and characters, first segment, a middle one, full scale.
@pytest.mark.parametrize(
    ("linear", "byte"), [(0, 0xFF), (-8, 0x7E), (8, 0xFE), (1_000, 0xCE), (-1_000, 0x4E), (32_767, 0x80)]
)
def test_mu_law_matches_the_standard(linear: int, byte: int) -> None:
    assert callee_sound.encode(np.array([linear / 32_767])) == bytes([byte])


def test_all_256_characters_survive_the_way_there_and_back() -> None:
    every = bytes(range(256))
    back = callee_sound.encode(callee_hearing.decode(every))

    assert [b for a, b in zip(every, back, strict=True) if a != b] in ([], [0xFF]), "-0 becomes 0"


@pytest.mark.parametrize("frequency", CALLEE_TONES_HZ)
def test_a_callees_tone_is_recognised(frequency: int) -> None:
    heard = callee_hearing.hear(spoken(Sound("tone", frequency, -16.0), 0.5))

    assert heard.frequency_hz == pytest.approx(frequency, abs=2)
    assert heard.level_dbm0 == pytest.approx(-16.0, abs=0.3)
    assert heard.tone_share > 0.95
    assert heard.seconds == 0.5


def test_one_frequency_is_measured_among_others() -> None:
    blocks = spoken(Sound("tone", 900, -20.0), 0.5)

    assert callee_hearing.tone_level_dbm0(blocks, 900) == pytest.approx(-20.0, abs=0.3)
    assert callee_hearing.tone_level_dbm0(blocks, 1_250) < -50


def test_noise_has_its_level_and_no_tone() -> None:
    heard = callee_hearing.hear(spoken(Sound("noise", 0, -18.0), 4.0))

    assert heard.level_dbm0 == pytest.approx(-18.0, abs=0.5)
    assert heard.tone_share < 0.3


def test_silence_is_heard_as_silence() -> None:
    assert callee_hearing.hear(spoken(SILENCE, 0.5)).frequency_hz == 0.0
    assert callee_hearing.hear([]).level_dbm0 == callee_hearing.FLOOR_DBM0


def test_loops_have_no_seam() -> None:
    wave = callee_hearing.decode(b"".join(spoken(Sound("tone", 1_050, -16.0), 1.0)))
    steps = np.abs(np.diff(wave))

    assert steps.max() <= 2 * np.pi * 1_050 / 8_000 * callee_sound.amplitude(-16.0) * 1.1


def test_ringback_is_one_second_in_three() -> None:
    blocks = spoken(Sound("ringback"), 6.0)
    is_on = [callee_hearing.hear(blocks[at : at + 5]).level_dbm0 > -40 for at in range(0, 300, 5)]

    assert [(on, len(list(run))) for on, run in itertools.groupby(is_on)] == [
        (True, 10), (False, 20), (True, 10), (False, 20),
    ]  # fmt: skip


def test_a_machine_speaks_beeps_and_listens() -> None:
    blocks = spoken(Sound("voicemail"), GREETING_S + 1)

    assert callee_hearing.hear(blocks[-50 - 20 : -50 - 3]).frequency_hz == pytest.approx(1_000, abs=3)
    assert callee_hearing.hear(blocks[:100]).level_dbm0 > -25
    assert callee_hearing.hear(blocks[-45:]).level_dbm0 == callee_hearing.FLOOR_DBM0


def test_keys_are_pressed_in_the_voice_and_it_goes_on() -> None:
    sound = Sound("tone", 900, -16.0, keys=(Key(0.5, "5"), Key(1.0, "#")))
    blocks = spoken(sound, 2.0)

    five, hash_ = blocks[25:30], blocks[50:55]
    assert callee_hearing.tone_level_dbm0(five, 770) == pytest.approx(-9, abs=1)
    assert callee_hearing.tone_level_dbm0(five, 1336) == pytest.approx(-9, abs=1)
    assert callee_hearing.tone_level_dbm0(hash_, 941) == pytest.approx(-9, abs=1)
    assert callee_hearing.hear(blocks[60:]).frequency_hz == pytest.approx(900, abs=2)


def test_every_block_is_20_ms() -> None:
    for kind in ("silence", "ringback", "busy", "vacant", "changed", "voicemail", "noise"):
        assert {len(block) for block in spoken(Sound(kind), 6.0)} == {BLOCK_BYTES}


@pytest.mark.parametrize("name", callee_announcements.TEXTS)
def test_announcements_are_shipped_as_speech(name: str) -> None:
    speech = callee_announcements.spoken(name)
    heard = callee_hearing.hear([speech])

    assert 4.0 < len(speech) / 8_000 < 12.0
    assert -30 < heard.level_dbm0 < -14
    assert heard.tone_share < 0.3, "speech is no tone"


def keys_heard(blocks: list[bytes]) -> str:
    """The keys that spandsp, which nobody here wrote, hears."""
    ear = dtmf.KeyEar()
    return "".join(ear.feed(block) for block in blocks)


@pytest.mark.parametrize("kind", ["tone", "noise"])
def test_spandsp_hears_every_key_in_a_voice(kind: SoundKind) -> None:
    keys = tuple(Key(0.5 + n * 0.4, digit) for n, digit in enumerate(callee_sound.DTMF_HZ))
    sound = Sound(kind, 900 if kind == "tone" else 0, -16.0, keys=keys)

    assert keys_heard(spoken(sound, 6.0)) == "".join(callee_sound.DTMF_HZ)


def test_spandsp_takes_no_voice_for_a_key() -> None:
    tones = [Sound("tone", frequency) for frequency in CALLEE_TONES_HZ]
    others = [Sound(kind) for kind in ("noise", "ringback", "busy", "vacant", "changed", "voicemail")]

    assert {sound: keys_heard(spoken(sound, 8.0)) for sound in (*tones, *others)} == dict.fromkeys(
        (*tones, *others), ""
    )
