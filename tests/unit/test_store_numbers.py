"""Telephone numbers as people and Excel write them."""

from __future__ import annotations

import pytest

from appliance.store.import_rows import fast_digits
from appliance.store.numbers import Number, Problem, digits_of, normalise

GOOD = [
    ("03-1234-5678", "0312345678", False),
    ("0312345678", "0312345678", False),
    ("312345678", "0312345678", True),
    ("０３－１２３４－５６７８", "0312345678", False),
    ("３１２３４５６７８", "0312345678", True),
    ("03ー1234ー5678", "0312345678", False),
    ("(03) 1234-5678", "0312345678", False),
    ("03.1234.5678 ", "0312345678", False),
    ("090-1234-5678", "09012345678", False),
    ("9012345678", "09012345678", True),
    ("5012345678", "05012345678", True),
    ("0120-444-444", "0120444444", False),
    ("120444444", "0120444444", True),
    ("0800-123-4567", "08001234567", False),
    ("8001234567", "08001234567", True),
    ("0570-012-345", "0570012345", False),
    ("+81 3 1234 5678", "0312345678", False),
    ("+81-(0)90-1234-5678", "09012345678", False),
    ("'0312345678", "0312345678", False),
    ("0312345678\u3000", "0312345678", False),
]
BAD = [
    ("", "入力されていません"),
    ("  - ", "入力されていません"),
    ("3.12E+09", "指数表記"),
    ("９．０Ｅ＋０９", "指数表記"),
    ("03-1234-567X", "数字以外"),
    ("不明", "数字以外"),
    ("03-123-4567", "（9桁）"),
    ("090-1234-567", "（10桁）"),
    ("0312345678901", "多すぎます"),
    ("110", "（3桁）"),
    ("3123456789", "0から始まっていません"),
    ("010-1-212-555-0100", "国際電話"),
    ("010-123-4567", "国際電話"),
    ("+1 212 555 0100", "国際電話"),
    ("0990-123-456", "発信できない"),
]


@pytest.mark.parametrize(("text", "digits", "is_repaired"), GOOD)
def test_every_usual_form_is_taken(text: str, digits: str, is_repaired: bool) -> None:
    assert normalise(text) == Number(digits, is_repaired)


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_what_cannot_be_a_number_says_why_and_what_to_do(text: str, reason: str) -> None:
    found = normalise(text)

    assert isinstance(found, Problem)
    assert reason in found.reason
    assert found.fix


@pytest.mark.parametrize("text", [text for text, _, _ in GOOD] + [text for text, _ in BAD])
def test_the_short_cut_never_disagrees(text: str) -> None:
    digits = fast_digits(text)

    assert not digits or normalise(text) == Number(digits)


@pytest.mark.parametrize(
    ("text", "digits"),
    [("312345678", "0312345678"), ("5678", "5678"), ("1234-5678", "12345678"), ("山田", "")],
)
def test_a_search_takes_whole_numbers_and_parts(text: str, digits: str) -> None:
    assert digits_of(text) == digits
