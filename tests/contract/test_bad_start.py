"""Every process refuses a home it cannot work with: a sentence, a remedy, an exit code, no traceback."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from appliance.cli import PROCESS_MODULES
from appliance.settings import Home
from appliance.store.open import open_store
from tests.crowd import crowd

WAIT_S: Final = 20.0
EVERY: Final = tuple(PROCESS_MODULES)
STORE: Final = ("dialer", "worker", "web")
OLD_CLOCK: Final = "time.time = lambda: 86_400.0"
NO_LIBPRI: Final = "sys.modules['appliance.pri_card._libpri'] = None"
START: Final = "import sys, time\n{edge}\nfrom appliance.cli import main\nsys.exit(main(sys.argv[1:]))\n"
"""The process as `python -m appliance` starts it, with one edge of the system replaced."""

Spoil = Callable[[Home, ExitStack], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which every process would start."""
    home = Home(tmp_path_factory.mktemp("good") / "home")
    home.directory()
    home.site_file.write_text(site(), encoding="utf-8")
    open_store(home, create=True).close()
    (home.directory("secrets") / "robots.json").write_text("[]", encoding="utf-8")
    return home


@pytest.fixture
def spoilt(good: Home, tmp_path: Path) -> Iterator[tuple[Home, ExitStack]]:
    """A copy of it, to be spoilt."""
    home = Home(tmp_path / "home")
    shutil.copytree(good.root, home.root)
    with ExitStack() as held:
        yield home, held


def site(*, sip_port: int = 0, web_port: int = 0, more: str = "") -> str:
    return f"{more}\n[phones]\nsip_port = {sip_port}\n[web]\nport = {web_port}\n"


def write_site(home: Home, text: str) -> None:
    home.site_file.write_text(text, encoding="utf-8")


def sip_port_taken(home: Home, held: ExitStack) -> None:
    holder = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    holder.bind(("127.0.0.1", 0))
    write_site(home, site(sip_port=holder.getsockname()[1]))


def web_port_taken(home: Home, held: ExitStack) -> None:
    holder = held.enter_context(socket.socket())
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    write_site(home, site(web_port=holder.getsockname()[1]))


def said(text: str) -> Spoil:
    return lambda home, _held: write_site(home, text)


def wrong_key(home: Home, _held: ExitStack) -> None:
    home.key_file.write_bytes(bytes(32))


def key_for_everybody(home: Home, _held: ExitStack) -> None:
    home.key_file.chmod(0o644)


def no_key(home: Home, _held: ExitStack) -> None:
    home.key_file.unlink()


def no_database(home: Home, _held: ExitStack) -> None:
    home.database.unlink()


def noise_for_database(home: Home, _held: ExitStack) -> None:
    home.database.write_bytes(os.urandom(8192))


def file_for_run(home: Home, _held: ExitStack) -> None:
    shutil.rmtree(home.run)
    (home.root / "run").write_text("", encoding="utf-8")


def nothing(_home: Home, _held: ExitStack) -> None:
    return


CASES: Final[tuple[tuple[str, tuple[str, ...], Spoil, str, int, str, str], ...]] = (
    ("sip-port-taken", ("phones",), sip_port_taken, "", 4, "SIP port", "phones.sip_port"),
    ("web-port-taken", ("web",), web_port_taken, "", 2, "cannot listen on", "web.port"),
    ("wrong-key", STORE, wrong_key, "", 3, "does not open with this key", "Put back the key"),
    ("key-for-everybody", STORE, key_for_everybody, "", 3, "can be read by others", "chmod 600"),
    ("no-key", STORE, no_key, "", 3, "is missing", "Put back the key"),
    ("no-database", STORE, no_database, "", 3, "There is no database", "yobirin run"),
    ("noise", STORE, noise_for_database, "", 3, "does not open with this key", "Put back the key"),
    ("typo", EVERY, said("[phones]\nsip_prt = 5"), "", 2, "sip_prt", "Did you mean `sip_port`?"),
    ("zone", EVERY, said("time_zone = 'Asia/Tokio'"), "", 2, "Asia/Tokio", "Did you mean `Asia/Tokyo`?"),
    ("network", EVERY, said("[phones]\nallowed_networks = ['10.0.0.0/99']"), "", 2, "10.0.0.0/99", "/24"),
    ("port", EVERY, said("[web]\nport = 99999"), "", 2, "web.port is 99999", "65535"),
    ("file-for-run", ("phones", "audio"), file_for_run, "", 2, "is not a directory", "Move the file away"),
    ("no-libpri", ("dialer", "exchange"), nothing, NO_LIBPRI, 4, "libpri", "build_libpri"),
    ("old-clock", STORE, nothing, OLD_CLOCK, 2, "clock of this box is not set", "timedatectl"),
)


