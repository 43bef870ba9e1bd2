"""Step 2 of an import: what each column becomes, which sheet, and the format that is offered again."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from appliance.errors import BadInput
from appliance.store import customers, import_formats, import_headers, imports, lists
from appliance.store.import_headers import ColumnPlan, Columns, Use
from appliance.store.imports import Plan
from tests.store_help import Floor, make_floor

FILE = (
    "連絡先,顧客,よみ,住所,備考\r\n"
    "03-1234-5678,山田,やまだ,東京都,秘密\r\n"
    "312345679,佐藤,さとう,大阪府,秘密\r\n"
)
MAPPED = (
    ColumnPlan(header="連絡先", use="number"),
    ColumnPlan(header="契約者", use="name"),
    ColumnPlan(header="よみ", use="kana"),
    ColumnPlan(header="住所", use="field"),
    ColumnPlan(header="備考", use="drop"),
)


def plan(floor: Floor, name: str = "秋", **more: object) -> Plan:
    return Plan(project_id=floor.project, list_name=name, **more)  # type: ignore[arg-type]  # fields of a plan


def columns(*uses: Use, names: tuple[str, ...] = ("a", "b", "c")) -> Columns:
    plans = [ColumnPlan(header=name, use=use) for name, use in zip(names, uses, strict=False)]
    return import_headers.mapped(plans, width=len(uses), reserved=frozenset({"見込"}))


def test_columns_become_what_a_person_says(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)

    job, counts = floor.load(FILE.encode("cp932"), plan(floor, columns=MAPPED))

    found = lists.get(floor.store, floor.tenant, job.list_id)
    assert found is not None
    assert (counts.loaded, lists.headers_of(found)) == (2, ("電話番号", "契約者", "よみ", "住所"))
    first = customers.search(floor.store, floor.tenant, "ヤマダ")[0]
    assert (first.number, first.name) == ("0312345678", "山田")
    assert customers.fields(floor.store, floor.tenant, first.id) == [
        ("電話番号", "03-1234-5678"),
        ("契約者", "山田"),
        ("よみ", "やまだ"),
        ("住所", "東京都"),
    ]


def test_rejected_rows_keep_all_columns_of_the_file_and_come_back_by_the_same_mapping(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    job, _ = floor.load((FILE + "短い,x,y,z,w\r\n").encode("cp932"), plan(floor, columns=MAPPED))

    text = b"".join(imports.error_csv(floor.store, floor.tenant, job.id)).decode("cp932")
    mended = text.replace("短い", "0312345670")
    again = (*MAPPED, ColumnPlan(header="理由", use="drop"))

    assert text.splitlines() == ["連絡先,顧客,よみ,住所,備考,理由", "短い,x,y,z,w,数字以外が含まれています"]
    _, counts = floor.load(
        mended.encode("cp932"), Plan(project_id=floor.project, list_id=job.list_id, columns=again)
    )
    assert counts.loaded == 1


@pytest.mark.parametrize(
    ("uses", "names", "words"),
    [
        (("field", "name"), ("a", "b"), "電話番号」にする列がありません"),
        (("number", "number"), ("a", "b"), "電話番号」にする列が2つ"),
        (("number", "name", "name"), ("a", "b", "c"), "氏名」にする列が2つ"),
        (("number", "field", "field"), ("a", "b", "b"), "項目名「b」が2つ"),
        (("number", "field"), ("a", "電話番号"), "項目名「電話番号」が2つ"),
        (("number", "field"), ("a", " "), "空か長すぎます"),
        (("number", "field"), ("a", "長" * 61), "空か長すぎます"),
        (("number", "field"), ("a", "見込"), "結果コードと同じ"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_in_words(
    uses: tuple[Use, ...], names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        columns(*uses, names=names)


def test_a_dropped_columns_name_may_clash() -> None:
    found = columns("number", "drop", "field", names=("a", "見込", "c"))
    assert (found.headers, found.keep, found.width) == (("電話番号", "c"), (0, 2), 3)


def test_a_mapping_for_another_file_is_refused(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    with pytest.raises(BadInput, match="列の数がファイルと違います"):
        floor.load(FILE.encode("cp932"), plan(floor, columns=MAPPED[:3]))


def test_columns_are_guessed_by_their_names() -> None:
    found = import_headers.guessed(("お名前", "氏名", "TEL", "年齢"), 2)
    assert [one.use for one in found] == ["name", "field", "number", "age"]


def test_a_format_is_offered_when_the_same_headers_come_again(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    headers = ("連絡先", "顧客", "よみ", "住所", "備考")
    assert import_formats.find(floor.store, floor.tenant, headers) is None

    floor.load(FILE.encode("cp932"), plan(floor, columns=MAPPED), is_dry=True)
    assert import_formats.find(floor.store, floor.tenant, headers) is None
    floor.load(FILE.encode("utf-8"), plan(floor, columns=MAPPED))

    found = import_formats.find(floor.store, floor.tenant, headers)
    assert found is not None
    assert (found.file_name, found.columns) == ("list.csv", MAPPED)
    assert import_formats.find(floor.store, floor.tenant, headers[:-1]) is None
    assert import_formats.find(floor.store, floor.tenant + 1, headers) is None


def test_a_sheet_of_a_workbook_is_chosen(tmp_path: Path) -> None:
    floor = make_floor(tmp_path)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "説明"
    book.active.append(["この表の使い方"])
    book.active.append(["二枚目を見てください"])
    sheet = book.create_sheet("名簿")
    for row in (["電話番号", "氏名"], ["0312345678", "山田"]):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    job_id = imports.upload(
        floor.store, floor.tenant, user_id=1, file_name="a.xlsx", content=iter([content.getvalue()]), at=1
    )

    assert imports.look(floor.store, floor.tenant, job_id).sheets == ("説明", "名簿")
    look = imports.look(floor.store, floor.tenant, job_id, sheet="名簿")
    assert (look.headers, look.samples) == (("電話番号", "氏名"), (("0312345678", "山田"),))
    with pytest.raises(BadInput, match="シート「ない」がありません"):
        imports.look(floor.store, floor.tenant, job_id, sheet="ない")
    _, counts = floor.load(content.getvalue(), plan(floor, sheet="名簿"))
    assert counts.loaded == 1
