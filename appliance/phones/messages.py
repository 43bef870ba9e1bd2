"""What the phones process and the dialer say to each other.  The dialer is the client.

A leg is one SIP call between a desk phone and the box, named by the phones process ("p1", "p2", …, never
used again while it runs).  Speech does not pass here: `Media` says where a phone sends and wants RTP.
After a reconnect the snapshot is `PhonesSnapshot`.
"""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


class Media(msgspec.Struct, frozen=True):
    """One end of an RTP stream: G.711 mu-law.  `digits_payload` is RFC 4733's type, 0 where not offered."""

    address: str
    port: int
    digits_payload: int = 101
    is_held: bool = False


class Account(msgspec.Struct, frozen=True):
    """A phone that may register.  `ha1` = MD5(extension:realm:password), hex (RFC 2617 3.2.2.2)."""

    extension: str
    ha1: str


# --- dialer to phones ---------------------------------------------------------------------------------


class SetAccounts(Message, frozen=True):
    """All phones that may register, replacing the set of before."""

    accounts: tuple[Account, ...]


class AnswerLeg(Message, frozen=True):
    """Answer an invited leg (200 OK) with the box's end of the RTP stream."""

    leg: str
    media: Media


class RejectLeg(Message, frozen=True):
    """Refuse an invited leg with a SIP status, e.g. 486."""

    leg: str
    status: int


class HangUpLeg(Message, frozen=True):
    """End a leg in any state."""

    leg: str


class RingPhone(Message, frozen=True):
    """Call a phone.  Request; answered by `Ringing` naming the new leg, or Failed."""

    extension: str
    media: Media
    caller: str = ""


class PlacedLeg(Message, frozen=True):
    """Answer to RingPhone."""

    leg: str


# --- phones to dialer ---------------------------------------------------------------------------------


class Registered(Message, frozen=True):
    """A phone is reachable.  `source` is host:port as seen by us."""

    extension: str
    source: str
    user_agent: str = ""


class Unregistered(Message, frozen=True):
    """A phone's binding ended.  `reason`: "expired", "removed", "silent" (no answer to OPTIONS)."""

    extension: str
    reason: str


class LockedOut(Message, frozen=True):
    """Too many wrong passwords from `source`."""

    extension: str
    source: str


class Invited(Message, frozen=True):
    """A phone went off hook and dialled `dialled`."""

    leg: str
    extension: str
    dialled: str
    media: Media


class LegAnswered(Message, frozen=True):
    """A phone we rang was picked up."""

    leg: str
    media: Media


class MediaChanged(Message, frozen=True):
    """The phone moved its stream, or put us on hold (`media.is_held`) or took us back."""

    leg: str
    media: Media


class InfoDigit(Message, frozen=True):
    """A key sent by SIP INFO: one of 0-9 * # A-D.  RTP and in-band keys come from the audio process."""

    leg: str
    digit: str


class LegEnded(Message, frozen=True):
    """The handset is down, or the leg failed.  `status` is the SIP status of a failure, else 0."""

    leg: str
    status: int = 0


class LegState(msgspec.Struct, frozen=True):
    """One standing leg, for the snapshot."""

    leg: str
    extension: str
    dialled: str
    media: Media
    is_answered: bool
    local_port: int = 0  # where the phone was told to send its speech; 0 before it was told


class PhonesSnapshot(Message, frozen=True):
    """Everything that stands: registered extensions with their source, and legs."""

    registered: dict[str, str]
    legs: tuple[LegState, ...]


Union = (
    SetAccounts | AnswerLeg | RejectLeg | HangUpLeg | RingPhone | PlacedLeg | Registered | Unregistered
    | LockedOut | Invited | LegAnswered | MediaChanged | InfoDigit | LegEnded | PhonesSnapshot
)  # fmt: skip
