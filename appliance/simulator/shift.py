"""A shift in virtual time: the very machine that dials live, against a call-level exchange and robots.

`simulate` runs hours in seconds and gives the figures; nothing here looks at a clock, a socket or a file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from appliance.dialer import inputs
from appliance.dialer.machine import Machine
from appliance.dialer.messages import Mode
from appliance.simulator.shift_exchange import Exchange
from appliance.simulator.shift_figures import Tally
from appliance.simulator.shift_invariants import Invariants
from appliance.simulator.shift_laws import AnswerRate, Laws, by_parts, steady
from appliance.simulator.shift_robots import KEYS, Robots
from appliance.simulator.shift_store import Store
from appliance.simulator.shift_world import World

MONDAY_9H: Final = 1_794_787_200.0  # 2026-11-16 09:00 in Tokyo
TENANT: Final = 1
PROJECT: Final = 1
LIST: Final = 1
DRAIN_S: Final = 900.0  # the longest talk's tail, when a shift is run empty
ALWAYS: Final = tuple(inputs.CallingHours(day, 0, 1440) for day in range(7))


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One shift.  `answer` is a rate, or rates of equal parts of the shift.  Times in seconds."""

    seats: int = 20
    hours: float = 8.0
    answer: float | tuple[float, ...] = 0.25
    talk_s: float = 90.0
    wrap_s: float = 20.0
    target: float = 0.03
    mode: Mode = "adaptive"
    overdial: int = 0
    ratio: float = 1.0
    is_ring_cut: bool = False
    seed: int = 1
    channels: int = 100_000
    customers: int = 10**8
    warm_up_s: float = 1800.0
    lunch_at_s: float = 0.0  # half the seats leave at once; 0: nobody does
    lunch_s: float = 3600.0

    @property
    def shift_s(self) -> float:
        return self.hours * 3600

    def project(self) -> inputs.ProjectSettings:
        return inputs.ProjectSettings(
            PROJECT, TENANT, self.mode, self.overdial, self.ratio, self.target, channel_share=100_000,
            ring_timeout_s=Laws().ring_timeout_s, hours=ALWAYS, main_caller="0312345678",
            is_ring_cut=self.is_ring_cut,
            codes=tuple(inputs.ResultCode(key, is_contact=True, is_sales=key == "06") for key in KEYS),
        )  # fmt: skip


class Shift:
    """One floor, put together.  Parts are public: faults and tests reach in.  `laws` replace the plan's."""

    def __init__(self, plan: Plan, *, is_checked: bool = False, laws: Laws | None = None) -> None:
        self.plan = plan
        self.machine = Machine()
        self.world = World(self.machine.feed)
        laws = laws or Laws(talk_mean_s=plan.talk_s, wrap_mean_s=plan.wrap_s)
        self.store = Store(self.world, tenant_id=TENANT, project_ids=(PROJECT,), customers=plan.customers)
        self.exchange = Exchange(
            self.world, laws, self._answer(), channels=plan.channels, gate=self.machine.may_setup,
            rng=_seeded(f"exchange {plan.seed}"), is_slotted=plan.channels <= 115,
        )  # fmt: skip
        self.robots = Robots(
            self.world, laws, seats=plan.seats, hang_up=self.exchange.hang_up,
            rng=_seeded(f"robots {plan.seed}"),
        )  # fmt: skip
        self.tally = Tally(self.world, plan.warm_up_s)
        self.wall_offset_s = MONDAY_9H
        self.project = plan.project()
        self.beside: tuple[inputs.SeatSettings, ...] = ()  # phones without a robot
        self.listed = inputs.ListSettings(LIST, PROJECT, True, True)
        self.invariants = (
            Invariants(self.world, self.machine, self.exchange, self.store) if is_checked else None
        )

    def _answer(self) -> AnswerRate:
        answer = self.plan.answer
        if isinstance(answer, tuple):
            return by_parts(answer, self.plan.shift_s)
        return steady(answer)

    # --- running --------------------------------------------------------------------------------------

    def run(self, prepare: Callable[[Shift], None] = lambda _shift: None) -> Shift:
        """From the first log-in to the end of the shift.  `prepare` may put faults into the queue."""
        self.world.tell(inputs.WallClock(self.wall_offset_s))
        self.configure()
        self.world.tell(inputs.Start(1))
        self.exchange.start()
        self.robots.start()
        if self.plan.lunch_at_s:
            self.world.after(self.plan.lunch_at_s, self.half_leaves, self.plan.lunch_s)
        prepare(self)
        self.run_until(self.plan.shift_s)
        return self

    def run_until(self, end: float) -> None:
        world = self.world
        while True:
            due = self.machine.due(world.now)  # a restart puts another one in its place
            at = world.next_at()
            if due is not None and (at is None or due < at):
                if due > end:
                    break
                world.now = max(world.now, due)
                world.tell(inputs.Tick())
            elif at is None or at > end:
                break
            else:
                world.step()
        world.now = end

    def drain(self) -> None:
        """Everybody goes home; what is on the line runs out."""
        for robot in self.robots.robots.values():
            self.robots.leave(robot)
        self.run_until(self.world.now + DRAIN_S)
        for robot in self.robots.robots.values():
            self.robots.vanish(robot)
        self.run_until(self.world.now + 60.0)

    # --- what a manager or an accident does -----------------------------------------------------------

    def configure(self, **changes: Any) -> None:
        """Settings of the one project, changed and put in force."""
        self.project = msgspec.structs.replace(self.project, **changes)
        self._tell_settings()

    def set_list(self, *, is_started: bool) -> None:
        self.listed = msgspec.structs.replace(self.listed, is_started=is_started)
        self._tell_settings()

    def _tell_settings(self) -> None:
        seats = tuple(inputs.SeatSettings(r.seat_id, r.extension) for r in self.robots.robots.values())
        self.world.tell(inputs.Configure((self.project,), (self.listed,), (*seats, *self.beside)))

    def step_wall(self, seconds: float) -> None:
        self.wall_offset_s += seconds
        self.world.tell(inputs.WallClock(self.wall_offset_s))

    def half_leaves(self, away_s: float) -> None:
        """Half the seats leave at once, and come back together."""
        robots = list(self.robots.robots.values())
        for robot in robots[: len(robots) // 2]:
            self.robots.leave(robot)
            self.world.after(away_s, self.robots.sit_down, robot)

    def figures(self) -> dict[str, float]:
        """The keys of `simulate --json`."""
        return self.tally.figures(self.world.now)


def _seeded(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311  # chance that must repeat, no secret


def simulate(
    *,
    seats: int = 20,
    hours: float = 8.0,
    answer: float | Sequence[float] = 0.25,
    talk: float = 90.0,
    wrap: float = 20.0,
    target: float = 0.03,
    mode: Mode = "adaptive",
    seed: int = 1,
    is_checked: bool = False,
    prepare: Callable[[Shift], None] = lambda _shift: None,
    **more: Any,
) -> dict[str, float]:
    """Run one shift; `more` are further fields of `Plan`.  Figures leave the first 30 minutes out."""
    rates = tuple(answer) if isinstance(answer, Sequence) else answer
    plan = Plan(
        seats=seats, hours=hours, answer=rates, talk_s=talk, wrap_s=wrap, target=target, mode=mode,
        seed=seed, **more,
    )  # fmt: skip
    return Shift(plan, is_checked=is_checked).run(prepare).figures()
