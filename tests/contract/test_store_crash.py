"""Processes killed in the middle, and two that write at once: rows and counters agree, nothing is half."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.settings import Home
from appliance.store import attempts, compare, events, import_run, imports, lists
from appliance.store.imports import Plan
from appliance.store.jobs import Queue
from appliance.store.open import open_store
from appliance.store.writer import Writer
from bench.store_import import customer_csv
from tests.store_help import NOON_S, Floor, make_floor

ROOT = Path(__file__).resolve().parent.parent.parent
BOUND_S = 60.0

DIAL = """
import itertools, sys
from pathlib import Path
from appliance.settings import Home
from appliance.store import events
from appliance.store.open import open_store
from appliance.store.writer import Writer

root, tenant, project, list_id, first, count = sys.argv[1], *map(int, sys.argv[2:])
store = open_store(Home(Path(root)))
def told(done):
    for one in done:
        if one.token and not one.refused:
            print(one.token, flush=True)
writer = Writer(store, on_committed=told)
writer.start()
for n in range(first, first + count):
    base = dict(tenant_id=tenant, project_id=project, list_id=list_id, customer_id=n, number=f"03{n:08d}")
    writer.submit(events.OpenAttempt(attempt_id=n, caller="", opened_at=1795230000.0, **base), token=n)
    if n % 3:
        answered_at = 1795230001.0 * (n % 2)
        writer.submit(events.SaveAttempt(attempt_id=n, setup_at=1795230000.0, answered_at=answered_at))
    if n % 3 == 1:
        writer.submit(events.SaveAttempt(attempt_id=n, result="94", end="result"))
        writer.submit(events.SaveHistory(attempt_id=n, code="94", at=1795230060.0, **base))
    if n % 50 == 0:
        writer.flush()
assert writer.close(timeout_s=60)
"""

LOAD = """
import sys
from pathlib import Path
from appliance.settings import Home
from appliance.store import import_run
from appliance.store.open import open_store

import_run.load(open_store(Home(Path(sys.argv[1]))), int(sys.argv[2]))
"""


@contextlib.contextmanager
def process(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python process that is certainly gone afterwards."""
    child = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


def confirmed_import(floor: Floor, rows: int) -> int:
    """A job that has been checked and confirmed, not yet loaded; its id."""
    job, _ = floor.load(
        customer_csv(rows, first=100_000), Plan(project_id=floor.project, list_name="大"), is_dry=True
    )
    imports.confirm(floor.store, floor.tenant, job.id)
    return job.id


def test_a_dialer_killed_in_the_middle_has_lost_nothing_it_was_told_is_on_the_disk(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(3_000)
    told: list[int] = []

    with process(DIAL, tmp_path, floor.tenant, floor.project, list_id, 1, 3_000) as child:
        assert child.stdout is not None
        for line in child.stdout:
            told.append(int(line))
            if len(told) >= 300:
                os.kill(child.pid, signal.SIGKILL)
                break

    kept = {row[0] for row in floor.store.tuples("SELECT id FROM attempt")}
    assert set(told) <= kept
    assert compare.compare(floor.store) == []
    found = attempts.recover(floor.store)
    assert found.given_back > 0
    assert all(one.answered_at for one in found.interrupted)
    assert compare.compare(floor.store) == []
    assert floor.store.value("SELECT count(*) FROM attempt WHERE end = ''") == 0
    assert floor.store.value("PRAGMA integrity_check") == "ok"


def test_an_import_killed_in_the_middle_shows_nothing_and_is_taken_up_again(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job_id = confirmed_import(floor, 20_000)
    count = "SELECT count(*) FROM customer"

    with process(LOAD, tmp_path, job_id):
        wait_for(lambda: floor.store.value(count) > 2_000)

    assert lists.table(floor.store, floor.tenant) == []
    assert compare.compare(floor.store) == []
    counts = import_run.load(floor.store, job_id)
    assert counts.loaded == 20_000
    assert floor.store.value(count) == 20_000
    assert lists.table(floor.store, floor.tenant)[0].callable == 20_000
    assert compare.compare(floor.store) == []


def test_a_large_import_and_a_dialer_write_at_once(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(600)
    job_id = confirmed_import(floor, 50_000)
    writer = Writer(floor.store)
    writer.start()
    written = 0

    with process(LOAD, tmp_path, job_id) as child:
        while child.poll() is None:
            written += 1
            if written <= 600:
                writer.submit(floor.opened(written, list_id, written))
                writer.submit(
                    events.SaveAttempt(attempt_id=written, setup_at=NOON_S, result="94", end="result")
                )
                writer.submit(floor.entry(written, list_id, written, "94"))
            time.sleep(0.005)
        assert child.returncode == 0

    assert writer.close(timeout_s=BOUND_S)
    done = min(written, 600)
    assert floor.store.value("SELECT count(*) FROM attempt WHERE result = '94'") == done
    assert imports.existing(floor.store, floor.tenant, job_id).state == "done"
    assert compare.compare(floor.store) == []


def test_two_dialing_processes_do_not_hurt_each_other(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    list_id = floor.make_list(600)
    where = (tmp_path, floor.tenant, floor.project, list_id)

    with process(DIAL, *where, 1, 300) as one, process(DIAL, *where, 301, 300) as two:
        outputs = [child.communicate(timeout=BOUND_S)[0].split() for child in (one, two)]
        assert (one.returncode, two.returncode) == (0, 0)

    assert [len(output) for output in outputs] == [300, 300]
    assert floor.store.value("SELECT count(*) FROM attempt") == 600
    assert compare.compare(floor.store) == []


def test_the_worker_checks_loads_and_undoes_and_ends_on_sigterm(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load(customer_csv(50), Plan(project_id=floor.project, list_name="秋"), is_dry=True)
    floor.store.update("job", job.id, state="checking", result="{}")

    def state(job_id: int) -> str:
        return imports.existing(floor.store, floor.tenant, job_id).state

    child = subprocess.Popen(
        [sys.executable, "-m", "appliance", "worker", "--home", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        queue = Queue(open_store(Home(tmp_path)))
        wait_for(lambda: state(job.id) == "waiting")
        imports.confirm(floor.store, floor.tenant, job.id)
        queue.put(job.id)
        wait_for(lambda: state(job.id) == "done")
        now = imports.existing(floor.store, floor.tenant, job.id).finished_at
        undoing = imports.undo(floor.store, floor.tenant, job.id, user_id=1, at=now)
        queue.put(undoing)
        wait_for(lambda: state(undoing) == "done")
        child.send_signal(signal.SIGTERM)
        assert child.wait(BOUND_S) == 0
    finally:
        child.kill()
        child.wait()
    assert floor.store.value("SELECT count(*) FROM customer") == 0
    assert compare.compare(floor.store) == []
