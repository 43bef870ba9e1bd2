"""At one's desk, on every page: break and back, calling for help, taking a seat; and one's own stream.

A break locks every page of its person: the guard sends whoever is on one to `locked`, and only the password,
or the phone's PIN, leads back.  Wrong ones are counted as at the log-in.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

from appliance.dialer.messages import CallForHelp, EndBreak, SeatBoard, StartBreak, TakeSeat
from appliance.errors import YobirinError
from appliance.store import lists, seats, throttle, users
from webui.ask import Ask, Invalid, NotFound, Services
from webui.audiences import Kind, own_seat
from webui.auth import log_action
from webui.board import stream
from webui.call_card import reader_of
from webui.call_view import CallView
from webui.roles import Route
from webui.streams import Shared, View

REASON_CHARACTERS_MAX: Final = 40
SETTLES_S: Final = 1.0  # by then the board shows what became of a break that was asked for
OPEN_TO_LOCKED: Final = frozenset(("/break", "/break/end", "/events", "/logout"))
REASONS: Final[dict[str, str]] = {"break": "休憩", "away": "離席"}


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/events", "self", events),
        Route("GET", "/break", "self", locked),
        Route("POST", "/break", "self", begin),
        Route("POST", "/break/cancel", "self", cancel),
        Route("POST", "/break/end", "self", end),
        Route("POST", "/desk/help", "seat", call_for_help),
        Route("GET", "/desk/seats", "seat", free_seats),
        Route("POST", "/desk/seat", "seat", take_seat),
    ]


# --- one's own stream -------------------------------------------------------------------------------------


def events(ask: Ask) -> Any:
    """One stream for a browser.  It ends after some minutes and is asked for again, session and all."""
    view = OwnView(ask)
    return stream(ask, view.look, view.shared)


class OwnView:
    """What one browser's stream shows: the person's own things, and what the role lets see of the floor."""

    def __init__(self, ask: Ask) -> None:
        person, self._services = ask.person, ask.services
        self._user_id = person.user_id
        self._call = CallView(reader_of(ask)) if ask.may("call") else None
        self._kind: Kind | None = (
            "managers" if ask.may("board") else "operators" if ask.may("monitoring") else None
        )
        self._shared = (
            ask.services.audiences.of(person.tenant_id, ask.spoken, self._kind) if self._kind else None
        )

    def look(self) -> View:
        seat = self._services.live.seat_of(self._user_id)
        row = self._services.absent.of(self._user_id, seat, now_ms=self._services.now_ms())
        if row is not None:
            return {"me": {"lock": {"reason": row.reason, "from_at": row.from_at / 1000}}}
        own: View = {"me": {"seat": own_seat(seat)}}
        return own | self._call.look(seat) if self._call else own

    def shared(self) -> Shared | None:
        seat = self._services.live.seat_of(self._user_id)
        is_locked = self._services.absent.of(self._user_id, seat, now_ms=self._services.now_ms())
        return None if is_locked else self._shared


# --- breaks -----------------------------------------------------------------------------------------------


def absence_of(ask: Ask) -> Any:
    """The break the asking person is on, or None."""
    seat = ask.services.live.seat_of(ask.person.user_id)
    return ask.services.absent.of(ask.person.user_id, seat, now_ms=ask.services.now_ms())


def locked(ask: Ask, *, problem: str = "") -> Any:
    """The one page that a person on a break gets, whatever was asked for."""
    row = absence_of(ask)
    if row is None:
        return ask.goto(_next(ask))
    if ask.wants_json:
        words = problem or ask.t("休憩・離席中のため画面はロックされています。")
        return ask.json({"what": words, "is_locked": True}, status=423)
    return ask.page("locked.html", status=423, absence=row, problem=problem, next=_next(ask))


def _next(ask: Ask) -> str:
    """Where to go on after a break: the page that was asked for."""
    path = ask.request.path
    given = ask.text("next") if path in OPEN_TO_LOCKED else path
    if ask.request.method != "GET" and not given:
        return "/"
    return given if given.startswith("/") and not given.startswith(("//", "/\\", "/break")) else "/"


def begin(ask: Ask) -> Any:
    """A break now, or after the call that is in hand."""
    reason = ask.text("other", size_max=REASON_CHARACTERS_MAX) or ask.text("reason") or "break"
    person, services = ask.person, ask.services
    reason = reason[:REASON_CHARACTERS_MAX]
    seat = services.live.seat_of(person.user_id)
    if seat is not None:
        ask.command(StartBreak(seat_id=seat.seat_id, reason=reason))
    now = services.now_ms()
    services.absent.begin(person.tenant_id, person.user_id, reason=reason, at=now, is_asked=seat is not None)
    log_action(ask, "break", "began" if seat is None else "asked for", reason)
    if seat is not None:
        services.live.wait_until(lambda: _is_settled(ask), SETTLES_S)
    services.live.touch()
    is_locked = absence_of(ask) is not None
    if ask.wants_json:
        return ask.json({"is_locked": is_locked, "is_after_call": not is_locked})
    return ask.goto("/break" if is_locked else _back(ask))


def _is_settled(ask: Ask) -> bool:
    seat = ask.services.live.seat_of(ask.person.user_id)
    return seat is None or seat.state == "break" or bool(seat.break_wanted)


def _back(ask: Ask) -> str:
    given = ask.text("next")
    return given if given.startswith("/") and not given.startswith(("//", "/\\")) else "/"


def cancel(ask: Ask) -> Any:
    """Take back a break that was asked for, or end one that was begun at the phone."""
    seat = ask.services.live.seat_of(ask.person.user_id)
    if seat is not None:
        ask.command(EndBreak(seat_id=seat.seat_id))
    ask.services.absent.end(ask.person.user_id, at=ask.services.now_ms())
    log_action(ask, "break", "taken back")
    ask.services.live.touch()
    return ask.json({"done": True}) if ask.wants_json else ask.goto(_back(ask))


def end(ask: Ask) -> Any:
    """Back: by password, or by the PIN of the person's phone log-in."""
    try:
        _check_secret(ask)
    except Invalid as error:
        return locked(ask, problem=error.what)
    back(ask.services, ask.person.user_id)
    log_action(ask, "break", "ended")
    return ask.json({"done": True}) if ask.wants_json else ask.goto(_back(ask))


