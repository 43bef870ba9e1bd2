"""The dialer of a simulated shift is killed and started again: a new machine, told what the store knows.

As the process does it (`dialer/process.py`, `shell_reads.py`): the D channels go down with it and every call
with them, desk phones' legs stand on, and what was about to be answered is answered to nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.audio import messages as audio
from appliance.dialer import inputs
from appliance.dialer.machine import Machine
from appliance.simulator.shift import LIST, TENANT, Shift
from appliance.simulator.shift_custody import Custody
from appliance.simulator.shift_legs import Legs
from appliance.simulator.shift_promises import Promises
from appliance.simulator.shift_times import Times


def kill_and_start(
    shift: Shift,
    *,
    legs: Legs,
    times: Times,
    promises: Promises,
    custody: Custody,
    next_attempt_id: int,
    next_transfer_id: int,
    next_incoming_id: int,
    others: Callable[[], None],
) -> None:
    """Everything the old machine knew is gone.  `others` is called before the new one is told anything."""
    world, machine = shift.world, Machine()
    shift.machine = machine
    world.replace(machine.feed)
    shift.exchange.lose_user(machine.may_setup)
    standing = legs.snapshot()
    up = {leg.leg for leg in standing.legs if leg.is_answered}
    seats = shift.store.recover(up)
    times.restarted(world.now)
    promises.restarted(machine)
    custody.restarted(machine)
    legs.restarted(machine)
    assert shift.invariants is not None
    shift.invariants.restarted(machine, {seat.attempt_id for seat in seats if seat.attempt_id}, up)
    others()
    world.tell(inputs.WallClock(shift.wall_offset_s))
    shift.configure()
    blocks = tuple(inputs.Block(TENANT, number, "forbid") for number in sorted(shift.store.blocked))
    world.tell(inputs.Blocked(blocks))
    counts = shift.invariants.counts
    today = inputs.ListToday(LIST, counts["attempts"], counts["answered"], 0, 0, counts["abandoned"])
    world.tell(inputs.Today((today,)))
    world.tell(
        inputs.Start(next_attempt_id, seats, tuple(standing.registered), next_transfer_id, next_incoming_id)
    )
    world.tell(standing)
    world.tell(audio.AudioSnapshot((), {}))
    shift.exchange.start()
