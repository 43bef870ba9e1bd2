"""Calls bound to one operator: several numbers at once for him, and who gets whom of all bound calls.

Draws groups of two to four from a seed.  What must hold: who answers a bound call gets the operator for whom
it was placed or an apology; of a group one alone is put through; and once it is, the others do not ring on.
"""

from __future__ import annotations

import random
from typing import Any, Final

from appliance.dialer import inputs, outputs
from appliance.pri_card import trunk
from appliance.simulator.shift import LIST, Shift

GROUPS_AN_HOUR: Final = 300
AT_ONCE_MAX: Final = 4
CUSTOMER_FIRST: Final = LIST * 10**9 + 2 * 10**8  # customers whom no list offers: chosen on the screen
RING_ON_S_MAX: Final = 0.05


class Many:
    """Hand `prepare` to `Shift.run`; no group is dialled after `until_s`."""

    def __init__(self, seed: int, *, until_s: float) -> None:
        self._rng = random.Random(f"many {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._until_s = until_s
        self._shift: Shift
        self._chosen = 0
        self._bound: dict[int, int] = {}  # attempt to the seat it was opened for
        self._group_of: dict[int, tuple[int, ...]] = {}
        self._won: dict[tuple[int, ...], float] = {}  # groups with somebody put through, and when
        self._going: set[int] = set()  # attempts without an end
        self._cleared: set[int] = set()  # of them, those that we clear or that never went out
        self.groups = 0
        self.outrun = 0

    def prepare(self, shift: Shift) -> None:
        self._shift = shift
        shift.world.observers.append(self._observe)
        for _group in range(int(self._until_s / 3600 * GROUPS_AN_HOUR)):
            shift.world.after(self._rng.uniform(20.0, self._until_s), self._dial)

    def forget(self) -> None:
        """Groups that are over."""
        for book in (self._bound, self._group_of):
            for attempt_id in [one for one in book if one not in self._going]:
                del book[attempt_id]
        self._cleared &= self._going

    def dialer_restarted(self) -> None:
        """Its calls are gone with it."""
        self._going.clear()
        self._won.clear()

    def _dial(self) -> None:
        shift = self._shift
        seat_id = self._rng.choice(list(shift.robots.robots))
        count = self._rng.randint(2, AT_ONCE_MAX)
        first = CUSTOMER_FIRST + self._chosen
        chosen = tuple(
            inputs.Chosen(LIST, inputs.Customer(number, shift.store.number(number)))
            for number in range(first, first + count)
        )
        wanted = inputs.DialMany(seat_id, chosen)
        if not shift.machine.many_refusal(wanted, shift.world.now):
            self._chosen += count
            self.groups += 1
            shift.world.tell(wanted)

    # --- what must hold -------------------------------------------------------------------------------

    def _observe(self, now: float, what: Any, decided: list[Any]) -> None:
        opened = [output for output in decided if isinstance(output, outputs.OpenAttempt)]
        if isinstance(what, inputs.DialMany):
            group = tuple(output.attempt_id for output in opened if output.seat_id == what.seat_id)
            self._group_of.update(dict.fromkeys(group, group))
            self._going |= set(group)
        self._bound |= {output.attempt_id: output.seat_id for output in opened if output.seat_id}
        for output in decided:
            self._decided(now, output)
        if isinstance(what, trunk.Withdrawn):
            self._cleared.add(what.call_id)
        self._nobody_rings_on(now)

    def _decided(self, now: float, output: Any) -> None:
        match output:
            case outputs.ClearCall():
                self._cleared.add(output.call_id)
            case outputs.BridgeCall() if not output.is_again:
                self._put_through(now, output)
            case outputs.SaveAttempt() if output.end and output.attempt_id in self._group_of:
                self.outrun += output.end == "outrun"
                self._going.discard(output.attempt_id)

    def _put_through(self, now: float, call: outputs.BridgeCall) -> None:
        seat_id = self._bound.get(call.attempt_id)
        if seat_id is None:
            return
        leg = next(seat.leg for seat in self._shift.machine.seats() if seat.seat_id == seat_id)
        name = f"{now:.3f}: attempt {call.attempt_id} of seat {seat_id}"
        assert call.phone == leg, f"{name} was put through to {call.phone}, another operator's"
        group = self._group_of.get(call.attempt_id)
        if group is not None:
            assert group not in self._won, f"{name}: two of the group {group} were put through"
            self._won[group] = now

    def _nobody_rings_on(self, now: float) -> None:
        for group, since in list(self._won.items()):
            if now - since <= RING_ON_S_MAX:
                continue
            others = {one for one in group if one in self._going} - self._cleared
            ringing = {
                attempt.attempt_id
                for attempt in self._shift.machine.calls()
                if attempt.attempt_id in others and attempt.answered < 0  # who answered too hears the apology
            }
            name = f"{now:.3f}: of {group} {ringing}"
            assert not ringing, f"{name} ring on, {now - since:.3f} s after the first answer"
            del self._won[group]
