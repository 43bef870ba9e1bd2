"""分割モニタ: the screen beside a desk phone, without keyboard or log-in; and how its PC is enrolled.

A PC is known by its cookie alone and sees only the seats of its tenant, and of a customer only what stands
on the pane: nothing is sent but while that customer is on the line or being coded.
"""

from __future__ import annotations

from typing import Any, Final

from appliance.dialer.messages import SeatBoard
from appliance.errors import BadInput
from appliance.store import (
    call_settings,
    customers,
    history,
    lists,
    monitors,
    projects,
    result_codes,
    screens,
    seats,
)
from appliance.store.monitors import Kind
from appliance.store.screens import FIELDS_MAX, Screen
from webui.ask import Ask, NotAllowed, NotFound, Services
from webui.audiences import own_listeners
from webui.auth import COOKIE_WORDS, log_action
from webui.board import stream
from webui.phone_number import hyphenated
from webui.roles import MONITOR, Route
from webui.streams import View

COOKIE: Final = "__Host-monitor"
COOKIE_AGE_S: Final = 5 * 365 * 86_400
PANES: Final = (1, 2, 4)
CODES_SHOWN: Final = 12
FACTS_SHOWN: Final = 3
SHOWN_STATES: Final = ("ringing", "talking", "wrapup")
FACTS_FIRST: Final = ("住所", "年齢", "性別")  # what an operator reads out or needs at once
NOT_FACTS: Final = ("電話番号", "氏名", "名前", "お名前", "フリガナ", "カナ", "ふりがな")


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/seat/<labels>", MONITOR, show),
        Route("GET", "/seat-events/<labels>", MONITOR, events),
        Route("GET", "/monitor/enrolled", MONITOR, enrolled),
        Route("GET", "/monitors", "monitors.enrol", show_all),
        Route("POST", "/monitors", "monitors.enrol", enrol),
        Route("POST", "/monitors/<device_id:int>/retire", "monitors.enrol", retire),
        Route("POST", "/monitors/<device_id:int>/names", "monitors.enrol", let_names_in),
    ]


def device_of(ask: Ask) -> monitors.MonitorDevice | None:
    """The PC whose cookie asks, enrolled or still waiting."""
    token = ask.request.get_cookie(COOKIE)
    return monitors.by_token(ask.services.store, token, at=ask.services.now_ms()) if token else None


def _tenant_of(ask: Ask) -> int:
    """The tenant whose seats may be shown: the enrolled PC's, or a manager's who looks in.  0: nobody's."""
    device = device_of(ask)
    if device is not None and device.enrolled_at and device.kind == "panes":
        return device.tenant_id
    return ask.tenant_id if ask.may("board") and ask.may("history.all") else 0


def _labels(ask: Ask, labels: str, tenant_id: int) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(label for label in labels.replace(" ", "+").split("+") if label))
    known = {seat.label for seat in seats.every(ask.services.store) if seat.tenant_id in (None, tenant_id)}
    if len(wanted) not in PANES or not set(wanted) <= known:
        words = ask.t(
            "座席「{labels}」を表示できません。座席名を1つ、2つまたは4つ、＋でつないでください。",
            labels="+".join(wanted),
        )
        raise NotFound(words)
    return wanted


def show(ask: Ask, labels: str) -> Any:
    """The panes; to a PC that is not enrolled, its code."""
    tenant_id = _tenant_of(ask)
    if not tenant_id:
        return show_code(ask, labels.replace(" ", "+").split("+")[: max(PANES)])
    code = ask.services.settings.phones.service_code
    return ask.page(
        "monitor.html", labels=_labels(ask, labels, tenant_id), service_code=code, theme=_theme(ask)
    )


def _theme(ask: Ask) -> str:
    return "dark" if ask.text("theme") == "dark" else "light"


def show_code(ask: Ask, labels: list[str], *, kind: Kind = "panes") -> Any:
    """Six digits for a manager to type; the cookie that they enrol, for panes or a wallboard."""
    device, token = device_of(ask), ""
    code = device.code if device else ""
    if device is not None and device.enrolled_at:  # its cookie must not be lost to a second code
        words = ask.t(
            "このパソコンは別の用途で登録されています。「分割モニタの登録」で解除してから開いてください。"
        )
        raise NotAllowed(words)
    if device is None or device.kind != kind:
        token, code = monitors.request(ask.services.store, at=ask.services.now_ms(), kind=kind)
    answer = ask.page("enrol.html", labels=labels, code=f"{code[:3]} {code[3:]}")
    if token:
        answer.set_cookie(COOKIE, token, max_age=COOKIE_AGE_S, **COOKIE_WORDS)
    return answer


