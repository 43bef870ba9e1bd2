"""The ladder: what is started again, when, how often, and when the box is let go."""

from __future__ import annotations

import pytest

from appliance import processes
from appliance.watchdog import policy
from appliance.watchdog.policy import Look, Policy, Rung, Seen, Step

WELL = dict.fromkeys(policy.CHECKS, "")


class Box:
    """A box second by second: its processes beat unless told otherwise."""

    def __init__(
        self, *, resets_before: int = 0, names: tuple[str, ...] = ("dialer", "audio", "web")
    ) -> None:
        self.now = 1000.0
        self.policy = Policy(now=self.now, resets_before=resets_before)
        self.pids = {name: number for number, name in enumerate(names, 100)}
        self.beats: dict[str, float] = {}
        self.frozen: set[str] = set()
        self.stopped: set[str] = set()
        self.wrong: dict[str, str] = {}
        self.busy: set[str] = set()
        self.cpu_s = 0.0
        self.unkillable: set[str] = set()

    def run(self, seconds: float) -> list[tuple[float, Step]]:
        """Steps taken, with the second from now in which they were."""
        began, taken = self.now, []
        while self.now < began + seconds:
            self.now += policy.LOOK_EVERY_S
            self.cpu_s += 0.01
            for name in self.pids.keys() - self.frozen - self.stopped:
                self.beats[name] = self.now
            for step in self.policy.look(self.now, self.seen()):
                taken.append((self.now - began, step))
                self.obey(step)
        return taken

    def seen(self) -> Seen:
        looks = {
            name: Look(
                pid, self.beats.get(name), name in self.stopped, self.cpu_s if name in self.busy else 1.0
            )
            for name, pid in self.pids.items()
        }
        return Seen({**WELL, **self.wrong}, looks)

    def obey(self, step: Step) -> None:
        names = {Rung.ONE: {step.check}, Rung.ALL: set(self.pids)}.get(step.rung, set())
        for name in names - self.unkillable:
            self.pids[name] += 1000
            self.stopped.discard(name)


def rungs(taken: list[tuple[float, Step]]) -> list[tuple[Rung, str]]:
    return [(step.rung, step.check) for _, step in taken]


def test_a_box_that_is_well_is_left_alone_for_half_a_shift() -> None:
    box = Box(names=tuple(policy.PROCESSES))
    assert box.run(14_400) == []
    assert box.policy.is_petting


def test_a_process_that_stands_still_is_started_again_at_its_limit() -> None:
    box = Box()
    box.run(100)
    box.frozen.add("dialer")

    (after, step), *_ = box.run(12)

    assert (step.rung, step.check) == (Rung.ONE, "dialer")
    assert after <= policy.PROCESSES["dialer"].patience_s + 1
    assert "stood still" in step.detail


def test_a_process_that_was_stopped_by_a_signal_is_found_sooner() -> None:
    box = Box()
    box.run(100)
    box.stopped.add("dialer")
    (after, step), *rest = box.run(60)
    assert (step.rung, step.check, rest) == (Rung.ONE, "dialer", [])
    assert after <= policy.STOPPED_S + 2


def test_three_starts_then_all_then_the_box_is_let_go() -> None:
    box = Box()
    box.run(100)
    box.frozen.add("dialer")
    box.unkillable.add("dialer")

    taken = box.run(600)

    assert rungs(taken) == [(Rung.ONE, "dialer")] * 3 + [(Rung.ALL, "dialer"), (Rung.RESET, "dialer")]
    assert not box.policy.is_petting


def test_a_process_that_comes_back_begins_at_the_foot_of_the_ladder_ten_minutes_later() -> None:
    box = Box()
    box.run(100)
    for _ in range(4):
        box.frozen.add("dialer")
        assert rungs(box.run(20)) == [(Rung.ONE, "dialer")]
        box.frozen.clear()
        assert box.run(policy.WINDOW_S / 2) == []


@pytest.mark.parametrize("name", ["web", "worker", "monitor", "console"])
def test_what_calls_do_not_need_is_started_again_and_never_costs_a_reset(name: str) -> None:
    box = Box(names=("dialer", name))
    box.run(100)
    box.frozen.add(name)
    box.unkillable.add(name)

    taken = box.run(7200)

    assert set(rungs(taken)) == {(Rung.ONE, name)}
    assert len(taken) <= policy.ONE_MAX * (7200 / policy.WINDOW_S + 1)
    assert box.policy.is_petting


def test_a_frozen_supervisord_lets_the_box_go() -> None:
    box = Box()
    box.run(100)
    box.wrong["supervisord"] = "does not answer"
    box.pids.clear()  # nobody says which processes there are

    (after, step), *rest = box.run(120)

    assert (step.rung, step.check, rest) == (Rung.RESET, "supervisord", [])
    assert after == pytest.approx(policy.CHECKS["supervisord"].patience_s + 1)
    assert not box.policy.is_petting


