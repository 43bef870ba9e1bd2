"""確認コード: the code after the password, and its setting-up, taking-off and recovery codes by each person.

The secret is shown to its owner while it is not proved, and never again; recovery codes are shown once.
"""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.store import audit, people, second_factor, security, sessions, throttle, totp, users
from appliance.store.models import User
from webui import auth, desk
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import STEP_COOKIE
from webui.roles import OPEN, Route, home_of


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/login/code", OPEN, show_code),
        Route("POST", "/login/code", OPEN, give_code),
        Route("GET", "/account/second-factor", "self", show),
        Route("POST", "/account/second-factor/begin", "self", begin),
        Route("POST", "/account/second-factor/prove", "self", prove),
        Route("POST", "/account/second-factor/codes", "self", renew_codes),
        Route("POST", "/account/second-factor/off", "self", turn_off),
        Route("POST", "/users/<user_id:int>/second-factor", "security", reset),
    ]


# --- at log-in ----------------------------------------------------------------------------------------


def _awaited(ask: Ask) -> User | None:
    token = ask.request.get_cookie(STEP_COOKIE) or ""
    if not token:
        return None
    return second_factor.awaited(ask.services.store, token, at=ask.services.now_ms())


def show_code(ask: Ask, *, problem: str = "") -> Any:
    """The form for the six digits; without a right password before it, the log-in page."""
    if _awaited(ask) is None:
        return ask.goto("/login")
    token = auth.new_pre_token()
    answer = ask.page(
        "login_code.html", status=400 if problem else 200, problem=problem, pre=token, next=ask.text("next")
    )
    return auth.pre_token(ask, answer, token)


def give_code(ask: Ask) -> Any:
    """The authenticator's code, or a recovery code; guessing is slowed down as passwords' is."""
    user = _awaited(ask)
    if user is None:
        return ask.goto("/login")
    try:
        auth.check_pre_token(ask)
        _check(ask, user)
    except Invalid as error:
        return show_code(ask, problem=error.what)
    second_factor.forget(ask.services.store, ask.request.get_cookie(STEP_COOKIE) or "")
    desk.back(ask.services, user.id)
    answer = auth.begin(ask, user, ask.goto(auth.inside(ask.text("next")) or home_of(user.role)))
    answer.delete_cookie(STEP_COOKIE, path="/", secure=True)
    return answer


def _check(ask: Ask, user: User) -> None:
    """Raises Invalid: too many tries, or no such code."""
    store, now, text = ask.services.store, ask.services.now_ms(), ask.text("code", size_max=40)
    subjects = (f"code:{user.id}", f"address:{ask.address}")
    auth.refuse_locked(ask, throttle.locked_until(store, subjects, at=now))
    is_recovery = False
    if not second_factor.check(store, user.id, text, at=now):
        is_recovery = second_factor.use_code(store, user.id, text, at=now)
        if not is_recovery:
            until = throttle.failed(store, subjects, at=now)
            _log(ask, user, "second factor wrong")
            auth.refuse_locked(ask, until)
            raise Invalid(ask.t("確認コードが違います。アプリの6桁か、回復コードを入力してください。"))
    throttle.succeeded(store, subjects)
    if is_recovery:
        left = second_factor.codes_left(store, user.id)
        _log(ask, user, "recovery code used", f"{left} left")


def _log(ask: Ask, user: User, action: str, detail: str = "") -> None:
    """An entry of the log for somebody who is not in yet."""
    audit.log(
        ask.services.store,
        user.tenant_id,
        at=ask.services.now_ms(),
        screen="login",
        action=action,
        user_id=user.id,
        user_name=user.name,
        role=user.role,
        detail=detail,
        address=ask.address,
    )


# --- one's own ----------------------------------------------------------------------------------------


def show(ask: Ask, *, problem: str = "", codes: list[str] | None = None) -> Any:
    store, person = ask.services.store, ask.person
    secret = second_factor.begun(store, person.user_id)
    issuer = f"{ask.t('呼び鈴')} {ask.services.settings.site_name}".strip()
    return ask.page(
        "second_factor.html",
        status=400 if problem else 200,
        problem=problem,
        is_on=second_factor.is_on(store, person.user_id),
        is_needed=person.role in security.policy(store, ask.tenant_id).factor_roles,
        secret=totp.written(secret) if secret else "",
        uri=totp.uri(secret, issuer=issuer, name=person.login_name) if secret else "",
        codes=codes or [],
        codes_left=second_factor.codes_left(store, person.user_id),
    )


def _is_owner(ask: Ask) -> bool:
    """Whether the present password came with the form: an open browser alone changes nothing here."""
    given = ask.request.forms.getunicode("password") or ""
    person = ask.person
    return (
        users.check_password(ask.services.store, person.tenant_id, person.login_name, given[:200]) is not None
    )


def begin(ask: Ask) -> Any:
    """A secret to type into the authenticator."""
    if not _is_owner(ask):
        return show(ask, problem=ask.t("いまのパスワードが違います。"))
    try:
        second_factor.begin(ask.services.store, ask.tenant_id, ask.person.user_id, at=ask.services.now_ms())
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    auth.log_action(ask, "account", "second factor begun")
    return ask.goto("/account/second-factor")


def prove(ask: Ask) -> Any:
    """The first code: from now on one is asked for at log-in.  The recovery codes are shown this once."""
    try:
        codes = second_factor.prove(
            ask.services.store,
            ask.tenant_id,
            ask.person.user_id,
            ask.text("code", size_max=40),
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        return show(ask, problem=ask.refusal(error))
    auth.log_action(ask, "account", "second factor on")
    return show(ask, codes=codes)


def renew_codes(ask: Ask) -> Any:
    """Recovery codes in place of the old ones."""
    if not _is_owner(ask):
        return show(ask, problem=ask.t("いまのパスワードが違います。"))
    if not second_factor.is_on(ask.services.store, ask.person.user_id):
        return show(ask, problem=ask.t("確認コードは設定されていません。"))
    codes = second_factor.new_codes(ask.services.store, ask.tenant_id, ask.person.user_id)
    auth.log_action(ask, "account", "recovery codes renewed")
    return show(ask, codes=codes)


def turn_off(ask: Ask) -> Any:
    """No code any more; where the role needs one, it is set up anew at once."""
    if not _is_owner(ask):
        return show(ask, problem=ask.t("いまのパスワードが違います。"))
    second_factor.remove(ask.services.store, ask.tenant_id, ask.person.user_id)
    auth.log_action(ask, "account", "second factor off")
    return ask.goto("/account/second-factor", "saved")


# --- another's ----------------------------------------------------------------------------------------


def reset(ask: Ask, user_id: int) -> Any:
    """For who lost authenticator and recovery codes: the password opens again; browsers are logged out."""
    person = people.get(ask.services.store, ask.tenant_id, user_id)
    if person is None:
        raise NotFound(ask.t("このユーザーはいません。"))
    second_factor.remove(ask.services.store, ask.tenant_id, user_id)
    sessions.end_all_of(ask.services.store, user_id)
    auth.log_action(ask, "users", "second factor reset", person.login_name)
    return ask.goto(f"/users/{user_id}", "saved")
