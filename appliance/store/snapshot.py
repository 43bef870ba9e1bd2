"""A copy of the database at one moment, for the backup; its sums, by which two copies are compared.

`VACUUM INTO` writes a whole, encrypted database while others go on writing; SQLite's stepped backup would
begin again at each of their commits.  The sums name every row: they are equal only where every row is.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from sqlcipher3 import dbapi2 as sqlcipher

from appliance.errors import StoreError
from appliance.store.models import Noun
from appliance.store.open import Store, check_library, translated

ROWS_AT_ONCE: Final = 2_000
TABLES: Final = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
)
PASSING: Final = (
    "counter",
    "kv",
    "schedule",
    "task",
)  # the worker's own queue: messages, rebuilt from the jobs' rows


class TableSum(Noun, frozen=True):
    """What a table holds: how many rows, and SHA-256 over all of them in the order of their keys."""

    rows: int
    sha256: str


class StandingRecording(Noun, frozen=True):
    """A finished recording whose file must be there."""

    path: str
    size_bytes: int


def write(store: Store, path: Path) -> None:
    """Copy the database to `path`, which must not exist.  Raises StoreError: no space, damage."""
    path.unlink(missing_ok=True)
    store.run("VACUUM INTO ?", (str(path),))
    path.chmod(0o600)


class Snapshot:
    """A copy, opened by itself and for reading only.  Close it by `with`."""

    def __init__(self, path: Path, key: bytes) -> None:
        check_library(tuple(sqlcipher.sqlite_version_info))
        self._path = path
        self._connection = sqlcipher.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self._connection.execute("PRAGMA cipher_log_level = NONE")
        self._connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def check(self) -> None:
        """Every page's seal, then every index against its rows.  Raises StoreError naming the first fault."""
        with self._named():
            faults = self._connection.execute("PRAGMA cipher_integrity_check").fetchall()
            faults += [row for row in self._connection.execute("PRAGMA integrity_check(1)") if row[0] != "ok"]
            faults += self._connection.execute("PRAGMA foreign_key_check").fetchall()[:1]
        if faults:
            raise StoreError(
                f"The copy {self._path} is damaged: {faults[0]}.", remedy="Take an earlier backup."
            )

    def sums(self, on_table: Callable[[str], None] = lambda _name: None) -> dict[str, TableSum]:
        """Rows and hash of every table, by name."""
        with self._named():
            names = [str(row[0]) for row in self._connection.execute(TABLES)]
            found = {}
            for name in names:
                if name not in PASSING:
                    on_table(name)
                    found[name] = self._sum(name)
        return found

    def recordings(self) -> list[StandingRecording]:
        """The finished recordings that stand, oldest first."""
        with self._named():
            rows = self._connection.execute(
                "SELECT path, size_bytes FROM recording WHERE deleted_at = 0 AND finished_at > 0"
                " AND size_bytes > 0 ORDER BY id"
            ).fetchall()
        return [StandingRecording(path=str(path), size_bytes=int(size)) for path, size in rows]

    def tenants(self) -> int:
        """How many tenants it knows; none on a box that nobody has set up."""
        with self._named():
            return int(self._connection.execute("SELECT count(*) FROM tenant").fetchone()[0])

    def version(self) -> int:
        """The number of its last migration."""
        with self._named():
            return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _sum(self, table: str) -> TableSum:
        # The table's name comes from the schema itself; a name can be no parameter.
        cursor = self._connection.execute(f'SELECT * FROM "{table}" NOT INDEXED')  # noqa: S608
        rows, digest = 0, hashlib.sha256()
        while chunk := cursor.fetchmany(ROWS_AT_ONCE):
            rows += len(chunk)
            digest.update(repr(chunk).encode())
        return TableSum(rows=rows, sha256=digest.hexdigest())

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlcipher.Error as error:
            raise translated(error, self._path) from error


def tables_differ(left: dict[str, TableSum], right: dict[str, TableSum]) -> list[str]:
    """Names of the tables that are not the same in both."""
    return sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
