"""What operators and managers do at any moment of a simulated shift, drawn from a seed.

Whatever a seat shows, somebody may put the handset down in it, log it out, or ask for what does not fit; and
operators work from the screen as well: breaks by page, by key and with the handset down, help, codes, codes
taken back, log-ins from a page, previews.  `states` counts in which states the handset went down.
"""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from typing import Any, Final

from appliance.dialer import inputs
from appliance.dialer.messages import (
    CallForHelp,
    DialNumber,
    EndBreak,
    EnterCode,
    HangUp,
    LogOutSeat,
    PressKey,
    SeatChanged,
    SetMode,
    SetReady,
    StartBreak,
    TakeBack,
    TakeSeat,
)
from appliance.dialer.seat import State
from appliance.simulator.shift import LIST, PROJECT, TENANT, Shift
from appliance.simulator.shift_robots import KEYS, Robot
from appliance.simulator.shift_store import WRONG_PIN

DEEDS_AN_HOUR: Final = 900
HAND_DOWN_SHARE: Final = 0.02  # of the states a seat comes into
RARE: Final = frozenset(
    {
        State.CHECKING, State.SUMMONED, State.UNLOCKING, State.RUNG, State.ASSISTING, State.CONFIRMING,
        State.CALLING,
    }
)  # fmt: skip
RARE_SHARE: Final = 0.15
PREVIEW_FIRST: Final = LIST * 10**9 + 10**8  # customers nobody offers: chosen on the screen
REASONS: Final = ("break", "away", "研修")


