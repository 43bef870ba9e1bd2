"""The ballast file: room kept so that results can still be written when everything else has filled up.

Blocks are really allocated.  Makes and removes one file, `data/ballast`, and looks at the free space.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import Final

from appliance.monitoring import space
from appliance.monitoring.messages import SpaceWord
from appliance.settings import Home

log = logging.getLogger("monitor")

NAME: Final = "ballast"


class Ballast:
    """Call `tend` about once a second."""

    def __init__(self, home: Home, *, least: int) -> None:
        self._path = home.directory("data") / NAME
        self._least = least
        self.word: SpaceWord = "plenty"

    def tend(self) -> SpaceWord:
        """Look at the disk, throw the ballast off or make it again; where the disk stands."""
        before, free = self.word, self._free()
        self.word = space.rung(free, self._least, before)
        has_ballast = self._path.exists()
        wanted = space.wants_ballast(self.word, free, self._least, has_ballast=has_ballast)
        if has_ballast and not wanted:
            self._path.unlink(missing_ok=True)
            log.error("the disk is almost full (%d kB): the ballast is thrown off", free // 1000)
        elif wanted and not has_ballast:
            self._make()
        if self.word != before:
            log.warning("free space: %s, now %s (%d MB)", before, self.word, free // 1_000_000)
        return self.word

    def _free(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize

    def _make(self) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, space.ballast_bytes(self._least))
        except OSError as error:
            log.warning("no ballast can be made: %s", error.strerror)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
        finally:
            os.close(file)
