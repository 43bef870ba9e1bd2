"""ユーザー・権限: who there is, made, changed, given a new password, retired; and what a person sees.

Passwords are made here and shown once, on a slip; none is ever read back.  Who may change whom is decided
by the store (people.MANAGES).  A retired person's log-in names stay taken, and the name stays in history.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from appliance.dialer.messages import LogOutSeat
from appliance.errors import BadInput, YobirinError
from appliance.store import people, projects, second_factor, users, visibility
from appliance.store.models import Role
from appliance.store.people import MANAGES, PersonLine, Wanted
from appliance.store.users import PIN_DIGITS
from appliance.store.visibility import CALLERS, Case, Viewer
from webui import right_words
from webui.ask import Ask, NotFound, Services
from webui.auth import log_action
from webui.roles import Route, may

PIN_MADE_DIGITS: Final = 6
STATES: Final = (("here", "在籍"), ("left", "退職"))


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/users", "users", show_all),
        Route("GET", "/users/rights", "users", show_rights),
        Route("GET", "/users/new", "users", show_new),
        Route("POST", "/users", "users", create),
        Route("GET", "/users/<user_id:int>", "users", show),
        Route("POST", "/users/<user_id:int>", "users", change),
        Route("GET", "/users/<user_id:int>/sees", "users", show_seen),
        Route("POST", "/users/<user_id:int>/password", "users", reset_password),
        Route("POST", "/users/<user_id:int>/retire", "users.retire", retire),
    ]


def show_all(ask: Ask) -> Any:
    store, text = ask.services.store, ask.text("q", size_max=60)
    has_left = ask.text("state") == "left"
    lines = people.table(store, ask.tenant_id, is_retired=has_left)
    return ask.page(
        "users.html",
        rows=[line for line in lines if _fits(line, text)],
        total=len(lines),
        q=text,
        state="left" if has_left else "here",
        states=[(key, ask.t(word)) for key, word in STATES],
        project_names=_project_names(ask),
        seats=_seats(ask),
        may_change=MANAGES[ask.person.role],
    )


def _fits(line: PersonLine, text: str) -> bool:
    return all(
        part in f"{line.name} {line.login_name} {line.phone_id}".lower() for part in text.lower().split()
    )


def _project_names(ask: Ask) -> dict[int, str]:
    return {row.id: row.name for row in projects.every(ask.services.store, ask.tenant_id)}


def _seats(ask: Ask) -> dict[int, str]:
    """Who is logged in at which desk phone now."""
    board = ask.services.live.board
    return {row.user_id: row.label for row in board.seats if row.user_id and row.tenant_id == ask.tenant_id}


# --- one person -------------------------------------------------------------------------------------------


def _existing(ask: Ask, user_id: int) -> PersonLine:
    """A person of the tenant, also one who has left.  Raises NotFound."""
    found = people.get(ask.services.store, ask.tenant_id, user_id)
    if found is None:
        raise NotFound(ask.t("このユーザーはいません。"))
    return found


def show_new(ask: Ask, *, problem: str = "") -> Any:
    return _form(ask, None, problem=problem)


def show(ask: Ask, user_id: int, *, problem: str = "") -> Any:
    return _form(ask, _existing(ask, user_id), problem=problem)


def _form(ask: Ask, person: PersonLine | None, *, problem: str = "") -> Any:
    """The form of a person; after a refusal with what was typed."""
    wanted = _typed(ask) if ask.request.method == "POST" else _as_wanted(person)
    given = MANAGES[ask.person.role]
    is_fixed = person is not None and (person.role not in given or person.retired_at > 0)
    return ask.page(
        "user.html",
        status=400 if problem else 200,
        problem=problem,
        known=person,
        wanted=wanted,
        is_fixed=is_fixed,
        is_self=person is not None and person.id == ask.person.user_id,
        roles=[
            (role, ask.t(right_words.ROLES[role]))
            for role in MANAGES["MGR"]
            if role in given or (person is not None and role == person.role)
        ],
        project_names=_project_names(ask),
        seat=_seats(ask).get(person.id, "") if person else "",
        has_factor=person is not None and second_factor.is_on(ask.services.store, person.id),
    )


def _typed(ask: Ask) -> Wanted:
    """What the form says.  A role that does not call has no phone log-in."""
    role: Any = ask.text("role", size_max=3)
    ticked = tuple(int(text) for text in ask.texts("project") if text.isascii() and text.isdigit())
    return Wanted(
        login_name=ask.text("login_name", size_max=200),
        name=ask.text("name", size_max=200),
        role=role,
        phone_id=ask.text("phone_id", size_max=20) if role in CALLERS else "",
        pin=ask.text("pin", size_max=20) if role in CALLERS else "",
        project_ids=ticked if ask.text("where") == "chosen" else None,
    )


def _as_wanted(person: PersonLine | None) -> Wanted:
    if person is None:
        return Wanted(login_name="", name="", role="OP")
    return Wanted(
        login_name=person.login_name,
        name=person.name,
        role=person.role,
        phone_id=person.phone_id,
        project_ids=None if person.is_all_projects else person.project_ids,
    )


def _with_pin(wanted: Wanted, *, has_pin: bool) -> Wanted:
    """A phone ID without a PIN gets one."""
    if not wanted.phone_id or wanted.pin or has_pin:
        return wanted
    return Wanted(**({name: getattr(wanted, name) for name in Wanted.__struct_fields__} | {"pin": new_pin()}))


def new_pin() -> str:
    """Digits for a phone log-in that nobody chose."""
    assert PIN_DIGITS[0] <= PIN_MADE_DIGITS <= PIN_DIGITS[1]
    return "".join(secrets.choice("0123456789") for _ in range(PIN_MADE_DIGITS))


def create(ask: Ask) -> Any:
    """A new person, with a slip to hand over."""
    wanted, password = _with_pin(_typed(ask), has_pin=False), people.new_password()
    try:
        user_id = people.create(
            ask.services.store,
            ask.tenant_id,
            wanted,
            by=ask.person.role,
            password=password,
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        return show_new(ask, problem=ask.refusal(error))
    log_action(ask, "users", "created", f"{wanted.login_name} {wanted.name} {wanted.role}")
    return _slip(ask, _existing(ask, user_id), password=password, pin=wanted.pin)


def change(ask: Ask, user_id: int) -> Any:
    """Name, log-in, role, phone and projects; all or nothing."""
    before = _existing(ask, user_id)
    wanted = _with_pin(_typed(ask), has_pin=bool(before.has_pin and before.phone_id))
    try:
        changed = people.change(ask.services.store, ask.tenant_id, user_id, wanted, by=ask.person.role)
    except BadInput as error:
        return show(ask, user_id, problem=ask.refusal(error))
    after = _existing(ask, user_id)
    log_action(ask, "users", "changed", f"{after.login_name}: {_told(before, after, changed)}")
    if after.role not in CALLERS:
        _leave_seat(ask, user_id, ask.t("役割の変更"))
    if wanted.pin:
        return _slip(ask, after, password="", pin=wanted.pin)
    return ask.goto(f"/users/{user_id}", "saved")


def _told(before: PersonLine, after: PersonLine, changed: tuple[str, ...]) -> str:
    """What changed, for the log: no PIN, only that there is another."""
    texts = [
        name if name == "pin" else f"{name} {getattr(before, name)} → {getattr(after, name)}"
        for name in changed
    ]
    return ", ".join(texts) or "nothing"


def reset_password(ask: Ask, user_id: int) -> Any:
    """A password for one use on a slip; the person's browsers are logged out."""
    person, store = _existing(ask, user_id), ask.services.store
    try:
        password = people.reset_password(
            store, ask.tenant_id, user_id, by=ask.person.role, at=ask.services.now_ms()
        )
        pin = new_pin() if ask.flag("with_pin") and person.phone_id else ""
        if pin:
            users.set_phone(store, ask.tenant_id, user_id, phone_id=person.phone_id, pin=pin)
    except BadInput as error:
        return show(ask, user_id, problem=ask.refusal(error))
    log_action(ask, "users", "password reset", person.login_name + (" and PIN" if pin else ""))
    return _slip(ask, _existing(ask, user_id), password=password, pin=pin)


