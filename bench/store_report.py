"""The hourly report of one day with 10,000,000 attempts stored, against an indexed raw query of its sums.

The database is generated once, in SQL, into `build/`; its attempts lie over 200 days of 50,000.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance.settings import Home
from appliance.store import lists, projects, reports, result_codes, users
from appliance.store.migrate import SCRIPTS, statements
from appliance.store.open import Store, open_store
from appliance.store.report_rows import Wanted
from appliance.store.times import day_of

ATTEMPTS = int(os.environ.get("YOBIRIN_BENCH_ATTEMPTS", "10000000"))
A_DAY = 50_000
STEP = 500_000
LISTS = 10
FIRST_DAY_MS = 1_767_193_200_000  # 2026-01-01 00:00 in Japan
ZONE_MS = 9 * 3_600_000
LIMIT_MS = 200.0
RATIO_LIMIT = 2.0
ROUNDS = 21

INDEXES = ("attempt_open", "attempt_customer", "attempt_project", "attempt_interrupted")


def main() -> int:
    """Print the figures beside their limits; 1 when one falls short."""
    store = _database()
    tenant_id, project_id = store.tuples("SELECT tenant_id, id FROM project")[0]
    stored = int(store.value("SELECT max(id) FROM attempt"))
    day = day_of(FIRST_DAY_MS + (stored // A_DAY // 2) * 86_400_000, store.zone)
    wanted = Wanted(from_day=day, to_day=day, project_id=project_id)
    report = reports.hourly(store, tenant_id, wanted)
    assert report.total.attempts == A_DAY, report.total
    report_ms = _median_ms(lambda: reports.hourly(store, tenant_id, wanted))
    raw_ms = _median_ms(lambda: _raw(store, project_id, day))
    year_ms = _median_ms(lambda: reports.hourly(store, tenant_id, _year(day, project_id)), rounds=3)
    store.close()
    ratio = report_ms / raw_ms
    first = "ok" if report_ms <= LIMIT_MS else "SHORT"
    second = "ok" if ratio <= RATIO_LIMIT else "SHORT"
    print(
        f"hourly report of a day, {stored:,} attempts stored | {report_ms:.1f} ms"
        f" | <= {LIMIT_MS:.0f} ms | {first}"
    )
    print(
        f"the same / an indexed raw query | {ratio:.2f} x ({raw_ms:.1f} ms)"
        f" | <= {RATIO_LIMIT:.0f} x | {second}"
    )
    print(f"hourly report of every day stored | {year_ms:.0f} ms | - | ok")
    return int("SHORT" in (first, second))


def _year(day: int, project_id: int) -> Wanted:
    year = day // 10_000 * 10_000
    return Wanted(from_day=year + 101, to_day=year + 1231, project_id=project_id)


def _raw(store: Store, project_id: int, day: int) -> None:
    store.tuples(
        "SELECT hour, code, sum(attempts), sum(answered), sum(entries), sum(talk_ms), sum(wait_ms),"
        " sum(wrap_ms) FROM hour_counter WHERE project_id = ? AND day = ? GROUP BY hour, code",
        (project_id, day),
    )


def _median_ms(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return sorted(times)[rounds // 2]


def _database() -> Store:
    """The generated database, made where it is not there yet."""
    root = Path(__file__).resolve().parent.parent / "build" / f"bench-report-{ATTEMPTS}"
    done = root / "done"
    if not done.exists():
        with contextlib.suppress(FileNotFoundError):
            for file in (root / "data").iterdir():
                if file.is_file():
                    file.unlink()
        store = open_store(Home(root), create=True)
        _generate(store)
        store.close()
        done.touch()
    return open_store(Home(root))


def _generate(store: Store) -> None:
    tenant_id = users.create_tenant(store, entry_code="bench", name="計測", at=1)
    project_id = projects.create(store, tenant_id, name="計測", at=1)
    result_codes.add(store, tenant_id, project_id, code="01", name="成約", is_sales=True, is_contact=True)
    for number in range(LISTS):
        lists.create(store, tenant_id, project_id, name=f"計測{number}", at=1)
    store.run("PRAGMA synchronous = OFF")
    for index in INDEXES:
        store.run(f"DROP INDEX {index}")
    for first in range(0, ATTEMPTS, STEP):
        with store.transaction():
            store.run(
                _FILL, (first, min(first + STEP, ATTEMPTS) - 1, tenant_id, project_id, FIRST_DAY_MS, A_DAY)
            )
        print(f"{first + STEP:,} attempts made", file=sys.stderr, flush=True)
    for statement in statements((SCRIPTS / "0001_first.sql").read_text(encoding="utf-8")):
        if any(f"CREATE INDEX {index} " in statement for index in INDEXES):
            store.run(statement)
    with store.transaction():
        store.run(_COUNT, (ZONE_MS, ZONE_MS))
    store.value("PRAGMA wal_checkpoint(TRUNCATE)")
    store.run("ANALYZE")


_FILL = """
WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?),
place (i, day, within) AS (SELECT i, i / ?6, i % ?6 FROM n)
INSERT INTO attempt (id, tenant_id, project_id, list_id, customer_id, number, user_id, opened_at, setup_at,
    answered_at, connected_at, cleared_at, cause, result, end)
SELECT i + 1, ?3, ?4, 1 + within % 10, 1 + i % 900000, '03' || substr('00000000' || i, -8),
    CASE WHEN within % 4 = 0 THEN 1 + within / 4 % 100 ELSE 0 END,
    ?5 + day * 86400000 + 32400000 + within * 864, ?5 + day * 86400000 + 32400000 + within * 864,
    CASE WHEN within % 4 = 0 THEN ?5 + day * 86400000 + 32408000 + within * 864 ELSE 0 END,
    CASE WHEN within % 4 = 0 THEN ?5 + day * 86400000 + 32409000 + within * 864 ELSE 0 END,
    ?5 + day * 86400000 + 32480000 + within * 864, 16,
    CASE WHEN within % 4 = 0 THEN '0' || (1 + within / 4 % 7) WHEN within % 4 = 1 THEN '93' ELSE '94' END,
    'result'
FROM place
"""

_COUNT = """
INSERT INTO hour_counter (tenant_id, project_id, day, hour, list_id, user_id, code, attempts, answered,
    connected, entries, talk_ms, wait_ms, wrap_ms)
SELECT tenant_id, project_id,
    CAST(strftime('%Y%m%d', (setup_at + ?1) / 1000, 'unixepoch') AS INTEGER),
    CAST(strftime('%H', (setup_at + ?2) / 1000, 'unixepoch') AS INTEGER), list_id, user_id, code,
    sum(attempts), sum(answered), sum(answered), sum(entries), sum(talk_ms), sum(talk_ms) / 10,
    sum(talk_ms) / 5
FROM (
    SELECT tenant_id, project_id, setup_at / 3600000 * 3600000 AS setup_at, list_id, user_id, '' AS code,
        count(*) AS attempts, sum(answered_at > 0) AS answered, 0 AS entries,
        sum(answered_at > 0) * 60000 AS talk_ms
    FROM attempt GROUP BY 3, 4, 5
    UNION ALL
    SELECT tenant_id, project_id, setup_at / 3600000 * 3600000, list_id, user_id, result, 0, 0, count(*), 0
    FROM attempt GROUP BY 3, 4, 5, 6
) GROUP BY 2, 3, 4, 5, 6, 7
"""


if __name__ == "__main__":
    raise SystemExit(main())
