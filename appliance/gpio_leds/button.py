"""The maintenance button as a table: held 5 s it shows the address, held 15 s it asks for a factory reset.

Pure: samples and `now` come in, what is asked goes out.  A button that is down when it is first seen, or
when the panel fails, counts as unseen until it has been let go: a broken wire asks for nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from appliance.gpio_leds.lamps import Asked

ADDRESS_HELD_S: Final = 5.0
FACTORY_RESET_HELD_S: Final = 15.0
DEBOUNCE_S: Final = 0.05  # contacts of a push button bounce for up to 20 ms


class State(StrEnum):
    UNSEEN = "unseen"
    UP = "up"
    DOWN = "down"
    HELD = "held"
    HELD_LONG = "held_long"


class Input(StrEnum):
    PRESSED = "pressed"
    RELEASED = "released"
    HELD_5_S = "held_5_s"
    HELD_15_S = "held_15_s"
    LOST = "lost"


TRANSITIONS: Final[dict[State, dict[Input, tuple[Asked, State]]]] = {
    State.UNSEEN: {
        Input.PRESSED: (Asked.NOTHING, State.UNSEEN),
        Input.RELEASED: (Asked.NOTHING, State.UP),
        Input.HELD_5_S: (Asked.NOTHING, State.UNSEEN),
        Input.HELD_15_S: (Asked.NOTHING, State.UNSEEN),
        Input.LOST: (Asked.NOTHING, State.UNSEEN),
    },
    State.UP: {
        Input.PRESSED: (Asked.NOTHING, State.DOWN),
        Input.RELEASED: (Asked.NOTHING, State.UP),
        Input.HELD_5_S: (Asked.NOTHING, State.DOWN),
        Input.HELD_15_S: (Asked.NOTHING, State.DOWN),
        Input.LOST: (Asked.NOTHING, State.UNSEEN),
    },
    State.DOWN: {
        Input.PRESSED: (Asked.NOTHING, State.DOWN),
        Input.RELEASED: (Asked.NOTHING, State.UP),
        Input.HELD_5_S: (Asked.ADDRESS, State.HELD),
        Input.HELD_15_S: (Asked.ADDRESS, State.HELD),  # samples came late: the address is not left out
        Input.LOST: (Asked.NOTHING, State.UNSEEN),
    },
    State.HELD: {
        Input.PRESSED: (Asked.NOTHING, State.HELD),
        Input.RELEASED: (Asked.NOTHING, State.UP),
        Input.HELD_5_S: (Asked.NOTHING, State.HELD),
        Input.HELD_15_S: (Asked.FACTORY_RESET, State.HELD_LONG),
        Input.LOST: (Asked.NOTHING, State.UNSEEN),
    },
    State.HELD_LONG: {
        Input.PRESSED: (Asked.NOTHING, State.HELD_LONG),
        Input.RELEASED: (Asked.NOTHING, State.UP),
        Input.HELD_5_S: (Asked.NOTHING, State.HELD_LONG),
        Input.HELD_15_S: (Asked.NOTHING, State.HELD_LONG),
        Input.LOST: (Asked.NOTHING, State.UNSEEN),
    },
}
assert set(TRANSITIONS) == set(State)
assert all(set(row) == set(Input) for row in TRANSITIONS.values())


class Button:
    """One button, sampled every 100 ms while it is down, and often enough to see that it is."""

    def __init__(self) -> None:
        self.state = State.UNSEEN
        self._is_down: bool | None = None
        self._since = 0.0  # when the present level was first sampled

    def feed(self, is_down: bool | None, now: float) -> Asked:
        """One sample, None where the panel does not answer.  What the holding asks for, once each."""
        if is_down is None:
            self._is_down = None
            return self._step(Input.LOST)
        if is_down is not self._is_down:
            self._is_down, self._since = is_down, now
        held_s = now - self._since
        if held_s < DEBOUNCE_S:
            return Asked.NOTHING
        if not is_down:
            return self._step(Input.RELEASED)
        self._step(Input.PRESSED)
        if held_s >= FACTORY_RESET_HELD_S:
            return self._step(Input.HELD_15_S)
        return self._step(Input.HELD_5_S) if held_s >= ADDRESS_HELD_S else Asked.NOTHING

    def _step(self, given: Input) -> Asked:
        asked, self.state = TRANSITIONS[self.state][given]
        return asked
