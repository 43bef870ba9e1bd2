"""The answer to a request that the SIP library cannot read: 400 made from the lines that can be found.

RFC 3261 8.2.6.2 asks for Via, From, To, Call-ID and CSeq as they came; without all of them there is nobody to
answer, and the datagram is dropped.
"""

from __future__ import annotations

import re
from typing import Final

NEEDED: Final = ("via", "from", "to", "call-id", "cseq")
SHORT: Final = {"v": "via", "f": "from", "t": "to", "i": "call-id"}
START: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,40} \S{1,500} SIP/2\.0\s*$")
HEADS_MAX: Final = 64


def bad_request(text: str) -> str:
    """A whole 400 response, or "" where none can be sent (also for ACK, which is never answered)."""
    lines = text.replace("\r\n", "\n").split("\n\n", 1)[0].split("\n")[:HEADS_MAX]
    if not START.match(lines[0]) or lines[0].startswith("ACK "):
        return ""
    found: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        key = SHORT.get(name.strip().lower(), name.strip().lower())
        if colon and key in NEEDED:
            found.setdefault(key, []).append(value.strip())
    if set(found) != set(NEEDED):
        return ""
    names = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
    heads = [f"{names[key]}: {value}" for key in NEEDED for value in found[key]]
    return "\r\n".join(["SIP/2.0 400 Bad Request", *heads, "Content-Length: 0", "", ""])
