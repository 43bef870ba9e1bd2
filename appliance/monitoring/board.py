"""What the monitor reads of the dialer's board: its own narrow view of that message, and how to get one.

The dialer stands a floor above; what crosses is JSON.  A contract test holds this view to the real message.
"""

from __future__ import annotations

import msgspec

from appliance.ipc import BlockingClient, PeerGone
from appliance.settings import Home

TIMEOUT_S = 5.0


class Span(msgspec.Struct, frozen=True):
    """One line.  `channels`: a letter each: . idle, s set-up or clearing, r ringing, t talking, x fault."""

    span: int
    is_up: bool
    alarm: str
    channels: str


class Seat(msgspec.Struct, frozen=True):
    """One desk phone."""

    label: str
    extension: str
    is_registered: bool


class Board(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """The snapshot that the dialer sends to whoever connects."""

    now_at: float
    spans: tuple[Span, ...] = ()
    seats: tuple[Seat, ...] = ()
    alarms: tuple[str, ...] = ()


def ask(home: Home, *, timeout_s: float = TIMEOUT_S) -> Board:
    """The dialer's board now.  Raises PeerGone."""
    client = BlockingClient(home.socket("dialer"), Board, name="monitor", timeout_s=timeout_s)
    try:
        for event in client.events():
            assert isinstance(event, Board)
            return event
    finally:
        client.close()
    raise PeerGone("The dialer said nothing.", remedy="See logs/dialer.log.")
