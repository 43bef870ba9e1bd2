"""折り返し着信: who answers which dialled number, on which days and at what time; the tenant's own holidays.

The routes stand in their order, and the first that fits answers: a line to try a moment says which.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import bottle

from appliance.audio import prompts
from appliance.errors import BadInput
from appliance.store import incoming_routes, numbers, own_holidays, projects, seats
from appliance.store.incoming import PROMPT
from appliance.store.incoming_checks import RING_S, TIERS_MAX, Wanted
from appliance.store.incoming_routes import RouteLine
from appliance.store.routing import Choice, Tier, route
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.format import day_slash
from webui.projects import WEEKDAYS
from webui.roles import Route

HOLIDAYS: Final = (
    ("closed", "祝日は受けない"),
    ("same", "祝日も曜日どおり"),
    ("also", "祝日も受ける"),
    ("only", "祝日だけ受ける"),
)
KINDS: Final = (("ring", "内線を鳴らす"), ("announce", "案内を流す"), ("menu", "番号で選ぶ"))
ORDERS: Final = (("all", "一斉"), ("in_turn", "並び順"), ("longest_idle", "待ちの長い順"))
CHOICES_SHOWN: Final = 5
PER_TIER: Final = ("kind", "order", "ring", "text")


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/incoming", "incoming.view", show_all),
        Route("GET", "/incoming/new", "incoming", show_new),
        Route("POST", "/incoming", "incoming", create),
        Route("POST", "/incoming/days", "incoming", set_day),
        Route("POST", "/incoming/days/<own_day:int>/remove", "incoming", remove_day),
        Route("GET", "/incoming/<route_id:int>", "incoming.view", show),
        Route("GET", "/incoming/<route_id:int>/words/<place:int>", "incoming.view", hear),
        Route("POST", "/incoming/<route_id:int>", "incoming", change),
        Route("POST", "/incoming/<route_id:int>/move", "incoming", move),
        Route("POST", "/incoming/<route_id:int>/remove", "incoming", remove),
    ]


def show_all(ask: Ask, *, problem: str = "") -> Any:
    store, now = ask.services.store, ask.services.calendar.moment(ask.services.now_ms())
    closed = own_holidays.days(store, ask.tenant_id, year=now.year)
    today = ask.today()
    return ask.page(
        "incoming.html",
        status=400 if problem else 200,
        problem=problem,
        routes=[_told(ask, line) for line in incoming_routes.every(store, ask.tenant_id)],
        own_days=own_holidays.own_days(store, ask.tenant_id),
        coming=[(day_slash(day), closed[day]) for day in sorted(closed) if day >= today][:6],
        **_trial(ask, now),
    )


def _told(ask: Ask, line: RouteLine) -> dict[str, Any]:
    """A route as a row of the table."""
    names = {row.id: row.name for row in projects.every(ask.services.store, ask.tenant_id)}
    days = "".join(ask.t(word) for at, word in enumerate(WEEKDAYS) if line.weekdays >> at & 1)
    return {
        "id": line.id,
        "name": line.name,
        "called": line.called,
        "project": names.get(line.project_id, ""),
        "days": days or "—",
        "holidays": ask.t(dict(HOLIDAYS)[line.on_holidays]),
        "hours": f"{clock(line.from_minute)}〜{clock(line.to_minute)}",
        "is_enabled": line.is_enabled,
        "tiers": [tier_words(ask, tier) for tier in line.tiers],
    }


def tier_words(ask: Ask, tier: Tier) -> str:
    """A tier in one line."""
    if tier.kind == "ring":
        order = ask.t(dict(ORDERS)[tier.ring_order])
        return ask.t(
            "{extensions}（{order}、{n}秒）",
            extensions="・".join(tier.extensions),
            order=order,
            n=tier.ring_s,
        )
    if tier.kind == "announce":
        return ask.t("案内「{text}」", text=_cut(tier.text))
    return ask.t("番号で選ぶ（{digits}）", digits="・".join(choice.digit for choice in tier.choices))


def _cut(text: str) -> str:
    return text if len(text) <= 16 else f"{text[:15]}…"


def clock(minute: int) -> str:
    """09:00 of 540.  Pure."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(text: str) -> int:
    """540 of 09:00 or 9:00; -1 for what is no time.  Pure."""
    found = re.fullmatch(r"([0-9]{1,2})[:：]?([0-5][0-9])", text)
    return int(found[1]) * 60 + int(found[2]) if found else -1


def _trial(ask: Ask, now: datetime) -> dict[str, Any]:
    """Which route answers a number at a moment, as the dialer would find it; nothing before one is asked."""
    number, at = ask.text("number", size_max=30), ask.text("at", size_max=16) or f"{now:%Y-%m-%dT%H:%M}"
    answer = ""
    if number:
        answer = _answer(ask, number, at)
    return {"number": number, "at": at, "answer": answer}


