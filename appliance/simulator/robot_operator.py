"""A robot operator as one table: what it does at its phone when its seat, its phone or its patience says so.

Pure: it sees its seat's state as an operator sees the monitor, acts through handset and keys alone, and is
handed `now` and a seeded generator.  What it decides is drained by `robot_process.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import msgspec

from appliance.dialer.messages import SeatBoard, SeatState
from appliance.simulator.robot_laws import Laws

GIVE_UP_S: Final = 15.0  # nothing came of the keys: handset down, and again
AGAIN_S: Final = 3.0
UNKNOWN_CODE: Final = "88"
READ_BACK_S: Final = 1.5


class RobotLogin(msgspec.Struct, frozen=True):
    """Who sits where: one entry of `secrets/robots.json`."""

    extension: str
    sip_password: str
    phone_id: str
    pin: str


class State(Enum):
    """Where an operator is in the day."""

    AWAY = auto()  # handset down
    LIFTED = auto()  # the service code is dialled
    NAMING = auto()  # ID and PIN are keyed
    PAUSED = auto()  # logged in, `*` comes next
    WAITING = auto()
    TALKING = auto()
    WRAPPING = auto()  # thinking about the code, keying it


class Input(Enum):
    """What an operator notices."""

    TIME = auto()  # the moment it set itself
    LEG_UP = auto()  # the phone is connected to the box
    LEG_GONE = auto()
    SEES_LOGIN = auto()
    SEES_PAUSED = auto()
    SEES_WAITING = auto()
    SEES_CALLER = auto()  # somebody calls us, and rings here
    SEES_TALKING = auto()
    SEES_WRAPUP = auto()
    SEES_OUT = auto()


SEEN: Final[dict[SeatState, Input]] = {
    "logged_out": Input.SEES_OUT,
    "login": Input.SEES_LOGIN,
    "paused": Input.SEES_PAUSED,
    "waiting": Input.SEES_WAITING,
    "ringing": Input.SEES_WAITING,
    "talking": Input.SEES_TALKING,
    "wrapup": Input.SEES_WRAPUP,
    "break": Input.SEES_PAUSED,
}


def seen(seat: SeatBoard) -> Input:
    """What an operator sees of the seat."""
    return Input.SEES_CALLER if seat.incoming_id else SEEN[seat.state]


class Lift(msgspec.Struct, frozen=True):
    """Take the handset up and dial the service code."""


class PutDown(msgspec.Struct, frozen=True):
    """Handset down."""


class Press(msgspec.Struct, frozen=True):
    """Keys, one after the other."""

    keys: str


class Speak(msgspec.Struct, frozen=True):
    """Begin or end one's own tone."""

    is_on: bool


Decision = Lift | PutDown | Press | Speak
Action = Callable[["Operator", float], None]


