"""Robot operators for simulated shifts: they know their phone alone, by keys and by what the seat shows.

A robot logs in, presses `*`, talks, enters a code (now and then an unknown one, or corrects it) and may
leave: at once when it waits, else after its code.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.audio import messages as audio
from appliance.dialer.messages import SeatChanged
from appliance.phones import messages as phones
from appliance.simulator.shift_laws import Laws
from appliance.simulator.shift_world import World

KEYS: Final = ("01", "02", "03", "06")
UNKNOWN_KEY: Final = "77"
READY_S: Final = 1.0
AGAIN_S: Final = 5.0
UNKNOWN_SHARE: Final = 0.02
CORRECTED_SHARE: Final = 0.05
OPERATOR_ENDS_SHARE: Final = 0.3
MEDIA: Final = phones.Media("127.0.0.1", 16_000)


@dataclass(slots=True)
class Robot:
    """One operator at one seat.  `turn` counts its states, so that plans of an earlier one are dropped."""

    seat_id: int
    extension: str
    leg: str = ""
    state: str = "logged_out"
    turn: int = 0
    is_leaving: bool = False
    attempt_id: int = 0


class Robots:
    """All operators of a shift.  `hang_up` lets the customer of an attempt hang up."""

    def __init__(
        self, world: World, laws: Laws, *, seats: int, hang_up: Callable[[int], None], rng: random.Random
    ) -> None:
        self._world, self._laws, self._hang_up, self._rng = world, laws, hang_up, rng
        self.robots = {i: Robot(i, str(200 + i)) for i in range(1, seats + 1)}
        self._legs = 0
        world.carries_out({SeatChanged: self._seen})

    def start(self) -> None:
        for robot in self.robots.values():
            self._world.after(0.2 * robot.seat_id, self.sit_down, robot)

    def sit_down(self, robot: Robot) -> None:
        """Lift the handset, dial the service code, log in."""
        if robot.leg:
            return
        robot.is_leaving = False
        self._legs += 1
        robot.leg = f"p{self._legs}"
        self._world.tell(phones.Invited(robot.leg, robot.extension, "9000", MEDIA))
        for key in f"{robot.seat_id}#12345#":
            self.press(robot, key)

    def leave(self, robot: Robot) -> None:
        """Go when it can be done without owing a code."""
        robot.is_leaving = True
        if robot.state not in ("talking", "wrapup"):
            self.vanish(robot)

    def vanish(self, robot: Robot) -> None:
        """The handset is down, now."""
        if robot.leg:
            leg, robot.leg = robot.leg, ""
            self._world.tell(phones.LegEnded(leg))

    def lose_phones(self, rng: random.Random) -> None:
        """The phones process comes back and knows of no leg."""
        for robot in self.robots.values():
            robot.leg = ""
            self._world.after(rng.uniform(0, 20), self.sit_down, robot)
        self._world.tell(phones.PhonesSnapshot({}, ()))

    def dialer_restarted(self) -> None:
        """Nobody is shown anything until a new dialer shows it."""
        for robot in self.robots.values():
            robot.state, robot.attempt_id = "logged_out", 0
            robot.turn += 1

    def press(self, robot: Robot, keys: str) -> None:
        """Press keys, if the handset is lifted."""
        for key in keys:
            if robot.leg:
                self._world.tell(audio.Digit(robot.leg, key))

    def _seen(self, changed: SeatChanged) -> None:
        seat = changed.seat
        robot = self.robots.get(seat.seat_id)
        if robot is None:
            return
        if seat.state == robot.state and seat.attempt_id == robot.attempt_id:
            return
        robot.state, robot.attempt_id = seat.state, seat.attempt_id
        robot.turn += 1
        if seat.state == "paused":
            self._world.after(READY_S, self._if_same, robot, robot.turn, "*")
        elif seat.state == "talking":
            self._world.after(
                self._laws.talk_s(self._rng), self._end_talk, robot, robot.turn, seat.attempt_id
            )
        elif seat.state == "wrapup":
            self._world.after(self._laws.wrap_s(self._rng), self._if_same, robot, robot.turn, self._code())
        elif seat.state == "waiting" and robot.is_leaving:
            self._world.after(0.0, self.vanish, robot)

    def _code(self) -> str:
        draw = self._rng.random()
        code = self._rng.choice(KEYS)
        if draw < UNKNOWN_SHARE:
            return f"{UNKNOWN_KEY}{code}*"
        return f"{self._rng.choice(KEYS)}#{code}*" if draw < UNKNOWN_SHARE + CORRECTED_SHARE else f"{code}*"

    def _if_same(self, robot: Robot, turn: int, keys: str) -> None:
        """Press keys if the seat still shows what it showed; a code that did not take is keyed again."""
        if robot.turn != turn:
            return
        self.press(robot, keys)
        if robot.state == "wrapup":
            self._world.after(AGAIN_S, self._if_same, robot, turn, f"#{self._rng.choice(KEYS)}*")

    def _end_talk(self, robot: Robot, turn: int, attempt_id: int) -> None:
        if robot.turn != turn:
            return
        if self._rng.random() < OPERATOR_ENDS_SHARE:
            self.press(robot, "#")
        else:
            self._hang_up(attempt_id)
