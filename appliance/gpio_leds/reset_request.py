"""The request for a factory reset that waits for a person at the console: a file in the run directory.

Deletes nothing itself.  Forgotten after ten minutes, so that nobody confirms the finger of last week.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from appliance.files import write_atomically
from appliance.gpio_leds.messages import FactoryResetAsked
from appliance.settings import Home, file_mode

VALID_S: Final = 600.0


def path(home: Home) -> Path:
    """Where the request stands."""
    return home.run / "factory-reset-asked.json"


def ask(home: Home, *, wall: float) -> FactoryResetAsked:
    """Write the request down, replacing an older one.  `wall` is seconds since 1970-01-01 UTC."""
    asked = FactoryResetAsked(wall)
    mode = file_mode(home.run)  # the console, another user, withdraws it
    write_atomically(path(home), msgspec.json.encode(asked), mode=mode)
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
    # Through no link: every process may make files there, and set-up, which is root, opens this one.
    flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with contextlib.suppress(FileNotFoundError):
        os.close(os.open(path(home), flags))
