"""Scripted transfers and three-ways in a simulated shift, drawn from a seed, and all that can go wrong.

An operator who talks may hold, call a short dial, a number or a colleague, and then hand over, join or come
back, from the screen or by keys.  Third parties answer, are busy, silent, vacant or refused; people hang up
and put handsets down at any moment; now and then audio or the phones restart, or a span is lost.
"""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from typing import Any, Final

from appliance.audio import messages as audio
from appliance.dialer import inputs, outputs
from appliance.dialer.messages import (
    AnswerTransfer,
    CallTarget,
    DropTarget,
    HandOver,
    HangUp,
    HoldCall,
    JoinAll,
    SeatChanged,
)
from appliance.dialer.party_leg import FIRST_CALL
from appliance.phones import messages as phones
from appliance.pri_card import trunk
from appliance.simulator.shift import Shift
from appliance.simulator.shift_exchange import Call
from appliance.simulator.shift_robots import MEDIA, Robot

SCRIPTED_SHARE: Final = 0.8  # of all talks
FAULTY_SHARE: Final = 0.4  # of the scripts: something goes wrong in the midst of it
BY_KEYS_SHARE: Final = 0.3
BOX_FAULT_SHARE: Final = 0.02  # of the scripts: a room restarts, or a span is lost
TRIES_MAX: Final = 12
TARGETS: Final = (
    inputs.ShortDial(1, "001", "営業部", "0900000001", "03"),
    inputs.ShortDial(2, "002", "受付", "0900000002"),
)
PLANS: Final[tuple[tuple[str, ...], ...]] = (
    ("hold", "hold"),
    ("call", "hand_over"),
    ("call", "join", "hand_over"),
    ("call", "join", "back"),
    ("call", "back", "call", "hand_over"),
    ("hold", "call", "back"),
    ("house", "hand_over"),
    ("house", "join", "hand_over"),
    ("blind",),
    ("call", "leave"),
    ("house", "leave"),
    ("call", "join", "hang_up"),
)


