"""Passwords made anew at each start of the demonstration, and files that the owner alone may read."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Final

from appliance.files import write_atomically

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # can be read aloud: no 0 and O, no 1 and l
PIN_DIGITS: Final = 6


def one_time_password(*, login_name: str = "-") -> str:
    """Three groups of four letters and digits: some 59 bits.  Never with the login name in it."""
    while True:
        groups = ["".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3)]
        if not any(login_name in group for group in groups):
            return "-".join(groups)


def pin() -> str:
    """Six digits for the phone's keys."""
    return "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))


def write_secret(path: Path, value: Any) -> None:
    """JSON that the owner alone may read, replaced whole."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=1).encode(), mode=0o600)