class Deeds:
    """Hand `prepare` to `Shift.run`; nothing is begun after `until_s`."""

    def __init__(self, seed: int, *, until_s: float) -> None:
        self._rng = random.Random(f"deeds {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._until_s = until_s
        self._shift: Shift
        self._previews = 0
        self._seen: dict[int, State] = {}
        self.states: collections.Counter[str] = collections.Counter()
        self.counts: collections.Counter[str] = collections.Counter()

    def prepare(self, shift: Shift) -> None:
        self._shift = shift
        shift.world.observers.append(self._observe)
        deeds: tuple[Callable[[Robot], None], ...] = (
            self._rest, self._rest_by_key, self._rest_handset_down, self._help_by_key, self._preview,
            self._preview, self._pause, self._hang_up, self._code_by_screen, self._take_back,
            self._sit_by_page, self._log_out, self._manual, self._manual, self._normal_mode,
        )  # fmt: skip
        for _deed in range(int(self._until_s / 3600 * DEEDS_AN_HOUR)):
            at, deed = self._rng.uniform(10.0, self._until_s), self._rng.choice(deeds)
            shift.world.after(at, self._do, deed)
        shift.world.after(self._until_s, self._all_back)

    def _do(self, deed: Callable[[Robot], None]) -> None:
        deed(self._rng.choice(list(self._shift.robots.robots.values())))

    def _ask(self, wish: Any) -> bool:
        """As a page does: what is refused is not asked."""
        is_taken = not self._shift.machine.request_refusal(wish, self._shift.world.now)
        if is_taken:
            self.counts[type(wish).__name__] += 1
            self._shift.world.tell(wish)
        return is_taken

    def _later(self, seconds: float, do: Callable[..., object], *arguments: Any) -> None:
        self._shift.world.after(seconds, do, *arguments)

    def _press(self, robot: Robot, keys: str) -> None:
        self._shift.robots.press(robot, keys)

    # --- breaks and help ------------------------------------------------------------------------------

    def _rest(self, robot: Robot) -> None:
        """By page, in whatever state: a call and its code come first."""
        self._ask(StartBreak(robot.seat_id, self._rng.choice(REASONS)))
        self._later(self._rng.uniform(2, 90), self._back, robot)

    def _rest_by_key(self, robot: Robot) -> None:
        self._press(robot, "01")
        after_s = self._rng.uniform(2, 60)
        if self._rng.random() < 0.3:
            self._later(after_s, self._press, robot, f"{WRONG_PIN}#")
        self._later(after_s + 1.0, self._press, robot, "12345#")
        self._later(after_s + 30.0, self._back, robot)

    def _rest_handset_down(self, robot: Robot) -> None:
        """The handset goes down on a break, and the page's end of it rings the phone."""
        self._ask(StartBreak(robot.seat_id, "break"))
        self._later(self._rng.uniform(0.5, 5), self._put_down_resting, robot)
        self._later(self._rng.uniform(10, 60), self._back, robot)
        self._later(120.0, self._sit_down, robot)

    def _put_down_resting(self, robot: Robot) -> None:
        if robot.state == "break":
            self._shift.robots.vanish(robot)

    def _back(self, robot: Robot) -> None:
        self._ask(EndBreak(robot.seat_id))

    def _all_back(self) -> None:
        """The floor is at work again, and whoever has no handset lifts it."""
        for robot in self._shift.robots.robots.values():
            self._back(robot)
            self._ask(SetMode(robot.seat_id, is_manual=False))
            self._ask(SetReady(robot.seat_id, is_on=True))
            self._later(60.0, self._sit_down, robot)

    def _help_by_key(self, robot: Robot) -> None:
        self._press(robot, "09")
        self._later(self._rng.uniform(1, 60), self._ask, CallForHelp(robot.seat_id, is_on=False))

    # --- the screen -----------------------------------------------------------------------------------

    def _preview(self, robot: Robot) -> None:
        """The operator picks a record."""
        self._previews += 1
        customer_id = PREVIEW_FIRST + self._previews
        customer = inputs.Customer(customer_id, self._shift.store.number(customer_id))
        if self._shift.machine.preview_refusal(robot.seat_id, customer, self._shift.world.now):
            return
        self.counts["PreviewDial"] += 1
        self._shift.world.tell(inputs.PreviewDial(robot.seat_id, LIST, customer))
        if self._rng.random() < 0.3:
            self._later(self._rng.uniform(0.1, 15), self._hang_up, robot)

    def _manual(self, robot: Robot) -> None:
        """Any number, by hand; now and then one that is forbidden, or too short."""
        draw = self._rng.random()
        number = f"08{self._rng.randrange(10**8):08d}" if draw < 0.8 else "12"
        if draw > 0.9 and self._shift.store.blocked:
            number = min(self._shift.store.blocked)
        if self._ask(DialNumber(robot.seat_id, number)) and self._rng.random() < 0.3:
            self._later(self._rng.uniform(0.1, 15), self._hang_up, robot)

    def _normal_mode(self, robot: Robot) -> None:
        """Out of predictive dialling for a while."""
        self._ask(SetMode(robot.seat_id, is_manual=True))
        self._later(self._rng.uniform(5, 60), self._ask, SetMode(robot.seat_id, is_manual=False))

    def _pause(self, robot: Robot) -> None:
        if self._ask(SetReady(robot.seat_id, is_on=False)):
            self._later(self._rng.uniform(1, 30), self._ask, SetReady(robot.seat_id, is_on=True))

    def _hang_up(self, robot: Robot) -> None:
        self._ask(HangUp(robot.seat_id))

    def _code_by_screen(self, robot: Robot) -> None:
        wish = EnterCode(
            robot.seat_id, robot.attempt_id, self._rng.choice(KEYS), is_next=self._rng.random() < 0.5
        )
        if self._ask(wish) and self._rng.random() < 0.5:
            attempt_id = robot.attempt_id or wish.attempt_id
            self._later(self._rng.uniform(0.1, 12), self._ask, TakeBack(robot.seat_id, attempt_id))

    def _take_back(self, robot: Robot) -> None:
        """By key, where a page sends it."""
        self._shift.world.tell(PressKey(robot.seat_id, "#"))
        if robot.state == "paused":
            self._later(5.0, self._press, robot, "*")

    def _sit_by_page(self, robot: Robot) -> None:
        """Log out, and log in from a page: the phone rings."""
        self._shift.world.tell(LogOutSeat(robot.seat_id, self._rng.random() < 0.5, "席替え"))
        self._later(self._rng.uniform(1, 20), self._shift.robots.vanish, robot)
        self._later(self._rng.uniform(21, 40), self._take_seat, robot)

    def _take_seat(self, robot: Robot) -> None:
        user = 1000 + robot.seat_id
        self._ask(TakeSeat(robot.seat_id, user, f"robot {robot.seat_id}", TENANT, (PROJECT,)))
        self._later(60.0, self._sit_down, robot)

    def _log_out(self, robot: Robot) -> None:
        self._shift.world.tell(LogOutSeat(robot.seat_id, self._rng.random() < 0.5, "終業"))
        self._later(self._rng.uniform(20, 60), self._sit_down, robot)

    # --- the handset goes down in every state ---------------------------------------------------------

    def _observe(self, _now: float, _what: Any, decided: list[Any]) -> None:
        if any(isinstance(output, SeatChanged) for output in decided):
            for seat in self._shift.machine.seats():
                if self._seen.get(seat.seat_id) is not seat.state:
                    self._seen[seat.seat_id] = seat.state
                    self._maybe_hand_down(seat.seat_id, seat.state)

    def _maybe_hand_down(self, seat_id: int, state: State) -> None:
        robot = self._shift.robots.robots.get(seat_id)
        if robot is None or self._shift.world.now > self._until_s:
            return
        if self._rng.random() < (RARE_SHARE if state in RARE else HAND_DOWN_SHARE):
            after_s = self._rng.choice((0.0, 0.01, 1.0, 10.0))
            is_keyed = state is State.ENTERING and self._rng.random() < 0.5
            self._later(after_s, self._read_back_only if is_keyed else self._hand_down, robot)

    def _read_back_only(self, robot: Robot) -> None:
        """The code is keyed and not confirmed when the handset goes down."""
        seat = next(seat for seat in self._shift.machine.seats() if seat.seat_id == robot.seat_id)
        if seat.state is State.ENTERING:
            self._press(robot, self._rng.choice(KEYS))
            self._hand_down(robot)

    def _hand_down(self, robot: Robot) -> None:
        seat = next(seat for seat in self._shift.machine.seats() if seat.seat_id == robot.seat_id)
        if robot.leg:
            self.states[seat.state.name] += 1
        self._shift.robots.vanish(robot)
        self._later(self._rng.uniform(0.5, 40), self._sit_down, robot)

    def _sit_down(self, robot: Robot) -> None:
        """Nobody comes back once the shift is over."""
        if self._shift.world.now < self._shift.plan.shift_s - 60.0:
            self._shift.robots.sit_down(robot)
