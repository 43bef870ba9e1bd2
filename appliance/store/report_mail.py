"""報告: a project's reports, by mail to addresses and on the page 報告履歴 of its recipients.

An entry is reported by whoever saved it.  Its letter waits some seconds, so that a code taken back changes or
withdraws it; afterwards it is reported anew only when its words have changed.  mail.py is the queue.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from appliance.errors import BadInput
from appliance.store import customers, history_lines, mail, report_letters
from appliance.store.models import HistoryLine, Noun
from appliance.store.open import Store

HOLD_MS: Final = 15_000  # a saved result can be taken back for 10 s
ADDRESSES_MAX: Final = 50
SUBJECT_MAX: Final = 120
TEXT_MAX: Final = 2_000
ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Setting(Noun, frozen=True):
    """How a project reports.  `addresses` is JSON."""

    project_id: int
    is_on: int = 0
    addresses: str = "[]"
    subject: str = ""
    header: str = ""
    footer: str = ""

    @property
    def to(self) -> tuple[str, ...]:
        """The addresses."""
        return tuple(json.loads(self.addresses))


def get(store: Store, tenant_id: int, project_id: int) -> Setting:
    """The project's setting, or the defaults: off."""
    found = store.one(
        Setting, "FROM report_setting WHERE tenant_id = ? AND project_id = ?", (tenant_id, project_id)
    )
    return found or Setting(project_id=project_id)


def is_on(store: Store, tenant_id: int, project_id: int) -> bool:
    """Whether 保存して報告 is offered."""
    return bool(get(store, tenant_id, project_id).is_on)


def recipients(store: Store, tenant_id: int, project_id: int) -> tuple[int, ...]:
    """The users who get the project's reports; nobody who has left."""
    rows = store.tuples(
        "SELECT r.user_id FROM report_recipient r JOIN user u ON u.id = r.user_id"
        " WHERE r.tenant_id = ? AND r.project_id = ? AND u.retired_at = 0 ORDER BY r.user_id",
        (tenant_id, project_id),
    )
    return tuple(row[0] for row in rows)


def projects_of(store: Store, tenant_id: int, user_id: int) -> frozenset[int]:
    """Projects whose reports a person gets, on or off."""
    rows = store.tuples(
        "SELECT project_id FROM report_recipient WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id)
    )
    return frozenset(row[0] for row in rows)


def change(
    store: Store,
    tenant_id: int,
    project_id: int,
    *,
    is_on: bool,
    addresses: tuple[str, ...],
    user_ids: tuple[int, ...],
    subject: str,
    header: str,
    footer: str,
    by: int,
    at: int,
) -> None:
    """Replace the project's setting.  Raises BadInput, and changes nothing: no address, too long a text."""
    if not store.value("SELECT 1 FROM project WHERE id = ? AND tenant_id = ?", (project_id, tenant_id)):
        raise BadInput("その案件はありません。", remedy="一覧を更新してください。")
    values: dict[str, Any] = {
        "is_on": int(is_on),
        "addresses": json.dumps(_addresses(addresses)),
        "subject": _text(" ".join(subject.split()), "件名", SUBJECT_MAX),
        "header": _text(header, "本文の前書き", TEXT_MAX),
        "footer": _text(footer, "本文の後書き", TEXT_MAX),
        "changed_at": at,
        "changed_by": by,
    }
    with store.transaction():
        store.run(
            "INSERT OR IGNORE INTO report_setting (project_id, tenant_id) VALUES (?, ?)",
            (project_id, tenant_id),
        )
        names = ", ".join(f"{name} = ?" for name in values)
        store.run(f"UPDATE report_setting SET {names} WHERE project_id = ?", (*values.values(), project_id))  # noqa: S608 - our names
        store.run("DELETE FROM report_recipient WHERE project_id = ?", (project_id,))
        store.many(
            "INSERT INTO report_recipient (project_id, user_id, tenant_id)"
            " SELECT ?, id, tenant_id FROM user WHERE id = ? AND tenant_id = ? AND retired_at = 0",
            [(project_id, user_id, tenant_id) for user_id in dict.fromkeys(user_ids)],
        )


