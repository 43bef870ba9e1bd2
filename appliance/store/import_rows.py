"""Judges the rows of an import one by one: a customer, or a reason and a remedy.  Pure.

`Seen` remembers the numbers of a file in a fixed amount of memory.
"""

from __future__ import annotations

import random
from array import array
from typing import Final, NamedTuple

import msgspec

from appliance.store import numbers
from appliance.store.customers import katakana
from appliance.store.import_headers import Columns
from appliance.store.models import RowError

VALUE_SHOWN: Final = 60
AGE_MAX: Final = 130
EMPTY_SHOWN: Final = "（空）"

_encode = msgspec.json.Encoder().encode


class Ready(NamedTuple):
    """A row that can be loaded."""

    line: int
    number: str
    name: str
    kana: str
    sex: str
    age: int
    fields: str
    random_key: int
    is_repaired: bool


class Judge:
    """Turns rows of text into `Ready` or `RowError`.  `seed` makes the random order repeatable."""

    def __init__(self, columns: Columns, *, seed: int) -> None:
        self._columns = columns
        self._width = columns.width if columns.keep else len(columns.headers)
        self._keep = columns.keep
        self._bits = random.Random(seed).getrandbits  # noqa: S311 - an order, not a secret

    def judge(self, line: int, row: list[str]) -> Ready | RowError:
        """One row; short ones are filled up, long ones may only go on with empty cells."""
        columns, width = self._columns, self._width
        if len(row) < width:
            row = row + [""] * (width - len(row))
        elif len(row) > width:
            if any(row[columns.width :]):
                return self._error(
                    line, row, f"列が多すぎます（{len(row)}列）", "見出しと同じ列数にしてください"
                )
            row = row[:width]
        text = row[columns.number]
        digits, is_repaired = fast_digits(text), False
        if not digits:
            found = numbers.normalise(text)
            if isinstance(found, numbers.Problem):
                return self._error(line, row, found.reason, found.fix)
            digits, is_repaired = found.digits, found.is_repaired
        kana = row[columns.kana] if columns.kana >= 0 else ""
        return Ready(
            line,
            digits,
            row[columns.name].strip() if columns.name >= 0 else "",
            katakana(kana) if kana else "",
            row[columns.sex].strip()[:4] if columns.sex >= 0 else "",
            age_of(row[columns.age]) if columns.age >= 0 else 0,
            _encode([row[at] for at in self._keep] if self._keep else row).decode(),
            self._bits(32),
            is_repaired,
        )

    def error(self, row: Ready, reason: str, fix: str) -> RowError:
        """A readable row that is not loaded all the same."""
        return RowError(line=row.line, value=row.number, name=row.name[:VALUE_SHOWN], reason=reason, fix=fix)

    def _error(self, line: int, row: list[str], reason: str, fix: str) -> RowError:
        value = row[self._columns.number].strip()[:VALUE_SHOWN] or EMPTY_SHOWN
        name = row[self._columns.name].strip()[:VALUE_SHOWN] if self._columns.name >= 0 else ""
        return RowError(line=line, value=value, name=name, reason=reason, fix=fix)


def fast_digits(text: str) -> str:
    """The usual forms without the whole of `normalise`: 03-1234-5678 and 0312345678.  '' for all else."""
    digits = text.replace("-", "")
    if not (digits.isascii() and digits.isdigit()) or digits[0] != "0":
        return ""
    if len(digits) == 11 and digits[1:3] in ("90", "80", "70", "50"):
        return digits
    if len(digits) == 10 and "0" not in digits[1:3] and digits[1:4] != "990":
        return digits
    return ""


def age_of(text: str) -> int:
    """An age in years, 0 where there is none."""
    digits = text if text.isdecimal() else "".join(filter(str.isdecimal, text))
    return int(digits) if 0 < len(digits) <= 3 and int(digits) <= AGE_MAX else 0


class Seen:
    """Numbers of a file and the line each stood on first: 12 bytes a slot, made once for `rows_max` rows."""

    def __init__(self, rows_max: int) -> None:
        bits = max(10, (2 * rows_max).bit_length())
        self._mask = (1 << bits) - 1
        self._keys = array("Q", bytes(8 << bits))
        self._lines = array("I", bytes(4 << bits))
        self._free = 1 << bits

    def first_line(self, number: str, line: int) -> int:
        """0 when the number is new (and is remembered), else the line it stood on first."""
        key = int(number) + 1
        slot = (key * 0x9E3779B97F4A7C15 >> 20) & self._mask
        keys = self._keys
        while keys[slot]:
            if keys[slot] == key:
                return self._lines[slot]
            slot = (slot + 1) & self._mask
        assert self._free > 1, "more rows than the table was made for"
        self._free -= 1
        keys[slot] = key
        self._lines[slot] = line
        return 0
