"""The console's log-in: a PIN, or the one-time set-up code before there is one; argon2id, throttled.

The throttle is a pure table of waits; the file `secrets/console.json` keeps it over a restart.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final, Literal

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import BadInput
from appliance.files import write_atomically
from appliance.settings import Home

WAITS_S: Final = (0, 0, 0, 5, 30, 60, 300, 900)
"""Seconds to wait after the first, second … failure; the last one for every further one."""

PIN_DIGITS: Final = (6, 12)
CODE_DIGITS: Final = 8

# OWASP's second choice (19 MiB, 2 passes); eight digits then last for years at one try in 15 minutes.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Kept(msgspec.Struct, kw_only=True):
    """What is kept of the log-in."""

    kind: Literal["none", "code", "pin"] = "none"
    hash: str = ""
    failures: int = 0
    locked_until: float = 0.0  # wall-clock seconds


class Locked(BadInput):
    """Too many wrong PINs."""


class WrongPin(BadInput):
    """It is not the PIN."""


def wait_s(failures: int) -> int:
    """Seconds until the next try after so many failures in a row.  Pure."""
    return WAITS_S[min(failures, len(WAITS_S)) - 1] if failures else 0


def remaining_s(kept: Kept, now: float) -> int:
    """Seconds until a try is allowed.  A clock set back never makes the wait longer than its own length."""
    return max(0, min(round(kept.locked_until - now), wait_s(kept.failures)))


class Pin:
    """The PIN of one box.  `now` is wall-clock seconds."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.directory("secrets") / "console.json"

    def kept(self) -> Kept:
        """The file; a damaged one counts as none, and a new code is printed at the next start."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except (OSError, msgspec.MsgspecError):
            return Kept()

    def is_set(self) -> bool:
        """Whether a PIN has taken the code's place."""
        return self.kept().kind == "pin"

    def new_code(self) -> str:
        """A one-time set-up code, in place of the last one; it is shown once and kept as a hash."""
        code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
        kept = self.kept()
        self._save(
            Kept(kind="code", hash=_HASHER.hash(code), failures=kept.failures, locked_until=kept.locked_until)
        )
        return f"{code[:4]}-{code[4:]}"

    def set(self, pin: str) -> None:
        """Set the PIN.  Raises BadInput."""
        low, high = PIN_DIGITS
        if not (pin.isascii() and pin.isdigit() and low <= len(pin) <= high):
            raise BadInput(f"A PIN has {low} to {high} digits.", remedy="Give another one.")
        if len(set(pin)) < 3:
            raise BadInput("This PIN is easily guessed.", remedy="Use at least three different digits.")
        self._save(Kept(kind="pin", hash=_HASHER.hash(pin)))

    def check(self, given: str, now: float) -> Kept:
        """Count the try; what is kept.  Raises Locked with the seconds to wait, WrongPin."""
        kept = self.kept()
        if (left := remaining_s(kept, now)) > 0:
            raise Locked("Too many wrong PINs.", remedy=f"Wait {left} s.")
        kept.failures += 1
        kept.locked_until = now + wait_s(kept.failures)
        self._save(kept)  # before the look: pulling the plug is no way around the count
        if not _matches(kept.hash, given.replace("-", "").strip()):
            raise WrongPin("That is not the PIN.", remedy=f"Wait {wait_s(kept.failures)} s.")
        kept.failures, kept.locked_until = 0, 0.0
        self._save(kept)
        return kept

    def _save(self, kept: Kept) -> None:
        write_atomically(self._path, msgspec.json.encode(kept), mode=0o600)


def _matches(stored: str, given: str) -> bool:
    try:
        return _HASHER.verify(stored, given)
    except (VerificationError, InvalidHashError):
        return False
