"""One's own account: log in and out, password, language, look.  The first page follows from the role."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from appliance.errors import BadInput
from appliance.store import second_factor, users
from appliance.store.users import PASSWORD_CHARACTERS_MIN
from webui import auth, desk
from webui.ask import Ask, Invalid, Services
from webui.roles import OPEN, Route, home_of
from webui.words import LANGUAGES

LOOK_AGE_S = 365 * 86_400


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/", OPEN, first_page),
        Route("GET", "/login", OPEN, show_login),
        Route("POST", "/login", OPEN, log_in),
        Route("POST", "/logout", "self", log_out),
        Route("GET", "/account/password", "self", show_password),
        Route("POST", "/account/password", "self", change_password),
        Route("POST", "/account/look", "self", change_look),
    ]


def first_page(ask: Ask) -> Any:
    return ask.goto(home_of(ask.person.role) if ask.known else "/login")


def show_login(ask: Ask, *, problem: str = "") -> Any:
    """The form; `?language=` switches it before anybody is known."""
    wanted = ask.text("language")
    if wanted in LANGUAGES and ask.request.method == "GET":
        return _look(ask.goto("/login"), language=wanted)
    token = auth.new_pre_token()
    answer = ask.page(
        "login.html",
        status=400 if problem else 200,
        problem=problem,
        pre=token,
        next=auth.inside(ask.text("next")),
        entry=ask.text("entry"),
        login=ask.text("login"),
    )
    return auth.pre_token(ask, answer, token)


def log_in(ask: Ask) -> Any:
    try:
        auth.check_pre_token(ask)
        user = auth.log_in(ask)
    except Invalid as error:
        return show_login(ask, problem=error.what)
    if second_factor.is_on(ask.services.store, user.id):
        return auth.await_code(
            ask, user, ask.goto(f"/login/code?next={quote(auth.inside(ask.text('next')))}")
        )
    desk.back(ask.services, user.id)  # the password is what a break asks for
    return auth.begin(ask, user, ask.goto(auth.inside(ask.text("next")) or home_of(user.role)))


def log_out(ask: Ask) -> Any:
    ask.services.absent.end(ask.person.user_id, at=ask.services.now_ms())
    auth.log_action(ask, "login", "logout")
    return auth.end(ask, ask.goto("/login", "logged-out"))


def show_password(ask: Ask, *, problem: str = "") -> Any:
    user = users.get(ask.services.store, ask.tenant_id, ask.person.user_id)
    return ask.page(
        "password.html",
        status=400 if problem else 200,
        problem=problem,
        length_min=PASSWORD_CHARACTERS_MIN,
        is_first=bool(user and user.is_password_temporary),
    )


def change_password(ask: Ask) -> Any:
    """Checks the present one, sets the new one; other browsers are logged out, this one goes on."""
    store, person = ask.services.store, ask.person
    now, new, again = (ask.request.forms.getunicode(name) or "" for name in ("now", "new", "again"))
    user = users.check_password(store, person.tenant_id, person.login_name, now)
    if user is None:
        return show_password(ask, problem=ask.t("いまのパスワードが違います。"))
    if new != again:
        return show_password(ask, problem=ask.t("新しいパスワードの2つの欄が一致しません。"))
    if new == now:
        return show_password(ask, problem=ask.t("いまと同じパスワードです。別のものにしてください。"))
    try:
        users.set_password(
            store, person.tenant_id, person.user_id, new, at=ask.services.now_ms(), is_temporary=False
        )
    except BadInput as error:
        return show_password(ask, problem=ask.refusal(error))
    auth.log_action(ask, "account", "password changed")
    return auth.begin(ask, user, ask.goto(home_of(person.role), "password"))


def change_look(ask: Ask) -> Any:
    """Language, brightness and size of letters; the language is kept with the user."""
    language = ask.text("language")
    if language in LANGUAGES:
        users.set_language(ask.services.store, ask.tenant_id, ask.person.user_id, language)
    answer = ask.goto(auth.inside(ask.text("next")) or "/")
    return _look(answer, language=language, theme=ask.text("theme"), size=ask.text("size"))


def _look(answer: Any, **values: str) -> Any:
    for name, value in values.items():
        if value.isalpha() and len(value) < 10:
            answer.set_cookie(name, value, path="/", secure=True, samesite="strict", max_age=LOOK_AGE_S)
    return answer