def _addresses(given: tuple[str, ...]) -> list[str]:
    found = list(dict.fromkeys(address.strip() for address in given if address.strip()))
    for address in found:
        if not ADDRESS.fullmatch(address) or len(address) > 254:  # RFC 5321 4.5.3.1.3
            raise BadInput(
                f"「{address}」はメールアドレスではありません。",
                remedy="name@example.com の形にしてください。",
            )
    if len(found) > ADDRESSES_MAX:
        raise BadInput(f"送信先が{len(found)}件あります。", remedy=f"{ADDRESSES_MAX}件までにしてください。")
    return found


def _text(text: str, name: str, characters_max: int) -> str:
    clean = text.replace("\r\n", "\n").strip()
    if len(clean) > characters_max:
        raise BadInput(f"「{name}」が長すぎます。", remedy=f"{characters_max}文字までにしてください。")
    return clean


# --- reporting --------------------------------------------------------------------------------------


def wish(store: Store, tenant_id: int, attempt_id: int, *, user_id: int, at: int) -> None:
    """保存して報告 of a call: its entry is reported as soon as the dialer has written it."""
    with store.transaction():
        store.run(
            "INSERT INTO report_wish (attempt_id, tenant_id, user_id, at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (attempt_id) DO UPDATE SET user_id = excluded.user_id, at = excluded.at",
            (attempt_id, tenant_id, user_id, at),
        )
        found = store.value("SELECT id FROM history WHERE attempt_id = ? AND code != ''", (attempt_id,))
        if found:
            _grant(store, int(found))


def withdraw(store: Store, tenant_id: int, attempt_id: int, *, at: int) -> None:
    """Taken back, or saved without reporting: the wish is forgotten, with a report of a moment ago."""
    with store.transaction():
        store.run("DELETE FROM report_wish WHERE attempt_id = ? AND tenant_id = ?", (attempt_id, tenant_id))
        for (history_id,) in store.tuples(
            "SELECT id FROM history WHERE attempt_id = ? AND tenant_id = ?", (attempt_id, tenant_id)
        ):
            _drop_fresh(store, history_id, at)


def follow(store: Store, history_id: int) -> None:
    """An entry was written or changed: grant a wish for it, and rewrite its letter while that still waits."""
    rows = store.tuples(
        "SELECT w.attempt_id IS NOT NULL, d.id IS NOT NULL FROM history h"
        " LEFT JOIN report_wish w ON w.attempt_id = h.attempt_id"
        " LEFT JOIN report_delivery d ON d.history_id = h.id WHERE h.id = ? AND h.code != '' LIMIT 1",
        (history_id,),
    )
    for is_wished, is_reported in rows:
        if is_wished:
            _grant(store, history_id)
        elif is_reported:
            _rewrite(store, history_id)


def _grant(store: Store, history_id: int) -> None:
    """Report what was wished for; a project that is off by now reports nothing."""
    for attempt_id, tenant_id, user_id, at, entry_at in store.tuples(
        "SELECT w.attempt_id, w.tenant_id, w.user_id, w.at, h.at FROM report_wish w"
        " JOIN history h ON h.attempt_id = w.attempt_id WHERE h.id = ?",
        (history_id,),
    ):
        store.run("DELETE FROM report_wish WHERE attempt_id = ?", (attempt_id,))
        found = history_lines.line(store, tenant_id, history_id)
        if found is not None and is_on(store, tenant_id, found.project_id):
            _deliver(store, tenant_id, found, user_id=user_id, at=max(at, entry_at), hold_ms=HOLD_MS)


