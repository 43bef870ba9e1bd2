"""Opening the database: key, library, pragmas, migrations; every refusal names the thing and the remedy."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.errors import StoreError
from appliance.settings import Home
from appliance.store import migrate as migrations
from appliance.store.open import PRAGMAS, check_library, open_store

ROOT = Path(__file__).resolve().parents[2]


def test_a_new_home_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    home = Home(tmp_path)

    open_store(home, create=True).close()

    assert home.key_file.stat().st_mode & 0o777 == 0o600
    assert len(home.key_file.read_bytes()) == 32
    assert home.database.stat().st_mode & 0o777 == 0o600


def test_the_file_tells_nothing_without_its_key(tmp_path: Path) -> None:
    home = Home(tmp_path)
    store = open_store(home, create=True)
    store.insert("tenant", entry_code="secret-entry", name="秘密", created_at=1)
    store.value("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()

    content = home.database.read_bytes()

    assert not content.startswith(b"SQLite format 3")
    assert b"secret-entry" not in content


def test_a_wrong_key_is_named_and_changes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    open_store(home, create=True).close()
    right = home.key_file.read_bytes()
    home.key_file.write_bytes(secrets.token_bytes(32))

    with pytest.raises(StoreError, match="does not open with this key"):
        open_store(home)

    home.key_file.write_bytes(right)
    open_store(home).close()


@pytest.mark.parametrize(("content", "words"), [(b"short", "holds 5 bytes"), (b"", "holds 0 bytes")])
def test_a_damaged_key_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    home = Home(tmp_path)
    open_store(home, create=True).close()
    home.key_file.write_bytes(content)

    with pytest.raises(StoreError, match=words):
        open_store(home)


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    open_store(home, create=True).close()
    home.key_file.chmod(0o644)

    with pytest.raises(StoreError, match="chmod 600"):
        open_store(home)


def test_a_database_without_its_key_gets_no_new_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    open_store(home, create=True).close()
    home.key_file.unlink()

    with pytest.raises(StoreError, match="is missing"):
        open_store(home, create=True)

    assert not home.key_file.exists()


def test_no_database_is_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        open_store(Home(tmp_path))

    assert not Home(tmp_path).database.exists()


def test_an_older_sqlite_is_refused(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch("appliance.store.open.sqlcipher.sqlite_version_info", (3, 51, 2))

    with pytest.raises(StoreError, match=r"SQLite 3\.51\.2 can damage"):
        open_store(Home(tmp_path), create=True)


def test_the_first_safe_sqlite_is_taken() -> None:
    check_library((3, 51, 3))


def test_every_pragma_is_in_force(tmp_path: Path) -> None:
    store = open_store(Home(tmp_path), create=True)

    found = {name: store.value(f"PRAGMA {name}") for name, _, _ in PRAGMAS}

    assert {name: found[name] for name, _, expected in PRAGMAS if expected is not None} == {
        name: expected for name, _, expected in PRAGMAS if expected is not None
    }
    assert not found["mmap_size"]


def test_a_pragma_that_does_not_hold_is_an_error(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch("appliance.store.open.PRAGMAS", (("journal_mode", "memory", "wal"),))

    with pytest.raises(StoreError, match="journal_mode"):
        open_store(Home(tmp_path), create=True)


def test_an_empty_database_gets_every_migration(tmp_path: Path) -> None:
    store = open_store(Home(tmp_path), create=True)

    assert store.value("PRAGMA user_version") == len(migrations.scripts())
    assert store.value("PRAGMA integrity_check") == "ok"
    assert store.value("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'attempt'") == 1


def test_a_version_one_database_gets_what_is_missing_and_keeps_its_rows(tmp_path: Path) -> None:
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    first = migrations.SCRIPTS / "0001_first.sql"
    (scripts / "0001_first.sql").write_bytes(first.read_bytes())
    store = open_store(Home(tmp_path / "home"), create=True)
    store.run("PRAGMA user_version = 1")
    store.insert("tenant", entry_code="old", name="旧", created_at=1)
    (scripts / "0002_more.sql").write_text(
        "-- one column; and one table\nALTER TABLE tenant ADD COLUMN fee INTEGER NOT NULL DEFAULT 7;\n"
        "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;\n"
    )

    version = migrations.migrate(store.database, directory=scripts)

    assert version == 2
    assert store.tuples("SELECT entry_code, fee FROM tenant") == [("old", 7)]


def test_a_failing_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    (scripts / "0001_first.sql").write_text("CREATE TABLE good (id INTEGER) STRICT; CREATE TABLE good (id);")
    home = Home(tmp_path / "home")
    store = open_store(home, create=True)
    store.run("PRAGMA user_version = 0")

    with pytest.raises(Exception, match="already exists"):
        migrations.migrate(store.database, directory=scripts)

    assert store.value("PRAGMA user_version") == 0
    assert store.value("SELECT count(*) FROM sqlite_master WHERE name = 'good'") == 0


def test_a_database_from_the_future_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    store = open_store(home, create=True)
    store.run("PRAGMA user_version = 99")
    store.close()

    with pytest.raises(StoreError, match="has version 99"):
        open_store(home)


def test_two_stores_in_one_process_do_not_meet(tmp_path: Path) -> None:
    one = open_store(Home(tmp_path / "a"), create=True)
    two = open_store(Home(tmp_path / "b"), create=True)

    one.insert("tenant", entry_code="x", name="x", created_at=1)

    assert two.value("SELECT count(*) FROM tenant") == 0


READING = """
import re, sys, threading
from pathlib import Path
from appliance.settings import Home
from appliance.store.open import open_store

def anonymous_kb():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

store = open_store(Home(Path(sys.argv[1])))
before = anonymous_kb()
ready = threading.Barrier(13)
def read():
    store.value("SELECT sum(length(name)) FROM tenant")
    ready.wait(60)  # nobody closes before all have read
    ready.wait(60)
threads = [threading.Thread(target=read) for _ in range(12)]
for thread in threads:
    thread.start()
ready.wait(60)
print(anonymous_kb() - before)
ready.wait(60)
"""


def test_caches_of_many_threads_stay_within_one_bound(tmp_path: Path) -> None:
    """The page has hundreds of threads with a connection each: 16 MB for every one of them would be 4 GB."""
    store = open_store(Home(tmp_path), create=True)
    with store.transaction():
        for number in range(300):
            store.insert("tenant", entry_code=f"t{number}", name="字" * 20_000, created_at=1)
    store.close()

    command = [sys.executable, "-c", READING, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 110 * 1024, "64 MiB of pages for all, and a little for each"
