"""A call that comes in, from its arrival to the free channel, as one table.  Speaks to nobody.

It passes through the tiers of its route: each rings phones, speaks, or asks for a digit, and the next one
follows when its time is over.  Once a seat has the caller his attempt goes on like any other (`attempt.py`),
and this is only the way from the line's call id to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Literal

from appliance.dialer.inputs import Customer, Stage
from appliance.dialer.ringing import Rung
from appliance.pri_card.trunk import Line


class State(Enum):
    """Where it stands."""

    ASKED = auto()  # the store is asked who answers
    NEXT = auto()  # a tier is over, the next one is found in the same step
    GREETED = auto()  # a tier's words before it rings
    RINGING = auto()
    QUEUED = auto()  # every phone of the tier is busy: music until one is free
    CHOOSING = auto()  # a menu is said, a digit awaited
    TOLD = auto()  # a tier's announcement
    PARTING = auto()  # nobody answered: he is told so
    TALKING = auto()  # a seat has him
    CLEARING = auto()  # we clear
    GONE = auto()


class Event(Enum):
    """What may happen to it."""

    ROUTED = auto()
    GREET = auto()  # what the next tier is
    RING = auto()
    ASK = auto()
    TELL = auto()
    NO_TIER = auto()
    SAID = auto()  # what was being said has been said
    TURN_OVER = auto()  # the phones that ring have rung long enough, or none is left of them
    ALL_BUSY = auto()
    SEAT_FREE = auto()
    CHOSEN = auto()
    MISKEYED = auto()
    TIMEOUT = auto()
    TAKEN = auto()  # a seat has him
    DROPPED = auto()  # the network disconnects with a tone, or a technician clears
    CLEARED = auto()


class Do(Enum):
    """What the machine does on the way."""

    FIND_TIER = auto()
    GREET = auto()
    BEGIN_RINGING = auto()
    RING_ON = auto()
    QUEUE = auto()
    ASK = auto()
    AWAIT_DIGIT = auto()
    TELL = auto()
    SAY_SORRY = auto()
    CONNECT = auto()
    CLEAR = auto()
    MISS = auto()
    END = auto()


Row = tuple[Do, State]

_LEAVING: Final[dict[Event, Row]] = {
    Event.CLEARED: (Do.MISS, State.GONE),
    Event.DROPPED: (Do.CLEAR, State.CLEARING),
}
_ON: Final[Row] = (Do.FIND_TIER, State.NEXT)
_WAITING: Final[dict[Event, Row]] = {
    **_LEAVING,
    Event.TAKEN: (Do.CONNECT, State.TALKING),  # a page may pick up whoever waits, in whatever tier
    Event.TIMEOUT: _ON,
}

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.ASKED: {**_LEAVING, Event.ROUTED: _ON, Event.TIMEOUT: _ON},
    State.NEXT: {
        Event.GREET: (Do.GREET, State.GREETED),
        Event.RING: (Do.BEGIN_RINGING, State.RINGING),
        Event.ASK: (Do.ASK, State.CHOOSING),
        Event.TELL: (Do.TELL, State.TOLD),
        Event.NO_TIER: (Do.SAY_SORRY, State.PARTING),
    },
    State.GREETED: {
        **_WAITING,
        Event.SAID: (Do.BEGIN_RINGING, State.RINGING),
        Event.TIMEOUT: (Do.BEGIN_RINGING, State.RINGING),
    },
    State.RINGING: {
        **_WAITING,
        Event.TURN_OVER: (Do.RING_ON, State.RINGING),
        Event.SEAT_FREE: (Do.RING_ON, State.RINGING),  # it joins those that ring, where all do at once
        Event.ALL_BUSY: (Do.QUEUE, State.QUEUED),
    },
    State.QUEUED: {**_WAITING, Event.SEAT_FREE: (Do.RING_ON, State.RINGING)},
    State.CHOOSING: {
        **_WAITING,
        Event.CHOSEN: _ON,
        Event.MISKEYED: (Do.ASK, State.CHOOSING),
        Event.SAID: (Do.AWAIT_DIGIT, State.CHOOSING),
    },
    State.TOLD: {**_WAITING, Event.SAID: _ON},
    State.PARTING: {
        **_LEAVING,
        Event.SAID: (Do.CLEAR, State.CLEARING),
        Event.TIMEOUT: (Do.CLEAR, State.CLEARING),
    },
    State.TALKING: {Event.CLEARED: (Do.END, State.GONE)},
    State.CLEARING: {Event.CLEARED: (Do.MISS, State.GONE)},
    State.GONE: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)
assert all(
    Event.CLEARED in rows for state, rows in TRANSITIONS.items() if state not in (State.NEXT, State.GONE)
)

TAKES: Final = frozenset(state for state, rows in TRANSITIONS.items() if Event.TAKEN in rows)
"""The caller waits, and a seat can have him."""

Shown = Literal["asked", "greeted", "ringing", "queued", "choosing", "told", "parting"]
SHOWN: Final[dict[State, Shown]] = {
    State.ASKED: "asked",
    State.GREETED: "greeted",
    State.RINGING: "ringing",
    State.QUEUED: "queued",
    State.CHOOSING: "choosing",
    State.TOLD: "told",
    State.PARTING: "parting",
}
assert set(SHOWN) >= TAKES

Outcome = Literal["", "answered", "missed"]

NOBODY: Final = Customer(0, "")


@dataclass(slots=True)
class Callback:
    """Facts about one.  Times are monotonic seconds, -1.0 where it did not happen."""

    call_id: int  # the trunk's, negative
    incoming_id: int  # its row's
    line: Line
    called: str
    number: str  # the caller's, empty where he withholds it
    arrived: float
    state: State = State.ASKED
    tenant_id: int = 0
    project_id: int = 0
    list_id: int = 0
    route_id: int = 0
    customer: Customer = NOBODY
    stages: tuple[Stage, ...] = ()
    place: int = 0  # of the tier in hand; 0 before the first
    stage: Stage | None = None
    detour: Stage | None = None  # where a menu's digit leads
    rung_from: float = 0.0  # when the tier in hand began to ring
    turn_from: float = 0.0  # … and those that ring now
    turn: dict[int, Rung | None] = field(default_factory=dict)  # seats that ring, and their phones
    tried: set[int] = field(default_factory=set)  # seats that rang in this tier and did not answer
    asked: int = 0  # how often the menu was said
    connected: float = -1.0  # the line was answered, by a word or by a seat
    taken: float = -1.0
    ended: float = -1.0
    attempt_id: int = 0
    seat_id: int = 0
    user_id: int = 0
    holds_customer: bool = False  # nobody dials him meanwhile

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

    @property
    def port(self) -> str:
        """The audio port of its line."""
        return f"b{self.line.span}/{self.line.channel}"

    @property
    def is_connected(self) -> bool:
        """Whether the caller hears us: before that he hears the exchange's ringing tone, and pays nothing."""
        return self.connected >= 0

    @property
    def outcome(self) -> Outcome:
        """What became of it; empty while it stands."""
        if self.taken >= 0:
            return "answered"
        return "missed" if self.ended >= 0 else ""


def next_stage(callback: Callback) -> Stage | None:
    """The tier that follows: where a digit leads, else the next in the route's order."""
    if callback.detour is not None:
        return callback.detour
    following = [stage for stage in callback.stages if stage.place > callback.place]
    return min(following, key=lambda stage: stage.place, default=None)


def ring_ends(callback: Callback) -> float:
    """When the tier's phones have rung long enough: all at once for its time, in turn for its time each."""
    stage = callback.stage
    assert stage is not None
    turns = 1 if stage.ring_order == "all" else max(1, len(stage.extensions))
    return callback.rung_from + stage.ring_s * turns
