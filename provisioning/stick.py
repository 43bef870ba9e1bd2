"""A USB stick to take a file away on: found, mounted, written to, let go.  Never the key stick."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from appliance.errors import BadInput
from provisioning.commands import Commands
from provisioning.crypt import DATA_LABEL, KEY_LABEL

BLOCKS: Final = Path("/sys/block")
BACKUP_LABELS: Final = ("YOBIRIN-BACKUP", "YOBIRIN-BAK")  # FAT and exFAT take 11 letters
KEPT: Final = frozenset({KEY_LABEL, DATA_LABEL, *BACKUP_LABELS})


def copy(file: Path, commands: Commands, *, blocks: Path = BLOCKS) -> str:
    """Copy `file` to the first stick that takes it; the stick's device.  Raises BadInput."""
    found = [device for device in partitions(blocks) if label(device, commands) not in KEPT]
    if not found:
        raise BadInput(
            "There is no USB stick (the key stick is not used).", remedy="Plug one in, FAT or ext4."
        )
    device = found[0]
    with tempfile.TemporaryDirectory(prefix="yobirin-stick-") as mounted:
        ran = commands.run("mount", "-o", "nosuid,nodev,noexec", device, mounted)
        if not ran.is_good:
            raise BadInput(f"{device} does not mount: {ran.reason}.", remedy="Use a stick with FAT or ext4.")
        try:
            _copy(file, Path(mounted) / file.name)
        except OSError as error:
            raise BadInput(f"{device}: {error.strerror}.", remedy="Use a stick with more room.") from error
        finally:
            commands.run("sync", "-f", mounted)
            commands.run("umount", mounted)
    return device


def _copy(file: Path, place: Path) -> None:
    """Onto the stick alone: a link that lies there could lead to a file of the box."""
    place.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with file.open("rb") as source, os.fdopen(os.open(place, flags, 0o600), "wb") as made:
        shutil.copyfileobj(source, made)


def partitions(blocks: Path = BLOCKS) -> list[str]:
    """Partitions of removable disks, or the disk itself where it has none."""
    found = []
    for disk in sorted(blocks.iterdir()) if blocks.is_dir() else ():
        removable = disk / "removable"
        if (
            not removable.is_file()
            or removable.read_text().strip() != "1"
            or disk.name.startswith(("sr", "fd"))
        ):
            continue
        parts = sorted(part.name for part in disk.iterdir() if part.name.startswith(disk.name))
        found += [f"/dev/{name}" for name in parts or [disk.name]]
    return found


def label(device: str, commands: Commands) -> str:
    """The label of what is on a partition, '' without one."""
    return commands.run("blkid", "-c", "/dev/null", "-s", "LABEL", "-o", "value", device).said.strip()
