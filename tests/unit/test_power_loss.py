"""What a power cut leaves of a disk's logged writes: all that was flushed, a random part of the rest."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.appliance.power import BLOCK, DISCARD, FLUSH, SECTOR, Cut, cut

PER_BLOCK = BLOCK // SECTOR
OLD = b"o" * BLOCK


def entry(number: int, data: bytes, *, flags: int = 0) -> bytes:
    """A write at block `number`, as QEMU's blklogwrites lays it down."""
    head = struct.pack("<QQQQ", number * PER_BLOCK, len(data) // SECTOR, flags, 0)
    return head.ljust(SECTOR, b"\0") + data


def a_flush() -> bytes:
    return entry(0, b"", flags=FLUSH)


def after(tmp_path: Path, *logged: bytes, seed: int = 1, rest: bytes = b"") -> tuple[Cut, bytes]:
    """A disk of eight old blocks after a cut with this log."""
    log, disk = tmp_path / "disk.writes", tmp_path / "disk.raw"
    log.write_bytes(bytes(SECTOR) + b"".join(logged) + rest)
    disk.write_bytes(OLD * 8)
    return cut(log, disk, random.Random(seed)), disk.read_bytes()


def test_what_was_flushed_stays_for_every_seed(tmp_path: Path) -> None:
    for seed in range(50):
        done, disk = after(
            tmp_path, entry(1, b"a" * BLOCK), a_flush(), entry(2, b"b" * BLOCK), a_flush(), seed=seed
        )
        assert done == Cut(flushed=2, kept=0, lost=0)
        assert disk == OLD + b"a" * BLOCK + b"b" * BLOCK + OLD * 5


def test_later_writes_are_kept_or_lost_each_for_itself(tmp_path: Path) -> None:
    later = [entry(number, b"n" * BLOCK) for number in range(1, 5)]
    seen = {after(tmp_path, a_flush(), *later, seed=seed)[1] for seed in range(200)}
    assert len(seen) == 2**4
    for seed in range(20):
        done, disk = after(tmp_path, a_flush(), *later, seed=seed)
        assert done.kept + done.lost == 4
        assert disk.count(b"n" * BLOCK) == done.kept


def test_a_long_write_can_tear_between_blocks_never_inside_one(tmp_path: Path) -> None:
    lengths = {
        len(after(tmp_path, entry(0, b"n" * (4 * BLOCK)), seed=seed)[1].rstrip(b"o")) for seed in range(400)
    }
    assert lengths == {0, BLOCK, 2 * BLOCK, 3 * BLOCK, 4 * BLOCK}


def test_a_discard_carries_no_data_and_the_log_ends_where_the_emulator_died(tmp_path: Path) -> None:
    discard = struct.pack("<QQQQ", 0, 8, DISCARD, 0).ljust(SECTOR, b"\0")
    done, disk = after(tmp_path, discard, entry(3, b"a" * BLOCK), a_flush(), rest=bytes(3 * SECTOR))
    assert done == Cut(flushed=1, kept=0, lost=0)
    assert disk == OLD * 3 + b"a" * BLOCK + OLD * 4


@pytest.mark.parametrize("rest", [b"", b"\1" * 7])
def test_a_log_without_entries_changes_nothing(tmp_path: Path, rest: bytes) -> None:
    assert after(tmp_path, rest=rest) == (Cut(flushed=0, kept=0, lost=0), OLD * 8)