def back(services: Services, user_id: int) -> None:
    """End a person's break, at the page and at the seat.  A dialer that is away keeps nobody locked out."""
    seat = services.live.seat_of(user_id)
    was_let_in = services.absent.let_in(user_id, seat)
    if (services.absent.end(user_id, at=services.now_ms()) or was_let_in) and _is_on_break(seat):
        assert seat is not None
        # Where the dialer cannot, the seat stands on its break, and the top bar offers to end it.
        with contextlib.suppress(YobirinError):
            services.live.request(EndBreak(seat_id=seat.seat_id))
    services.live.touch()


def _is_on_break(seat: SeatBoard | None) -> bool:
    return seat is not None and (seat.state == "break" or bool(seat.break_wanted))


def _check_secret(ask: Ask) -> None:
    """Raises Invalid: neither the password nor the PIN, or too many wrong ones."""
    store, person, now = ask.services.store, ask.person, ask.services.now_ms()
    subjects = (f"unlock:{person.user_id}", f"address:{ask.address}")
    until = throttle.locked_until(store, subjects, at=now)
    given = (ask.request.forms.getunicode("password") or "")[:200]
    if not until:
        if _is_right(ask, given):
            throttle.succeeded(store, subjects)
            return
        until = throttle.failed(store, subjects, at=now)
        log_action(ask, "break", "wrong password")
    if until:
        at = ask.services.calendar.clock(until)
        raise Invalid(ask.t("続けて間違えたため、{at}まで戻れません。", at=at))
    raise Invalid(ask.t("パスワードが違います。"))


def _is_right(ask: Ask, given: str) -> bool:
    store, person = ask.services.store, ask.person
    user = users.check_password(store, person.tenant_id, person.login_name, given)
    if user is None and given.isascii() and given.isdigit():
        known = users.get(store, person.tenant_id, person.user_id)
        user = users.check_pin(store, known.phone_id, given) if known and known.phone_id else None
    return user is not None and user.id == person.user_id


# --- help, seats ------------------------------------------------------------------------------------------


def call_for_help(ask: Ask) -> Any:
    """The operator calls a supervisor, or needs none any more."""
    seat = ask.services.live.seat_of(ask.person.user_id)
    if seat is None:
        raise Invalid(ask.t("座席についていません。電話機でログインするか、座席を選んでください。"))
    is_on = ask.flag("is_on")
    ask.command(CallForHelp(seat_id=seat.seat_id, is_on=is_on))
    log_action(ask, "help", "called" if is_on else "taken back", seat.label)
    return ask.json({"done": True})


def free_seats(ask: Ask) -> Any:
    """Seats of the tenant at which nobody sits, for whoever wants to take one."""
    standing = {row.seat_id: row for row in ask.services.live.board.seats}
    found = []
    for seat in seats.every(ask.services.store):
        row = standing.get(seat.id)
        is_free = row is not None and not row.user_id and row.is_seen_by(ask.tenant_id)
        if is_free and seat.tenant_id in (None, ask.tenant_id):
            found.append({"id": seat.id, "label": seat.label, "extension": seat.extension})
    return ask.json({"seats": found, "last": ask.request.get_cookie("seat") or ""})


def take_seat(ask: Ask) -> Any:
    """Sit down at a seat: its phone rings, and whoever lifts the handset is logged in without a PIN."""
    seat_id, person, services = ask.integer("seat"), ask.person, ask.services
    seat = next((row for row in seats.every(services.store) if row.id == seat_id), None)
    if seat is None or seat.tenant_id not in (None, person.tenant_id):
        raise NotFound(ask.t("この座席はありません。"))
    ask.command(
        TakeSeat(
            seat_id=seat_id,
            user_id=person.user_id,
            user_name=person.name,
            tenant_id=person.tenant_id,
            project_ids=tuple(lists.projects_of_user(services.store, person.tenant_id, person.user_id)),
        )
    )
    log_action(ask, "seat", "taken", seat.label)
    answer = ask.json({"label": seat.label, "extension": seat.extension})
    answer.set_cookie("seat", str(seat_id), path="/", secure=True, samesite="strict", max_age=365 * 86_400)
    return answer
