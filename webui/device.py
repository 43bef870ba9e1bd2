"""装置: the box and its health, acknowledging alarms, cutting a channel that stays; and /metrics.

Everything shown is the monitor's and the dialer's word; nothing here looks at a device.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import bottle

from appliance.dialer.messages import ClearChannel
from appliance.ipc import PeerGone
from appliance.monitoring.messages import Acknowledge, Locate, Message
from webui import cut_off, device_view, metrics
from webui.ask import Ask, Invalid, NotFound, Services
from webui.auth import log_action
from webui.roles import OPEN, Route

NOTE_MAX = 200


def routes(_services: Services) -> list[Route]:
    return [
        Route("GET", "/device", "device.view", show),
        Route("POST", "/device/alarms/<check>/acknowledge", "device.view", acknowledge),
        Route("POST", "/device/channels/<span:int>/<channel:int>/clear", "device.change", clear),
        Route("POST", "/device/locate", "device.view", locate),
        Route("GET", "/metrics", OPEN, show_metrics),
    ]


def show(ask: Ask) -> Any:
    box, live = ask.services.box, ask.services.live
    language = ask.spoken
    health = box.health
    return ask.page(
        "device.html",
        health=health,
        first=device_view.headline(health, ask.t, language),
        cut_off=cut_off.sentences(ask),
        cards=device_view.cards(health, live.board, box.days(), ask.t, language),
        alarms=device_view.alarms(health, language),
        history=device_view.history(health, language),
        channels=[(glyph, ask.t(word)) for glyph, word in device_view.CHANNELS.values()],
        is_dialer_up=live.is_up,
        engine=live.board.engine,
        has_lamps=health is not None and any(row.name == "panel" and row.is_fitted for row in health.checks),
        line_size=(device_view.LINE_WIDTH, device_view.LINE_HEIGHT),
    )


def acknowledge(ask: Ask, check: str) -> Any:
    """確認: whoever is logged in knows of it; the log and the history keep the name."""
    note = ask.text("note", size_max=NOTE_MAX)
    _request(ask, Acknowledge(check, ask.person.name or ask.person.login_name, note))
    log_action(ask, "device", "alarm acknowledged", f"{check}: {note}" if note else check)
    return ask.goto("/device", "acknowledged")


def clear(ask: Ask, span: int, channel: int) -> Any:
    """Cut a call that stays on its channel for longer than calls do; nothing else can be cut here."""
    reason = ask.text("reason", size_max=NOTE_MAX)
    if not reason:
        raise Invalid(ask.t("理由を入力してください。"))
    health = ask.services.box.health
    if health is None or f"{span}/{channel}" not in health.stuck:
        raise NotFound(ask.t("このチャネルは残留していません。"))
    ask.command(ClearChannel(span=span, channel=channel))
    log_action(ask, "device", "channel cut", f"{span}/{channel}: {reason}")
    return ask.goto("/device", "cut")


def locate(ask: Ask) -> Any:
    """LED点灯: the lamps of this box blink, so that whoever stands before the rack finds it."""
    is_on = ask.flag("is_on")
    _request(ask, Locate(is_on))
    log_action(ask, "device", "located", "on" if is_on else "off")
    return ask.goto("/device")


def _request(ask: Ask, body: Message) -> None:
    try:
        ask.services.box.request(body)
    except PeerGone as error:
        raise Invalid(
            ask.t("監視プログラムが応答していません。数秒待って、もう一度操作してください。")
        ) from error


def show_metrics(ask: Ask) -> Any:
    """Prometheus' text, for the networks of the site file alone; anybody else finds no such page."""
    if not _is_allowed(ask.address, ask.services.settings.monitor.metrics_networks):
        raise NotFound(ask.t("ページが見つかりません。"))
    text = metrics.text(ask.services.box.health, ask.services.live.board, is_up=ask.services.live.is_up)
    head = {"Content-Type": metrics.CONTENT_TYPE, "Cache-Control": "no-store"}
    return bottle.HTTPResponse(text, 200, head)


def _is_allowed(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)
