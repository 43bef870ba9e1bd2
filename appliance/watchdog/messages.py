"""What the watchdog tells the rest of the box: `run/watchdog.json`, written anew every few seconds.

The monitor, the console and the page read it with `read`; nobody answers.  Sentences are in both languages
of the box, whole, so that a reader needs no words of its own.
"""

from __future__ import annotations

import contextlib
import os
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from appliance.settings import Home, file_mode

NAME: Final = "watchdog.json"
STALE_S: Final = 15.0  # written every few seconds: an older one says that the watchdog itself is gone


class Why(StrEnum):
    """Why the box was started this time."""

    FIRST = "first"  # no earlier start is known
    ORDERED = "ordered"
    CHECK_FAILED = "check_failed"  # the watchdog let the box reset, and wrote down which check failed
    HUNG = (
        "hung"  # the hardware reset it, and nothing had been noticed before: kernel or watchdog stood still
    )
    OVERHEATED = "overheated"
    POWER_CUT = "power_cut"  # nobody ordered it and nothing reset it


class Restarted(msgspec.Struct, frozen=True):
    """Why the box restarted, in one sentence.  `check` is set for CHECK_FAILED."""

    why: Why
    ja: str
    en: str
    check: str = ""


class Ill(msgspec.Struct, frozen=True):
    """One check that is not well now: `store`, `disk`, `supervisord` or the name of a process."""

    check: str
    for_s: float
    detail: str = ""


class Step(msgspec.Struct, frozen=True):
    """Something the watchdog did.  `at` is wall-clock milliseconds; `what` is a rung of `policy.Rung`."""

    at: int
    what: str
    check: str
    detail: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The watchdog's whole state.  `beat_at` is CLOCK_MONOTONIC, seconds.

    `device` is what it pets ("" where there is none); `fault` says why it pets nothing though it should.
    """

    beat_at: float
    device: str
    is_petting: bool
    timeout_s: int
    restarted: Restarted
    fault: str = ""
    has_given_up: bool = False  # three resets in a row did not help: it pets on and waits for a person
    ill: tuple[Ill, ...] = ()
    steps: tuple[Step, ...] = ()  # the newest, last


def write(home: Home, status: Status) -> None:
    """Replace the file, whole.  Raises OSError.

    Through no link: every process may make files there, and this one may write to the database.
    """
    path = home.run / NAME
    fresh = path.with_name(f"{path.name}.new")
    mode = file_mode(path.parent) & 0o640
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(status))
    fresh.replace(path)


def read(home: Home, *, now: float) -> Status | None:
    """The watchdog's state; None where none runs (`now`: monotonic seconds)."""
    path: Path = home.run / NAME
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        status = msgspec.json.decode(path.read_bytes(), type=Status)
        if 0 <= now - status.beat_at <= STALE_S:
            return status
    return None
