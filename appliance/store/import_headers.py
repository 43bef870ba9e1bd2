"""What the columns of a file are: the number, the name, フリガナ, sex, age.  Pure.

Exactly one column is the number: the one named 電話番号, or one whose content says so and that a person
chose.  A repeated header gets a number; one that is a code of the project is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from appliance.errors import BadInput
from appliance.store import numbers
from appliance.store.models import Noun

NUMBER: Final = "電話番号"
REASON: Final = "理由"  # the column our file of rejected rows adds
CONTENT_SHARE: Final = 0.8

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "name": ("氏名", "名前", "お名前", "顧客名", "会社名", "世帯主"),
    "kana": ("フリガナ", "ふりがな", "氏名カナ", "氏名（カナ）", "カナ", "カナ氏名"),
    "sex": ("性別",),
    "age": ("年齢",),
}


class Columns(Noun, frozen=True):
    """Positions of what the store keeps beside the fields; -1 where the file has none.

    `width` is the file's own number of columns: one more than `headers` where a last 理由 is left out.
    """

    headers: tuple[str, ...]
    width: int
    number: int
    name: int = -1
    kana: int = -1
    sex: int = -1
    age: int = -1


def numbered(headers: Sequence[str]) -> tuple[str, ...]:
    """Repeated headers numbered (住所, 住所2, 住所3), empty ones named by their place (列5)."""
    cut = _without_empty_end(headers)
    seen: Counter[str] = Counter()
    taken = {header.strip() for header in cut}
    result = []
    for place, header in enumerate(cut, 1):
        name = header.strip() or f"列{place}"
        seen[name] += 1
        number = seen[name]
        while number > 1 and f"{name}{number}" in taken:
            number += 1
        result.append(name if number == 1 else f"{name}{number}")
        taken.add(result[-1])
    return tuple(result)


def _without_empty_end(headers: Sequence[str]) -> list[str]:
    cut = list(headers)
    while cut and not cut[-1].strip():
        cut.pop()
    return cut


def candidates(headers: Sequence[str], samples: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Columns that can be the number: the one named so, else those whose content says so."""
    named = [place for place, header in enumerate(headers) if header == NUMBER]
    if named:
        return tuple(named[:1])
    return tuple(place for place in range(len(headers)) if _looks_like_numbers(place, samples))


def _looks_like_numbers(place: int, samples: Sequence[Sequence[str]]) -> bool:
    values = [row[place] for row in samples if len(row) > place and row[place].strip()]
    good = sum(isinstance(numbers.normalise(value), numbers.Number) for value in values)
    return bool(values) and good >= CONTENT_SHARE * len(values)


def columns(headers: Sequence[str], *, number_column: int, reserved: frozenset[str]) -> Columns:
    """The file's columns.  `number_column` -1: the one named 電話番号.  `headers` are numbered already.

    Raises BadInput: no such column, or a header that is a code or an attribute of the project.
    """
    clashes = [header for header in headers if header in reserved]
    if clashes:
        raise BadInput(
            f"見出し「{'」「'.join(clashes)}」は案件の結果コードと同じです。",
            remedy="見出しを変えてください。",
        )
    place = number_column if number_column >= 0 else _named(headers)
    if not 0 <= place < len(headers):
        raise BadInput(f"見出し「{NUMBER}」の列がありません。", remedy="電話番号の列を選んでください。")
    names = list(headers)
    names[place] = NUMBER
    found = {
        field: next((at for at, header in enumerate(names) if header in words), -1)
        for field, words in NAMES.items()
    }
    return Columns(headers=tuple(names), width=len(names), number=place, **found)


def _named(headers: Sequence[str]) -> int:
    return headers.index(NUMBER) if NUMBER in headers else -1


def check_append(found: Columns, existing: tuple[str, ...]) -> Columns:
    """The columns as the list has them.  Raises BadInput naming each header that differs.

    A last column 理由, as in our own file of rejected rows, is left out.
    """
    headers = found.headers
    if headers[-1:] == (REASON,) and existing[-1:] != (REASON,):
        headers = headers[:-1]
    if headers == existing:
        return msgspec.structs.replace(found, headers=headers)
    missing = [header for header in existing if header not in headers]
    extra = [header for header in headers if header not in existing]
    words = []
    if missing:
        words.append(f"足りない見出し：{'、'.join(missing)}")
    if extra:
        words.append(f"余分な見出し：{'、'.join(extra)}")
    if not words:
        words.append(f"順番が違います（リスト：{'、'.join(existing)}）")
    raise BadInput(f"リストの見出しと一致しません。{'。'.join(words)}。", remedy="見出しをそろえてください。")
