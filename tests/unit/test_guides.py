"""The guides, the key card and the state tables as printed: whole, true to the code, and as their sources."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from appliance.dialer import desk_keys, seat, talk_keys
from tools.guides import key_card, print_pdf, tables
from tools.guides.print_pdf import MARKS, PRINTED, SHEETS, SOURCES
from tools.guides.table_words import ROOT, machines
from webui import reasons

GUIDES = ("operator", "supervisor")


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_a_guide_fills_the_sheets_it_promises(name: str) -> None:
    assert print_pdf.sheets((PRINTED / f"{name}.pdf").read_bytes()) == SHEETS[name]


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_a_guide_was_printed_from_what_stands_here(name: str) -> None:
    assert json.loads(MARKS.read_text())[name] == print_pdf.mark(name), "run `make guides`"


def test_the_guides_are_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in PRINTED.glob("*.pdf")) < 1_500_000
    large = [path.name for path in (SOURCES / "pictures").glob("*.png") if path.stat().st_size > 150_000]
    assert large == []


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_a_printed_guide_says_truly_where_its_objects_begin(name: str) -> None:
    pdf = (PRINTED / f"{name}.pdf").read_bytes()
    begins = int(pdf.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    table = pdf[begins:].split(b"trailer")[0].splitlines()
    assert table[0] == b"xref"
    offsets = [int(line.split()[0]) for line in table[3:]]
    assert len(offsets) > 100
    assert all(pdf[at:].startswith(b"%d 0 obj" % number) for number, at in enumerate(offsets, start=1))


def test_pictures_are_kept_with_a_palette() -> None:
    pictures = re.findall(rb"/ColorSpace (\[/Indexed)?", (PRINTED / "supervisor.pdf").read_bytes())
    assert pictures.count(b"[/Indexed") >= 8


class Quoted(HTMLParser):
    """Words that a guide says are on the screen: what stands in `<q>`."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._is_in = False

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self._is_in = self._is_in or tag == "q"

    def handle_endtag(self, tag: str) -> None:
        self._is_in = self._is_in and tag != "q"

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.words.append(data)


@pytest.mark.parametrize("name", [*GUIDES, "keys"])
def test_words_of_the_screen_are_on_a_screen(name: str) -> None:
    screens = "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in ("templates/*.html", "static/*.js", "*.py")
        for path in (ROOT / "webui").glob(pattern)
    ) + (ROOT / "appliance/store/result_codes.py").read_text(encoding="utf-8")
    parser = Quoted()
    parser.feed((SOURCES / f"{name}.html").read_text(encoding="utf-8"))
    assert parser.words
    assert [word for word in parser.words if word not in screens] == []


def test_every_limit_of_dialling_has_its_row() -> None:
    text = (SOURCES / "supervisor.html").read_text(encoding="utf-8")
    rows = text.split("こう出ている")[1].split("</table>")[0].count("<tr>")
    assert rows == len(reasons.ROWS) - 1, "all but that there is none"


@pytest.mark.parametrize("state", ["waiting", "ringing", "talking", "wrapup", "break", "alarm"])
def test_colours_on_paper_are_those_of_the_screen(state: str) -> None:
    screen = (ROOT / "webui/static/yobirin.css").read_text(encoding="utf-8")
    found = re.search(rf"--{state}: light-dark\((#\w+)", screen)
    assert found is not None
    paper = (SOURCES / "guide.css").read_text(encoding="utf-8")
    assert f".s-{state} {{ background: {found[1]};" in paper


@pytest.mark.parametrize("name", GUIDES)
def test_every_picture_of_a_guide_is_there_and_every_picture_is_used(name: str) -> None:
    text = (SOURCES / f"{name}.html").read_text(encoding="utf-8")
    assert [one for one in re.findall(r'src="(pictures/[^"]+)"', text) if not (SOURCES / one).exists()] == []
    everything = "".join((SOURCES / f"{guide}.html").read_text(encoding="utf-8") for guide in GUIDES)
    unused = [path.name for path in (SOURCES / "pictures").glob("*.png") if path.name not in everything]
    assert unused == []


def test_the_key_card_says_what_the_tables_say() -> None:
    assert (ROOT / key_card.PAGE).read_text(encoding="utf-8") == key_card.written(), "run `make guides`"


def test_every_key_of_the_tables_is_on_the_card() -> None:
    card = key_card.written()
    for key, row in talk_keys.KEYS.items():
        digits = f"{row.digits}桁" if row.digits > 0 else ""
        assert re.search(rf"<kbd>＊</kbd> <kbd>{key}</kbd>[^<]*{digits}", card), key
    for keys in desk_keys.KEYS:
        assert " ".join(f"<kbd>{key}</kbd>" for key in keys) in card


def test_a_key_that_means_something_new_stops_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {**seat.TRANSITIONS[seat.State.OUT], seat.Event.STAR: (seat.Do.BE_READY, seat.State.WAITING)}
    monkeypatch.setitem(seat.TRANSITIONS, seat.State.OUT, changed)
    with pytest.raises(AssertionError, match="no words for"):
        key_card.written()


def test_the_state_tables_say_what_the_code_says() -> None:
    files = tables.written()
    old = [name for name, text in files.items() if (ROOT / name).read_text(encoding="utf-8") != text]
    assert old == [], "run `make tables`"
    drawings = {f"docs/tables/{path.name}" for path in (ROOT / "docs/tables").iterdir()}
    assert drawings == files.keys() - {tables.PAGE}


def test_every_row_of_a_table_is_drawn() -> None:
    for machine in machines():
        drawing = tables.written()[f"docs/tables/{machine.name}.svg"]
        rows = {(arrow.state, event) for arrow in machine.arrows for event in arrow.events}
        assert rows
        assert all(f">{state}</text>" in drawing for state in machine.states)
        assert all(event in drawing for _state, event in rows)
