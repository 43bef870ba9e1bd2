"""手動発信: any number is dialled by one's own seat; its memo and code; the numbers of the day.

The dialer refuses what is forbidden; for a blocked number the reason of its entry is said with it.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import DialNumber, EnterCode
from appliance.errors import YobirinError
from appliance.store import blocked, manual_calls, numbers, projects, result_codes
from webui import call
from webui.ask import Ask, Invalid, Services
from webui.auth import log_action
from webui.call_acts import caller_of, own_seat
from webui.phone_number import hyphenated
from webui.roles import Route

MEMO_MAX: Final = 2_000


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/call/manual", "manual", show),
        Route("POST", "/call/manual", "manual", dial),
        Route("POST", "/call/manual/save", "manual", save),
    ]


def show(ask: Ask) -> Any:
    """The page: the number, our own number to show, and what was dialled today."""
    seat, store = call.seat_of(ask), ask.services.store
    project_id = seat.project_id if seat is not None else 0
    callers = projects.callers(store, ask.tenant_id, project_id) if project_id else []
    codes = result_codes.every(store, ask.tenant_id, project_id) if project_id else []
    return ask.page(
        "manual.html",
        callers=callers,
        codes=[(row.code, ask.t(row.name)) for row in codes if row.kind != "system"],
        number=numbers.digits_of(ask.text("number", size_max=40)),
        rows=_today(ask),
    )


def _today(ask: Ask) -> list[manual_calls.ManualCall]:
    calendar = ask.services.calendar
    since = calendar.start_of(calendar.day(ask.services.now_ms()))
    return manual_calls.of_user(ask.services.store, ask.tenant_id, ask.person.user_id, since=since)


def dial(ask: Ask) -> Any:
    """発信.  What forbids it comes back as a sentence, the reason of a block with it."""
    seat, digits = own_seat(ask), numbers.digits_of(ask.text("number", size_max=40))
    body = DialNumber(seat_id=seat.seat_id, number=digits, caller=caller_of(ask, seat.project_id))
    try:
        ask.command(body)
    except YobirinError as error:
        reason = _reason(ask, digits)
        if not reason:
            raise
        raise Invalid(f"{ask.refusal(error)} {reason}".strip()) from error
    log_action(ask, "manual", "dialled", digits)
    return ask.json({"shown": hyphenated(digits)})


def _reason(ask: Ask, digits: str) -> str:
    """Why the number was blocked, in the words of its entry."""
    standing = blocked.find(ask.services.store, ask.tenant_id, digits) if digits else []
    words = next((row.reason for row in standing if row.reason), "")
    return ask.t("理由：{reason}", reason=words) if words else ""


def save(ask: Ask) -> Any:
    """The memo, and where the call waits for its result the code too: `is_next` goes on as before."""
    seat, attempt_id, code = own_seat(ask), ask.integer("attempt"), ask.text("code", size_max=2)
    manual_calls.keep_memo(
        ask.services.store, ask.tenant_id, attempt_id, user_id=ask.person.user_id,
        memo=ask.text("memo", size_max=MEMO_MAX), at=ask.services.now_ms(),
    )  # fmt: skip
    if code and seat.attempt_id == attempt_id:
        ask.command(EnterCode(seat_id=seat.seat_id, attempt_id=attempt_id, code=code))
    log_action(ask, "manual", "result saved", f"{attempt_id}: {code}")
    return ask.json({"done": True})
