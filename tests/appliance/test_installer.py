"""The stick: BIOS and EFI start it, it names what is on the disks, and changes nothing unasked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.appliance import disks
from tests.appliance.box import BOOT_S, Box

pytestmark = pytest.mark.timeout(1200)
OVMF = Path("/usr/share/OVMF")


def efi(directory: Path) -> tuple[str, ...]:
    """QEMU's words for an EFI firmware with variables of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(OVMF / "OVMF_VARS_4M.fd", directory / "efi-variables.fd")
    return (
        *("-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd"),
        *("-drive", f"if=pflash,format=raw,file={directory}/efi-variables.fd"),
    )


@pytest.mark.parametrize("firmware", ["bios", "efi"])
def test_the_stick_starts_the_installer_and_nothing_is_changed_unasked(tmp_path: Path, firmware: str) -> None:
    here = tmp_path / firmware
    stick = ("-drive", f"file={disks.IMAGE}/yobirin-installer.iso,format=raw,if=none,readonly=on,id=stick")
    words: tuple[str, ...] = (*stick, "-device", "usb-storage,drive=stick,bus=usb.0,bootindex=0")
    words += efi(here) if firmware == "efi" else ()
    with Box(here, extra=words) as box:
        box.start()
        key = box.console.expect(r"(/dev/sd.)  64M", BOOT_S * 2)[1]  # the stick itself is not offered
        box.console.expect(r"/dev/vda .*gpt", 60.0)
        box.console.expect(r'key stick.*"off": ', BOOT_S)
        box.console.send(f"/dev/vda /dev/vdb {key}\r")
        box.console.expect(r"ERASE vda vdb  to go on: ", 60.0)
        box.console.send("yes\r")
        box.console.expect(r"nothing was changed", 60.0)


def test_efi_starts_the_installed_box(tmp_path: Path) -> None:
    here = tmp_path / "efi"
    with Box(here, extra=efi(here)) as box:
        box.boot(BOOT_S * 2)
        assert box.run("ls /sys/firmware/efi").strip()
