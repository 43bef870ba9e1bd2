"""The probe, a real child: it commits and reads, and what hangs is told from what ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.errors import StoreError
from appliance.settings import Home
from appliance.store import alarms, users
from appliance.store.open import open_store
from appliance.watchdog import probe, senses
from appliance.watchdog.probe import CommitProbe, read_disk
from appliance.watchdog.senses import Probe


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    open_store(made, create=True).close()
    return made


@pytest.fixture
def running(home: Home) -> Iterator[Probe]:
    made = Probe(home)
    until(lambda: {"store", "disk"} <= set(made._said))
    yield made
    made.close()


def until(is_so: Callable[[], bool], *, timeout_s: float = 40.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_both_are_well_and_a_row_was_committed(running: Probe, home: Home) -> None:
    now = time.monotonic()
    assert [running.wrong(name, now) for name in ("store", "disk")] == ["", ""]
    store = open_store(home)
    assert store.value("SELECT count(*) FROM commit_probe") == 1
    store.close()


def test_a_child_that_hangs_accuses_and_one_that_ends_does_not(running: Probe) -> None:
    child = running._child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    later = time.monotonic() + senses.SILENT_S + senses.ASK_EVERY_S
    assert "nothing was heard" in running.wrong("store", later)
    assert "nothing was heard" in running.wrong("disk", later)

    child.kill()
    until(lambda: running._child is None)
    assert running.wrong("store", later) == ""
    assert "nothing was heard" in running.wrong("store", later + senses.PROBE_START_S)


def test_a_lock_that_is_held_is_told(home: Home, mocker: MockerFixture) -> None:
    mocker.patch("appliance.store.open.BUSY_TIMEOUT_MS", 100)
    looking = CommitProbe(home)
    assert looking.look() == ""
    assert looking._store is not None
    looking._store.run("PRAGMA busy_timeout = 100")
    holder = open_store(home)
    goes_on = threading.Event()
    holds = threading.Event()

    def hold() -> None:
        with holder.transaction():
            holder.run("INSERT OR REPLACE INTO commit_probe (id, at) VALUES (1, 0)")
            holds.set()
            goes_on.wait(20)
        holder.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait(10)
    assert "locked" in looking.look()
    goes_on.set()
    thread.join()
    assert looking.look() == ""


@pytest.mark.parametrize(
    ("what", "is_told"),
    [
        ("The disk is full: nothing more can be stored.", False),
        ("/x is damaged.", False),
        ("/x does not open with this key.", False),
        ("The database: disk I/O error.", True),
        ("/x is locked by another process.", True),
    ],
)
def test_only_what_a_restart_may_cure_counts(
    home: Home, mocker: MockerFixture, what: str, is_told: bool
) -> None:
    mocker.patch.object(alarms, "probe", side_effect=StoreError(what))
    assert bool(CommitProbe(home).look()) is is_told


def test_a_database_that_a_restore_put_there_is_the_one_looked_at(home: Home, tmp_path: Path) -> None:
    looking = CommitProbe(home)
    assert looking.look() == ""
    other = Home(tmp_path / "other")
    open_store(other, create=True).close()
    for ending in ("", "-wal", "-shm"):
        home.database.with_name(home.database.name + ending).unlink(missing_ok=True)
    home.key_file.write_bytes(other.key_file.read_bytes())
    other.database.rename(home.database)
    restored = open_store(home)
    users.create_tenant(restored, entry_code="demo", name="見本", at=1)  # stands in the log alone as yet

    assert looking.look() == ""

    assert restored.value("SELECT count(*) FROM commit_probe") == 1
    restored.close()
    again = open_store(home)
    assert again.value("SELECT name FROM tenant") == "見本"
    again.close()


def test_a_commit_that_took_too_long_is_told(home: Home, mocker: MockerFixture) -> None:
    mocker.patch("appliance.watchdog.probe.COMMIT_S_MAX", 0.0)
    assert "a commit took" in CommitProbe(home).look()


def test_a_disk_that_fails_is_told_and_one_without_direct_reading_is_read(
    home: Home, mocker: MockerFixture
) -> None:
    assert read_disk(home) == ""
    mocker.patch("appliance.watchdog.probe.os.O_DIRECT", 0)
    assert read_disk(home) == ""
    mocker.patch("appliance.watchdog.probe.os.preadv", side_effect=OSError(5, os.strerror(5)))
    assert read_disk(home) == "Input/output error"


def test_the_child_ends_with_its_standard_input(home: Home) -> None:
    words = [sys.executable, "-m", probe.__name__, str(home.root)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline().split()[0] in (b"store", b"disk")
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 0
