"""The backup's key: 32 bytes in `secrets/backup.key`, and the words by which people carry it to another box.

Without it a backup is noise, so it must be on paper before the box breaks: the hand-over sheet shows it, and
`yobirin backup --key` again.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup import messages
from appliance.backup.seal import KEY_BYTES
from appliance.errors import BadInput, StoreError
from appliance.files import write_atomically
from appliance.settings import Home

CHECK_BYTES: Final = 3  # of a hash: a key typed wrongly is told at once, not after an hour of copying
GROUP: Final = 4
AS_SHOWN: Final = "Type it as the sheet shows it."


def path_of(home: Home) -> Path:
    """The key's file."""
    return home.directory("secrets") / "backup.key"


def ensure(home: Home) -> bytes:
    """The key; made at the first use.  Raises StoreError for a file that holds none."""
    path = path_of(home)
    if not path.exists():
        write_atomically(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreError(f"{path} holds no backup key.", remedy="Put the right file back.")
    return key


def words(home: Home, *, at: int) -> str:
    """The key in groups of four letters and digits; it is noted that somebody has seen it, `at` in ms."""
    text = written(ensure(home))
    messages.write(home, msgspec.structs.replace(messages.read(home), key_shown_at=at))
    return text


def written(key: bytes) -> str:
    """The key as people write it (base32, RFC 4648, with a check at its end)."""
    text = base64.b32encode(key + _check(key)).decode().rstrip("=")
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def spoken(text: str) -> bytes:
    """The key from what a person typed: any case, spaces and hyphens anywhere.  Raises BadInput."""
    letters = re.sub(r"[\s-]", "", text).upper().replace("0", "O").replace("1", "I").replace("8", "B")
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise BadInput("The recovery key holds other letters than it can.", remedy=AS_SHOWN) from error
    key, check = raw[:KEY_BYTES], raw[KEY_BYTES:]
    if len(key) != KEY_BYTES or check != _check(key):
        raise BadInput("The recovery key is mistyped.", remedy="Compare it with the sheet, group by group.")
    return key


def _check(key: bytes) -> bytes:
    return hashlib.sha256(b"yobirin backup key" + key).digest()[:CHECK_BYTES]
