"""Codes of an authenticator that change with time (RFC 6238, RFC 4226).  Pure; the standard library alone.

SHA-1, six digits, 30 seconds: what every authenticator reads without being told.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # RFC 4226 4, R6: 160 bits are recommended


def new_secret() -> bytes:
    """A secret for one authenticator."""
    return secrets.token_bytes(SECRET_BYTES)


def step_of(at_ms: int) -> int:
    """The time step of a moment (milliseconds since 1970)."""
    return at_ms // (STEP_S * 1000)


def code(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of a step."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F  # RFC 4226 5.3: dynamic truncation
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def written(secret: bytes) -> str:
    """The secret as people type it into an authenticator: base 32, in fours."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def uri(secret: bytes, *, issuer: str, name: str) -> str:
    """The secret as authenticators read it from a link."""
    text, label = base64.b32encode(secret).decode(), quote(f"{issuer}:{name}")
    return f"otpauth://totp/{label}?secret={text}&issuer={quote(issuer)}"
