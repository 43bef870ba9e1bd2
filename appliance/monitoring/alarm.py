"""One check's alarm: raised after three bad results, eased, cleared, acknowledged.  Pure, one table.

Source of the rules: Nagios Core, "State Types" (soft and hard states, max_check_attempts) and "Notifications"
(an acknowledgement ends when the state gets worse).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from appliance.errors import BadInput
from appliance.monitoring.flap import FlapDetector
from appliance.monitoring.messages import AlarmWord, Event
from appliance.monitoring.plugin import SEVERITY, Status

TRIES: Final = 3  # two seconds of a switch that restarts are nobody's business


class State(enum.Enum):
    """`FINE`: no alarm.  `DOUBTFUL`: bad once or twice.  The other two are an alarm."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"


class Input(enum.Enum):
    """What a result means to an alarm, or what a person does to it."""

    GOOD = "good"
    BAD = "bad"  # not yet often enough; or as bad as it was
    CONFIRMED = "confirmed"  # bad for the third time
    WORSE = "worse"
    EASED = "eased"
    EXPLAINED = "explained"  # bad, and another alarm is the cause
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True)
class Change:
    """Something to tell people.  `is_quiet`: the check is flapping, so it is written down and not mailed."""

    check: str
    event: Event
    status: Status
    at: float
    who: str = ""
    note: str = ""
    is_quiet: bool = False


@dataclass
class Alarm:
    """`at` is wall-clock time: alarms are told to people.  `level` is the status that was alarmed about."""

    check: str
    state: State = State.FINE
    level: Status = Status.OK
    tries: int = 0
    problem_at: float = 0.0
    who: str = ""
    acknowledged_at: float = 0.0
    note: str = ""
    flap: FlapDetector = field(default_factory=FlapDetector)

    @property
    def word(self) -> AlarmWord:
        return self.state.value

    @property
    def stands(self) -> bool:
        return self.state in (State.RAISED, State.ACKNOWLEDGED)

    def feed(self, status: Status, *, at: float, is_explained: bool = False) -> list[Change]:
        """Take a result.  What is to be told comes back, in order."""
        what = self._meaning(status, is_explained)
        changes = self._step(what, status, at)
        if what is not Input.EXPLAINED and self.flap.feed(status):
            event: Event = "flapping" if self.flap.is_flapping else "steady"
            changes.append(Change(self.check, event, status, at))
        return changes

    def acknowledge(self, who: str, note: str, *, at: float) -> list[Change]:
        """A person knows.  Raises BadInput where no alarm stands."""
        if not self.stands:
            raise BadInput(f"No alarm of {self.check} stands.", remedy="Look at the page again.")
        self.who, self.note, self.acknowledged_at = who, note, at
        return self._step(Input.ACKNOWLEDGE, self.level, at)

    def restore(
        self, state: State, level: Status, *, problem_at: float, who: str, note: str, acknowledged_at: float
    ) -> None:
        """Stand as it stood before a restart: nobody is told a second time."""
        self.state, self.level, self.problem_at, self.tries = state, level, problem_at, TRIES
        self.who, self.note, self.acknowledged_at = who, note, acknowledged_at

    def _meaning(self, status: Status, is_explained: bool) -> Input:
        if status is Status.OK:
            return Input.GOOD
        if is_explained:
            return Input.EXPLAINED
        if not self.stands:
            return Input.CONFIRMED if self.tries + 1 >= TRIES else Input.BAD
        if SEVERITY[status] > SEVERITY[self.level]:
            return Input.WORSE
        return Input.BAD if status is self.level else Input.EASED

    def _step(self, what: Input, status: Status, at: float) -> list[Change]:
        action, state = TRANSITIONS[self.state][what]
        event = action(self, status, at)
        self.state = state
        if event is None:
            return []
        by = (self.who, self.note) if event == "acknowledged" else ("", "")
        return [Change(self.check, event, status, at, *by, is_quiet=self.flap.is_flapping)]

    # --- actions: change figures, name the event ------------------------------------------------------

    def _nothing(self, _status: Status, _at: float) -> Event | None:
        return None

    def _forget(self, _status: Status, _at: float) -> Event | None:
        self.tries, self.problem_at, self.level = 0, 0.0, Status.OK
        self.who, self.note, self.acknowledged_at = "", "", 0.0
        return None

    def _count(self, _status: Status, at: float) -> Event | None:
        self.tries += 1
        self.problem_at = self.problem_at or at
        return None

    def _raise(self, status: Status, at: float) -> Event | None:
        self._count(status, at)
        self.level = status
        return "raised"

    def _worsen(self, status: Status, _at: float) -> Event | None:
        self.level = status
        self.who, self.note, self.acknowledged_at = "", "", 0.0
        return "worse"

    def _ease(self, status: Status, _at: float) -> Event | None:
        self.level = status
        return "eased"

    def _clear(self, status: Status, at: float) -> Event | None:
        self._forget(status, at)
        return "cleared"

    def _acknowledge(self, _status: Status, _at: float) -> Event | None:
        return "acknowledged"


Action = Callable[[Alarm, Status, float], Event | None]

TRANSITIONS: Final[dict[State, dict[Input, tuple[Action, State]]]] = {
    State.FINE: {
        Input.GOOD: (Alarm._nothing, State.FINE),
        Input.BAD: (Alarm._count, State.DOUBTFUL),
        Input.EXPLAINED: (Alarm._nothing, State.FINE),
    },
    State.DOUBTFUL: {
        Input.GOOD: (Alarm._forget, State.FINE),
        Input.BAD: (Alarm._count, State.DOUBTFUL),
        Input.CONFIRMED: (Alarm._raise, State.RAISED),
        Input.EXPLAINED: (Alarm._forget, State.FINE),
    },
    State.RAISED: {
        Input.GOOD: (Alarm._clear, State.FINE),
        Input.BAD: (Alarm._nothing, State.RAISED),
        Input.WORSE: (Alarm._worsen, State.RAISED),
        Input.EASED: (Alarm._ease, State.RAISED),
        Input.EXPLAINED: (Alarm._nothing, State.RAISED),
        Input.ACKNOWLEDGE: (Alarm._acknowledge, State.ACKNOWLEDGED),
    },
    State.ACKNOWLEDGED: {
        Input.GOOD: (Alarm._clear, State.FINE),
        Input.BAD: (Alarm._nothing, State.ACKNOWLEDGED),
        Input.WORSE: (Alarm._worsen, State.RAISED),
        Input.EASED: (Alarm._ease, State.ACKNOWLEDGED),
        Input.EXPLAINED: (Alarm._nothing, State.ACKNOWLEDGED),
        Input.ACKNOWLEDGE: (Alarm._acknowledge, State.ACKNOWLEDGED),
    },
}
"""CONFIRMED cannot come in FINE: that takes three results.  A person can acknowledge only what stands."""

assert set(TRANSITIONS) == set(State)
assert all({Input.GOOD, Input.EXPLAINED} <= set(rows) for rows in TRANSITIONS.values())
