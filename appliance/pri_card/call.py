"""One call on the line as a table: what each message, command and timer does in each state.  Pure.

Steps come out as values; `pri_span` carries them out.  A message that has no row in a state is noise of the
peer (Q.931 5.8.4) and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from appliance.pri_card import call_timers as timers


class State(Enum):
    """Q.931 2.1.1 has more of them; these are the ones in which something different may happen."""

    SETUP = "setup"  # our SETUP is out (U1)
    PROCEEDING = "proceeding"  # the network has all it needs (U3)
    LISTENING = "listening"  # PROGRESS came: tones or speech, and no ringing (U3)
    RINGING = "ringing"  # ALERTING (U4)
    OFFERED = "offered"  # somebody calls us (U7)
    ANSWERED = "answered"  # conversation (U10)
    ANNOUNCING = "announcing"  # DISCONNECT with an announcement (U12)
    CLEARING = "clearing"  # our DISCONNECT or RELEASE is out (U11, U19)
    GONE = "gone"  # U0


class Input(Enum):
    """Messages of the network, commands of the dialer, and time."""

    PROCEEDING = "proceeding"
    ALERTING = "alerting"
    PROGRESS = "progress"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    DISCONNECT_IN_BAND = "disconnect in band"
    FREED = "freed"  # the call reference is released on both sides
    UNCONFIRMED = "unconfirmed"  # released here; no message of the network said so
    UNFIT = "unfit"  # the network put the call on a channel that is not ours to use
    LOST = "lost"  # the link or the channel went away under the call
    CLEAR = "clear"
    ANSWER = "answer"
    TIMEOUT = "timeout"


class Step(Enum):
    """What the shell does, in this order."""

    TELL_PROCEEDING = "tell proceeding"
    TELL_ALERTING = "tell alerting"
    TELL_PROGRESS = "tell progress"
    TELL_ANSWERED = "tell answered"
    TELL_DISCONNECTING = "tell disconnecting"
    SEND_CONNECT = "send connect"
    HANG_UP = "hang up"
    ABANDON = "abandon"  # forget the call without a message
    DOUBT = "doubt"  # the channel needs a RESTART before it is used again
    TELL_CLEARED = "tell cleared"


Row = tuple[tuple[Step, ...], State]

_CLEAR: Final[Row] = ((Step.HANG_UP,), State.CLEARING)
_FREED: Final[Row] = ((Step.TELL_CLEARED,), State.GONE)
_UNCONFIRMED: Final[Row] = ((Step.DOUBT, Step.TELL_CLEARED), State.GONE)
_LOST: Final[Row] = ((Step.ABANDON, Step.TELL_CLEARED), State.GONE)
_ALERTING: Final[Row] = ((Step.TELL_ALERTING,), State.RINGING)
_PROGRESS: Final[Row] = ((Step.TELL_PROGRESS,), State.LISTENING)
_CONNECT: Final[Row] = ((Step.TELL_ANSWERED,), State.ANSWERED)
_ANNOUNCE: Final[Row] = ((Step.TELL_DISCONNECTING,), State.ANNOUNCING)

_UNFIT: Final[Row] = _CLEAR  # 5.2.3.1: cause 6

_ENDINGS: Final[dict[Input, Row]] = {
    Input.DISCONNECT: _CLEAR,  # Q.931 5.3.4: answer DISCONNECT with RELEASE
    Input.FREED: _FREED,  # 5.3.2: RELEASE or RELEASE COMPLETE without DISCONNECT
    Input.UNCONFIRMED: _UNCONFIRMED,
    Input.LOST: _LOST,  # 5.8.9, 5.5
    Input.CLEAR: _CLEAR,  # 5.3.3
}

TRANSITIONS: Final[dict[State, dict[Input, Row]]] = {
    State.SETUP: {  # Q.931 5.1.1-5.1.5
        **_ENDINGS,
        Input.UNFIT: _UNFIT,
        Input.PROCEEDING: ((Step.TELL_PROCEEDING,), State.PROCEEDING),
        Input.ALERTING: _ALERTING,
        Input.PROGRESS: _PROGRESS,
        Input.CONNECT: _CONNECT,
        Input.DISCONNECT_IN_BAND: _ANNOUNCE,
        Input.TIMEOUT: _CLEAR,
    },
    State.PROCEEDING: {  # T310, table 9-2
        **_ENDINGS,
        Input.UNFIT: _UNFIT,
        Input.ALERTING: _ALERTING,
        Input.PROGRESS: _PROGRESS,  # 5.1.6: stops T310
        Input.CONNECT: _CONNECT,
        Input.DISCONNECT_IN_BAND: _ANNOUNCE,
        Input.TIMEOUT: _CLEAR,
    },
    State.LISTENING: {
        **_ENDINGS,
        Input.UNFIT: _UNFIT,
        Input.ALERTING: _ALERTING,
        Input.PROGRESS: _PROGRESS,
        Input.CONNECT: _CONNECT,
        Input.DISCONNECT_IN_BAND: _ANNOUNCE,
        Input.TIMEOUT: _CLEAR,
    },
    State.RINGING: {  # T301, table 9-2
        **_ENDINGS,
        Input.UNFIT: _UNFIT,
        Input.PROGRESS: ((Step.TELL_PROGRESS,), State.RINGING),
        Input.CONNECT: _CONNECT,
        Input.DISCONNECT_IN_BAND: _ANNOUNCE,
        Input.TIMEOUT: _CLEAR,
    },
    State.OFFERED: {  # 5.2
        **_ENDINGS,
        Input.ANSWER: ((Step.SEND_CONNECT, Step.TELL_ANSWERED), State.ANSWERED),
        Input.DISCONNECT_IN_BAND: _CLEAR,
        Input.TIMEOUT: _CLEAR,
    },
    State.ANSWERED: {
        **_ENDINGS,
        Input.DISCONNECT_IN_BAND: _CLEAR,  # the conversation is over; nobody listens to the tone
    },
    State.ANNOUNCING: {  # 5.4.1
        **_ENDINGS,
        Input.TIMEOUT: _CLEAR,
    },
    State.CLEARING: {  # 5.3.3
        Input.FREED: _FREED,
        Input.UNCONFIRMED: _UNCONFIRMED,
        Input.LOST: _LOST,
        Input.TIMEOUT: ((Step.ABANDON, Step.DOUBT, Step.TELL_CLEARED), State.GONE),
    },
    State.GONE: {},
}

TIMERS_S: Final[dict[State, float]] = {
    State.SETUP: timers.SETUP_S,
    State.PROCEEDING: timers.T310_S,
    State.LISTENING: timers.T301_S,
    State.RINGING: timers.T301_S,
    State.OFFERED: timers.OFFER_S,
    State.ANNOUNCING: timers.ANNOUNCEMENT_S,
    State.CLEARING: timers.RELEASE_S,
}

_MUST_END: Final = {Input.FREED, Input.UNCONFIRMED, Input.LOST}
assert set(TRANSITIONS) == set(State), "every state has its block"
assert all(rows.keys() >= _MUST_END for state, rows in TRANSITIONS.items() if state is not State.GONE), (
    "a call can be lost in every state"
)
assert all((state in TIMERS_S) == (Input.TIMEOUT in rows) for state, rows in TRANSITIONS.items()), (
    "a timer runs where its expiry has a row, and nowhere else"
)

CAUSE_NO_ANSWER: Final = 19  # Q.850: it rang, and nobody answered
CAUSE_RECOVERY: Final = 102  # Q.850: recovery on timer expiry


@dataclass(slots=True)
class Call:
    """A call and the little that is known of it.  `d_call` is the D channel's number for it."""

    call_id: int
    d_call: int
    state: State
    entered_at: float
    setup_at: float = 0.0
    link_epoch: int = 0  # the span's count of link changes when the SETUP left
    cause: int = 0  # the first that was given
    is_ours: bool = False  # that was the dialer's own wish
    is_local: bool = False  # that came from no message of the network
    has_no_channel: bool = False  # lost it in a glare

    def feed(self, what: Input, now: float, cause: int = 0) -> tuple[Step, ...]:
        """What to do about `what`; () for noise.  `cause` is Q.850's, 0 for none."""
        row = TRANSITIONS[self.state].get(what)
        if row is None:
            return ()
        steps, following = row
        self._note_cause(self.state, what, cause)
        if following is not self.state:
            self.state = following
            self.entered_at = now
        return steps

    def due(self) -> float | None:
        """When the state's timer expires."""
        limit_s = TIMERS_S.get(self.state)
        return None if limit_s is None else self.entered_at + limit_s

    def _note_cause(self, was: State, what: Input, cause: int) -> None:
        """The first reason for the end is the one that counts; PROGRESS only describes."""
        if what is Input.PROGRESS or self.cause:
            return
        if what is Input.TIMEOUT:
            cause = CAUSE_NO_ANSWER if was is State.RINGING else CAUSE_RECOVERY
        self.cause = cause
        self.is_ours = what is Input.CLEAR
        self.is_local = what in (Input.UNCONFIRMED, Input.LOST)
