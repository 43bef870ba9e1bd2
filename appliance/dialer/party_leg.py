"""A third party's own call, from the order to the free channel, as one table.  Knows no talk and no seat.

On a line it is a call of the trunk like an attempt's; in the house another seat rings, or a phone where
nobody is logged in.  It ends exactly once, and says why in a word: `handed`, `left`, `dropped`,
`customer-left`, or one of `FAILURES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from appliance.dialer.ringing import Rung
from appliance.pri_card.trunk import Line

FIRST_CALL: Final = 1 << 48  # call ids of third parties: far xx
FAILURES: Final = (
    "busy", "no-answer", "vacant", "forbidden", "no-channel", "fault", "declined", "refused",
)  # fmt: skip


class State(Enum):
    """Where it stands."""

    QUEUED = auto()  # with the trunk, before SETUP
    SETUP = auto()
    RINGING = auto()
    ANSWERED = auto()
    CLEARING = auto()  # we clear
    GONE = auto()


class Event(Enum):
    """What may happen to it."""

    SETUP_SENT = auto()
    WITHDRAWN = auto()
    ALERTING = auto()
    ANSWERED = auto()
    DISCONNECTING = auto()  # an announcement or a tone, and then the end; also an unused number's
    TIMEOUT = auto()
    DROPPED = auto()  # by us
    CLEARED = auto()


class Do(Enum):
    """What the machine does on the way."""

    NOTE_SETUP = auto()
    NOTE_RINGING = auto()
    NOTE_ANSWER = auto()
    FAIL_AND_CLEAR = auto()  # tell the talk why
    FAIL_AND_RELEASE = auto()
    CLEAR = auto()
    RELEASE = auto()


Row = tuple[Do, State]

_BEFORE_ANSWER: Final[dict[Event, Row]] = {
    Event.ANSWERED: (Do.NOTE_ANSWER, State.ANSWERED),
    Event.DISCONNECTING: (Do.FAIL_AND_CLEAR, State.CLEARING),
    Event.TIMEOUT: (Do.FAIL_AND_CLEAR, State.CLEARING),
    Event.DROPPED: (Do.CLEAR, State.CLEARING),
    Event.CLEARED: (Do.FAIL_AND_RELEASE, State.GONE),
}

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.QUEUED: {
        Event.SETUP_SENT: (Do.NOTE_SETUP, State.SETUP),
        Event.ALERTING: (Do.NOTE_RINGING, State.RINGING),  # in the house there is no SETUP
        Event.WITHDRAWN: (Do.FAIL_AND_RELEASE, State.GONE),
        Event.TIMEOUT: (Do.FAIL_AND_CLEAR, State.CLEARING),
        Event.DROPPED: (Do.CLEAR, State.CLEARING),
        Event.CLEARED: (Do.FAIL_AND_RELEASE, State.GONE),
    },
    State.SETUP: {**_BEFORE_ANSWER, Event.ALERTING: (Do.NOTE_RINGING, State.RINGING)},
    State.RINGING: _BEFORE_ANSWER,
    State.ANSWERED: {
        Event.DISCONNECTING: (Do.FAIL_AND_CLEAR, State.CLEARING),
        Event.DROPPED: (Do.CLEAR, State.CLEARING),
        Event.CLEARED: (Do.FAIL_AND_RELEASE, State.GONE),
    },
    State.CLEARING: {
        Event.SETUP_SENT: (Do.NOTE_SETUP, State.CLEARING),  # it left while our order to clear was under way
        Event.WITHDRAWN: (Do.RELEASE, State.GONE),
        Event.CLEARED: (Do.RELEASE, State.GONE),
    },
    State.GONE: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call.  A `seat_id` is in the house, its number an extension; else the number is dialled.

    `code` is the result stored when the customer is handed over; empty: the operator keys one.
    """

    number: str
    name: str = ""
    code: str = ""
    target_id: int = 0
    seat_id: int = 0


@dataclass(slots=True)
class Leg:
    """Facts about one.  Times are monotonic seconds, -1.0 where it did not happen."""

    transfer_id: int
    attempt_id: int  # the customer's
    tenant_id: int
    project_id: int
    seat_id: int  # who called it
    user_id: int
    target: Target
    asked: float
    state: State = State.QUEUED
    line: Line | None = None
    house_leg: str = ""  # the phone's, in the house
    rung: Rung | None = None  # a phone of the house at which nobody is logged in
    to_seat_id: int = 0  # in the house: where it rings; another one's that picked it up
    setup: float = -1.0
    alerting: float = -1.0
    answered: float = -1.0
    handed: float = -1.0
    cleared: float = -1.0
    cause: int = 0
    outcome: str = ""
    code: str = ""  # stored on hand-over
    is_joined: bool = False
    was_waiting: bool = False  # in the house: the seat goes back to that when nothing comes of it

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for a stray."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]

    @property
    def call_id(self) -> int:
        """The trunk's id of it."""
        return FIRST_CALL + self.transfer_id

    @property
    def is_house(self) -> bool:
        return self.target.seat_id != 0

    @property
    def is_seat(self) -> bool:
        """Whether somebody who is logged in takes it: he may be given the customer, and his code."""
        return self.is_house and self.rung is None

    @property
    def port(self) -> str:
        """Its audio port; empty before it has one."""
        if self.house_leg:
            return self.house_leg
        return f"b{self.line.span}/{self.line.channel}" if self.line is not None else ""

    @property
    def holds_channel(self) -> bool:
        """Whether it counts among the calls out."""
        return not self.is_house and self.state is not State.GONE


def failure_of(cause: int, *, is_line_fault: bool) -> str:
    """Why a call that the network ended before its answer was not answered.  Q.850 causes."""
    if is_line_fault or cause in (34, 38, 41, 42, 44, 47):
        return "fault"
    if cause in (1, 22, 28):
        return "vacant"
    if cause == 17:
        return "busy"
    return "refused" if cause == 21 else "no-answer"
