"""Japanese telephone numbers as people and Excel write them, to bare digits.  Pure.

`normalise` repairs a lost leading 0 only where the length proves it, and gives a reason and a remedy for
everything it refuses.  How a number is displayed is the page's business.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

ELEVEN_DIGITS: Final = ("020", "050", "060", "070", "080", "090")  # numbering plan: mobile, IP, data, pager
LOST_ZERO_ELEVEN: Final = ("20", "50", "60", "70", "80", "90")  # 0800 falls under 80

_DROPPED: Final = dict.fromkeys(map(ord, "-‐‑‒–—―−─ー~()[] \t\u3000\u00a0・./"))
_EXPONENT: Final = re.compile(r"[0-9.,]+[eE][+-]?[0-9]+")
_NOT_PHONES: Final = ("00", "010", "0990")  # 010 is the prefix to go abroad


@dataclass(frozen=True)
class Number:
    """Bare digits, and whether a lost 0 was put back."""

    digits: str
    is_repaired: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a text is no telephone number, and how to put it right; both for the person's eyes."""

    reason: str
    fix: str


EMPTY: Final = Problem("電話番号が入力されていません", "番号を入力してください")
EXPONENT: Final = Problem("指数表記です（Excelで変換された可能性）", "列を文字列にして保存し直してください")
LETTERS: Final = Problem("数字以外が含まれています", "数字とハイフンだけにしてください")
NO_ZERO: Final = Problem("0から始まっていません", "市外局番から入力してください")
ABROAD: Final = Problem("国際電話の番号です", "国内の番号にしてください")
PREMIUM: Final = Problem("発信できない番号です", "0から始まる加入者の番号にしてください")
LENGTH_FIX: Final = "10桁または11桁にしてください"


def normalise(text: str) -> Number | Problem:
    """`03-1234-5678`, `0312345678`, `312345678` and full-width forms to digits; what cannot be one, why."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("'\"")
    if not plain:
        return EMPTY
    if _EXPONENT.fullmatch(plain):
        return EXPONENT
    digits = plain.translate(_DROPPED)
    if digits.startswith("+81"):
        digits = "0" + digits[3:].removeprefix("0")
    elif digits.startswith("+"):
        return ABROAD
    if not digits:
        return EMPTY
    if not (digits.isascii() and digits.isdigit()):
        return LETTERS
    return _checked(digits)


def _checked(digits: str) -> Number | Problem:
    if digits[0] == "0":
        return _problem(digits) or Number(digits)
    repaired = "0" + digits
    if len(digits) == 9 and not repaired.startswith(ELEVEN_DIGITS):
        return _problem(repaired) or Number(repaired, is_repaired=True)
    if len(digits) == 10 and digits.startswith(LOST_ZERO_ELEVEN):
        return _problem(repaired) or Number(repaired, is_repaired=True)
    if len(digits) < 9:
        return Problem(f"桁数が足りません（{len(digits)}桁）", LENGTH_FIX)
    return NO_ZERO


def _problem(digits: str) -> Problem | None:
    """What is wrong with digits that begin with 0, if anything."""
    if digits.startswith(_NOT_PHONES):
        return PREMIUM if digits.startswith("0990") else ABROAD
    need = 11 if digits.startswith(("0800", *ELEVEN_DIGITS)) else 10
    if len(digits) < need:
        return Problem(f"桁数が足りません（{len(digits)}桁）", _length_fix(need))
    if len(digits) > need:
        return Problem(f"桁数が多すぎます（{len(digits)}桁）", _length_fix(need))
    return None


def _length_fix(need: int) -> str:
    return LENGTH_FIX if need == 10 else "11桁にしてください"


def digits_of(text: str) -> str:
    """The digits to search by: any form, also a part of a number; a whole one gets its lost 0 back."""
    found = normalise(text)
    if isinstance(found, Number):
        return found.digits
    plain = unicodedata.normalize("NFKC", text).translate(_DROPPED)
    return plain if plain.isascii() and plain.isdigit() else ""
