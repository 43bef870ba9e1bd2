"""An SSH server as the backup's target, through OpenSSH's own `sftp`: no shell on the other side is needed.

One connection is shared by all transfers (OpenSSH's ControlMaster).  The server's key must be known before
(`secrets/backup_known_hosts`); ours is `secrets/backup_ssh`.  Nobody is asked for anything.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from appliance.errors import DeviceError, SettingsError

TIMEOUT_S: Final = 1800.0  # one file; a database of 10 GB on 100 Mbit/s takes 15 minutes
SAFE: Final = re.compile(r"[A-Za-z0-9._/-]+")
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")  # user and host: never an option of sftp's
HINTS: Final = (
    ("Permission denied", "Put the box's public key into the server's authorized_keys."),
    (
        "Host key verification failed",
        "Compare the server's key; put it into secrets/backup_known_hosts.",
    ),
    ("Connection refused", "Start the SSH server, or correct the port."),
    ("No space", "Free space there."),
    ("timed out", "Check cable, address and firewall."),
    ("No route", "Check cable, address and gateway."),
)


class SshTarget:
    """Files below one directory of an SSH server, which must exist."""

    def __init__(self, url: str, *, key_file: Path | None, spool: Path | None) -> None:
        """`spool` holds the file that is on its way: on the data disk, for a database may be large."""
        parts = urllib.parse.urlsplit(url)
        names = [parts.hostname or "", *([] if parts.username is None else [parts.username])]
        is_named = all(NAME.fullmatch(name) for name in names)
        if not is_named or not SAFE.fullmatch(parts.path) or parts.query or parts.password:
            raise SettingsError(
                f"backup.target is {url!r}.",
                remedy="Write it like ssh://user@host/path or ssh://user@host:22/path.",
            )
        self.name = url
        self._root = parts.path
        self._control = tempfile.TemporaryDirectory(prefix="yobirin-ssh-")  # a socket's path has to be short
        self._spool = Path(self._control.name) if spool is None else spool
        user = f"{parts.username}@" if parts.username else ""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "15",
            "ControlMaster": "auto",
            "ControlPath": f"{self._control.name}/%C",
            "ControlPersist": "60",
            "ServerAliveInterval": "15",
            "StrictHostKeyChecking": "yes",
        }
        if key_file is not None:
            options |= {
                "IdentityFile": str(key_file),
                "IdentitiesOnly": "yes",
                "UserKnownHostsFile": str(key_file.with_name("backup_known_hosts")),
            }
        words = [f"-o{name}={value}" for name, value in options.items()]
        self._host = f"{user}{parts.hostname}"
        self._ssh = [*words, "-P", str(parts.port or 22)]
        self._made: set[str] = set()
        self._do(f"cd {self._remote('')}")

    def put(self, name: str, pieces: Iterable[bytes]) -> int:
        with self._file() as spooled:
            with spooled.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                size = file.tell()
            remote = self._remote(name)
            self._do(
                *self._folders(name),
                f'put "{spooled}" {remote}.part',
                f"-rm {remote}",
                f"rename {remote}.part {remote}",
            )
        return size

    @contextlib.contextmanager
    def get(self, name: str) -> Iterator[BinaryIO]:
        with self._file() as spooled:
            self._do(f'get {self._remote(name)} "{spooled}"')
            with spooled.open("rb") as file:
                yield file

    def names(self, folder: str) -> list[str]:
        listed = self._do(f"-ls -1 {self._remote(folder)}")
        found = [
            line.strip().rsplit("/", 1)[-1] for line in listed.splitlines() if not line.startswith("sftp>")
        ]
        return sorted(f"{folder}/{name}" for name in found if name and not name.endswith(".part"))

    def delete(self, name: str) -> None:
        self._do(f"-rm {self._remote(name)}")

    def close(self) -> None:
        words = [word for word in self._ssh if word.startswith("-o")]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                ["ssh", *words, "-O", "exit", self._host], capture_output=True, timeout=10, check=False
            )
        self._control.cleanup()

    def _folders(self, name: str) -> list[str]:
        """Commands that make the folders of a name; those made before are left out."""
        parts = name.split("/")[:-1]
        folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        new = [folder for folder in folders if folder not in self._made]
        self._made.update(new)
        return [f"-mkdir {self._remote(folder)}" for folder in new]

    def _remote(self, name: str) -> str:
        assert not name or (SAFE.fullmatch(name) and ".." not in name), f"{name!r} is no name in a backup"
        return f"{self._root}/{name}".rstrip("/")

    @contextlib.contextmanager
    def _file(self) -> Iterator[Path]:
        path = self._spool / "file.part"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _do(self, *commands: str) -> str:
        """Run sftp's commands; what it says.  A command after `-` may fail.  Raises DeviceError."""
        try:
            ran = subprocess.run(
                ["sftp", "-b", "-", *self._ssh, self._host],
                input="\n".join(commands) + "\n",
                capture_output=True,
                encoding="utf-8",
                errors="replace",  # a server greets in whatever it likes
                timeout=TIMEOUT_S,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceError(
                f"The backup's target {self.name}: {error}.", remedy="Check the network."
            ) from error
        if ran.returncode:
            raise self._refused(ran.stderr)
        return ran.stdout

    def _refused(self, said: str) -> DeviceError:
        """sftp's own reason; its last line often says no more than that the connection is closed."""
        lines = said.strip().splitlines() or ["sftp failed"]
        for sign, remedy in HINTS:
            line = next((line for line in lines if sign in line), None)
            if line:
                return DeviceError(f"The backup's target {self.name}: {line.rstrip('.')}.", remedy=remedy)
        return DeviceError(
            f"The backup's target {self.name}: {lines[-1].rstrip('.')}.", remedy="Try `sftp` by hand."
        )
