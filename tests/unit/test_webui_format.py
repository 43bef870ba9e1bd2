"""How numbers, times and telephone numbers are written."""

from __future__ import annotations

import pytest

from webui.format import Calendar, day_of, day_slash, decimal, duration, hms, number, percent, size
from webui.phone_number import hyphenated, masked


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (0, "0:00", "0:00:00"),
        (9.5, "0:10", "0:00:10"),
        (599, "9:59", "0:09:59"),
        (3600, "1:00:00", "1:00:00"),
        (47745, "13:15:45", "13:15:45"),
    ],
)
def test_durations(seconds: float, short: str, long: str) -> None:
    assert duration(seconds) == short
    assert hms(seconds) == long


def test_averages_are_rounded_half_up_and_never_cut() -> None:
    assert decimal(2.25) == "2.3"
    assert decimal(0.05) == "0.1"
    assert decimal(1234.56) == "1,234.6"
    assert percent(0.2181) == "21.8"
    assert number(12034) == "12,034"


def test_what_cannot_exist_is_a_dash() -> None:
    assert [number(None), decimal(None), percent(None), duration(None), hms(None)] == ["—"] * 5


def test_times_are_the_sites_and_days_begin_at_its_midnight() -> None:
    calendar = Calendar("Asia/Tokyo")
    at = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
    assert calendar.time(at) == "2026/11/18 20:06"
    assert calendar.planned(at) == "2026/11/18（水）20:06"
    assert calendar.planned(at, "en") == "2026/11/18 (Wed) 20:06"
    assert calendar.day(at) == 20261118
    assert calendar.start_of_next(20261231) - calendar.start_of(20261231) == 86_400_000
    assert calendar.time(0) == ""


def test_days_are_read_in_both_forms_and_refused_otherwise() -> None:
    assert day_of("2026-11-21") == day_of("2026/11/21") == 20261121
    assert day_of("2026-02-30") is None
    assert day_of("") is None
    assert day_slash(20261121) == "2026/11/21"


def test_sizes() -> None:
    assert [size(12), size(1400), size(1_395_000)] == ["12 B", "1.4 KB", "1.4 MB"]


@pytest.mark.parametrize(
    ("digits", "written"),
    [
        ("0312345678", "03-1234-5678"),
        ("0444305356", "044-430-5356"),
        ("0422123456", "0422-12-3456"),
        ("0126712345", "01267-1-2345"),
        ("0471234567", "04-7123-4567"),
        ("09012345678", "090-1234-5678"),
        ("05012345678", "050-1234-5678"),
        ("0120123456", "0120-123-456"),
        ("08001234567", "0800-123-4567"),
        ("0570012345", "0570-012-345"),
        ("110", "110"),
        ("", ""),
        ("12345678901", "12345678901"),
    ],
)
def test_hyphens_follow_the_numbering_plan(digits: str, written: str) -> None:
    assert hyphenated(digits) == written


def test_a_masked_number_keeps_its_last_four_digits() -> None:
    assert masked("0312345678") == "＊＊＊＊＊＊5678"
