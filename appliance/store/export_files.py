"""A sheet of text cells as a file: CSV in UTF-8 or CP932, or XLSX.  It knows no list and no customer.

Files are made readable by us alone.  What CP932 cannot hold is written as 〓 and counted, sign by sign.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell

from appliance.errors import BadInput

XLSX_ROWS_MAX: Final = 1_000_000  # a sheet ends at 1,048,576
UNWRITABLE: Final = "〓"
FORMULA: Final = ("=", "+", "-", "@", "\t")

Format = Literal["utf-8-sig", "cp932", "xlsx"]


class Sheet(Protocol):
    """Rows go in, `close` ends the file.  `unwritable`: signs replaced, with how often."""

    rows: int
    unwritable: Counter[str]

    def row(self, cells: Sequence[str]) -> None: ...

    def close(self) -> None: ...


def opened(path: Path, kind: Format, *, is_safe: bool) -> Sheet:
    """A new file.  `is_safe`: no cell of a CSV that a spreadsheet would compute."""
    return _Xlsx(path) if kind == "xlsx" else _Csv(path, is_cp932=kind == "cp932", is_safe=is_safe)


class _Csv:
    """A CSV with CRLF."""

    def __init__(self, path: Path, *, is_cp932: bool, is_safe: bool) -> None:
        self.rows = 0
        self.unwritable: Counter[str] = Counter()
        self._file = private(path)
        self._is_safe = is_safe
        self._is_cp932 = is_cp932
        if not self._is_cp932:
            self._file.write(b"\xef\xbb\xbf")

    def row(self, cells: Sequence[str]) -> None:
        text = io.StringIO()
        plain = [safe(cell) for cell in cells] if self._is_safe else cells
        csv.writer(text, lineterminator="\r\n").writerow(plain)
        self._file.write(self._encoded(text.getvalue()))
        self.rows += 1

    def close(self) -> None:
        self._file.close()

    def _encoded(self, text: str) -> bytes:
        if not self._is_cp932:
            return text.encode("utf-8", errors="replace")
        try:
            return text.encode("cp932")
        except UnicodeEncodeError:
            return "".join(self._sign(sign) for sign in text).encode("cp932")

    def _sign(self, sign: str) -> str:
        try:
            sign.encode("cp932")
        except UnicodeEncodeError:
            self.unwritable[sign] += 1
            return UNWRITABLE
        return sign


class _Xlsx:
    """A sheet in which every cell is text: no number loses its 0, nothing is computed."""

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self.unwritable: Counter[str] = Counter()
        self._path = path
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet("リスト")

    def row(self, cells: Sequence[str]) -> None:
        if self.rows >= XLSX_ROWS_MAX:
            raise BadInput(f"XLSXは{XLSX_ROWS_MAX:,}行までです。", remedy="CSVで出力してください。")
        self._sheet.append([self._cell(text) for text in cells])
        self.rows += 1

    def close(self) -> None:
        with private(self._path) as file:
            self._book.save(file)

    def _cell(self, text: str) -> Any:
        clean = ILLEGAL_CHARACTERS_RE.sub("", text)
        if not clean.startswith("="):
            return clean
        cell = WriteOnlyCell(self._sheet, clean)
        cell.data_type = "s"
        return cell


def safe(cell: str) -> str:
    """A cell as text where a spreadsheet would compute it: `'` before = + - @ (but not before -5 or -)."""
    if not cell.startswith(FORMULA) or re.fullmatch(r"-[\d.]*", cell):
        return cell
    return f"'{cell}"


def private(path: Path) -> Any:
    """A new file that we alone may read."""
    file = path.open("xb")
    path.chmod(0o600)
    return file
