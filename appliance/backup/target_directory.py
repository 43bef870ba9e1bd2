"""A directory as the backup's target: a USB disk or an NFS share that the system has mounted."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from appliance.errors import DeviceError

REMEDIES: Final = {
    errno.ENOSPC: "Free space there, or give a larger disk.",
    errno.EROFS: "It is mounted read-only: mount it for writing.",
    errno.EACCES: "Give the box the right to write there.",
    errno.ESTALE: "The share was restarted: mount it again.",
    errno.EIO: "The disk fails: change it.",
}


class DirectoryTarget:
    """Files below one directory, which must exist: an absent one means that nothing is mounted there."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root
        if not root.is_dir():
            raise DeviceError(
                f"The backup's target {root} is not there.", remedy="Plug in the disk, or mount the share."
            )

    def put(self, name: str, pieces: Iterable[bytes]) -> int:
        path = self._path(name)
        fresh = path.with_name(path.name + ".part")
        with self._named():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with private(fresh) as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            os.replace(fresh, path)
        return size

    @contextlib.contextmanager
    def get(self, name: str) -> Iterator[BinaryIO]:
        with self._named(), self._path(name).open("rb") as file:
            yield file

    def names(self, folder: str) -> list[str]:
        base = self._path(folder)
        with self._named():
            found = sorted(base.iterdir()) if base.is_dir() else []
            return [f"{folder}/{path.name}" for path in found if path.is_file() and path.suffix != ".part"]

    def delete(self, name: str) -> None:
        path = self._path(name)
        with self._named():
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # when it was the last one in it

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, name: str) -> Path:
        path = self._root / name
        assert path.resolve().is_relative_to(self._root.resolve()), f"{name!r} leaves the target"
        return path

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceError(
                f"The backup's target {self.name}: {error.strerror}.",
                remedy=REMEDIES.get(error.errno or 0, "Look at the disk or the share."),
            ) from error


def private(path: Path) -> BinaryIO:
    """Open for writing from the beginning, for the owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
