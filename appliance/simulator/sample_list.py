"""Makes the sample list `sample-2000.csv`: CP932, CRLF, 2,000 customers, and the dirt real lists have.

Every number begins with an exchange code of zeros (03-0000-, 045-000-), which is never given out.
The same file comes out on every machine; a test pins its digest.
Run `python -m appliance.simulator.sample_list FILE` to write it.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from appliance.simulator import sample_people as people
from appliance.simulator.callee import rng_for

SHIPPED: Final = Path(__file__).with_name("sample-2000.csv")
ROWS: Final = 2_000
SEED: Final = 2_000
HEADERS: Final = (
    "顧客番号", "氏名", "フリガナ", "電話番号", "郵便番号", "住所",
    "年齢", "性別", "契約プラン", "契約日", "備考",
)  # fmt: skip
NUMBER_COLUMN: Final = HEADERS.index("電話番号")
ENCODING: Final = "cp932"

# How the number of a row is written.  Shares in thousandths; the first four forms can be repaired.
FORMS: Final[tuple[tuple[str, int], ...]] = (
    ("hyphens", 500), ("plain", 330), ("lost_zero", 60), ("full_width", 50), ("trailing_space", 30),
    ("duplicate", 10), ("empty", 6), ("exponent", 5), ("too_short", 5), ("letters", 4),
)  # fmt: skip
assert sum(share for _, share in FORMS) == 1_000

_T = TypeVar("_T")
_FULL_WIDTH: Final = str.maketrans("0123456789-", "０１２３４５６７８９－")
_WRITTEN: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "hyphens": lambda number, _rng: number,
    "plain": lambda number, _rng: number.replace("-", ""),
    "lost_zero": lambda number, _rng: number.replace("-", "")[1:],
    "full_width": lambda number, _rng: number.translate(_FULL_WIDTH),
    "trailing_space": lambda number, rng: number + pick(rng, (" ", "  ", "\u3000")),
    "duplicate": lambda number, _rng: number.replace("-", ""),
    "empty": lambda _number, _rng: "",
    "exponent": lambda _number, rng: pick(rng, ("3.12E+09", "9.01E+09", "4.5E+08")),
    "too_short": lambda number, rng: number.replace("-", "")[: pick(rng, (4, 6, 7))],
    "letters": lambda number, rng: pick(rng, ("不明", number[:-2] + "AB", "TEL無し")),
}
assert set(_WRITTEN) == {form for form, _ in FORMS}


def rows() -> list[tuple[str, ...]]:
    """The 2,000 rows, without the header and without the trailing row of commas."""
    rng = rng_for(SEED, "sample list")
    serials: dict[str, int] = {}
    made: list[tuple[str, ...]] = []
    numbers: list[str] = []
    for index in range(ROWS):
        form = _form(rng, is_first=index < 20)
        prefix, postcode, town = pick(rng, people.PLACES)
        if form == "duplicate":
            number = pick(rng, numbers)
        else:
            serials[prefix] = serials.get(prefix, -1) + 1
            # 7,919 is prime to 10,000: serial numbers that look scattered and never repeat.
            number = f"{prefix}{(serials[prefix] + 101) * 7_919 % 10_000:04d}"
            numbers.append(number)
        written = _WRITTEN[form](number, rng)
        made.append(_row(index, written, postcode, town, rng))
    return made


def csv_bytes() -> bytes:
    """The whole file: header, rows, and the row of commas that a spreadsheet leaves at the end."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADERS)
    writer.writerows(rows())
    writer.writerow([""] * len(HEADERS))
    return text.getvalue().encode(ENCODING)


def pick(rng: random.Random, choices: Sequence[_T]) -> _T:
    """One of `choices`; unlike random.choice its result is promised not to change between Pythons."""
    return choices[int(rng.random() * len(choices))]


def _form(rng: random.Random, *, is_first: bool) -> str:
    """How a number is written.  The first rows are clean, as the beginning of a list mostly is."""
    if is_first:
        return "hyphens"
    at = int(rng.random() * 1_000)
    for form, share in FORMS:
        if at < share:
            return form
        at -= share
    raise AssertionError("the shares add up to 1,000")


def _row(index: int, written: str, postcode: str, town: str, rng: random.Random) -> tuple[str, ...]:
    name, reading, sex, age = _who(rng)
    building = pick(rng, people.BUILDINGS)
    block = f"{1 + int(rng.random() * 9)}-{1 + int(rng.random() * 30)}-{1 + int(rng.random() * 20)}"
    address = f"{town}{block} {building.format(101 + int(rng.random() * 800))}".strip()
    since = f"20{10 + int(rng.random() * 16)}/{1 + int(rng.random() * 12)}/{1 + int(rng.random() * 28)}"
    plan = pick(rng, people.PLANS)
    note = pick(rng, people.NOTES_QUOTED if rng.random() < 0.02 else people.NOTES)
    return (
        f"C{100_001 + index}", name, reading, written, postcode.format(int(rng.random() * 90)), address,
        age, sex, plan, "" if plan == "未契約" else since, note,
    )  # fmt: skip


def _who(rng: random.Random) -> tuple[str, str, str, str]:
    """Name, reading, sex, age.  One in fifty is a firm and has neither sex nor age."""
    if rng.random() < 0.02:
        name, reading = pick(rng, people.COMPANIES)
        return name, reading, "", ""
    surname, surname_reading = pick(rng, people.SURNAMES)
    is_male = rng.random() < 0.48
    given, given_reading = pick(rng, people.GIVEN_MALE if is_male else people.GIVEN_FEMALE)
    age = str(20 + int((rng.random() + rng.random()) * 34))
    return f"{surname} {given}", f"{surname_reading} {given_reading}", "男" if is_male else "女", age


def main() -> int:
    """Write the file named on the command line."""
    if len(sys.argv) != 2:
        print("Usage: python -m appliance.simulator.sample_list FILE", file=sys.stderr)
        return 2
    Path(sys.argv[1]).write_bytes(csv_bytes())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
