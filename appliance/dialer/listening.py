"""A supervisor who listens to a seat, as one table.  Speaks to nobody; knows neither ports nor calls.

He listens over all calls of the seat until somebody ends it: he on the page, his handset, the operator's
log-out, or half an hour.  `mixing.py` says what he hears and who hears him.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

from appliance.dialer.messages import How
from appliance.dialer.ringing import Rung

LISTEN_MAX_S: Final = 1800.0  # who was forgotten on the line is not listened to for a day

Ended = Literal["", "ended", "changed", "moved", "hung-up", "too-long", "seat-left", "own-seat"]
"""Why a stretch of listening is over; empty while it goes on."""


class State(Enum):
    """Where it stands."""

    NEW = auto()
    RINGING = auto()  # his phone
    ON = auto()  # its handset is up
    BORROWED = auto()  # on the leg of the seat where he is logged in himself, paused or on a break
    OVER = auto()


class Event(Enum):
    """What may happen to it."""

    RING = auto()
    BORROW = auto()
    UP = auto()
    FAILED = auto()
    DOWN = auto()
    CHANGED = auto()  # another `how`
    MOVED = auto()  # another seat
    ENDED = auto()  # by the page
    SEAT_LEFT = auto()  # the operator has logged out
    BUSY = auto()  # his own seat takes calls again, or is left
    TOO_LONG = auto()


class Do(Enum):
    """What the machine does on the way."""

    NOTHING = auto()
    BEGIN = auto()
    CHANGE = auto()  # a stretch ends and another begins
    FORGET = auto()
    DROP = auto()  # stop the ringing, and forget
    STOP = auto()  # nobody hears him any more; forget
    STOP_AND_HANG_UP = auto()


Row = tuple[Do, State]

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.NEW: {
        Event.RING: (Do.NOTHING, State.RINGING),
        Event.BORROW: (Do.BEGIN, State.BORROWED),
    },
    State.RINGING: {
        Event.UP: (Do.BEGIN, State.ON),
        Event.FAILED: (Do.FORGET, State.OVER),
        Event.CHANGED: (Do.NOTHING, State.RINGING),
        Event.MOVED: (Do.NOTHING, State.RINGING),
        Event.ENDED: (Do.DROP, State.OVER),
        Event.SEAT_LEFT: (Do.DROP, State.OVER),
    },
    State.ON: {
        Event.DOWN: (Do.STOP, State.OVER),
        Event.CHANGED: (Do.CHANGE, State.ON),
        Event.MOVED: (Do.CHANGE, State.ON),
        Event.ENDED: (Do.STOP_AND_HANG_UP, State.OVER),
        Event.SEAT_LEFT: (Do.STOP_AND_HANG_UP, State.OVER),
        Event.TOO_LONG: (Do.STOP_AND_HANG_UP, State.OVER),
    },
    State.BORROWED: {
        Event.CHANGED: (Do.CHANGE, State.BORROWED),
        Event.MOVED: (Do.CHANGE, State.BORROWED),
        Event.ENDED: (Do.STOP, State.OVER),
        Event.SEAT_LEFT: (Do.STOP, State.OVER),
        Event.BUSY: (Do.STOP, State.OVER),
        Event.TOO_LONG: (Do.STOP, State.OVER),
    },
    State.OVER: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)

HEARING: Final = frozenset({State.ON, State.BORROWED})

ENDED_BY: Final[dict[Event, Ended]] = {
    Event.DOWN: "hung-up",
    Event.CHANGED: "changed",
    Event.MOVED: "moved",
    Event.ENDED: "ended",
    Event.SEAT_LEFT: "seat-left",
    Event.BUSY: "own-seat",
    Event.TOO_LONG: "too-long",
}


@dataclass(slots=True)
class Listening:
    """One supervisor at one seat.  Times are monotonic seconds, -1.0 where it did not happen."""

    user_id: int
    name: str
    seat_id: int
    extension: str  # of the phone he hears it on
    how: How
    state: State = State.NEW
    rung: Rung | None = None
    leg: str = ""  # his port, once he hears
    since: float = -1.0  # of the stretch that goes on: this seat, this way
    since_at: float = 0.0  # the same by the wall clock of that moment: names the stretch's row
    operator_id: int = 0  # whom he hears in it
    tenant_id: int = 0  # the operator's

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for what has no meaning in this state."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]
