"""Inside the box, tests only: whether all that was told before a power cut is still there, as JSON.

Reads /run/seen.jsonl (watch_results.py).  `dialling_s`: kernel start to the first SETUP, null before it.
With the word `first`, that alone.
"""

import hashlib
import json
import re
import ssl
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from appliance.audio.recording_file import RecordingReader
from appliance.errors import YobirinError
from appliance.settings import Home
from appliance.store import attempts, compare, recordings, sessions, users
from appliance.store.open import Store, open_store

WAV_HEADER_BYTES: Final = 44
LOOPBACK: Final = ssl._create_unverified_context()


def fault(store: Store, tenant_id: int, seen: dict[str, Any]) -> str:
    """What is wrong with an entry or a recording that was told; empty when it is as it was."""
    return entry_fault(store, seen) if "entry" in seen else recording_fault(store, tenant_id, seen)


def entry_fault(store: Store, seen: dict[str, Any]) -> str:
    found = store.tuples("SELECT attempt_id, customer_id, code FROM history WHERE id = ?", (seen["entry"],))
    wanted = [(seen["attempt"], seen["customer"], seen["code"])]
    return "" if found == wanted else f"told {wanted}, found {found}"


def recording_fault(store: Store, tenant_id: int, seen: dict[str, Any]) -> str:
    """The file byte for byte, and that it plays."""
    found = recordings.get(store, tenant_id, seen["recording"])
    if found is None:
        return "no row"
    path = recordings.path_of(store, found.path)
    if not path.exists():
        return "no file"
    if hashlib.sha256(path.read_bytes()).hexdigest() != seen["sha256"]:
        return "another file"
    try:
        size = len(RecordingReader(path, found.key).read_wav())
    except YobirinError as error:
        return error.what
    return "" if size > WAV_HEADER_BYTES else "silent"


def notice(store: Store, tenant_id: int, page: str) -> str:
    """The line about cut calls as the manager's browser gets it; empty when there is none."""
    manager = next(user for user in users.every(store, tenant_id) if user.role == "MGR")
    store.run("UPDATE user SET is_password_temporary = 0 WHERE id = ?", (manager.id,))
    at = int(time.time() * 1000)
    token, _ = sessions.start(store, tenant_id, manager.id, address="127.0.0.1", at=at)
    asked = urllib.request.Request(f"https://127.0.0.1{page}", headers={"Cookie": f"__Host-yobirin={token}"})
    with urllib.request.urlopen(asked, timeout=30, context=LOOPBACK) as answer:
        found = re.search(r'id="cut-off">(.*?)</p>', answer.read().decode(), re.DOTALL)
    return re.sub("<[^>]+>", "", found[1]) if found else ""


def main() -> None:
    store = open_store(Home(Path("/var/lib/yobirin")))
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    started_at = int((time.time() - uptime_s) * 1000)
    first = store.value("SELECT min(setup_at) FROM attempt WHERE setup_at > ?", (started_at,))
    dialling_s = None if first is None else round((first - started_at) / 1000, 1)
    if "first" in sys.argv:
        print(json.dumps({"dialling_s": dialling_s}))
        return
    tenant = users.tenants(store)[0]
    told = [json.loads(line) for line in Path("/run/seen.jsonl").read_text().splitlines()]
    faults = [(seen, fault(store, tenant.id, seen)) for seen in told]
    damage = [row[0] for row in store.tuples("PRAGMA cipher_integrity_check")]
    damage += [row[0] for row in store.tuples("PRAGMA integrity_check") if row[0] != "ok"]
    attempts_open = "SELECT count(*) FROM attempt WHERE end = '' AND opened_at < ?"
    recordings_open = (
        "SELECT count(*) FROM recording WHERE finished_at = 0 AND deleted_at = 0 AND started_at < ?"
    )
    print(
        json.dumps(
            {
                "dialling_s": dialling_s,
                "told": len(told),
                "faults": [[seen, what] for seen, what in faults if what],
                "damage": damage,
                "differences": [str(each) for each in compare.compare(store)],
                "open": store.value(attempts_open, (started_at,)),
                "open_recordings": store.value(recordings_open, (started_at,)),
                "cut_off": attempts.cut_off(store, tenant.id, since=0).calls,
                "notices": [notice(store, tenant.id, page) for page in ("/board", "/device")],
            }
        )
    )


main()
