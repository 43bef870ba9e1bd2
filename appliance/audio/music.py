"""The hold music: 38 s for celesta and soft strings, composed for this product, that loops without a seam.

Nobody else has rights in it.  Made once: `make_prompts.py` writes it beside the spoken prompts.  Telephone
lines carry 300-3,400 Hz and mu-law makes loud, dense sound rough: few voices, no drums, no bass below what a
handset plays, quiet enough to talk over.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from appliance.audio import mulaw
from appliance.audio.mulaw import RATE_HZ
from appliance.audio.tones import Wave, encoded

BEAT_S: Final = 0.6  # 100 a minute: the pace of a walk
BEATS: Final = 64
MUSIC_DBM0: Final = -24.0
A4: Final = 69  # MIDI note of 440 Hz

CHORDS: Final = (  # four beats each: D major with its neighbours
    (62, 66, 69, 73), (59, 66, 69, 74), (67, 71, 74, 78), (69, 73, 76, 79),
    (62, 66, 69, 73), (66, 69, 73, 76), (67, 71, 74, 78), (69, 74, 76, 79),
    (67, 71, 74, 78), (66, 69, 74, 76), (64, 67, 71, 74), (69, 73, 76, 79),
    (67, 71, 74, 78), (69, 73, 76, 79), (62, 66, 69, 73), (62, 66, 69, 74),
)  # fmt: skip

MELODY: Final = (  # (beat, note, beats): a phrase, its answer, and the way home
    (0, 81, 1.5), (1.5, 78, 0.5), (2, 76, 1), (3, 74, 1), (4, 78, 2), (6, 76, 1), (7, 74, 1),
    (8, 83, 1.5), (9.5, 81, 0.5), (10, 78, 1), (11, 76, 1), (12, 76, 3),
    (16, 81, 1.5), (17.5, 78, 0.5), (18, 76, 1), (19, 74, 1), (20, 73, 1), (21, 76, 1), (22, 81, 2),
    (24, 83, 1), (25, 81, 1), (26, 78, 1), (27, 74, 1), (28, 76, 3),
    (32, 86, 1.5), (33.5, 83, 0.5), (34, 81, 1), (35, 78, 1), (36, 81, 2), (38, 78, 2),
    (40, 79, 1), (41, 78, 1), (42, 76, 1), (43, 74, 1), (44, 76, 2), (46, 81, 2),
    (48, 83, 1), (49, 81, 1), (50, 78, 1), (51, 74, 1), (52, 76, 1), (53, 78, 1), (54, 76, 1), (55, 73, 1),
    (56, 74, 4),
)  # fmt: skip


def hold_music() -> bytes:
    """The whole piece as mu-law; its last note rings on into the first bar."""
    piece = np.zeros(round(BEATS * BEAT_S * RATE_HZ))
    for bar, chord in enumerate(CHORDS):
        for note in chord[:3]:
            _add(piece, 4 * bar, 0.10 * _strings(note, 4.4 * BEAT_S))
        for step in range(8):
            _add(piece, 4 * bar + step / 2, 0.22 * _celesta(chord[(0, 2, 1, 3)[step % 4]], 1.2))
    for beat, note, beats in MELODY:
        _add(piece, beat, 0.7 * _celesta(note, beats * BEAT_S + 0.9))
    wanted_rms = mulaw.amplitude(MUSIC_DBM0) / np.sqrt(2)
    return encoded(piece * (wanted_rms / np.sqrt(np.mean(piece**2))))


def _hz(note: int) -> float:
    return float(440 * 2 ** ((note - A4) / 12))


def _celesta(note: int, seconds: float) -> Wave:
    """A struck bar: the fundamental and two quieter, shorter partials."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = np.zeros(len(at))
    for multiple, loudness, decay_s in ((1, 1.0, 0.55), (2, 0.25, 0.3), (4, 0.08, 0.12)):
        if _hz(note) * multiple < 3_400:
            wave += loudness * np.exp(-at / decay_s) * np.sin(2 * np.pi * _hz(note) * multiple * at)
    struck: Wave = wave * np.minimum(1.0, at / 0.004) * np.minimum(1.0, (seconds - at) / 0.02)
    return struck


def _strings(note: int, seconds: float) -> Wave:
    """Two soft voices a shade apart, swelling and fading."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    swell = np.minimum(1.0, at / 0.5) * np.minimum(1.0, (seconds - at) / 0.5)
    wave = np.zeros(len(at))
    for detune in (0.998, 1.002):
        for multiple, loudness in ((1, 1.0), (2, 0.4), (3, 0.15)):
            wave += loudness * np.sin(2 * np.pi * _hz(note) * multiple * detune * at)
    bowed: Wave = wave * swell / 2
    return bowed


def _add(piece: Wave, beat: float, sound: Wave) -> None:
    """Lay a sound into the piece; what reaches past the end goes on at the beginning."""
    at = (round(beat * BEAT_S * RATE_HZ) + np.arange(len(sound))) % len(piece)
    piece[at] += sound
