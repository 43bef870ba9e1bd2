"""Opens the one database: key, library version, pragmas read back, migrations.

`open_store` refuses a wrong key, a readable key file and any SQLite that can corrupt a shared WAL.  Nothing
else in the product makes a connection.  A `Store` may be shared by threads: each has its own connection.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import peewee
from playhouse.sqlcipher_ext import SqlCipherDatabase
from sqlcipher3 import dbapi2 as sqlcipher

from appliance.errors import StoreError
from appliance.settings import Home, Settings, file_mode
from appliance.settings import load as load_settings
from appliance.store.migrate import migrate

SQLITE_MIN: Final = (3, 51, 3)  # every SQLite from 3.7.0 to 3.51.2 can corrupt a WAL shared by processes
KEY_BYTES: Final = 32
BUSY_TIMEOUT_MS: Final = 15_000  # a bulk chunk holds the lock for some 20 ms; 15 s means a process hangs

LOCK_LOOK_S: Final = 0.0005
HEAP_BYTES: Final = 64 * 1024 * 1024  # caches of a process's connections together: the page has 264 threads
BULK_LOG_PAGES: Final = 8_000  # 32 MB of log between checkpoints of a bulk load

PRAGMAS: Final[tuple[tuple[str, str, object], ...]] = (
    ("journal_mode", "wal", "wal"),
    ("synchronous", "full", 2),
    ("foreign_keys", "on", 1),
    ("secure_delete", "on", 1),
    ("mmap_size", "0", None),
    ("temp_store", "memory", 2),
    ("cache_size", "-16000", -16000),
    ("soft_heap_limit", str(HEAP_BYTES), HEAP_BYTES),
    ("busy_timeout", str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
)
"""Name, value set, value that must be read back (None: the pragma answers nothing when it is off)."""

RIGHT_KEY: Final = "Put back the key that this database was made with."

T = TypeVar("T")
Parameters = Sequence[Any]


class _Database(SqlCipherDatabase):  # type: ignore[misc]  # peewee is untyped here
    """peewee's SQLCipher database with a raw key, so that no pass phrase is stretched at each connection."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(str(path), lock_type="IMMEDIATE", autoconnect=True)
        self._key = key

    def _connect(self) -> Any:
        connection = sqlcipher.connect(self.database, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA cipher_log_level = NONE")  # what is wrong is said by us, in one line
            connection.execute(f"PRAGMA key = \"x'{self._key.hex()}'\"")
            _set_pragmas(connection)
        except BaseException:
            connection.close()
            raise
        return connection


class Store:
    """The open database.  Verb modules take it as their first argument; only they write SQL.

    Rows come back as msgspec Structs whose field names are the column names.  Every method raises StoreError
    where the disk or the lock refuses.
    """

    def __init__(self, database: Any, *, home: Home, settings: Settings) -> None:
        self.database = database
        self.home = home
        self.settings = settings
        self.zone = ZoneInfo(settings.time_zone)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, taking the write lock at once.  A nested one can fail alone."""
        with _translated(), self.database.atomic():
            yield

    @contextlib.contextmanager
    def eager_transaction(self, wait_ms: int) -> Iterator[None]:
        """A transaction that looks for the write lock every half millisecond, at most for `wait_ms`.

        SQLite's own wait sleeps up to 100 ms between looks and so starves beside a bulk import.
        """
        with _translated(), contextlib.ExitStack() as stack:
            self._take_lock(stack, wait_ms)
            yield

    def _take_lock(self, stack: contextlib.ExitStack, wait_ms: int) -> None:
        due = time.monotonic() + wait_ms / 1000
        self.database.execute_sql("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    stack.enter_context(self.database.transaction("IMMEDIATE"))
                    return
                except peewee.OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > due:
                        raise
                    time.sleep(LOCK_LOOK_S)
        finally:
            self.database.execute_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    @contextlib.contextmanager
    def relaxed(self) -> Iterator[None]:
        """Commits inside do not wait for the disk; the next one outside takes them along, in order.

        For rows nobody sees before that one: a power cut leaves a beginning of them, never a hole.
        """
        self.run("PRAGMA synchronous = normal")
        self.value(f"PRAGMA wal_autocheckpoint = {BULK_LOG_PAGES}")
        try:
            yield
        finally:
            self.run("PRAGMA synchronous = full")
            self.value("PRAGMA wal_autocheckpoint = 1000")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent state for several reads; takes no write lock and never waits for one."""
        if self.database.in_transaction():
            yield
            return
        with _translated():
            self.database.begin("DEFERRED")
            try:
                yield
            finally:
                self.database.rollback()

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute one statement; how many rows it changed."""
        with _translated():
            return int(self.database.execute_sql(sql, parameters).rowcount)

    def insert(self, table: str, **values: Any) -> int:
        """Insert one row; its id.  `table` and the names of `values` are ours, never a user's."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        with _translated():
            cursor = self.database.execute_sql(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names from our own code
                tuple(values.values()),
            )
            return int(cursor.lastrowid)

    def update(self, table: str, row_id: int, **values: Any) -> int:
        """Change columns of one row by its id; 1, or 0 where there is none.  Names as for `insert`."""
        changes = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE {table} SET {changes} WHERE id = ?"  # noqa: S608 - names from our own code
        return self.run(statement, (*values.values(), row_id))

    def many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Execute one statement for each of `rows`; how many rows it changed.  At most 500 a transaction."""
        with _translated():
            return int(self.database.cursor().executemany(sql, rows).rowcount)

    def all(self, kind: type[T], sql: str, parameters: Parameters = ()) -> list[T]:
        """Every row, as `kind`.  A statement that begins with FROM gets the columns that `kind` has."""
        if sql.startswith("FROM"):
            sql = f"SELECT {_columns(kind)} {sql}"
        with _translated():
            cursor = self.database.execute_sql(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [
                msgspec.convert(dict(zip(names, row, strict=True)), kind, strict=False)
                for row in cursor.fetchall()
            ]

    def one(self, kind: type[T], sql: str, parameters: Parameters = ()) -> T | None:
        """The first row, as `kind`, or None."""
        found = self.all(kind, sql, parameters)
        return found[0] if found else None

    def tuples(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Every row as a plain tuple."""
        with _translated():
            return list(self.database.execute_sql(sql, parameters).fetchall())

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        with _translated():
            row = self.database.execute_sql(sql, parameters).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Close this thread's connection."""
        if not self.database.is_closed():
            self.database.close()


def joined(*parts: str) -> str:
    """A statement from parts that are constants of ours; values are always parameters."""
    return " ".join(parts)


def _columns(kind: Any) -> str:
    return ", ".join(kind.__struct_fields__)


def open_store(home: Home, *, create: bool = False) -> Store:
    """Open the database of `home`; with `create` make it, its key and its tables where absent.

    Raises StoreError: too old a SQLite, no key or a key others can read, a wrong key, a damaged file.
    """
    check_library(tuple(sqlcipher.sqlite_version_info))
    if not home.database.exists() and not create:
        raise StoreError(
            f"There is no database at {home.database}.",
            remedy="Create it with `yobirin run` or `yobirin demo`.",
        )
    key = _read_key(home, create=create)
    home.directory("data")
    database = _Database(home.database, key)
    store = Store(database, home=home, settings=load_settings(home))
    try:
        with _translated(home.database):
            database.connect()
            migrate(database)
    except BaseException:
        store.close()
        raise
    _own(home.database)
    return store


def _own(path: Path) -> None:
    """As open as its directory; SQLite gives its log the same mode."""
    found, mode = path.stat(), file_mode(path.parent)
    if stat.S_IMODE(found.st_mode) != mode and found.st_uid == os.geteuid():
        os.chmod(path, mode)


def check_library(version: tuple[int, ...]) -> None:
    """Refuse a SQLite that can corrupt a WAL shared by processes.  Raises StoreError."""
    if version < SQLITE_MIN:
        have, need = ".".join(map(str, version)), ".".join(map(str, SQLITE_MIN))
        raise StoreError(
            f"SQLite {have} can damage a database that several processes share.",
            remedy=f"Install sqlcipher3 with SQLite {need} or newer (see requirements.lock).",
        )


def _read_key(home: Home, *, create: bool) -> bytes:
    path = home.key_file
    if not path.exists():
        if home.database.exists() or not create:
            raise StoreError(
                f"The key file {path} is missing.",
                remedy=RIGHT_KEY,
            )
        return _make_key(path, home)
    if path.stat().st_mode & 0o077 & ~_key_mode(path):
        raise StoreError(f"The key file {path} can be read by others.", remedy=f"Run `chmod 600 {path}`.")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreError(
            f"The key file {path} holds {len(key)} bytes instead of {KEY_BYTES}.",
            remedy=RIGHT_KEY,
        )
    return key


def _key_mode(path: Path) -> int:
    return file_mode(path.parent) & 0o640


def _make_key(path: Path, home: Home) -> bytes:
    home.directory("secrets")
    key = secrets.token_bytes(KEY_BYTES)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _key_mode(path))
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # two processes may start at once: the first key stands
    except FileExistsError:
        key = path.read_bytes()
    fresh.unlink(missing_ok=True)
    return key


