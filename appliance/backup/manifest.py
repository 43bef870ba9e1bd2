"""What one backup holds: the names at the target, and what must come out of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final

import msgspec

from appliance.backup.seal import unseal
from appliance.errors import BadInput
from appliance.store.snapshot import TableSum

FORMAT: Final = 1
OLDER: Final = "Restore with the product's version that made it."
FOLDER: Final = "manifests"
ENDING: Final = ".manifest"


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """One file of the box.  `is_sealed`: by the backup; recordings are sealed already, by their own keys."""

    path: str  # below the home directory
    name: str  # at the target
    size_bytes: int  # of the file on the box
    changed_ns: int  # its time of change, to know it again
    is_sealed: bool


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One backup, whole: it is written last.  Times are milliseconds since 1970 (UTC)."""

    at: int
    site_name: str
    schema: int
    tables: dict[str, TableSum]
    files: list[Kept]
    left_out: list[str] = []  # files the backup may not read
    format: int = FORMAT


def name_of(at: int) -> str:
    """A manifest's name at the target; names in order are times in order."""
    return f"{FOLDER}/{stamp(at)}{ENDING}"


def stamp(at: int) -> str:
    """`20261121T180000Z` for a time in milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def manifests(names: Iterable[str]) -> Iterator[str]:
    """Those names that are manifests'."""
    return (name for name in names if name.endswith(ENDING))


def encoded(manifest: Manifest) -> bytes:
    return msgspec.json.encode(manifest)


def opened(sealed: BinaryIO, key: bytes, *, name: str) -> Manifest:
    """The manifest in a sealed file.  Raises BadSeal for another key, BadInput for a later format."""
    plain = b"".join(unseal(sealed, key, name=name))
    try:
        found = msgspec.json.decode(plain, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{name}: {error}.", remedy=OLDER) from error
    if found.format != FORMAT:
        raise BadInput(
            f"{name} has format {found.format}; this version reads {FORMAT}.",
            remedy=OLDER,
        )
    return found
