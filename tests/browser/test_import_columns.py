"""Step 2 of an import in a browser: mapping, names, a column left out, the format that comes again."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from appliance.store import lists
from tests.browser.conftest import Tab
from tests.browser.test_look import OVERFLOW, SMALL_TARGETS, SMALL_TEXT

pytestmark = pytest.mark.xdist_group("browser")


def file_of(path: Path, *, first: int = 1) -> Path:
    rows = ["連絡先,顧客,よみ,住所,備考"]
    rows += [
        f"04566{at:05d},顧客{at},こきゃく,神奈川県川崎市中原区見本町1-2-{at},社外秘"
        for at in range(first, first + 6)
    ]
    path.write_bytes("\r\n".join(rows).encode("cp932"))
    return path


def sent(tab: Tab, path: Path) -> Page:
    page = tab.open("/imports/new")
    page.set_input_files("#f-file", str(path))
    page.click("text=次へ：列の対応")
    page.wait_for_url("**/columns*")
    return page


def test_columns_are_mapped_and_offered_again(manager: Tab, tmp_path: Path) -> None:
    page = sent(manager, file_of(tmp_path / "対応.csv"))
    expect(page.get_by_label("「連絡先」の取り込み先")).to_have_value("number")  # by its content
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(OVERFLOW)[0] <= 0
    page.get_by_label("「顧客」の取り込み先").select_option("name")
    page.get_by_label("「顧客」の項目名").fill("契約者名")
    page.get_by_label("「備考」の取り込み先").select_option("drop")
    page.get_by_label("「よみ」の取り込み先").select_option("name")
    page.click("text=次へ：確認")
    expect(page.get_by_role("alert")).to_contain_text("「氏名」にする列が2つあります")
    expect(page.get_by_label("「顧客」の項目名")).to_have_value("契約者名")
    page.get_by_label("「よみ」の取り込み先").select_option("kana")
    page.click("text=次へ：確認")
    page.get_by_role("button", name="6件を取り込む").click()
    expect(page.get_by_text("リストを開く")).to_be_visible()
    floor = manager.site.floor
    found = lists.by_name(floor.store, floor.tenant_id, floor.project_id, "対応")
    assert found is not None
    assert lists.headers_of(found) == ("電話番号", "契約者名", "よみ", "住所")

    page = sent(manager, file_of(tmp_path / "翌月.csv", first=50))
    expect(page.get_by_text("前に取り込んだ「対応.csv」")).to_be_visible()
    expect(page.get_by_label("「備考」の取り込み先")).to_have_value("drop")
    expect(page.get_by_label("「顧客」の項目名")).to_have_value("契約者名")
    page.get_by_role("button", name="はじめから決める").click()
    expect(page.get_by_label("「備考」の取り込み先")).to_have_value("field")
    assert manager.errors == [
        "Failed to load resource: the server responded with a status of 400 (Bad Request)"
    ]


def test_duplicates_of_so_many_days_and_another_sheet(manager: Tab, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "説明"
    for row in (["この表について"], ["二枚目をお使いください"]):
        book.active.append(row)
    sheet = book.create_sheet("名簿")
    for row in (["電話番号", "氏名"], ["0457000001", "山田"]):
        sheet.append(row)
    path = tmp_path / "シート.xlsx"
    book.save(path)
    page = sent(manager, path)
    page.get_by_label("シート").select_option("名簿")
    expect(page.get_by_label("「電話番号」の取り込み先")).to_have_value("number")
    page.get_by_label("重複を調べる範囲").select_option("days")
    page.get_by_label("日数").fill("999")
    page.click("text=次へ：確認")
    expect(page.get_by_role("alert")).to_contain_text("日数は1から365まで")
    page.get_by_label("日数").fill("90")
    page.click("text=次へ：確認")
    expect(page.get_by_text("重複（90日以内に架電した番号）")).to_be_visible()
    page.get_by_role("button", name="1件を取り込む").click()
    expect(page.get_by_text("リストを開く")).to_be_visible()
