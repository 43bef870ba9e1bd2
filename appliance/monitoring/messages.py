"""What the monitor tells pages, the console and checks, and what they may ask of it.  The monitor serves.

Times named `_at` are wall-clock seconds since 1970 (UTC).  The snapshot on connection is a `Health`; a
`Health` follows every five seconds and at once when an alarm changed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from appliance.monitoring.plugin import Figure, Status

AlarmWord = Literal["fine", "doubtful", "raised", "acknowledged"]
Event = Literal["raised", "worse", "eased", "cleared", "acknowledged", "flapping", "steady"]

SpaceWord = Literal["plenty", "no_recordings", "no_calls", "last"]


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


# --- to the monitor -----------------------------------------------------------------------------------


class AskHealth(Message, frozen=True):
    """Request; answered by the present `Health`."""


class AskDays(Message, frozen=True):
    """Request; answered by `Days`."""


class AskSeen(Message, frozen=True):
    """Request; answered by `Seen`."""


class Acknowledge(Message, frozen=True):
    """A person knows of a raised alarm and says so.  Request; Failed where nothing stands."""

    check: str
    who: str
    note: str = ""


class Locate(Message, frozen=True):
    """Let the front panel show which box this is, or stop it.  It stops by itself after a quarter hour."""

    is_on: bool


# --- from the monitor ---------------------------------------------------------------------------------


class CheckHealth(msgspec.Struct, frozen=True):
    """One check.  `key` and `values` make its sentence (words.py); `problem_at` is 0 while all is well.

    `is_fitted` is false where this box has no such thing; `held_by` names the raised check that explains it.
    """

    name: str
    status: Status
    alarm: AlarmWord
    key: str
    values: dict[str, str] = {}
    figures: tuple[Figure, ...] = ()
    is_fitted: bool = True
    checked_at: float = 0.0
    problem_at: float = 0.0
    is_flapping: bool = False
    held_by: str = ""
    acknowledged_by: str = ""
    acknowledged_at: float = 0.0
    note: str = ""


class AlarmEvent(msgspec.Struct, frozen=True):
    """One change of an alarm, for the history."""

    at: float
    check: str
    event: Event
    status: Status
    key: str = ""
    values: dict[str, str] = {}
    who: str = ""
    note: str = ""


class MailState(msgspec.Struct, frozen=True):
    """The mail queue.  `error` is the relay's last refusal, "" once a mail went through."""

    is_set_up: bool = False
    waiting: int = 0
    sent_at: float = 0.0
    error: str = ""


class Health(Message, frozen=True):
    """Everything the page 装置 shows, but for the curves."""

    seq: int
    now_at: float
    started_at: float = 0.0
    checks: tuple[CheckHealth, ...] = ()
    history: tuple[AlarmEvent, ...] = ()  # the newest first
    stuck: tuple[str, ...] = ()  # B channels, as "span/channel"
    mail: MailState = MailState()
    space: SpaceWord = "plenty"
    is_located: bool = False


class Days(Message, frozen=True):
    """Of each check the figure that is drawn, every five minutes of a day: (time, value), oldest first."""

    days: dict[str, tuple[tuple[float, float], ...]] = {}


class Seen(Message, frozen=True):
    """What only a process that goes on watching can know, for checks that run once.

    `stuck`: B channels in one state of a call for longer than any call stays in it, as "span/channel".
    `panel_fault`: why the front panel does not answer, "" where it does; `panel` is its back end.
    """

    stuck: tuple[str, ...] = ()
    panel: str = "absent"
    panel_fault: str = ""


Union = AskHealth | AskDays | AskSeen | Acknowledge | Locate | Health | Days | Seen
