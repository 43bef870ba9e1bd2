"""The sample list: the same bytes everywhere, and every kind of dirt that an import must meet."""

from __future__ import annotations

import collections
import csv
import hashlib
import io
import re

from appliance.simulator import population, sample_list
from appliance.simulator.callee import Callee

SHA256 = "0a914ad74ae21b140574c3bc931c7a32d33a9b50affdbed6a8306551c04c376b"


def _parsed() -> list[list[str]]:
    text = sample_list.SHIPPED.read_bytes().decode("cp932")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_shipped_file_is_what_the_generator_makes() -> None:
    assert sample_list.SHIPPED.read_bytes() == sample_list.csv_bytes()


def test_the_digest_is_pinned() -> None:
    assert hashlib.sha256(sample_list.csv_bytes()).hexdigest() == SHA256


def test_it_holds_2000_rows_and_a_row_of_commas() -> None:
    header, *rows = _parsed()

    assert header.count("電話番号") == 1
    assert len(rows) == sample_list.ROWS + 1
    assert not any(rows[-1])
    assert {len(row) for row in rows} == {len(header)}


def test_line_ends_are_crlf_outside_cells() -> None:
    raw = sample_list.SHIPPED.read_bytes()

    assert raw.count(b"\r\n") >= sample_list.ROWS + 2
    assert raw.endswith(b",,\r\n")


def test_every_kind_of_dirt_is_in_it() -> None:
    _, *rows = _parsed()
    numbers = [row[sample_list.NUMBER_COLUMN] for row in rows[:-1]]
    digits = collections.Counter(re.sub(r"\D", "", number) for number in numbers)
    cells = "".join(cell for row in rows for cell in row)

    assert any(re.fullmatch(r"0\d+-0+-\d{4}", number) for number in numbers)
    assert any(re.fullmatch(r"[1-9]\d{8,9}", number) for number in numbers), "lost leading 0"
    assert any(re.search("[０-９]", number) for number in numbers), "full-width digits"
    assert any(number != number.rstrip() for number in numbers), "trailing spaces"
    assert any(re.search(r"\dE\+\d", number) for number in numbers)
    assert any(re.search("[A-Z]{2}$", number) for number in numbers)
    assert "" in numbers
    assert any(0 < len(number) < 9 and number.isdigit() for number in numbers), "too short"
    assert any(count > 1 for number, count in digits.items() if len(number) >= 9), "duplicates"
    assert "㈱" in cells
    assert "髙" in cells
    assert '"' in cells
    assert "\n" in cells


def test_every_whole_number_is_fictitious_and_served_by_the_exchange() -> None:
    people = population.load()
    numbers = [row[sample_list.NUMBER_COLUMN].replace("-", "") for row in sample_list.rows()]
    whole = [number for number in numbers if re.fullmatch(r"0[0-9]{9,10}", number)]

    assert len(whole) > 1_600
    assert all(re.match(r"0(3|72|45|52|92|11|90|80)0{3}", number) for number in whole)
    kinds = collections.Counter(Callee(number, people, seed=1).kind for number in whole)
    assert kinds["ordinary"] / len(whole) > 0.8
