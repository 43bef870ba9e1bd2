"""Pages of 80 x 24 for a VT100.  Pure: lines in, bytes out.

Everything shown passes through `safe`: names, numbers and log lines cannot move the cursor, change the
terminal or hide themselves.  Nothing but clearing and homing is ever sent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

COLUMNS: Final = 80
ROWS: Final = 24
BODY_ROWS: Final = ROWS - 4  # title, rule, rule, foot
CLEAR: Final = b"\x1b[2J\x1b[H"

_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_ASCII: Final = str.maketrans("■○●×！…―—「」（）：、。・　", "#oo*!.--''():,.. ")


def safe(text: str, *, width: int = COLUMNS, is_ascii: bool = False) -> str:
    """`text` without anything a terminal would act on, cut to `width` columns (full-width takes two)."""
    kept: list[str] = []
    used = 0
    for letter in unicodedata.normalize("NFC", text)[: 4 * width]:
        if letter == "\t":
            letter = " "
        elif unicodedata.category(letter) in _HIDDEN:
            letter = "."
        if is_ascii:
            letter = letter.translate(_ASCII)
            letter = letter if letter.isascii() else "?"
        size = columns(letter)
        if used + size > width:
            break
        kept.append(letter)
        used += size
    return "".join(kept)


def columns(text: str) -> int:
    """How many columns a text takes."""
    return sum(_size(letter) for letter in text)


def _size(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    # "A" is ambiguous: Japanese terminals show it wide, and one column too many does no harm.
    return 2 if unicodedata.east_asian_width(letter) in "WFA" else 1


def padded(text: str, width: int) -> str:
    """`text` cut or filled to exactly `width` columns."""
    cut = safe(text, width=width)
    return cut + " " * (width - columns(cut))


def page(title: str, lines: Sequence[str], foot: str, *, is_ascii: bool) -> bytes:
    """A whole page.  Lines that do not fit are cut at the end, and the foot says so."""
    shown = [safe(line, width=COLUMNS - 1, is_ascii=is_ascii) for line in lines[:BODY_ROWS]]
    if len(lines) > BODY_ROWS:
        shown[-1] = f"... +{len(lines) - BODY_ROWS + 1}"
    rule = "-" * (COLUMNS - 1)
    head = safe(title, width=COLUMNS - 1, is_ascii=is_ascii)
    text = "\r\n".join([head, rule, *shown, rule, safe(foot, width=COLUMNS - 4, is_ascii=is_ascii)])
    return CLEAR + text.encode("ascii" if is_ascii else "utf-8") + b" "
