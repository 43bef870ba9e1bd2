"""One request as a handler sees it: who asks, in which language, with what values; and ways to answer.

Values come out checked or as a refusal that names the field in the reader's language.  The tenant is always
the session's; nothing here reads one from the request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import bottle

from appliance.clock import Clock
from appliance.errors import YobirinError
from appliance.settings import Home, Settings
from appliance.store.jobs import Queue
from appliance.store.models import Role
from appliance.store.open import Store
from appliance.store.visibility import MANAGERS, Viewer
from webui import commands
from webui.absent import Absent
from webui.audiences import Audiences
from webui.box_live import BoxLive
from webui.forecasts import Forecaster
from webui.format import Calendar, day_of
from webui.live import Live
from webui.pages import Pages
from webui.roles import may
from webui.store_words import told
from webui.streams import Slots
from webui.words import Translate, translator


class NotFound(YobirinError):
    """No such thing, or not in this tenant: the two are never told apart."""


class NotAllowed(YobirinError):
    """The role does not hold the right, or the form did not come from our page."""


class Invalid(YobirinError):
    """A value of a form; the text is in the reader's language."""


@dataclass(frozen=True)
class Person:
    """Whoever is logged in, as the session says."""

    user_id: int
    tenant_id: int
    name: str
    login_name: str
    role: Role
    language: str
    csrf: str
    must_change_password: bool
    must_set_factor: bool = False


@dataclass(frozen=True)
class Services:
    """What handlers work with; built once by the composition root."""

    home: Home
    settings: Settings
    clock: Clock
    calendar: Calendar
    store: Store
    queue: Queue
    live: Live
    slots: Slots
    forecasts: Forecaster
    box: BoxLive
    pages: Pages
    audiences: Audiences
    absent: Absent

    def now_ms(self) -> int:
        return int(self.clock.wall() * 1000)


def address_of(request: Any) -> str:
    """Who asks; behind the box's own nginx it is the one nginx names."""
    near = str(request.environ.get("REMOTE_ADDR", ""))
    named = str(request.environ.get("HTTP_X_REAL_IP", ""))
    return named if named and near in ("127.0.0.1", "::1") else near


class Ask:
    """A request in a handler's hands."""

    def __init__(self, services: Services, request: Any, *, language: str, person: Person | None) -> None:
        self.services = services
        self.request = request
        self.language = language
        self._person = person
        self.t: Translate = translator(language)

    @property
    def person(self) -> Person:
        assert self._person is not None, "the route is open: nobody is logged in"
        return self._person

    @property
    def known(self) -> Person | None:
        return self._person

    @property
    def tenant_id(self) -> int:
        return self.person.tenant_id

    @property
    def viewer(self) -> Viewer:
        """The person as appliance/store/visibility.py asks for one: whose rows a page may show."""
        person = self.person
        return Viewer(
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            role=person.role,
            is_managing=person.role in MANAGERS,
        )

    def command(self, message: Any) -> Any:
        """Have the dialer do something, if all that the message names is this person's to command.

        Raises NotFound for another tenant's or another person's, Refused and PeerGone as the dialer answers.
        """
        commands.check(self, message)
        return self.services.live.request(message)

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.request.get_header("Accept", "")

    @property
    def address(self) -> str:
        return address_of(self.request)

    @property
    def spoken(self) -> Literal["ja", "en"]:
        """The page's language, for rooms that have words of their own."""
        return "en" if self.language == "en" else "ja"

    def refusal(self, error: YobirinError) -> str:
        """What was refused and what to do, in the reader's language."""
        return f"{told(error.what, self.t)} {told(error.remedy, self.t)}".strip()

    def may(self, right: str) -> bool:
        return self._person is not None and may(self._person.role, right)

    # --- values -----------------------------------------------------------------------------------

    def text(self, name: str, default: str = "", *, size_max: int = 500) -> str:
        """A query or form value without outer blanks; control characters other than line ends are dropped."""
        values = self.request.forms if self.request.method == "POST" else self.request.query
        found = values.getunicode(name)
        if found is None:
            return default
        clean = "".join(sign for sign in found if sign >= " " or sign in "\n\t")
        return clean.strip()[:size_max]

    def texts(self, name: str) -> list[str]:
        values = self.request.forms if self.request.method == "POST" else self.request.query
        return [str(value) for value in values.decode().getall(name)]

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number from a link or a pull-down; anything else counts as not given."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default

    def number(self, name: str, label: str, low: float, high: float) -> float:
        """A number a person typed.  Raises Invalid, naming the field and its bounds."""
        try:
            value = float(self.text(name).replace(",", ""))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise Invalid(
                self.t(
                    "{label}は{low}から{high}までの数で入力してください。",
                    label=label,
                    low=f"{low:g}",
                    high=f"{high:g}",
                )
            )
        return value

    def whole(self, name: str, label: str, low: int, high: int) -> int:
        value = self.number(name, label, low, high)
        if value != int(value):
            raise Invalid(self.t("{label}は整数で入力してください。", label=label))
        return int(value)

    def flag(self, name: str) -> bool:
        return self.text(name) in ("on", "1", "yes", "true")

    def day(self, name: str, default: int) -> int:
        return day_of(self.text(name)) or default

    def today(self) -> int:
        return self.services.calendar.day(self.services.now_ms())

    # --- answers ----------------------------------------------------------------------------------

    def page(self, template: str, *, status: int = 200, **values: Any) -> Any:
        """A rendered page."""
        text = self.services.pages.render(self, template, values)
        return bottle.HTTPResponse(
            text, status, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        )

    def json(self, data: Any, *, status: int = 200) -> Any:
        text = json.dumps(data, ensure_ascii=False)
        return bottle.HTTPResponse(
            text, status, {"Content-Type": "application/json", "Cache-Control": "no-store"}
        )

    def goto(self, url: str, said: str = "") -> Any:
        """Go on after a POST.  `said` names a notice of pages.NOTICES that the next page shows."""
        mark = ("&" if "?" in url else "?") + f"said={said}" if said else ""
        if self.wants_json:
            return self.json({"to": url + mark})
        return bottle.HTTPResponse("", 303, {"Location": url + mark, "Cache-Control": "no-store"})

    def csv(self, text: str, name: str, *, encoding: str = "utf-8-sig") -> Any:
        """A download; `name` may be Japanese (RFC 6266)."""
        return self.download(text.encode(encoding, errors="replace"), name, "text/csv")

    def download(self, data: Any, name: str, kind: str) -> Any:
        head = {
            "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            "Content-Disposition": f"attachment; filename=\"download\"; filename*=UTF-8''{quote(name)}",
            "Cache-Control": "no-store",
        }
        return bottle.HTTPResponse(data, 200, head)
