"""What the columns of a file are: the number, the name, フリガナ, sex, age.  Pure.

Exactly one column is the number: the one named 電話番号, or one whose content says so and that a person
chose.  A repeated header gets a number; one that is a code of the project is refused by name.  A person may
say of each column what it becomes (`mapped`): one of ours, a field of another name, or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from appliance.errors import BadInput
from appliance.store import numbers
from appliance.store.models import Noun

NUMBER: Final = "電話番号"
REASON: Final = "理由"  # the column our file of rejected rows adds
CONTENT_SHARE: Final = 0.8
HEADER_CHARACTERS_MAX: Final = 60

Use = Literal["number", "name", "kana", "sex", "age", "field", "drop"]
USE_WORDS: Final[dict[Use, str]] = {
    "number": NUMBER,
    "name": "氏名",
    "kana": "フリガナ",
    "sex": "性別",
    "age": "年齢",
    "field": "顧客項目",
    "drop": "取り込まない",
}

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "name": ("氏名", "名前", "お名前", "顧客名", "会社名", "世帯主"),
    "kana": ("フリガナ", "ふりがな", "氏名カナ", "氏名（カナ）", "カナ", "カナ氏名"),
    "sex": ("性別",),
    "age": ("年齢",),
}


class ColumnPlan(Noun, frozen=True):
    """What a person says of one column: what it is, and what the list calls it."""

    header: str
    use: Use = "field"


class Columns(Noun, frozen=True):
    """Positions of what the store keeps beside the fields; -1 where the file has none.

    `width` is the file's own number of columns: one more than `headers` where a last 理由 is left out.
    `keep` are the positions that become `headers`, where some do not; empty: all from the first on.
    """

    headers: tuple[str, ...]
    width: int
    number: int
    name: int = -1
    kana: int = -1
    sex: int = -1
    age: int = -1
    keep: tuple[int, ...] = ()


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
    _check_clashes(headers, reserved)
    place = number_column if number_column >= 0 else _named(headers)
    if not 0 <= place < len(headers):
        raise BadInput(f"見出し「{NUMBER}」の列がありません。", remedy="電話番号の列を選んでください。")
    names = list(headers)
    names[place] = NUMBER
    found = {
        field: next((at for at, header in enumerate(names) if header in words), -1)
        for field, words in NAMES.items()
    }
    return Columns(
        headers=tuple(names),
        width=len(names),
        number=place,
        name=found["name"],
        kana=found["kana"],
        sex=found["sex"],
        age=found["age"],
    )


def guessed(headers: Sequence[str], number_column: int) -> tuple[ColumnPlan, ...]:
    """What the columns are by their names; `number_column` -1: none is the number yet."""
    plans: list[ColumnPlan] = []
    taken: set[str] = set()
    for place, header in enumerate(headers):
        use: Use = "field"
        if place == number_column:
            use = "number"
        else:
            use = next((key for key in _OURS if header in NAMES[key] and key not in taken), "field")
        taken.add(use)
        plans.append(ColumnPlan(header=header, use=use))
    return tuple(plans)


_OURS: Final[tuple[Use, ...]] = ("name", "kana", "sex", "age")


def mapped(plans: Sequence[ColumnPlan], *, width: int, reserved: frozenset[str]) -> Columns:
    """The columns as a person mapped them; `width` is the file's number of columns.

    Raises BadInput: another number of columns, no number or two, a field twice, a header twice, empty, too
    long or that of a result code.
    """
    if len(plans) != width:
        raise BadInput("列の数がファイルと違います。", remedy="ファイルを選び直してください。")
    places = {use: [at for at, plan in enumerate(plans) if plan.use == use] for use in USE_WORDS}
    if not places["number"]:
        raise BadInput(f"「{NUMBER}」にする列がありません。", remedy="電話番号の列を選んでください。")
    for use in ("number", *_OURS):
        if len(places[use]) > 1:
            raise BadInput(f"「{USE_WORDS[use]}」にする列が2つあります。", remedy="1つだけにしてください。")
    keep = tuple(at for at, plan in enumerate(plans) if plan.use != "drop")
    headers = tuple(NUMBER if plans[at].use == "number" else plans[at].header.strip() for at in keep)
    _check_headers(headers)
    _check_clashes(headers, reserved)
    return Columns(
        headers=headers,
        width=width,
        number=places["number"][0],
        keep=() if len(keep) == width else keep,
        name=next(iter(places["name"]), -1),
        kana=next(iter(places["kana"]), -1),
        sex=next(iter(places["sex"]), -1),
        age=next(iter(places["age"]), -1),
    )


def _check_headers(headers: Sequence[str]) -> None:
    if any(not 1 <= len(header) <= HEADER_CHARACTERS_MAX for header in headers):
        raise BadInput("項目名が空か長すぎます。", remedy=f"1〜{HEADER_CHARACTERS_MAX}文字にしてください。")
    twice = [header for header, times in Counter(headers).items() if times > 1]
    if twice:
        raise BadInput(f"項目名「{twice[0]}」が2つあります。", remedy="片方の名前を変えてください。")


def _check_clashes(headers: Sequence[str], reserved: frozenset[str]) -> None:
    clashes = [header for header in headers if header in reserved]
    if clashes:
        raise BadInput(
            f"見出し「{'、'.join(clashes)}」は案件の結果コードと同じです。",
            remedy="見出しを変えてください。",
        )


def _named(headers: Sequence[str]) -> int:
    return headers.index(NUMBER) if NUMBER in headers else -1


def check_append(found: Columns, existing: tuple[str, ...]) -> Columns:
    """The columns as the list has them.  Raises BadInput naming each header that differs.

    A last column 理由, as in our own file of rejected rows, is left out.
    """
    headers, keep = found.headers, found.keep
    if headers[-1:] == (REASON,) and existing[-1:] != (REASON,):
        headers, keep = headers[:-1], keep[:-1]
    if headers == existing:
        return msgspec.structs.replace(found, headers=headers, keep=keep)
    missing = [header for header in existing if header not in headers]
    extra = [header for header in headers if header not in existing]
    words = []
    if missing:
        words.append(f"足りない見出し「{'、'.join(missing)}」")
    if extra:
        words.append(f"余分な見出し「{'、'.join(extra)}」")
    if not words:
        words.append(f"順番が違います（リスト「{'、'.join(existing)}」）")
    raise BadInput(f"リストの見出しと一致しません。{'。'.join(words)}。", remedy="見出しをそろえてください。")
