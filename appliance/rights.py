"""Who may touch what on the box: one system user a process, groups for what they share, modes of a home.

Two tables.  `ACCOUNTS` says which devices, sockets and shared files a process needs; `sysusers` makes the
users from it.  `PLACES` says who owns each directory of a home; `apply` puts it so, as root, and changes only
what differs.  A home that root has not prepared belongs to one user alone (mode 0700): `make run`, tests.
"""

from __future__ import annotations

import contextlib
import fnmatch
import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.errors import YobirinError
from appliance.settings import Home

PREFIX: Final = "yobirin"
ROOT: Final = "root"


@dataclass(frozen=True)
class Account:
    """One process's user.  `devices`: groups of the system; `asks`: processes whose sockets it may use;
    `shares`: groups of the house for files of several.
    """

    devices: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()


ACCOUNTS: Final[dict[str, Account]] = {
    # What strangers on the LAN talk to has the least: no database, no key, no recording, no other socket.
    "phones": Account(),
    "audio": Account(devices=("dahdi",), shares=("recordings",)),
    # After a crash it measures the recordings that were cut off.
    "dialer": Account(devices=("dahdi",), asks=("phones", "audio"), shares=("store", "recordings")),
    # The nightly backup takes every secret along, sealed.
    "worker": Account(asks=("dialer",), shares=("store", "recordings", "backup")),
    "web": Account(asks=("dialer", "monitor"), shares=("store", "recordings")),
    "monitor": Account(
        devices=("i2c",), asks=("dialer", "phones", "chassis", "supervisor"), shares=("store",)
    ),
    "chassis": Account(),
    "console": Account(devices=("dialout",), asks=("dialer", "monitor", "chassis")),
    "watchdog": Account(asks=("supervisor",), shares=("store",)),
}
"""Processes without a line here run as root: `setup` alone, whose verbs are fixed and behind a PIN."""

SHARES: Final = ("store", "recordings", "backup", "supervisor")
GROUP_OF_ALL: Final = PREFIX


@dataclass(frozen=True)
class Place:
    """A directory of the home, or files in it.  `owner` and `group` are names of ACCOUNTS or SHARES.

    `owner` None: whoever made it.  A file is never made here.  `is_deep`: directories below are the same.
    """

    path: str
    owner: str | None
    group: str
    mode: int
    is_file: bool = False
    is_deep: bool = False


PLACES: Final = (
    Place("", ROOT, "", 0o750),
    Place("site.toml", ROOT, "", 0o640, is_file=True),
    # Everybody makes a socket there, nobody takes another's away.
    Place("run", ROOT, "", 0o3770),
    Place("run/heartbeat", ROOT, "", 0o3770),
    Place("logs", ROOT, ROOT, 0o750),
    Place("secrets", ROOT, "store", 0o2750),
    Place("secrets/database.key", ROOT, "store", 0o640, is_file=True),
    Place("secrets/mail.password", "monitor", "backup", 0o640, is_file=True),
    Place("secrets/backup_ssh", "worker", "backup", 0o600, is_file=True),  # ssh refuses an open one
    Place("secrets/*", ROOT, "backup", 0o640, is_file=True),
    Place("tls", ROOT, "web", 0o2755),
    Place("tls/web.key", "web", "backup", 0o640, is_file=True),
    Place("tls/*.crt", ROOT, "web", 0o644, is_file=True),
    # The last bit lets audio through to its recordings; nobody but the store's group can look around.
    Place("data", ROOT, "store", 0o2771),
    Place("data/yobirin.db*", None, "store", 0o660, is_file=True),
    Place("data/recordings", "audio", "recordings", 0o2770, is_deep=True),
    Place("data/imports", "web", "worker", 0o2770),
    Place("data/exports", "worker", "web", 0o2750),
    Place("data/prompts", "worker", "", 0o2750),
    Place("data/trace", "dialer", "dialer", 0o700),
)
"""`group` "" is the group of all processes: outside it nobody comes past the first line.  The first line that
fits a file is its own."""


class NoUsers(YobirinError):
    """The box's users are not in /etc/passwd."""


Ids = Callable[[str], int]


def user_name(process: str) -> str:
    """The system user of a process; root for one without an account."""
    return f"{PREFIX}-{process}" if process in ACCOUNTS else ROOT


def group_name(group: str) -> str:
    """The system group of an account, a share, or "" for all of them."""
    if group == ROOT:
        return ROOT
    return f"{PREFIX}-{group}" if group else GROUP_OF_ALL


