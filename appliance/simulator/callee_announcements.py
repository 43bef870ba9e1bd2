"""What an exchange and a telephone answering machine say, in the voice that the prompts have.

`python -m appliance.simulator.callee_announcements` makes the shipped files anew; it needs Open JTalk.
The voice "Mei" is under CC BY 3.0: see `appliance/audio/voice`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from appliance.audio import prompts, speech

TEXTS: Final = {
    "vacant": "おかけになった電話番号は、現在使われておりません。"
    "番号をお確かめになって、もう一度おかけ直しください。",
    "changed": "おかけになった電話番号は、変更になりました。新しい番号をお確かめのうえ、おかけ直しください。",
    "voicemail": "ただいま留守にしております。発信音のあとに、お名前とご用件をお話しください。",
}
RATE: Final = 1.0  # customers' machines are in no hurry


def path_of(name: str) -> Path:
    """The shipped file of an announcement."""
    return Path(__file__).with_name(f"announcement-{name}.wav")


@functools.cache
def spoken(name: str) -> bytes:
    """Mu-law bytes of an announcement, whole blocks.  Raises BadInput if its file is spoilt."""
    return prompts.read_wav(path_of(name))


def main() -> int:
    """Make every file anew."""
    for name, text in TEXTS.items():
        speech.speak(text, path_of(name), rate=RATE)
        path_of(name).chmod(0o644)
        print(f"{path_of(name).name}  {len(spoken(name)) / 8000:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
