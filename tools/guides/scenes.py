"""What stands on the seeded floor while a picture is taken: calls, promises, a supervisor at the board."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

import msgspec
from playwright.sync_api import FilePayload, Page, expect

from appliance.dialer.messages import Board, Listener
from appliance.store import incoming_routes, projects, recalls, transfers
from appliance.store import lists as store_lists
from appliance.store.incoming_checks import Wanted
from appliance.store.routing import Tier
from tests.browser import call_desk
from tests.browser.call_desk import Desk
from tests.browser.site import Site

PLACE: Final = 3  # the operator's seat: A-04
MEMO: Final = "11月で今の契約が終わる。奥さまに料金表を送る。"
PROMISES: Final = (
    (-95, "A 今月中", "主人が戻る18時以降に。犬の話で盛り上がった。"),
    (-40, "B 来月以降", "請求書を見てから返事。"),
    (-12, "A 今月中", "工事日の候補を3つ伝える。"),
    (-4, "C 検討中", "集合住宅。管理会社の許可を確認中。"),
)


class Scene:
    """The floor as one picture needs it; as before afterwards."""

    def __init__(self, site: Site) -> None:
        floor = site.floor
        self.site, self.floor, self._board = site, floor, site.dialer.board
        self.desk = Desk(
            floor, site.dialer, place=PLACE, user_id=floor.operator_ids[0], user_name="佐藤 太郎"
        )

    def __enter__(self) -> Scene:
        call_desk.furnish(self.floor)
        self.desk.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.desk.__exit__(kind, error, trace)
        self.site.dialer.show(lambda _board: self._board)

    def set_seat(self, label: str, **values: Any) -> None:
        """What the dialer says of a seat from now on."""

        def changed(board: Board) -> Board:
            seats = [
                msgspec.structs.replace(seat, **values) if seat.label == label else seat
                for seat in board.seats
            ]
            return msgspec.structs.replace(board, seats=tuple(seats))

        self.site.dialer.show(changed)

    def customer(self, at: int = 0) -> int:
        """A customer with a past, so that the history is not empty."""
        sql = "SELECT id FROM customer WHERE tenant_id = ? AND last_code = '06' ORDER BY id LIMIT 1 OFFSET ?"
        return int(self.floor.store.value(sql, (self.floor.tenant_id, at)))


def nothing(page: Page, _scene: Scene) -> None:
    """The page as it is, once its figures have come."""
    page.wait_for_load_state("networkidle") if page.locator("#chip").count() == 0 else _live(page)


def _live(page: Page) -> None:
    expect(page.locator("#chip")).to_contain_text("接続中", timeout=60_000)


def talking(page: Page, scene: Scene, *, at: int = 0) -> None:
    """A customer is on the line, and the operator writes."""
    _live(page)
    scene.desk.sit()
    scene.desk.connect(scene.customer(at))
    scene.set_seat("A-04", since_at=scene.floor.clock.wall() - 83)
    expect(page.locator("#hold")).to_be_visible()
    page.fill("#memo", MEMO)
    page.fill("#recall", "11/24 18:30")
    page.select_option("#level", index=1)
    expect(page.locator("#draft")).to_contain_text("下書き保存済み", timeout=60_000)


def consulting(page: Page, scene: Scene) -> None:
    """A third party has answered; the customer waits."""
    floor = scene.floor
    where = (floor.store, floor.tenant_id, floor.project_id)
    if not transfers.targets(*where):
        transfers.add_target(*where, name="工事受付", number="0312340001")
    talking(page, scene, at=1)
    page.click("#transfer")
    page.fill("#target", "0312340001")
    page.get_by_role("button", name="呼び出す（お客様は保留）").click()
    expect(page.locator("#party-buttons")).to_be_visible()
    scene.desk.party("private")
    expect(page.locator("#transfer-panel [data-is=party]")).to_contain_text("と話しています")


def promised(page: Page, scene: Scene) -> None:
    """Promises whose time has come."""
    floor, now = scene.floor, int(scene.floor.clock.wall() * 1000)
    for at, (minutes, level, memo) in enumerate(PROMISES):
        customer_id = scene.customer(2 + at)
        sql = "SELECT attempt_id FROM history WHERE customer_id = ? AND code = '06'"
        found = recalls.wish(
            floor.store, floor.tenant_id, customer_id, user_id=floor.operator_ids[0],
            at=now - 7_200_000, attempt_id=int(floor.store.value(sql, (customer_id,))),
            due_at=now + minutes * 60_000, level=level, memo=memo,
        )  # fmt: skip
        floor.store.run("UPDATE recall SET user_id = ? WHERE id = ?", (floor.operator_ids[0], found))
    page.reload()
    expect(page.locator("#promises tbody tr").first).to_be_visible()


def monitored(page: Page, scene: Scene) -> None:
    """Two seats share a screen: one talks, one has keyed a code."""
    scene.desk.sit()
    for label, at, values in (
        ("A-01", 0, {"state": "talking", "typed": ""}),
        ("A-02", 1, {"state": "wrapup", "typed": "06"}),
    ):
        customer_id = scene.customer(at)
        number, list_id = scene.floor.store.tuples(
            "SELECT number, list_id FROM customer WHERE id = ?", (customer_id,)
        )[0]
        scene.set_seat(
            label, customer_id=customer_id, number=number, list_id=list_id,
            since_at=scene.floor.clock.wall() - 47 + 30 * at, **values,
        )  # fmt: skip
    expect(page.locator(".pane [data-is=typed]").last).to_be_visible(timeout=60_000)


def board(page: Page, scene: Scene) -> None:
    """A busy minute, with one operator who calls for help."""
    _live(page)
    scene.set_seat("C-05", help_since_at=scene.floor.clock.wall() - 20)
    expect(page.locator("#helps")).to_be_visible()


def lists(page: Page, scene: Scene) -> None:
    """One list runs, one stands."""
    store_lists.set_state(scene.floor.store, scene.floor.tenant_id, scene.floor.list_ids[0], "started")
    page.reload()
    expect(page.get_by_role("button", name="一時停止").first).to_be_visible()


def import_check(page: Page, _scene: Scene) -> None:
    """A file as people bring it: lost zeros, a repeated number, one that cannot be."""
    rows = ["電話番号,氏名,フリガナ,住所"]
    rows += [f"04566{at:05d},見本 {at}子,ミホン,神奈川県川崎市中原区{at}" for at in range(1, 118)]
    rows += ["312345678,佐々木 望,ササキ,東京都港区2", "0456600003,見本 三子,ミホン,神奈川県"]
    rows += ["3.12E+09,表計算 花,ヒョウ,東京都", "045-66,短井 一,ミジカイ,横浜市", "内線12,代表,ダイヒョウ,"]
    file = FilePayload(name="12月.csv", mimeType="text/csv", buffer="\r\n".join(rows).encode("cp932"))
    page.set_input_files("#f-file", file)
    page.click("text=次へ：列の対応")
    page.wait_for_url("**/columns*")
    page.click("text=次へ：確認")
    expect(page.get_by_role("button", name="件を取り込む")).to_be_visible(timeout=60_000)


def codes(page: Page, scene: Scene) -> None:
    """Two codes chosen to be called again."""
    page.goto(page.url.replace("/lists", f"/lists/{scene.floor.list_ids[0]}?tab=codes"))
    for name in ("08", "94"):
        page.locator(f"input[type=checkbox][value='{name}']").check()


def incoming(page: Page, scene: Scene) -> None:
    """Weekdays ring the floor and then the office; else it is said when to call."""
    floor = scene.floor
    floor_rings = Tier(place=1, kind="ring", extensions=("201", "202", "203"))
    office_rings = Tier(place=2, kind="ring", extensions=("250",))
    busy = Tier(place=3, kind="announce", text="ただいま混み合っております。")
    closed = Tier(place=1, kind="announce", text="本日の受付は終わりました。")
    day = Wanted(name="平日の昼", tiers=(floor_rings, office_rings, busy))
    night = Wanted(
        name="夜間・休日", weekdays=0b1111111, on_holidays="same",
        from_minute=0, to_minute=1440, tiers=(closed,),
    )  # fmt: skip
    for wanted in (day, night):
        incoming_routes.save(floor.store, floor.tenant_id, wanted, at=int(floor.clock.wall() * 1000))
    page.reload()
    expect(page.locator("table").first).to_contain_text("夜間・休日")


def knobs(page: Page, scene: Scene) -> None:
    """The sheet with the numbers of dialling."""
    projects.change(scene.floor.store, scene.floor.tenant_id, scene.floor.project_id, mode="adaptive")
    _live(page)
    page.select_option("#project", str(scene.floor.project_id))
    page.locator("#knobs details summary").click()
    expect(page.locator("#knobs details .sheet")).to_be_visible()


def panel(page: Page, scene: Scene) -> None:
    """A seat's details, with somebody who whispers."""
    _live(page)
    listener = Listener(user_id=0, name="監督 花子", how="whisper")
    page.locator("[data-seat]", has_text="A-02").first.click()
    expect(page.locator("#panel")).to_be_visible()
    page.select_option("#telephone", "250")
    expect(page.locator("#panel [data-answer]")).to_contain_text("監督電話を登録しました")
    scene.set_seat("A-02", listeners=(listener,))
    expect(page.locator("#panel [data-is=listeners]")).to_contain_text("ささやく")
    expect(page.locator("#panel [data-recent] tr").first).to_be_visible()


def layout(page: Page, _scene: Scene) -> None:
    """Seats in their order."""
    page.get_by_role("button", name="座席順に並べる").click()
    expect(page.locator("#layout-left")).to_have_text("0", timeout=60_000)
