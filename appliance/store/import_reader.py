"""Reads customer files as rows of text: CSV, TSV and XLSX, in the encodings Japanese offices send.

Streams: a million rows take no more memory than a hundred.  It says what it found and judges nothing;
what it cannot read for certain it refuses instead of guessing.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from appliance.errors import BadInput
from appliance.store.models import Noun

DELIMITERS: Final = (",", "\t", ";")
BLOCK_BYTES: Final = 1 << 20
XLSX_GROWTH_MAX: Final = 100  # a zip bomb grows a thousandfold
COLUMNS_MAX: Final = 200
CELL_CHARACTERS_MAX: Final = 10_000

Row = list[str]


class Found(Noun, frozen=True):
    """What a file is.  `kind` is csv or xlsx; `sheet` '' is the first of an xlsx, which has no encoding."""

    kind: str
    encoding: str
    delimiter: str
    has_crlf: bool = True
    sheet: str = ""

    @property
    def words(self) -> str:
        """For the page, e.g. CP932・CRLF."""
        if self.kind == "xlsx":
            return "XLSX"
        name = {"cp932": "CP932", "utf-8-sig": "UTF-8（BOM付き）", "utf-8": "UTF-8", "utf-16": "UTF-16"}
        return f"{name[self.encoding]}・{'CRLF' if self.has_crlf else 'LF'}"


def recognise(path: Path, *, encoding: str = "", sheet: str = "") -> Found:
    """Kind, encoding (BOM, then strict UTF-8, then strict CP932) and delimiter; `encoding` overrides.

    `sheet` is the one of an XLSX that is meant, '' the first.

    Raises BadInput where no encoding fits the whole file, or the file is empty.
    """
    with path.open("rb") as file:
        head = file.read(BLOCK_BYTES)
    if not head.strip():
        raise BadInput("ファイルが空です。", remedy="見出しとデータの行があるか確かめてください。")
    if head.startswith(b"PK\x03\x04"):
        return Found(kind="xlsx", encoding="", delimiter="", sheet=sheet)
    if head.startswith((b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise BadInput("古いExcel形式またはPDFです。", remedy="CSVかXLSXで保存し直してください。")
    encoding = encoding or _encoding(path, head)
    text = head.decode(encoding, errors="ignore")
    if "\x00" in text:
        raise BadInput("文字のファイルではありません。", remedy="CSVかXLSXで保存し直してください。")
    line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=line.count)
    return Found(kind="csv", encoding=encoding, delimiter=delimiter, has_crlf="\r\n" in text)


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        candidates: tuple[str, ...] = ("utf-8-sig",)
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)
    else:
        candidates = ("utf-8", "cp932")
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise BadInput(
        "文字コードを判別できません（UTF-8でもCP932でもない文字があります）。",
        remedy="文字コードを選ぶか、UTF-8で保存し直してください。",
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def rows(path: Path, found: Found) -> Iterator[tuple[int, Row]]:
    """(number of the row as Excel counts, its cells), the header first; rows without any text are left out.

    Raises BadInput naming the row where the file cannot be read on.
    """
    source = _xlsx_rows(path, found.sheet) if found.kind == "xlsx" else _csv_rows(path, found)
    for line, row in source:
        if len(row) > COLUMNS_MAX and any(row[COLUMNS_MAX:]):
            raise BadInput(
                f"{line}行目に{len(row)}列あります。", remedy=f"{COLUMNS_MAX}列までにしてください。"
            )
        if any(row):
            yield line, row


def _csv_rows(path: Path, found: Found) -> Iterator[tuple[int, Row]]:
    line = 0
    try:
        with path.open(encoding=found.encoding, newline="") as file:
            for line, row in enumerate(csv.reader(file, delimiter=found.delimiter), 1):
                yield line, row
    except UnicodeError as error:
        raise BadInput(
            f"{line + 1}行目に「{found.encoding}」で読めない文字があります。",
            remedy="文字コードを選び直してください。",
        ) from error
    except csv.Error as error:
        raise BadInput(
            f"{line + 1}行目が読めません「{error}」。", remedy='引用符 " の数を確かめてください。'
        ) from error


def _xlsx_rows(path: Path, sheet: str) -> Iterator[tuple[int, Row]]:
    book = _book(path)
    try:
        for line, row in enumerate(_sheet(book, sheet).iter_rows(values_only=True), 1):
            yield line, [_text(value) for value in row]
    finally:
        book.close()


def sheets(path: Path, found: Found) -> tuple[str, ...]:
    """The names of an XLSX's sheets, none for other files.  Raises BadInput where it cannot be read."""
    if found.kind != "xlsx":
        return ()
    book = _book(path)
    names = tuple(sheet.title for sheet in book.worksheets)
    book.close()
    return names


def _sheet(book: openpyxl.Workbook, name: str) -> Any:
    found = next((sheet for sheet in book.worksheets if name in ("", sheet.title)), None)
    if found is None:
        raise BadInput(f"シート「{name}」がありません。", remedy="シートを選び直してください。")
    return found


def _book(path: Path) -> openpyxl.Workbook:
    """By its content: a file is an XLSX whatever its name says."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > XLSX_GROWTH_MAX * path.stat().st_size + BLOCK_BYTES:
            raise BadInput("XLSXの中身が大きすぎます。", remedy="CSVで保存し直してください。")
        return openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise BadInput("XLSXとして読めません。", remedy="Excelで開いて保存し直してください。") from error


def _text(value: Any) -> str:
    """A cell as people see it: whole numbers without .0, days as YYYY/MM/DD."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        has_time = value.hour or value.minute or value.second
        return value.strftime("%Y/%m/%d %H:%M:%S" if has_time else "%Y/%m/%d")
    return str(value)


def count_lines(path: Path, found: Found) -> int:
    """About how many rows follow the header: for progress only."""
    if found.kind == "xlsx":
        book = _book(path)
        rows_max = int(_sheet(book, found.sheet).max_row or 1)
        book.close()
        return max(0, rows_max - 1)
    lines = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            lines += block.count(b"\n")
    return max(0, lines - 1)
