"""Lets the floor start first: a process that carries no call waits for its turn before it loads anything.

A box that starts has little processor for much to do, and customers are called as soon as the dialer serves.
Imports nothing but the system, so that waiting costs next to nothing.
"""

from __future__ import annotations

import os
import time
from typing import Final

AFTER: Final = "YOBIRIN_STARTS_AFTER"  # a path that is there when it is this process's turn
WAIT_S: Final = 30.0  # a dialer that does not come up must not keep the page from saying so
LOOK_S: Final = 0.25
MORE_S: Final = 5.0  # operators log in first


def wait() -> None:
    """Return some seconds after the path named by AFTER came, or after half a minute.

    At once where none is named, or where it is there already.
    """
    path = os.environ.pop(AFTER, "")
    if not path or os.path.exists(path):
        return
    deadline = time.monotonic() + WAIT_S
    while not os.path.exists(path) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    time.sleep(max(0.0, min(MORE_S, deadline - time.monotonic())))
