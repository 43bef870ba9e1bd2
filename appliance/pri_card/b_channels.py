"""Which B channels of one span are free, and which one a call takes next.  Pure: no time, no I/O.

We hunt from channel 23 downwards.  Exchanges offer incoming calls from channel 1 upwards, so the two ends
meet on one channel ("glare") only when all the others are taken.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from appliance.settings import CHANNELS_PER_SPAN


class State(Enum):
    """IDLE: free.  RESERVED: our SETUP names it, the network has not agreed yet.  BUSY: agreed.
    RESTARTING: RESTART is out.  FAULT: the network's end is in doubt; it wants a RESTART."""

    IDLE = "idle"
    RESERVED = "reserved"
    BUSY = "busy"
    RESTARTING = "restarting"
    FAULT = "fault"


NOBODY: Final = 0


class BChannels:
    """The table of one span.  Calls are the trunk's call ids, never 0."""

    def __init__(self, count: int = CHANNELS_PER_SPAN) -> None:
        self._states = dict.fromkeys(range(1, count + 1), State.IDLE)
        self._owners = dict.fromkeys(range(1, count + 1), NOBODY)

    def __len__(self) -> int:
        return len(self._states)

    def state(self, channel: int) -> State:
        return self._states[channel]

    def owner(self, channel: int) -> int:
        """The call on it, 0 for none."""
        return self._owners[channel]

    def exists(self, channel: int) -> bool:
        return channel in self._states

    def count(self, state: State) -> int:
        return sum(1 for seen in self._states.values() if seen is state)

    def in_state(self, state: State) -> list[int]:
        return [channel for channel, seen in self._states.items() if seen is state]

    def hunt(self) -> int:
        """The highest idle channel, 0 if there is none."""
        return next((c for c in reversed(self._states) if self._states[c] is State.IDLE), 0)

    def lowest_idle(self) -> int:
        """For an incoming call that leaves the choice to us; 0 if there is none."""
        return next((c for c, seen in self._states.items() if seen is State.IDLE), 0)

    def reserve(self, channel: int, call: int) -> None:
        """For a SETUP of ours."""
        assert self._states[channel] is State.IDLE, "only an idle channel is reserved"
        self._set(channel, State.RESERVED, call)

    def claim(self, channel: int, call: int) -> bool:
        """The network says that `call` is on `channel`.  False: it does not exist, or another call has it.

        A channel that waits for a restart is taken too: the network has just said that it works.
        """
        if channel not in self._states or self._owners[channel] not in (NOBODY, call):
            return False
        for other in self.channels_of(call):
            if other != channel:
                self._set(other, State.IDLE, NOBODY)
        self._set(channel, State.BUSY, call)
        return True

    def yield_to(self, channel: int, incoming: int) -> int:
        """Glare: the network's call takes the channel (Q.931 5.7); the call of ours that loses it."""
        assert self._states[channel] is State.RESERVED, "only a reservation yields"
        loser = self._owners[channel]
        self._set(channel, State.BUSY, incoming)
        return loser

    def free(self, call: int) -> None:
        """The call is over; whatever it holds is idle at once."""
        for channel in self.channels_of(call):
            self._set(channel, State.IDLE, NOBODY)

    def doubt(self, call: int) -> None:
        """The call is gone here and perhaps not there: its channel needs a RESTART first."""
        for channel in self.channels_of(call):
            self._set(channel, State.FAULT, NOBODY)

    def suspect(self, channel: int) -> None:
        """What the network thinks of a channel without a call is unknown."""
        assert self._owners[channel] == NOBODY, "a channel with a call on it is known"
        self._set(channel, State.FAULT, NOBODY)

    def restarting(self, channel: int) -> None:
        """RESTART has been sent for a channel in doubt."""
        assert self._owners[channel] == NOBODY, "a channel with a call on it is not restarted"
        self._set(channel, State.RESTARTING, NOBODY)

    def restored(self, channel: int) -> None:
        """The channel works again; one that carries a call stays as it is."""
        if self._owners[channel] == NOBODY:
            self._set(channel, State.IDLE, NOBODY)

    def channels_of(self, call: int) -> list[int]:
        """What a call holds: one channel, or none."""
        return [channel for channel, owner in self._owners.items() if owner == call]

    def _set(self, channel: int, state: State, owner: int) -> None:
        self._states[channel] = state
        self._owners[channel] = owner
