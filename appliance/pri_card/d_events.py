"""What a D channel reports, as values: copied out of libpri at once, valid for ever.

`call` is the D channel's own number for a call, never reused while the process lives.  Channels are 1-23,
0 where the message named none.  Causes are Q.850's, 0 where none was given.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Layer 2 stands."""


@dataclass(frozen=True, slots=True)
class LinkReset:
    """The far end set layer 2 up once more while it stood: it may have forgotten everything (Q.931 5.8.8)."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """Layer 2 is lost; libpri goes on trying to set it up."""


@dataclass(frozen=True, slots=True)
class SetupArrived:
    """SETUP: the far end calls.  `caller` is empty when none was sent; `is_speech` is False for data."""

    call: int
    channel: int
    is_exclusive: bool
    called: str
    caller: str
    is_presented: bool
    is_complete: bool
    is_speech: bool = True


@dataclass(frozen=True, slots=True)
class ProceedingArrived:
    """CALL PROCEEDING; `channel` is the network's choice."""

    call: int
    channel: int
    is_in_band: bool


@dataclass(frozen=True, slots=True)
class AlertingArrived:
    """ALERTING."""

    call: int
    channel: int
    is_in_band: bool


@dataclass(frozen=True, slots=True)
class ProgressArrived:
    """PROGRESS, with whatever cause it carried."""

    call: int
    channel: int
    is_in_band: bool
    cause: int


@dataclass(frozen=True, slots=True)
class ConnectArrived:
    """CONNECT.  On the user side the acknowledgement has been queued already."""

    call: int
    channel: int


@dataclass(frozen=True, slots=True)
class DisconnectArrived:
    """DISCONNECT.  `is_in_band`: an announcement is on the line, and nothing is lost by listening."""

    call: int
    cause: int
    is_in_band: bool


@dataclass(frozen=True, slots=True)
class CallFreed:
    """The call reference is gone: the last event of a call.

    `is_local`: a timer or the loss of the link said so, no message; the far end may think otherwise.
    """

    call: int
    cause: int
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class RestartArrived:
    """RESTART, acknowledged already.  Channel 0: all of them.  Calls there are still to be abandoned."""

    channel: int


@dataclass(frozen=True, slots=True)
class RestartAcknowledged:
    """RESTART ACKNOWLEDGE of ours.  Channel 0: all of them."""

    channel: int


@dataclass(frozen=True, slots=True)
class Complaint:
    """libpri found something wrong on the line, in its own words."""

    text: str


DEvent = (
    LinkUp | LinkReset | LinkDown | SetupArrived | ProceedingArrived | AlertingArrived | ProgressArrived
    | ConnectArrived | DisconnectArrived | CallFreed | RestartArrived
    | RestartAcknowledged | Complaint
)  # fmt: skip
