"""What a check reads from: the home, the site file, and the directories the kernel speaks through.

The roots are values so that a test hands in a directory of recorded files; nothing here is read yet.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.errors import DeviceError, YobirinError
from appliance.settings import Home, Settings

TOOL_TIMEOUT_S: Final = 8.0


class NotFitted(YobirinError):
    """This box has no such thing, by its site file or by what the kernel shows.  Nobody's fault.

    `key` names its sentence.
    """

    key = "absent"


class NotSetUp(NotFitted):
    """This box could have it, and its site file names none."""

    key = "unset"


@dataclass(frozen=True)
class Box:
    """Where to look."""

    home: Home
    settings: Settings
    proc: Path = Path("/proc")
    sys: Path = Path("/sys")

    def text(self, path: Path) -> str:
        """A small file of the kernel.  Raises NotFitted where there is none."""
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError as error:
            raise NotFitted(f"{path} does not exist.") from error

    def tool(self, *words: str) -> tuple[int, str]:
        """(exit code, output) of a program of the system.  Raises NotFitted, DeviceError."""
        if shutil.which(words[0]) is None:
            raise NotFitted(f"{words[0]} is not installed.", remedy=f"apt install the package of {words[0]}.")
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False, errors="replace"
            )
        except subprocess.TimeoutExpired as error:
            raise DeviceError(f"{words[0]} did not end in {TOOL_TIMEOUT_S:g} s.") from error
        return done.returncode, done.stdout
