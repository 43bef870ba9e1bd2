"""Every promise kept or reported: what was begun or asked for comes to an end that is written down.

Third parties' calls, stretches of listening, breaks and log-outs "after this call".  Raises AssertionError.
"""

from __future__ import annotations

import collections
from typing import Any

from appliance.dialer import outputs
from appliance.dialer.machine import Machine
from appliance.dialer.seat import State
from appliance.simulator.shift_world import World

FREE = frozenset({State.PAUSED, State.WAITING})


class Promises:
    """What stands open.  `counts` of what was kept."""

    def __init__(self, world: World, machine: Machine) -> None:
        self.machine = machine
        self.transfers: dict[int, outputs.SaveTransfer] = {}
        self.stretches: dict[tuple[int, float], outputs.SaveListening] = {}
        self._ended: set[int] = set()
        self.counts: collections.Counter[str] = collections.Counter()
        world.observers.append(self.observe)

    def observe(self, now: float, _what: Any, decided: list[Any]) -> None:
        """Look at one event."""
        for output in decided:
            if isinstance(output, outputs.SaveTransfer):
                self._transfer(now, output)
            elif isinstance(output, outputs.SaveListening):
                self._stretch(now, output)
        for seat in self.machine.seats():
            if seat.state in FREE:
                name = f"{now:.3f}: seat {seat.seat_id} is free"
                assert not seat.break_wanted, f"{name}, and its break {seat.break_wanted!r} has not begun"
                assert not seat.logout_reason, f"{name}, and was to be logged out: {seat.logout_reason!r}"

    def restarted(self, machine: Machine) -> None:
        """The dialer is a new one: its start ends what the old one left open (`store/*.recover`)."""
        self.machine = machine
        self._ended |= self.transfers.keys()
        self.transfers.clear()
        self.stretches.clear()

    def _transfer(self, now: float, row: outputs.SaveTransfer) -> None:
        name = f"{now:.3f}: transfer {row.transfer_id}"
        assert row.transfer_id not in self._ended, f"{name} goes on after its end: {row}"
        if not row.cleared_at:
            self.transfers[row.transfer_id] = row
            return
        assert row.outcome, f"{name} ended, and nobody can say how: {row}"
        assert row.transfer_id in self.transfers, f"{name} was never asked for: {row}"
        assert row.answered_at or row.outcome != "handed", f"{name} was handed to nobody: {row}"
        del self.transfers[row.transfer_id]
        self._ended.add(row.transfer_id)
        self.counts[f"transfer {row.outcome}"] += 1

    def _stretch(self, now: float, row: outputs.SaveListening) -> None:
        key = (row.user_id, row.from_at)
        if row.to_at:
            assert self.stretches.pop(key, None), f"{now:.3f}: a stretch ended that did not begin: {row}"
            self.counts[f"listening {row.ended}"] += 1
        else:
            self.stretches[key] = row

    def at_rest(self) -> None:
        """After everybody went home: nothing is open."""
        assert not self.transfers, f"transfers without an end: {self.transfers}"
        assert not self.stretches, f"listening without an end: {self.stretches}"
