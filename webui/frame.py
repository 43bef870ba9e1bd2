"""The top bar: which screens stand in it on which side, and which side a page is on.

A screen stands there when the role holds its right and somebody has built its address.  Managers have both
sides and switch without a new log-in; the pages that both sides share stand on the managers'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

Side = Literal["manage", "call"]


@dataclass(frozen=True)
class Entry:
    """One screen of the bar.  `under` are other addresses at which it is the present one."""

    right: str
    url: str
    word: str
    under: tuple[str, ...] = ()
    beside: str = ""  # a right whose holders find it elsewhere: their bar is full

    def nearness(self, path: str) -> int:
        """How much of a page's address this screen's own explains; 0: the page is not of this screen."""
        known = (self.url, "/" + self.url.split("/")[1], *self.under)
        return max(len(one) if path == one or path.startswith(one + "/") else 0 for one in known)


BARS: Final[dict[Side, tuple[Entry, ...]]] = {
    "manage": (
        Entry("board", "/board", "リアルタイム", ("/layout",)),
        Entry("lists.view", "/lists", "リスト", ("/imports",)),
        Entry("history.view", "/history", "検索・履歴", ("/customers", "/entries", "/report-history")),
        Entry("reports.view", "/reports/hourly", "レポート"),
        Entry("blocked", "/blocked", "発信禁止"),
        Entry("projects.view", "/projects", "案件設定"),
    ),
    "call": (
        Entry("call", "/call", "架電"),
        Entry("search", "/call/search", "顧客検索"),
        Entry("recalls", "/recalls", "見込・再架電"),
        Entry("transfers", "/transfers", "転送"),
        Entry("missed", "/missed", "着信"),
        Entry("monitoring", "/floor", "フロア"),
        Entry("history.view", "/history", "検索・履歴", ("/customers", "/entries")),
        Entry("report-history", "/report-history", "報告履歴", beside="call"),  # callers: in their menu
        Entry("reports.view", "/reports/hourly", "自分の成績"),
    ),
}
CALL_ONLY: Final = ("/call", "/recalls", "/transfers", "/floor", "/missed")


def side_of(path: str, *, is_manager: bool) -> Side:
    """Which side's bar a page carries.  Pure."""
    is_calling = any(path == root or path.startswith(root + "/") for root in CALL_ONLY)
    return "manage" if is_manager and not is_calling else "call"


def bar(side: Side, may: Callable[[str], bool], built: Collection[str]) -> list[Entry]:
    """The screens of a side that this role may open and that exist.  Pure."""
    return [
        entry
        for entry in BARS[side]
        if entry.url in built and may(entry.right) and not (entry.beside and may(entry.beside))
    ]


def present(entries: list[Entry], path: str) -> Entry | None:
    """The screen that a page belongs to.  Pure."""
    nearest = max(entries, key=lambda entry: entry.nearness(path), default=None)
    return nearest if nearest and nearest.nearness(path) else None


def other_side(side: Side, may: Callable[[str], bool], built: Collection[str]) -> Entry | None:
    """The first screen of the other side, for those who have both.  Pure."""
    if not may("board"):
        return None
    found = bar("call" if side == "manage" else "manage", may, built)
    return found[0] if found else None
