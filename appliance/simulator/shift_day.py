"""Everything of a working day at once, from one seed: transfers, supervisors, breaks, screens, faults on top.

Puts the parts of a simulated shift together and keeps every invariant after every event: `Day(seed, plan)`,
its `prepare` for `Shift.run`, `at_rest` after `Shift.drain`.  What a floor learns to do gets its own part:
an object with `prepare(shift)`, and `at_rest()` where something must be over by then.
"""

from __future__ import annotations

import collections
import random
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import outputs
from appliance.phones import messages as phones
from appliance.simulator.shift import Plan, Shift
from appliance.simulator.shift_callers import Callers
from appliance.simulator.shift_custody import Custody
from appliance.simulator.shift_deeds import Deeds
from appliance.simulator.shift_faults import HEALED_SHARE, Faults
from appliance.simulator.shift_legs import SERVICE_CODE, Legs
from appliance.simulator.shift_many import AT_ONCE_MAX, Many
from appliance.simulator.shift_promises import Promises
from appliance.simulator.shift_recalls import Promised
from appliance.simulator.shift_restart import kill_and_start
from appliance.simulator.shift_supervisors import Supervisors
from appliance.simulator.shift_times import Times
from appliance.simulator.shift_transfers import TARGETS, Transfers

RESTARTS_AN_HOUR: Final = 6
SAID_S: Final = 1.5  # what is said to its end takes so long


def plan(seed: int, *, hours: float = 0.5, seats: int = 8, **more: Any) -> Plan:
    """A floor small enough for hundreds of seeds, and busy: short talks, more calls than seats."""
    settings: dict[str, Any] = {
        "mode": "ratio", "ratio": 2.0, "channels": 46, "customers": 4000, "answer": 0.45, "talk_s": 40.0,
        "wrap_s": 8.0, "warm_up_s": hours * 3600 * (1 - HEALED_SHARE),
    }  # fmt: skip
    return Plan(seats=seats, hours=hours, seed=seed, **(settings | more))


