"""Imports: encodings, headers, reasons by row, duplicates, limits, cancel, undo; a dry run stores nothing."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import openpyxl
import pytest

from appliance.errors import BadInput
from appliance.settings import Limits
from appliance.store import blocked, compare, customers, import_headers, import_run, imports, lists, selection
from appliance.store.imports import Counts, Plan
from tests.store_help import NOON_MS, Floor, make_floor

HEAD = "電話番号,氏名,フリガナ,住所\r\n"
ROWS = (
    "03-1234-5678,山田 太郎,ﾔﾏﾀﾞ ﾀﾛｳ,東京都①\r\n"
    "312345679,佐藤 花子,サトウ ハナコ,大阪府\r\n"
    "03-123-4567,短い,,\r\n"
    "0312345678,山田 重複,,\r\n"
    ",,,\r\n"
    '09012345678,"改行\nあり",,"a,b"\r\n'
    ",番号なし,,\r\n"
    "3.12E+09,指数,,\r\n"
)
SAMPLE = HEAD + ROWS


def plan(floor: Floor, **changes: object) -> Plan:
    return msgspec.convert({"project_id": floor.project, "list_name": "秋", **changes}, Plan)


def numbers_of(floor: Floor) -> list[str]:
    return [row[0] for row in floor.store.tuples("SELECT number FROM customer ORDER BY id")]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_gives_the_same_customers(tmp_path: Path, encoding: str) -> None:
    floor = make_floor(tmp_path)

    job, counts = floor.load(SAMPLE.encode(encoding), plan(floor))

    assert job.state == "partly"
    assert numbers_of(floor) == ["0312345678", "0312345679", "09012345678"]
    assert (counts.total, counts.loaded, counts.duplicates, counts.repaired, counts.errors) == (7, 3, 1, 1, 3)
    first = customers.search(floor.store, floor.tenant, "やまだ")[0]
    assert first.name == "山田 太郎"
    assert customers.fields(floor.store, floor.tenant, first.id)[3] == ("住所", "東京都①")
    assert compare.compare(floor.store) == []


def test_tabs_and_excel_are_read_as_well(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    floor.load(SAMPLE.replace(",", "\t").encode("cp932"), plan(floor, list_name="TSV"))
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["氏名", "電話番号"])
    book.active.append(["数値", 312345670])
    book.active.append(["小数", 9012345671.0])
    content = io.BytesIO()
    book.save(content)

    floor.load(content.getvalue(), plan(floor, list_name="XLSX"))

    assert numbers_of(floor)[-2:] == ["0312345670", "09012345671"]


def test_rejected_rows_name_line_value_reason_and_remedy(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    job, _ = floor.load(SAMPLE.encode("cp932"), plan(floor))
    found = imports.errors(floor.store, floor.tenant, job.id)

    assert [(row.line, row.value) for row in found] == [
        (4, "03-123-4567"), (5, "0312345678"), (8, "（空）"), (9, "3.12E+09"),
    ]  # fmt: skip
    assert found[1].reason == "同じファイルの2行目と重複しています"
    assert all(row.fix for row in found)


def test_rejected_rows_come_back_in_the_files_own_encoding_and_can_be_put_right(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load(SAMPLE.encode("cp932"), plan(floor))

    text = b"".join(imports.error_csv(floor.store, floor.tenant, job.id)).decode("cp932")
    lines = text.splitlines()
    mended = text.replace("03-123-4567", "03-1234-5670")

    assert lines[0] == "電話番号,氏名,フリガナ,住所,理由"
    assert len(lines) == 5
    _, counts = floor.load(mended.encode("cp932"), plan(floor, list_id=job.list_id, list_name=""))
    assert counts.loaded == 1


def test_a_dry_run_stores_no_customer_and_no_list(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    blocked.add(floor.store, floor.tenant, number="0312345679", kind="forbid", at=1)

    job, counts = floor.load(SAMPLE.encode("cp932"), plan(floor), is_dry=True)

    assert job.state == "waiting"
    assert counts == Counts(
        total=7, loaded=3, duplicates=1, blocked=1, repaired=1, errors=3, encoding="CP932・CRLF"
    )
    assert numbers_of(floor) == []
    assert lists.table(floor.store, floor.tenant) == []


def test_duplicates_can_be_loaded_and_are_marked(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    _, counts = floor.load(SAMPLE.encode("cp932"), plan(floor, with_duplicates=True))

    marked = floor.store.tuples("SELECT number FROM customer WHERE is_duplicate = 1")
    assert (counts.loaded, marked) == (4, [("0312345678",)])


@pytest.mark.parametrize(
    ("scope", "loaded"), [("file", 3), ("list", 3), ("project", 0), ("all", 0), ("days", 2)]
)
def test_a_duplicate_is_one_within_the_scope(tmp_path: Path, scope: str, loaded: int) -> None:
    floor = make_floor(tmp_path)
    floor.load(SAMPLE.encode("cp932"), plan(floor))
    floor.store.run("UPDATE customer SET last_called_at = ? WHERE id = 1", (4_000_000_000_000,))

    _, counts = floor.load(SAMPLE.encode("cp932"), plan(floor, list_name="冬", scope=scope))

    assert counts.loaded == loaded


def test_an_append_says_which_headers_differ(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load(SAMPLE.encode("cp932"), plan(floor))
    append = plan(floor, list_id=job.list_id, list_name="")

    with pytest.raises(BadInput, match="足りない見出し「住所」。余分な見出し「年齢」"):
        floor.load(SAMPLE.replace("住所", "年齢").encode("cp932"), append)
    with pytest.raises(BadInput, match="順番が違います"):
        floor.load(b"\xef\xbb\xbf" + "電話番号,フリガナ,氏名,住所\n0312345670,,,\n".encode(), append)

    floor.load((HEAD + "0312345670,追加,,\r\n").encode("cp932"), append)
    assert len(numbers_of(floor)) == 4
    assert compare.compare(floor.store) == []


def test_repeated_headers_are_numbered_and_codes_refused_by_name(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    assert import_headers.numbered(["住所", "住所", "住所2", "", "住所", ""]) == (
        "住所", "住所3", "住所2", "列4", "住所4",
    )  # fmt: skip
    with pytest.raises(BadInput, match="「見込、成約」は案件の結果コードと同じ"):
        floor.load("電話番号,見込,成約\n0312345678,,\n".encode(), plan(floor))


def test_the_number_is_offered_by_content_where_no_header_names_it(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job_id = imports.upload(
        floor.store, floor.tenant, user_id=1, file_name="../x/a.csv", at=1,
        content=["氏名,TEL,FAX番号\n山田,0312345678,0312345679\n".encode()],
    )  # fmt: skip

    look = imports.look(floor.store, floor.tenant, job_id)

    assert look.number_candidates == (1, 2)
    with pytest.raises(BadInput, match="電話番号の列を選んで"):
        imports.check(floor.store, floor.tenant, job_id, plan(floor))
    imports.check(floor.store, floor.tenant, job_id, plan(floor, number_column=2))
    import_run.check(floor.store, job_id)
    imports.confirm(floor.store, floor.tenant, job_id)
    import_run.load(floor.store, job_id)
    assert numbers_of(floor) == ["0312345679"]
    assert imports.existing(floor.store, floor.tenant, job_id).file_name == "a.csv"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空です"),
        (b"\r\n\r\n", "空です"),
        (HEAD.encode(), "データの行がありません"),
        (b"\x81\x20\xff\xfe\xff\x00\x80", "文字"),
        ("電話番号,備考\n0312345678,あ\n".encode() + b"\xff\x81\n", "判別できません"),
        ("氏名,住所\n山田,東京\n".encode(), "電話番号"),
        (b"PK\x03\x04nonsense", "XLSXとして読めません"),
        (b"%PDF-1.4", "PDF"),
    ],
)
def test_an_unreadable_file_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    floor = make_floor(tmp_path)

    with pytest.raises(BadInput, match=words):
        floor.load(content, plan(floor))

    assert numbers_of(floor) == []


def limited(floor: Floor, **limits: int) -> None:
    floor.store.settings = msgspec.structs.replace(floor.store.settings, limits=Limits(**limits))


def test_too_many_rows_too_large_a_file_and_too_full_a_list_are_refused_whole(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    content = (HEAD + "".join(f"03{n:08d},,,\r\n" for n in range(1, 21))).encode("cp932")

    for limits, words in (
        ({"import_rows_max": 19}, "19行"),
        ({"import_bytes_max": 100}, "MBを超えて"),
        ({"list_customers_max": 19}, "19件"),
    ):
        limited(floor, **limits)
        with pytest.raises(BadInput, match=words):
            floor.load(content, plan(floor))
        assert numbers_of(floor) == []
        assert lists.table(floor.store, floor.tenant) == []


def test_a_row_longer_than_the_header_is_an_error_not_a_loss(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    job, counts = floor.load("電話番号,氏名\n0312345678,a,b\n0312345679,a,,\n".encode(), plan(floor))

    assert (counts.loaded, counts.errors) == (1, 1)
    assert "列が多すぎます" in imports.errors(floor.store, floor.tenant, job.id)[0].reason


def test_cancelled_nothing_stays(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load(SAMPLE.encode("cp932"), plan(floor), is_dry=True)
    imports.confirm(floor.store, floor.tenant, job.id)
    imports.cancel(floor.store, floor.tenant, job.id)

    with pytest.raises(import_run.Cancelled):
        import_run.load(floor.store, job.id)

    assert imports.existing(floor.store, floor.tenant, job.id).state == "cancelled"
    assert numbers_of(floor) == []
    assert floor.store.value("SELECT count(*) FROM hidden_import") == 0


def test_until_it_is_whole_an_import_is_in_nobodys_sight(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load((HEAD + "0312345670,最初,,\r\n").encode(), plan(floor))
    lists.set_state(floor.store, floor.tenant, job.list_id, "started")
    floor.store.insert("hidden_import", import_id=77)
    floor.store.insert(
        "customer", tenant_id=floor.tenant, project_id=floor.project, list_id=job.list_id, import_id=77,
        number="0312345671", name="未完",
    )  # fmt: skip

    offered = selection.next_customers(floor.store, job.list_id, at=NOON_MS).customers

    assert [offer.number for offer in offered] == ["0312345670"]
    assert customers.search(floor.store, floor.tenant, "未完") == []
    assert compare.compare(floor.store) == []


def test_an_undo_takes_back_what_was_not_called_and_lists_the_rest(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load(SAMPLE.encode("cp932"), plan(floor))
    first = floor.first_customer(job.list_id)
    floor.write(floor.opened(1, job.list_id, first), floor.entry(1, job.list_id, first, "06"))
    now = imports.existing(floor.store, floor.tenant, job.id).finished_at

    with pytest.raises(BadInput, match="7日を過ぎました"):
        imports.undo(floor.store, floor.tenant, job.id, user_id=1, at=now + 8 * 86_400_000)
    undoing = imports.undo(floor.store, floor.tenant, job.id, user_id=1, at=now)
    counts = import_run.undo(floor.store, undoing)

    assert (counts.loaded, counts.kept) == (2, 1)
    assert [row.number for row in imports.kept(floor.store, floor.tenant, job.id)] == ["0312345678"]
    assert imports.existing(floor.store, floor.tenant, job.id).state == "undone"
    assert compare.compare(floor.store) == []
    with pytest.raises(BadInput, match="取り消せません"):
        imports.undo(floor.store, floor.tenant, job.id, user_id=1, at=now)


def test_another_tenant_sees_no_job(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load(SAMPLE.encode("cp932"), plan(floor))

    with pytest.raises(BadInput):
        imports.existing(floor.store, floor.tenant + 1, job.id)
    with pytest.raises(BadInput):
        next(imports.error_csv(floor.store, floor.tenant + 1, job.id))
    assert imports.every(floor.store, floor.tenant + 1) == []
