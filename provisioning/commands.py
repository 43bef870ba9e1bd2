"""Programs of the system that the set-up runs: argument lists only, bounded in time, never a shell.

`SystemCommands` runs them; `RecordedCommands` only notes them, for tests and for a home on a PC.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

TIMEOUT_S: Final = 60.0
NOT_INSTALLED: Final = 127
UMASK: Final = 0o022  # the system's usual one: what they make is for other users of the system too


@dataclass(frozen=True)
class Ran:
    """How a program ended: exit code, and what it said."""

    code: int
    said: str = ""

    @property
    def is_good(self) -> bool:
        return self.code == 0

    @property
    def reason(self) -> str:
        """Its last line, for people."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return lines[-1][:200] if lines else f"exit code {self.code}"


class Commands(Protocol):
    """Runs a program and waits for it."""

    def run(self, *words: str, given: bytes = b"", timeout_s: float = TIMEOUT_S) -> Ran:
        """The program's end; code 127 where it is not installed, 124 where it took too long."""


class SystemCommands:
    """The programs of this machine."""

    def run(self, *words: str, given: bytes = b"", timeout_s: float = TIMEOUT_S) -> Ran:
        try:
            done = subprocess.run(
                words,
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
                umask=UMASK,
            )
        except FileNotFoundError:
            return Ran(NOT_INSTALLED, f"{words[0]} is not installed")
        except PermissionError as error:
            return Ran(126, f"{words[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Ran(124, f"{words[0]} took more than {timeout_s:g} s")
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"))


@dataclass
class RecordedCommands:
    """Notes what would have been run; `answers` says how a program ends, by its first word."""

    answers: Callable[[tuple[str, ...]], Ran] = lambda _words: Ran(0)
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *words: str, given: bytes = b"", timeout_s: float = TIMEOUT_S) -> Ran:
        del given, timeout_s
        self.ran.append(words)
        return self.answers(words)
