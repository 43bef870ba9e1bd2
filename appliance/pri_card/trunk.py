"""The trunk seam: calls to and from the public network, whatever line they travel on.

`Trunk` is what the dialer sees.  The INS1500 card implements it (`pri_trunk.py`), the simulation has a
call-level one, a SIP trunk can stand beside them.  It is driven by one loop: the shell calls `poll`,
reads `due` and re-arms its timer; it never calls back except through `gate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Line:
    """One B channel: span 1-5, channel 1-23."""

    span: int
    channel: int

    def __str__(self) -> str:
        return f"{self.span}/{self.channel}"


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """One call to start.  `number` and `caller` are digits; `is_presented` False withholds the caller.

    `line` asks for that very channel, for a test of it; the call waits until it is idle.
    """

    call_id: int
    number: str
    caller: str
    is_presented: bool = True
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class SetupSent:
    """The SETUP left on `line`.  `late_s` is how far behind its slot it left."""

    call_id: int
    line: Line
    late_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Placed, but never sent: the gate said no, or it was cleared while it waited for a slot."""

    call_id: int


@dataclass(frozen=True, slots=True)
class Proceeding:
    """CALL PROCEEDING.  `line` may differ from SETUP's: the network may move the channel."""

    call_id: int
    line: Line


@dataclass(frozen=True, slots=True)
class Alerting:
    """The called telephone rings."""

    call_id: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Speech or tones may be on the line.  Never an answer.  `cause` is 0 where none was given."""

    call_id: int
    is_in_band: bool
    cause: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """CONNECT: conversation time and charges begin."""

    call_id: int
    line: Line


@dataclass(frozen=True, slots=True)
class Disconnecting:
    """The network clears but keeps an announcement on the line (DISCONNECT with progress indicator 8)."""

    call_id: int
    cause: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """The call is over and its channel is free.  `cause` is Q.850's.

    `is_line_fault` marks what says nothing about the number (link lost, channel fault, congestion 34, 42,
    44, 47, the 101 of a link that came up twice): to be retried, nobody's result.
    """

    call_id: int
    cause: int
    is_line_fault: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody calls us on `line`.  Numbers are digits; `caller` is empty when withheld."""

    call_id: int
    line: Line
    called: str
    caller: str


@dataclass(frozen=True, slots=True)
class SpanState:
    """A span's link came up or went down.  `alarm` is a word: "", "red", "yellow", "blue", "removed"."""

    span: int
    is_up: bool
    alarm: str = ""


@dataclass(frozen=True, slots=True)
class Congested:
    """The exchange refused a SETUP with 34, 42, 44 or 47: the span's slot is now `slot_s`."""

    span: int
    cause: int
    slot_s: float


TrunkEvent = (
    SetupSent | Withdrawn | Proceeding | Alerting | Progress | Answered | Disconnecting | Cleared
    | Incoming | SpanState | Congested
)  # fmt: skip

Gate = Callable[[int, float], bool]
"""Asked with (call_id, now) in the instant before SETUP; False withdraws the call."""


class Trunk(Protocol):
    """Places and clears calls.  All times are the shell's monotonic `now` in seconds.

    Call ids are the caller's for outgoing calls (positive); incoming calls get negative ones.
    """

    def place(self, call: PlaceCall, now: float) -> None:
        """Queue a call for the next free channel and slot."""

    def clear(self, call_id: int, cause: int, now: float) -> None:
        """End a call in any state.  An unknown id is ignored: it has just been cleared."""

    def answer(self, call_id: int, now: float) -> None:
        """Answer an incoming call."""

    def poll(self, now: float) -> list[TrunkEvent]:
        """Do all work due at `now`; what happened since the last poll, in order."""

    def due(self) -> float | None:
        """When `poll` must run next even if nothing is readable."""

    def files(self) -> list[int]:
        """File descriptors whose readability calls for a `poll`."""

    def channels_total(self) -> int:
        """Channels on spans whose link is up."""

    def channels_free(self) -> int:
        """Channels that a placed call could take now, less those queued."""
