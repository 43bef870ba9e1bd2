"""One call on the network side of the line, as one table; the mirror of `pri_card`'s user side.

Pure: `feed` and `handle_timer` take `now` and return what to do.  A plan's step that the table does not
have in the present state cannot be sent: `check` refuses such a plan before a call begins.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from appliance.errors import BadInput
from appliance.simulator.callee_plan import NORMAL_CLEARING, SILENCE, CallPlan, Do, Sound, Step


class State(enum.Enum):
    """The network's view of a call (Q.931 2.2.1, names shortened)."""

    OFFERED = "offered"  # N1: SETUP has arrived
    PROCEEDING = "proceeding"  # N3, with or without speech in band
    ALERTING = "alerting"  # N4
    CALLING = "calling"  # N6: our own SETUP has left
    CONNECTED = "connected"  # N10
    CLEARING = "clearing"  # N12: DISCONNECT sent
    GONE = "gone"


class From(enum.Enum):
    """What the user side does."""

    CONNECT = "connect"
    CLEAR = "clear"  # DISCONNECT, RELEASE or RELEASE COMPLETE; libpri finishes the exchange of messages
    LOST = "lost"  # its link is down, or its channel was restarted


@dataclass(frozen=True, slots=True)
class Send:
    """Send this step's message."""

    step: Step


@dataclass(frozen=True, slots=True)
class Say:
    """Put a sound on the line."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing more will happen to the call.  Its channel is free once libpri has let the call go."""


Decision = Send | Say | Over

TABLE: Final[dict[State, dict[Do | From, State]]] = {
    State.OFFERED: {  # Q.931 5.1.5: one of these answers a SETUP
        Do.PROCEED: State.PROCEEDING,
        Do.ALERT: State.ALERTING,
        Do.CONNECT: State.CONNECTED,
        Do.DISCONNECT: State.CLEARING,
        Do.RELEASE: State.CLEARING,
        Do.REFUSE: State.GONE,
        From.CLEAR: State.GONE,
        From.LOST: State.GONE,
    },
    State.PROCEEDING: {  # Q.931 5.1.6, 5.1.7
        Do.PROGRESS: State.PROCEEDING,
        Do.ALERT: State.ALERTING,
        Do.CONNECT: State.CONNECTED,
        Do.DISCONNECT: State.CLEARING,
        Do.RELEASE: State.CLEARING,
        From.CLEAR: State.GONE,
        From.LOST: State.GONE,
    },
    State.ALERTING: {  # Q.931 5.1.8
        Do.PROGRESS: State.ALERTING,
        Do.CONNECT: State.CONNECTED,
        Do.DISCONNECT: State.CLEARING,
        Do.RELEASE: State.CLEARING,
        From.CLEAR: State.GONE,
        From.LOST: State.GONE,
    },
    State.CALLING: {  # Q.931 5.2: the box is called; the caller may give up
        Do.DISCONNECT: State.CLEARING,
        From.CONNECT: State.CONNECTED,
        From.CLEAR: State.GONE,
        From.LOST: State.GONE,
    },
    State.CONNECTED: {  # Q.931 5.3.3: conversation ends with DISCONNECT
        Do.PROGRESS: State.CONNECTED,
        Do.DISCONNECT: State.CLEARING,
        From.CLEAR: State.GONE,
        From.LOST: State.GONE,
    },
    State.CLEARING: {  # Q.931 5.3.4, 5.4.1; RELEASE ends a DISCONNECT with an announcement
        Do.RELEASE: State.CLEARING,
        From.CLEAR: State.GONE,
        From.LOST: State.GONE,
    },
    State.GONE: {},
}
assert set(TABLE) == set(State), "every state has its block"
assert all(From.LOST in block for state, block in TABLE.items() if state is not State.GONE)


def check(plan: CallPlan, *, start: State = State.OFFERED) -> None:
    """Raise BadInput, naming the step, if the table cannot take the plan's steps in their order."""
    state = start
    for number, step in enumerate(plan.steps, start=1):
        following = TABLE[state].get(step.do)
        if following is None:
            raise BadInput(
                f"Step {number} of the plan, {step.do.value}, cannot follow in state {state.value}.",
                remedy="Give the steps in the order of Q.931.",
            )
        state = following


def check_incoming(plan: CallPlan) -> None:
    """The same for a plan of a call to the box, which begins with the box's answer."""
    if not plan.steps or plan.steps[0].do is not Do.CONNECT:
        raise BadInput(
            "The plan of a call to the box does not begin with connect.",
            remedy="Its first step is the box's answer; put the sound there.",
        )
    check(CallPlan(plan.outcome, plan.steps[1:]), start=State.CONNECTED)


class ExchangeCall:
    """One call, driven by its plan and by what the user side does."""

    def __init__(
        self, plan: CallPlan, *, now: float, is_incoming: bool = False, give_up_s: float = 30.0
    ) -> None:
        """`is_incoming`: the exchange calls the box; the plan's first step (CONNECT) is the box's answer."""
        self.plan = plan
        self.state = State.CALLING if is_incoming else State.OFFERED
        self.connected_at: float | None = None
        self._steps = list(plan.steps)
        self._due: float | None = None
        if is_incoming:
            assert self._steps[0].do is Do.CONNECT, "an incoming call's plan begins with the box's answer"
            self._due = now + give_up_s
        else:
            self._arm(now)

    def due(self) -> float | None:
        """When `handle_timer` must run next."""
        return self._due

    def next_after_s(self) -> float | None:
        """How long after the present step the next one is planned; None when there is none."""
        return self._steps[0].after_s if self._steps else None

    def handle_timer(self, now: float) -> list[Decision]:
        """Take every step that is due."""
        decisions: list[Decision] = []
        while self._due is not None and self._due <= now:
            decisions += self._step(self._due)
        return decisions

    def put_down(self, now: float) -> list[Decision]:
        """Clear now instead of what was planned; nothing where the call is being cleared already."""
        if Do.DISCONNECT not in TABLE[self.state]:
            return []
        self._steps = [Step(0.0, Do.DISCONNECT, cause=NORMAL_CLEARING)]
        return self._step(now)

    def feed(self, event: From, now: float) -> list[Decision]:
        """The user side did something.  What the table does not have is ignored: it crossed on the wire."""
        following = TABLE[self.state].get(event)
        if following is None:
            return []
        if event is From.CONNECT:
            return self._answered(now)
        return self._end()

    def _step(self, now: float) -> list[Decision]:
        if self.state is State.CALLING:  # nobody answered us
            self._steps = [Step(0.0, Do.DISCONNECT, cause=16)]
        step = self._steps.pop(0)
        following = TABLE[self.state].get(step.do)
        assert following is not None, f"{step.do} in {self.state}: the plan was not checked"
        self.state = following
        if step.do is Do.CONNECT:
            self.connected_at = now
        self._arm(now)
        said: list[Decision] = [Say(step.sound)] if step.sound is not None else []
        if following is State.GONE:
            return [Send(step), *self._end()]
        return [Send(step), *said]

    def _answered(self, now: float) -> list[Decision]:
        self.state = State.CONNECTED
        self.connected_at = now
        first = self._steps.pop(0)
        self._arm(now)
        return [Say(first.sound or SILENCE)]

    def _arm(self, now: float) -> None:
        self._due = now + self._steps[0].after_s if self._steps else None

    def _end(self) -> list[Decision]:
        self.state = State.GONE
        self._due = None
        return [Say(SILENCE), Over()]
