"""The way back: a backup onto a blank box, or into a corner of this one to prove that it would work.

Everything is fetched and proved in a folder beside the home's data, then moved into place.  Refuses a home
that holds a tenant: nothing is ever restored over data.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup import messages
from appliance.backup.manifest import Kept, Manifest
from appliance.backup.run import Say, latest, refuse_crowding, silent
from appliance.backup.seal import BLOCK_BYTES, unseal
from appliance.backup.target import Target
from appliance.backup.target_directory import private
from appliance.errors import BadInput, DeviceError, StoreError
from appliance.settings import Home
from appliance.store import snapshot

DRILL_RECORDINGS: Final = 100
BLANK_ONLY: Final = "Give another --home, or move the data away first."
PARTIAL: Final = "restore.partial"
DATABASE: Final = "data/yobirin.db"
DATABASE_KEY: Final = "secrets/database.key"
FIRST: Final = (DATABASE_KEY, DATABASE)  # proved before anything large is fetched


def restore(home: Home, target: Target, key: bytes, *, until: str = "", say: Say = silent) -> Manifest:
    """Bring the newest backup (not after the stamp `until`) into a blank home.

    Blank is a home without a database, or with one that knows no tenant yet, as first boot leaves it; no
    process may have that open.  A restore that was cut off goes on where it was.  Raises BadInput: data is
    here, no backup there; BadSeal: another box's key; StoreError: what came back is not what was saved.
    """
    refuse_data(home)
    found = _wanted(target, key, until)
    folder = home.directory(PARTIAL)
    _fetch(found.files, target, key, folder, say)
    _prove(found, folder)
    _remove_blank(home)
    others = [kept for kept in found.files if kept.path != DATABASE]
    for kept in others:
        _move(folder, home.root, kept.path)
    _move(folder, home.root, DATABASE)  # last: until it is there, this can be repeated
    shutil.rmtree(folder)
    say("done", 1.0)
    return found


def refuse_data(home: Home) -> None:
    """Raises BadInput where the home holds a tenant's data, or a database that does not open."""
    if not home.database.exists():
        return
    try:
        with snapshot.Snapshot(home.database, home.key_file.read_bytes()) as present:
            tenants = present.tenants()
    except (OSError, StoreError) as error:
        raise BadInput(f"{home.database} does not open: {error}.", remedy=BLANK_ONLY) from error
    if tenants:
        raise BadInput(f"{home.database} exists: a restore is for a blank box.", remedy=BLANK_ONLY)


def _remove_blank(home: Home) -> None:
    """Take away first boot's empty database with its log: they would be read beside the restored one."""
    for ending in ("", "-wal", "-shm"):
        home.database.with_name(home.database.name + ending).unlink(missing_ok=True)


def drill(home: Home, target: Target, key: bytes, *, at: int, least: int = 0, say: Say = silent) -> Manifest:
    """Restore the newest backup beside the data, compare every row, throw it away again.

    `least` bytes stay free meanwhile.

    A hundred recordings, spread over all and the newest among them, are read back and compared with the
    box's own.  Raises as `restore`; the status file says when it went well.
    """
    found = _wanted(target, key, "")
    recordings = [kept for kept in found.files if not kept.is_sealed]
    others = [kept for kept in found.files if kept.is_sealed]
    corner = home.directory("data", "backup")
    for left in corner.glob("drill-*"):  # by a power cut: a whole copy, with the secrets
        shutil.rmtree(left, ignore_errors=True)
    refuse_crowding(corner, sum(kept.size_bytes for kept in others), least)
    with tempfile.TemporaryDirectory(prefix="drill-", dir=corner) as name:
        _fetch(others, target, key, Path(name), say)
        _prove(found, Path(name))
    for kept in recordings[:: -max(1, len(recordings) // DRILL_RECORDINGS)]:
        _compare(home, target, kept)
    messages.write(home, msgspec.structs.replace(messages.read(home), last_drill_at=at))
    return found


def _compare(home: Home, target: Target, kept: Kept) -> None:
    """Raises StoreError where a recording came back changed; one deleted here since is passed by."""
    path = home.root / kept.path
    if not path.exists():
        return
    with target.get(kept.name) as there, path.open("rb") as here:
        is_same = there.read(kept.size_bytes + 1) == here.read(kept.size_bytes + 1)
    if not is_same:
        raise StoreError(
            f"{kept.name} in {target.name} is not the recording on the box.",
            remedy="Check that disk or server, then back up to another.",
        )


def _wanted(target: Target, key: bytes, until: str) -> Manifest:
    found = latest(target, key, until=until)
    if found is None:
        raise BadInput(f"There is no backup in {target.name}.", remedy="Give the directory it was made in.")
    return found


def _fetch(wanted: list[Kept], target: Target, key: bytes, folder: Path, say: Say) -> None:
    files = sorted(wanted, key=lambda kept: (kept.path not in FIRST, kept.path))
    for number, kept in enumerate(files):
        say("files", number / len(files))
        path = _below(folder, kept.path)
        if not path.exists() or path.stat().st_size != kept.size_bytes:
            _fetch_one(target, key, kept, path)


def _fetch_one(target: Target, key: bytes, kept: Kept, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".part")
    with target.get(kept.name) as source, private(fresh) as file:
        raw = iter(lambda: source.read(BLOCK_BYTES), b"")
        pieces = unseal(source, key, name=kept.name) if kept.is_sealed else raw
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    size = fresh.stat().st_size
    if size != kept.size_bytes:
        raise DeviceError(
            f"{kept.name} in {target.name} has {size} bytes instead of {kept.size_bytes}.",
            remedy="Take an earlier backup.",
        )
    os.replace(fresh, path)


def _prove(found: Manifest, folder: Path) -> None:
    """Every page sound, every row as it was.  Raises StoreError naming the tables that differ."""
    key = (folder / DATABASE_KEY).read_bytes()
    with snapshot.Snapshot(folder / DATABASE, key) as copy:
        copy.check()
        differing = snapshot.tables_differ(copy.sums(), found.tables)
        standing = {recording.path for recording in copy.recordings()}
    if differing:
        raise StoreError(
            f"The restored database differs from the saved one in {', '.join(differing)}.",
            remedy="Take an earlier backup.",
        )
    there = {kept.path.removeprefix("data/recordings/") for kept in found.files}
    lost = standing - there - {path.removeprefix("data/recordings/") for path in found.left_out}
    if lost:
        raise StoreError(f"{len(lost)} recordings are not in the backup.", remedy="Take an earlier backup.")


def _move(folder: Path, root: Path, path: str) -> None:
    source, place = _below(folder, path), _below(root, path)
    if source.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.replace(source, place)


def _below(folder: Path, path: str) -> Path:
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise BadInput(f"The backup names {path!r}, outside the home.", remedy="Do not use this backup.")
    return place
