"""The shell's eye on the data partition: new calls stop while their results might find no room.

Looks by itself once a second, at the rungs of `monitoring/space.py`; calls in hand go on.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.dialer import inputs
from appliance.dialer.shell import Shell
from appliance.monitoring import space
from appliance.monitoring.messages import SpaceWord

log = logging.getLogger("dialer")

LOOK_EVERY_S: Final = 1.0

Alarm = Callable[[str, bool, str], None]


class DiskWatch:
    """`least` is the site's limit in bytes."""

    def __init__(self, shell: Shell, path: Path, *, least: int, alarm: Alarm) -> None:
        self._shell = shell
        self._path = path
        self._least = least
        self._alarm = alarm
        self._word: SpaceWord = "plenty"

    async def run(self) -> None:
        """Look until cancelled.  A disk that hangs holds up a thread, never the loop."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._take(await loop.run_in_executor(None, self._free))
            except OSError as error:
                log.warning("the free space of %s is not known: %s", self._path, error.strerror)
            await asyncio.sleep(LOOK_EVERY_S)

    def _take(self, free: int) -> None:
        before, self._word = self._word, space.rung(free, self._least, self._word)
        is_short = not space.may_call(self._word)
        if is_short is space.may_call(before):
            log.warning("%d MB are free: new calls %s", free // 1_000_000, "wait" if is_short else "go on")
            self._alarm("space", is_short, f"Only {free // 1_000_000} MB are free: no new call is placed.")
            self._shell.feed(inputs.DiskSpace(is_short))

    def _free(self) -> int:
        found = os.statvfs(self._path)
        return found.f_bavail * found.f_frsize
