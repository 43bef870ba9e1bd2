"""Digest authentication (RFC 2617, MD5, qop "auth") as values: challenges, nonces, checking.

Knows no sockets and no phones.  A nonce is our own seal over a time, so none has to be stored to be believed;
what is stored, bounded, is how far its count has come (a count never returns: no replay).
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

REALM: Final = "yobirin"
NONCE_LIFE_S: Final = 300.0  # longer than a phone takes to dial, shorter than it is worth keeping a capture
NONCES_REMEMBERED: Final = 4_096
PARAMETER: Final = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
HEX_32: Final = re.compile(r"[0-9a-f]{32}")


class Verdict(enum.Enum):
    """What an answer to a challenge is worth."""

    RIGHT = "right"
    WRONG = "wrong"  # the password is wrong, or the header is not what we asked for
    STALE = "stale"  # perhaps right, but its nonce is old, unknown or used up: ask again


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization header.  Empty strings where a parameter is missing."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    qop: str = ""
    cnonce: str = ""
    count: str = ""
    algorithm: str = ""


def parse(header: str) -> Credentials | None:
    """The credentials of a header's value; None where it is not of the scheme Digest or lacks a part."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    found = {name.lower(): quoted or bare for name, quoted, bare in PARAMETER.findall(rest)}
    if not all(found.get(name) for name in ("username", "realm", "nonce", "uri", "response")):
        return None
    return Credentials(
        username=found["username"],
        realm=found["realm"],
        nonce=found["nonce"],
        uri=found["uri"],
        response=found["response"].lower(),
        qop=found.get("qop", "").lower(),
        cnonce=found.get("cnonce", ""),
        count=found.get("nc", ""),
        algorithm=found.get("algorithm", "").upper(),
    )


def response_of(ha1: str, credentials: Credentials, method: str) -> str:
    """The response that the right password gives, RFC 2617 3.2.2.1."""
    ha2 = _md5(f"{method}:{credentials.uri}")
    if not credentials.qop:
        return _md5(f"{ha1}:{credentials.nonce}:{ha2}")
    parts = (ha1, credentials.nonce, credentials.count, credentials.cnonce, credentials.qop, ha2)
    return _md5(":".join(parts))


def ha1_of(username: str, realm: str, password: str) -> str:
    """What a phone's password comes to, RFC 2617 3.2.2.2."""
    return _md5(f"{username}:{realm}:{password}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Nonces:
    """Makes nonces and tells good ones.  `secret` is random and dies with the process."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._made = 0
        self._counts: dict[str, int] = {}

    def make(self, now: float) -> str:
        """A fresh nonce.  `now` is monotonic seconds."""
        self._made += 1
        stamp = f"{int(now * 1000):012x}{self._made & 0xFFFF_FFFF:08x}"
        return stamp + self._seal(stamp)

    def challenge(self, now: float, *, is_stale: bool = False) -> str:
        """The value of a WWW-Authenticate header."""
        stale = ", stale=true" if is_stale else ""
        return f'Digest realm="{REALM}", nonce="{self.make(now)}", algorithm=MD5, qop="auth"{stale}'

    def check(self, credentials: Credentials, ha1: str, method: str, now: float) -> Verdict:
        """Whether the credentials are right for this request.  Every use of a nonce must count further."""
        if credentials.realm != REALM or credentials.algorithm not in ("", "MD5"):
            return Verdict.WRONG
        if credentials.qop not in ("", "auth") or (credentials.qop and not credentials.cnonce):
            return Verdict.WRONG
        if not self._is_ours(credentials.nonce, now):
            return Verdict.STALE
        if not hmac.compare_digest(response_of(ha1, credentials, method), credentials.response):
            return Verdict.WRONG
        return Verdict.RIGHT if self._counts_on(credentials) else Verdict.STALE

    def _seal(self, stamp: str) -> str:
        return hmac.new(self._secret, stamp.encode(), hashlib.sha256).hexdigest()[:24]

    def _is_ours(self, nonce: str, now: float) -> bool:
        stamp, seal = nonce[:20], nonce[20:]
        if not hmac.compare_digest(self._seal(stamp).encode(), seal.encode()):
            return False
        return 0 <= now - int(stamp[:12], 16) / 1000 + 0.001 <= NONCE_LIFE_S

    def _counts_on(self, credentials: Credentials) -> bool:
        """Without qop there is no count: such a nonce serves once."""
        try:
            count = int(credentials.count, 16) if credentials.qop else 1
        except ValueError:
            return False
        if count <= self._counts.pop(credentials.nonce, 0):
            self._counts[credentials.nonce] = max(count, 0xFFFF_FFFF)  # a replay ends the nonce
            return False
        self._counts[credentials.nonce] = count
        while len(self._counts) > NONCES_REMEMBERED:
            self._counts.pop(next(iter(self._counts)))
        return True
