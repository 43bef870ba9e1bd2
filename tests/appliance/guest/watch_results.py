"""Inside the box, tests only: tells the host each result and finished recording once anybody can see it.

One JSON object a line on a virtio port that is a file of the host: what is in it was told before the cut.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from appliance.settings import Home
from appliance.store import recordings
from appliance.store.open import open_store

PORT = "/dev/virtio-ports/org.yobirin.seen"
LATELY = 300  # rows looked at again: an entry may get its code some time after it was made
ENTRIES = (
    "SELECT id, attempt_id, customer_id, code FROM history WHERE code != '' AND id >"
    f" (SELECT coalesce(max(id), 0) FROM history) - {LATELY}"
)
RECORDINGS = (
    "SELECT id, path FROM recording WHERE finished_at > 0 AND deleted_at = 0 AND lost_reason = '' AND id >"
    f" (SELECT coalesce(max(id), 0) FROM recording) - {LATELY}"
)

port = os.open(PORT, os.O_WRONLY)
store = open_store(Home(Path("/var/lib/yobirin")))
told: set[tuple[str, int]] = set()


def tell(key: tuple[str, int], **what: Any) -> None:
    if key not in told:
        told.add(key)
        os.write(port, json.dumps(what).encode() + b"\n")


while True:
    for number, attempt, customer, code in store.tuples(ENTRIES):
        tell(("entry", number), entry=number, attempt=attempt, customer=customer, code=code)
    for number, path in store.tuples(RECORDINGS):
        if ("recording", number) not in told:
            seal = hashlib.sha256(recordings.path_of(store, path).read_bytes()).hexdigest()
            tell(("recording", number), recording=number, sha256=seal)
    time.sleep(0.3)
