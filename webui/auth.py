"""Logging in and out: sessions in the store, a cookie that scripts cannot read, guessing slowed down.

A password never reaches a log, a page or an error.  A name that does not exist takes as long as one that
does, and both are refused with the same words.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from appliance.store import audit, sessions, throttle, users
from appliance.store.models import Tenant, User
from webui.ask import Ask, Invalid, Person, Services

COOKIE: Final = "__Host-yobirin"
PRE_COOKIE: Final = "__Host-pre"  # a token for the log-in form, before there is a session
COOKIE_WORDS: Final[dict[str, Any]] = {"path": "/", "secure": True, "httponly": True, "samesite": "strict"}


def person_of(services: Services, request: Any) -> Person | None:
    """Who the cookie says it is; None without a session that still stands."""
    token = request.get_cookie(COOKIE)
    if not token:
        return None
    session = sessions.find(services.store, token, at=services.now_ms())
    if session is None:
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
        must_change_password=bool(user.is_password_temporary),
    )


def log_in(ask: Ask) -> User:
    """The user whose entry, ID and password were given.  Raises Invalid with words for the form."""
    store, now = ask.services.store, ask.services.now_ms()
    entry, login = ask.text("entry", size_max=60), ask.text("login", size_max=60)
    subjects = (f"web:{entry}/{login.lower()}", f"address:{ask.address}")
    _refuse_locked(ask, throttle.locked_until(store, subjects, at=now))
    tenant = _tenant(ask, entry)
    password = ask.request.forms.getunicode("password") or ""
    user = users.check_password(store, tenant.id if tenant else 0, login, password[:200])
    if user is None:
        until = throttle.failed(store, subjects, at=now)
        audit.log(
            store,
            tenant.id if tenant else 0,
            at=now,
            screen="login",
            action="failed",
            detail=f"{entry}/{login}",
            address=ask.address,
        )
        _refuse_locked(ask, until)
        raise Invalid(ask.t("エントリ、IDまたはパスワードが違います。"))
    throttle.succeeded(store, subjects)
    return user


def _refuse_locked(ask: Ask, until: int) -> None:
    if until:
        at = ask.services.calendar.clock(until)
        raise Invalid(ask.t("続けて間違えたため、{at}までログインできません。", at=at))


def _tenant(ask: Ask, entry: str) -> Tenant | None:
    if entry:
        return users.tenant_by_entry(ask.services.store, entry)
    every = users.tenants(ask.services.store)
    return every[0] if len(every) == 1 else None


def begin(ask: Ask, user: User, answer: Any) -> Any:
    """Start a session and hand its cookie to `answer`."""
    services = ask.services
    token, _ = sessions.start(
        services.store, user.tenant_id, user.id, address=ask.address, at=services.now_ms()
    )
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
