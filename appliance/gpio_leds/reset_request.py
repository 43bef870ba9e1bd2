"""The request for a factory reset that waits for a person at the console: a file in the run directory.

Deletes nothing itself.  Forgotten after ten minutes, so that nobody confirms the finger of last week.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from appliance.gpio_leds.messages import FactoryResetAsked
from appliance.settings import Home, file_mode

VALID_S: Final = 600.0


def path(home: Home) -> Path:
    """Where the request stands."""
    return home.run / "factory-reset-asked.json"


def ask(home: Home, *, wall: float) -> FactoryResetAsked:
    """Write the request down, replacing an older one.  `wall` is seconds since 1970-01-01 UTC."""
    asked = FactoryResetAsked(wall)
    temporary = path(home).with_suffix(".new")
    with os.fdopen(_opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(msgspec.json.encode(asked))
        os.fchmod(file.fileno(), file_mode(temporary.parent))  # the console, another user, withdraws it
    os.replace(temporary, path(home))
    return asked


def pending(home: Home, *, wall: float) -> FactoryResetAsked | None:
    """The request that waits for its confirmation, None where there is none, or an old or unreadable one."""
    try:
        asked = msgspec.json.decode(path(home).read_bytes(), type=FactoryResetAsked)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    return asked if 0 <= wall - asked.asked_at <= VALID_S else None


def withdraw(home: Home) -> None:
    """Forget the request: it was confirmed or refused.

    Empties the file: in the run directory nobody removes what another user has made.
    """
    with contextlib.suppress(FileNotFoundError):
        os.close(_opened(path(home), os.O_WRONLY | os.O_TRUNC))


def _opened(file: Path, flags: int) -> int:
    """Through no link: every process may make files there, and set-up, which is root, opens this one."""
    return os.open(file, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