class Operator:
    """One operator.  Feed inputs, call `handle_time` when `due` has come, drain `decisions`."""

    def __init__(self, login: RobotLogin, laws: Laws, rng: random.Random, *, now: float) -> None:
        self.login = login
        self.state = State.AWAY
        self.decisions: list[Decision] = []
        self._laws = laws
        self._rng = rng
        self._plan: list[tuple[float, Decision]] = []
        self._due: float | None = now + rng.uniform(0.0, laws.start_s_max)

    def due(self) -> float | None:
        """When `handle_time` is wanted."""
        moments = [at for at, _ in self._plan[:1]] + ([] if self._due is None else [self._due])
        return min(moments, default=None)

    def handle_time(self, now: float) -> None:
        """Do what was planned for now."""
        while self._plan and self._plan[0][0] <= now:
            self.decisions.append(self._plan.pop(0)[1])
        if self._due is not None and self._due <= now:
            self._due = None
            self.feed(Input.TIME, now)

    def feed(self, what: Input, now: float) -> None:
        """Take one step; what has no row in this state means nothing to the operator."""
        row = TRANSITIONS[self.state].get(what)
        if row is None:
            return
        action, self.state = row
        action(self, now)

    # --- deeds ----------------------------------------------------------------------------------------

    def _lift(self, now: float) -> None:
        self._plan_anew()
        self.decisions.append(Lift())
        self._due = now + GIVE_UP_S

    def _give_up(self, now: float) -> None:
        """Something did not work as it should: put down, and try again."""
        self._plan_anew()
        self.decisions += [Speak(False), PutDown()]
        self._due = now + AGAIN_S + self._rng.uniform(0.0, 2.0)

    def _was_cut(self, now: float) -> None:
        self._plan_anew()
        self.decisions.append(Speak(False))
        self._due = now + AGAIN_S + self._rng.uniform(0.0, 2.0)

    def _name_oneself(self, now: float) -> None:
        self._plan_anew()
        at = now + self._laws.read_s
        self._plan = [(at, Press(f"{self.login.phone_id}#")), (at + 2.0, Press(f"{self.login.pin}#"))]
        self._due = now + GIVE_UP_S

    def _get_ready(self, now: float) -> None:
        self._plan_anew()
        self.decisions.append(Speak(False))
        self._plan = [(now + self._laws.read_s, Press("*"))]
        self._due = now + GIVE_UP_S

    def _wait(self, now: float) -> None:
        self._plan_anew()
        self.decisions.append(Speak(False))

    def _answer(self, now: float) -> None:
        """`*`, once; the monitor shows the caller again every second."""
        if not self._plan:
            self._plan = [(now + self._laws.read_s, Press("*"))]

    def _after_code(self, now: float) -> None:
        """The code is in.  Now and then an operator takes a break, handset down."""
        self._wait(now)
        if self._rng.random() < self._laws.breaks_share:
            self._due = now + 0.5

    def _take_break(self, now: float) -> None:
        self._plan_anew()
        self.decisions += [Speak(False), PutDown()]
        self._due = now + self._laws.break_s(self._rng)

    def _talk(self, now: float) -> None:
        self._plan_anew()
        self.decisions.append(Speak(True))
        is_ending = self._rng.random() < self._laws.ends_share
        self._due = now + (self._laws.talk_s(self._rng) if is_ending else self._laws.stays_s_max)

    def _end_talk(self, now: float) -> None:
        self.decisions += [Speak(False), Press("#")]
        self._due = now + GIVE_UP_S

    def _wrap_up(self, now: float) -> None:
        self._plan_anew()
        self.decisions.append(Speak(False))
        at = now + self._laws.wrap_s(self._rng)
        draw, code = self._rng.random(), self._laws.code(self._rng)
        laws = self._laws
        if draw < laws.forgets_share:
            self._due = at
            return
        if draw < laws.forgets_share + laws.unknown_share:
            self._plan.append((at, Press(UNKNOWN_CODE)))
            at += 2 * READ_BACK_S
        elif draw < laws.forgets_share + laws.unknown_share + laws.corrects_share:
            self._plan += [(at, Press(laws.code(self._rng))), (at + READ_BACK_S, Press("#"))]
            at += READ_BACK_S + 1.0
        self._plan += [(at, Press(code)), (at + READ_BACK_S, Press("*"))]
        self._due = at + READ_BACK_S + GIVE_UP_S

    def _forget(self, now: float) -> None:
        """Handset down with the code owed: the box books 98."""
        self._take_break(now)

    def _plan_anew(self) -> None:
        self._plan.clear()
        self._due = None


_LOST: Final[dict[Input, tuple[Action, State]]] = {
    Input.LEG_GONE: (Operator._was_cut, State.AWAY),
    Input.SEES_OUT: (Operator._give_up, State.AWAY),  # logged out by force
}
_MOVED: Final[dict[Input, tuple[Action, State]]] = {
    Input.SEES_PAUSED: (Operator._get_ready, State.PAUSED),
    Input.SEES_WAITING: (Operator._wait, State.WAITING),
    Input.SEES_TALKING: (Operator._talk, State.TALKING),
    Input.SEES_WRAPUP: (Operator._wrap_up, State.WRAPPING),
}


def _but(state: State, rows: dict[Input, tuple[Action, State]]) -> dict[Input, tuple[Action, State]]:
    """Rows that lead elsewhere: seeing again what one is in means nothing."""
    return {what: row for what, row in rows.items() if row[1] is not state}


TRANSITIONS: Final[dict[State, dict[Input, tuple[Action, State]]]] = {
    State.AWAY: {Input.TIME: (Operator._lift, State.LIFTED)},
    State.LIFTED: {
        Input.TIME: (Operator._give_up, State.AWAY),
        Input.LEG_GONE: (Operator._was_cut, State.AWAY),
        Input.SEES_LOGIN: (Operator._name_oneself, State.NAMING),
    },
    State.NAMING: {
        **_MOVED,
        Input.TIME: (Operator._give_up, State.AWAY),
        Input.LEG_GONE: (Operator._was_cut, State.AWAY),
    },
    State.PAUSED: {
        **_but(State.PAUSED, _MOVED),
        **_LOST,
        Input.TIME: (Operator._get_ready, State.PAUSED),
    },
    State.WAITING: {
        **_but(State.WAITING, _MOVED),
        **_LOST,
        Input.SEES_CALLER: (Operator._answer, State.WAITING),
        Input.TIME: (Operator._take_break, State.AWAY),
    },
    State.TALKING: {
        **_but(State.TALKING, _MOVED),
        **_LOST,
        Input.TIME: (Operator._end_talk, State.TALKING),
    },
    State.WRAPPING: {
        **_but(State.WRAPPING, _MOVED),
        **_LOST,
        Input.SEES_WAITING: (Operator._after_code, State.WAITING),
        Input.TIME: (Operator._forget, State.AWAY),
    },
}
assert set(TRANSITIONS) == set(State)
