"""One attempt, from the decision to dial to its disposal, as one table.  Knows no seats, phones or customers.

An attempt is on the disk before its SETUP goes out, ringing and in-band sound are never an answer, each is
disposed exactly once.  Results by product rules: 91 unused number, 92 ring cut, 93 busy, 94 no answer,
96 answered without a seat, 98 no code entered; a fault of the line is nobody's result.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from appliance.dialer.inputs import Customer
from appliance.dialer.messages import AttemptKind
from appliance.pri_card.trunk import Line


class State(Enum):
    """Where an attempt stands."""

    QUEUED = auto()  # being written to the disk
    DROPPED = auto()  # given up while it was being written
    COMMITTED = auto()  # with the trunk, before SETUP
    RECALLED = auto()  # … and the trunk was told to forget it
    SETUP = auto()
    RINGING = auto()
    ANSWERED = auto()  # without a seat, inside the answer window
    APOLOGY = auto()
    CONNECTED = auto()
    HANDED = auto()  # the customer talks on without an operator; the code is owed
    HANDED_CODED = auto()  # … and the code is there
    CLEARING = auto()  # we clear; the result stands
    OUTRUN = auto()  # we clear, as another number was answered first: nobody's result
    RELEASING = auto()  # we clear after a talk; the code is owed
    CODED = auto()  # we clear after a talk; the code is there
    OWED = auto()  # cleared; the code is owed
    DISPOSED = auto()


class Event(Enum):
    """What may happen to it."""

    WRITTEN = auto()
    WITHDRAWN = auto()
    SETUP_SENT = auto()
    ALERTING = auto()
    VACANT = auto()  # PROGRESS in-band with cause 1: the announcement of an unused number
    DISCONNECTING = auto()  # DISCONNECT with progress indicator 8
    ANSWERED = auto()
    RING_TIMEOUT = auto()
    RING_CUT = auto()
    GIVEN_UP = auto()  # by the operator of a preview call, or by a technician
    OUTRUN = auto()  # another number dialled for the same operator was answered first, or he has left
    SEAT_FOUND = auto()
    WINDOW_OVER = auto()
    APOLOGY_OVER = auto()
    HUNG_UP = auto()  # by the operator, or at the end of a talk that was handed over
    HANDED_OVER = auto()
    GIVEN_BACK = auto()  # nobody took him: a seat has him again
    CODE_ENTERED = auto()
    CLEARED = auto()
    FAULT = auto()  # cleared by the line, not by the number


class Do(Enum):
    """What the machine does on the way."""

    NOTHING = auto()
    PLACE = auto()
    WITHDRAW = auto()
    DISCARD = auto()
    NOTE_SETUP = auto()
    NOTE_ALERTING = auto()
    CLEAR_VACANT = auto()
    CLEAR_BY_CAUSE = auto()
    CLEAR_NO_ANSWER = auto()
    CLEAR_CUT = auto()
    CLEAR_QUEUED = auto()
    CLEAR_GIVEN_UP = auto()
    CLEAR_OUTRUN = auto()
    NOTE_TOO_LATE = auto()
    FIND_SEAT = auto()
    CONNECT = auto()
    APOLOGISE = auto()
    CLEAR_ABANDONED = auto()
    RELEASE = auto()
    PART = auto()
    PART_AND_CLEAR = auto()
    NOTE_HANDED = auto()
    NOTE_GIVEN_BACK = auto()
    END_HANDED = auto()
    NOTE_HANDED_CLEARED = auto()
    DISPOSE_HANDED = auto()
    NOTE_CLEARED = auto()
    STORE_CODE = auto()
    DISPOSE = auto()
    DISPOSE_BY_CAUSE = auto()
    DISPOSE_ABANDONED = auto()
    DISPOSE_FAULT = auto()
    DISPOSE_OUTRUN = auto()


Row = tuple[Do, State]

_BEFORE_ANSWER: Final[dict[Event, Row]] = {
    Event.VACANT: (Do.CLEAR_VACANT, State.CLEARING),
    Event.DISCONNECTING: (Do.CLEAR_BY_CAUSE, State.CLEARING),
    Event.ANSWERED: (Do.FIND_SEAT, State.ANSWERED),
    Event.RING_TIMEOUT: (Do.CLEAR_NO_ANSWER, State.CLEARING),
    Event.RING_CUT: (Do.CLEAR_CUT, State.CLEARING),
    Event.GIVEN_UP: (Do.CLEAR_GIVEN_UP, State.CLEARING),
    Event.OUTRUN: (Do.CLEAR_OUTRUN, State.OUTRUN),
    Event.CLEARED: (Do.DISPOSE_BY_CAUSE, State.DISPOSED),
    Event.FAULT: (Do.DISPOSE_FAULT, State.DISPOSED),
}

_HANDED_ENDS: Final = (Event.HUNG_UP, Event.GIVEN_UP, Event.DISCONNECTING)

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.QUEUED: {
        Event.WRITTEN: (Do.PLACE, State.COMMITTED),
        Event.GIVEN_UP: (Do.NOTHING, State.DROPPED),
        Event.OUTRUN: (Do.NOTHING, State.DROPPED),
    },
    State.DROPPED: {
        Event.WRITTEN: (Do.DISCARD, State.DISPOSED),
    },
    State.COMMITTED: {
        Event.SETUP_SENT: (Do.NOTE_SETUP, State.SETUP),
        Event.WITHDRAWN: (Do.WITHDRAW, State.DISPOSED),
        Event.GIVEN_UP: (Do.CLEAR_QUEUED, State.COMMITTED),
        Event.CLEARED: (Do.DISPOSE_FAULT, State.DISPOSED),  # cleared before SETUP: says nothing of the number
        Event.FAULT: (Do.DISPOSE_FAULT, State.DISPOSED),
        Event.OUTRUN: (Do.CLEAR_QUEUED, State.RECALLED),
    },
    State.RECALLED: {
        Event.WITHDRAWN: (Do.DISCARD, State.DISPOSED),
        Event.SETUP_SENT: (Do.NOTE_SETUP, State.OUTRUN),  # it was on its way already, and is being cleared
        Event.CLEARED: (Do.DISCARD, State.DISPOSED),
        Event.FAULT: (Do.DISCARD, State.DISPOSED),
    },
    # Q.931 5.1: in-band information (progress indicators 1 and 8) is no answer; only CONNECT is.
    State.SETUP: {**_BEFORE_ANSWER, Event.ALERTING: (Do.NOTE_ALERTING, State.RINGING)},
    State.RINGING: _BEFORE_ANSWER,
    State.ANSWERED: {
        Event.SEAT_FOUND: (Do.CONNECT, State.CONNECTED),
        Event.WINDOW_OVER: (Do.APOLOGISE, State.APOLOGY),
        Event.GIVEN_UP: (Do.CLEAR_ABANDONED, State.CLEARING),
        Event.DISCONNECTING: (Do.CLEAR_ABANDONED, State.CLEARING),
        Event.CLEARED: (Do.DISPOSE_ABANDONED, State.DISPOSED),
        Event.FAULT: (Do.DISPOSE_ABANDONED, State.DISPOSED),
    },
    State.APOLOGY: {
        Event.APOLOGY_OVER: (Do.CLEAR_ABANDONED, State.CLEARING),
        Event.GIVEN_UP: (Do.CLEAR_ABANDONED, State.CLEARING),
        Event.DISCONNECTING: (Do.CLEAR_ABANDONED, State.CLEARING),
        Event.CLEARED: (Do.DISPOSE_ABANDONED, State.DISPOSED),
        Event.FAULT: (Do.DISPOSE_ABANDONED, State.DISPOSED),
    },
    State.CONNECTED: {
        Event.HUNG_UP: (Do.RELEASE, State.RELEASING),
        Event.GIVEN_UP: (Do.PART_AND_CLEAR, State.RELEASING),
        Event.DISCONNECTING: (Do.PART_AND_CLEAR, State.RELEASING),
        Event.CLEARED: (Do.PART, State.OWED),
        Event.FAULT: (Do.PART, State.OWED),
        Event.HANDED_OVER: (Do.NOTE_HANDED, State.HANDED),
    },
    State.HANDED: {
        **dict.fromkeys(_HANDED_ENDS, (Do.END_HANDED, State.RELEASING)),
        Event.CODE_ENTERED: (Do.STORE_CODE, State.HANDED_CODED),
        Event.GIVEN_BACK: (Do.NOTE_GIVEN_BACK, State.CONNECTED),
        Event.CLEARED: (Do.NOTE_HANDED_CLEARED, State.OWED),
        Event.FAULT: (Do.NOTE_HANDED_CLEARED, State.OWED),
    },
    State.HANDED_CODED: {
        **dict.fromkeys(_HANDED_ENDS, (Do.END_HANDED, State.CODED)),
        Event.GIVEN_BACK: (Do.NOTE_GIVEN_BACK, State.CONNECTED),
        Event.CLEARED: (Do.DISPOSE_HANDED, State.DISPOSED),
        Event.FAULT: (Do.DISPOSE_HANDED, State.DISPOSED),
    },
    State.CLEARING: {
        # The callee lifted the handset while our DISCONNECT was under way, and hears nobody: abandoned.
        Event.ANSWERED: (Do.NOTE_TOO_LATE, State.CLEARING),
        Event.CLEARED: (Do.DISPOSE, State.DISPOSED),
        Event.FAULT: (Do.DISPOSE, State.DISPOSED),
    },
    State.OUTRUN: {
        Event.ANSWERED: (Do.NOTE_TOO_LATE, State.CLEARING),
        Event.CLEARED: (Do.DISPOSE_OUTRUN, State.DISPOSED),
        Event.FAULT: (Do.DISPOSE_OUTRUN, State.DISPOSED),
    },
    State.RELEASING: {
        Event.CODE_ENTERED: (Do.STORE_CODE, State.CODED),
        Event.CLEARED: (Do.NOTE_CLEARED, State.OWED),
        Event.FAULT: (Do.NOTE_CLEARED, State.OWED),
    },
    State.CODED: {
        Event.CLEARED: (Do.DISPOSE, State.DISPOSED),
        Event.FAULT: (Do.DISPOSE, State.DISPOSED),
    },
    State.OWED: {
        Event.CODE_ENTERED: (Do.DISPOSE, State.DISPOSED),
    },
    State.DISPOSED: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)

ON_LINE: Final = frozenset(
    {
        State.SETUP, State.RINGING, State.ANSWERED, State.APOLOGY, State.CONNECTED, State.HANDED,
        State.HANDED_CODED, State.CLEARING, State.OUTRUN, State.RELEASING, State.CODED,
    }
)  # fmt: skip
"""States in which an attempt holds a channel."""

IN_TALK: Final = frozenset({State.CONNECTED, State.HANDED, State.HANDED_CODED})
"""States in which the customer talks, or waits for somebody to talk to."""

VACANT_CAUSES: Final = frozenset({1, 22, 28})  # Q.850: unallocated, number changed, invalid number format
BUSY_CAUSES: Final = frozenset({17})
# Q.850: no circuit, network out of order, temporary failure, switching congestion, channel not available,
# resource unavailable.  The trunk marks them too; a trunk that does not is caught here.
FAULT_CAUSES: Final = frozenset({34, 38, 41, 42, 44, 47})


def result_of(cause: int) -> str:
    """The code of a call the network ended before an answer.  18, 19 and all else that is left: no answer."""
    if cause in VACANT_CAUSES:
        return "91"
    return "93" if cause in BUSY_CAUSES else "94"


@dataclass(slots=True)
class Attempt:
    """Facts about one attempt.  Times are monotonic seconds, -1.0 where it did not happen."""

    attempt_id: int
    project_id: int
    tenant_id: int
    list_id: int
    customer: Customer
    opened: float
    retries: int = 0
    seat_id: int = 0  # the seat that a call is bound to from the start; else once connected
    user_id: int = 0
    caller: str = ""
    kind: AttemptKind = "list"
    is_narrow: bool = False  # of a list that not every seat may call: narrow.py
    group_id: int = 0  # of several numbers dialled at once for one operator: many.py
    incoming_call: int = 0  # the trunk's call id of one that came in, negative
    holds_customer: bool = True  # nobody else dials him meanwhile
    state: State = State.QUEUED
    line: Line | None = None
    setup: float = -1.0
    alerting: float = -1.0
    answered: float = -1.0
    connected: float = -1.0
    parted: float = -1.0
    cleared: float = -1.0
    cause: int = 0
    result: str = ""
    wait_s: float = 0.0  # its seat had waited for it
    is_dialled: bool = False  # no longer counted among the calls on their way
    is_inherited: bool = False  # of the dialer before this one: the store knows its times, we do not
    is_released: bool = False  # no longer counted among the channels in use

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for what cannot happen in this state (a stray)."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]

    @property
    def is_rated(self) -> bool:
        """Whether its answer counts in the ratio of abandons; of one number alone it cannot be abandoned."""
        return not self.is_bound or self.group_id > 0

    @property
    def is_bound(self) -> bool:
        """Dialled for one seat, which alone gets the answer; pacing knows nothing of it."""
        return self.kind != "list"

    @property
    def call_id(self) -> int:
        """The trunk's id of it."""
        return self.incoming_call or self.attempt_id

    @property
    def is_incoming(self) -> bool:
        """Whether somebody called us: it counts for no list, no pace and no share of channels."""
        return self.kind == "incoming"

    @property
    def port(self) -> str:
        """The audio port of its line."""
        assert self.line is not None
        return f"b{self.line.span}/{self.line.channel}"
