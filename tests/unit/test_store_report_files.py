"""Reports by day, the ledger of abandoned calls, and what leaves the box as a file."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from msgspec import structs

from appliance.store import abandons, report_csv, report_xlsx, reports
from tests.store_help import DAY, NOON_S
from tests.unit.test_store_reports import TODAY, a_day


def test_days_and_months_add_up_to_the_same(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    (day,) = reports.days(floor.store, floor.tenant, TODAY)
    (month,) = reports.days(floor.store, floor.tenant, TODAY, is_monthly=True)

    assert (day.name, month.name) == ("2026/11/21", "2026/11")
    assert day.figures == month.figures == reports.hourly(floor.store, floor.tenant, TODAY).total
    assert reports.days(floor.store, floor.tenant + 1, TODAY) == []


def test_the_ledger_names_who_was_abandoned_and_how_the_ratio_stood(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    found = abandons.ledger(floor.store, floor.tenant, TODAY)

    assert found.count == 4
    first = found.lines[-1]
    assert (first.code, first.customer_name, first.list_name) == ("96", "見本2", "秋")
    assert (first.answered_at - first.setup_at, first.cleared_at - first.setup_at) == (5000, 60_000)
    assert (first.abandoned_30min, first.answered_30min) == (3, 6), (
        "noon's own calls, not those of 23 o'clock"
    )
    assert first.again_at == 0


def test_the_ledger_keeps_to_its_page_list_and_tenant(tmp_path: Path) -> None:
    floor, list_id = a_day(tmp_path)

    def count(tenant: int, **changes: int) -> int:
        return abandons.ledger(floor.store, tenant, structs.replace(TODAY, **changes)).count

    assert count(floor.tenant, list_id=list_id) == count(floor.tenant, project_id=floor.project) == 4
    assert (
        count(floor.tenant, list_id=list_id + 1) == count(floor.tenant, from_day=DAY - 1, to_day=DAY - 1) == 0
    )
    assert count(floor.tenant + 1) == 0
    page = abandons.ledger(floor.store, floor.tenant, TODAY, offset=3, limit=2)
    assert (page.count, len(page.lines)) == (4, 1)


def test_whoever_called_since_is_in_the_ledger(tmp_path: Path) -> None:
    floor, list_id = a_day(tmp_path)
    at = NOON_S + 7200
    floor.write(floor.opened(50, list_id, 2), floor.entry(50, list_id, 2, "01", user=floor.operator, at=at))

    again = abandons.ledger(floor.store, floor.tenant, TODAY).lines[-1]

    assert (again.again_at, again.again_code, again.again_user) == (int(at * 1000), "01", "田中 一郎")


def test_sums_are_flagged_and_add_up(tmp_path: Path) -> None:
    floor, _ = a_day(tmp_path)

    matrix = report_csv.matrix_rows(
        reports.codes_by_operator(floor.store, floor.tenant, TODAY), row_title="オペレーター"
    )
    people = report_csv.operators_rows(reports.operators(floor.store, floor.tenant, TODAY))

    assert matrix == [
        ["オペレーター", "合計", "01 成約", "94 不在", "96 放棄（オペレーターなし）", "種別"],
        ["田中 一郎", "4", "4", "0", "0", "明細"],
        ["システム", "8", "0", "4", "4", "明細"],
        ["合計", "12", "4", "4", "4", "合計"],
    ]
    assert [row[-1] for row in people] == ["種別", "明細", "合計"]
    assert report_csv.operators_rows([])[1:] == []


def test_a_workbook_holds_numbers_and_no_formula() -> None:
    content = report_xlsx.to_xlsx(
        [("表", [["名", "件"], ["=1+1", "12"], ["合計", "21.8%"]]), ("注記", [["指標"], ["成約数"]])]
    )

    book = openpyxl.load_workbook(io.BytesIO(content))

    assert book.sheetnames == ["表", "注記"]
    sheet = book["表"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["名", "件"], ["'=1+1", 12], ["合計", 21.8],
    ]  # fmt: skip
    assert sheet["A2"].data_type == "s"
    assert sheet["A3"].font.bold
    assert not sheet["A2"].font.bold
    assert sheet.freeze_panes == "B2"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("0", 0),
        ("-3", -3),
        ("0.07", 0.07),
        ("09", "09"),
        ("", None),
        ("9a", "9a"),
        ("2026/11", "2026/11"),
    ],
)
def test_only_what_is_a_number_becomes_one(text: str, value: object) -> None:
    assert report_xlsx.value_of(text) == value
