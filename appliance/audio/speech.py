"""Japanese speech from text: Open JTalk with the shipped voice, as a mu-law WAV at the prompts' level.

Refuses to guess: where Open JTalk is not installed it says so.  Takes some 0.1 s a second of speech: no
work for a tick or a web request.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.audio import mulaw, prompts
from appliance.errors import BadInput, DeviceError
from appliance.settings import file_mode

VOICE: Final = Path(__file__).resolve().parent / "voice" / "mei_normal.htsvoice"
DICTIONARY: Final = Path("/var/lib/mecab/dic/open-jtalk/naist-jdic")
SPEECH_DBM0: Final = -20.0
PEAK_MAX: Final = 28_000  # 16-bit steps: 1.4 dB under the clip
RATE: Final = 1.12  # operators hear these a hundred times a day
MARGIN_S: Final = 0.06  # left standing before and after
QUIET: Final = 0.02  # of the loudest sample
SPEAK_TIMEOUT_S: Final = 30.0
TEXT_MAX: Final = 500
MODEL_RATE_HZ: Final = 48_000

Wave = npt.NDArray[np.float64]


def speak(text: str, out_path: Path, *, rate: float = RATE) -> None:
    """Write `text` as speech to `out_path`, whole or not at all.  Raises BadInput, DeviceError."""
    line = " ".join(text.split())
    if not line or len(line) > TEXT_MAX:
        raise BadInput(f"a text to speak has 1 to {TEXT_MAX} characters.", remedy="Shorten it.")
    wave = levelled(trimmed(telephone(_synthesised(line, rate))))
    data = prompts.to_wav(mulaw.encode(mulaw.clipped(wave)))
    fresh = out_path.with_name(f".{out_path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.chmod(file_mode(fresh.parent) & 0o640)
        fresh.replace(out_path)
    finally:
        fresh.unlink(missing_ok=True)


def _synthesised(line: str, rate: float) -> Wave:
    """Open JTalk's 48 kHz speech."""
    program = shutil.which("open_jtalk")
    if program is None or not DICTIONARY.is_dir():
        raise DeviceError(
            "Open JTalk is not installed: no speech can be made.",
            remedy="apt install open-jtalk open-jtalk-mecab-naist-jdic",
        )
    with tempfile.TemporaryDirectory(prefix="speech") as directory:
        out = Path(directory) / "speech.wav"
        words = [program, "-x", str(DICTIONARY), "-m", str(VOICE), "-r", str(rate), "-ow", str(out)]
        try:
            done = subprocess.run(
                words, input=line.encode(), capture_output=True, timeout=SPEAK_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceError(f"Open JTalk does not work: {error}.") from error
        if done.returncode or not out.exists() or out.stat().st_size <= 44:
            raise BadInput(f"Open JTalk cannot speak {line!r}.", remedy="Write it in kana.")
        samples = np.frombuffer(out.read_bytes()[44:], "<i2")
    return samples.astype(np.float64)


def telephone(wave: Wave) -> Wave:
    """48 kHz to 8 kHz through the telephone's band, 200-3,400 Hz (an FIR of 301 taps, Hamming window)."""
    at = np.arange(301) - 150
    low, high = 200 / MODEL_RATE_HZ, 3_400 / MODEL_RATE_HZ
    taps = (2 * high * np.sinc(2 * high * at) - 2 * low * np.sinc(2 * low * at)) * np.hamming(301)
    filtered: Wave = np.convolve(wave, taps, mode="same")[:: MODEL_RATE_HZ // mulaw.RATE_HZ]
    return filtered


def trimmed(wave: Wave) -> Wave:
    """Without the silence at both ends, but for a short margin."""
    loud = np.flatnonzero(np.abs(wave) > QUIET * np.max(np.abs(wave), initial=1.0))
    if not len(loud):
        return wave
    margin = round(MARGIN_S * mulaw.RATE_HZ)
    return wave[max(0, loud[0] - margin) : loud[-1] + margin]


def levelled(wave: Wave) -> Wave:
    """At the prompts' level, measured where somebody speaks; never clipped."""
    frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
    power = np.mean(frames**2, axis=1)
    spoken = power[power > np.max(power, initial=0.0) / 1_000]
    if not len(spoken):
        return wave
    gain = mulaw.amplitude(SPEECH_DBM0) / np.sqrt(2) / np.sqrt(np.mean(spoken))
    raised: Wave = wave * min(gain, PEAK_MAX / np.max(np.abs(wave)))
    return raised
