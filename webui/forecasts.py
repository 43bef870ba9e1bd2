"""Runs forecasts beside the page: one program at a time, nice, its answers kept for those who ask again.

A question that nobody looks at any more gives way to the next.  Knows nothing of requests.
"""

from __future__ import annotations

import contextlib
import logging
import math
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from appliance.clock import Clock
from appliance.simulator.what_if import Question, Run, Setting
from appliance.store.measures import Measured

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = (sys.executable, "-m", "appliance.simulator.what_if")
SEEDS: Final = 5  # runs of each setting: the error halves with the first four
KEPT: Final = 16  # floors whose runs are kept
MEASURED_S: Final = 300.0  # a floor is measured anew after so long; within it an answer stays the same
LOOKED_AT_S: Final = 4.0  # a page asks every second: whose question was not asked for so long has gone
FAILED_S: Final = 30.0

log = logging.getLogger("web")


@dataclass(frozen=True, slots=True)
class Forecast:
    """Runs of one setting added up."""

    runs: int = 0
    answered: int = 0
    abandoned: int = 0
    talks: int = 0
    waited_s: float = 0.0

    @property
    def wait_s(self) -> float | None:
        """Mean seconds a seat waits for its next customer."""
        return self.waited_s / self.talks if self.talks else None

    @property
    def abandon_ratio(self) -> float | None:
        """Abandoned of answered (0-1)."""
        return self.abandoned / self.answered if self.answered else None

    @property
    def error(self) -> float:
        """Half the width of the 95 % interval of the abandon ratio (Wilson's centre, so 0 is not certain)."""
        share = (self.abandoned + 2) / (self.answered + 4)
        return 1.96 * math.sqrt(share * (1 - share) / (self.answered + 4))


def added(runs: Sequence[Run]) -> Forecast:
    """Runs of one setting as one forecast.  Pure."""
    return Forecast(
        len(runs),
        sum(run.answered for run in runs),
        sum(run.abandoned for run in runs),
        sum(run.talks for run in runs),
        sum(run.wait_s for run in runs),
    )


@dataclass(slots=True)
class _Job:
    floor: Hashable
    settings: tuple[Setting, ...]
    program: subprocess.Popen[bytes]
    asked_at: float
    is_given_up: bool = False


@dataclass(slots=True)
class _Floor:
    runs: dict[Setting, dict[int, Run]] = field(default_factory=dict)
    failed_at: float = -FAILED_S


class Forecaster:
    """Ask again and again until `is_final`.  Safe from any thread."""

    def __init__(self, *, clock: Clock, command: Sequence[str] = COMMAND) -> None:
        self._clock = clock
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._floors: OrderedDict[Hashable, _Floor] = OrderedDict()
        self._measured: OrderedDict[Hashable, tuple[float, int, Measured]] = OrderedDict()
        self._stamp = 0
        self._job: _Job | None = None

    def measured(self, key: Hashable, measure: Callable[[], Measured]) -> tuple[int, Measured]:
        """What a floor was measured as, at most some minutes ago, and the number of that measuring."""
        now = self._clock.monotonic()
        kept = self._measured.get(key)
        if kept is None or now - kept[0] > MEASURED_S:
            self._stamp += 1
            kept = (now, self._stamp, measure())
            self._measured[key] = kept
            while len(self._measured) > KEPT:
                self._measured.popitem(last=False)
        return kept[1], kept[2]

    def forget(self, key: Hashable) -> None:
        """Measure anew at the next question."""
        self._measured.pop(key, None)

    def ask(
        self, floor: Hashable, settings: tuple[Setting, ...], question: Question
    ) -> tuple[dict[Setting, Forecast], bool]:
        """What is known of each setting by now, and whether nothing finer will come."""
        with self._lock:
            known = self._floors.setdefault(floor, _Floor())
            self._floors.move_to_end(floor)
            while len(self._floors) > KEPT:
                self._floors.popitem(last=False)
            missing = tuple(
                (setting, seed)
                for seed in range(1, SEEDS + 1)
                for setting in settings
                if seed not in known.runs.get(setting, {})
            )
            now = self._clock.monotonic()
            is_failed = now - known.failed_at < FAILED_S
            if missing and not is_failed:
                self._work(floor, settings, msgspec.structs.replace(question, runs=missing), now)
            found = {setting: added(list(known.runs.get(setting, {}).values())) for setting in settings}
            return found, not missing or is_failed

    def close(self) -> None:
        """End what is running."""
        with self._lock:
            if self._job is not None:
                self._give_up(self._job)

    def _work(self, floor: Hashable, settings: tuple[Setting, ...], question: Question, now: float) -> None:
        job = self._job
        if job is not None and (job.floor, job.settings) == (floor, settings):
            job.asked_at = now
            return
        if job is not None:
            if now - job.asked_at > LOOKED_AT_S:
                self._give_up(job)
            return
        program = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        self._job = _Job(floor, settings, program, now)
        threading.Thread(
            target=self._read, args=(self._job, msgspec.json.encode(question)), name="forecast", daemon=True
        ).start()

    def _read(self, job: _Job, question: bytes) -> None:
        assert job.program.stdin is not None
        assert job.program.stdout is not None
        with contextlib.suppress(BrokenPipeError), job.program.stdin as into:
            into.write(question)
        for line in job.program.stdout:
            self._take(job, msgspec.json.decode(line, type=Run))
        code = job.program.wait()
        with self._lock:
            self._job = None
            if code and not job.is_given_up:
                log.warning("a forecast ended with %d", code)
                self._floors.setdefault(job.floor, _Floor()).failed_at = self._clock.monotonic()

    def _take(self, job: _Job, run: Run) -> None:
        with self._lock:
            floor = self._floors.get(job.floor)
            if floor is not None:
                floor.runs.setdefault(run.setting, {})[run.seed] = run
            if self._clock.monotonic() - job.asked_at > 2 * LOOKED_AT_S:
                self._give_up(job)

    def _give_up(self, job: _Job) -> None:
        job.is_given_up = True
        with contextlib.suppress(ProcessLookupError):
            job.program.kill()