def enrolled(ask: Ask) -> Any:
    """Asked every two seconds by a PC that shows its code."""
    device = device_of(ask)
    return ask.json({"is_enrolled": bool(device and device.enrolled_at), "is_over": device is None})


def events(ask: Ask, labels: str) -> Any:
    """The panes' own stream."""
    tenant_id = _tenant_of(ask)
    if not tenant_id:
        raise NotAllowed(ask.t("このモニタは登録されていません。"))
    return stream(ask, Panes(ask, _labels(ask, labels, tenant_id), tenant_id).look)


class Panes:
    """What one monitor shows now.  A customer is read once a call, his project's codes once a stream."""

    def __init__(self, ask: Ask, labels: tuple[str, ...], tenant_id: int) -> None:
        self._services = ask.services
        self._translate = ask.t
        self._labels = labels
        self._tenant_id = tenant_id
        self._cards: dict[str, tuple[int, int, dict[str, Any]]] = {}
        self._codes: dict[int, list[tuple[str, str]]] = {}
        self._take_back: dict[int, bool] = {}
        self._wrap_limit_s: dict[int, int] = {}
        self._screens: dict[int, Screen] = {}

    def look(self) -> View:
        board = self._services.live.board
        standing = {seat.label: seat for seat in board.seats if seat.is_seen_by(self._tenant_id)}
        found = {label: standing[label] for label in self._labels if label in standing}
        return {"seats": {label: self._pane(seat) for label, seat in found.items()}}

    def _pane(self, seat: SeatBoard) -> dict[str, Any]:
        is_shown = seat.customer_id > 0 and seat.state in SHOWN_STATES and seat.project_id > 0
        if not is_shown:
            self._cards.pop(seat.label, None)
        return {
            "label": seat.label,
            "extension": seat.extension,
            "state": seat.state,
            "since_at": seat.since_at,
            "user_id": seat.user_id,
            "user_name": seat.user_name,
            "is_held": seat.is_held,
            "break_reason": seat.break_reason,
            "help_since_at": seat.help_since_at,
            "helper": seat.helper,
            "listeners": own_listeners(seat),
            "message": seat.message,
            "message_from": seat.message_from,
            "typed": seat.typed,
            "saved_code": seat.saved_code,
            "talks_today": seat.talks_today,
            "talk_s_today": seat.talk_s_today,
            "wait_s_today": seat.wait_s_today,
            "codes": self._codes_of(seat.project_id) if seat.project_id else [],
            "can_take_back": bool(seat.saved_code and seat.project_id) and self._takes_back(seat.project_id),
            "wrap_limit_s": self._wrap_limit_of(seat.project_id) if seat.project_id else 0,
            "customer": self._card(seat) if is_shown else None,
        }

    def _wrap_limit_of(self, project_id: int) -> int:
        if project_id not in self._wrap_limit_s:
            setting = call_settings.get(self._services.store, self._tenant_id, project_id)
            self._wrap_limit_s[project_id] = setting.wrap_limit_s
        return self._wrap_limit_s[project_id]

    def _codes_of(self, project_id: int) -> list[tuple[str, str]]:
        if project_id not in self._codes:
            every = result_codes.every(self._services.store, self._tenant_id, project_id)
            own = [(code.code, code.name) for code in every if code.kind != "system" and code.is_on_phone]
            self._codes[project_id] = own[:CODES_SHOWN]
        return self._codes[project_id]

    def _takes_back(self, project_id: int) -> bool:
        """Whether `#` takes a code back after it was confirmed: the project's option, read once a stream."""
        if project_id not in self._take_back:
            project = projects.get(self._services.store, self._tenant_id, project_id)
            self._take_back[project_id] = bool(project and project.is_take_back)
        return self._take_back[project_id]

    def _screen(self, project_id: int) -> Screen:
        if project_id not in self._screens:
            self._screens[project_id] = screens.of_project(self._services.store, self._tenant_id, project_id)
        return self._screens[project_id]

    def _card(self, seat: SeatBoard) -> dict[str, Any]:
        kept = self._cards.get(seat.label)
        if kept is None or kept[:2] != (seat.customer_id, seat.attempt_id):
            kept = (seat.customer_id, seat.attempt_id, self._read(seat))
            self._cards[seat.label] = kept
        return kept[2]

    def _read(self, seat: SeatBoard) -> dict[str, Any]:
        store, tenant_id, t = self._services.store, self._tenant_id, self._translate
        customer = customers.get(store, tenant_id, seat.customer_id)
        if customer is None:
            return {"kana": "", "name": "", "number": hyphenated(seat.number), "facts": [], "memo": ""}
        in_list = lists.get(store, tenant_id, customer.list_id)
        fields = customers.fields(store, tenant_id, customer.id)
        screen = self._screen(seat.project_id)
        facts = chosen_facts(fields, screen.fields())
        number = hyphenated(seat.number or customer.number)
        times = t("{n}回目　リスト {list}", n=max(1, customer.attempts), list=in_list.name if in_list else "")
        return {
            "kana": customer.kana,
            "name": customer.name,
            "number": masked(number) if screen.is_masked else number,
            "facts": [*facts, (t("架電"), times)][:FIELDS_MAX],
            "memo": self._last(customer.id),
        }

    def _last(self, customer_id: int) -> str:
        rows = history.of_customer(self._services.store, self._tenant_id, customer_id, limit=1)
        if not rows:
            return ""
        row = rows[0]
        who = f"（{row.user_name}）" if row.user_name else ""
        return f"{self._services.calendar.short(row.at)} {row.code_name} {row.memo}{who}".strip()


