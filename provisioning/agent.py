"""The box's end of the protocol on the serial line: frames in, requests out, answers back.  Pure.

It keeps no rights: what it passes on is checked by the `setup` process.  A frame that comes twice is answered
twice and asked once, so that a laptop may repeat whatever the line has eaten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from appliance import ipc
from provisioning import messages
from provisioning.frames import Decoder, Frame, encode

SILENCE_S: Final = 90.0  # without a whole frame the technician's menu comes back
WORKING_EVERY_S: Final = 1.0

_REQUEST: Final = msgspec.json.Decoder(messages.Request)
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True)
class Send:
    """Bytes for the line."""

    data: bytes


@dataclass(frozen=True)
class Ask:
    """Ask the `setup` process; give its answer to `answered`."""

    number: int
    request: Any


@dataclass(frozen=True)
class Renew:
    """A laptop greets anew: whatever the connection to `setup` was allowed is over."""


Output = Send | Ask | Renew


class Agent:
    """One conversation after another.  `now` is monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._decoder = Decoder()
        self._heard_at = now
        self._told_at = now
        self._asked: Frame | None = None
        self._last: tuple[Frame, bytes] | None = None

    def feed(self, data: bytes, now: float) -> list[Output]:
        """What to do about bytes from the line."""
        done: list[Output] = []
        for frame in self._decoder.feed(data):
            self._heard_at = now
            if frame.kind == "!":
                self._asked, self._last = None, None
                done.append(Renew())
            elif frame.kind == ">":
                done += self._take(frame, now)
        return done

    def answered(self, number: int, answer: Any, now: float) -> list[Output]:
        """The answer of the `setup` process: a message, `ipc.Done` or `ipc.Failed`."""
        if self._asked is None or self._asked.number != number:
            return []  # the laptop has greeted anew meanwhile
        self._heard_at = now
        raw = encode(Frame("<", number, _ENCODER.encode(answer)))
        self._last, self._asked = (self._asked, raw), None
        return [Send(raw)]

    def tick(self, now: float) -> list[Output]:
        """A sign of life while a long step is at work."""
        if self._asked is None or now - self._told_at < WORKING_EVERY_S:
            return []
        self._heard_at = self._told_at = now
        return [Send(encode(Frame("~", self._asked.number, b"")))]

    def is_over(self, now: float) -> bool:
        """Whether the laptop has gone."""
        return now - self._heard_at > SILENCE_S

    def _take(self, frame: Frame, now: float) -> list[Output]:
        if self._last is not None and self._last[0] == frame:
            return [Send(self._last[1])]
        if self._asked is not None:
            return []  # at work: `tick` says so, and a repeated frame gets its answer once it is there
        try:
            request = _REQUEST.decode(frame.payload)
        except msgspec.MsgspecError as error:
            refused = ipc.Failed(
                f"This box does not understand the request: {error}.", "Use its own release."
            )
            return [Send(encode(Frame("<", frame.number, _ENCODER.encode(refused))))]
        self._asked, self._told_at = frame, now
        return [Ask(frame.number, request)]