def groups_of(process: str) -> tuple[str, ...]:
    """Supplementary groups of a process's user, by name."""
    account = ACCOUNTS[process]
    return (*account.devices, GROUP_OF_ALL, *(group_name(each) for each in (*account.shares, *account.asks)))


def sysusers() -> str:
    """The text of a sysusers.d(5) file that makes all users and groups."""
    devices = {device for account in ACCOUNTS.values() for device in account.devices}
    groups = sorted(devices) + [GROUP_OF_ALL] + [group_name(share) for share in SHARES]
    lines = [f"g {group} -" for group in groups]
    lines += [f'u {user_name(name)} - "Yobirin {name}" /nonexistent /usr/sbin/nologin' for name in ACCOUNTS]
    lines += [f"m {user_name(name)} {group}" for name in ACCOUNTS for group in groups_of(name)]
    return "# Written by `yobirin prepare --sysusers` from appliance/rights.py.\n" + "\n".join(lines) + "\n"


def is_box() -> bool:
    """Whether we may become the box's users: we are root, and they are there."""
    try:
        return os.geteuid() == 0 and all(uid(user_name(name)) for name in ACCOUNTS)
    except NoUsers:
        return False


def uid(name: str) -> int:
    """A user's number.  Raises NoUsers."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise NoUsers(f"There is no user {name}.", remedy=MAKE_THEM) from error


def gid(name: str) -> int:
    """A group's number.  Raises NoUsers."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise NoUsers(f"There is no group {name}.", remedy=MAKE_THEM) from error


MAKE_THEM: Final = (
    "Make them with `yobirin prepare --sysusers >/etc/sysusers.d/yobirin.conf; systemd-sysusers`."
)


def apply(home: Home, *, uid: Ids = uid, gid: Ids = gid) -> list[str]:
    """Make and own the home's places as the table says; what was changed, as paths below the home.

    Takes root.  Follows no symbolic link below the home: who may write into a directory must not choose what
    root gives away.  Raises NoUsers, OSError.
    """
    changed: list[str] = []
    done: set[str] = set()
    for place in PLACES:
        owner = None if place.owner is None else uid(user_name(place.owner))
        group = gid(group_name(place.group))
        for path, file in _found(home, place):
            if path not in done and _put(file, owner, group, place.mode):
                changed.append(path)
            done.add(path)
    return changed


def mend(home: Home) -> None:
    """`apply` on a box, after root has written into its home; nothing elsewhere."""
    if is_box():
        apply(home)


def _found(home: Home, place: Place) -> Iterator[tuple[str, int]]:
    """What a line of the table is about: paths below the home, each open until the next is asked for."""
    parts = Path(place.path).parts
    with contextlib.ExitStack() as stack:
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        at = _opened(stack, str(home.root))  # may be a link: only root can have made it
        for part in parts[:-1] if place.is_file else parts:
            at = _directory(stack, part, at)
        if place.is_file:
            yield from _files(parts, at)
        else:
            yield (place.path or ".", at)
            yield from _below(place.path, at) if place.is_deep else ()


def _opened(stack: contextlib.ExitStack, name: str, *, above: int | None = None, flags: int = 0) -> int:
    file = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=above)
    stack.callback(os.close, file)
    return file


def _directory(stack: contextlib.ExitStack, name: str, above: int) -> int:
    """Open a directory, made where it is missing; a link in its place is taken away."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    return _opened(stack, name, above=above, flags=os.O_DIRECTORY | os.O_NOFOLLOW)


def _files(parts: tuple[str, ...], above: int) -> Iterator[tuple[str, int]]:
    for name in fnmatch.filter(sorted(os.listdir(above)), parts[-1]):
        with contextlib.ExitStack() as stack, contextlib.suppress(FileNotFoundError):
            if stat.S_ISREG(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
                yield ("/".join((*parts[:-1], name)), _opened(stack, name, above=above, flags=os.O_NOFOLLOW))


def _below(path: str, top: int) -> Iterator[tuple[str, int]]:
    """Every directory below an open one.  `fwalk` compares what it opened with what it saw."""
    for directory, _names, _files, file in os.fwalk(".", dir_fd=top):
        if directory != ".":
            yield (f"{path}/{directory.removeprefix('./')}", file)


def _put(file: int, owner: int | None, group: int, mode: int) -> bool:
    """Change what differs; whether anything did."""
    found = os.fstat(file)
    owner = found.st_uid if owner is None else owner
    is_other = (found.st_uid, found.st_gid) != (owner, group)
    if is_other:
        os.fchown(file, owner, group)
    if is_other or stat.S_IMODE(found.st_mode) != mode:
        os.fchmod(file, mode)
        return True
    return False
