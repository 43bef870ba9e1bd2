"""Sends one file by ZMODEM over the console's own line: `sz` of lrzsz with the tty as input and output."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.errors import BadInput

MAX_S: Final = 1_800.0  # 6 MB at 38,400 baud
LOOK_S: Final = 0.2
COMMAND: Final = ("sz", "--binary", "--escape", "--quiet")


def send(path: Path, tty: int, *, beat: Callable[[], None], should_stop: Callable[[], bool]) -> None:
    """Send `path` over the open tty; beats while it runs.  Raises BadInput where it did not arrive."""
    flags = fcntl.fcntl(tty, fcntl.F_GETFL)
    fcntl.fcntl(
        tty, fcntl.F_SETFL, flags & ~os.O_NONBLOCK
    )  # sz waits in read; the flag is the file's, not ours
    try:
        with subprocess.Popen(
            (*COMMAND, str(path)), stdin=tty, stdout=tty, stderr=subprocess.DEVNULL
        ) as child:
            code = _wait(child, beat, should_stop)
    except FileNotFoundError as error:
        raise BadInput("sz (lrzsz) is not installed.", remedy="Use the USB stick.") from error
    finally:
        fcntl.fcntl(tty, fcntl.F_SETFL, flags)
    if code:
        raise BadInput("The terminal program did not receive the file.", remedy="Start its ZMODEM receive.")


def _wait(child: subprocess.Popen[bytes], beat: Callable[[], None], should_stop: Callable[[], bool]) -> int:
    until = time.monotonic() + MAX_S
    while time.monotonic() < until and not should_stop():
        beat()
        try:
            return child.wait(LOOK_S)
        except subprocess.TimeoutExpired:
            continue
    child.kill()
    return child.wait() or 1
