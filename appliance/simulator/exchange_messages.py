"""What a person, a test or a bench may ask of the exchange over its socket, and what it answers.

The exchange serves `run/exchange.sock`.  Every message is a request; those without an answer of their own
are answered Done, or Failed with a sentence.  There is no snapshot.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.simulator.callee_plan import CallPlan
from appliance.simulator.exchange_counts import Counts

Span = Annotated[int, Meta(ge=0, le=5)]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{0,20}$")]


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


class PlaceIncoming(Message, frozen=True):
    """Call the box: `called` is the number dialled, an empty `caller` is withheld, span 0 is any.

    A `plan` begins with CONNECT, the box's answer; without one the population makes it.
    """

    called: Digits
    caller: Digits = ""
    span: Span = 0
    plan: CallPlan | None = None


class Force(Message, frozen=True):
    """Let a number behave as the plan says from its next call on; None: as its population does."""

    number: Digits
    plan: CallPlan | None = None


class SetLink(Message, frozen=True):
    """Cut a span's D channel (frames vanish both ways), or heal it."""

    span: Span
    is_up: bool


class SetCongestion(Message, frozen=True):
    """Refuse SETUPs above a rate (0: no bound); with a `cause`, refuse all of them."""

    span: Span
    setups_per_s: Annotated[float, Meta(ge=0.0, le=1000.0)] = 0.0
    cause: Annotated[int, Meta(ge=0, le=127)] = 0


class SetFrameLoss(Message, frozen=True):
    """Lose a share of a span's D-channel frames, each way."""

    span: Span
    share: Annotated[float, Meta(ge=0.0, le=1.0)]


class Restart(Message, frozen=True):
    """Send RESTART for a channel, 0 for all of the span."""

    span: Span
    channel: Annotated[int, Meta(ge=0, le=23)] = 0


class Enquire(Message, frozen=True):
    """Send STATUS ENQUIRY about the call on a channel."""

    span: Span
    channel: Annotated[int, Meta(ge=1, le=23)]


class PutDown(Message, frozen=True):
    """The person at the far end of this channel puts the handset down now, whatever was planned."""

    span: Span
    channel: Annotated[int, Meta(ge=1, le=23)]


class AskAnswers(Message, frozen=True):
    """Answered by `Answers`."""


class Answers(Message, frozen=True):
    """When CONNECT was sent last for each number that answered (the newest 1,000), seconds since 1970."""

    at: dict[str, float]


class AskStatistics(Message, frozen=True):
    """Answered by `Statistics`."""


class Statistics(Message, frozen=True):
    """By span: what happened since the start, channels in use now, whether the link is up, frames lost."""

    counts: dict[int, Counts]
    channels: dict[int, tuple[int, ...]]
    is_up: dict[int, bool]
    frames_lost: dict[int, int]
    tick_late_ms_max: float = 0.0


class AskHeard(Message, frozen=True):
    """What does the far end of this channel hear, and how loud is one frequency?  Answered by `HeardOn`."""

    span: Span
    channel: Annotated[int, Meta(ge=1, le=23)]
    frequency_hz: Annotated[float, Meta(ge=0.0, le=4000.0)] = 0.0


class HeardOn(Message, frozen=True):
    """The strongest tone (0 Hz: silence), its share of the power, and the level, of the last half second.

    `asked_dbm0` is the level of the frequency that was asked for, -70 for nothing.
    """

    span: int
    channel: int
    frequency_hz: float
    tone_share: float
    level_dbm0: float
    seconds: float
    asked_dbm0: float = -70.0


Union = (
    PlaceIncoming | Force | SetLink | SetCongestion | SetFrameLoss | Restart | Enquire | PutDown
    | AskAnswers | Answers | AskStatistics | Statistics | AskHeard | HeardOn
)  # fmt: skip
