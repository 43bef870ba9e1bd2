"""The disks of a test box: installed once from the built image, by the product's own installer, then reused.

A scenario works on thin copies (qcow2 with a backing file), so it starts from an installed box at no cost.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.appliance import overlay

ROOT: Final = overlay.ROOT
IMAGE: Final = ROOT / "build" / "image"
DISK_SIZE: Final = "8G"
KEY_SIZE: Final = "64M"
INSTALL_S: Final = 600.0


def version() -> str:
    """The hash of everything the image was made of.  Raises AssertionError when there is no image."""
    path = IMAGE / "version"
    assert path.exists(), "there is no disk image: make image"
    return path.read_text().strip()


def make(path: Path, size: str, backing: Path | None = None) -> Path:
    """A qcow2 file: blank, or a thin copy."""
    path.unlink(missing_ok=True)
    behind = ["-b", str(backing), "-F", "qcow2"] if backing else []
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", *behind, str(path), *([] if backing else [size])],
        check=True,
    )
    return path


def fresh(directory: Path, installed: Path) -> list[Path]:
    """Thin copies of an installed box's disks and key stick, and a test drive; the two disks' paths."""
    directory.mkdir(parents=True, exist_ok=True)
    overlay.make_drive(directory / "more.ext4")
    for name in ("key", "disk0", "disk1"):
        make(directory / f"{name}.qcow2", "", backing=installed / f"{name}.qcow2")
    return [directory / "disk0.qcow2", directory / "disk1.qcow2"]


def copied(directory: Path, kept: Path) -> list[Path]:
    """The files of a box that was kept (kept.py), with their snapshot; the two disks' paths."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in kept.iterdir():
        shutil.copy(path, directory / path.name)
    return [directory / "disk0.qcow2", directory / "disk1.qcow2"]


def installed() -> Path:
    """A folder with disk0, disk1 and key as the installer leaves them, made once for each image."""
    place = IMAGE / f"installed-{version()}"
    with (IMAGE / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            for old in IMAGE.glob("installed-*"):
                shutil.rmtree(old)
            _install(place)
            (place / "done").touch()
    return place


def _install(place: Path) -> None:
    """Run the installer over its console, then append the test's hook to the installed RAM disk."""
    from tests.appliance.installer import Installer  # it uses us

    place.mkdir(parents=True)
    for name, size in (("disk0", DISK_SIZE), ("disk1", DISK_SIZE), ("key", KEY_SIZE)):
        make(place / f"{name}.qcow2", size)
    with (
        tempfile.TemporaryDirectory(prefix="yobirin-install-") as scratch,
        Installer(Path(scratch), place) as box,
    ):
        box.install(INSTALL_S)
        box.append_hook()
        box.finish()
