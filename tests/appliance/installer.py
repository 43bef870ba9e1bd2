"""The installer's stick in QEMU, driven over the system console as a technician does it."""

from __future__ import annotations

from pathlib import Path

from tests.appliance import disks, overlay
from tests.appliance.box import Box


class Installer(Box):
    """A box that starts from the stick, with the test's hook in its RAM disk, and two blank disks."""

    def __init__(self, directory: Path, place: Path) -> None:
        self._place = place
        super().__init__(directory, installed=place)
        self.disks = [place / "disk0.qcow2", place / "disk1.qcow2"]
        key = directory / "key.qcow2"
        key.unlink()
        key.symlink_to(place / "key.qcow2")
        # The kernel takes several archives one after the other, each on a boundary of four bytes.
        image = (disks.IMAGE / "initrd").read_bytes()
        (directory / "initrd").write_bytes(image + bytes(-len(image) % 512) + overlay.initrd_hook())
        self.extra = (
            *("-kernel", str(disks.IMAGE / "vmlinuz"), "-initrd", str(directory / "initrd")),
            *(
                "-append",
                "boot=yobirin yobirin.system=YOBIRIN-STICK yobirin.installer "
                "systemd.unit=yobirin-installer.target console=ttyS0,115200n8 loglevel=4",
            ),
            *("-drive", f"file={disks.IMAGE}/yobirin-installer.iso,format=raw,if=virtio,readonly=on"),
        )

    def install(self, timeout_s: float) -> None:
        """From the menu to "Installed."."""
        self.start()
        self.console.expect(r'key stick.*"off": ', timeout_s)
        self.console.send("/dev/vda /dev/vdb /dev/sda\r")
        self.console.expect(r"ERASE vda vdb  to go on: ", 30.0)
        self.console.send("ERASE vda vdb\r")
        self.console.expect(r"Installed\.", timeout_s)

    def append_hook(self) -> None:
        """Make the installed box a test box: its RAM disk looks for the test's drive from now on."""
        self.guest.wait(60.0)
        self.run(
            "mdadm --assemble /dev/md/system /dev/vda3 /dev/vdb3 && mkdir -p /run/target"
            " && mount /dev/md/system /run/target && cd /run/target/yobirin"
            " && truncate -s %512 initrd && cat /usr/lib/yobirin-test/hook.cpio >>initrd"
            " && cd / && umount /run/target && mdadm --stop /dev/md/system"
        )

    def finish(self) -> None:
        """Everything is unmounted: the emulator writes its files out and ends."""
        self.run("sync")
        self.monitor.command("quit")
        assert self._qemu is not None
        self._qemu.wait(60.0)