def chosen_facts(fields: list[tuple[str, str]], wanted: list[str]) -> list[tuple[str, str]]:
    """The few fields a pane has room for: the project's choice, else address, age and sex first.  Pure."""

    def place(field: tuple[str, str]) -> int:
        starts = [at for at, word in enumerate(FACTS_FIRST) if field[0].startswith(word)]
        return starts[0] if starts else len(FACTS_FIRST)

    if wanted:
        known = dict(fields)
        return [(name, known.get(name, "")) for name in wanted if name in known]
    shown = [(name, value) for name, value in fields if name not in NOT_FACTS and value]
    return sorted(shown, key=place)[:FACTS_SHOWN]


def masked(number: str) -> str:
    """All but the last four digits as dots, hyphens kept.  Pure."""
    hidden = sum(sign.isdigit() for sign in number) - 4
    shown = []
    for sign in number:
        is_hidden = sign.isdigit() and hidden > 0
        hidden -= sign.isdigit()
        shown.append("•" if is_hidden else sign)
    return "".join(shown)


def show_all(ask: Ask, *, problem: str = "") -> Any:
    store = ask.services.store
    every = [seat for seat in seats.every(store) if seat.tenant_id in (None, ask.tenant_id)]
    labels = [seat.label for seat in every]
    return ask.page(
        "monitors.html",
        status=400 if problem else 200,
        devices=monitors.every(store, ask.tenant_id),
        seats=every,
        example="+".join(labels[:2]) or "A-01+A-02",
        address=f"https://{ask.request.get_header('Host', '')}",
        problem=problem,
    )


def enrol(ask: Ask) -> Any:
    code = "".join(sign for sign in ask.text("code") if sign.isdigit())
    try:
        monitors.enrol(
            ask.services.store,
            ask.tenant_id,
            code=code,
            name=ask.text("name"),
            user_id=ask.person.user_id,
            at=ask.services.now_ms(),
        )
    except BadInput as error:
        return show_all(ask, problem=ask.refusal(error))
    log_action(ask, "monitors", "enrolled", ask.text("name"))
    return ask.goto("/monitors", "enrolled")


def let_names_in(ask: Ask, device_id: int) -> Any:
    """Whether a wallboard shows who sits where."""
    is_on = ask.flag("is_on")
    if not monitors.set_names(ask.services.store, ask.tenant_id, device_id, has_names=is_on):
        raise NotFound(ask.t("このモニタはありません。"))
    log_action(ask, "monitors", "names shown" if is_on else "names hidden", str(device_id))
    return ask.goto("/monitors", "saved")


def retire(ask: Ask, device_id: int) -> Any:
    if not monitors.retire(ask.services.store, ask.tenant_id, device_id, at=ask.services.now_ms()):
        raise NotFound(ask.t("このモニタはありません。"))
    log_action(ask, "monitors", "retired", str(device_id))
    return ask.goto("/monitors", "withdrawn")
