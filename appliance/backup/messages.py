"""What the backup says of itself: a small file, `data/backup.json`, for check, page and console."""

from __future__ import annotations

from pathlib import Path

import msgspec

from appliance.files import write_atomically
from appliance.settings import Home, file_mode


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Times are milliseconds since 1970 (UTC), 0 for never.  `error` is why the latest run failed, or ""."""

    last_good_at: int = 0
    last_drill_at: int = 0
    key_shown_at: int = 0  # until somebody has seen the key, no other box can read the backup
    error: str = ""
    target: str = ""
    copied_bytes: int = 0  # by the latest good run
    recordings: int = 0  # in the latest good backup


def path_of(home: Home) -> Path:
    """The file."""
    return home.directory("data") / "backup.json"


def read(home: Home) -> Status:
    """The status as last written; an empty one where there is none or it is damaged."""
    try:
        return msgspec.json.decode(path_of(home).read_bytes(), type=Status)
    except (OSError, msgspec.MsgspecError):
        return Status()


def write(home: Home, status: Status) -> None:
    """Replace the file whole, also over a power cut.  Raises OSError."""
    path = path_of(home)
    write_atomically(path, msgspec.json.encode(status), mode=file_mode(path.parent))
