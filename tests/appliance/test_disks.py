"""Two mirrored disks, either of which starts the box, and data that open with the key stick alone."""

from __future__ import annotations

import pytest

from tests.appliance.box import BOOT_S, Box

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
