"""A dialer killed at any moment around an answer: whoever was answered is never on offer again.

The process is the dialer's own shell, desk, writer and store; its trunk answers every call at once, and its
machine has no rules.  The moment of the kill comes from a seed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from appliance.store import attempts, compare, journal, lists, projects, selection
from appliance.store.models import Hours
from tests.store_help import Floor, make_floor

ROOT = Path(__file__).resolve().parent.parent.parent
CUSTOMERS: Final = 40
SEEDS: Final = range(12)
FAILED_ONCE: Final[tuple[int, ...]] = ()
LONG_AFTER_MS: Final = int((time.time() + 2 * 86_400) * 1000)  # no interval holds anybody back any more
KILL_WITHIN_S: Final = 0.15  # the answers come within some 0.12 s

DIALER = """
import asyncio, os, random, signal, sys, threading, time
from pathlib import Path
from appliance.clock import SystemClock
from appliance.dialer import inputs, outputs
from appliance.dialer.shell import Shell
from appliance.dialer.shell_desk import Desk
from appliance.phones.messages import PhonesSnapshot
from appliance.pri_card.trunk import Answered, Line, PlaceCall, SetupSent
from appliance.settings import Home
from appliance.store.open import open_store

root, seed, kill_within_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
ids = [int(word) for word in sys.argv[4:8]]
chance = random.Random(seed)
NOW = time.time()


class Machine:
    '''Opens an attempt for each customer on offer, and says who was answered.'''

    def __init__(self):
        self.said = os.open(root / "answered", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def feed(self, what, now):
        if isinstance(what, inputs.Start):
            tenant, project, list_id, first = ids
            return [
                outputs.OpenAttempt(n + 1, tenant, project, list_id, first + n, "0300000001", "", NOW)
                for n in range(40)
            ]
        if isinstance(what, inputs.AttemptCommitted):
            return [PlaceCall(what.attempt_id, "", "")]
        if isinstance(what, Answered):
            os.write(self.said, b"%d\\n" % what.call_id)
            return [outputs.SaveAttempt(what.call_id, answered_at=time.time(), connected_at=time.time())]
        return []

    def due(self, now):
        return None

    def may_setup(self, call_id, now):
        return True


class Wire:
    '''Answers each call after a chance of up to 0.12 s.'''

    def __init__(self):
        self.coming = []

    def place(self, call, now):
        if not self.coming:
            threading.Thread(target=kill, args=(chance.uniform(0.0, kill_within_s),)).start()
        self.coming.append((now, SetupSent(call.call_id, Line(1, 1))))
        self.coming.append((now + chance.uniform(0.0, 0.12), Answered(call.call_id, Line(1, 1))))

    def poll(self, now):
        ready = [event for at, event in self.coming if at <= now]
        self.coming = [(at, event) for at, event in self.coming if at > now]
        return ready

    def due(self):
        return min((at for at, _event in self.coming), default=None)

    def files(self):
        return []

    def channels_total(self):
        return 23


def kill(after_s):
    time.sleep(after_s)
    os.kill(os.getpid(), signal.SIGKILL)


async def main():
    shell = Shell(machine=Machine(), trunk=Wire(), clock=SystemClock())
    desk = Desk(shell, open_store(Home(root)), alarm=lambda *_alarm: None)
    await desk.start(PhonesSnapshot({}, ()))
    shell.poll()
    await asyncio.sleep(30)

asyncio.run(main())
"""


def started_list(floor: Floor) -> int:
    week = tuple(Hours(weekday=day, from_minute=0, to_minute=1440) for day in range(7))
    projects.change(floor.store, floor.tenant, floor.project, hours=week, is_active=1)
    list_id = floor.make_list(CUSTOMERS)
    lists.set_state(floor.store, floor.tenant, list_id, "started")
    return list_id


def kill_one(directory: Path, seed: int) -> tuple[Floor, int, set[int]]:
    """The floor a killed dialer left, its list, and the attempts of which it had heard an answer."""
    floor = make_floor(directory)
    list_id = started_list(floor)
    ids = (floor.tenant, floor.project, list_id, floor.first_customer(list_id))
    words = [sys.executable, "-c", DIALER, str(directory), str(seed), str(KILL_WITHIN_S), *map(str, ids)]
    child = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert child.returncode == -9, child.stderr.decode()
    said = directory / "answered"
    return floor, list_id, {int(word) for word in said.read_text().split()} if said.exists() else set()


def test_nobody_answered_is_on_offer_after_a_kill(tmp_path: Path) -> None:
    noted = answered = 0
    for seed in (*FAILED_ONCE, *SEEDS):
        floor, list_id, heard = kill_one(tmp_path / str(seed), seed)
        noted += journal.replay(floor.store)
        left = attempts.recover(floor.store)
        answered += len(heard)

        on_offer = {
            found.customer_id
            for found in selection.next_customers(
                floor.store, list_id, cursor="", limit=200, at=LONG_AFTER_MS
            ).customers
        }
        first = floor.first_customer(list_id)
        assert not on_offer & {first + number - 1 for number in heard}, f"seed {seed}"
        assert heard <= {attempt.id for attempt in left.interrupted}, f"seed {seed}"
        assert len(on_offer) == CUSTOMERS - len(left.interrupted), f"seed {seed}"
        assert compare.compare(floor.store) == [], f"seed {seed}"
        floor.store.close()
    assert answered > CUSTOMERS, "too few answers to prove anything"
    assert noted, "no kill came between an answer and its commit: nothing was proved"
