"""A process of the box that has nothing to do here: it beats, and waits to be told to stop.

So the table of processes is the same on every box, and one without a serial line costs little memory.
"""

from __future__ import annotations

import signal
import threading
from typing import Final

from appliance.heartbeat import Heartbeat
from appliance.settings import Home

LOOK_S: Final = 0.5


def wait(home: Home, name: str) -> None:
    """Until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    heartbeat = Heartbeat(home, name)
    while not stop.wait(LOOK_S):
        heartbeat.beat()
    heartbeat.end()
