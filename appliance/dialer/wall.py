"""Local time of the site as arithmetic on wall-clock seconds; reads no clock and no zone files."""

from __future__ import annotations

from typing import Final

DAY_S: Final = 86_400


def day_of(at: float, utc_offset_s: float) -> int:
    """The local day as YYYYMMDD.  `at`: seconds since 1970 UTC.

    Days to civil date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (eras of 400 years
    that begin in March).
    """
    days = int((at + utc_offset_s) // DAY_S) + 719_468
    era, day_of_era = divmod(days, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return (year + era * 400 + (month <= 2)) * 10_000 + month * 100 + day


def minute_of_week(at: float, utc_offset_s: float) -> tuple[int, float]:
    """(weekday with Monday 0, minutes since local midnight)."""
    days, seconds = divmod(at + utc_offset_s, DAY_S)
    return (int(days) + 3) % 7, seconds / 60  # 1970-01-01 was a Thursday


def hour_of(at: float, utc_offset_s: float) -> int:
    """The local hour, 0-23."""
    return int((at + utc_offset_s) % DAY_S // 3600)
