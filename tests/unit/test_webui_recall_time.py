"""What operators type as a time to call again, and what is refused with its reason."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from appliance.store.models import Hours
from webui.recall_time import NOT_READ, PAST, TOO_FAR, Refusal, parse

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 21, 14, 3, 27, tzinfo=TOKYO)  # a Saturday
ALWAYS = tuple(Hours(weekday=day, from_minute=0, to_minute=1440) for day in range(7))
OFFICE = tuple(Hours(weekday=day, from_minute=9 * 60, to_minute=21 * 60) for day in range(5))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("11/24 18:30", "2026-11-24 18:30"),
        ("１１／２４　１８：３０", "2026-11-24 18:30"),
        ("11月24日 18時半", "2026-11-24 18:30"),
        ("11-24 1830", "2026-11-24 18:30"),
        ("2026/11/24（火）18:30", "2026-11-24 18:30"),
        ("2027/01/05 9", "2027-01-05 09:00"),
        ("1/5 10時", "2027-01-05 10:00"),
        ("24日 10", "2026-11-24 10:00"),
        ("3日 10時頃", "2026-12-03 10:00"),
        ("明日 10", "2026-11-22 10:00"),
        ("明日10時", "2026-11-22 10:00"),
        ("明日", "2026-11-22 14:03"),
        ("あさって 9:15", "2026-11-23 09:15"),
        ("今日 18", "2026-11-21 18:00"),
        ("18:30", "2026-11-21 18:30"),
        ("9時", "2026-11-22 09:00"),
        ("+2h", "2026-11-21 16:03"),
        ("＋３０ｍ", "2026-11-21 14:33"),
        ("30分後", "2026-11-21 14:33"),
        ("2時間後", "2026-11-21 16:03"),
        ("+1d", "2026-11-22 14:03"),
        ("月 10", "2026-11-23 10:00"),
        ("土曜 10時", "2026-11-28 10:00"),
        ("来週の火曜日 10", "2026-11-24 10:00"),
    ],
)
def test_what_people_write_is_understood(text: str, moment: str) -> None:
    assert f"{parse(text, NOW, ALWAYS):%Y-%m-%d %H:%M}" == moment


@pytest.mark.parametrize(
    "text",
    ["", "あとで", "25:00", "11/31 10", "13/1 10", "10:75", "+2", "明日 夕方", "11/24 18:30まで", "30"],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    assert parse(text, NOW, ALWAYS) == NOT_READ


@pytest.mark.parametrize("text", ["11/20 18:30", "今日 9", "2026/11/21 14:03"])
def test_the_past_is_refused(text: str) -> None:
    assert parse(text, NOW, ALWAYS) == PAST


def test_more_than_a_year_ahead_is_refused() -> None:
    assert parse("2028/01/05 10:00", NOW, ALWAYS) == TOO_FAR


def test_outside_the_calling_hours_is_refused_with_the_hours() -> None:
    early = parse("11/24 8:59", NOW, OFFICE)
    assert isinstance(early, Refusal)
    assert early.values == {"day": "11/24(火)", "hours": "09:00〜21:00"}
    assert isinstance(parse("11/24 21:00", NOW, OFFICE), Refusal)
    assert isinstance(parse("11/24 20:59", NOW, OFFICE), datetime)
    sunday = parse("明日 10", NOW, OFFICE)
    assert isinstance(sunday, Refusal)
    assert sunday.values == {"day": "11/22(日)"}
    assert isinstance(parse("+2h", NOW, ()), Refusal)


def test_the_zone_is_the_sites() -> None:
    found = parse("11/24 18:30", NOW, ALWAYS)
    assert isinstance(found, datetime)
    assert found.tzinfo is TOKYO
