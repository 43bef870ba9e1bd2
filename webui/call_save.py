"""What is typed on the call screen: drafts, the result, and taking it back.

A result is two things: what was typed, which goes to the store, and the code, which goes to the dialer, who
writes the entry.  With the dialer away nothing is saved, and the draft stays.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from appliance.dialer.messages import EnterCode, SeatBoard, TakeBack
from appliance.store import details, drafts, history, projects, report_mail
from appliance.store.details import Typed
from appliance.store.models import HistoryLine
from webui import call, recall_time
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.call_card import content_of, reader_of
from webui.recall_time import Refusal
from webui.roles import Route

TAKE_BACK_S: Final = 10


def routes(_services: Services) -> list[Route]:
    return [
        Route("POST", "/call/draft", "call", keep_draft),
        Route("GET", "/call/when", "call", read_time),
        Route("POST", "/call/save", "call", save),
        Route("POST", "/call/take-back", "call", take_back),
    ]


class Content(msgspec.Struct, frozen=True):
    """A draft as the page writes it.  `recall` as it was typed; attributes by id."""

    code: str = ""
    memo: str = ""
    recall: str = ""
    successor: int = 0
    level: int = 0
    reason: str = ""
    customer: dict[str, str] = {}
    result: dict[str, str] = {}


def _content(ask: Ask) -> Content:
    text = ask.text("content", size_max=drafts.CONTENT_MAX)
    try:
        return msgspec.json.decode(text or "{}", type=Content)
    except msgspec.MsgspecError:
        raise Invalid(ask.t("入力を読み取れませんでした。画面を読み込み直してください。")) from None


# --- drafts ---------------------------------------------------------------------------------------------


def keep_draft(ask: Ask) -> Any:
    """Everything typed, a second after the last key."""
    content, now = _content(ask), ask.services.now_ms()
    drafts.save(
        ask.services.store,
        ask.tenant_id,
        ask.person.user_id,
        ask.integer("customer"),
        ask.integer("attempt"),
        content=msgspec.json.encode(content).decode(),
        at=now,
    )
    return ask.json({"saved": ask.services.calendar.clock(now, seconds=True)})


def read_time(ask: Ask) -> Any:
    """What a time to call again means, or why it cannot be: shown under its field."""
    try:
        at = due_at(ask, ask.integer("project"), ask.text("text", size_max=60))
    except Invalid as error:
        return ask.json({"problem": error.what})
    return ask.json({"shown": ask.services.calendar.planned(at, ask.language) if at else ""})


def due_at(ask: Ask, project_id: int, text: str) -> int:
    """Milliseconds of a typed time, 0 of none.  Raises Invalid with the reason."""
    if not text.strip():
        return 0
    project = projects.get(ask.services.store, ask.tenant_id, project_id)
    hours = projects.hours_of(project) if project else ()
    now = ask.services.calendar.moment(ask.services.now_ms())
    found = recall_time.parse(text, now, hours)
    if isinstance(found, Refusal):
        raise Invalid(ask.t(found.words, **found.values))
    assert isinstance(found, datetime)
    return int(found.timestamp() * 1000)


# --- the result -----------------------------------------------------------------------------------------


def save(ask: Ask) -> Any:
    """保存のみ and 保存して次へ: what was typed, then the code.  An entry that stands already is edited."""
    content, attempt_id, customer_id = _content(ask), ask.integer("attempt"), ask.integer("customer")
    seat, entry = call.seat_of(ask), _entry(ask, customer_id, attempt_id)
    is_in_hand = seat is not None and seat.attempt_id == attempt_id > 0
    if not is_in_hand and entry is None:
        raise Invalid(ask.t("保存する通話がありません。発信してから保存してください。"))
    if entry is not None and entry.user_id != ask.person.user_id and not is_in_hand:
        raise NotFound(ask.t("この対応履歴はありません。"))
    if is_in_hand and not content.code:
        raise Invalid(ask.t("結果コードを選んでください。"))
    _keep_details(ask, customer_id, attempt_id, content)
    _report(ask, attempt_id)
    if is_in_hand:
        assert seat is not None
        _tell_code(ask, seat, attempt_id, content)
    elif entry is not None:
        _edit(ask, entry, content)
    drafts.remove(ask.services.store, ask.tenant_id, ask.person.user_id, customer_id, attempt_id)
    log_action(ask, "call", "result saved", f"{attempt_id}: {content.code}")
    now = ask.services.now_ms()
    return ask.json(
        {
            "saved": ask.services.calendar.clock(now, seconds=True),
            "code": content.code,
            "take_back_s": TAKE_BACK_S if is_in_hand else 0,
        }
    )


def _entry(ask: Ask, customer_id: int, attempt_id: int) -> HistoryLine | None:
    """The entry of an attempt, where the dialer has written one."""
    rows = history.of_customer(ask.services.store, ask.tenant_id, customer_id)
    return next((row for row in rows if row.attempt_id == attempt_id > 0), None)


def _keep_details(ask: Ask, customer_id: int, attempt_id: int, content: Content) -> None:
    project_id = call.customer_of(ask, customer_id).project_id
    typed = Typed(
        memo=content.memo,
        level_id=content.level,
        successor_id=content.successor,
        due_at=due_at(ask, project_id, content.recall),
        reason=content.reason,
        of_customer=_by_id(content.customer),
        of_result=_by_id(content.result),
    )
    details.save(
        ask.services.store, ask.tenant_id, attempt_id, customer_id, typed,
        user_id=ask.person.user_id, at=ask.services.now_ms(),
    )  # fmt: skip


def _report(ask: Ask, attempt_id: int) -> None:
    """保存して報告: the entry is reported when the dialer has written it.  Saved otherwise, it is not."""
    if ask.flag("is_reporting"):
        report_mail.wish(
            ask.services.store,
            ask.tenant_id,
            attempt_id,
            user_id=ask.person.user_id,
            at=ask.services.now_ms(),
        )
    else:
        _withdraw(ask, attempt_id)


def _withdraw(ask: Ask, attempt_id: int) -> None:
    report_mail.withdraw(ask.services.store, ask.tenant_id, attempt_id, at=ask.services.now_ms())


def _by_id(values: dict[str, str]) -> dict[int, str]:
    return {int(key): value for key, value in values.items() if key.isascii() and key.isdigit()}


def _tell_code(ask: Ask, seat: SeatBoard, attempt_id: int, content: Content) -> None:
    ask.command(
        EnterCode(seat_id=seat.seat_id, attempt_id=attempt_id, code=content.code, is_next=ask.flag("is_next"))
    )


def _edit(ask: Ask, entry: HistoryLine, content: Content) -> None:
    """The entry stands already: its code came from the phone, or nobody answered."""
    if not content.code or content.code == entry.code:
        return
    history.edit(
        ask.services.store,
        ask.tenant_id,
        entry.id,
        code=content.code,
        memo=content.memo,
        editor_id=ask.person.user_id,
        at=ask.services.now_ms(),
    )
    log_action(ask, "call", "entry edited", f"{entry.id}: {entry.code} → {content.code}")


def take_back(ask: Ask) -> Any:
    """取り消す: the code is owed again, and what was typed is a draft again."""
    attempt_id, customer_id = ask.integer("attempt"), ask.integer("customer")
    seat = call.seat_of(ask)
    if seat is None:
        raise Invalid(ask.t("座席についていません。電話機でログインするか、座席を選んでください。"))
    call.customer_of(ask, customer_id)
    content = content_of(reader_of(ask), customer_id, attempt_id)
    content["code"] = content["code"] or ask.text("code", size_max=2)
    drafts.save(
        ask.services.store,
        ask.tenant_id,
        ask.person.user_id,
        customer_id,
        attempt_id,
        content=msgspec.json.encode(content).decode(),
        at=ask.services.now_ms(),
    )
    ask.command(TakeBack(seat_id=seat.seat_id, attempt_id=attempt_id))
    _withdraw(ask, attempt_id)
    log_action(ask, "call", "result taken back", f"{attempt_id}: {content['code']}")
    return ask.json({"done": True})
