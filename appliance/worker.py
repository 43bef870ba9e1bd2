"""The worker process: imports, retention, the nightly comparison, the site's own speech, one at a time;
the nightly backup beside them.

It decides nothing about calls.  Killed in a job, it takes the job up again at its next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from types import FrameType

from appliance.backup.nightly import Nightly
from appliance.errors import YobirinError
from appliance.heartbeat import Heartbeat
from appliance.settings import Home, Settings
from appliance.store.jobs import Queue
from appliance.store.open import open_store
from appliance.worker_speech import SiteSpeech

NICENESS = 10  # an import must never delay a 20 ms frame
STOP_WAIT_S = 2.0
JOB_S_MAX = 3600.0  # the largest import takes minutes; a job that holds the queue for an hour hangs
LOOK_EVERY_S = 5.0  # a new code's name can be heard a few seconds after it was saved

log = logging.getLogger("worker")


def run(home: Home, settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    store = open_store(home)
    queue = Queue(store)
    consumer = queue.consumer()
    consumer.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)  # after start(), which sets handlers of its own
    nightly = Nightly(home, settings)
    nightly.start()
    speech, heartbeat = SiteSpeech(store, home), Heartbeat(home, "worker")
    while not stopped.wait(LOOK_EVERY_S):
        try:
            speech.refresh()
        except (YobirinError, OSError) as error:
            log.warning("site prompts: %s", error)
        if time.monotonic() - queue.looked_at < JOB_S_MAX:
            heartbeat.beat()
    nightly.stop()
    consumer.stop(graceful=False)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(STOP_WAIT_S)
    store.close()
