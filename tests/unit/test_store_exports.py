"""Exports of lists: both kinds, three formats, what CP932 lacks, cells that would be computed, retention."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from appliance.errors import BadInput
from appliance.store import events, export_files, exports, jobs, list_jobs
from appliance.store.exports import ExportPlan
from tests.store_help import NOON_MS, NOON_S, Floor, make_floor


def export(floor: Floor, plan: ExportPlan) -> Path:
    job_id = exports.request(floor.store, floor.tenant, plan, user_id=floor.manager, at=NOON_MS)
    jobs.work_on(floor.store, job_id)
    job = list_jobs.existing(floor.store, floor.tenant, job_id)
    assert job.state == "done", job.message
    return exports.path_of(floor.store, job)


def rows_of(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def floor_with_calls(directory: Path) -> tuple[Floor, int]:
    """Three customers; the first was spoken to twice, the second once in vain."""
    floor = make_floor(directory)
    list_id = floor.make_list(3)
    first = floor.first_customer(list_id)
    for attempt, customer, code, user in (
        (1, first, "06", 0),
        (2, first, "06", floor.operator),
        (3, first + 1, "94", 0),
    ):
        floor.write(
            floor.opened(attempt, list_id, customer),
            events.SaveAttempt(attempt_id=attempt, setup_at=NOON_S, result=code, end="result"),
            floor.entry(attempt, list_id, customer, code, user=user),
        )
    floor.store.run("UPDATE history SET memo = '来週' || id")
    return floor, list_id


def test_by_customer_all_columns_and_what_came_of_it(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)

    path = export(floor, ExportPlan(list_ids=(list_id,)))
    rows = rows_of(path)

    assert path.stat().st_mode & 0o077 == 0
    assert [row["電話番号"] for row in rows] == ["0300000001", "0300000002", "0300000003"]
    first = rows[0]
    assert first["ID"] == f"{list_id}-{floor.first_customer(list_id)}"
    assert (first["最終結果コード"], first["発信回数"], first["メモ"]) == ("06", "2", "来週1／来週2")
    assert first["最終担当者"] == floor.store.value("SELECT name FROM user WHERE id = ?", (floor.operator,))
    assert first["最終架電日時"] == "2026/11/21 12:00:00"
    assert (rows[2]["最終結果"], rows[2]["発信"], rows[1]["発信"]) == ("", "可", "不可")


def test_by_history_entry(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)

    rows = rows_of(export(floor, ExportPlan(list_ids=(list_id,), by="history")))

    assert [(row["結果コード"], row["通話秒"]) for row in rows] == [
        ("06", "0.0"),
        ("06", "30.0"),
        ("94", "0.0"),
    ]
    assert rows[0]["日時"] == "2026/11/21 12:01:00"


def test_only_the_chosen_codes(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)

    rows = rows_of(export(floor, ExportPlan(list_ids=(list_id,), codes=("94", ""))))

    assert [row["最終結果コード"] for row in rows] == ["94", ""]


def test_what_cp932_lacks_is_replaced_and_counted(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)
    floor.store.run('UPDATE customer SET fields = \'["0312345678","𠮷田—髙﨑①𠮷"]\' WHERE id = 1')

    rows = rows_of(export(floor, ExportPlan(list_ids=(list_id,), format="cp932")), "cp932")
    job = list_jobs.every(floor.store, floor.tenant)[0]

    assert rows[0]["氏名"] == "〓田〓髙﨑①〓"
    assert exports.result_of(job).unwritable == (("𠮷", 2), ("—", 1))


@pytest.mark.parametrize("kind", ["utf-8-sig", "xlsx"])
def test_no_cell_is_computed_by_a_spreadsheet(tmp_path: Path, kind: str) -> None:
    floor, list_id = floor_with_calls(tmp_path)
    floor.store.run('UPDATE customer SET fields = \'["0312345678","=1+1"]\' WHERE id = 1')

    path = export(floor, ExportPlan(list_ids=(list_id,), format=kind))  # type: ignore[arg-type]  # parametrised

    if kind == "xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        assert (sheet["D2"].value, sheet["D2"].data_type) == ("=1+1", "s")
        assert (sheet["C2"].value, sheet["C2"].data_type) == ("0312345678", "s")
    else:
        assert rows_of(path)[0]["氏名"] == "'=1+1"
        plain = export(floor, ExportPlan(list_ids=(list_id,), is_safe=False))
        assert rows_of(plain)[0]["氏名"] == "=1+1"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=A1", "'=A1"),
        ("+81", "'+81"),
        ("@x", "'@x"),
        ("-x", "'-x"),
        ("-5", "-5"),
        ("-", "-"),
        ("03-1", "03-1"),
    ],
)
def test_a_cell_is_made_text_where_it_would_be_computed(cell: str, written: str) -> None:
    assert export_files.safe(cell) == written


def test_several_lists_share_a_header(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)
    other = floor.make_list(2, name="冬")
    floor.store.update("list", other, headers='["電話番号","住所"]')

    rows = rows_of(export(floor, ExportPlan(list_ids=(list_id, other))))

    assert len(rows) == 5
    assert (rows[-1]["リスト"], rows[-1]["住所"], rows[-1]["氏名"]) == ("冬", "見本2", "")


def test_stopped_it_leaves_no_file(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)
    plan = ExportPlan(list_ids=(list_id,))
    job_id = exports.request(floor.store, floor.tenant, plan, user_id=1, at=NOON_MS)

    list_jobs.cancel(floor.store, floor.tenant, job_id)
    jobs.work_on(floor.store, job_id)

    job = list_jobs.existing(floor.store, floor.tenant, job_id)
    assert job.state == "cancelled"
    assert list((floor.store.home.directory("data", "exports")).iterdir()) == []
    with pytest.raises(BadInput, match="残っていません"):
        exports.path_of(floor.store, job)


def test_a_file_is_kept_for_a_day(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)
    path = export(floor, ExportPlan(list_ids=(list_id,)))
    finished = list_jobs.every(floor.store, floor.tenant)[0].finished_at

    exports.sweep(floor.store, at=finished + exports.KEPT_MS - 1000)
    assert path.exists()
    exports.sweep(floor.store, at=finished + exports.KEPT_MS + 1000)
    assert not path.exists()


def test_another_tenants_list_is_not_written(tmp_path: Path) -> None:
    floor, list_id = floor_with_calls(tmp_path)

    with pytest.raises(BadInput, match="そのリストはありません"):
        exports.request(floor.store, floor.tenant + 1, ExportPlan(list_ids=(list_id,)), user_id=1, at=NOON_MS)
    with pytest.raises(BadInput, match="選ばれていません"):
        exports.request(floor.store, floor.tenant, ExportPlan(list_ids=()), user_id=1, at=NOON_MS)
