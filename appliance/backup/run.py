"""One backup: a copy of the database proved whole, the box's own files, and every recording not yet there.

Files first, the manifest last: a run that is cut off leaves the backup before it untouched, and what it had
copied is not copied again.  Deletes nothing on the box, and at the target only what no kept manifest names.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from appliance.backup import manifest as manifests
from appliance.backup.manifest import Kept, Manifest
from appliance.backup.seal import BLOCK_BYTES, seal
from appliance.backup.target import Target
from appliance.errors import BadInput, StoreError
from appliance.settings import Home
from appliance.store import snapshot
from appliance.store.open import Store

SMALL: Final = (
    "site.toml",
    "secrets",
    "tls",
    "data/prompts",
    "data/imports",
    "data/exports",
    "data/watchdog.jsonl",
)
"""Files and folders of the home that are copied beside the database and the recordings."""

OF_THIS_BOX: Final = frozenset({"recovery.mark", "network.before", "nft.before", "provisioning.jsonl"})
"""Files among them that tell of this box's own disks and set-up; on another box they would be untrue."""

MB: Final = 1_000_000

Say = Callable[[str, float], None]
"""Told what is going on, and how much of it is done (0-1)."""

log = logging.getLogger("backup")


def silent(_what: str, _share: float) -> None:
    """Tell nobody."""


def back_up(
    store: Store, target: Target, key: bytes, *, at: int, keep: int, say: Say = silent
) -> tuple[Manifest, int]:
    """Make one backup; its manifest, and the bytes copied.  `at` in ms; `keep` backups stay at the target.

    Raises DeviceError naming the target, StoreError for a database that is damaged or a full disk, BadSeal
    where the target holds none but another box's backups: two boxes would overwrite each other's recordings.
    """
    home = store.home
    earlier = _newest_sound(target, key)
    with _copy_of_database(store) as copy:
        say("database", 0.0)
        with snapshot.Snapshot(copy, home.key_file.read_bytes()) as opened:
            opened.check()
            tables, schema, standing = opened.sums(), opened.version(), opened.recordings()
        parts = _Copier(home, target, key, at, earlier)
        parts.add("data/yobirin.db", copy)
        for path in _small_files(home):
            parts.add(str(path.relative_to(home.root)), path)
        for number, recording in enumerate(standing):
            say("recordings", number / len(standing))
            parts.add(f"data/recordings/{recording.path}", home.recordings / recording.path, is_sealed=False)
    made = Manifest(
        at=at,
        site_name=store.settings.site_name,
        schema=schema,
        tables=tables,
        files=parts.files,
        left_out=parts.left_out,
    )
    copied = parts.copied_bytes + _put_sealed(
        target, manifests.name_of(at), io.BytesIO(manifests.encoded(made)), key
    )
    _forget_old(target, key, keep=max(1, keep))
    say("done", 1.0)
    return made, copied


def latest(target: Target, key: bytes, *, until: str = "") -> Manifest | None:
    """The newest backup at the target, or the newest not after the stamp `until`.  Raises BadSeal."""
    names = list(manifests.manifests(target.names(manifests.FOLDER)))
    if until:
        names = [name for name in names if name.rsplit("/", 1)[1] <= f"{until}{manifests.ENDING}"]
    return read(target, key, names[-1]) if names else None


def read(target: Target, key: bytes, name: str) -> Manifest:
    """One manifest.  Raises BadSeal, BadInput, DeviceError."""
    with target.get(name) as sealed:
        return manifests.opened(sealed, key, name=name)


def _newest_sound(target: Target, key: bytes) -> Manifest | None:
    """The newest backup that opens: one that is damaged must not cost every later night."""
    fault: BadInput | None = None
    for name in reversed(list(manifests.manifests(target.names(manifests.FOLDER)))):
        try:
            return read(target, key, name)
        except BadInput as error:
            log.error("%s", error)
            fault = fault or error
    if fault is not None:
        raise fault
    return None


class _Copier:
    """Puts files to the target unless an earlier backup has them there."""

    def __init__(self, home: Home, target: Target, key: bytes, at: int, earlier: Manifest | None) -> None:
        self._home, self._target, self._key = home, target, key
        self._stamp = manifests.stamp(at)
        self._have = {kept.path: kept for kept in earlier.files} if earlier else {}
        self.files: list[Kept] = []
        self.left_out: list[str] = []
        self.copied_bytes = 0

    def add(self, path: str, source: Path, *, is_sealed: bool = True) -> None:
        """Copy `source`, the home's `path`.  One that is gone by now, or closed to us, is left out."""
        try:
            with source.open("rb") as file:
                self._add(path, file, source, is_sealed=is_sealed)
        except (FileNotFoundError, PermissionError) as error:
            log.warning("%s is left out: %s", path, error.strerror)
            self.left_out.append(path)

    def _add(self, path: str, file: BinaryIO, source: Path, *, is_sealed: bool) -> None:
        seen = source.stat()
        have = self._have.get(path)
        if have and (have.size_bytes, have.changed_ns) == (seen.st_size, seen.st_mtime_ns):
            self.files.append(have)
            return
        name = f"files/{path}" if not is_sealed else f"{self._stamp}/{_opaque(path)}"
        if is_sealed:
            self.copied_bytes += _put_sealed(self._target, name, file, self._key)
        else:
            self.copied_bytes += self._target.put(name, iter(lambda: file.read(BLOCK_BYTES), b""))
        self.files.append(Kept(path, name, seen.st_size, seen.st_mtime_ns, is_sealed))


def _opaque(path: str) -> str:
    """A name that tells nothing and that any file system takes: uploaded files are named by people."""
    return hashlib.sha256(path.encode()).hexdigest()[:32]


def _put_sealed(target: Target, name: str, plain: BinaryIO, key: bytes) -> int:
    return target.put(name, seal(plain, key))


@contextlib.contextmanager
def _copy_of_database(store: Store) -> Iterator[Path]:
    path = store.home.directory("data", "backup") / "yobirin.db"
    refuse_crowding(
        path.parent, store.home.database.stat().st_size, store.settings.limits.disk_free_min_bytes
    )
    try:
        snapshot.write(store, path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def refuse_crowding(folder: Path, size: int, least: int) -> None:
    """Raises StoreError where `size` more bytes would leave less than `least` free on the folder's disk.

    A copy that fills the disk would stop recordings and calls before it fails.
    """
    free = shutil.disk_usage(folder).free
    if free - size < least:
        raise StoreError(
            f"A copy of {size // MB} MB does not fit: of {free // MB} MB free {least // MB} MB must stay.",
            remedy="Keep fewer recordings, or give the box larger disks.",
        )


def _small_files(home: Home) -> Iterator[Path]:
    for name in SMALL:
        path = home.root / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        own = (each for each in found if each.name not in OF_THIS_BOX)
        yield from (each for each in own if each.exists() and stat.S_ISREG(each.lstat().st_mode))


def _forget_old(target: Target, key: bytes, *, keep: int) -> None:
    """Remove the manifests beyond the newest `keep`, then what they alone named.

    One that does not open is not ours to judge: it stays, and nothing is removed on its word.
    """
    sound: dict[str, set[str]] = {}
    for name in manifests.manifests(target.names(manifests.FOLDER)):
        with contextlib.suppress(BadInput):
            sound[name] = {file.name for file in read(target, key, name).files}
    names = list(sound)
    needed = set().union(*(sound[name] for name in names[-keep:]))
    for name in names[:-keep]:
        for file in sorted(sound[name] - needed):
            target.delete(file)
        target.delete(name)
