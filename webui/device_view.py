"""装置 as plain data: the first sentence, six cards, alarms, history, the header's lamp.  Pure.

Sentences come from monitoring/words.py, which has them in both languages; labels from the page's catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from appliance.dialer.messages import Board, SpanBoard
from appliance.monitoring import letters, watch, words
from appliance.monitoring.messages import AlarmEvent, CheckHealth, Health
from appliance.monitoring.plugin import SEVERITY, Status
from appliance.monitoring.words import Language
from webui.words import Translate

HISTORY_SHOWN: Final = 30
LINE_WIDTH, LINE_HEIGHT = 240, 32
DAY_S: Final = 86_400.0
LINE_GAP_S: Final = 1_800.0  # a longer pause is not drawn through

WEIGHTS: Final[dict[Status, str]] = {
    Status.OK: "ok",
    Status.WARNING: "warn",
    Status.UNKNOWN: "warn",
    Status.CRITICAL: "bad",
}


# `_` marks a text for the catalogue; it is looked up when the page's language is known.
def _(text: str) -> str:
    return text


COUNTED: Final = {
    "pri": "ch",
    "phones": "台",
    "mirror": "台",
    "recordings": "件",
    "chassis": "件",
    "panel": "件",
    "watchdog": "件",
}
"""Checks whose limit is a number of things: "over 0" is "1 or more"; English needs no counter."""

MEASURED: Final = {
    "database": ("ミリ秒", " ms"),
    "ping": ("ミリ秒", " ms"),
    "processes": ("秒", " s"),
    "clock": ("秒", " s"),
    "smart": ("℃", " °C"),
    "backup": ("時間", " h"),
    "certificate": ("日", " days"),
    "disk": (" MB", " MB"),
}
"""Units in words, Japanese and English, where the plugin's own are none or short."""

Days = Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True)
class Card:
    """One card: the checks that are its rows, and the one whose day is drawn."""

    key: str
    title: str
    checks: tuple[str, ...]
    line: str
    line_title: str


CARDS: Final = (
    Card("lines", _("回線"), ("pri",), "pri", _("使用中チャネル")),
    Card("phones", _("電話機"), ("phones", "ping"), "phones", _("登録台数")),
    Card(
        "engine",
        _("発信エンジン"),
        ("processes", "watchdog", "database", "load", "swap"),
        "load",
        _("負荷（コアあたり）"),
    ),
    Card("storage", _("保存"), ("mirror", "disk", "recordings", "smart"), "disk", _("空き（MB）")),
    Card("power", _("電源・温度・時計"), ("chassis", "panel", "clock"), "chassis", _("温度（℃）")),
    Card("backup", _("バックアップ"), ("backup", "certificate"), "backup", _("経過時間")),
)

NOT_FITTED: Final = {"absent": _("この装置にはありません。"), "unset": _("設定されていません。")}

CHANNELS: Final[dict[str, tuple[str, str]]] = {
    ".": ("", _("空")),
    "s": ("…", _("発信")),
    "r": ("♪", _("呼出")),
    "t": ("☎", _("通話")),
    "x": ("×", _("障害")),
    "!": ("残", _("残留")),
}
"""A channel's glyph and word; `!` is one that stays for longer than a call does."""


@dataclass(frozen=True)
class Row:
    """One check in its card."""

    name: str
    title: str
    weight: str  # ok, warn, bad, none
    word: str
    sentence: str
    limit: str


@dataclass(frozen=True)
class Line:
    """A curve of the last day: SVG point lists, and its ends in words."""

    title: str
    parts: tuple[str, ...] = ()
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Channel:
    """One cell of a span."""

    number: int
    state: str
    glyph: str
    word: str


@dataclass(frozen=True)
class Span:
    """One line: 23 cells, and its layers in a word."""

    number: int
    is_up: bool
    alarm: str
    busy: int
    channels: tuple[Channel, ...]


@dataclass(frozen=True)
class Shown:
    """A card as the template draws it."""

    key: str
    title: str
    weight: str
    rows: tuple[Row, ...]
    line: Line
    spans: tuple[Span, ...] = field(default=())


