"""Disks with a volatile write cache, and a box whose power cut loses what was not flushed.

Killing QEMU alone proves little: what the guest wrote is in the host's page cache and survives without any
flush.  So each disk writes through QEMU's `blklogwrites` (the log format of the kernel's dm-log-writes) onto
a scratch layer.  A cut throws the scratch away and replays the log: everything up to the last flush, as a
disk promises, and of the later writes a random part, some torn at 4 KiB, each disk of the mirror for itself.
Below the log nothing is flushed: that would only matter to a cut of the host.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from tests.appliance.box import Box

SECTOR: Final = 512
BLOCK: Final = 4096  # what present disks write whole
ENTRY: Final = struct.Struct("<QQQQ")  # sector, sectors, flags, length of a mark's text
FLUSH, DISCARD = 1, 4
KEPT: Final = 0.5  # of the writes after the last flush, those that reached the platter
TORN: Final = 0.1  # of these, the ones that reached it in part


@dataclass(frozen=True)
class Entry:
    """One write of the log (`at` is where its data stand in the log), or a flush."""

    flags: int
    sector: int
    size: int
    at: int


@dataclass(frozen=True)
class Cut:
    """What a cut did to one disk: writes that had to stay, and of the later ones the kept and the lost."""

    flushed: int
    kept: int
    lost: int


def entries(log: BinaryIO) -> Iterator[Entry]:
    """Every entry that was written; ends where the emulator died."""
    at = SECTOR  # the superblock; its count is behind, so it is not asked
    while len(head := os.pread(log.fileno(), ENTRY.size, at)) == ENTRY.size:
        sector, sectors, flags, _ = ENTRY.unpack(head)
        if not sectors and not flags:
            return
        size = 0 if flags & DISCARD else sectors * SECTOR
        yield Entry(flags, sector, size, at + SECTOR)
        at += SECTOR + size


def cut(log_path: Path, disk: Path, chance: random.Random) -> Cut:
    """Bring the disk to what a power cut leaves of the logged writes."""
    with log_path.open("rb") as log, disk.open("r+b") as platter:
        found = list(entries(log))
        flushes = [number for number, entry in enumerate(found) if entry.flags & FLUSH]
        last = flushes[-1] if flushes else -1
        kept = lost = 0
        for number, entry in enumerate(found):
            if not entry.size:
                continue
            size = entry.size
            if number > last:
                size = _reached(entry.size, chance)
                kept, lost = kept + bool(size), lost + (size < entry.size)
            os.pwrite(platter.fileno(), os.pread(log.fileno(), size, entry.at), entry.sector * SECTOR)
    return Cut(flushed=sum(1 for entry in found[: last + 1] if entry.size), kept=kept, lost=lost)


def _reached(size: int, chance: random.Random) -> int:
    """How many bytes of an unflushed write are on the platter."""
    if chance.random() >= KEPT:
        return 0
    if chance.random() < TORN and size >= 2 * BLOCK:
        return chance.randrange(1, size // BLOCK) * BLOCK
    return size


class CutBox(Box):
    """A box whose `kill()` loses what a power cut loses.  `losses` says what the last one did."""

    def __init__(self, directory: Path, *, seed: int, **words: Any) -> None:
        super().__init__(directory, **words)
        self.chance = random.Random(seed)
        self.losses: list[Cut] = []
        self.keeps_turn = True
        for disk in self.disks:
            subprocess.run(["qemu-img", "convert", "-O", "raw", str(disk), str(_platter(disk))], check=True)
        self.resumes = False  # of a kept box, the disks alone: what its memory held is lost

    def start(self) -> None:
        for disk in self.disks:
            _log(disk).unlink(missing_ok=True)
            _log(disk).touch()
            disk.unlink(missing_ok=True)
            subprocess.run(
                [
                    *("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw"),
                    *("-b", str(_platter(disk)), str(disk)),
                ],
                check=True,
            )
        super().start()

    def kill(self) -> None:
        was_on = self._qemu is not None
        super().kill()
        if was_on:
            self.losses = [cut(_log(disk), _platter(disk), self.chance) for disk in self.disks]

    def command(self) -> list[str]:
        """QEMU's words, with the logged disks in place of the plain ones.

        Without discard and write-zeroes: the log has no data for the one and takes the other in two steps.
        """
        words = super().command()
        for number, disk in enumerate(self.disks):
            for at, word in enumerate(words):
                if f",node-name=disk{number}," in word:
                    words[at] = _logged(number, disk)
                elif word.startswith("virtio-blk-pci,") and f"drive=disk{number}" in word:
                    words[at] = f"{word},discard=off,write-zeroes=off"
        return words


def _logged(number: int, disk: Path) -> str:
    return (
        f"driver=blklogwrites,node-name=disk{number},log-sector-size={SECTOR},"
        f"file.driver=qcow2,file.cache.no-flush=on,file.file.driver=file,file.file.filename={disk},"
        f"log.driver=file,log.cache.no-flush=on,log.filename={_log(disk)}"
    )


def _platter(disk: Path) -> Path:
    return disk.with_suffix(".raw")


def _log(disk: Path) -> Path:
    return disk.with_suffix(".writes")