def _set_pragmas(connection: Any) -> None:
    for name, value, expected in PRAGMAS:
        connection.execute(f"PRAGMA {name} = {value}")
        row = connection.execute(f"PRAGMA {name}").fetchone()
        if expected is not None and (row is None or row[0] != expected):
            raise StoreError(
                f"The database does not take {name} = {value} (it says {row and row[0]}).",
                remedy="Keep it on a local disk: network file systems cannot carry it.",
            )


@contextlib.contextmanager
def _translated(path: Path | None = None) -> Iterator[None]:
    """Turn the driver's errors into ours, once."""
    try:
        yield
    except (peewee.DatabaseError, sqlcipher.Error) as error:
        raise translated(error, path) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


def translated(error: Exception, path: Path | None = None) -> StoreError:
    """The driver's error in words, with the remedy.

    Where the disk is full SQLite rolls back by itself, and the roll-back that follows hides why.
    """
    causes = list(_chain(error))
    known = next((cause for cause in causes if isinstance(cause, StoreError)), None)
    if known is not None:
        return known
    text = next((str(cause) for cause in reversed(causes) if "disk is full" in str(cause)), str(error))
    where = str(path) if path else "The database"
    if isinstance(error, peewee.IntegrityError | sqlcipher.IntegrityError):
        return Conflict(text)
    if "not a database" in text:
        return StoreError(
            f"{where} does not open with this key.",
            remedy=RIGHT_KEY,
        )
    if "disk is full" in text:
        return DiskFull("The disk is full: nothing more can be stored.", remedy="Free space, then repeat.")
    if " is locked" in text:
        return StoreError(f"{where} is locked by another process.", remedy="Repeat in a minute.")
    if "malformed" in text:
        return StoreError(f"{where} is damaged.", remedy="Restore the last backup.")
    return StoreError(f"{where}: {text}.", remedy="See the log of this process.")


class DiskFull(StoreError):
    """No space left; the change was not stored."""


class Conflict(StoreError):
    """A rule of the database forbids the change, for example a name that is taken."""
