"""Takes customers' data out of texts that leave the box: numbers, names, mail addresses, secrets.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

MASK: Final = "*"
_TELEPHONE: Final = re.compile(
    r"(?<![\w.:/-])(\+?[0-9０-９]{1,5}(?:[-‐−ー ()][0-9０-９]{1,5}){1,3}|[0-9０-９]{9,15})(?![\w:])"
)
# RFC 5321 4.5.3.1.1: at most 64 letters before the @.  Without a bound a word of 100 kB takes minutes.
_MAILBOX: Final = re.compile(r"[^\s@<>\"'=,;]{1,64}@([A-Za-z0-9.-]+)")
_SECRET: Final = re.compile(r"(?im)^([^\S\n]*[\"']?(?:password|pin|secret|key|ha1|token)[\"']?\s*[:=]\s*).+$")
_JAPANESE: Final = re.compile(r"[\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uff66-\uff9f]{2,}")
_DATE: Final = re.compile(r"(19|20)[0-9]{2}[-/][0-9]{1,2}([-/][0-9]{1,2})?")


def masker(names: Iterable[str] | None) -> Callable[[str], str]:
    """A function that masks a text; `names` of people are masked wherever they stand.

    None: nobody knows the names, so every Japanese word goes.  Logs are English; what is lost is little.
    """
    known = sorted({name for name in names or () if len(name) >= 2}, key=len, reverse=True)
    people = re.compile("|".join(map(re.escape, known))) if known else None
    people = _JAPANESE if names is None else people

    def mask(text: str) -> str:
        text = _SECRET.sub(rf"\g<1>{MASK * 6}", text)
        text = _MAILBOX.sub(rf"{MASK * 3}@\g<1>", text)
        text = _TELEPHONE.sub(_number, text)
        return people.sub(MASK * 3, text) if people else text

    return mask


def _number(found: re.Match[str]) -> str:
    text = found.group(0)
    digits = sum(letter.isdigit() for letter in text)
    if digits < 9 or _DATE.fullmatch(text[:10]):
        return text
    kept = 3  # the area: enough to see which exchange is meant
    out = []
    for letter in text:
        out.append(letter if not letter.isdigit() or kept > 0 else MASK)
        kept -= letter.isdigit()
    return "".join(out)
