"""An empty Debian 13 with systemd, booted as the box is (BIOS, GRUB, RAM disk): the measure of a start.

Made once with the image's own package mirror and kept beside it; needs root and mmdebstrap like the image.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.appliance.box import BOOT_S, CPU, MEMORY_MB
from tests.appliance.disks import IMAGE
from tests.appliance.lines import Serial

PLACE: Final = IMAGE / "plain-debian"
PACKAGES: Final = "systemd-sysv,udev,linux-image-amd64,initramfs-tools,zstd"
MIRROR: Final = os.environ.get("YOBIRIN_MIRROR", "http://deb.debian.org/debian")
TRIES: Final = 3
PANIC: Final = "Kernel panic"
"""On two emulated processors a kernel that changes its own code may trip over the old one (Oops: int3)."""
GRUB: Final = """\
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
menuentry "Debian" {
    linux /vmlinuz root=/dev/vda rw console=ttyS0,115200n8 loglevel=4
    initrd /initrd
}
"""


def made() -> Path:
    """The folder with disk and boot medium; some minutes the first time."""
    if not (PLACE / "done").exists():
        shutil.rmtree(PLACE, ignore_errors=True)
        tree = PLACE / "tree"
        tree.mkdir(parents=True)
        _run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={PACKAGES}",
             "trixie", str(tree), MIRROR)  # fmt: skip
        _run("chroot", str(tree), "systemctl", "enable", "serial-getty@ttyS0.service")
        medium = PLACE / "medium"
        (medium / "boot" / "grub").mkdir(parents=True)
        (medium / "boot" / "grub" / "grub.cfg").write_text(GRUB)
        shutil.copy(next(tree.glob("boot/vmlinuz-*")), medium / "vmlinuz")
        shutil.copy(next(tree.glob("boot/initrd.img-*")), medium / "initrd")
        _run(
            "grub-mkrescue", "--fonts=", "--locales=", "--themes=", "-o", str(PLACE / "boot.iso"), str(medium)
        )
        _run("mkfs.ext4", "-q", "-d", str(tree), str(PLACE / "disk.ext4"), "2G")
        shutil.rmtree(tree)
        (PLACE / "done").touch()
    return PLACE


def start_s() -> float:
    """Seconds from power to the log-in prompt, on the same machine as the box."""
    for _ in range(TRIES):
        took_s = _start_s()
        if took_s > 0:
            return took_s
        print("  the empty Debian's kernel panicked, as the emulator makes it now and then: started again")
    raise RuntimeError(f"no start of {TRIES} came to an end")


def _start_s() -> float:
    """The same; 0 where the kernel panicked."""
    place = made()
    with tempfile.TemporaryDirectory(prefix="yobirin-plain-") as scratch:
        line = Path(scratch) / "ttyS0.sock"
        begun = time.monotonic()
        qemu = subprocess.Popen(
            [
                *("qemu-system-x86_64", "-machine", "pc", "-accel", "tcg,thread=multi"),
                *("-cpu", CPU, "-m", str(MEMORY_MB), "-smp", "2", "-nodefaults", "-display", "none"),
                *("-drive", f"file={place}/disk.ext4,format=raw,if=virtio,snapshot=on"),
                *("-cdrom", f"{place}/boot.iso", "-boot", "d", "-device", "virtio-rng-pci"),
                *("-chardev", f"socket,id=line,path={line},server=on,wait=off", "-serial", "chardev:line"),
            ],
            stdin=subprocess.DEVNULL,
        )
        try:
            serial = Serial(line, "the plain Debian's console")
            found = serial.expect(f"login: |{PANIC}", BOOT_S)
            return 0.0 if found[0] == PANIC else time.monotonic() - begun
        finally:
            qemu.kill()
            qemu.wait()
            serial.close()


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed: {done.stderr[-2000:]}")
