"""A box that has worked for months takes a new program: every migration on tables that hold rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import peewee
import pytest

from appliance.store import migrate as migrations

FIRST_TOLD = 5  # the tables of the first boxes that left the house


@pytest.fixture
def database() -> Iterator[Any]:
    found = peewee.SqliteDatabase(":memory:", pragmas={"foreign_keys": 1})
    yield found
    found.close()


def tables(database: Any) -> list[str]:
    rows = database.execute_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    )
    return [str(name) for (name,) in rows.fetchall()]


def value_of(script: str, kind: str, column: str) -> Any:
    """Something that fits the column: the first word of its CHECK, else a 1, a text of three or a byte."""
    allowed = re.search(rf"CHECK \({column} IN \(((?:'[^']*'(?:, )?)+)\)", script)
    if allowed:
        return next(word for word in re.findall(r"'([^']*)'", allowed.group(1)) if word)
    return {"INTEGER": 1, "REAL": 1.5, "BLOB": b"\x01"}.get(kind, "旧01")


def fill(database: Any) -> dict[str, dict[str, Any]]:
    """One row in every table, each column of it set; the rows by table."""
    rows: dict[str, dict[str, Any]] = {}
    database.execute_sql("PRAGMA foreign_keys = 0")
    for table in tables(database):
        script = database.execute_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        columns = database.execute_sql(f"PRAGMA table_info({table})").fetchall()
        row = {name: value_of(script, kind, name) for _at, name, kind, *_rest in columns}
        marks = ", ".join("?" * len(row))
        database.execute_sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        rows[table] = row
    database.execute_sql("PRAGMA foreign_keys = 1")
    assert database.execute_sql("PRAGMA foreign_key_check").fetchall() == []
    return rows


def old_box(database: Any, tmp_path: Any, version: int) -> dict[str, dict[str, Any]]:
    """The tables of an older program with a row in each."""
    for _number, path in migrations.scripts()[:version]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    migrations.migrate(database, directory=tmp_path)
    return fill(database)


@pytest.mark.parametrize("version", range(1, len(migrations.scripts()) + 1))
def test_every_row_of_an_older_box_stands_after_the_migrations(
    database: Any, tmp_path: Any, version: int
) -> None:
    rows = old_box(database, tmp_path, version)

    assert migrations.migrate(database) == len(migrations.scripts())

    for table, row in rows.items():
        kept = database.execute_sql(f"SELECT {', '.join(row)} FROM {table}").fetchall()
        wanted = dict(row)
        if version < 7 and table == "list":
            wanted["is_for_all"] = 0  # somebody was named for the list: it stays theirs
            (now,) = database.execute_sql("SELECT is_for_all FROM list").fetchone()
            assert now == wanted.pop("is_for_all")
        assert kept == [tuple(wanted.values())], table
    assert database.execute_sql("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_tables_are_those_of_a_new_box_whatever_the_road(database: Any, tmp_path: Any) -> None:
    old_box(database, tmp_path, FIRST_TOLD)
    migrations.migrate(database)
    new: Any = peewee.SqliteDatabase(":memory:")
    migrations.migrate(new)
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"

    assert database.execute_sql(query).fetchall() == new.execute_sql(query).fetchall()
    new.close()
