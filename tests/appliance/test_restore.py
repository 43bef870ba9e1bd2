"""A backup disk is used by the box that it is plugged into, and brings a blank box back from the console."""

from __future__ import annotations

import pytest

from tests.appliance.box import Box

pytestmark = pytest.mark.timeout(3_600)  # waiting for the one emulator counts too

PLACE = "/run/yobirin/backup"
DISK = """\
truncate -s 64M /data/disk.img && mkfs.ext4 -q -L YOBIRIN-BACKUP /data/disk.img
losetup --find --show /data/disk.img && echo usb >/data/box/backup.place
"""
OLD_BOX = f"""
from pathlib import Path
from appliance.backup import key
from appliance.backup.nightly import opened_target
from appliance.backup.run import back_up
from appliance.settings import Home
from appliance.store import users
from appliance.store.open import open_store

home = Home(Path("/data/old"))
home.directory()
home.site_file.write_text('site_name = "Old"\\n[console]\\ndevice = "/dev/ttyS1"\\n')
store = open_store(home, create=True)
users.create_tenant(store, entry_code="old", name="Old customer", at=1_795_230_000_000)
with opened_target("{PLACE}", home) as target:
    back_up(store, target, key.ensure(home), at=1_795_230_000_000, keep=9)
store.close()
print("KEY", key.written(key.ensure(home)))
"""
TENANTS = """
from pathlib import Path
from appliance.settings import Home
from appliance.store import users
from appliance.store.open import open_store

print([tenant.name for tenant in users.tenants(open_store(Home(Path("/var/lib/yobirin"))))])
"""


def test_a_blank_box_comes_back_from_a_disk_by_its_own_menu(box: Box) -> None:
    box.start()
    box.guest.wait(900.0)
    code = box.console.expect(r"set-up code: (\d{4}-\d{4})", 600.0).group(1)
    box.run(DISK, 120.0)
    box.wait(lambda: box.tried(f"mountpoint -q {PLACE}").code == 0, 120.0, "the disk was not mounted")
    worker = "nsenter -m -t $(pgrep -f 'appliance setup' | head -n 1)"
    box.run(f"{worker} setpriv --reuid yobirin-worker --clear-groups touch {PLACE}/mine", 60.0)
    key = next(line.split()[1] for line in box.python(OLD_BOX, 300.0).splitlines() if line.startswith("KEY"))

    line = box.technician
    line.send(f"\r{code}\r")
    line.expect("バックアップから復元", 120.0)
    line.send("l")
    line.expect("Restore from a backup", 60.0)
    line.send("b1")
    line.expect("Key:", 60.0)
    line.send(f"{key}\r")
    line.expect("1  20.*Old  0 recordings", 120.0)
    line.send("1")
    line.expect("Restored: Old", 600.0)

    assert "Old customer" in box.python(TENANTS)
    wanted = {"dialer", "web", "worker", "monitor"}
    box.wait(
        lambda: {name for name, state in box.processes().items() if state == "RUNNING"} >= wanted,
        600.0,
        "the programs did not start again",
    )
