"""The laptop's end of the protocol: requests with numbers, repeated until they are answered.

What the line eats is sent again; a box that is at work says so.  A line that stays silent raises LinkLost,
and the caller may open the port anew: nothing that was done is done twice.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance import ipc
from appliance.errors import DeviceError
from provisioning import messages
from provisioning.frames import MAGIC, Decoder, Frame, encode
from provisioning.serial_port import Port, PortGone

REPEAT_S: Final = 2.0
SILENCE_S: Final = 25.0
READ_S: Final = 0.2

_ANSWER: Final = msgspec.json.Decoder(messages.Answer | ipc.Failed | ipc.Done)
_ENCODER: Final = msgspec.json.Encoder()


class LinkLost(DeviceError):
    """The box does not answer over this line."""


class Link:
    """One conversation over an open port."""

    def __init__(
        self,
        port: Port,
        *,
        clock: Callable[[], float] = time.monotonic,
        repeat_s: float = REPEAT_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._port = port
        self._clock = clock
        self._repeat_s = repeat_s
        self._silence_s = silence_s
        self._decoder = Decoder()
        self._number = 0

    @property
    def dropped(self) -> int:
        """Lines that were no whole frame: noise, or the menu's own words."""
        return self._decoder.dropped

    def greet(self) -> messages.Hailed:
        """Turn the menu into this protocol; who is there.  Raises LinkLost, Refused."""
        with self._lost():
            self._port.write(b"\x03\r\n" + MAGIC + b"\n")
        answer = self.request(messages.Hail(), before_repeat=MAGIC)
        assert isinstance(answer, messages.Hailed)
        return answer

    def request(self, body: Any, *, before_repeat: bytes = b"") -> Any:
        """Ask and wait; None for a plain `Done`.  Raises LinkLost, and ipc.Refused with the box's words."""
        self._number += 1
        frame = encode(Frame(">", self._number, _ENCODER.encode(body)))
        with self._lost():
            answer = self._exchange(frame, before_repeat)
        found = ipc.checked(answer)
        return None if isinstance(found, ipc.Done) else found

    def _exchange(self, frame: bytes, before_repeat: bytes) -> Any:
        heard_at = self._clock()
        sent_at = heard_at - self._repeat_s
        while (now := self._clock()) - heard_at < self._silence_s:
            if now - sent_at >= self._repeat_s:
                if before_repeat and sent_at >= heard_at:
                    self._port.write(b"\n" + before_repeat + b"\n")
                self._port.write(frame)
                sent_at = now
            for found in self._decoder.feed(self._port.read(READ_S)):
                if found.number != self._number:
                    continue
                if found.kind == "~":
                    heard_at = sent_at = self._clock()
                elif found.kind == "<":
                    return self._decoded(found.payload)
        raise LinkLost(
            f"The box has not answered for {self._silence_s:g} s.",
            remedy="Look at the cable (crossed, on the console's line) and the speed (115200 8N1).",
        )

    def _decoded(self, payload: bytes) -> Any:
        try:
            return _ANSWER.decode(payload)
        except msgspec.MsgspecError as error:
            raise LinkLost(
                f"The box answers in another way: {error}.", remedy="Use the script of the box's release."
            ) from error

    @contextlib.contextmanager
    def _lost(self) -> Any:
        try:
            yield
        except PortGone as error:
            raise LinkLost(error.what, remedy=error.remedy) from error
