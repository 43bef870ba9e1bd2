"""Logging in and out: sessions in the store, a cookie that scripts cannot read, guessing slowed down.

A password never reaches a log, a page or an error.  A name that does not exist takes as long as one that
does, and both are refused with the same words.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from appliance.store import audit, people, second_factor, security, sessions, throttle, users
from appliance.store.models import Tenant, User
from webui.ask import Ask, Invalid, Person, Services, address_of

COOKIE: Final = "__Host-yobirin"
STEP_COOKIE: Final = "__Host-step"  # the password was right, the code is awaited
PRE_COOKIE: Final = "__Host-pre"  # a token for the log-in form, before there is a session
COOKIE_WORDS: Final[dict[str, Any]] = {"path": "/", "secure": True, "httponly": True, "samesite": "strict"}


def person_of(services: Services, request: Any) -> Person | None:
    """Who the cookie says it is; None without a session that still stands."""
    token = request.get_cookie(COOKIE)
    if not token:
        return None
    now = services.now_ms()
    session = sessions.find(services.store, token, at=now, is_deliberate=not _is_by_itself(request))
    if session is None:
        return None
    rules = security.policy(services.store, session.tenant_id)
    if rules.idle_ms and now - session.acted_at > rules.idle_ms:
        sessions.end(services.store, token)
        return None
    if not rules.lets_in(address_of(request)):
        return None
    user = users.get(services.store, session.tenant_id, session.user_id)
    if user is None or user.retired_at:
        return None
    return Person(
        user_id=user.id,
        tenant_id=user.tenant_id,
        name=user.name,
        login_name=user.login_name,
        role=user.role,
        language=user.language,
        csrf=session.csrf,
        must_change_password=bool(user.is_password_temporary)
        or rules.is_too_old(user.password_set_at, at=now),
        must_set_factor=user.role in rules.factor_roles and not second_factor.is_on(services.store, user.id),
    )


def _is_by_itself(request: Any) -> bool:
    """Whether a page that lies open asks, and nobody: its stream and the regions that refresh themselves."""
    return request.path.startswith("/events") or bool(request.get_header("X-Refresh"))


def log_in(ask: Ask) -> User:
    """The user whose entry, ID and password were given.  Raises Invalid with words for the form."""
    store, now = ask.services.store, ask.services.now_ms()
    entry, login = ask.text("entry", size_max=60), ask.text("login", size_max=60)
    subjects = (f"web:{entry}/{login.lower()}", f"address:{ask.address}")
    refuse_locked(ask, throttle.locked_until(store, subjects, at=now))
    tenant = _tenant(ask, entry)
    if tenant and not security.policy(store, tenant.id).lets_in(ask.address):
        _note_failure(ask, tenant.id, f"{entry}/{login}: address")
        raise Invalid(ask.t("この場所からはログインできません。"))
    password = ask.request.forms.getunicode("password") or ""
    user = users.check_password(store, tenant.id if tenant else 0, login, password[:200])
    if user is None:
        until = throttle.failed(store, subjects, at=now)
        _note_failure(ask, tenant.id if tenant else 0, f"{entry}/{login}")
        refuse_locked(ask, until)
        raise Invalid(ask.t("エントリ、IDまたはパスワードが違います。"))
    throttle.succeeded(store, subjects)
    return user


def _note_failure(ask: Ask, tenant_id: int, detail: str) -> None:
    audit.log(
        ask.services.store,
        tenant_id,
        at=ask.services.now_ms(),
        screen="login",
        action="failed",
        detail=detail,
        address=ask.address,
    )


def refuse_locked(ask: Ask, until: int) -> None:
    """Raises Invalid while guessing is slowed down."""
    if until:
        at = ask.services.calendar.clock(until)
        raise Invalid(ask.t("続けて間違えたため、{at}までログインできません。", at=at))


def _tenant(ask: Ask, entry: str) -> Tenant | None:
    if entry:
        return users.tenant_by_entry(ask.services.store, entry)
    every = users.tenants(ask.services.store)
    return every[0] if len(every) == 1 else None


def await_code(ask: Ask, user: User, answer: Any) -> Any:
    """The password was right: the browser may give the code now, and nothing else."""
    token = second_factor.await_code(ask.services.store, user, at=ask.services.now_ms())
    answer.set_cookie(STEP_COOKIE, token, **COOKIE_WORDS)
    return answer


def inside(url: str) -> str:
    """Only addresses of our own page: no other host, no scheme."""
    plain = url.startswith("/") and not url.startswith(("//", "/\\")) and "\n" not in url
    return url if plain and not url.startswith("/login") else ""


def begin(ask: Ask, user: User, answer: Any) -> Any:
    """Start a session and hand its cookie to `answer`."""
    services = ask.services
    token, _ = sessions.start(
        services.store, user.tenant_id, user.id, address=ask.address, at=services.now_ms()
    )
    people.logged_in(services.store, user, at=services.now_ms())
    audit.log(
        services.store,
        user.tenant_id,
        at=services.now_ms(),
        screen="login",
        action="login",
        user_id=user.id,
        user_name=user.name,
        role=user.role,
        address=ask.address,
    )
    answer.set_cookie(COOKIE, token, **COOKIE_WORDS)
    answer.delete_cookie(PRE_COOKIE, path="/", secure=True)
    return answer


def end(ask: Ask, answer: Any) -> Any:
    """Log out: the session goes, and with it every page of this browser."""
    token = ask.request.get_cookie(COOKIE)
    if token:
        sessions.end(ask.services.store, token)
    answer.delete_cookie(COOKIE, path="/", secure=True)
    return answer


def pre_token(ask: Ask, answer: Any, token: str) -> Any:
    """Tie the log-in form to this browser."""
    answer.set_cookie(PRE_COOKIE, token, **COOKIE_WORDS)
    return answer


def new_pre_token() -> str:
    return secrets.token_urlsafe(24)


def check_pre_token(ask: Ask) -> None:
    """Raises Invalid when the log-in form did not come from our page in this browser."""
    cookie = ask.request.get_cookie(PRE_COOKIE) or ""
    if not cookie or not secrets.compare_digest(cookie.encode(), ask.text("pre").encode()):
        raise Invalid(ask.t("画面が古くなっています。もう一度ログインしてください。"))


def log_action(ask: Ask, screen: str, action: str, detail: str = "") -> None:
    """One entry of the operation log, for whoever asks."""
    person = ask.person
    audit.log(
        ask.services.store,
        person.tenant_id,
        at=ask.services.now_ms(),
        screen=screen,
        action=action,
        user_id=person.user_id,
        user_name=person.name,
        role=person.role,
        detail=detail,
        address=ask.address,
    )