def _answer(ask: Ask, number: str, at: str) -> str:
    digits = numbers.normalise(number)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return ask.t("日時が正しくありません。")
    called = digits.digits if isinstance(digits, numbers.Number) else number
    own = [one for one in incoming_routes.routes(ask.services.store) if one.tenant_id == ask.tenant_id]
    closed = own_holidays.days(ask.services.store, ask.tenant_id, year=moment.year)
    found = route(called, moment, own, {ask.tenant_id: closed})
    if found is None:
        return ask.t("どの設定にも当てはまりません。既定の案内を流します。")
    line = incoming_routes.get(ask.services.store, ask.tenant_id, found.id)
    assert line is not None, "it was read a moment ago"
    steps = " → ".join(tier_words(ask, tier) for tier in line.tiers)
    return ask.t("「{name}」が受けます：{steps}", name=line.name, steps=steps)


# --- one route --------------------------------------------------------------------------------------------


def _existing(ask: Ask, route_id: int) -> RouteLine:
    """The tenant's route.  Raises NotFound."""
    found = incoming_routes.get(ask.services.store, ask.tenant_id, route_id)
    if found is None:
        raise NotFound(ask.t("この着信の設定はありません。"))
    return found


def hear(ask: Ask, route_id: int, place: int) -> Any:
    """What a tier says, as the worker has spoken it; a moment after it was changed there is none."""
    found = _existing(ask, route_id)
    path = ask.services.store.home.prompts / f"{PROMPT.format(route_id=found.id, place=place)}.wav"
    try:
        sound = prompts.to_pcm_wav(prompts.read_wav(path))
    except BadInput as error:
        raise NotFound(ask.t("この案内はまだ用意されていません。保存の数秒後に聞けます。")) from error
    head = {"Content-Type": "audio/wav", "Cache-Control": "no-store", "Content-Length": str(len(sound))}
    return bottle.HTTPResponse(sound, 200, head)


def show_new(ask: Ask, *, problem: str = "") -> Any:
    return _form(ask, None, problem=problem)


def show(ask: Ask, route_id: int, *, problem: str = "") -> Any:
    return _form(ask, _existing(ask, route_id), problem=problem)


def _form(ask: Ask, line: RouteLine | None, *, problem: str = "") -> Any:
    wanted = _typed(ask) if problem else _as_wanted(line)
    store = ask.services.store
    return ask.page(
        "incoming_route.html",
        status=400 if problem else 200,
        problem=problem,
        known=line,
        wanted=wanted,
        tiers=[
            next((one for one in wanted.tiers if one.place == place), None)
            for place in range(1, TIERS_MAX + 1)
        ],
        weekdays=[(at, ask.t(word), bool(wanted.weekdays >> at & 1)) for at, word in enumerate(WEEKDAYS)],
        first=clock(wanted.from_minute) if wanted.from_minute >= 0 else ask.text("from"),
        last=clock(wanted.to_minute) if wanted.to_minute >= 0 else ask.text("to"),
        seats=[seat for seat in seats.every(store) if seat.tenant_id in (None, ask.tenant_id)],
        projects=[
            (0, ask.t("すべての案件")),
            *((row.id, row.name) for row in projects.every(store, ask.tenant_id)),
        ],
        holidays=[(key, ask.t(word)) for key, word in HOLIDAYS],
        kinds=[(key, ask.t(word)) for key, word in KINDS],
        orders=[(key, ask.t(word)) for key, word in ORDERS],
        choices_shown=CHOICES_SHOWN,
        ring_bounds=RING_S,
        spoken={
            tier.place
            for tier in wanted.tiers
            if line is not None
            and (store.home.prompts / f"{PROMPT.format(route_id=line.id, place=tier.place)}.wav").exists()
        },
    )


def _as_wanted(line: RouteLine | None) -> Wanted:
    if line is None:
        return Wanted(name="", tiers=(Tier(place=1, kind="ring"),))
    same = {name: getattr(line, name) for name in Wanted.__struct_fields__}
    return Wanted(**(same | {"is_enabled": bool(line.is_enabled)}))


def _typed(ask: Ask) -> Wanted:
    """What the form says; times that are none are -1, which the store refuses."""
    holiday: Any = ask.text("on_holidays", size_max=10)
    tiers = tuple(filter(None, (_typed_tier(ask, place) for place in range(1, TIERS_MAX + 1))))
    return Wanted(
        name=ask.text("name", size_max=80),
        called=ask.text("called", size_max=30),
        project_id=ask.integer("project"),
        weekdays=sum(1 << at for at in range(7) if ask.flag(f"day-{at}")),
        on_holidays=holiday,
        from_minute=minute_of(ask.text("from")),
        to_minute=minute_of(ask.text("to")),
        is_enabled=ask.flag("is_enabled"),
        tiers=tiers,
    )


