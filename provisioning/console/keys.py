"""Bytes from a terminal to keys.  Pure and bounded: whatever comes, a key is one of a few dozen.

Arrow keys and other escape sequences are swallowed whole.  A line that is the laptop's greeting is a key of
its own, because a laptop may be plugged in at any page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.frames import MAGIC

ENTER: Final = "enter"
ESC: Final = "esc"
BACKSPACE: Final = "backspace"
GREETING: Final = "greeting"

SEQUENCE_BYTES_MAX: Final = 16  # ESC [ … final; longer ones are noise
PRINTABLE: Final = range(0x20, 0x7F)
CONTROLS: Final = {0x0D: ENTER, 0x08: BACKSPACE, 0x7F: BACKSPACE, 0x03: ESC, 0x04: ESC}


class Keys:
    """One terminal's keys."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._sequence: bytearray | None = None
        self._was_return = False

    def feed(self, data: bytes) -> Iterator[str]:
        """A printable ASCII character, or one of the names above."""
        for byte in data:
            if self._is_greeting(byte):
                yield GREETING
            elif self._sequence is not None:
                yield from self._in_sequence(byte)
            elif (key := self._key(byte)) is not None:
                yield key
            self._was_return = byte == 0x0D

    def pause(self) -> Iterator[str]:
        """Nothing has come for a while: an ESC that began no sequence was the key itself."""
        if self._sequence is not None:
            alone = not self._sequence
            self._sequence = None
            if alone:
                yield ESC

    def _key(self, byte: int) -> str | None:
        if byte == 0x1B:
            self._sequence = bytearray()
            return None
        if byte == 0x0A:
            return None if self._was_return else ENTER
        return chr(byte) if byte in PRINTABLE else CONTROLS.get(byte)

    def _in_sequence(self, byte: int) -> Iterator[str]:
        assert self._sequence is not None
        if byte == 0x1B:
            self._sequence = bytearray()
            yield ESC
            return
        self._sequence.append(byte)
        is_first = len(self._sequence) == 1
        goes_on = byte in b"[O" if is_first else not 0x40 <= byte <= 0x7E
        if not goes_on or len(self._sequence) >= SEQUENCE_BYTES_MAX:
            self._sequence = None

    def _is_greeting(self, byte: int) -> bool:
        if byte not in b"\r\n":
            if len(self._line) <= len(MAGIC):
                self._line.append(byte)
            return False
        found = bytes(self._line) == MAGIC
        self._line.clear()
        if found:
            self._sequence = None
        return found
