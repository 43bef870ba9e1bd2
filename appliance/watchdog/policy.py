"""When the box is ill, and what is done about it: one table, no clock, no I/O.

The ladder: start the sick process again, then all of them, then stop petting and let the hardware reset the
box.  `Policy.look(now, seen)` returns the steps to take; `now` is monotonic seconds, so a clock that is set
changes nothing.  It refuses to reset a box for what a reset cannot cure: a process that ends by itself with
an error (supervisord starts it again, monitoring tells), a full disk, a page or a job that hangs.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

LOOK_EVERY_S: Final = 1.0
START_S: Final = 90.0  # a start that uses no processor for so long hangs
START_S_MAX: Final = 900.0  # and one that does: all together took over 90 s in an emulator under load
BUSY_FACTOR: Final = 4.0  # a process that still uses the processor may be slow: it has so much more patience
STALL_S: Final = 2.0  # a look so much too late says that the machine stood still, not the others
STOPPED_S: Final = 3.0  # a process in state T waits for a signal that will not come
WINDOW_S: Final = 600.0
ONE_MAX: Final = 3  # of one process within the window
ALL_MAX: Final = 1
ALL_START_S: Final = 300.0  # for everything to come up together before the next rung
RETRY_S: Final = 20.0  # what was told to end and did not is told again
BLIND_S: Final = 15.0
FIRST_S: Final = 300.0  # what has never been well is ill only then: supervisord and the store take their time
RESETS_MAX: Final = 3  # in a row; a fourth would not help either
SETTLED_S: Final = 1800.0  # well for so long: resets before that are forgotten


class Rung(IntEnum):
    """Steps of the ladder, upwards."""

    ONE = 1  # start the sick process again
    ALL = 2  # start every process again
    RESET = 3  # stop petting


@dataclass(frozen=True)
class Row:
    """How long something may be ill before anything is done, and its first and last rung."""

    patience_s: float
    first: Rung
    last: Rung


CHECKS: Final[dict[str, Row]] = {
    # Frozen, nothing can be started again through it: only a reset helps.
    "supervisord": Row(40.0, Rung.RESET, Rung.RESET),
    # A process that hangs may hold the lock; a checkpoint on a slow disk or a mirror that throws a disk out
    # may take a minute, and calls go on meanwhile.
    "store": Row(90.0, Rung.ALL, Rung.RESET),
    # The kernel gives a dying SATA disk up to 30 s a command, some three times, before the mirror goes on.
    "disk": Row(180.0, Rung.RESET, Rung.RESET),
}

PROCESSES: Final[dict[str, Row]] = {
    # The longest measured turn of these loops is under 0.1 s; 8 s leaves half of 15 s for the start.
    "dialer": Row(8.0, Rung.ONE, Rung.RESET),
    "audio": Row(8.0, Rung.ONE, Rung.RESET),
    "phones": Row(10.0, Rung.ONE, Rung.RESET),
    # Calls go on without these; they are started again, and no more.
    "web": Row(45.0, Rung.ONE, Rung.ONE),
    "worker": Row(900.0, Rung.ONE, Rung.ONE),  # a site's prompts are spoken in its loop
    "monitor": Row(90.0, Rung.ONE, Rung.ONE),
    "chassis": Row(60.0, Rung.ONE, Rung.ONE),
    "console": Row(60.0, Rung.ONE, Rung.ONE),
    "setup": Row(120.0, Rung.ONE, Rung.ONE),  # it waits for cryptsetup and the like
    "exchange": Row(30.0, Rung.ONE, Rung.ONE),
    "robots": Row(60.0, Rung.ONE, Rung.ONE),
}

assert all(row.first <= row.last and row.patience_s > 0 for row in (*CHECKS.values(), *PROCESSES.values()))
assert all(row.first is Rung.ONE for row in PROCESSES.values())
assert not CHECKS.keys() & PROCESSES.keys()


@dataclass(frozen=True)
class Look:
    """One process: its number (0: not running), the time of its last beat, whether it is in state T, and the
    processor time it has used so far.
    """

    pid: int
    beat_at: float | None = None
    is_stopped: bool = False
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Seen:
    """What was found.  `checks` says of each of CHECKS what is wrong with it: "" while it is well.
    What is not in it is not looked at.

    `processes` holds those that supervisord runs; names outside the table are not judged.
    """

    checks: Mapping[str, str]
    processes: Mapping[str, Look]


@dataclass(frozen=True)
class Illness:
    """What is not well now, for how long, and whether it has been so for longer than its patience."""

    check: str
    for_s: float
    detail: str
    is_due: bool


@dataclass(frozen=True)
class Step:
    """One thing to do now."""

    rung: Rung
    check: str
    for_s: float
    detail: str


@dataclass
class _Known:
    """What is remembered of one process."""

    pid: int
    since: float
    cpu_s: float
    worked_at: float  # when `cpu_s` was last seen to grow
    stopped_since: float | None = None


class Policy:
    """Looks once a second and answers with steps.  `resets_before`: resets in a row before this start."""

    def __init__(self, *, now: float, resets_before: int = 0) -> None:
        self.is_petting = True
        self.has_given_up = False
        self.ill: tuple[Illness, ...] = ()
        self._resets_before = resets_before
        self._began = self._well_since = now
        self._looked_at = now
        self._blind_until = 0.0
        self._known: dict[str, _Known] = {}
        self._ill_since: dict[str, float] = {}
        self._was_well: set[str] = set()
        self._quiet_until: dict[str, float] = {}
        self._ones: dict[str, collections.deque[float]] = {}
        self._alls: collections.deque[float] = collections.deque(maxlen=ALL_MAX)

    def look(self, now: float, seen: Seen) -> list[Step]:
        """The steps to take.  Call it every LOOK_EVERY_S: a pause says that the machine stood still."""
        self._note_stall(now)
        if now < self._blind_until:
            return []
        self.ill = (*self._ill_checks(now, seen), *self._ill_processes(now, seen))
        if self.ill:
            self._well_since = now
        steps: list[Step] = []
        for illness in self.ill:
            step = self._step(now, illness) if illness.is_due else None
            if step is not None:
                steps.append(step)
                if step.rung > Rung.ONE:
                    break  # what is done to all is done to each
        return steps

    def is_settled(self, now: float) -> bool:
        """Well for so long that the resets before no longer count; says so once."""
        if self._resets_before and now - self._well_since >= SETTLED_S:
            self._resets_before = 0
            self.has_given_up = False
            return True
        return False

    # --- what is ill ------------------------------------------------------------------------------------

    def _note_stall(self, now: float) -> None:
        gap, self._looked_at = now - self._looked_at, now
        if gap > STALL_S and now > self._blind_until + BLIND_S:
            self._blind_until = now + BLIND_S  # everybody gets the time to go round again
            self._ill_since.clear()
            for known in self._known.values():
                known.stopped_since = None

    def _ill_checks(self, now: float, seen: Seen) -> list[Illness]:
        found = []
        for check, row in CHECKS.items():
            detail = seen.checks.get(check)
            if detail is None:  # nobody looks: a box that has not been set up
                self._ill_since.pop(check, None)
            elif not detail:
                self._was_well.add(check)
                self._ill_since.pop(check, None)
            elif check in self._was_well or now - self._began >= FIRST_S:
                for_s = now - self._ill_since.setdefault(check, now)
                found.append(Illness(check, for_s, detail, for_s >= row.patience_s))
        return found

    def _ill_processes(self, now: float, seen: Seen) -> list[Illness]:
        for gone in self._known.keys() - seen.processes.keys():
            del self._known[gone]
        found = []
        for name, row in PROCESSES.items():
            look = seen.processes.get(name)
            if look is None or not look.pid:
                self._known.pop(name, None)  # stopped on purpose, or between two starts
                continue
            illness = self._ill_process(now, name, look, row)
            if illness is not None:
                found.append(illness)
        return found

    def _ill_process(self, now: float, name: str, look: Look, row: Row) -> Illness | None:
        known = self._known.get(name)
        if known is None or known.pid != look.pid:
            known = self._known[name] = _Known(look.pid, now, look.cpu_s, now)
        elif look.cpu_s > known.cpu_s:
            known.cpu_s, known.worked_at = look.cpu_s, now
        if not look.is_stopped:
            known.stopped_since = None
        elif known.stopped_since is None:
            known.stopped_since = now
        elif now - known.stopped_since >= STOPPED_S:
            return Illness(name, now - known.stopped_since, "stopped by a signal", True)
        if look.beat_at is None or look.beat_at < known.since:
            for_s = now - known.since
            is_ill = now - known.worked_at >= max(START_S, row.patience_s) or for_s >= START_S_MAX
            detail = f"has not begun its work {for_s:.0f} s after its start"
        else:
            for_s = now - look.beat_at
            patience_s = row.patience_s * (BUSY_FACTOR if now - known.worked_at < row.patience_s / 2 else 1)
            is_ill = for_s >= patience_s
            detail = f"its loop has stood still for {for_s:.0f} s"
        return Illness(name, for_s, detail, True) if is_ill else None

    # --- what is done -----------------------------------------------------------------------------------

    def _step(self, now: float, illness: Illness) -> Step | None:
        if now < self._quiet_until.get(illness.check, 0.0) or not self.is_petting:
            return None
        rung = self._rung(now, illness.check)
        if rung is None:
            return None
        if rung is Rung.ONE:
            self._ones.setdefault(illness.check, collections.deque(maxlen=ONE_MAX)).append(now)
            self._quiet_until[illness.check] = now + RETRY_S
        elif rung is Rung.ALL:
            self._alls.append(now)
            self._quiet_until = dict.fromkeys((*CHECKS, *PROCESSES), now + ALL_START_S)
        else:
            self.is_petting = False
        return Step(rung, illness.check, illness.for_s, illness.detail)

    def _rung(self, now: float, check: str) -> Rung | None:
        row = CHECKS.get(check) or PROCESSES[check]
        if row.first is Rung.ONE and _count(self._ones.get(check, ()), now) < ONE_MAX:
            return Rung.ONE
        if row.first <= Rung.ALL <= row.last and _count(self._alls, now) < ALL_MAX:
            return Rung.ALL
        if row.last is not Rung.RESET:
            return None  # when the window has passed it is tried again
        if self._resets_before >= RESETS_MAX:
            self.has_given_up = True
            return None
        return Rung.RESET


def _count(times: Iterable[float], now: float) -> int:
    return sum(1 for at in times if now - at < WINDOW_S)
