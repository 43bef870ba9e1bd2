"""What the floor works with: the lines, the desk phones, the processes.

Thresholds: pri is channels out of order (stuck or faulty); phones is phones missing; processes is seconds
since a process's last heartbeat.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from appliance import heartbeat
from appliance.errors import StoreError
from appliance.monitoring import board, watcher
from appliance.monitoring.box import Box, NotSetUp
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited, worst
from appliance.store import alarms
from appliance.store.open import open_store
from appliance.store.times import DAY_MS, ms
from appliance.supervisor_client import SupervisorClient

RUNNING: Final = "RUNNING"
MISSED_MS: Final = 14 * DAY_MS
ORDERED_DOWN: Final = frozenset({"STOPPED", "EXITED"})  # by a person, through the console


@dataclass(frozen=True)
class Lines:
    """The spans, and channels the monitor has seen in one state for too long ("2/17")."""

    spans: tuple[board.Span, ...]
    stuck: tuple[str, ...] = ()


@dataclass(frozen=True)
class Process:
    """One program.  `beat_age_s` is None where it keeps no heartbeat."""

    name: str
    state: str
    up_s: float
    beat_age_s: float | None = None


@dataclass(frozen=True)
class Phones:
    """Labels of the seats whose phone is there, of those whose is missed, and how many were never there."""

    here: tuple[str, ...]
    missing: tuple[str, ...] = ()
    spare: int = 0


def read_pri(box: Box) -> Lines:
    """Raises PeerGone."""
    seen = watcher.seen(box.home)
    return Lines(board.ask(box.home).spans, seen.stuck if seen else ())


def judge_pri(seen: Lines, limits: Thresholds) -> Verdict:
    down = [span for span in seen.spans if not span.is_up]
    letters = "".join(span.channels for span in seen.spans if span.is_up)
    faulty = letters.count("x")
    bad = faulty + len(seen.stuck)
    values = {
        "spans": str(len(seen.spans)),
        "down": ", ".join(str(span.span) for span in down),
        "alarm": ", ".join(span.alarm for span in down if span.alarm) or "-",
        "stuck": ", ".join(seen.stuck) or "-",
        "faulty": str(faulty),
        "busy": str(sum(letter in "srt" for letter in letters)),
        "channels": str(len(letters)),
    }
    figures = (
        limited("out_of_order", bad, "", limits),
        Figure("spans_down", len(down), "", "", "0", "0", str(len(seen.spans))),
        Figure("busy", float(values["busy"]), "", "", "", "0", str(len(letters))),
        Figure("stuck", len(seen.stuck), low="0"),
    )
    if down:
        return Verdict(Status.CRITICAL, "pri_down", values, figures)
    status = limits.status(bad)
    key = "pri" if status is Status.OK else "pri_stuck" if seen.stuck else "pri_faulty"
    return Verdict(status, key, values, figures)


def read_phones(box: Box) -> Phones:
    """Raises PeerGone, NotSetUp where no seat is set up.

    A telephone is missed when it was there in the last two weeks: a spare seat is nobody's alarm.
    """
    seats = board.ask(box.home).seats
    if not seats:
        raise NotSetUp("no seat is set up.")
    here = tuple(seat for seat in seats if seat.is_registered)
    seen = _seen(box, here)
    return Phones(
        tuple(seat.label for seat in here),
        tuple(
            seat.label
            for seat in seats
            if not seat.is_registered and (seen is None or seat.extension in seen)
        ),
        spare=sum(
            not seat.is_registered and seen is not None and seat.extension not in seen for seat in seats
        ),
    )


def _seen(box: Box, here: tuple[board.Seat, ...]) -> set[str] | None:
    """Extensions that were registered lately; None where the books do not say: then all are missed."""
    now = ms(time.time())
    try:
        store = open_store(box.home)
        try:
            found = alarms.phones_seen(store, [seat.extension for seat in here], at=now)
        finally:
            store.close()
    except StoreError:
        return None
    return {extension for extension, at in found.items() if now - at < MISSED_MS}


def judge_phones(seen: Phones, limits: Thresholds) -> Verdict:
    total = len(seen.here) + len(seen.missing)
    status = Status.CRITICAL if seen.missing and not seen.here else limits.status(len(seen.missing))
    values = {
        "here": str(len(seen.here)),
        "total": str(total),
        "missing": ", ".join(seen.missing[:8]) + (" …" if len(seen.missing) > 8 else ""),
    }
    key = "phones" if status is Status.OK else "phones_missing" if seen.here else "phones_none"
    figures = (
        limited("missing", len(seen.missing), "", limits),
        Figure("registered", len(seen.here), "", "", "", "0", str(total)),
        Figure("spare", seen.spare, low="0"),
    )
    return Verdict(status, key, values, figures)


def read_processes(box: Box) -> tuple[Process, ...]:
    """Raises SupervisorGone."""
    ages, now = heartbeat.ages_s(box.home), time.time()
    return tuple(
        Process(
            name=name,
            state=str(record["statename"]),
            up_s=max(0.0, now - float(record["start"])) if record["statename"] == RUNNING else 0.0,
            beat_age_s=ages.get(name),
        )
        for name, record in sorted(SupervisorClient(box.home).records().items())
    )


def judge_processes(seen: tuple[Process, ...], limits: Thresholds) -> Verdict:
    found = [_process_status(process, limits) for process in seen]
    status = worst(each for each, _, _ in found)
    key, process = next(
        ((key, process) for each, key, process in found if each is status), ("processes", None)
    )
    beats = [one.beat_age_s for one in seen if one.beat_age_s is not None and one.state == RUNNING]
    up = [one.up_s for one in seen if one.state == RUNNING]
    values = {
        "name": process.name if process else "-",
        "state": process.state if process else "-",
        "age": f"{(process.beat_age_s if process else 0) or 0:.0f}",
        "count": str(len(seen)),
        "up": duration(min(up, default=0.0)),
    }
    figures = (
        limited("heartbeat", max(beats, default=0.0), "s", limits),
        Figure("running", len(up), "", "", "", "0", str(len(seen))),
        Figure("up", min(up, default=0.0), "s", low="0"),
    )
    return Verdict(status, key, values, figures)


def _process_status(process: Process, limits: Thresholds) -> tuple[Status, str, Process]:
    if process.state in ORDERED_DOWN:
        return Status.WARNING, "process_stopped", process
    if process.state != RUNNING:
        return Status.CRITICAL, "process_down", process
    if process.beat_age_s is None:
        return Status.OK, "processes", process
    status = limits.status(process.beat_age_s)
    return status, "processes" if status is Status.OK else "process_hangs", process


def duration(seconds: float) -> str:
    """h:mm:ss above an hour, m:ss below."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}"