def _slip(ask: Ask, person: PersonLine, *, password: str, pin: str) -> Any:
    """What is handed over on paper; shown this once."""
    tenant = next(row for row in users.tenants(ask.services.store) if row.id == ask.tenant_id)
    return ask.page(
        "user_slip.html",
        known=person,
        password=password,
        pin=pin,
        tenant=tenant,
        address=f"https://{ask.request.get_header('Host', '')}/",
        service_code=ask.services.settings.phones.service_code,
    )


def retire(ask: Ask, user_id: int) -> Any:
    """End a person for ever; at the phone after the call in hand.  Not oneself."""
    person = _existing(ask, user_id)
    if person.id == ask.person.user_id:
        return show(ask, user_id, problem=ask.t("自分自身は退職にできません。別のMGRに依頼してください。"))
    try:
        users.retire(ask.services.store, ask.tenant_id, user_id, at=ask.services.now_ms())
    except BadInput as error:
        return show(ask, user_id, problem=ask.refusal(error))
    log_action(ask, "users", "retired", f"{person.login_name} {person.name}")
    _leave_seat(ask, user_id, ask.t("退職"))
    return ask.goto("/users", "retired")


def _leave_seat(ask: Ask, user_id: int, reason: str) -> None:
    """Log the person out of the desk phone after the call in hand; noted where the dialer cannot."""
    for seat in ask.services.live.board.seats:
        if seat.user_id == user_id and seat.tenant_id == ask.tenant_id:
            try:
                ask.command(LogOutSeat(seat_id=seat.seat_id, is_now=False, reason=reason))
            except YobirinError as error:
                log_action(ask, "users", "not logged out", f"{seat.label}: {error}")


