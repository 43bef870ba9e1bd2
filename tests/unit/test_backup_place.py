"""What the image mounts for the backup, with the programs it calls written down instead of run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "image-build/root/usr/lib/yobirin/keep-backup-place"
DISK = "*LABEL=YOBIRIN-BACKUP*) echo /dev/sdz1 ;;"
BLKID = "#!/bin/sh\ncase \"$*\" in {disk} '-c /dev/null -s TYPE'*) echo {kind} ;; esac\n"


@pytest.fixture
def looked(tmp_path: Path) -> Path:
    """A directory of programs that note how they were called."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("mount", "umount", "chown", "chmod"):
        write(programs / name, f'#!/bin/sh\necho {name} "$@" >>"{tmp_path}/ran"\n')
    write(programs / "mountpoint", "#!/bin/sh\nexit 1\n")
    write(programs / "id", "#!/bin/sh\necho 977\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")
    path.chmod(0o755)


def look(root: Path, place: str, *, kind: str = "ext4", disk: str = DISK) -> list[str]:
    """The programs that one look runs where the site wants `place`."""
    write(root / "programs" / "blkid", BLKID.format(disk=disk, kind=kind))
    (root / "backup.place").write_text(place, encoding="ascii")
    (root / "ran").write_text("")
    subprocess.run(
        [str(SCRIPT), str(root / "backup.place"), str(root / "place")],
        env={**os.environ, "PATH": f"{root / 'programs'}:{os.environ['PATH']}"},
        check=True,
    )
    return (root / "ran").read_text(encoding="ascii").splitlines()


SAFE = "noatime,nosuid,nodev,noexec"


def test_a_disk_that_keeps_owners_is_given_to_who_makes_the_backup(looked: Path) -> None:
    place = looked / "place"
    assert look(looked, "usb\n") == [
        f"mount -t ext4 -o {SAFE} /dev/sdz1 {place}",
        f"chown yobirin-worker: {place}",
        f"chmod 0700 {place}",
    ]


def test_a_disk_without_owners_is_mounted_as_theirs(looked: Path) -> None:
    assert look(looked, "usb\n", kind="exfat", disk=DISK.replace("BACKUP", "BAK")) == [
        f"mount -t exfat -o {SAFE},umask=0077,uid=977,gid=977 /dev/sdz1 {looked / 'place'}"
    ]


def test_a_share_is_mounted_so_that_a_server_that_is_away_hangs_nothing(looked: Path) -> None:
    (line,) = look(looked, "nfs nas:/export/yobirin\n")
    assert line.startswith(f"mount -t nfs -o {SAFE},vers=4,soft,")
    assert line.endswith(f" -- nas:/export/yobirin {looked / 'place'}")


@pytest.mark.parametrize(
    ("place", "kind", "disk"),
    [("", "ext4", DISK), ("usb\n", "ext4", ""), ("usb\n", "crypto_LUKS", DISK), ("/etc\n", "ext4", DISK)],
)
def test_nothing_else_is_mounted_and_no_directory_is_left_to_write_into(
    looked: Path, place: str, kind: str, disk: str
) -> None:
    assert look(looked, place, kind=kind, disk=disk) == []
    assert not (looked / "place").exists()