def headline(health: Health | None, translate: Translate, language: Language) -> dict[str, str]:
    """The first line: all is well, what is being looked at again, or the worst problem with what to do."""
    if health is None:
        return {
            "weight": "bad",
            "sentence": translate("監視プログラムが応答していません。装置の状態は分かりません。"),
            "remedy": translate("1分たっても戻らなければ保守窓口へ連絡してください。"),
        }
    found = watch.worst(health.checks)
    if found is None:
        return _without_alarm(health, translate, language)
    name = words.name(found.name, language)
    weight = "seen" if found.alarm == "acknowledged" else WEIGHTS[found.status]
    return {
        "weight": weight,
        "sentence": f"{name}: {words.sentence(found.key, found.values, language)}",
        "remedy": words.remedy(found.key, found.values, language),
    }


def _without_alarm(health: Health, translate: Translate, language: Language) -> dict[str, str]:
    """A check that was bad once or twice is no alarm, and no reason to say that all is well."""
    doubted = [check for check in health.checks if check.status is not Status.OK]
    if not doubted:
        return {"weight": "ok", "sentence": translate("正常です。"), "remedy": ""}
    found = max(doubted, key=lambda check: (not check.held_by, SEVERITY[check.status]))
    said = words.sentence(found.key, found.values, language)
    sentence = translate("確認中です。{name}: {said}", name=words.name(found.name, language), said=said)
    return {"weight": "doubt", "sentence": sentence, "remedy": ""}


def lamp(health: Health | None, translate: Translate, language: Language) -> dict[str, Any]:
    """The header's lamp; `version` changes with every change of an alarm, so that the page looks again."""
    standing = [] if health is None else [check for check in health.checks if _stands(check)]
    first = headline(health, translate, language)
    return {
        "weight": "ok" if first["weight"] == "doubt" else first["weight"],
        "sentence": first["sentence"],
        "count": len(standing),
        "version": "" if health is None or not health.history else f"{health.history[0].at:.3f}",
    }


def cards(
    health: Health | None, board: Board, days: Days, translate: Translate, language: Language
) -> tuple[Shown, ...]:
    """The six cards, in order."""
    return tuple(_card(card, health, board, days, translate, language) for card in CARDS)


def _card(
    card: Card, health: Health | None, board: Board, days: Days, translate: Translate, language: Language
) -> Shown:
    known = {check.name: check for check in health.checks} if health is not None else {}
    found = [known[name] for name in card.checks if name in known]
    rows = tuple(_row(check, translate, language) for check in found)
    now = health.now_at if health is not None else 0.0
    stuck = health.stuck if health is not None else ()
    return Shown(
        key=card.key,
        title=translate(card.title),
        weight=_card_weight(found),
        rows=rows,
        line=_line(translate(card.line_title), days.get(card.line, ()), now),
        spans=tuple(_span(span, stuck, translate) for span in board.spans) if card.key == "lines" else (),
    )


def _card_weight(found: list[CheckHealth]) -> str:
    fitted = [check for check in found if check.is_fitted]
    if not fitted:
        return "none"
    order = ("ok", "warn", "bad")
    return max((WEIGHTS[check.status] for check in fitted), key=order.index)


def _row(check: CheckHealth, translate: Translate, language: Language) -> Row:
    title = words.name(check.name, language)
    if not check.is_fitted:
        return Row(check.name, title, "none", "—", translate(NOT_FITTED[check.key]), "")
    sentence = words.sentence(check.key, check.values, language)
    if check.held_by:
        cause = words.name(check.held_by, language)
        sentence = f"{sentence} {translate('（原因：{name}）', name=cause)}"
    return Row(
        check.name, title, WEIGHTS[check.status], letters.status(check.status, language), sentence,
        _limit(check, translate, language),
    )  # fmt: skip


def _limit(check: CheckHealth, translate: Translate, language: Language) -> str:
    """The limits of a check's first figure in words: "注意 1台以上・警報 8台以上"."""
    if not check.figures:
        return ""
    first = check.figures[0]
    parts = []
    for word, text in ((translate("注意"), first.warn), (translate("警報"), first.crit)):
        shown = _range(text, check.name, first.unit, translate, language)
        if shown:
            parts.append(f"{word} {shown}")
    return "・".join(parts)