@pytest.mark.parametrize(
    ("name", "spoil", "edge", "code", "what", "remedy"),
    [
        pytest.param(name, spoil, edge, code, what, remedy, id=f"{case}-{name}")
        for case, names, spoil, edge, code, what, remedy in CASES
        # What the command line itself refuses is the same for all: two of them speak for the seven.
        for name in (names if names is not EVERY else ("phones", "dialer"))
    ],
)
def test_a_process_that_cannot_begin_says_why_and_what_to_do(
    spoilt: tuple[Home, ExitStack], name: str, spoil: Spoil, edge: str, code: int, what: str, remedy: str
) -> None:
    home, held = spoilt
    spoil(home, held)
    done = start(name, home, edge)
    assert "Traceback" not in done.stderr + done.stdout
    first, second = done.stderr.strip().splitlines()[-2:]
    assert first.startswith("yobirin: ")
    assert what in first
    assert remedy in second
    assert done.returncode == code


def start(name: str, home: Home, edge: str) -> subprocess.CompletedProcess[str]:
    program = START.format(edge=edge or "pass")
    return subprocess.run(
        [sys.executable, "-c", program, name, "--home", str(home.root)],
        capture_output=True, text=True, check=False, timeout=WAIT_S * crowd(),
    )  # fmt: skip


def test_nothing_was_made_in_the_place_of_a_database_that_is_gone(spoilt: tuple[Home, ExitStack]) -> None:
    """An empty one would be taken for the real one, and the real one's key would be used up on it."""
    home, held = spoilt
    no_database(home, held)
    start("worker", home, "")
    assert not home.database.exists()


@pytest.mark.parametrize("name", EVERY)
def test_a_second_process_in_the_same_home_is_refused(spoilt: tuple[Home, ExitStack], name: str) -> None:
    """Two dialers would call every customer twice."""
    home, _held = spoilt
    with subprocess.Popen(
        [sys.executable, "-m", "appliance", name, "--home", str(home.root)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as first:  # fmt: skip
        try:
            lock = home.run / f"{name}.lock"
            deadline = time.monotonic() + WAIT_S * crowd()
            while not (lock.exists() and lock.read_text(encoding="ascii").strip() == str(first.pid)):
                assert time.monotonic() < deadline, f"{name} did not begin"
                time.sleep(0.01)
            done = start(name, home, "")
        finally:
            first.kill()
    assert (done.returncode, "Traceback" in done.stderr) == (4, False), done.stderr
    assert f"{name} is already running" in done.stderr
    assert f"process {first.pid}" in done.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_disk_says_is_told_in_one_line_with_a_remedy(
    spoilt: tuple[Home, ExitStack], number: int
) -> None:
    """Edge: making a directory fails as the system says it."""
    home, _held = spoilt
    edge = (
        "import os, pathlib\n"
        f"def full(self, *a, **k): raise OSError({number}, os.strerror({number}), str(self))\n"
        "pathlib.Path.mkdir = full\n"
    )
    done = start("audio", home, edge)
    first, second = done.stderr.strip().splitlines()
    assert first.startswith(f"yobirin: {home.root}")
    assert os.strerror(number) in first
    assert second.startswith("  ")
    assert done.returncode == 1