def report(store: Store, tenant_id: int, history_id: int, *, user_id: int, at: int) -> int:
    """Report an entry; the delivery's id.  Raises BadInput: no such entry, not on, reported as it stands."""
    with store.transaction():
        found = history_lines.line(store, tenant_id, history_id)
        if found is None:
            raise BadInput("その対応履歴はありません。", remedy="検索し直してください。")
        if not is_on(store, tenant_id, found.project_id):
            raise BadInput("この案件は報告をしません。", remedy="案件設定の報告メールを確かめてください。")
        delivery_id = _deliver(store, tenant_id, found, user_id=user_id, at=at, hold_ms=0)
        if not delivery_id:
            raise BadInput("この対応履歴は報告済みです。", remedy="内容を変えると、もう一度報告できます。")
        return delivery_id


def _deliver(store: Store, tenant_id: int, found: HistoryLine, *, user_id: int, at: int, hold_ms: int) -> int:
    """Into the readers' 報告履歴 and the mail queue; 0 where these words were reported before."""
    setting, letter = get(store, tenant_id, found.project_id), _letter(store, tenant_id, found)
    changed = store.run(
        "INSERT OR IGNORE INTO report_delivery (tenant_id, project_id, history_id, customer_id, reported_by,"
        " reported_at, content_hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (tenant_id, found.project_id, found.id, found.customer_id, user_id, at, _hash(letter)),
    )
    if not changed:
        return 0
    delivery_id = int(store.value("SELECT last_insert_rowid()"))
    store.many(
        "INSERT INTO report_reader (user_id, delivery_id) VALUES (?, ?)",
        [(reader, delivery_id) for reader in recipients(store, tenant_id, found.project_id)],
    )
    if setting.to:
        mail_id = mail.put_report(
            store, to=setting.to, subject=letter.subject, body=letter.body, at=at, due_at=at + hold_ms
        )
        store.update("report_delivery", delivery_id, mail_id=mail_id)
    return delivery_id


def _letter(store: Store, tenant_id: int, found: HistoryLine) -> report_letters.Letter:
    setting = get(store, tenant_id, found.project_id)
    return report_letters.compose(
        found,
        fields=customers.fields(store, tenant_id, found.customer_id),
        subject=setting.subject,
        header=setting.header,
        footer=setting.footer,
        zone=store.zone,
    )


def _hash(letter: report_letters.Letter) -> str:
    return hashlib.sha256(f"{letter.subject}\n{letter.body}".encode()).hexdigest()


def _rewrite(store: Store, history_id: int) -> None:
    for delivery_id, tenant_id, mail_id in store.tuples(
        "SELECT d.id, d.tenant_id, d.mail_id FROM report_delivery d JOIN mail m ON m.id = d.mail_id"
        " WHERE d.history_id = ? AND m.sent_at = 0 AND m.handing_at = 0",
        (history_id,),
    ):
        found = history_lines.line(store, tenant_id, history_id)
        if found is None:
            return
        letter = _letter(store, tenant_id, found)
        if mail.rewrite(store, mail_id, subject=letter.subject, body=letter.body):
            store.run(
                "UPDATE OR IGNORE report_delivery SET content_hash = ? WHERE id = ?",
                (_hash(letter), delivery_id),
            )


def _drop_fresh(store: Store, history_id: int, at: int) -> None:
    for delivery_id, mail_id in store.tuples(
        "SELECT d.id, d.mail_id FROM report_delivery d LEFT JOIN mail m ON m.id = d.mail_id"
        " WHERE d.history_id = ? AND d.reported_at > ?"
        " AND (d.mail_id = 0 OR (m.sent_at = 0 AND m.handing_at = 0))",
        (history_id, at - HOLD_MS),
    ):
        store.run("DELETE FROM mail WHERE id = ? AND sent_at = 0 AND handing_at = 0", (mail_id,))
        store.run("DELETE FROM report_delivery WHERE id = ?", (delivery_id,))