# --- what a person sees -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeenLine:
    """A list, whether the person finds it in pull-downs and on the call page, and if not, why."""

    name: str
    project_name: str
    is_in_pull_down: bool
    is_to_call: bool
    why: tuple[str, ...]


def show_seen(ask: Ask, user_id: int) -> Any:
    """Menus, projects and lists as that person would see them, and why something is not there."""
    person, store = _existing(ask, user_id), ask.services.store
    is_managing = person.role in visibility.MANAGERS
    viewer = Viewer(tenant_id=ask.tenant_id, user_id=user_id, role=person.role, is_managing=is_managing)
    return ask.page(
        "user_sees.html",
        known=person,
        is_managing=is_managing,
        groups=right_words.held(person.role, ask.t),
        projects=visibility.projects(store, viewer),
        lists=[
            SeenLine(
                name=seen.name,
                project_name=seen.project_name,
                is_in_pull_down=is_managing or visibility.in_pull_down(case),
                is_to_call=person.role in visibility.CLERKS and visibility.on_call_page(case),
                why=tuple(ask.t(words) for words in why_not(person.role, case)),
            )
            for seen, case in visibility.cases(store, viewer)
        ],
    )


def why_not(role: Role, case: Case) -> list[str]:
    """Why a list is not there to be called; nothing where it is.  Pure."""
    checks = (
        (role in visibility.CLERKS, "この役割は架電しません"),
        (case.is_active, "案件が無効です"),
        (case.is_enabled, "リストが無効です"),
        (case.is_permitted, "担当になっていません"),
    )
    return [words for is_met, words in checks if not is_met]


def show_rights(ask: Ask) -> Any:
    """The table of roles and what each may do."""
    return ask.page(
        "rights.html",
        roles=MANAGES["MGR"],
        groups=[
            (
                ask.t(title),
                [(ask.t(words), [may(role, right) for role in MANAGES["MGR"]]) for right, words in rows],
            )
            for title, rows in right_words.GROUPS
        ],
        notes={role: ask.t(words) for role, words in right_words.NOTES.items()},
    )
