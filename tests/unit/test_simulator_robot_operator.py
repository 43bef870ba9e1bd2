"""What robot operators do, from what they see: pure, in made-up time."""

from __future__ import annotations

import random

from appliance.simulator.robot_laws import CODES, Laws
from appliance.simulator.robot_operator import (
    GIVE_UP_S,
    UNKNOWN_CODE,
    Decision,
    Input,
    Lift,
    Operator,
    Press,
    PutDown,
    RobotLogin,
    Speak,
    State,
)

LOGIN = RobotLogin("201", "secret", "1001", "123456")
STEADY = Laws(
    start_s_max=0.0, ends_share=0.0, unknown_share=0.0, corrects_share=0.0, forgets_share=0.0,
    breaks_share=0.0, wrap_s_mean=2.0,
)  # fmt: skip


class Desk:
    """An operator with a clock; `done` is everything it decided, with its time."""

    def __init__(self, laws: Laws = STEADY, seed: int = 1) -> None:
        self.now = 0.0
        self.done: list[tuple[float, Decision]] = []
        self.operator = Operator(LOGIN, laws, random.Random(seed), now=0.0)

    def see(self, what: Input) -> None:
        self.operator.feed(what, self.now)
        self._drain()

    def go_on(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.operator.due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.operator.handle_time(self.now)
            self._drain()
        self.now = end

    def keys(self) -> str:
        return "".join(decision.keys for _, decision in self.done if isinstance(decision, Press))

    def did(self, kind: type) -> int:
        return sum(isinstance(decision, kind) for _, decision in self.done)

    def _drain(self) -> None:
        self.done += [(self.now, decision) for decision in self.operator.decisions]
        self.operator.decisions.clear()


def at_work(laws: Laws = STEADY, seed: int = 1) -> Desk:
    """An operator who waits for a call."""
    desk = Desk(laws, seed)
    desk.go_on(0.1)
    desk.see(Input.SEES_LOGIN)
    desk.go_on(4.0)
    desk.see(Input.SEES_PAUSED)
    desk.go_on(2.0)
    desk.see(Input.SEES_WAITING)
    return desk


def test_the_way_to_work() -> None:
    desk = at_work()

    assert desk.did(Lift) == 1
    assert desk.keys() == "1001#123456#*"
    assert desk.operator.state is State.WAITING


def test_a_whole_cycle_ends_ready_again() -> None:
    desk = at_work()
    before = len(desk.keys())
    desk.see(Input.SEES_TALKING)
    desk.go_on(30.0)
    desk.see(Input.SEES_WRAPUP)
    desk.go_on(60.0 if desk.operator.due() is None else 12.0)
    desk.see(Input.SEES_WAITING)

    code = desk.keys()[before:]
    assert code[-1] == "*"
    assert code[:-1] in {code for code, _ in CODES}
    speaking = [decision.is_on for _, decision in desk.done if isinstance(decision, Speak)]
    assert speaking[-3:] == [True, False, False]
    assert desk.operator.state is State.WAITING


def test_one_who_ends_the_talk_presses_hash() -> None:
    desk = at_work(Laws(start_s_max=0.0, ends_share=1.0, talk_s_mean=20.0))
    desk.see(Input.SEES_TALKING)
    desk.go_on(400.0)

    assert desk.keys().endswith("#")


def test_an_unknown_code_comes_first_then_a_right_one() -> None:
    desk = at_work(Laws(start_s_max=0.0, unknown_share=1.0, forgets_share=0.0))
    before = len(desk.keys())
    desk.see(Input.SEES_WRAPUP)
    desk.go_on(40.0)

    assert desk.keys()[before:].startswith(UNKNOWN_CODE)
    assert len(desk.keys()[before:]) >= 5


def test_a_correction_hears_the_code_and_presses_hash() -> None:
    laws = Laws(start_s_max=0.0, unknown_share=0.0, forgets_share=0.0, corrects_share=1.0, wrap_s_mean=1.5)
    desk = at_work(laws)
    before = len(desk.keys())
    desk.see(Input.SEES_WRAPUP)
    desk.go_on(12.0)

    assert desk.keys()[before + 2] == "#"


def test_one_who_forgets_puts_the_handset_down_and_comes_back() -> None:
    desk = at_work(Laws(start_s_max=0.0, forgets_share=1.0))
    before = desk.keys()
    desk.see(Input.SEES_WRAPUP)
    desk.go_on(600.0)

    assert desk.keys() == before
    assert desk.did(PutDown) >= 1
    assert desk.did(Lift) >= 2


def test_a_break_is_taken_after_a_code() -> None:
    desk = at_work(Laws(start_s_max=0.0, breaks_share=1.0, forgets_share=0.0, unknown_share=0.0))
    desk.see(Input.SEES_WRAPUP)
    desk.see(Input.SEES_WAITING)
    desk.go_on(1.0)

    assert desk.operator.state is State.AWAY


def test_when_nothing_happens_the_handset_goes_down_and_up_again() -> None:
    desk = Desk()
    desk.go_on(GIVE_UP_S + 10.0)

    assert desk.did(Lift) == 2
    assert desk.did(PutDown) == 1


def test_a_leg_that_is_cut_is_dialled_again() -> None:
    desk = at_work()
    desk.see(Input.LEG_GONE)
    desk.go_on(10.0)

    assert desk.did(Lift) == 2


def test_the_same_seed_does_the_same() -> None:
    runs = [at_work(Laws(), seed=5) for _ in range(2)]
    for desk in runs:
        for what in (Input.SEES_TALKING, Input.SEES_WRAPUP, Input.SEES_WAITING) * 5:
            desk.see(what)
            desk.go_on(40.0)

    assert runs[0].done == runs[1].done
