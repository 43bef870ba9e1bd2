"""Files replaced whole: what stands after a write, after one that failed, and beside another's link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from appliance.files import write_atomically


def test_a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    for data, mode in ((b"old", 0o640), (b"new", 0o600)):
        write_atomically(path, data, mode=mode)
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (data, mode)
    assert list(path.parent.iterdir()) == [path]
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, mocker: MockerFixture) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old", mode=0o600)
    mocker.patch("os.fsync", side_effect=OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new", mode=0o600)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_neither_the_new_name_nor_the_old_is_followed_as_a_link(tmp_path: Path) -> None:
    """Others may make files in the same directory, and the writer may be root."""
    database, path = tmp_path / "yobirin.db", tmp_path / "file"
    database.write_bytes(b"rows")
    for link in (tmp_path / ".file.new", path):
        link.symlink_to(database)
        write_atomically(path, b"said", mode=0o600)
        assert (path.read_bytes(), path.is_symlink()) == (b"said", False)
        path.unlink()
    assert database.read_bytes() == b"rows"


def test_file_and_directory_are_on_the_disk_before_it_returns(tmp_path: Path, mocker: MockerFixture) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    mocker.patch("os.fsync", side_effect=fsync)
    write_atomically(tmp_path / "file", b"x", mode=0o600)
    assert synced == [str(tmp_path / ".file.new"), str(tmp_path)]
