"""Whether certificates and backup key were found good a short while ago: a start then loads no ciphers.

Remembers in `tls/prepared` what was looked at, as a hash, and when.  Anything that has changed since, or is
missing, asks for the thorough look (authority.py, backup/key.py).
"""

from __future__ import annotations

import hashlib
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from appliance.files import write_atomically
from appliance.settings import Home, Settings

HOLDS: Final = timedelta(days=7)  # a certificate is renewed 60 days before its end


def is_good(home: Home, settings: Settings, *, now: datetime | None = None) -> bool:
    """Whether everything is as `note` saw it, and that was within a week."""
    now = now or datetime.now(UTC)
    try:
        seen, noted = _file(home).read_text(encoding="ascii").split()
        age = now - datetime.fromisoformat(noted)
    except (OSError, ValueError):
        return False
    return seen == _looked_at(home, settings) != "" and timedelta(0) <= age <= HOLDS


def note(home: Home, settings: Settings, *, now: datetime | None = None) -> None:
    """The thorough look found everything good."""
    now = now or datetime.now(UTC)
    text = f"{_looked_at(home, settings)} {now.isoformat()}\n"
    write_atomically(_file(home), text.encode("ascii"), mode=0o600)


def _file(home: Home) -> Path:
    return home.root / "tls" / "prepared"


def _looked_at(home: Home, settings: Settings) -> str:
    """A hash of the files and names that the thorough look is about; never the same where one is missing."""
    total = hashlib.sha256(f"{settings.web.address} {socket.gethostname()}".encode())
    for path in (
        home.root / settings.web.certificate,
        home.root / settings.web.private_key,
        home.root / "tls" / "appliance-ca.crt",
        home.root / "secrets" / "appliance-ca.key",
        home.root / "secrets" / "backup.key",
    ):
        try:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            return ""
    return total.hexdigest()