class Transfers:
    """Hand `Transfers(seed).prepare` to `Shift.run`.  `scripts` have begun; `counts`: what came of them."""

    def __init__(self, seed: int, *, scripts_max: int = 10**9) -> None:
        self._rng = random.Random(f"transfers {seed}")  # noqa: S311  # chance that must repeat, no secret
        self._scripts_max = scripts_max
        self.scripts = 0
        self.counts: collections.Counter[str] = collections.Counter()
        self._shift: Shift
        self._scripted: set[int] = set()
        self._legs = 0

    def prepare(self, shift: Shift) -> None:
        """Watch the shift for talks."""
        self._shift = shift
        shift.exchange.meet_third = self._meet
        shift.world.carries_out({outputs.RingPhone: self.phone_rings})
        for robot in shift.robots.robots.values():
            shift.world.tell(phones.Registered(robot.extension, "10.0.0.9:5060"))
        shift.configure(targets=TARGETS)
        shift.world.observers.append(self._observe)

    def forget(self) -> None:
        """Which talks had a script; one that goes on may get another."""
        self._scripted.clear()

    def _observe(self, _now: float, _what: Any, decided: list[Any]) -> None:
        for output in decided:
            if isinstance(output, SeatChanged):
                self._seen(output)
            elif isinstance(output, outputs.SaveTransfer):
                self._saved(output)

    # --- operators ------------------------------------------------------------------------------------

    def _seen(self, changed: SeatChanged) -> None:
        seat, robot = changed.seat, self._shift.robots.robots.get(changed.seat.seat_id)
        if robot is None:
            return  # a phone that is nobody's desk
        if seat.state == "ringing" and not seat.attempt_id:
            self._later(self._rng.uniform(0.5, 8.0), self._answer, robot)
        if seat.state != "talking" or not seat.attempt_id or seat.attempt_id in self._scripted:
            return
        self._scripted.add(seat.attempt_id)
        is_over = self.scripts >= self._scripts_max or self._shift.world.now >= self._shift.plan.shift_s
        if not is_over and self._rng.random() < SCRIPTED_SHARE:
            self.scripts += 1
            plan = list(self._rng.choice(PLANS))
            self._later(self._rng.uniform(0.5, 6.0), self._act, robot, seat.attempt_id, plan, 0)
            self._go_wrong(robot, seat.attempt_id)

    def _answer(self, robot: Robot) -> None:
        """A colleague's transfer rings here: taken, declined, or not heard."""
        draw = self._rng.random()
        if draw < 0.6:
            self._shift.robots.press(robot, "*")
        elif draw < 0.75:
            self._shift.robots.press(robot, "#")
        elif draw < 0.9:
            for row in self._shift.machine.board(self._shift.world.now).transfers:
                self._ask(AnswerTransfer(robot.seat_id, row.transfer_id))

    def _act(self, robot: Robot, attempt_id: int, plan: list[str], tries: int) -> None:
        """The next step of a plan; what cannot be done yet is tried again."""
        if not plan or robot.attempt_id != attempt_id or robot.state != "talking":
            return
        is_done = self._do(robot, plan[0])
        if is_done:
            plan, tries = plan[1:], 0
        if tries < TRIES_MAX:
            self._later(self._rng.uniform(0.5, 5.0), self._act, robot, attempt_id, plan, tries + 1)

    def _do(self, robot: Robot, step: str) -> bool:
        seat_id = robot.seat_id
        match step:
            case "hold":
                board = self._shift.machine.board(self._shift.world.now).seats[seat_id - 1]
                return self._either(robot, "*0", HoldCall(seat_id, not board.is_held))
            case "call":
                return self._call(robot)
            case "house" | "blind":
                colleague = self._rng.choice(list(self._shift.robots.robots.values()))
                is_called = self._ask(CallTarget(seat_id, extension=colleague.extension))
                return is_called and (step == "house" or self._ask(HandOver(seat_id)))
            case "hand_over":
                return self._either(robot, "*2", HandOver(seat_id))
            case "join":
                return self._either(robot, "*4", JoinAll(seat_id))
            case "back":
                return self._either(robot, "*3", DropTarget(seat_id))
            case "leave":
                self._shift.robots.vanish(robot)
                self._later(self._rng.uniform(1, 30), self._sit_down, robot)
                return True
        return self._either(robot, "#", HangUp(seat_id))

    def _call(self, robot: Robot) -> bool:
        target = self._rng.choice((1, 2, 0))
        if self._rng.random() < BY_KEYS_SHARE and target:
            self._shift.robots.press(robot, f"*100{target}")
            return True
        number = "" if target else f"09{self._rng.randrange(10**8):08d}"
        return self._ask(CallTarget(robot.seat_id, target_id=target, number=number))

    def _either(self, robot: Robot, keys: str, wish: Any) -> bool:
        """By keys or from the screen."""
        if self._rng.random() >= BY_KEYS_SHARE:
            return self._ask(wish)
        if self._shift.machine.request_refusal(wish, self._shift.world.now):
            return False
        self._shift.robots.press(robot, keys)
        return True

    def _ask(self, wish: Any) -> bool:
        refusal = self._shift.machine.request_refusal(wish, self._shift.world.now)
        self.counts[f"refused: {refusal}" if refusal else type(wish).__name__] += 1
        if not refusal:
            self._shift.world.tell(wish)
        return not refusal

    def phone_rings(self, rung: outputs.RingPhone) -> None:
        """A phone at which nobody is logged in: lifted or not, and put down again."""
        self._legs += 1
        leg, tell, rng = f"r{self._legs}", self._shift.world.tell, self._rng
        self._later(0.05, tell, inputs.PhoneRings(rung.ref, leg if rng.random() < 0.9 else ""))
        if rng.random() < 0.7:
            self._later(rng.uniform(0.5, 15.0), tell, phones.LegAnswered(leg, MEDIA))
        if rng.random() < 0.7:
            self._later(rng.uniform(5.0, 60.0), tell, phones.LegEnded(leg))
        self._later(90.0, tell, phones.LegEnded(leg))

    # --- third parties --------------------------------------------------------------------------------

    def _meet(self, call: Call) -> None:
        """What becomes of a third party's SETUP."""
        exchange, rng, call_id = self._shift.exchange, self._rng, call.call_id
        draw, after_s = rng.random(), rng.uniform(0.2, 3.0)
        ways: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.05, lambda: self._later(after_s, exchange.end_if, call, 17)),
            (0.08, lambda: self._later(after_s, exchange.end_if, call, 1)),
            (0.11, lambda: self._later(after_s, exchange.tell_if, call, trunk.Progress(call_id, True, 1))),
            (0.14, lambda: self._later(after_s, exchange.tell_if, call, trunk.Disconnecting(call_id, 17))),
            (0.17, lambda: self._later(after_s, exchange.refuse, call)),
            (0.25, lambda: exchange.alert(call, after_s)),
        )
        for share, way in ways:
            if draw < share:
                way()
                return
        exchange.alert(call, after_s)
        self._later(after_s + rng.expovariate(0.3), exchange.pick_up, call)
        if rng.random() < 0.5:
            self._later(after_s + rng.uniform(5.0, 40.0), exchange.hang_up, call_id)

    def _saved(self, row: outputs.SaveTransfer) -> None:
        """A talk that was handed over ends some time, by either of the two."""
        if row.cleared_at:
            self.counts[f"ended: {row.outcome}"] += 1
        elif row.outcome == "handed":
            call_id = self._rng.choice((row.attempt_id, row.attempt_id, _call_of(row)))
            self._later(self._rng.uniform(0.5, 90.0), self._shift.exchange.hang_up, call_id)
            self._later(120.0, self._shift.exchange.hang_up, row.attempt_id)

    # --- what goes wrong ------------------------------------------------------------------------------

    def _go_wrong(self, robot: Robot, attempt_id: int) -> None:
        rng, shift = self._rng, self._shift
        if rng.random() < FAULTY_SHARE:
            after_s = rng.uniform(1.0, 25.0)
            if rng.random() < 0.5:
                self._later(after_s, shift.exchange.hang_up, attempt_id)
            elif rng.random() < 0.5:
                self._later(after_s, shift.robots.vanish, robot)
                self._later(after_s + rng.uniform(1, 60), self._sit_down, robot)
            else:
                self._later(after_s, shift.robots.press, robot, rng.choice(("#", "*", "*1", "*9", "##")))
        if rng.random() < BOX_FAULT_SHARE:
            strikes = (self._restart_audio, self._restart_phones, self._lose_span)
            self._later(rng.uniform(1.0, 20.0), rng.choice(strikes))

    def _sit_down(self, robot: Robot) -> None:
        """Nobody comes back once the shift is over."""
        if self._shift.world.now < self._shift.plan.shift_s:
            self._shift.robots.sit_down(robot)

    def _restart_audio(self) -> None:
        self.counts["audio restarts"] += 1
        self._shift.world.tell(audio.AudioSnapshot((), {}))

    def _restart_phones(self) -> None:
        self.counts["phones restarts"] += 1
        if self._shift.world.now < self._shift.plan.shift_s - 60.0:
            self._shift.robots.lose_phones(self._rng)

    def _lose_span(self) -> None:
        self.counts["spans lost"] += 1
        span = self._rng.choice(self._shift.exchange.spans)
        self._shift.exchange.lose_span(span)
        self._later(self._rng.uniform(1, 60), self._shift.exchange.restore_span, span)

    def _later(self, seconds: float, do: Callable[..., object], *arguments: Any) -> None:
        self._shift.world.after(seconds, do, *arguments)


def _call_of(row: outputs.SaveTransfer) -> int:
    return FIRST_CALL + row.transfer_id