def _range(text: str, check: str, unit: str, translate: Translate, language: Language) -> str:
    """A threshold for people; one that is no plain bound is shown as it was given."""
    under, over = re.fullmatch(r"([\d.]+):", text), re.fullmatch(r"[\d.]+", text)
    if over and check in COUNTED:
        counter = COUNTED[check] if language == "ja" else ""
        return translate("{n}以上", n=f"{int(text) + 1}{counter}")
    pair = MEASURED.get(check, (unit, unit))
    word = pair[0] if language == "ja" else pair[1]
    if under:
        return translate("{n}未満", n=f"{under[1]}{word}")
    return translate("{n}超", n=f"{text}{word}") if over else text


def _span(span: SpanBoard, stuck: tuple[str, ...], translate: Translate) -> Span:
    letters_of = [
        "!" if f"{span.span}/{number}" in stuck else letter for number, letter in enumerate(span.channels, 1)
    ]
    return Span(
        number=span.span,
        is_up=span.is_up,
        alarm=span.alarm,
        busy=sum(letter not in ".x" for letter in letters_of),
        channels=tuple(
            Channel(number, letter, CHANNELS.get(letter, ("?", "?"))[0], translate(CHANNELS[letter][1]))
            for number, letter in enumerate(letters_of, 1)
            if letter in CHANNELS
        ),
    )


def _line(title: str, points: tuple[tuple[float, float], ...], now: float) -> Line:
    """The last day as SVG points, a part for each stretch without a long gap."""
    recent = [(at, value) for at, value in points if now - DAY_S <= at <= now]
    if len(recent) < 2:
        return Line(title)
    values = [value for _, value in recent]
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    parts: list[list[str]] = [[]]
    before = recent[0][0]
    for at, value in recent:
        if at - before > LINE_GAP_S:
            parts.append([])
        before = at
        x = LINE_WIDTH * (1 - (now - at) / DAY_S)
        y = LINE_HEIGHT - 2 - (LINE_HEIGHT - 4) * (value - low) / room
        parts[-1].append(f"{x:.1f},{y:.1f}")
    drawn = tuple(" ".join(part) for part in parts if len(part) > 1)
    return Line(title, drawn, _short(low), _short(high))


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def alarms(health: Health | None, language: Language) -> list[dict[str, Any]]:
    """What stands, the unseen and grave first."""
    standing = [] if health is None else [check for check in health.checks if _stands(check)]
    order = sorted(
        standing,
        key=lambda check: (check.alarm != "raised", -int(check.status is Status.CRITICAL), check.problem_at),
    )
    return [
        {
            "name": check.name,
            "title": words.name(check.name, language),
            "weight": WEIGHTS[check.status],
            "word": letters.status(check.status, language),
            "sentence": words.sentence(check.key, check.values, language),
            "remedy": words.remedy(check.key, check.values, language),
            "since": int(check.problem_at * 1000),
            "is_flapping": check.is_flapping,
            "who": check.acknowledged_by,
            "seen_at": int(check.acknowledged_at * 1000),
            "note": check.note,
        }
        for check in order
    ]


def history(health: Health | None, language: Language) -> list[dict[str, Any]]:
    """What happened lately, the newest first."""
    rows = () if health is None else health.history[:HISTORY_SHOWN]
    return [_past(event, language) for event in rows]


def _past(event: AlarmEvent, language: Language) -> dict[str, Any]:
    sentence = words.sentence(event.key, event.values, language) if event.key else ""
    return {
        "at": int(event.at * 1000),
        "title": words.name(event.check, language) if event.check in words.CHECKS else event.check,
        "event": words.event(event.event, language),
        "weight": WEIGHTS[event.status],
        "word": letters.status(event.status, language),
        "sentence": event.note or sentence,
        "who": event.who,
    }


def _stands(check: CheckHealth) -> bool:
    return check.alarm in ("raised", "acknowledged")
