"""Where a backup goes: a place that keeps files by name.  A directory and an SSH server behave alike.

Names are relative, with `/`; a file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from appliance.backup.target_directory import DirectoryTarget
from appliance.backup.target_ssh import SshTarget
from appliance.errors import SettingsError
from appliance.settings import Home


class Target(Protocol):
    """Every method raises DeviceError naming the target and what to do."""

    name: str

    def put(self, name: str, pieces: Iterable[bytes]) -> int:
        """Keep a file, replacing one of that name; its bytes."""

    def get(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Read a file from its beginning."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder, in order; none where there is no such folder."""

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

    def close(self) -> None:
        """End the connection."""


def open_target(target: str, home: Home | None) -> Target:
    """The place named: a directory, or `ssh://user@host[:port]/path` with the key in `secrets/backup_ssh`.

    Raises SettingsError for a name that is neither, DeviceError where it cannot be reached.
    """
    if target.startswith("ssh://"):
        key_file = home.directory("secrets") / "backup_ssh" if home else None
        return SshTarget(target, key_file=key_file, spool=home.directory("data", "backup") if home else None)
    if not target.startswith("/"):
        raise SettingsError(
            f"backup.target is {target!r}.",
            remedy="Give a directory from the root (a mounted disk or NFS), or ssh://user@host/path.",
        )
    return DirectoryTarget(Path(target))
