"""How numbers, times and telephone numbers are written on pages.  Pure functions; no language but digits.

Rules: half-width digits with comma thousands, percent with one decimal, dates YYYY/MM/DD, a 24-hour clock,
durations m:ss and from an hour h:mm:ss, averages rounded half up.  None is "—": it cannot exist (0 ÷ 0).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

NOTHING: Final = "—"
WEEKDAYS: Final = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def number(value: float | None) -> str:
    """A count: 12,034."""
    return NOTHING if value is None else f"{half_up(value, 0):,}"


def decimal(value: float | None, places: int = 1) -> str:
    """An average: 8.4; rounded half up, never truncated."""
    return NOTHING if value is None else f"{half_up(value, places):,}"


def percent(ratio: float | None, places: int = 1) -> str:
    """0.021 → 2.1, without the sign, so that a page can set it small."""
    return NOTHING if ratio is None else f"{half_up(ratio * 100, places):,}"


def half_up(value: float, places: int) -> Decimal:
    """Rounded as people round: 0.125 → 0.13.  `str` first, so that 2.675 means what was written."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def duration(seconds: float | None) -> str:
    """m:ss under an hour, h:mm:ss above."""
    if seconds is None:
        return NOTHING
    whole = int(half_up(seconds, 0))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def hms(seconds: float | None) -> str:
    """h:mm:ss always, for columns that are added up."""
    if seconds is None:
        return NOTHING
    whole = int(half_up(seconds, 0))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class Calendar:
    """Wall-clock times of the site's zone.  `at` is milliseconds since 1970 UTC, as the store keeps them."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def moment(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, self.zone)

    def date(self, at: int | None) -> str:
        return f"{self.moment(at):%Y/%m/%d}" if at else ""

    def clock(self, at: int | None, *, seconds: bool = False) -> str:
        return f"{self.moment(at):{'%H:%M:%S' if seconds else '%H:%M'}}" if at else ""

    def time(self, at: int | None, *, seconds: bool = False) -> str:
        """2026/11/24 18:30."""
        return f"{self.date(at)} {self.clock(at, seconds=seconds)}" if at else ""

    def short(self, at: int | None) -> str:
        """11/24 18:30: for rows of this year."""
        return f"{self.moment(at):%m/%d %H:%M}" if at else ""

    def planned(self, at: int | None, language: str = "ja") -> str:
        """With the weekday, where people plan: 2026/11/24（火）18:30."""
        if not at:
            return ""
        moment = self.moment(at)
        weekday = WEEKDAYS[language if language in WEEKDAYS else "en"][moment.weekday()]
        marks = ("（", "）") if language == "ja" else (" (", ") ")
        return f"{moment:%Y/%m/%d}{marks[0]}{weekday}{marks[1]}{moment:%H:%M}"

    def stamp(self, at: int) -> str:
        """For file names: 202611211403."""
        return f"{self.moment(at):%Y%m%d%H%M}"

    def day(self, at: int) -> int:
        """The day as the store numbers it: 20261121."""
        return int(f"{self.moment(at):%Y%m%d}")

    def start_of(self, day: int) -> int:
        """Milliseconds of a day's first moment."""
        return int(datetime(day // 10000, day // 100 % 100, day % 100, tzinfo=self.zone).timestamp() * 1000)

    def start_of_next(self, day: int) -> int:
        """Milliseconds of the first moment of the day after: days are not all 24 hours long elsewhere."""
        next_day = date(day // 10000, day // 100 % 100, day % 100) + timedelta(days=1)
        return self.start_of(next_day.year * 10000 + next_day.month * 100 + next_day.day)


def day_iso(day: int) -> str:
    """20261121 → 2026-11-21, the form of <input type=date>."""
    return f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"


def day_slash(day: int) -> str:
    """20261121 → 2026/11/21."""
    return day_iso(day).replace("-", "/")


def day_of(text: str) -> int | None:
    """An ISO date as a day number; None when it is not a date."""
    try:
        found = date.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return None
    return found.year * 10000 + found.month * 100 + found.day


def size(count: int) -> str:
    """Bytes in the largest unit that leaves at least one: 1.4 MB."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{decimal(value)} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
