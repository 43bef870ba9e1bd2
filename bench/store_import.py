"""An import against the least it could cost: parsing the file and a raw `executemany` of the same rows.

Both in the same run on the same encrypted database with the same indexes; the raw side commits once and
checks nothing.  The dry run before an import is measured apart.  Memory is watched over a million rows.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from appliance.settings import Home, Limits, Settings
from appliance.store import import_run, imports, projects, users
from appliance.store.imports import Plan
from appliance.store.open import Store, open_store

ROWS = 50_000
ROUNDS = 3
RATIO_LIMIT = 2.0
MEMORY_ROWS = (100_000, 1_000_000)
MEMORY_GROWTH_LIMIT_MB = 20.0

HEADER = "電話番号,氏名,フリガナ,郵便番号,住所,年齢,性別,契約プラン,備考\r\n"


def customer_csv(rows: int, *, first: int = 0) -> bytes:
    """A CP932 file as offices send it: 9 columns, hyphenated numbers."""
    lines = [
        f"03-{n // 10_000 + 1000:04d}-{n % 10_000:04d},見本 太郎{n % 97},ミホン タロウ,100-{n % 10_000:04d},"
        f"東京都千代田区千代田{n % 30}-{n % 20}-{n % 9},{20 + n % 60},{'男女'[n % 2]},プラン{n % 5},\r\n"
        for n in range(first, first + rows)
    ]
    return (HEADER + "".join(lines)).encode("cp932")


def main() -> int:
    """Print the figures beside their limits; 1 when one falls short."""
    with tempfile.TemporaryDirectory(prefix="yobirin-bench-") as directory:
        store = open_store(Home(Path(directory)), create=True)
        tenant_id = users.create_tenant(store, entry_code="bench", name="計測", at=1)
        project_id = projects.create(store, tenant_id, name="計測", at=1)
        rounds = [_round(store, tenant_id, project_id, number) for number in range(ROUNDS)]
        store.close()
    raw_s, load_s, dry_s = (sorted(column)[ROUNDS // 2] for column in zip(*rounds, strict=True))
    ratio = load_s / raw_s
    word = "ok" if ratio <= RATIO_LIMIT else "SHORT"
    print(
        f"import of {ROWS:,} rows / (parse + raw executemany) | {ratio:.2f} x"
        f" ({load_s:.2f} s / {raw_s:.2f} s) | <= {RATIO_LIMIT:.0f} x | {word}"
    )
    print(f"dry run of {ROWS:,} rows before it | {dry_s:.2f} s | - | ok")
    small, large = (_memory_mb(rows) for rows in MEMORY_ROWS)
    growth = large - small
    memory_word = "ok" if growth <= MEMORY_GROWTH_LIMIT_MB else "SHORT"
    print(
        f"memory of an import, {MEMORY_ROWS[1]:,} rows more than {MEMORY_ROWS[0]:,} |"
        f" {growth:.1f} MB ({small:.0f} -> {large:.0f}) | <= {MEMORY_GROWTH_LIMIT_MB:.0f} MB | {memory_word}"
    )
    return int("SHORT" in (word, memory_word))


def _round(store: Store, tenant_id: int, project_id: int, number: int) -> tuple[float, float, float]:
    """Seconds of the raw side, the import, and its dry run, each on rows of its own."""
    path = store.home.imports / f"raw-{number}.csv"
    path.write_bytes(customer_csv(ROWS, first=2 * number * ROWS))
    begun = time.perf_counter()
    _raw(store, path, tenant_id, project_id)
    raw_s = time.perf_counter() - begun

    content = customer_csv(ROWS, first=(2 * number + 1) * ROWS)
    plan = Plan(project_id=project_id, list_name=f"計測{number}", scope="project")
    begun = time.perf_counter()
    job, _ = import_run.load_file(
        store, tenant_id, plan, file_name="bench.csv", content=iter([content]), is_dry=True
    )
    dry_s = time.perf_counter() - begun
    imports.confirm(store, tenant_id, job.id)
    begun = time.perf_counter()
    counts = import_run.load(store, job.id)
    load_s = time.perf_counter() - begun
    assert counts.loaded == ROWS, counts
    return raw_s, load_s, dry_s


def _raw(store: Store, path: Path, tenant_id: int, project_id: int) -> None:
    with path.open(encoding="cp932", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        keys = random.Random(1).getrandbits  # the same rows: their order key is random too
        rows = [
            (tenant_id, project_id, 0, 0, row[0].replace("-", ""), row[1], row[2], row[6], int(row[5]),
             json.dumps(row, ensure_ascii=False), keys(32), 0, 0)
            for row in reader
        ]  # fmt: skip
    with store.transaction():
        store.many(import_run.INSERT, rows)


def _memory_mb(rows: int) -> float:
    """Peak memory of a process that imports `rows` rows."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.store_import", str(rows)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _import_and_print_peak(rows: int) -> int:
    with tempfile.TemporaryDirectory(prefix="yobirin-bench-") as directory:
        store = open_store(Home(Path(directory)), create=True)
        store.settings = msgspec.structs.replace(
            Settings(), limits=Limits(import_rows_max=MEMORY_ROWS[-1], list_customers_max=MEMORY_ROWS[-1])
        )
        tenant_id = users.create_tenant(store, entry_code="bench", name="計測", at=1)
        project_id = projects.create(store, tenant_id, name="計測", at=1)
        step = 50_000
        blocks = (_block(first, step) for first in range(0, rows, step))
        plan = Plan(project_id=project_id, list_name="計測", scope="project")
        _, counts = import_run.load_file(
            store, tenant_id, plan, file_name="bench.csv", content=blocks, is_dry=False
        )
        assert counts.loaded == rows, counts
        store.close()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return 0


def _block(first: int, rows: int) -> bytes:
    content = customer_csv(rows, first=first)
    return content if first == 0 else content[len(HEADER.encode("cp932")) :]


if __name__ == "__main__":
    raise SystemExit(_import_and_print_peak(int(sys.argv[1])) if len(sys.argv) > 1 else main())
