"""A desk phone that the box rings, as one table: from the order to the handset, and down again.

Who ordered it is told of three things alone: the handset is up, it will not come up, it is down again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

RING_S: Final = 30.0  # a phone beside its user is answered by then

Told = Literal["up", "failed", "down"]


class State(Enum):
    """Where it stands."""

    ORDERED = auto()  # its leg has no name yet
    UNWANTED = auto()  # … and is hung up as soon as it has
    RINGING = auto()
    UP = auto()
    OVER = auto()


class Event(Enum):
    """What may happen to it."""

    PLACED = auto()
    REFUSED = auto()  # not registered, or the phones process is away
    LIFTED = auto()
    ENDED = auto()  # busy, declined, or the handset is down
    TOO_LONG = auto()
    DROPPED = auto()  # by whoever ordered it


class Do(Enum):
    """What the machine does on the way."""

    NOTHING = auto()
    TELL_UP = auto()
    TELL_FAILED = auto()
    TELL_DOWN = auto()
    HANG_UP = auto()
    HANG_UP_AND_TELL = auto()


Row = tuple[Do, State]

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.ORDERED: {
        Event.PLACED: (Do.NOTHING, State.RINGING),
        Event.REFUSED: (Do.TELL_FAILED, State.OVER),
        Event.TOO_LONG: (Do.TELL_FAILED, State.UNWANTED),
        Event.DROPPED: (Do.NOTHING, State.UNWANTED),
    },
    State.UNWANTED: {
        Event.PLACED: (Do.HANG_UP, State.OVER),
        Event.REFUSED: (Do.NOTHING, State.OVER),
    },
    State.RINGING: {
        Event.LIFTED: (Do.TELL_UP, State.UP),
        Event.ENDED: (Do.TELL_FAILED, State.OVER),
        Event.TOO_LONG: (Do.HANG_UP_AND_TELL, State.OVER),
        Event.DROPPED: (Do.HANG_UP, State.OVER),
    },
    State.UP: {
        Event.ENDED: (Do.TELL_DOWN, State.OVER),
        Event.DROPPED: (Do.HANG_UP, State.OVER),
    },
    State.OVER: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)


@dataclass(slots=True)
class Rung:
    """One phone that rings.  `tell` is called with what has become of it."""

    ref: int
    extension: str
    tell: Callable[[Told], None]
    state: State = State.ORDERED
    leg: str = ""

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for what cannot happen in this state (a stray)."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]
