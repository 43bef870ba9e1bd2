"""What would happen with another setting: the very machine of the dialer, on this floor's own laws.

A program of its own, so that no page and no call waits for it: a question comes in as JSON on standard
input, one line of JSON goes out for each run.  It is nice, and ends by itself after its share of CPU.
"""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import sys
from typing import Final

import msgspec

from appliance.dialer import inputs
from appliance.dialer.messages import Mode
from appliance.simulator.shift import LIST, PROJECT, Plan, Shift
from appliance.simulator.shift_measured import MeasuredLaws, laws_of, memory_of

NICENESS: Final = 15  # below imports, far below calls
CPU_S_MAX: Final = 40
TALKS: Final = 200  # measured in each run: a first answer in seconds, more runs make it finer
HOURS: Final = (0.1, 2.0)
WARM_UP_TALKS: Final = 10  # of each seat: all sit down at once, which is not how the floor stands now
IDLE_S: Final = 15.0  # a guess of what a seat waits between talks, to say how long so many of them take
FIRST_HOUR: Final = 9  # simulated shifts begin at nine


class Setting(msgspec.Struct, frozen=True):
    """What a manager can turn.  `channels` are those the project may use at once."""

    mode: Mode
    overdial: int
    ratio: float
    target: float
    channels: int


class Question(msgspec.Struct, frozen=True):
    """A floor as it stands: who works, its measured seconds, and the runs asked for (setting, seed)."""

    seats: int
    ring_timeout_s: float
    is_ring_cut: bool
    answers_s: tuple[float, ...]
    others_s: tuple[float, ...]
    talks_s: tuple[float, ...]
    wraps_s: tuple[float, ...]
    runs: tuple[tuple[Setting, int], ...]


class Run(msgspec.Struct, frozen=True):
    """One simulated stretch of work with one setting.  Sums, so that runs can be added up."""

    setting: Setting
    seed: int
    answered: int
    abandoned: int
    talks: int
    wait_s: float


def run(question: Question, setting: Setting, seed: int) -> Run:
    """Simulate one stretch.  The same seed has the same chances for every setting."""
    laws = _laws(question)
    hours, warm_up_s = _length(question)
    plan = Plan(
        seats=question.seats, hours=hours + warm_up_s / 3600, answer=laws.answer, target=setting.target,
        mode=setting.mode, overdial=setting.overdial, ratio=setting.ratio, seed=seed,
        is_ring_cut=question.is_ring_cut, channels=max(1, setting.channels), warm_up_s=warm_up_s,
    )  # fmt: skip
    shift = Shift(plan, laws=laws)
    shift.project = msgspec.structs.replace(shift.project, ring_timeout_s=question.ring_timeout_s)
    memory = memory_of(laws, list_id=LIST, hour=FIRST_HOUR, target=setting.target)
    shift.run(lambda ready: ready.world.tell(inputs.Remembered(PROJECT, memory)))
    tally = shift.tally
    counted = [is_abandoned for at, is_abandoned in tally.answers if at >= warm_up_s]
    return Run(setting, seed, len(counted), sum(counted), len(tally.waits), sum(tally.waits))


def _length(question: Question) -> tuple[float, float]:
    """Hours that hold enough talks, and the seconds before them until the floor is in its stride."""
    cycle_s = IDLE_S + _mean(question.talks_s) + _mean(question.wraps_s)
    hours = TALKS * cycle_s / question.seats / 3600
    return min(HOURS[1], max(HOURS[0], hours)), WARM_UP_TALKS * cycle_s


def _mean(seconds: tuple[float, ...]) -> float:
    return sum(seconds) / len(seconds)


@functools.lru_cache(maxsize=1)
def _laws(question: Question) -> MeasuredLaws:
    return laws_of(
        answers_s=question.answers_s,
        others_s=question.others_s,
        talks_s=question.talks_s,
        wraps_s=question.wraps_s,
        ring_timeout_s=question.ring_timeout_s,
    )


def main() -> None:
    """Answer the question on standard input."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    for setting, seed in question.runs:
        sys.stdout.buffer.write(msgspec.json.encode(run(question, setting, seed)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
