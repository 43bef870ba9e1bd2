"""What the set-up leaves to programs of the system, with the real ones: cryptsetup's slots, ZMODEM's file."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import tty
from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.settings import Home
from provisioning.commands import Ran, SystemCommands
from provisioning.console import zmodem
from provisioning.crypt import Crypt
from tests.contract import provisioning_rig as rig

ITERATIONS = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
PASSPHRASE = "abcd-efgh-jkmn-pqrs-tuvw-xyz2-3456-789a"


class Disks:
    """The system's programs, with a file for the partition and a directory for the key stick."""

    def __init__(self, root: Path) -> None:
        self.device = root / "data.img"
        self.stick = root / "stick"
        self.has_stick = True
        self._system = SystemCommands()
        with self.device.open("wb") as file:
            file.truncate(20_000_000)
        self.stick.mkdir()
        key = root / "first.key"
        key.write_bytes(os.urandom(64))
        self.system("luksFormat", "-q", "--type", "luks2", *ITERATIONS, str(self.device), str(key))
        uuid = self.system("luksUUID", str(self.device)).said.strip()
        self.key = self.stick / f"{uuid}.key"
        key.rename(self.key)

    def system(self, *words: str) -> Ran:
        ran = self._system.run("cryptsetup", *words)
        assert ran.is_good, ran.said
        return ran

    def run(self, *words: str, given: bytes = b"", timeout_s: float = 60.0) -> Ran:
        if words[0] == "blkid":
            is_data = "LABEL=YOBIRIN-DATA" in words
            return Ran(0, str(self.device) if is_data else "/dev/stick" if self.has_stick else "")
        if words[0] == "mount":
            Path(words[-1]).rmdir()
            Path(words[-1]).symlink_to(self.stick)
            return Ran(0)
        if words[0] == "umount":
            Path(words[-1]).unlink()
            Path(words[-1]).mkdir()
            return Ran(0)
        return self._system.run(*words, given=given, timeout_s=timeout_s)

    def slots(self) -> list[str]:
        said = self.system("luksDump", str(self.device)).said
        return [line.strip().split(":")[0] for line in said.splitlines() if line.strip().endswith(": luks2")]

    def opens(self, passphrase: str, root: Path) -> bool:
        file = root / "try"
        file.write_text(passphrase)
        words = ("cryptsetup", "open", "--test-passphrase", "--key-file", str(file), str(self.device))
        return self._system.run(*words).is_good


def test_the_recovery_passphrase_gets_its_own_slot_and_the_sticks_key_stays(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    crypt = Crypt(Home(tmp_path / "home"), disks)

    crypt.set_recovery(PASSPHRASE)
    crypt.set_recovery(PASSPHRASE)  # a run after a broken cable

    assert disks.slots() == ["0", "1"]
    assert disks.opens(PASSPHRASE, tmp_path)
    assert not disks.opens(PASSPHRASE + "x", tmp_path)
    crypt.set_recovery(PASSPHRASE[::-1])
    assert disks.slots() == ["0", "1"]
    assert disks.opens(PASSPHRASE[::-1], tmp_path)
    assert not disks.opens(PASSPHRASE, tmp_path)
    assert crypt.recovery_mark() != PASSPHRASE


def test_a_missing_stick_and_a_strange_one_are_told_and_change_nothing(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    crypt = Crypt(Home(tmp_path / "home"), disks)
    disks.has_stick = False
    with pytest.raises(BadInput, match=r"YOBIRIN-KEY\) is not in the box"):
        crypt.set_recovery(PASSPHRASE)
    disks.has_stick = True
    disks.key.unlink()
    with pytest.raises(BadInput, match="no key for this box"):
        crypt.set_recovery(PASSPHRASE)
    assert disks.slots() == ["0"]
    assert crypt.recovery_mark() == ""


def test_a_file_arrives_by_zmodem_whole(tmp_path: Path) -> None:
    assert shutil.which("rz"), "lrzsz is in tools/packages-test.txt"
    cable = rig.Cable()
    box, laptop = (os.open(path, os.O_RDWR | os.O_NOCTTY) for path in (cable.box, cable.laptop))
    for end in (box, laptop):
        tty.setraw(end)
    file = tmp_path / "support.tar.gz"
    file.write_bytes(os.urandom(50_000))
    received = tmp_path / "received"
    received.mkdir()
    beats: list[None] = []
    receiver = subprocess.Popen(
        ["rz", "--binary", "--quiet"], cwd=received, stdin=laptop, stdout=laptop, stderr=subprocess.DEVNULL
    )
    try:
        zmodem.send(file, box, beat=lambda: beats.append(None), should_stop=lambda: False)
        # sz ends with "OO", waits for the line to send it and flushes: a pty has no line, and forgets it.
        os.write(box, b"OO")
        assert receiver.wait(rig.WAIT_S) == 0
    finally:
        receiver.kill()
        receiver.wait()
        os.close(box)
        os.close(laptop)
        cable.close()
    assert (received / file.name).read_bytes() == file.read_bytes()
    assert beats


def test_a_transfer_is_ended_when_the_process_must_stop(tmp_path: Path) -> None:
    cable = rig.Cable()
    box = os.open(cable.box, os.O_RDWR | os.O_NOCTTY)
    stop = threading.Event()
    file = tmp_path / "support.tar.gz"
    file.write_bytes(b"x")
    try:
        with pytest.raises(BadInput, match="did not receive"):
            zmodem.send(file, box, beat=stop.set, should_stop=stop.is_set)
    finally:
        os.close(box)
        cable.close()
