"""Who may touch what: the tables against the kernel, as root, with numbers instead of users.

Each probe is a fork with the user and the groups of one process, as supervisord would start it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import cli, ipc, processes, rights
from appliance.audio.recording_file import RecordingWriter
from appliance.heartbeat import Heartbeat
from appliance.settings import Home
from appliance.store import alarms
from appliance.store.open import open_store

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changing owners takes root")

FIRST_ID = 61_000
NAMES = sorted(
    {rights.group_name(""), *(rights.user_name(name) for name in rights.ACCOUNTS)}
    | {rights.group_name(share) for share in rights.SHARES}
    | {device for account in rights.ACCOUNTS.values() for device in account.devices}
)


def number(name: str) -> int:
    return 0 if name == "root" else FIRST_ID + NAMES.index(name)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home as the box has it, with something of each kind in it.

    Not below pytest's own directory: that one is closed again by every run that begins meanwhile.
    """
    above = Path(tempfile.mkdtemp(prefix="yobirin-rights-"))
    above.chmod(0o711)  # as /var/lib
    made = Home(above / "home")
    made.site_file.parent.mkdir()
    made.site_file.write_text('site_name = "box"\n', encoding="utf-8")
    rights.apply(made, uid=number, gid=number)
    open_store(made, create=True).close()
    for secret in ("appliance-ca.key", "backup.key", "mail.password", "backup_ssh"):
        (made.root / "secrets" / secret).write_text("secret", encoding="ascii")
    (made.root / "tls" / "web.key").write_text("key", encoding="ascii")
    (made.root / "tls" / "web.crt").write_text("certificate", encoding="ascii")
    rights.apply(made, uid=number, gid=number)
    yield made
    shutil.rmtree(above)


def run_as(process: str, work: Callable[[Home], object], home: Home) -> str:
    """Do some work as the process's user; what came of it, or the error.

    Forked, not started: the interpreter itself may lie where only root can read.
    """
    with held(process, work, home) as said:
        return said