class Day:
    """One seed's day on `plan`."""

    def __init__(self, seed: int, plan: Plan, *, has_faults: bool = True, is_judged: bool = True) -> None:
        self._rng = random.Random(f"day {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._until_s = plan.shift_s * (1 - HEALED_SHARE)
        self.faults = Faults(seed) if has_faults else None
        self.transfers = Transfers(seed)
        self.supervisors = Supervisors(seed, until_s=self._until_s)
        self.deeds = Deeds(seed, until_s=self._until_s)
        self.many = Many(seed, until_s=self._until_s)
        self.recalls = Promised(seed, until_s=self._until_s)
        self.callers = Callers(seed, until_s=self._until_s)
        self._is_judged = is_judged
        self.restarts = 0
        self._saying: dict[str, str] = {}

    def prepare(self, shift: Shift) -> None:
        """Put the day into the shift's queue, and everybody who judges beside it."""
        self._shift = shift
        if self._is_judged:
            self.legs = Legs(shift.world, shift.machine, shift.exchange)
            self.times = Times(shift.world)
            self.promises = Promises(shift.world, shift.machine)
            self.custody = Custody(shift.world, shift.machine)
        shift.world.observers.append(self._observe)
        if self.faults is not None:
            self.faults.prepare(shift)
            restarts = RESTARTS_AN_HOUR if self._is_judged else 0  # who judges knows what stands
            for _restart in range(round(self._until_s / 3600 * restarts)):
                shift.world.after(self._rng.uniform(60.0, self._until_s), self._restart_dialer)
        self.transfers.prepare(shift)
        self.supervisors.prepare(shift)
        self.deeds.prepare(shift)
        self.many.prepare(shift)
        self.recalls.prepare(shift)
        self.callers.prepare(shift)
        self._configure()
        shift.world.carries_out(
            {
                outputs.RingPhone: self._rung,
                phones.HangUpLeg: lambda what: self._hung_up(what.leg),
                phones.RejectLeg: lambda what: self._hung_up(what.leg),
            }
        )
        shift.world.after(self._until_s + 1.0, self._configure)
        shift.world.after(shift.plan.shift_s - 0.001, self.recalls.note_end)

    def at_rest(self) -> None:
        """After everybody went home.  Raises AssertionError naming what is left over."""
        assert self._shift.invariants is not None
        self._shift.invariants.at_rest()
        parts = (self.custody, self.legs, self.times, self.promises, self.supervisors, self.recalls)
        for part in (*parts, self.callers):
            part.at_rest()

    def _configure(self) -> None:
        """Faults change settings, and heal them to the plan's."""
        self._shift.configure(targets=TARGETS, dials_at_once=AT_ONCE_MAX, is_mode_free=True)

    def forget(self) -> None:
        """Books of what is over, for days that are not judged."""
        self.transfers.forget()
        self.many.forget()
        self.recalls.forget()

    def tallies(self) -> collections.Counter[str]:
        """What the day saw, for those who print it."""
        found = self.promises.counts + self.deeds.counts
        found.update({f"promised call {what}": count for what, count in self.recalls.counts.items()})
        found.update({f"caller {what}": count for what, count in self.callers.counts.items()})
        found.update({f"handset down while {state}": count for state, count in self.deeds.states.items()})
        more = {"groups dialled": self.many.groups, "calls outrun": self.many.outrun}
        found.update(more | {"dialer killed": self.restarts, "stretches of time": self.times.stretches})
        return found

    # --- phones ---------------------------------------------------------------------------------------

    def _rung(self, what: outputs.RingPhone) -> None:
        """A summons or a supervisor's own phone; any other is a transfer to a phone without a log-in."""
        robots = {robot.extension for robot in self._shift.robots.robots.values()}
        if what.extension in robots and what.caller != SERVICE_CODE:
            self.transfers.phone_rings(what)
        else:
            self.supervisors.rung(self._shift, what)

    def _hung_up(self, leg: str) -> None:
        """By the box: whoever held that handset puts it down, and may come back."""
        self.supervisors.hung_up(leg)
        for robot in self._shift.robots.robots.values():
            if robot.leg == leg:
                robot.leg = ""
                self._shift.world.after(self._rng.uniform(1, 60), self._sit_down, robot)

    def _sit_down(self, robot: Any) -> None:
        if self._shift.world.now < self._shift.plan.shift_s - 60.0:
            self._shift.robots.sit_down(robot)

    # --- what is said to its end ----------------------------------------------------------------------

    def _observe(self, _now: float, what: Any, decided: list[Any]) -> None:
        if isinstance(what, audio.AudioSnapshot):
            self._saying.clear()
        for output in decided:
            if isinstance(output, audio.Play) and output.is_cutting:
                self._saying.pop(output.port, None)
            if isinstance(output, audio.Play) and output.tag:
                self._saying[output.port] = output.tag
                self._shift.world.after(SAID_S, self._said, output.port, output.tag)
            elif isinstance(output, audio.Hush | audio.ClosePort):
                self._saying.pop(output.port, None)

    def _said(self, port: str, tag: str) -> None:
        if self._saying.get(port) == tag:
            del self._saying[port]
            self._shift.world.tell(audio.Played(port, tag))

    # --- the dialer is killed -------------------------------------------------------------------------

    def _restart_dialer(self) -> None:
        self.restarts += 1
        core = self._shift.machine._core
        kill_and_start(
            self._shift, legs=self.legs, times=self.times, promises=self.promises, custody=self.custody,
            next_attempt_id=core.next_attempt_id, next_transfer_id=core.next_transfer_id,
            next_incoming_id=core.next_incoming_id,
            others=self._forget,
        )  # fmt: skip

    def _forget(self) -> None:
        self._saying.clear()
        for part in (self.supervisors, self.many, self.recalls, self.callers):
            part.dialer_restarted()
        self._shift.robots.dialer_restarted()
