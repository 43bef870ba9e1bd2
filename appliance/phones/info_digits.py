"""Keys that a phone sends by SIP INFO: the two ways in use, application/dtmf-relay and application/dtmf."""

from __future__ import annotations

import re
from typing import Final

KEYS: Final = "0123456789*#ABCD"
SIGNAL: Final = re.compile(r"^\s*Signal\s*=\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
BODY_MAX: Final = 512


def key_of(content_type: str, body: str) -> str:
    """The key of an INFO body; "" for anything that is not one key.

    `Signal=10` and `Signal=11` are star and hash for some phones (the event numbers of RFC 4733).
    """
    kind = content_type.partition(";")[0].strip().lower()
    if len(body) > BODY_MAX:
        return ""
    if kind == "application/dtmf-relay":
        found = SIGNAL.search(body)
        word = found.group(1) if found else ""
    elif kind == "application/dtmf":
        word = body.strip()
    else:
        return ""
    word = {"10": "*", "11": "#"}.get(word, word.upper())
    return word if len(word) == 1 and word in KEYS else ""
