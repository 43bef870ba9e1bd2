"""Brings a database to the present tables: numbered SQL scripts, each applied once, in order, whole or not.

`PRAGMA user_version` holds the number of the last script.  A database newer than the program is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from appliance.errors import StoreError

SCRIPTS: Final = Path(__file__).resolve().parent / "migrations"


def scripts(directory: Path = SCRIPTS) -> list[tuple[int, Path]]:
    """Number and path of every script, in order; numbers run from 1 without a gap."""
    found = sorted((int(path.name[:4]), path) for path in directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    assert [number for number, _ in found] == list(range(1, len(found) + 1)), "a migration number is missing"
    return found


def migrate(database: Any, *, directory: Path = SCRIPTS) -> int:
    """Apply what is missing; the version reached.  Raises StoreError for a database from the future."""
    known = scripts(directory)
    if _version(database) > len(known):
        raise StoreError(
            f"The database has version {_version(database)}, this program knows {len(known)}.",
            remedy="Install the program that last ran here, or a newer one.",
        )
    for number, path in known:
        if number > _version(database):
            _apply(database, number, path.read_text(encoding="utf-8"))
    return _version(database)


def _version(database: Any) -> int:
    return int(database.execute_sql("PRAGMA user_version").fetchone()[0])


def _apply(database: Any, number: int, script: str) -> None:
    with database.atomic():
        if number <= _version(database):
            return  # another process was faster
        for statement in statements(script):
            database.execute_sql(statement)
        database.execute_sql(f"PRAGMA user_version = {number}")


def statements(script: str) -> list[str]:
    """The statements of a script: comments removed, split at semicolons (none stands inside a text)."""
    bare = re.sub(r"--[^\n]*", "", script)
    return [part.strip() for part in bare.split(";") if part.strip()]
