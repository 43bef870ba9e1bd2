"""Files sealed for a machine we do not trust: AES-256-GCM by blocks, each file under a key of its own.

    header   b"YOBIBAK1", 32 random bytes
    blocks   AES-256-GCM of 64 KiB; nonce: the block's number in 8 bytes, then 0, 0, 0, and 1 in the last

The file's key is HKDF-SHA256 of the backup key with the random bytes as salt, so no nonce is used twice.  The
mark of the last block shows a file that was cut off; its number, one whose blocks were moved.  (The STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizar, 2015.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.errors import BadInput

MAGIC: Final = b"YOBIBAK1"
SALT_BYTES: Final = 32
BLOCK_BYTES: Final = 65_536
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32


class BadSeal(BadInput):
    """A file of the backup that does not open: changed, cut off, or sealed with another key."""


def seal(plain: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The sealed file, in pieces of at most 64 KiB and a little."""
    salt = os.urandom(SALT_BYTES)
    cipher = _cipher(key, salt)
    yield MAGIC + salt
    number, block = 0, plain.read(BLOCK_BYTES)
    while True:
        following = plain.read(BLOCK_BYTES)
        yield cipher.encrypt(_nonce(number, is_last=not following), block, MAGIC)
        if not following:
            return
        number, block = number + 1, following


def unseal(sealed: BinaryIO, key: bytes, *, name: str) -> Iterator[bytes]:
    """The plain bytes in blocks.  Raises BadSeal naming the file; what came before it was right."""
    header = sealed.read(len(MAGIC) + SALT_BYTES)
    if len(header) != len(MAGIC) + SALT_BYTES or not header.startswith(MAGIC):
        raise BadSeal(f"{name} is not a file of a backup.", remedy="Give the backup's own directory.")
    cipher = _cipher(key, header[len(MAGIC) :])
    number, block = 0, sealed.read(BLOCK_BYTES + TAG_BYTES)
    while True:
        following = sealed.read(BLOCK_BYTES + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, is_last=not following), block, MAGIC)
        except (InvalidTag, ValueError) as error:
            raise BadSeal(
                f"{name} does not open: it was changed or cut off, or this is another box's key.",
                remedy="Check the recovery key first; then take an earlier backup.",
            ) from error
        if not following:
            return
        number, block = number + 1, following


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    assert len(key) == KEY_BYTES, f"a backup key has {KEY_BYTES} bytes"
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, MAGIC).derive(key))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(8, "big") + bytes((0, 0, 0, is_last))
