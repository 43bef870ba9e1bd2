"""Reports as CSV: raw numbers (seconds, never h:mm:ss), one header row, CRLF, UTF-8 with BOM or CP932."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from appliance.errors import BadInput
from appliance.store.report_formulas import LINES, compatible_text, honest_text
from appliance.store.reports import Hourly, Matrix, OperatorLine

UTF_8 = "utf-8-sig"


def hourly_csv(report: Hourly, *, is_compatible: bool = False, encoding: str = UTF_8) -> bytes:
    """The hourly report; `is_compatible` prints Open Dialer's values."""
    text_of = compatible_text if is_compatible else honest_text
    columns = (report.total, *report.columns)
    head = ["指標", "合計", *(f"{hour:02d}時" for hour in report.hours)]
    body = [[line.name, *(text_of(line.key, column) for column in columns)] for line in LINES]
    return to_csv([head, *body], encoding)


def matrix_csv(report: Matrix, *, row_title: str, encoding: str = UTF_8) -> bytes:
    """Entries by row and code, with the sum of each row."""
    codes = zip(report.codes, report.code_names, strict=True)
    head = [row_title, "合計", *(f"{code} {name}".strip() for code, name in codes)]
    body = [
        [name or "システム", str(sum(cells)), *map(str, cells)]
        for name, cells in zip(report.row_names, report.cells, strict=True)
    ]
    return to_csv([head, *body], encoding)


def operators_csv(
    report: Sequence[OperatorLine], *, is_compatible: bool = False, encoding: str = UTF_8
) -> bytes:
    """Activity by operator: the rows of the hourly report as columns."""
    text_of = compatible_text if is_compatible else honest_text
    head = ["オペレーター", *(line.name for line in LINES), "休憩"]
    body = [
        [entry.user_name, *(text_of(line.key, entry.figures) for line in LINES), str(entry.figures.break_s)]
        for entry in report
    ]
    return to_csv([head, *body], encoding)


def to_csv(rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    """Rows as CSV.  A cell that a spreadsheet would run as a formula is made text.  Raises BadInput."""
    if encoding not in (UTF_8, "cp932"):
        raise BadInput(f"文字コード {encoding} では出力できません。", remedy="UTF-8かCP932を選んでください。")
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, errors="replace")


def _safe(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t") else cell
