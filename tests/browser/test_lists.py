"""Lists in a browser: ticked rows, extraction and its undoing, an export saved, customers typed by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from appliance.store import by_hand, compare, lists
from tests.browser.conftest import Tab

pytestmark = pytest.mark.xdist_group("browser")


def made(tab: Tab, name: str, *, customers: int = 3) -> int:
    """A list of its own, so that no test disturbs another; its id."""
    floor = tab.site.floor
    list_id = by_hand.create_list(
        floor.store, floor.tenant_id, floor.project_id, name=name, headers=("電話番号", "氏名"), at=1
    )
    rows = [[f"0455{list_id:02d}{at:04d}", f"顧客{at}"] for at in range(customers)]
    by_hand.add_customers(floor.store, floor.tenant_id, list_id, rows, at=1)
    return list_id


def state(tab: Tab, list_id: int) -> str:
    found = lists.get(tab.site.floor.store, tab.site.floor.tenant_id, list_id)
    assert found is not None
    return "deleted" if found.deleted_at else found.state


def done(page: Page, text: str) -> None:
    expect(page.locator("#done")).to_contain_text(text)


def test_ticked_lists_are_started_together_and_taken_back(manager: Tab) -> None:
    ids = [made(manager, name) for name in ("まとめて一", "まとめて二", "まとめて三")]
    page = manager.open("/lists")
    expect(page.locator("#bulk")).to_be_hidden()
    page.locator(f"#list-{ids[0]}").focus()
    page.keyboard.press("Space")
    expect(page.locator(f"#pick-{ids[0]}")).to_be_checked()
    for list_id in ids[1:]:
        page.locator(f"#pick-{list_id}").check()
    expect(page.locator("#chosen")).to_have_text("3件のリストが選択されています。")
    page.locator("#bulk").get_by_role("button", name="開始").click()
    done(page, "3件のリストの発信を開始しました。")
    assert [state(manager, list_id) for list_id in ids] == ["started"] * 3
    page.click("#undo-lists")
    expect(page.get_by_text("取り消しました。")).to_be_visible()
    assert [state(manager, list_id) for list_id in ids] == ["stopped"] * 3
    assert manager.errors == []


def test_ticked_lists_get_a_label_and_go_into_the_bin(manager: Tab) -> None:
    ids = [made(manager, name) for name in ("札一", "札二")]
    page = manager.open("/lists")
    for list_id in ids:
        page.locator(f"#pick-{list_id}").check()
    page.click("text=その他の操作")
    page.get_by_role("button", name="ラベルを変える").click()
    page.get_by_label("ラベル", exact=True).fill("優先")
    page.get_by_role("button", name="変更する").click()
    done(page, "2件のリストのラベルを変えました。")
    expect(page.locator("tr", has=page.locator(f"#list-{ids[0]}"))).to_contain_text("優先")
    for list_id in ids:
        page.locator(f"#pick-{list_id}").check()
    page.click("text=その他の操作")
    page.get_by_role("button", name="ごみ箱に移す").first.click()
    page.locator("#bulk-delete").get_by_role("button", name="ごみ箱に移す").click()
    done(page, "2件のリストをごみ箱に移しました。")
    assert [state(manager, list_id) for list_id in ids] == ["deleted"] * 2
    assert manager.errors == []


def test_a_table_with_a_ticked_row_is_not_refreshed_and_one_without_is(manager: Tab) -> None:
    list_id = made(manager, "更新")
    floor = manager.site.floor
    manager.page.clock.install()
    page = manager.open("/lists")
    page.locator(f"#pick-{list_id}").check()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("x-refresh", "")))
    lists.rename(floor.store, floor.tenant_id, list_id, name="更新後", label="")
    for _ in range(3):
        page.clock.fast_forward(6_000)  # a turn each
    assert "1" not in asked
    page.get_by_role("button", name="選択を解除").click()
    expect(page.locator("#bulk")).to_be_hidden()
    page.clock.fast_forward(6_000)
    expect(page.locator(f"#list-{list_id}")).to_have_text("更新後")


def test_codes_are_extracted_to_a_new_list_and_brought_back(manager: Tab) -> None:
    list_id = made(manager, "抽出もと", customers=10)
    page = manager.open(f"/lists/{list_id}")
    page.locator("label", has_text="未架電").locator("input").check()
    expect(page.locator("#sum")).to_have_text("10件を選択中")
    page.get_by_role("button", name="抽出して新しいリストへ").click()
    expect(page.locator("#extract-sum")).to_have_text(
        "10件を対応履歴ごと新しいリストへ移します（10件 → 0件 ＋ 10件）。"
    )
    page.get_by_label("新しいリストの名前").fill("未架電の十件")
    page.get_by_role("button", name="抽出する").click()
    expect(page.get_by_text("10件を新しいリストへ移しました。")).to_be_visible()
    page.get_by_role("button", name="取り消す").click()
    page.locator("#undo").get_by_role("button", name="元に戻す").click()
    expect(page.get_by_text("10件を元のリストへ戻しました。")).to_be_visible()
    page.get_by_role("link", name="「抽出もと」を開く").click()
    expect(page.locator("dl.counts")).to_contain_text("10 件")
    assert compare.compare(manager.site.floor.store) == []
    assert manager.errors == []


def test_permitting_codes_says_how_many_and_is_taken_back(manager: Tab) -> None:
    floor = manager.site.floor
    list_id = floor.list_ids[0]
    page = manager.open(f"/lists/{list_id}")
    page.locator("label", has_text="93 話中").locator("input").check()
    expect(page.locator("#sum")).to_contain_text("件が発信可能になります")
    page.get_by_role("button", name="選んだ結果の再架電を許可").click()
    expect(page.locator("#permitted")).to_contain_text("件が発信可能になりました")
    page.locator("#permitted").get_by_role("button", name="取り消す").click()
    expect(page.get_by_text("取り消しました。")).to_be_visible()
    counts = {row.code: row for row in lists.code_counts(floor.store, floor.tenant_id, list_id)}
    assert counts["93"].callable == 0 < counts["93"].customers


def test_a_list_is_exported_in_cp932_with_what_could_not_be_written(manager: Tab) -> None:
    floor = manager.site.floor
    list_id = made(manager, "書き出し")
    by_hand.add_customers(floor.store, floor.tenant_id, list_id, [["0455990001", "𠮷野—家"]], at=1)
    page = manager.open(f"/lists/{list_id}")
    page.get_by_role("link", name="CSV・Excel").click()
    page.get_by_label("形式").select_option("cp932")
    page.get_by_role("button", name="出力する").click()
    expect(page.get_by_text("4行を書き出しました")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("𠮷×1")
    with page.expect_download() as download:
        page.get_by_role("link", name="ファイルを保存").click()
    text = download.value.path().read_bytes().decode("cp932")
    assert "〓野〓家" in text
    assert download.value.suggested_filename.startswith("書き出し_顧客_")
    assert manager.errors == []


def test_an_empty_list_is_made_and_filled_by_hand(manager: Tab) -> None:
    page = manager.open("/lists")
    page.get_by_role("link", name="空のリストを作る").click()
    page.get_by_label("リスト名").fill("紹介の顧客")
    page.get_by_role("button", name="作成して顧客を入力").click()
    page.get_by_label("電話番号 1").fill("０４５−５５５−０００１")
    page.get_by_label("氏名 1").fill("髙橋")
    page.get_by_label("電話番号 2").fill("045-555")
    page.get_by_role("button", name="追加する").click()
    expect(page.get_by_role("alert")).to_contain_text("1行を直してください")
    page.get_by_label("電話番号 2").fill("045-555-0002")
    page.get_by_role("button", name="追加する").click()
    expect(page.get_by_text("顧客を追加しました。")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_duplicate_is_found_elsewhere_and_removed(manager: Tab) -> None:
    floor = manager.site.floor
    first, second = made(manager, "重複もと"), made(manager, "重複さき", customers=1)
    number = str(floor.store.value("SELECT number FROM customer WHERE list_id = ?", (first,)))
    by_hand.add_customers(floor.store, floor.tenant_id, second, [[number, "同じ人"]], at=1)
    page = manager.open(f"/lists/{second}?tab=duplicates")
    row = page.locator("tbody tr", has_text="同じ人")
    expect(row).to_contain_text("重複もと")
    row.get_by_role("button", name="削除").click()
    expect(page.get_by_text("1件をごみ箱に移しました。")).to_be_visible()
    page.goto(f"{manager.site.url}/lists/{second}?tab=duplicates")
    expect(page.get_by_text("同じ電話番号の顧客はいません。")).to_be_visible()
