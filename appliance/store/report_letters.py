"""What a report's letter says: the entry, its customer, the project's own words around it.  Pure.

The form between header and footer is fixed, as receivers' own programs read it: one `name: value` a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.store.models import HistoryLine


class Letter(NamedTuple):
    """Subject and text."""

    subject: str
    body: str


def compose(
    entry: HistoryLine,
    *,
    fields: Iterable[tuple[str, str]],
    subject: str,
    header: str,
    footer: str,
    zone: ZoneInfo,
) -> Letter:
    """The letter about one entry.  Without a subject of the project's own it names project and result."""
    result = f"{entry.code} {entry.code_name}".strip()
    moment = datetime.fromtimestamp(entry.at / 1000, zone)
    lines = [
        ("案件", entry.project_name),
        ("リスト", entry.list_name),
        ("顧客ID", f"{entry.list_id}-{entry.customer_id}"),
        ("対応日時", f"{moment:%Y/%m/%d %H:%M}"),
        ("担当", entry.user_name),
        ("結果", result),
        ("通話", _talk(entry.talk_ms)),
        ("発信先", entry.number),
        ("メモ", _indented(entry.memo)),
    ]
    text = "\n".join(f"{name}: {value}" for name, value in lines if value)
    customer = "\n".join(f"{name}: {_indented(value)}" for name, value in fields if value)
    parts = [header, f"■ 対応内容\n{text}", f"■ 顧客情報\n{customer}" if customer else "", footer]
    body = "\n\n".join(part for part in parts if part) + "\n"
    return Letter(subject or f"【報告】{entry.project_name} {result}".strip(), body)


def _talk(ms: int) -> str:
    seconds = ms // 1000
    return f"{seconds // 60}分{seconds % 60:02}秒" if seconds else ""


def _indented(text: str) -> str:
    """Further lines stand in, so that none of them looks like a name of its own."""
    return text.strip().replace("\n", "\n　　")
