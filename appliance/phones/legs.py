"""A leg, one call between a desk phone and the box, as one table: what each event does in each state.

Pure.  Who sends and tells is `service.py`; this file says what may be sent and told.
"""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass
from typing import Any, Final

from appliance.phones.messages import LegState, Media
from appliance.phones.sdp import Offer


class State(enum.Enum):
    """Where a leg stands."""

    INVITED = "invited"  # the phone called and waits for our answer
    RINGING = "ringing"  # we called the phone
    UP = "up"
    ENDED = "ended"


class Input(enum.Enum):
    """What happens to a leg."""

    ANSWER = "answer"  # the dialer takes the call
    REJECT = "reject"  # the dialer refuses it
    HANG_UP = "hang up"  # the dialer ends it
    PICKED_UP = "picked up"  # the phone answered with its stream
    REOFFERED = "reoffered"  # the phone moved its stream
    KEY = "key"  # by INFO
    GONE = "gone"  # BYE, CANCEL, a refusal, no ACK, a session timer


class Do(enum.Enum):
    """What follows."""

    NOTHING = "nothing"
    SEND_ANSWER = "send answer"
    SEND_REJECT = "send reject"
    SEND_BYE = "send bye"  # or CANCEL, or a refusal: whatever ends it in its state
    TELL_ANSWERED = "tell answered"
    TELL_MEDIA = "tell media"
    TELL_KEY = "tell key"
    TELL_ENDED = "tell ended"


Row = tuple[Do, State]

_ENDING: Final[dict[Input, Row]] = {
    Input.HANG_UP: (Do.SEND_BYE, State.ENDED),
    Input.GONE: (Do.TELL_ENDED, State.ENDED),
}

TRANSITIONS: Final[dict[State, dict[Input, Row]]] = {
    State.INVITED: {
        Input.ANSWER: (Do.SEND_ANSWER, State.UP),
        Input.REJECT: (Do.SEND_REJECT, State.ENDED),
        Input.PICKED_UP: (Do.NOTHING, State.INVITED),
        Input.REOFFERED: (Do.TELL_MEDIA, State.INVITED),
        Input.KEY: (Do.TELL_KEY, State.INVITED),
        **_ENDING,
    },
    State.RINGING: {
        Input.ANSWER: (Do.NOTHING, State.RINGING),
        Input.REJECT: (Do.SEND_BYE, State.ENDED),
        Input.PICKED_UP: (Do.TELL_ANSWERED, State.UP),
        Input.REOFFERED: (Do.NOTHING, State.RINGING),
        Input.KEY: (Do.NOTHING, State.RINGING),
        **_ENDING,
    },
    State.UP: {
        Input.ANSWER: (Do.NOTHING, State.UP),  # said twice after a reconnect
        Input.REJECT: (Do.SEND_BYE, State.ENDED),
        Input.PICKED_UP: (Do.TELL_MEDIA, State.UP),  # the ACK of an INVITE without an offer, RFC 3261 13.2.1
        Input.REOFFERED: (Do.TELL_MEDIA, State.UP),
        Input.KEY: (Do.TELL_KEY, State.UP),
        **_ENDING,
    },
    State.ENDED: dict.fromkeys(Input, (Do.NOTHING, State.ENDED)),  # the other side was quicker
}
assert set(TRANSITIONS) == set(State)
assert all(set(rows) == set(Input) for rows in TRANSITIONS.values())


@dataclass(slots=True)
class Leg:
    """One leg.  `call` is the SIP library's own object, opaque here."""

    name: str
    extension: str
    dialled: str
    remote: Media
    state: State
    call: Any = None
    own: Media | None = None
    offer: Offer | None = None
    sdp_version: int = 1
    session_s: int = 0  # RFC 4028: the phone promised to refresh this often; 0: it did not
    session_due: float = 0.0

    def feed(self, what: Input) -> Do:
        """Take one step of the table."""
        do, self.state = TRANSITIONS[self.state][what]
        return do

    def snapshot(self) -> LegState:
        is_answered = self.state is State.UP
        local_port = self.own.port if self.own else 0
        return LegState(self.name, self.extension, self.dialled, self.remote, is_answered, local_port)


class Legs:
    """Every standing leg, by name.  Names count on from `first`; a clock there keeps restarts apart."""

    def __init__(self, *, first: int = 1) -> None:
        self._numbers = itertools.count(first)
        self._of: dict[str, Leg] = {}

    def __len__(self) -> int:
        return len(self._of)

    def add(self, extension: str, dialled: str, remote: Media, state: State) -> Leg:
        leg = Leg(f"p{next(self._numbers)}", extension, dialled, remote, state)
        self._of[leg.name] = leg
        return leg

    def get(self, name: str) -> Leg | None:
        return self._of.get(name)

    def forget(self, leg: Leg) -> None:
        self._of.pop(leg.name, None)

    def all(self) -> list[Leg]:
        return list(self._of.values())

    def snapshot(self) -> tuple[LegState, ...]:
        return tuple(leg.snapshot() for leg in self._of.values() if leg.state is not State.ENDED)
