"""From the dialer's event to the disk, 120 events a second, beside imports and beside moves of customers.

Both are of 50,000 rows and run in a process of their own, niced as the worker is, one after the other for the
whole time.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Any

from appliance.settings import Home
from appliance.store import compare, events, import_run, moves, projects, users
from appliance.store.imports import Plan
from appliance.store.open import Store, open_store
from appliance.store.writer import Writer
from bench.store_import import customer_csv

EVENTS_PER_S = 120
SECONDS = 12.0
ROWS = 50_000
READY_S = 120.0
LIMIT_MS = 50.0
EVENTS_A_CALL = 5

Work = Callable[[str, int, int, Flag, Flag, Any], None]
"""(home, tenant, project, set when it begins, set when it is to end, how often it was done)."""


def main() -> int:
    """Print the figures beside their limit; 1 when one falls short."""
    return max(
        _beside(f"imports of {ROWS:,} rows", _import_for_ever),
        _beside(f"moves of {ROWS:,} customers", _move_for_ever),
    )


def _beside(what: str, work: Work) -> int:
    """One figure: 1 when it falls short."""
    with tempfile.TemporaryDirectory(prefix="yobirin-bench-") as directory:
        home = Home(Path(directory))
        store = open_store(home, create=True)
        tenant_id, project_id, list_id = _floor(store)
        lags, done = _measure(home, store, tenant_id, project_id, list_id, work)
        differences = len(compare.compare(store))
        store.close()
    p99 = lags[int(len(lags) * 0.99)]
    word = "ok" if p99 <= LIMIT_MS else "SHORT"
    print(
        f"event to disk p99, {EVENTS_PER_S}/s beside {done} whole {what} | {p99:.1f} ms"
        f" | <= {LIMIT_MS:.0f} ms | {word}"
    )
    print(f"event to disk median and worst | {lags[len(lags) // 2]:.1f} / {lags[-1]:.1f} ms | - | ok")
    print(f"counters that differ from their rows | {differences} | 0 | {'SHORT' if differences else 'ok'}")
    return int(word != "ok" or differences > 0)


def _floor(store: Store) -> tuple[int, int, int]:
    """A tenant, a project and a list of enough customers to dial."""
    tenant_id = users.create_tenant(store, entry_code="bench", name="計測", at=1)
    project_id = projects.create(store, tenant_id, name="計測", at=1)
    plan = Plan(project_id=project_id, list_name="発信")
    job, _ = import_run.load_file(
        store, tenant_id, plan, file_name="dial.csv", content=iter([customer_csv(5_000)]), is_dry=False
    )
    return tenant_id, project_id, job.list_id


def _measure(
    home: Home, store: Store, tenant_id: int, project_id: int, list_id: int, work: Work
) -> tuple[list[float], int]:
    """Sorted lags in ms of the events submitted while the work ran, and how often it was done meanwhile."""
    context = multiprocessing.get_context("spawn")
    started, stop = context.Event(), context.Event()
    done = context.Value("i", 0)
    worker = context.Process(target=work, args=(str(home.root), tenant_id, project_id, started, stop, done))
    worker.start()
    assert started.wait(READY_S)
    writer = Writer(store)
    writer.start()
    for number, event in enumerate(_calls(tenant_id, project_id, list_id)):
        due = number / EVENTS_PER_S
        if number == 0:
            begun = time.monotonic()
        if due > SECONDS:
            break
        time.sleep(max(0.0, begun + due - time.monotonic()))
        writer.submit(event)
    assert writer.close()
    stop.set()
    worker.join(READY_S)
    return sorted(writer.lags_ms()), done.value


def _calls(tenant_id: int, project_id: int, list_id: int) -> Iterator[events.Event]:
    """Calls without end, five events each, as a busy floor makes them."""
    base: dict[str, Any] = {"tenant_id": tenant_id, "project_id": project_id, "list_id": list_id}
    number = 0
    while True:
        number += 1
        at = time.time()
        call: dict[str, Any] = {**base, "customer_id": number, "number": f"03{number:08d}"}
        yield events.OpenAttempt(attempt_id=number, caller="0344305356", opened_at=at, **call)
        yield events.SaveAttempt(attempt_id=number, setup_at=at, alerting_at=at, answered_at=at)
        yield events.SaveAttempt(attempt_id=number, user_id=1, connected_at=at)
        yield events.SaveHistory(attempt_id=number, code="06", at=at, user_id=1, talk_s=30.0, **call)
        yield events.SaveInterval(
            kind="talk",
            tenant_id=tenant_id,
            project_id=project_id,
            seat_id=1,
            user_id=1,
            from_at=at,
            seconds=30.0,
        )


def _import_for_ever(
    root: str, tenant_id: int, project_id: int, started: Flag, stop: Flag, done: Any
) -> None:
    os.nice(10)
    store = open_store(Home(Path(root)))
    content = customer_csv(ROWS)
    started.set()
    for number in itertools.count():
        if stop.is_set():
            return
        _load(store, tenant_id, project_id, f"取込{number}", content)
        done.value += 1


def _move_for_ever(root: str, tenant_id: int, project_id: int, started: Flag, stop: Flag, done: Any) -> None:
    """A list into another and back."""
    os.nice(10)
    store = open_store(Home(Path(root)))
    list_id = _load(store, tenant_id, project_id, "移動", customer_csv(ROWS))
    started.set()
    for number in itertools.count():
        at = int(time.time() * 1000)
        there = moves.extract(
            store, tenant_id, list_id, codes=(moves.NEVER_CALLED,), name=f"抽出{number}", user_id=1, at=at
        )
        moves.run(store, there)
        done.value += 1
        if stop.is_set():
            return
        at = int(time.time() * 1000)
        moves.run_back(store, moves.undo(store, tenant_id, there, user_id=1, at=at))
        done.value += 1


def _load(store: Store, tenant_id: int, project_id: int, name: str, content: bytes) -> int:
    """Import a list; its id."""
    plan = Plan(project_id=project_id, list_name=name, scope="project", with_duplicates=True)
    job, _ = import_run.load_file(
        store, tenant_id, plan, file_name="bench.csv", content=iter([content]), is_dry=False
    )
    return job.list_id


if __name__ == "__main__":
    raise SystemExit(main())
