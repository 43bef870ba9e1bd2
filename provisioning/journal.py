"""The box's journal of steps: what was begun, done or failed, and which step a broken cable left open.

One JSON object a line in `secrets/provisioning.jsonl`, the last 1,000 kept.  It holds no secret, steps by
name; it lies where root alone writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from appliance.files import write_atomically
from appliance.settings import Home

NAME: Final = "provisioning.jsonl"
LINES_MAX: Final = 1_000


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line.  `at` is wall-clock seconds; `step` of `steps`."""

    at: float
    what: str
    state: Literal["begun", "done", "failed"]
    step: int = 0
    steps: int = 0
    said: str = ""


class Journal:
    """The journal of one box."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.directory("secrets") / NAME

    def add(self, entry: Entry) -> None:
        """Write one line, flushed with its file."""
        lines = [*self._lines()[-LINES_MAX + 1 :], msgspec.json.encode(entry)]
        write_atomically(self._path, b"\n".join(lines) + b"\n", mode=0o600)

    def entries(self) -> list[Entry]:
        """Oldest first; a line that cannot be read is left out."""
        found = []
        for line in self._lines():
            try:
                found.append(msgspec.json.decode(line, type=Entry))
            except msgspec.MsgspecError:
                continue
        return found

    def unfinished(self) -> str:
        """Words for a set-up that stopped in the middle; '' when the last one went through."""
        entries = self.entries()
        if not entries:
            return ""
        last = entries[-1]
        if last.state == "done" and last.step >= last.steps:
            return ""
        return f"{last.what} ({last.step}/{last.steps}, {last.state}) {last.said}".strip()

    def _lines(self) -> list[bytes]:
        try:
            return [line for line in self._path.read_bytes().split(b"\n") if line]
        except OSError:
            return []