def test_a_store_that_does_not_commit_has_all_started_again_first() -> None:
    box = Box()
    box.run(100)
    box.wrong["store"] = "no commit for 12 s"
    taken = box.run(400)
    assert rungs(taken) == [(Rung.ALL, "store"), (Rung.RESET, "store")]
    assert taken[0][0] >= policy.CHECKS["store"].patience_s


def test_a_store_that_commits_again_within_its_patience_costs_nothing() -> None:
    box = Box()
    box.run(100)
    for _ in range(50):
        box.wrong["store"] = "no commit for 12 s"
        assert box.run(policy.CHECKS["store"].patience_s - 5) == []
        box.wrong.clear()
        assert box.run(2) == []


def test_a_process_that_ends_by_itself_again_and_again_is_supervisords_business() -> None:
    """A site file with a mistake must not become an endless chain of resets."""
    box = Box()
    box.run(100)
    box.frozen.add("phones")
    for start in range(500):
        box.pids["phones"] = 5000 + start
        assert box.run(5) == []


def test_a_process_that_hangs_at_its_start_is_found_after_its_time() -> None:
    box = Box()
    box.frozen.add("audio")
    (after, step), *_ = box.run(policy.START_S + 5)
    assert (step.rung, step.check) == (Rung.ONE, "audio")
    assert after >= policy.START_S
    assert "has not begun" in step.detail


def test_a_start_that_works_is_slow_and_not_sick() -> None:
    """Everything that starts together in an emulator under load needs minutes."""
    box = Box()
    box.frozen.update(box.pids)
    box.busy.update(box.pids)
    assert box.run(policy.START_S_MAX - 5) == []
    assert Rung.ONE in {rung for rung, _ in rungs(box.run(10))}


def test_a_loop_that_still_uses_the_processor_has_more_patience_and_not_for_ever() -> None:
    box = Box()
    box.busy.add("dialer")
    box.run(100)
    box.frozen.add("dialer")
    patience_s = policy.PROCESSES["dialer"].patience_s
    assert box.run(patience_s * policy.BUSY_FACTOR - 2) == []
    assert rungs(box.run(4)) == [(Rung.ONE, "dialer")]


def test_a_program_that_was_stopped_on_purpose_is_not_missed() -> None:
    box = Box()
    box.run(100)
    box.frozen.add("dialer")
    box.pids["dialer"] = 0
    assert box.run(1000) == []


def test_a_box_that_is_not_up_yet_gets_its_time() -> None:
    box = Box(names=())
    box.wrong = {"supervisord": "does not answer", "store": "no database"}
    assert box.run(policy.FIRST_S - 1) == []
    assert rungs(box.run(60)) == [(Rung.RESET, "supervisord")]


def test_a_machine_that_stood_still_accuses_nobody() -> None:
    """An emulator that was paused, a host under load: everybody's beats are old at once."""
    box = Box()
    box.run(100)
    box.now += 120.0
    box.frozen.update(box.pids)
    assert box.run(policy.BLIND_S - 2) == []  # they go round again when they are let
    box.frozen.clear()
    assert box.run(600) == []


def test_a_machine_that_stands_still_again_and_again_is_watched_all_the_same() -> None:
    box = Box()
    box.run(100)
    box.frozen.add("dialer")
    steps = []
    for _ in range(30):
        box.now += 3.0
        steps += box.run(3)
    assert (Rung.ONE, "dialer") in rungs(steps)


def test_three_resets_in_a_row_are_enough_and_a_calm_half_hour_forgets_them() -> None:
    box = Box(resets_before=policy.RESETS_MAX)
    box.run(100)
    box.wrong["disk"] = "no answer"
    assert box.run(1000) == []
    assert box.policy.is_petting
    assert box.policy.has_given_up

    box.wrong.clear()
    box.run(policy.SETTLED_S)
    assert box.policy.is_settled(box.now)
    assert not box.policy.is_settled(box.now), "it is said once"
    assert not box.policy.has_given_up
    box.wrong["disk"] = "no answer"
    assert rungs(box.run(200)) == [(Rung.RESET, "disk")]


def test_after_the_last_step_nothing_else_is_done() -> None:
    box = Box()
    box.run(100)
    box.wrong["supervisord"] = "does not answer"
    box.run(60)
    box.frozen.update(box.pids)
    assert box.run(100) == []


def test_what_is_ill_is_told_before_anything_is_done() -> None:
    box = Box()
    box.run(100)
    box.wrong["store"] = "locked"
    box.run(10)
    (illness,) = box.policy.ill
    assert (illness.check, illness.detail, illness.is_due) == ("store", "locked", False)
    assert illness.for_s == pytest.approx(9.0)


def test_every_process_of_the_box_has_its_row() -> None:
    assert {each.name for each in processes.BOX + processes.DEMONSTRATION} == set(policy.PROCESSES)
