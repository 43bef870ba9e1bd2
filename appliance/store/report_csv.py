"""Reports as rows of raw numbers (seconds, never h:mm:ss) under one header row, and those as CSV.

CRLF, UTF-8 with BOM or CP932.  A row of sums says so in its last column, 種別.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from appliance.errors import BadInput
from appliance.store.report_formulas import LINES, Figures, TextOf, compatible_text, honest_text, total
from appliance.store.reports import DayLine, Hourly, Matrix, OperatorLine

Rows = list[list[str]]

UTF_8: Final = "utf-8-sig"
KIND: Final = "種別"
ONE: Final = "明細"
SUM: Final = "合計"


def hourly_rows(report: Hourly, *, is_compatible: bool = False) -> Rows:
    """The hourly report: a row a figure, the sum in the column 合計."""
    text_of = _text_of(is_compatible)
    columns = (report.total, *report.columns)
    head = ["指標", SUM, *(f"{hour:02d}時" for hour in report.hours)]
    return [head, *([line.name, *(text_of(line.key, column) for column in columns)] for line in LINES)]


def matrix_rows(report: Matrix, *, row_title: str) -> Rows:
    """Entries by row and code, with the sum of each row and of each column."""
    codes = zip(report.codes, report.code_names, strict=True)
    head = [row_title, SUM, *(f"{code} {name}".strip() for code, name in codes), KIND]
    body = [
        [name or "システム", str(sum(cells)), *map(str, cells), ONE]
        for name, cells in zip(report.row_names, report.cells, strict=True)
    ]
    sums = [sum(column) for column in zip(*report.cells, strict=True)]
    return [head, *body, [SUM, str(sum(sums)), *map(str, sums), SUM]] if body else [head]


def operators_rows(report: Sequence[OperatorLine], *, is_compatible: bool = False) -> Rows:
    """Activity by operator: the rows of the hourly report as columns."""
    return _figures_rows(
        "オペレーター", [(entry.user_name, entry.figures) for entry in report], is_compatible, has_breaks=True
    )


def days_rows(report: Sequence[DayLine], *, is_compatible: bool = False) -> Rows:
    """Days or months: the rows of the hourly report as columns."""
    return _figures_rows("日", [(entry.name, entry.figures) for entry in report], is_compatible)


def _figures_rows(
    title: str, named: list[tuple[str, Figures]], is_compatible: bool, *, has_breaks: bool = False
) -> Rows:
    text_of = _text_of(is_compatible)

    def row(name: str, figures: Figures, kind: str) -> list[str]:
        breaks = [str(figures.break_s)] if has_breaks else []
        return [name, *(text_of(line.key, figures) for line in LINES), *breaks, kind]

    head = [title, *(line.name for line in LINES), *(["休憩"] if has_breaks else []), KIND]
    body = [row(name, figures, ONE) for name, figures in named]
    return [head, *body, row(SUM, total([figures for _, figures in named]), SUM)] if body else [head]


def _text_of(is_compatible: bool) -> TextOf:
    return compatible_text if is_compatible else honest_text


def hourly_csv(report: Hourly, *, is_compatible: bool = False, encoding: str = UTF_8) -> bytes:
    """The hourly report; `is_compatible` prints Open Dialer's values."""
    return to_csv(hourly_rows(report, is_compatible=is_compatible), encoding)


def matrix_csv(report: Matrix, *, row_title: str, encoding: str = UTF_8) -> bytes:
    return to_csv(matrix_rows(report, row_title=row_title), encoding)


def operators_csv(
    report: Sequence[OperatorLine], *, is_compatible: bool = False, encoding: str = UTF_8
) -> bytes:
    return to_csv(operators_rows(report, is_compatible=is_compatible), encoding)


def to_csv(rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    """Rows as CSV.  A cell that a spreadsheet would run as a formula is made text.  Raises BadInput."""
    if encoding not in (UTF_8, "cp932"):
        raise BadInput(f"文字コード {encoding} では出力できません。", remedy="UTF-8かCP932を選んでください。")
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, errors="replace")


def _safe(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t") else cell
