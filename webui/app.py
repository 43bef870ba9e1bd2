"""The page's composition root: routes, the guard in front of each, errors to pages, headers on every answer.

The guard does for every route what no handler may forget: who is it, may they, did the form come from our
own page.  Handlers are only reached through it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import bottle

from appliance.errors import BadInput, YobirinError
from appliance.ipc import PeerGone, Refused
from webui import (
    account,
    audit,
    auth,
    blocked,
    board,
    break_report,
    call,
    call_acts,
    call_customer,
    call_many,
    call_project,
    call_save,
    desk,
    device,
    entries,
    floor_page,
    health,
    history,
    imports,
    incoming,
    layout,
    list_rows,
    list_work,
    listenings,
    lists,
    manual_call,
    missed,
    monitor,
    project_screens,
    projects,
    recalls,
    recordings,
    report_mail,
    report_tables,
    reports,
    saved_views,
    search,
    second_factor,
    security,
    supervise,
    transfer_section,
    transfers,
    users,
    users_file,
    wallboard,
    what_if,
)
from webui.ask import Ask, Invalid, NotAllowed, NotFound, Person, Services
from webui.roles import MONITOR, OPEN, Route, may
from webui.store_words import told

log = logging.getLogger("web")

STATIC: Final = Path(__file__).resolve().parent / "static"
RESOURCES: Final = (
    account,
    second_factor,
    desk,
    board,
    supervise,
    floor_page,
    layout,
    transfers,
    call,
    call_acts,
    call_many,
    call_customer,
    call_project,
    call_save,
    manual_call,
    missed,
    transfer_section,
    wallboard,
    project_screens,
    what_if,
    projects,
    lists,
    list_rows,
    list_work,
    imports,
    history,
    entries,
    search,
    recalls,
    report_mail,
    recordings,
    reports,
    report_tables,
    break_report,
    listenings,
    audit,
    saved_views,
    blocked,
    users,
    users_file,
    security,
    incoming,
    monitor,
    health,
    device,
)

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self';"
    " img-src 'self' data:; connect-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Chromium's viewer is a plugin in a page with inline styles, under the policy of the PDF itself.
PDF_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "form-action 'none'; base-uri 'none'"
)


def routes(services: Services) -> list[Route]:
    """Every address of the page."""
    return [route for resource in RESOURCES for route in resource.routes(services)]


def build(services: Services) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """The WSGI application."""
    app = bottle.Bottle()
    app.config["json.enable"] = False
    for route in routes(services):
        app.route(route.path, route.method, _guarded(services, route))
    services.pages.built = frozenset(route.path for route in routes(services) if route.method == "GET")
    app.route("/static/<name:path>", "GET", static)
    app.default_error_handler = lambda error: _unrouted(services, error)
    return _with_headers(app)


def static(name: str) -> Any:
    """A file of the page itself; fonts and vendored code keep for a day, our own is asked for each time."""
    answer = bottle.static_file(name, root=str(STATIC))
    keeps = "public, max-age=86400" if name.startswith("vendor/") else "no-cache"
    answer.set_header("Cache-Control", keeps)
    if name.endswith(".js"):
        answer.set_header("Content-Type", "text/javascript; charset=utf-8")
    if name.endswith(".pdf"):
        answer.set_header("Content-Security-Policy", PDF_POLICY)
    return answer


def _guarded(services: Services, route: Route) -> Callable[..., Any]:
    def call(**values: Any) -> Any:
        ask = make_ask(services, bottle.request)
        try:
            refusal = _check(ask, route)
            if refusal is not None:
                return refusal
            return route.handler(ask, **values)
        except YobirinError as error:
            return answer_error(ask, error)
        except bottle.HTTPResponse:
            raise
        except Exception:
            # The root of a request's thread: logged whole, told in one sentence.
            log.exception("%s %s failed", route.method, route.path)
            words = ask.t(
                "処理できませんでした。もう一度お試しください。続くときは操作と時刻を添えてご連絡ください。"
            )
            return answer_error(ask, YobirinError(words), status=500)

    return call


def make_ask(services: Services, request: Any) -> Ask:
    """The request with its person, if its session is valid, and its language."""
    person = auth.person_of(services, request)
    own = person.language if person else ""
    language = own or request.get_cookie("language") or services.settings.language
    return Ask(services, request, language="en" if language == "en" else "ja", person=person)


def _check(ask: Ask, route: Route) -> Any:
    """None when the request may pass; else where to send it.  Raises NotAllowed."""
    if route.method == "POST":
        _check_origin(ask)
    if ask.known is not None and _is_locked(ask, route):
        return desk.locked(ask)
    if route.right in (OPEN, MONITOR):
        return None
    if ask.known is None:
        return _to_log_in(ask)
    if route.method == "POST":
        _check_token(ask, ask.person)
    if not may(ask.person.role, route.right):
        raise NotAllowed(ask.t("権限がありません（{role}）。", role=ask.t(_role_needed(route.right))))
    if ask.person.must_change_password and route.right != "self":
        return ask.goto("/account/password")
    if ask.person.must_set_factor and route.right != "self":
        return ask.goto("/account/second-factor")
    return None


def _is_locked(ask: Ask, route: Route) -> bool:
    """Whoever is on a break gets the lock page, from everything that shows or does something."""
    is_open = route.right == OPEN or route.path in desk.OPEN_TO_LOCKED
    return not is_open and desk.absence_of(ask) is not None


def _role_needed(right: str) -> str:
    return "MGRのみ" if not may("SV", right) else "MGR・SVのみ"


def _to_log_in(ask: Ask) -> Any:
    if ask.wants_json or ask.request.path.startswith("/events"):
        words = ask.t("ログインし直してください。")
        return ask.json({"what": words}, status=401)
    if ask.request.method != "GET" or ask.request.path == "/":
        return ask.goto("/login")
    query = f"?{ask.request.query_string}" if ask.request.query_string else ""
    return ask.goto(f"/login?next={quote(ask.request.path + query)}")


def _check_origin(ask: Ask) -> None:
    """A form must come from our own page: the browser says so by Sec-Fetch-Site, or by Origin.

    Raises NotAllowed.  The token is checked beside it; either alone would do for today's browsers.
    """
    site = ask.request.get_header("Sec-Fetch-Site")
    origin = ask.request.get_header("Origin")
    foreign = site not in (None, "same-origin", "none")
    if origin is not None and urlsplit(origin).netloc != ask.request.get_header("Host"):
        foreign = True
    if foreign:
        raise NotAllowed(ask.t("別のサイトから送られたため受け付けませんでした。"))


def _check_token(ask: Ask, person: Person) -> None:
    given = ask.request.get_header("X-CSRF") or ask.text("csrf")
    if not secrets.compare_digest(given.encode(), person.csrf.encode()):
        raise NotAllowed(
            ask.t("画面が古くなっています。ページを読み込み直してから、もう一度操作してください。")
        )


STATUS: Final[tuple[tuple[type[YobirinError], int], ...]] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Invalid, 400),
    (PeerGone, 503),
    (Refused, 409),
    (BadInput, 400),
    (YobirinError, 400),
)


def answer_error(ask: Ask, error: YobirinError, *, status: int = 0) -> Any:
    """An error as a page, or as JSON for a script."""
    status = status or next(code for kind, code in STATUS if isinstance(error, kind))
    what, remedy = told(error.what, ask.t), told(error.remedy, ask.t)
    if isinstance(error, PeerGone):
        what, remedy = (
            ask.t("発信エンジンが応答していません。"),
            ask.t("数秒待って、もう一度操作してください。"),
        )
    if ask.wants_json:
        return ask.json({"what": what, "remedy": remedy}, status=status)
    return ask.page("error.html", status=status, code=status, what=what, remedy=remedy)


def _unrouted(services: Services, error: Any) -> Any:
    ask = make_ask(services, bottle.request)
    if error.status_code == 413:
        words = ask.t("送られたデータが大きすぎます。")
    elif error.status_code in (404, 405):
        words = ask.t("ページが見つかりません。")
    else:
        words = ask.t("処理できませんでした。")
    answer = answer_error(ask, YobirinError(words), status=error.status_code)
    bottle.response.content_type = "application/json" if ask.wants_json else "text/html; charset=utf-8"
    bottle.response.status = error.status_code
    return answer.body


def _with_headers(app: Any) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def outer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            own = {name.lower() for name, _ in headers}
            ours = [(name, value) for name, value in HEADERS.items() if name.lower() not in own]
            return start_response(status, [*headers, *ours], exc_info)

        return app(environ, start)  # type: ignore[no-any-return]  # bottle is untyped

    return outer
