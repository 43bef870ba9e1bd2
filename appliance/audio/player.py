"""What is being said to one port: prompts one after the other, looped or once.  Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.audio.mulaw import BLOCK_BYTES, SILENT_BLOCK

WAITING_MAX: Final = 16  # announcements in a row; more is a fault of whoever asks


@dataclass(frozen=True, slots=True)
class Announcement:
    """Sounds to be said in one go; `tag` is reported when the last is over."""

    sounds: tuple[bytes, ...]
    tag: str = ""
    is_loop: bool = False


class Player:
    """The queue of one port.  Sounds are mu-law in whole blocks."""

    def __init__(self) -> None:
        self._waiting: deque[Announcement] = deque()
        self._sound = 0  # which of the first announcement's
        self._at = 0

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting)

    @property
    def is_looping(self) -> bool:
        return bool(self._waiting) and self._waiting[0].is_loop

    def play(self, announcement: Announcement, *, is_cutting: bool) -> bool:
        """Say it now or after the others; False when too many wait already."""
        if is_cutting:
            self.hush()
        if len(self._waiting) >= WAITING_MAX:
            return False
        self._waiting.append(announcement)
        return True

    def hush(self) -> None:
        """Stop at once; nothing is reported as said."""
        self._waiting.clear()
        self._sound = self._at = 0

    def next_block(self) -> tuple[bytes, Sequence[str]]:
        """20 ms to say, and the tags of announcements that have just been said to their end."""
        finished: list[str] = []
        while self._waiting:
            announcement = self._waiting[0]
            if self._sound < len(announcement.sounds):
                sound = announcement.sounds[self._sound]
                if self._at < len(sound):
                    block = sound[self._at : self._at + BLOCK_BYTES]
                    self._at += BLOCK_BYTES
                    return block + SILENT_BLOCK[len(block) :], finished
                self._sound, self._at = self._sound + 1, 0
            elif announcement.is_loop and any(announcement.sounds):
                self._sound = 0
            else:
                finished.append(announcement.tag)
                self._waiting.popleft()
                self._sound = self._at = 0
        return SILENT_BLOCK, finished
