"""The ring between a clock that is not ours and the 20 ms tick: it stays one frame behind.  Pure.

Late frames are dropped, swapped ones are put right.  A sender whose clock runs fast makes the ring fill up:
a frame is dropped now and then; one whose clock runs slow makes it run dry: the last frame is repeated until
one is in reserve again, twice at most, then there is silence.
"""

from __future__ import annotations

from typing import Final

from appliance.audio.mulaw import BLOCK_BYTES, SILENT_BLOCK

FRAMES_MAX: Final = 10  # 200 ms: more than that is a burst after an outage, not jitter
SURPLUS_TICKS: Final = 50  # a frame too many for a whole second is drift, or the tail of a burst
SEQUENCE_JUMP_MAX: Final = 100  # 2 s; a step beyond that is a new stream
REPEATS_MAX: Final = 2  # 40 ms of the same sound pass for speech, more is heard as a buzz


class JitterRing:
    """Frames of one sender.  `reserve` is how many are kept back so that a late one is not missed."""

    def __init__(self, *, reserve: int = 1) -> None:
        self.dropped = 0
        self.repeated = 0
        self.is_live = False  # whether the frame taken last had really arrived
        self._reserve = reserve
        self._waiting: list[tuple[int, bytes]] = []  # (extended sequence, payload), in order
        self._rest = b""
        self._newest = -1
        self._newest_sequence = -1  # as it was on the wire
        self._played = -1
        self._is_primed = False
        self._repeats_left = 0
        self._last = SILENT_BLOCK
        self._surplus_ticks = 0

    def push(self, payload: bytes, sequence: int = -1) -> None:
        """One arrived frame; without a sequence number it is the next one.  Any length is taken."""
        number = self._newest + 1 if sequence < 0 else self._extended(sequence)
        if number <= self._played:
            self.dropped += 1
            return
        waiting = self._waiting
        if number > self._newest:
            waiting.append((number, payload))
            self._newest = number
        elif any(number == held for held, _ in waiting):
            return
        else:
            waiting.append((number, payload))
            waiting.sort()
        if len(waiting) > FRAMES_MAX:
            self._drop(len(waiting) - self._reserve - 1)

    def take(self) -> bytes:
        """The frame of this tick: 160 mu-law bytes, always."""
        waiting = self._waiting
        if not self._is_primed:
            if len(waiting) <= self._reserve:
                return self._missing()
            self._is_primed = True
        if not waiting and len(self._rest) < BLOCK_BYTES:
            self._is_primed = False
            return self._missing()
        self._last = block = self._next()
        self.is_live = True
        self._repeats_left = REPEATS_MAX
        if len(waiting) <= self._reserve:
            self._surplus_ticks = 0
        else:
            self._shorten()
        return block

    @property
    def depth(self) -> int:
        """Frames waiting."""
        return len(self._waiting)

    def _extended(self, sequence: int) -> int:
        """The 16-bit number in a count that never wraps, as near to the newest as can be."""
        step = (sequence - self._newest_sequence) & 0xFFFF
        if step >= 0x8000:
            step -= 0x10000
        if self._newest < 0 or abs(step) > SEQUENCE_JUMP_MAX:  # the first one, or the sender began anew
            step = 1
        if step > 0:
            self._newest_sequence = sequence
        return self._newest + step

    def _next(self) -> bytes:
        """Frames of other lengths than 20 ms are cut and joined."""
        if not self._rest:
            self._played, payload = self._waiting.pop(0)
            if len(payload) == BLOCK_BYTES:
                return payload
            self._rest = payload
        while len(self._rest) < BLOCK_BYTES and self._waiting:
            self._played, payload = self._waiting.pop(0)
            self._rest += payload
        block, self._rest = self._rest[:BLOCK_BYTES], self._rest[BLOCK_BYTES:]
        return block + SILENT_BLOCK[len(block) :]

    def _missing(self) -> bytes:
        self.is_live = False
        if self._repeats_left:
            self._repeats_left -= 1
            self.repeated += 1
            return self._last
        return SILENT_BLOCK

    def _shorten(self) -> None:
        """Drop a frame when there was one too many at every tick of a second."""
        self._surplus_ticks += 1
        if self._surplus_ticks >= SURPLUS_TICKS:
            self._surplus_ticks = 0
            self._drop(1)

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._played = self._waiting.pop(0)[0]
        self.dropped += count
