"""Faults of a simulated shift, drawn from a seed: first everything goes wrong, then everything is healed.

Spans are lost, seats leave at once or vanish in mid-talk, the wall clock steps, the exchange refuses, numbers
are forbidden while they are queued, and a manager changes mode and numbers, stops and starts the list.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from appliance.audio import messages as audio
from appliance.dialer.messages import LogOutSeat, Mode
from appliance.phones import messages as phones
from appliance.simulator.shift import LIST, Shift

FAULTS_AN_HOUR: Final = 60
HEALED_SHARE: Final = 0.4  # of the shift, at its end: nothing goes wrong any more
MODES: Final[tuple[Mode, ...]] = ("progressive", "overdial", "ratio", "adaptive", "preview")


class Faults:
    """Hand `Faults(seed).prepare` to `Shift.run`."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"faults {seed}")  # noqa: S311  # chance that must repeat, no secret
        self.done: list[str] = []

    def prepare(self, shift: Shift) -> None:
        """Put a shift's faults into its queue."""
        until = shift.plan.shift_s * (1 - HEALED_SHARE)
        kinds = self._kinds()
        for _fault in range(int(until / 3600 * FAULTS_AN_HOUR)):
            kind = self._rng.choice(kinds)
            shift.world.after(self._rng.uniform(30.0, until), self._strike, kind, shift)
        shift.world.after(until, self._heal, shift)

    def _kinds(self) -> list[Callable[[Shift], None]]:
        return [
            self._lose_span, self._congest, self._step_wall, self._half_leaves, self._vanish,
            self._phones_restart, self._audio_restart, self._change_mode, self._change_numbers,
            self._stop_list, self._block, self._close_hours, self._mash_keys, self._log_out, self._hold,
        ]  # fmt: skip

    def _strike(self, kind: Callable[[Shift], None], shift: Shift) -> None:
        self.done.append(kind.__name__)
        kind(shift)

    def _lose_span(self, shift: Shift) -> None:
        span = self._rng.choice(shift.exchange.spans)
        shift.exchange.lose_span(span)
        shift.world.after(self._rng.uniform(1, 120), shift.exchange.restore_span, span)

    def _congest(self, shift: Shift) -> None:
        shift.exchange.is_congested = True
        shift.world.after(self._rng.uniform(1, 60), setattr, shift.exchange, "is_congested", False)

    def _step_wall(self, shift: Shift) -> None:
        shift.step_wall(self._rng.uniform(-600, 600))

    def _half_leaves(self, shift: Shift) -> None:
        shift.half_leaves(self._rng.uniform(1, 300))

    def _vanish(self, shift: Shift) -> None:
        for robot in self._rng.sample(list(shift.robots.robots.values()), 2):
            shift.robots.vanish(robot)
            shift.world.after(self._rng.uniform(0, 60), shift.robots.sit_down, robot)

    def _mash_keys(self, shift: Shift) -> None:
        """Somebody leans on the keys for a while."""
        for robot in shift.robots.robots.values():
            for _key in range(8):
                keys = self._rng.choice("0123456789*#ABCD")
                shift.world.after(self._rng.uniform(0, 90), shift.robots.press, robot, keys)

    def _log_out(self, shift: Shift) -> None:
        """A manager logs seats out, now or after the call."""
        for seat_id in self._rng.sample(list(shift.robots.robots), 2):
            shift.world.tell(LogOutSeat(seat_id, self._rng.random() < 0.5, "終業"))
            shift.world.after(self._rng.uniform(150, 200), self._sit_again, shift, seat_id)

    @staticmethod
    def _sit_again(shift: Shift, seat_id: int) -> None:
        robot = shift.robots.robots[seat_id]
        shift.robots.vanish(robot)
        shift.robots.sit_down(robot)

    def _hold(self, shift: Shift) -> None:
        for robot in shift.robots.robots.values():
            if robot.leg:
                held = phones.Media("10.0.0.9", 4000, is_held=True)
                shift.world.tell(phones.MediaChanged(robot.leg, held))
                shift.world.tell(audio.Silence(robot.leg, self._rng.choice((1.0, 5.0))))

    def _phones_restart(self, shift: Shift) -> None:
        """The phones process comes back and knows of no leg."""
        shift.robots.lose_phones(self._rng)

    def _audio_restart(self, shift: Shift) -> None:
        """The audio process comes back and knows of no port."""
        shift.world.tell(audio.AudioSnapshot((), {}))

    def _change_mode(self, shift: Shift) -> None:
        shift.configure(mode=self._rng.choice(MODES))

    def _change_numbers(self, shift: Shift) -> None:
        rng = self._rng
        shift.configure(
            overdial=rng.randrange(6), ratio=rng.choice((1.0, 1.5, 2.0, 3.0)), is_ring_cut=rng.random() < 0.3,
            abandon_target=rng.choice((0.0, 0.01, 0.03, 0.05)), channel_share=rng.choice((1, 5, 20, 100)),
        )  # fmt: skip

    def _stop_list(self, shift: Shift) -> None:
        shift.set_list(is_started=False)
        shift.world.after(self._rng.uniform(0, 60), self._start_list, shift)

    def _start_list(self, shift: Shift) -> None:
        shift.set_list(is_started=True)

    def _block(self, shift: Shift) -> None:
        shift.store.block(shift.store.some_numbers(LIST, 20, self._rng))

    def _close_hours(self, shift: Shift) -> None:
        hours = shift.plan.project().hours
        shift.configure(hours=())
        shift.world.after(self._rng.uniform(0, 60), self._open_hours, shift, hours)

    @staticmethod
    def _open_hours(shift: Shift, hours: object) -> None:
        shift.configure(hours=hours)

    def _heal(self, shift: Shift) -> None:
        for span in shift.exchange.spans:
            shift.exchange.restore_span(span)
        shift.exchange.is_congested = False
        shift.project = shift.plan.project()
        shift.set_list(is_started=True)
        for robot in shift.robots.robots.values():
            shift.robots.sit_down(robot)
