"""Boxes kept as they ran, memory and disks: what is not about the start goes on from there in seconds.

Made once for each image and test drive, by a start like any other, with QEMU's snapshots.  The box's clock
goes on from the moment that was kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from tests.appliance import disks, floor
from tests.appliance.box import Box

Moment = Literal["booted", "dialling"]
FILES: Final = ("disk0.qcow2", "disk1.qcow2", "key.qcow2", "more.ext4")
ROWS: Final = 1500  # a list that no scenario comes to the end of


def box(directory: Path, moment: Moment) -> Box:
    """A box at the moment, switched on: booted and blank, or a floor that dials."""
    made = Box(directory, kept=place(moment))
    made.start()
    made.guest.wait(120.0)
    made.state = moment
    return made


def place(moment: Moment) -> Path:
    """The folder with the files of the moment; minutes where it is not there yet."""
    found = disks.IMAGE / f"kept-{_inputs()}" / moment
    with (disks.IMAGE / "kept.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found / "done").exists():
            for old in set(disks.IMAGE.glob("kept-*")) - {found.parent}:
                shutil.rmtree(old)
            shutil.rmtree(found, ignore_errors=True)
            found.mkdir(parents=True)
            _MAKERS[moment](found)
            (found / "done").touch()
    return found


def _make_booted(found: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="yobirin-kept-") as scratch, Box(Path(scratch) / "box") as made:
        made.to("booted")
        floor.wait_running(made)
        _keep(made, found)


def _make_dialling(found: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="yobirin-kept-") as scratch, Box(Path(scratch) / "box") as made:
        made.to("booted")
        floor.provision(made, rows=ROWS)
        floor.dial(made)
        _keep(made, found)


def _keep(made: Box, found: Path) -> None:
    made.save()
    made.kill()
    for name in FILES:
        shutil.copy(made.directory / name, found / name)


_MAKERS: Final[dict[Moment, Callable[[Path], None]]] = {"booted": _make_booted, "dialling": _make_dialling}


def _inputs() -> str:
    """The hash of the image and of what the test lays over it and does to it."""
    places = [floor.GUEST, Path(floor.__file__), Path(disks.__file__).with_name("box.py")]
    if os.environ.get("YOBIRIN_LIVE_TREE"):
        places += [disks.ROOT / name for name in ("appliance", "webui", "provisioning", "image-build/root")]
    total = hashlib.sha256(disks.version().encode())
    for each in places:
        for path in sorted([each] if each.is_file() else each.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(f"{path.name}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]
