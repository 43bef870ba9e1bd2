"""Which B channel is to be restarted next: those in doubt, one RESTART at a time.  Pure.

libpri follows one outstanding RESTART.  When every channel is in doubt, one RESTART is for all (Q.931 5.5).
An exchange that never acknowledges gets its channels used all the same: a channel kept out for good costs
more than the one SETUP that would be refused on it.
"""

from __future__ import annotations

from typing import Final

from appliance.pri_card import call_timers
from appliance.pri_card.b_channels import BChannels, State

ALL: Final = 0


class Restarts:
    """Works on the states of one span's channel table."""

    def __init__(self, channels: BChannels) -> None:
        self._channels = channels
        self._pending: int | None = None  # channel, or ALL
        self._until = 0.0
        for channel in channels.in_state(State.IDLE):  # what the exchange remembers of us is unknown
            channels.suspect(channel)

    def next(self, now: float) -> int | None:
        """The channel (or ALL) that RESTART is to be sent for now; None for none."""
        if self._pending is not None:
            return None
        doubtful = self._channels.in_state(State.FAULT)
        if not doubtful:
            return None
        is_all = len(doubtful) == len(self._channels)
        for channel in doubtful if is_all else doubtful[:1]:
            self._channels.restarting(channel)
        self._pending = ALL if is_all else doubtful[0]
        self._until = now + call_timers.RESTART_S
        return self._pending

    def due(self) -> float | None:
        """When the outstanding RESTART is given up."""
        return None if self._pending is None else self._until

    def overdue(self, now: float) -> int | None:
        """The channel (or ALL) whose RESTART was never acknowledged and which is idle again."""
        if self._pending is None or now < self._until:
            return None
        given_up = self._pending
        self.acknowledged(given_up)
        return given_up

    def acknowledged(self, channel: int) -> None:
        """RESTART ACKNOWLEDGE for a channel or ALL."""
        if channel in (ALL, self._pending):
            self._pending = None
        self.restored(channel)

    def restored(self, channel: int) -> None:
        """A channel, or ALL, works again as far as it carries no call."""
        chosen = range(1, len(self._channels) + 1) if channel == ALL else [channel]
        for each in chosen:
            if self._channels.exists(each):
                self._channels.restored(each)

    def forget(self) -> None:
        """The link is lost or new: an outstanding RESTART may never have arrived."""
        self._pending = None
        for channel in self._channels.in_state(State.RESTARTING):
            self._channels.suspect(channel)
