"""Several numbers dialled at once for one operator (プレディコール), as one table.  Speaks to nobody.

The first human answer wins; the others are cleared before they ring on.  An answer in the same instant is
turned away with the apology and counts as abandoned, as does one that crosses our clearing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Literal

from appliance.dialer import attempt as attempts
from appliance.dialer.attempt import Attempt
from appliance.dialer.messages import DialledBoard

AT_ONCE_MAX: Final = 4


class State(Enum):
    """Where the numbers of one operator stand."""

    DIALLING = auto()
    WON = auto()  # one was answered; the others stand for an instant: two answers may come in one breath
    ENDING = auto()  # the others are being cleared
    OVER = auto()


class Event(Enum):
    """What may happen to them."""

    ANSWERED = auto()
    ENDED = auto()  # one of them, and others stand
    LAST_ENDED = auto()
    INSTANT_OVER = auto()
    LEFT = auto()  # the operator hung up


class Do(Enum):
    """What the machine does on the way."""

    NOTHING = auto()
    SHOW = auto()
    GIVE = auto()
    TURN_AWAY = auto()
    CLEAR = auto()
    TELL_SEAT = auto()
    FORGET = auto()


Row = tuple[Do, State]

_ENDS: Final[dict[Event, Row]] = {
    Event.ENDED: (Do.NOTHING, State.ENDING),
    Event.LAST_ENDED: (Do.FORGET, State.OVER),
}

TRANSITIONS: Final[dict[State, dict[Event, Row]]] = {
    State.DIALLING: {
        Event.ANSWERED: (Do.GIVE, State.WON),
        Event.ENDED: (Do.SHOW, State.DIALLING),
        Event.LAST_ENDED: (Do.TELL_SEAT, State.OVER),
        Event.LEFT: (Do.CLEAR, State.ENDING),
    },
    State.WON: {
        Event.ANSWERED: (Do.TURN_AWAY, State.WON),
        Event.ENDED: (Do.NOTHING, State.WON),
        Event.LAST_ENDED: (Do.FORGET, State.OVER),
        Event.INSTANT_OVER: (Do.CLEAR, State.ENDING),
    },
    State.ENDING: _ENDS,
    State.OVER: {},
}

assert set(TRANSITIONS) == set(State)
assert {do for rows in TRANSITIONS.values() for do, _next in rows.values()} == set(Do)

_SHOWN: Final[dict[attempts.State, Literal["queued", "calling", "ringing"]]] = {
    attempts.State.SETUP: "calling",
    attempts.State.RINGING: "ringing",
}


@dataclass(slots=True)
class Dialled:
    """One number of the group, and what it came to."""

    customer_id: int
    number: str
    code: str = ""


@dataclass(slots=True)
class Group:
    """Facts about the numbers of one operator; `open`: attempts that stand and have not won."""

    group_id: int
    seat_id: int
    project_id: int
    state: State = State.DIALLING
    dialled: dict[int, Dialled] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)

    def step(self, event: Event) -> Do | None:
        """Move on; what is to be done, or None for what cannot happen in this state (a stray)."""
        row = TRANSITIONS[self.state].get(event)
        if row is None:
            return None
        self.state = row[1]
        return row[0]

    def add(self, attempt: Attempt) -> None:
        """One more number."""
        attempt.group_id = self.group_id
        self.open.add(attempt.attempt_id)
        self.dialled[attempt.attempt_id] = Dialled(attempt.customer.customer_id, attempt.customer.number)

    def standing(self, every: Mapping[int, Attempt]) -> list[Attempt]:
        """Its attempts that stand and have not won, in the order of their dialling."""
        return [every[number] for number in sorted(self.open)]

    def shown(self, every: Mapping[int, Attempt]) -> tuple[DialledBoard, ...]:
        """What the operator's screen shows while they ring."""
        return tuple(
            DialledBoard(
                one.customer_id,
                one.number,
                _SHOWN.get(every[number].state, "queued") if number in self.open else "over",
                one.code,
            )
            for number, one in self.dialled.items()
        )
