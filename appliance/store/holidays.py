"""Japan's national holidays by the law's own rules, so that a box without the internet knows them.  Pure.

Act on National Holidays (昭和23年法律第178号) as in force since 2020; nothing is known of years before 2022
(the Olympic years were exceptions) or after 2099 (the equinoxes' formula ends).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

YEARS: Final = range(2022, 2100)

FIXED: Final[tuple[tuple[int, int, str], ...]] = (
    (1, 1, "元日"),
    (2, 11, "建国記念の日"),
    (2, 23, "天皇誕生日"),
    (4, 29, "昭和の日"),
    (5, 3, "憲法記念日"),
    (5, 4, "みどりの日"),
    (5, 5, "こどもの日"),
    (8, 11, "山の日"),
    (11, 3, "文化の日"),
    (11, 23, "勤労感謝の日"),
)
MONDAYS: Final[tuple[tuple[int, int, str], ...]] = (  # month, which Monday
    (1, 2, "成人の日"),
    (7, 3, "海の日"),
    (9, 3, "敬老の日"),
    (10, 2, "スポーツの日"),
)


@cache
def national(year: int) -> dict[int, str]:
    """The year's holidays, YYYYMMDD to name; empty for a year that is not known."""
    if year not in YEARS:
        return {}
    found = {date(year, month, day): name for month, day, name in FIXED}
    found |= {_monday(year, month, which): name for month, which, name in MONDAYS}
    found[date(year, 3, _equinox(year, 20.8431))] = "春分の日"
    found[date(year, 9, _equinox(year, 23.2488))] = "秋分の日"
    found |= _between(found)
    found |= _substitutes(found)
    return {number(day): found[day] for day in sorted(found)}


def number(day: date) -> int:
    """YYYYMMDD."""
    return day.year * 10_000 + day.month * 100 + day.day


def _monday(year: int, month: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7 + 7 * (which - 1))


def _equinox(year: int, base: float) -> int:
    # The National Astronomical Observatory's approximation for 1980-2099.
    return int(base + 0.242194 * (year - 1980)) - (year - 1980) // 4


def _between(holidays: dict[date, str]) -> dict[date, str]:
    """Article 3-3: a day between two holidays is one, if it is none itself."""
    day = timedelta(days=1)
    return {
        one + day: "国民の休日"
        for one in holidays
        if one + 2 * day in holidays and one + day not in holidays and (one + day).weekday() != 6
    }


def _substitutes(holidays: dict[date, str]) -> dict[date, str]:
    """Article 3-2: for a holiday on a Sunday the next day that is none."""
    found = {}
    for day in holidays:
        if day.weekday() == 6:
            while day in holidays:
                day += timedelta(days=1)
            found[day] = "振替休日"
    return found
