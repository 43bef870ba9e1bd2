"""Moving the line relay as a table: write the command, wait for its answer, wait for the contacts.  Pure.

Only a command begins it, and only what the contacts say ends it well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

WRITE_S: Final = 1.0  # for the controller's answer; an SDO server answers in milliseconds
MOVE_S: Final = 2.0  # for the contacts; a relay moves in 20 ms, and the next PDO tells within 500


class State(StrEnum):
    IDLE = "idle"
    WRITING = "writing"
    MOVING = "moving"


class Input(StrEnum):
    COMMANDED = "commanded"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    READ_BACK = "read_back"
    TIMED_OUT = "timed_out"


class Outcome(StrEnum):
    """What a step tells who commanded."""

    NOTHING = ""
    SENT = "sent"
    DONE = "done"
    BUSY = "busy"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    STUCK = "stuck"


TRANSITIONS: Final[dict[State, dict[Input, tuple[Outcome, State]]]] = {
    State.IDLE: {
        Input.COMMANDED: (Outcome.SENT, State.WRITING),
        Input.ACCEPTED: (Outcome.NOTHING, State.IDLE),
        Input.REFUSED: (Outcome.NOTHING, State.IDLE),
        Input.READ_BACK: (Outcome.NOTHING, State.IDLE),
        Input.TIMED_OUT: (Outcome.NOTHING, State.IDLE),
    },
    State.WRITING: {
        Input.COMMANDED: (Outcome.BUSY, State.WRITING),
        Input.ACCEPTED: (Outcome.NOTHING, State.MOVING),
        Input.REFUSED: (Outcome.REFUSED, State.IDLE),
        Input.READ_BACK: (Outcome.NOTHING, State.WRITING),  # it may have stood there before
        Input.TIMED_OUT: (Outcome.NO_ANSWER, State.IDLE),
    },
    State.MOVING: {
        Input.COMMANDED: (Outcome.BUSY, State.MOVING),
        Input.ACCEPTED: (Outcome.NOTHING, State.MOVING),
        Input.REFUSED: (Outcome.REFUSED, State.IDLE),
        Input.READ_BACK: (Outcome.DONE, State.IDLE),
        Input.TIMED_OUT: (Outcome.STUCK, State.IDLE),
    },
}
assert set(TRANSITIONS) == set(State)
assert all(set(row) == set(Input) for row in TRANSITIONS.values())

LIMITS_S: Final[dict[State, float | None]] = {State.IDLE: None, State.WRITING: WRITE_S, State.MOVING: MOVE_S}
assert set(LIMITS_S) == set(State)


class RelayMove:
    """At most one movement at a time."""

    def __init__(self) -> None:
        self.state = State.IDLE
        self._due: float | None = None

    def feed(self, given: Input, now: float) -> Outcome:
        """One input; what who commanded is told."""
        before = self.state
        outcome, self.state = TRANSITIONS[before][given]
        if self.state is not before:
            limit_s = LIMITS_S[self.state]
            self._due = None if limit_s is None else now + limit_s
        return outcome

    def tick(self, now: float) -> Outcome:
        """Time has passed."""
        if self._due is None or now < self._due:
            return Outcome.NOTHING
        return self.feed(Input.TIMED_OUT, now)
