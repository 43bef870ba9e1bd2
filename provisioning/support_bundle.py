"""The support bundle: logs, settings and the system's state in one file, customers' data masked.

Never in it: the database, recordings, keys, what passed on the lines.  CONTENT.txt lists what is.
"""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from appliance.errors import YobirinError
from appliance.files import write_atomically
from appliance.settings import Home
from provisioning import journal
from provisioning.commands import Commands
from provisioning.masking import masker

LOG_TAIL_BYTES: Final = 400_000  # of each log: a day, and the whole is sent over a serial line
BYTES_MAX: Final = 6_000_000  # before compression
COMMANDS: Final[tuple[tuple[str, ...], ...]] = (
    ("uname", "-a"),
    ("uptime",),
    ("free", "-m"),
    ("df", "-h"),
    ("lsblk", "-o", "NAME,SIZE,TYPE,FSTYPE,LABEL,MOUNTPOINT"),
    ("ip", "address"),
    ("ip", "route"),
    ("ps", "-eo", "pid,user,rss,pcpu,etime,args"),
    ("lspci",),
    ("chronyc", "-n", "sources"),
    ("networkctl", "--no-pager", "status"),
    ("nft", "list", "ruleset"),
    ("journalctl", "--no-pager", "-b", "-n", "3000"),
    ("journalctl", "--no-pager", "-b", "-1", "-n", "1000"),
)
STATE: Final = (
    "/proc/mdstat",
    "/proc/interrupts",
    "/proc/dahdi",
    "/etc/os-release",
    "/usr/share/yobirin/manifest",
)


class Part(NamedTuple):
    """One file of the bundle."""

    name: str
    text: str


def make(home: Home, commands: Commands, path: Path) -> tuple[str, ...]:
    """Write the bundle to `path`, for its owner alone; the names in it.  Raises OSError."""
    mask = masker(_names(home))
    parts = []
    room = BYTES_MAX
    for part in (*_settings(home), *_logs(home), *_state(), *_said(commands)):
        text = mask(part.text)[: max(room, 0)]
        room -= len(text.encode())
        parts.append(Part(part.name, text))
    names = tuple(part.name for part in parts)
    _write(path, [Part("CONTENT.txt", content(parts)), *parts])
    return names


def content(parts: list[Part]) -> str:
    """The list that a person reads before the bundle leaves the house."""
    made = time.strftime("%Y-%m-%d %H:%M:%S %z")
    lines = [f"Yobirin support bundle, {made}", "Numbers, names, mail addresses and secrets are masked.", ""]
    return "\n".join([*lines, *(f"{len(part.text.encode()):>9,}  {part.name}" for part in parts)]) + "\n"


def _write(path: Path, parts: list[Part]) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for part in parts:
            data = part.text.encode()
            entry = tarfile.TarInfo(f"yobirin-support/{part.name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
            archive.addfile(entry, io.BytesIO(data))
    write_atomically(path, packed.getvalue(), mode=0o600)  # a file of our own, whatever was there


def _names(home: Home) -> list[str] | None:
    """People and companies whose names could stand in a log; None where the store does not open."""
    from appliance.store import users  # when first asked for: the store takes 10 MB
    from provisioning import people

    found: list[str] = []
    try:
        with people.opened(home, create=False) as store:
            for tenant in users.tenants(store):
                found.append(tenant.name)
                for user in users.every(store, tenant.id, with_retired=True):
                    found += [user.name, *user.name.split()]
    except YobirinError:
        return None  # a bundle is wanted most when the store does not open
    return found


def _settings(home: Home) -> Iterator[Part]:
    for path in (home.site_file, home.root / "secrets" / journal.NAME, home.run / "watchdog.json"):
        if path.is_file():
            # Never through a link: any process may write into the run directory.
            yield Part(f"settings/{path.name}", _tail(path, os.O_NOFOLLOW))


def _logs(home: Home) -> Iterator[Part]:
    for path in sorted(home.logs.glob("*.log")):
        yield Part(f"logs/{path.name}", _tail(path))


def _state() -> Iterator[Part]:
    for path in map(Path, STATE):
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file():
                yield Part(f"state/{'-'.join(file.parts[1:])}", _tail(file))


def _said(commands: Commands) -> Iterator[Part]:
    for words in COMMANDS:
        ran = commands.run(*words, timeout_s=10.0)
        yield Part(f"commands/{' '.join(words).replace('/', '_')}.txt", ran.said[-LOG_TAIL_BYTES:])


def _tail(path: Path, flags: int = 0) -> str:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags), "rb") as file:
            if os.fstat(file.fileno()).st_size > LOG_TAIL_BYTES:
                file.seek(-LOG_TAIL_BYTES, os.SEEK_END)
            return file.read(LOG_TAIL_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return f"cannot be read: {error}\n"


Maker = Callable[[Home, Commands, Path], tuple[str, ...]]
