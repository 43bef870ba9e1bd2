"""The image's build without building it: scripts parse, boards are whole, no device is written unasked."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent / "image-build"
SHEBANGS = ("#!/bin/sh", "#!/bin/bash")
SHELL = sorted(
    path
    for path in ROOT.rglob("*")
    if path.is_file() and path.read_bytes()[:9].decode("latin-1").startswith(SHEBANGS[0][:9])
)
BOARD_KEYS = {"name", "match", "technician_port", "modules", "watchdog", "lamps", "chassis"}


@pytest.mark.parametrize("path", SHELL, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_parses_and_says_what_it_is(path: Path) -> None:
    first, second = path.read_text(encoding="utf-8").splitlines()[:2]
    subprocess.run([first.removeprefix("#!"), "-n", str(path)], check=True)
    assert second.startswith("# ")


def test_every_board_is_whole_and_one_fits_any_box() -> None:
    boards = {
        path.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in ROOT.glob("boards/*.toml")
    }
    for name, board in boards.items():
        assert set(board) == BOARD_KEYS, name
    last = sorted(boards)[-1]
    assert boards[last]["match"] == ["*"], "without a last resort an unknown board would not start"


@pytest.mark.parametrize("name", ["packages.txt", "packages-workshop.txt"])
def test_package_lists_are_sorted_and_every_package_is_locked(name: str) -> None:
    wanted = (ROOT / name).read_text(encoding="utf-8").split()
    assert wanted == sorted(set(wanted))
    if name == "packages.txt":
        lock = (ROOT / "packages.lock").read_text(encoding="utf-8").splitlines()
        locked = {line.split()[0].partition(":")[0] for line in lock}
        assert set(wanted) <= locked


@pytest.mark.parametrize("words", [(), ("/dev/null",), ("--device", "/dev/null"), ("--device", "/nowhere")])
def test_the_stick_is_written_only_to_a_whole_disk_that_is_named(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(ROOT / "write-stick.sh"), *words], capture_output=True, text=True, check=False, input=""
    )
    assert done.returncode == 2
    assert done.stderr.startswith("write-stick: ")


def test_the_installer_refuses_what_is_no_disk() -> None:
    installer = ROOT / "root" / "usr" / "sbin" / "yobirin-install"
    for words in (("/dev/null",), ("/dev/null", "/dev/zero", "/dev/full")):
        done = subprocess.run([str(installer), *words], capture_output=True, text=True, check=False, input="")
        assert done.returncode == 1
        assert done.stdout.startswith("\nyobirin-install: ")


def test_no_secret_lies_in_the_tree() -> None:
    for path in ROOT.rglob("*"):
        if path.is_file():
            assert b"PRIVATE KEY" not in path.read_bytes(), path
            assert path.suffix not in {".key", ".pem"}, path
