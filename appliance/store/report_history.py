"""報告履歴: what was reported to a person, for managers in the whole tenant; what became of its letter."""

from __future__ import annotations

from typing import Any, Final, Literal

from appliance.store.models import Noun
from appliance.store.open import Store

COUNT_MAX: Final = 10_000
MailState = Literal["none", "waiting", "again", "sent", "partly", "unknown", "failed"]


class Filter(Noun, frozen=True):
    """What to look for; 0 and '' are no condition.  `reader_id`: reported to this person.  Times in ms."""

    reader_id: int = 0
    project_id: int = 0
    list_id: int = 0
    code: str = ""
    from_at: int = 0
    to_at: int = 0
    text: str = ""


class Line(Noun, frozen=True):
    """One report.  `mail`: none (no addresses), waiting, again, sent, partly, unknown, failed."""

    id: int
    reported_at: int
    reporter_name: str
    project_name: str
    list_id: int
    list_name: str
    customer_id: int
    customer_name: str
    number: str
    at: int
    user_name: str
    code: str
    code_name: str
    memo: str
    mail: MailState
    mail_error: str
    sent_at: int


class Page(Noun, frozen=True):
    """Some lines, newest first, and how many there are (at most COUNT_MAX)."""

    lines: tuple[Line, ...]
    count: int


_MAIL: Final = (
    "CASE WHEN d.mail_id = 0 THEN 'none' WHEN m.id IS NULL THEN 'sent' WHEN m.sent_at > 0 AND m.error != ''"
    " THEN 'partly' WHEN m.sent_at > 0 THEN 'sent' WHEN m.given_up_at > 0 THEN 'failed'"
    " WHEN m.handing_at > 0 THEN 'unknown' WHEN m.tries > 0 THEN 'again' ELSE 'waiting' END"
)
_FROM: Final = (
    "FROM report_delivery d JOIN history h ON h.id = d.history_id JOIN customer c ON c.id = d.customer_id"
)
_LINE: Final = (
    "SELECT d.id, d.reported_at, coalesce(r.name, '') AS reporter_name, coalesce(p.name, '') AS project_name,"
    " c.list_id, coalesce(l.name, '') AS list_name, d.customer_id, c.name AS customer_name, h.number, h.at,"
    " coalesce(u.name, '') AS user_name, h.code, coalesce(k.name, '') AS code_name, h.memo,"
    f" {_MAIL} AS mail, coalesce(m.error, '') AS mail_error, coalesce(m.sent_at, 0) AS sent_at {_FROM}"
    " LEFT JOIN project p ON p.id = d.project_id LEFT JOIN list l ON l.id = c.list_id"
    " LEFT JOIN user r ON r.id = d.reported_by LEFT JOIN user u ON u.id = h.user_id"
    " LEFT JOIN result_code k ON k.project_id = h.project_id AND k.code = h.code"
    " LEFT JOIN mail m ON m.id = d.mail_id"
)


def search(store: Store, tenant_id: int, wanted: Filter, *, offset: int = 0, limit: int = 50) -> Page:
    """One page of reports."""
    where, values = _where(tenant_id, wanted)
    with store.reading():
        lines = store.all(
            Line,
            f"{_LINE} WHERE {where} ORDER BY d.reported_at DESC, d.id DESC LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        count = store.value(
            f"SELECT count(*) FROM (SELECT 1 {_FROM} WHERE {where} LIMIT {COUNT_MAX})",  # noqa: S608 - constants
            values,
        )
    return Page(lines=tuple(lines), count=int(count))


def mail_of(store: Store, tenant_id: int, delivery_id: int) -> int:
    """The letter of a report; 0 without one."""
    return int(
        store.value(
            "SELECT mail_id FROM report_delivery WHERE id = ? AND tenant_id = ?", (delivery_id, tenant_id)
        )
        or 0
    )


def entries_of(store: Store, tenant_id: int, user_id: int, customer_id: int) -> frozenset[int]:
    """The customer's entries that were reported to a person."""
    rows = store.tuples(
        "SELECT d.history_id FROM report_delivery d JOIN report_reader e ON e.delivery_id = d.id"
        " WHERE d.tenant_id = ? AND d.customer_id = ? AND e.user_id = ?",
        (tenant_id, customer_id, user_id),
    )
    return frozenset(row[0] for row in rows)


def _where(tenant_id: int, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    parts: list[tuple[str, tuple[Any, ...]]] = [("d.tenant_id = ?", (tenant_id,))]
    if wanted.reader_id:
        parts.append(
            ("d.id IN (SELECT delivery_id FROM report_reader WHERE user_id = ?)", (wanted.reader_id,))
        )
    for condition, value in (
        ("d.project_id = ?", wanted.project_id),
        ("c.list_id = ?", wanted.list_id),
        ("h.code = ?", wanted.code),
        ("d.reported_at >= ?", wanted.from_at),
        ("d.reported_at < ?", wanted.to_at),
    ):
        if value:
            parts.append((condition, (value,)))
    if wanted.text.strip():
        like = f"%{wanted.text.strip()}%"
        digits = "".join(sign for sign in wanted.text if sign.isdigit())
        parts.append(
            ("(c.name LIKE ? OR c.kana LIKE ? OR h.memo LIKE ? OR (? != '' AND h.number LIKE ?))",
             (like, like, like, digits, f"%{digits}%"))
        )  # fmt: skip
    return " AND ".join(text for text, _ in parts), tuple(value for _, values in parts for value in values)