@contextlib.contextmanager
def held(process: str, work: Callable[[Home], object], home: Home) -> Iterator[str]:
    """Likewise, and what it holds stays open meanwhile."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            become(process)
            kept = work(home)
            said = str(kept)
        except BaseException as error:  # noqa: BLE001 - nothing may come back into the test's own process
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os.close(writing)
        signal.pause()
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield pipe.read().decode()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def become(process: str) -> None:
    os.umask(0o007)
    if process == "root":
        return
    own = number(rights.user_name(process))
    os.setgroups([number(group) for group in rights.groups_of(process)] if process != "stranger" else [])
    os.setgid(own or FIRST_ID - 1)
    os.setuid(own or FIRST_ID - 1)


def may(process: str, verb: str, path: str, home: Home) -> bool:
    return run_as(process, lambda there: os.access(there.root / path, FLAGS[verb]), home) == "True"


FLAGS = {"read": os.R_OK, "write": os.W_OK, "list": os.R_OK | os.X_OK, "pass": os.X_OK}
EVERY = tuple(rights.ACCOUNTS)
STORE = {"dialer", "worker", "web", "monitor", "watchdog"}

TABLE: list[tuple[str, str, set[str]]] = [
    ("read", "secrets/database.key", STORE),
    ("write", "secrets/database.key", set()),
    ("write", "secrets", set()),
    ("read", "secrets/appliance-ca.key", {"worker"}),
    ("read", "secrets/mail.password", {"monitor", "worker"}),
    ("read", "secrets/backup_ssh", {"worker"}),
    ("read", "data/yobirin.db", STORE),
    ("write", "data/yobirin.db", STORE),
    ("list", "data", STORE),
    ("list", "data/recordings", {"audio", "dialer", "worker", "web"}),
    ("write", "data/recordings", {"audio", "dialer", "worker", "web"}),
    ("list", "data/imports", {"web", "worker"}),
    ("list", "data/exports", {"worker", "web"}),
    ("write", "data/exports", {"worker"}),
    ("list", "data/trace", {"dialer"}),
    ("list", "data/prompts", set(EVERY)),
    ("write", "data/prompts", {"worker"}),
    ("read", "tls/web.key", {"web", "worker"}),
    ("read", "tls/web.crt", set(EVERY)),
    ("read", "site.toml", set(EVERY)),
    ("write", "site.toml", set()),
    ("write", "run", set(EVERY)),
    ("list", "logs", set()),
    ("write", "", set()),
]


@pytest.fixture(scope="module")
def allowed(home: Home) -> dict[str, set[tuple[str, str]]]:
    """What of the table each process is let do, one fork each."""

    def look(home: Home) -> str:
        answers = ["01"[os.access(home.root / path, FLAGS[verb])] for verb, path, _ in TABLE]
        return "".join(answers)

    found: dict[str, set[tuple[str, str]]] = {}
    for process in EVERY:
        answers = run_as(process, look, home)
        assert len(answers) == len(TABLE), answers
        found[process] = {row[:2] for row, answer in zip(TABLE, answers, strict=True) if answer == "1"}
    return found


@pytest.mark.parametrize(
    ("verb", "path", "who"), TABLE, ids=[f"{row[0]} {row[1] or 'home'}" for row in TABLE]
)
def test_who_may(allowed: dict[str, set[tuple[str, str]]], verb: str, path: str, who: set[str]) -> None:
    assert {process for process in EVERY if (verb, path) in allowed[process]} == who


def test_a_stranger_on_the_box_gets_no_further_than_the_door(home: Home) -> None:
    assert not may("stranger", "pass", "", home)


def commit(home: Home) -> str:
    store = open_store(home)
    took = alarms.probe(store, at=1).commit_ms
    store.close()
    return "committed" if took > 0 else "?"


def test_all_who_need_the_store_commit_to_it_in_turn(home: Home) -> None:
    """Whoever comes first makes the log beside the database, and the others must be able to write it."""
    for process in (*sorted(STORE), *sorted(STORE, reverse=True)):
        assert run_as(process, commit, home) == "committed", process


@pytest.mark.parametrize("first", ["root", "web"])
def test_a_log_that_stays_open_is_shared(home: Home, first: str) -> None:
    def hold(home: Home) -> object:
        store = open_store(home)
        alarms.probe(store, at=3)
        return store

    with held(first, hold, home) as said:
        assert "Store object" in said
        assert {run_as(process, commit, home) for process in sorted(STORE)} == {"committed"}


@pytest.mark.parametrize("process", sorted(set(EVERY) - STORE))
def test_who_needs_no_store_cannot_open_it(home: Home, process: str) -> None:
    assert "Permission denied" in run_as(process, commit, home)


def test_a_recording_of_audio_is_read_and_pruned_by_others(home: Home) -> None:
    path = "data/recordings/2026-04-01/1.rec"

    def record(home: Home) -> str:
        return oct(RecordingWriter(home.root / path, bytes(32), session=b"0000").path.stat().st_mode & 0o777)

    assert run_as("audio", record, home) == "0o640"
    readers = {"audio", "dialer", "worker", "web"}  # the dialer measures what a crash has cut off
    assert {process for process in EVERY if may(process, "read", path, home)} == readers
    assert {process for process in EVERY if may(process, "write", path, home)} == {"audio"}
    assert run_as("worker", lambda home: (home.root / path).unlink(), home) == "None"


ASKED = sorted({who for account in rights.ACCOUNTS.values() for who in account.asks} - {"supervisor"})


@pytest.mark.parametrize("served", ASKED)
def test_a_socket_is_open_to_those_who_ask_there_and_to_nobody_else(home: Home, served: str) -> None:
    def connect(home: Home) -> None:
        socket.socket(socket.AF_UNIX).connect(str(home.socket(served)))

    with held(served, lambda home: ipc.listen(home.socket(served)), home):
        let_in = {process for process in EVERY if run_as(process, connect, home) == "None"}
        for stranger in {"phones", "chassis"} - {served}:
            assert "not permitted" in run_as(stranger, lambda home: home.socket(served).unlink(), home)
    assert let_in == {process for process in EVERY if served in rights.ACCOUNTS[process].asks} | {served}


def beat(name: str, home: Home) -> None:
    Heartbeat(home, name).beat()


def test_everybody_beats_for_itself_alone(home: Home) -> None:
    for process in EVERY:
        assert run_as(process, functools.partial(beat, process), home) == "None"
    assert "Permission denied" in run_as("phones", functools.partial(beat, "dialer"), home)
    assert may("watchdog", "read", "run/heartbeat/dialer", home)
    assert may("monitor", "read", "run/heartbeat/dialer", home)


@pytest.mark.parametrize("at", ["run/heartbeat/setup", "run/setup.lock"])
def test_root_opens_no_link_in_the_run_directory(home: Home, tmp_path: Path, at: str) -> None:
    target = tmp_path / "secret"
    target.write_text("0123456789abcdef0123456789abcdef")

    def open_both(home: Home) -> None:
        with processes.only_one(home, "setup"):
            Heartbeat(home, "setup").beat()

    assert run_as("phones", lambda home: (home.root / at).symlink_to(target), home) == "None"
    assert "Too many levels of symbolic links" in run_as("root", open_both, home)
    for made in ("run/heartbeat/setup", "run/setup.lock"):
        (home.root / made).unlink(missing_ok=True)
    assert target.read_text() == "0123456789abcdef0123456789abcdef"


def test_a_second_time_changes_nothing_and_damage_is_mended(home: Home) -> None:
    assert rights.apply(home, uid=number, gid=number) == []
    home.key_file.chmod(0o644)
    os.chown(home.recordings, 0, 0)
    assert rights.apply(home, uid=number, gid=number) == ["secrets/database.key", "data/recordings"]


def test_a_link_in_a_shared_directory_leads_nowhere(home: Home, tmp_path: Path) -> None:
    """Root must not be led to a file elsewhere by somebody who may write beside the database."""
    target = tmp_path / "shadow"
    target.touch(mode=0o600)
    link = home.root / "data" / "yobirin.db-link"
    link.symlink_to(target)
    rights.apply(home, uid=number, gid=number)
    link.unlink()
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["data/imports", "data/recordings", "data/recordings/2026-04-01"])
def test_a_directory_that_became_a_link_gives_nothing_away(home: Home, tmp_path: Path, place: str) -> None:
    """Whoever may write beside a directory can put a link there; `prepare` would hand its target over."""
    elsewhere = tmp_path / "etc"
    (elsewhere / "below").mkdir(parents=True, mode=0o755)
    (home.recordings / "2026-04-01").mkdir(exist_ok=True)

    def swap(home: Home) -> None:
        (home.root / place).rename(home.root / f"{place}.away")
        (home.root / place).symlink_to(elsewhere)

    assert run_as("web", swap, home) == "None"
    rights.apply(home, uid=number, gid=number)
    if (home.root / place).is_symlink():  # one below recordings is nobody's business
        (home.root / place).unlink()
    shutil.rmtree(home.root / place, ignore_errors=True)
    (home.root / f"{place}.away").rename(home.root / place)
    rights.apply(home, uid=number, gid=number)
    assert [each.stat().st_uid for each in (elsewhere, elsewhere / "below")] == [0, 0]


def test_each_process_has_an_account_or_is_one_of_the_few_that_need_root() -> None:
    without = set(cli.PROCESS_MODULES) - set(rights.ACCOUNTS)
    assert without <= {"setup", "exchange", "robots"}
    assert {each.name for each in processes.BOX} - set(rights.ACCOUNTS) <= {"setup"}


def test_sysusers_names_every_group_before_it_is_used() -> None:
    made: set[str] = set()
    for line in rights.sysusers().splitlines():
        words = line.split()
        if words[0] in ("g", "u"):
            made.add(words[1])
        elif words[0] == "m":
            assert {words[1], words[2]} <= made, line
