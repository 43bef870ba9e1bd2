"""Two mirrored disks, either of which starts the box, and data that open with the key stick alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.appliance import kept
from tests.appliance.box import BOOT_S, Box

RECOVERY = "abcd-efgh-2345-6789"
ADD_RECOVERY = f"""
set -e
data=$(blkid -t LABEL=YOBIRIN-DATA -o device | head -n 1)
mkdir -p /run/stick
mount -o ro "$(blkid -t LABEL=YOBIRIN-KEY -o device)" /run/stick
printf {RECOVERY} >/run/recovery
cryptsetup luksAddKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --new-key-slot 1 \\
    --key-file /run/stick/$(cryptsetup luksUUID "$data").key "$data" /run/recovery
umount /run/stick
"""

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.short
def test_the_mirror_is_whole_and_the_data_encrypted(booted: Box) -> None:
    stat = booted.run("cat /proc/mdstat")
    assert stat.count("[UU]") == 2, stat
    assert "crypt" in booted.run("lsblk -no TYPE,MOUNTPOINT | grep /data")
    for disk in ("vda", "vdb"):
        assert "yobirin-bios" in booted.run(f"lsblk -no PARTLABEL /dev/{disk}")


@pytest.mark.parametrize("missing", [0, 1])
def test_either_disk_starts_the_box_alone(box: Box, missing: int) -> None:
    box.pull_disk(missing)
    box.to("booted")
    assert box.run("cat /proc/mdstat").count("[2/1]") == 2


def test_without_its_key_stick_the_box_says_so_and_opens_when_it_comes(box: Box) -> None:
    box.pull_key()
    box.start()
    box.console.expect(r"The key stick \(YOBIRIN-KEY\) is absent", BOOT_S)
    assert box.tried("mountpoint /data").code != 0
    box.plug_key()
    box.wait_ready()


def test_the_recovery_key_typed_on_the_console_opens_the_data(tmp_path: Path) -> None:
    with kept.box(tmp_path / "box", "booted") as box:
        box.run(ADD_RECOVERY)
        box.stop()
        box.pull_key()
        box.start()
        box.console.expect(r"Or type the recovery key", BOOT_S)
        box.console.send("abcd-efgh-2345-0000\r")
        box.console.expect(r"does not open", 60.0)
        assert box.tried("mountpoint /data").code != 0
        box.console.send(f"{RECOVERY}\r")
        box.wait_ready()
        assert RECOVERY not in box.console.text
        assert RECOVERY not in box.run("journalctl -b --no-pager")
