"""What became of the columns of a file, kept by its headers and offered when such a file comes again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from appliance.store.import_headers import ColumnPlan
from appliance.store.models import Noun
from appliance.store.open import Store


class Format(Noun, frozen=True):
    """A format as it was last used."""

    file_name: str
    columns: tuple[ColumnPlan, ...]
    saved_at: int


def fingerprint(headers: Sequence[str]) -> str:
    """SHA-256 of the headers in their order, hex."""
    return hashlib.sha256("\x1f".join(headers).encode()).hexdigest()


def find(store: Store, tenant_id: int, headers: Sequence[str]) -> Format | None:
    """The tenant's format for a file with these headers."""
    row = store.tuples(
        "SELECT file_name, columns, saved_at FROM import_format WHERE tenant_id = ? AND fingerprint = ?",
        (tenant_id, fingerprint(headers)),
    )
    if not row:
        return None
    file_name, columns, saved_at = row[0]
    return Format(
        file_name=file_name,
        columns=msgspec.json.decode(columns, type=tuple[ColumnPlan, ...]),
        saved_at=saved_at,
    )


def save(
    store: Store,
    tenant_id: int,
    headers: Sequence[str],
    *,
    file_name: str,
    columns: tuple[ColumnPlan, ...],
    at: int,
) -> None:
    """Keep a format in place of the one before it."""
    store.run(
        "INSERT OR REPLACE INTO import_format (tenant_id, fingerprint, file_name, columns, saved_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (tenant_id, fingerprint(headers), file_name, msgspec.json.encode(columns).decode(), at),
    )
