"""再架電日時: what an operator types, as a moment: `11/24 18:30`, `明日 10`, `+2h`.  Pure.

The answer is a moment of the site's zone inside the project's calling hours, or a refusal that says why.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from appliance.store.models import Hours

AHEAD_MAX: Final = timedelta(days=366)
NEAR_PAST: Final = timedelta(days=60)  # 11/20 typed on 11/21 is yesterday, 1/5 typed then is next year
WEEKDAYS: Final = "月火水木金土日"
DAYS: Final = {"今日": 0, "本日": 0, "明日": 1, "あした": 1, "明後日": 2, "あさって": 2}
UNITS: Final = {"m": "minutes", "分": "minutes", "h": "hours", "時間": "hours", "d": "days", "日": "days"}


@dataclass(frozen=True)
class Refusal:
    """Why it cannot be; `words` is a key of the catalogue, `values` fill it."""

    words: str
    values: dict[str, str] = field(default_factory=dict)


# `_` marks a text for the catalogue; it is looked up when the page's language is known.
def _(text: str) -> str:
    return text


NOT_READ: Final = Refusal(
    _("再架電日時を読み取れません。「11/24 18:30」「明日 10」「+2h」の形で入力してください。")
)
PAST: Final = Refusal(_("再架電日時が過ぎています。これからの日時を入力してください。"))
TOO_FAR: Final = Refusal(_("再架電日時が1年より先です。1年以内の日時を入力してください。"))

_RELATIVE: Final = re.compile(r"\+?(\d{1,4})(m|分|h|時間|d|日)後?")
_DATE: Final = re.compile(r"(?:(?:(\d{4})[/年-])?(\d{1,2})[/月-](\d{1,2})日?|(\d{1,2})日)(?:\([^)]*\))?")
_WEEKDAY: Final = re.compile(rf"(来週)?の?([{WEEKDAYS}])曜?日?")
_CLOCK: Final = re.compile(r"(\d{1,2})(?:(?:[:時](\d{2})分?)|(?::?(\d{2}))|時(半)?)?")


def parse(text: str, now: datetime, hours: tuple[Hours, ...]) -> datetime | Refusal:
    """The moment meant by `text` at `now` (aware, of the site's zone), to the minute.

    A day without an hour takes the hour of now; an hour without a day is the next one.
    """
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().lower()
    found = _relative(plain, now) or _absolute(plain, now)
    if found is None:
        return NOT_READ
    if found <= now:
        return PAST
    if found - now > AHEAD_MAX:
        return TOO_FAR
    return outside(found, hours) or found


def outside(at: datetime, hours: tuple[Hours, ...]) -> Refusal | None:
    """Why a moment lies outside the calling hours; None inside.  Without any span nothing is open."""
    day = f"{at:%m/%d}({WEEKDAYS[at.weekday()]})"
    spans = [span for span in hours if span.weekday == at.weekday()]
    if not spans:
        return Refusal(_("{day}は発信しない曜日です。別の日を入力してください。"), {"day": day})
    minute = at.hour * 60 + at.minute
    if any(span.from_minute <= minute < span.to_minute for span in spans):
        return None
    shown = "・".join(f"{_clock(span.from_minute)}〜{_clock(span.to_minute)}" for span in spans)
    return Refusal(
        _("{day}の発信時間は{hours}です。その間の時刻を入力してください。"), {"day": day, "hours": shown}
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _relative(text: str, now: datetime) -> datetime | None:
    match = _RELATIVE.fullmatch(text.replace(" ", ""))
    if match is None or not (text.startswith("+") or text.endswith("後")):
        return None
    later = now + timedelta(**{UNITS[match[2]]: int(match[1])})
    return later.replace(second=0, microsecond=0)


def _absolute(text: str, now: datetime) -> datetime | None:
    for read in (_named_day, _weekday, _date):
        day = read(text, now)
        if day is not None:
            at = _hour(day[1], default=now.time())
            return None if at is None else _joined(day[0], at, now)
    at = _hour(text, default=None)
    if at is None:
        return None
    today = _joined(now.date(), at, now)
    return today if today > now else _joined(now.date() + timedelta(days=1), at, now)


Day = tuple[date, str]  # the day, and what stands behind it


def _named_day(text: str, now: datetime) -> Day | None:
    for word, days in DAYS.items():
        if text.startswith(word):
            return now.date() + timedelta(days=days), text.removeprefix(word)
    return None


def _weekday(text: str, now: datetime) -> Day | None:
    match = _WEEKDAY.match(text)
    if match is None:
        return None
    ahead = (WEEKDAYS.index(match[2]) - now.weekday()) % 7
    if match[1]:
        ahead = 7 - now.weekday() + WEEKDAYS.index(match[2])
    return now.date() + timedelta(days=ahead or 7), text[match.end() :]


def _date(text: str, now: datetime) -> Day | None:
    match = _DATE.match(text)
    if match is None:
        return None
    try:
        day = _day_of(match, now.date())
    except ValueError:
        return None
    return day, text[match.end() :]


def _day_of(match: re.Match[str], today: date) -> date:
    year, month, day, alone = match.groups()
    if alone:
        first = today.replace(day=int(alone))
        return first if first >= today else _next_month(first)
    if year:
        return date(int(year), int(month), int(day))
    found = date(today.year, int(month), int(day))
    return found if today - found < NEAR_PAST else found.replace(year=today.year + 1)


def _next_month(day: date) -> date:
    return day.replace(year=day.year + 1, month=1) if day.month == 12 else day.replace(month=day.month + 1)


def _hour(text: str, *, default: time | None) -> time | None:
    plain = text.strip(" のに")
    if not plain:
        return default
    match = _CLOCK.fullmatch(plain.removesuffix("頃").removesuffix("ごろ").replace(" ", ""))
    if match is None:
        return None
    minute = 30 if match[4] else int(match[2] or match[3] or 0)
    hour = int(match[1])
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _joined(day: date, at: time, now: datetime) -> datetime:
    return datetime.combine(day, at.replace(second=0, microsecond=0), tzinfo=now.tzinfo)