def _typed_tier(ask: Ask, place: int) -> Tier | None:
    kind: Any = ask.text(f"kind-{place}", size_max=10)
    order: Any = ask.text(f"order-{place}", "all", size_max=20)
    if not kind:
        return None
    ring = ask.text(f"ring-{place}", "20")
    return Tier(
        place=place,
        kind=kind,
        extensions=_extensions(ask.text(f"extensions-{place}", size_max=400)),
        ring_order=order,
        ring_s=int(ring) if ring.isascii() and ring.isdigit() and len(ring) < 5 else 0,
        text=ask.text(f"text-{place}", size_max=400),
        choices=tuple(filter(None, (_typed_choice(ask, place, at) for at in range(CHOICES_SHOWN)))),
    )


def _typed_choice(ask: Ask, place: int, at: int) -> Choice | None:
    """A line of a menu: a digit, a name, and extensions or a tier (候補2 is 2)."""
    digit = ask.text(f"digit-{place}-{at}", size_max=2)
    if not digit:
        return None
    goes = ask.text(f"goes-{place}-{at}", size_max=2)
    return Choice(
        digit=digit,
        name=ask.text(f"name-{place}-{at}", size_max=80),
        extensions=_extensions(ask.text(f"rings-{place}-{at}", size_max=200)) if not goes else (),
        tier=int(goes) if goes.isascii() and goes.isdigit() else 0,
    )


def _extensions(text: str) -> tuple[str, ...]:
    """`201 202`, `201、202`, `201・202` as people write them.  Pure."""
    return tuple(part for part in re.split(r"[\s,、，・]+", text) if part)


def create(ask: Ask) -> Any:
    try:
        route_id = incoming_routes.save(
            ask.services.store, ask.tenant_id, _typed(ask), at=ask.services.now_ms()
        )
    except BadInput as error:
        return show_new(ask, problem=ask.refusal(error))
    return _done(ask, "created", route_id)


def change(ask: Ask, route_id: int) -> Any:
    _existing(ask, route_id)
    try:
        incoming_routes.save(
            ask.services.store, ask.tenant_id, _typed(ask), at=ask.services.now_ms(), route_id=route_id
        )
    except BadInput as error:
        return show(ask, route_id, problem=ask.refusal(error))
    return _done(ask, "changed", route_id)


def _done(ask: Ask, action: str, route_id: int) -> Any:
    found = _existing(ask, route_id)
    steps = " → ".join(tier_words(ask, tier) for tier in found.tiers)
    log_action(ask, "incoming", action, f"{found.name} {found.called} {steps}"[:400])
    return ask.goto("/incoming", "saved")


def move(ask: Ask, route_id: int) -> Any:
    found = _existing(ask, route_id)
    incoming_routes.move(ask.services.store, ask.tenant_id, route_id, is_up=ask.text("way") == "up")
    log_action(ask, "incoming", "moved", f"{found.name}: {ask.text('way', size_max=4)}")
    return ask.goto("/incoming")


def remove(ask: Ask, route_id: int) -> Any:
    found = _existing(ask, route_id)
    incoming_routes.remove(ask.services.store, ask.tenant_id, route_id)
    log_action(ask, "incoming", "removed", found.name)
    return ask.goto("/incoming", "deleted")


# --- holidays ---------------------------------------------------------------------------------------------


def set_day(ask: Ask) -> Any:
    day = ask.day("day", 0)
    if not day:
        raise Invalid(ask.t("日付を選んでください。"))
    try:
        own_holidays.set_day(
            ask.services.store,
            ask.tenant_id,
            day,
            name=ask.text("name", size_max=80),
            is_open=ask.text("is_open") == "1",
        )
    except BadInput as error:
        return show_all(ask, problem=ask.refusal(error))
    log_action(
        ask,
        "incoming",
        "holiday set",
        f"{day} {ask.text('name')} {'open' if ask.flag('is_open') else 'closed'}",
    )
    return ask.goto("/incoming", "saved")


def remove_day(ask: Ask, own_day: int) -> Any:
    if not own_holidays.remove_day(ask.services.store, ask.tenant_id, own_day):
        raise NotFound(ask.t("この休日は登録されていません。"))
    log_action(ask, "incoming", "holiday removed", str(own_day))
    return ask.goto("/incoming", "withdrawn")
