"""Makes the shipped prompts anew: `python -m appliance.audio.make_prompts [DIR]`.

Needs Open JTalk; the same version makes the same bytes.  Run it after changing `prompt_texts.py`, listen, and
commit the files.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from appliance.audio import music, prompts, speech
from appliance.audio.mulaw import RATE_HZ
from appliance.audio.prompt_texts import TEXTS

MUSIC: Final = "music"
DIGIT_RATE: Final = 0.95  # one syllable must be enough to tell them apart


def make(directory: Path) -> None:
    """Speak every text into `directory`; files of no text are removed.  Raises YobirinError."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.wav"):
        if stale.stem not in TEXTS and stale.stem != MUSIC:
            stale.unlink()
    for name, text in TEXTS.items():
        path = directory / f"{name}.wav"
        speech.speak(text, path, rate=DIGIT_RATE if name.startswith("digit-") else speech.RATE)
        path.chmod(0o644)
        print(f"{name}  {len(prompts.read_wav(path)) / RATE_HZ:.1f} s  {text}")
    compose(directory)


def compose(directory: Path) -> None:
    """Write the hold music."""
    path = directory / f"{MUSIC}.wav"
    path.write_bytes(prompts.to_wav(music.hold_music()))
    path.chmod(0o644)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else prompts.SHIPPED)
