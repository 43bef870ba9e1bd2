"""A talk beyond two: hold, the third party, hand-over and what follows, as one table.  Speaks to nobody.

A talk that is neither held nor has a third party is OPEN.  `party_leg.py` is the third party's own call; what
becomes of it comes here as an event.  The customer is never left with nobody but by his own hand: where the
third party fails he goes back to the operator, or, where that one has left, to whichever seat is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

from appliance.dialer.attempt import Attempt
from appliance.dialer.party_leg import Leg


class State(Enum):
    """Where a talk stands."""

    OPEN = auto()  # customer and operator
    HELD = auto()  # the customer hears music
    CALLING = auto()  # … and a third party is called
    RINGING = auto()
    PRIVATE = auto()  # … and operator and third party talk
    JOINED = auto()  # all three
    BLIND = auto()  # the operator has left before the answer; the customer hears it ring
    HANDED = auto()  # customer and third party
    RETURNING = auto()  # nobody answered: music until a seat is free
    SORRY = auto()  # no seat in time: the customer is told so
    PARTING = auto()  # the customer is being cleared
    ENDED = auto()


class Event(Enum):
    """What may happen to it."""

    HOLD = auto()
    RESUME = auto()
    PHONE_HELD = auto()  # by the phone's own key
    PHONE_BACK = auto()
    CALL = auto()
    RINGS = auto()
    ANSWERED = auto()
    TAKEN = auto()  # answered at a seat of the house, for a customer whose operator has left
    FAILED = auto()  # the third party is not reached, or has left
    DROP = auto()  # the operator wants the customer back
    JOIN = auto()
    HAND_OVER = auto()
    GIVE = auto()  # hand over to a seat of the house
    LEAVE = auto()  # the operator's handset is down
    OVERLONG = auto()  # nobody charges a line that was forgotten
    SEAT_FREE = auto()
    TOO_LONG = auto()
    SAID = auto()
    OVER = auto()  # the customer's line is gone, or the operator ended the talk


class Do(Enum):
    """What the machine does on the way."""

    NOTHING = auto()
    HOLD = auto()
    SPEAK = auto()
    CALL = auto()
    RING = auto()
    MEET = auto()
    KEEP_WAITING = auto()
    GIVE_BACK = auto()
    DROP = auto()
    JOIN = auto()
    HAND_OVER = auto()
    GIVE = auto()
    GO_BLIND = auto()
    CONNECT = auto()
    GIVE_BLIND = auto()
    SEEK_SEAT = auto()
    RETURN = auto()
    APOLOGISE = auto()
    CLEAR = auto()
    END = auto()


Row = tuple[Do, State]

_OVER: Final[dict[Event, Row]] = {Event.OVER: (Do.END, State.ENDED)}
_BEFORE_ANSWER: Final[dict[Event, Row]] = {
    **_OVER,
    Event.ANSWERED: (Do.MEET, State.PRIVATE),
    Event.FAILED: (Do.GIVE_BACK, State.OPEN),
    Event.DROP: (Do.DROP, State.OPEN),
    Event.HAND_OVER: (Do.GO_BLIND, State.BLIND),
    Event.LEAVE: (Do.GO_BLIND, State.BLIND),
}
_TOGETHER: Final[dict[Event, Row]] = {
    **_OVER,
    Event.FAILED: (Do.GIVE_BACK, State.OPEN),
    Event.DROP: (Do.DROP, State.OPEN),
    Event.HAND_OVER: (Do.HAND_OVER, State.HANDED),
    Event.LEAVE: (Do.HAND_OVER, State.HANDED),
    Event.GIVE: (Do.GIVE, State.OPEN),  # a talk like any other, at the other seat
}

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.OPEN: {
        **_OVER,
        Event.HOLD: (Do.HOLD, State.HELD),
        Event.PHONE_HELD: (Do.HOLD, State.HELD),
        Event.CALL: (Do.CALL, State.CALLING),
    },
    State.HELD: {
        **_OVER,
        Event.RESUME: (Do.SPEAK, State.OPEN),
        Event.PHONE_BACK: (Do.SPEAK, State.OPEN),
        Event.CALL: (Do.CALL, State.CALLING),
    },
    State.CALLING: {**_BEFORE_ANSWER, Event.RINGS: (Do.RING, State.RINGING)},
    State.RINGING: _BEFORE_ANSWER,
    State.PRIVATE: {
        **_TOGETHER,
        Event.JOIN: (Do.JOIN, State.JOINED),
        Event.PHONE_HELD: (Do.KEEP_WAITING, State.PRIVATE),
        Event.PHONE_BACK: (Do.MEET, State.PRIVATE),
    },
    State.JOINED: _TOGETHER,
    State.BLIND: {
        **_OVER,
        Event.RINGS: (Do.NOTHING, State.BLIND),
        Event.ANSWERED: (Do.CONNECT, State.HANDED),
        Event.TAKEN: (Do.GIVE_BLIND, State.OPEN),
        Event.FAILED: (Do.SEEK_SEAT, State.RETURNING),
    },
    State.HANDED: {
        **_OVER,
        Event.FAILED: (Do.CLEAR, State.PARTING),  # the two have ended their talk
        Event.OVERLONG: (Do.CLEAR, State.PARTING),
    },
    State.RETURNING: {
        **_OVER,
        Event.SEAT_FREE: (Do.RETURN, State.OPEN),
        Event.TOO_LONG: (Do.APOLOGISE, State.SORRY),
    },
    State.SORRY: {**_OVER, Event.SAID: (Do.CLEAR, State.PARTING)},
    State.PARTING: _OVER,
    State.ENDED: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)
assert all(Event.OVER in rows for state, rows in TRANSITIONS.items() if state is not State.ENDED)

CONSULTING: Final = frozenset({State.CALLING, State.RINGING, State.PRIVATE, State.JOINED})
"""The operator is there, and a third party."""

WITHOUT_SEAT: Final = frozenset({State.BLIND, State.HANDED, State.RETURNING, State.SORRY, State.PARTING})
"""The operator has left; the attempt is HANDED."""

Shown = Literal["calling", "ringing", "private", "joined"]
SHOWN: Final[dict[State, Shown]] = {
    State.CALLING: "calling",
    State.RINGING: "ringing",
    State.PRIVATE: "private",
    State.JOINED: "joined",
}
assert set(SHOWN) == CONSULTING

CUSTOMER_WAITS: Final = frozenset({State.HELD, State.CALLING, State.RINGING, State.PRIVATE})
"""The customer hears music."""


@dataclass(slots=True)
class Talk:
    """One conversation.  `seat_id` is the operator's, also after he left."""

    attempt: Attempt
    seat_id: int
    state: State = State.OPEN
    leg: Leg | None = None
    is_phone_held: bool = False
    failed: str = ""  # why the last third party did not come about

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for what cannot happen in this state (a stray)."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]

    def takes(self, event: Event) -> bool:
        """Whether an event has a meaning now."""
        return event in TRANSITIONS[self.state]
