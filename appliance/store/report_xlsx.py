"""Reports as a workbook: numbers as numbers, the head row and the first column stay in sight, sums bold."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from appliance.store.report_csv import SUM

NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?%?")
BOLD: Final = Font(bold=True)
GREY: Final = PatternFill("solid", fgColor="E6E6E6")
WIDTH_MAX: Final = 40


def to_xlsx(sheets: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> bytes:
    """Sheets of (name, rows); the first row of each is its head."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name[:31])  # Excel's limit
        for row in rows:
            sheet.append([value_of(text) for text in row])
        _dress(sheet, rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def value_of(text: str) -> str | int | float | None:
    """A number where the text is one; '' is an empty cell.  Text never becomes a formula.  Pure."""
    if not text:
        return None
    if NUMBER.fullmatch(text) and not (len(text) > 1 and text[0] == "0" and text[1] != "."):
        if text.endswith("%"):
            return float(text[:-1])
        return float(text) if "." in text else int(text)
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{clean}" if clean[:1] == "=" else clean


def _dress(sheet: Any, rows: Sequence[Sequence[str]]) -> None:
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for cell in sheet[1]:
        cell.font, cell.fill = BOLD, GREY
    for row in sheet.iter_rows(min_row=2):
        if row[0].value == SUM:
            for cell in row:
                cell.font, cell.fill = BOLD, GREY
    for index, column in enumerate(sheet.iter_cols(max_row=min(len(rows), 200)), start=1):
        widest = max((_width(str(cell.value or "")) for cell in column), default=0)
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = min(WIDTH_MAX, widest + 2)


def _width(text: str) -> int:
    """Japanese letters are twice as wide."""
    return sum(2 if sign > "\u2e7f" else 1 for sign in text)
