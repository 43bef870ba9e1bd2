"""Every text of the page has its English, and says the same `{names}`."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from appliance.dialer.shell_requests import REFUSALS
from appliance.store import holidays, import_headers, numbers, visibility
from webui import (
    audit,
    blocked,
    call_project,
    desk,
    frame,
    imports,
    incoming,
    list_bulk,
    list_work,
    listenings,
    lists,
    missed,
    pages,
    project_screens,
    projects,
    reasons,
    recalls,
    report_mail,
    report_words,
    right_words,
    roles,
    search,
    store_words,
    supervise,
    transfers,
    users,
)
from webui.words import catalogue, script_catalogue, script_texts, translator

ROOM = Path(__file__).resolve().parents[2] / "webui"
IN_TEMPLATE = re.compile(r"""\b_\(\s*"((?:[^"\\]|\\.)*)"\s*[,)]""")
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


def texts_of_templates() -> set[str]:
    return {
        found for path in ROOM.glob("templates/*") for found in IN_TEMPLATE.findall(path.read_text("utf-8"))
    }


def texts_of_handlers() -> set[str]:
    """First arguments of `ask.t(…)`, `t(…)` and `_(…)` in our Python."""
    found: set[str] = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in ("t", "_", "translate") and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def texts_of_tables() -> set[str]:
    """Texts that are translated by way of a table."""
    found = {
        text for row in reasons.ROWS.values() for text in (row.sentence, row.remedy, *row.fuller) if text
    }
    found |= {word for _, word in (*projects.MODES, *projects.SECTIONS, *imports.SCOPES, *imports.ENCODINGS)}
    found |= {word for _, word in (*call_project.SECTIONS, *call_project.KINDS, *call_project.TARGETS)}
    found |= {text for text, _ in projects.OBSTACLES.values()}
    found |= {word for flag in projects.FLAGS for word in flag[1:]}
    found |= {state[1] for state in imports.STATES.values()} | set(import_headers.USE_WORDS.values())
    found |= set(recalls.WORDS.values()) | set(recalls.EMPTY.values()) | set(recalls.ENDS.values())
    found |= set(report_mail.STATES.values())
    found |= {word for _, word in search.NTHS} | set(search.NTH_HINTS.values()) | set(search.STOPS.values())
    found |= (
        {words for pair in list_bulk.DONE.values() for words in pair}
        | set(list_work.KINDS.values())
        | set(lists.WAITING.values())
    )
    found |= {word for _, word in (*list_work.BY, *list_work.ENCODINGS)}
    found |= {word for _, word in blocked.KINDS} | set(blocked.ORIGINS.values()) - {"CSV"}
    found |= set(pages.NOTICES.values()) | set(projects.SYSTEM_RULES.values()) | set(projects.WEEKDAYS)
    found |= store_words.SENTENCES | set(REFUSALS.values()) | set(desk.REASONS.values())
    found |= {*transfers.OUTCOMES.values(), transfers.UNANSWERED} | set(missed.STATES.values())
    found |= set(listenings.ENDED_WORDS.values()) | {word for word, _ in audit.KINDS.values()}
    found |= set(project_screens.STATE_WORDS.values()) | set(supervise.HOW_WORDS.values())
    found |= {entry.word for bar in frame.BARS.values() for entry in bar}
    found |= set(report_words.NAMES.values()) | set(report_words.MEANS.values())
    found |= {title for title, _ in right_words.GROUPS} | set(right_words.NOTES.values())
    found |= {words for _, rows in right_words.GROUPS for _, words in rows} | {
        word for _, word in users.STATES
    }
    found |= {word for _, word in (*incoming.HOLIDAYS, *incoming.KINDS, *incoming.ORDERS)}
    found |= set(holidays.national(2026).values())
    nothing = visibility.Case(is_active=False, is_recipient=False, is_enabled=False, is_permitted=False)
    found |= set(users.why_not("BIZ", nothing))
    return found | set(report_words.FIGURES.values()) | set(roles.ROLE_WORDS.values())


def test_texts_are_found_at_all() -> None:
    assert len(texts_of_templates()) > 200
    assert len(texts_of_handlers()) > 50
    assert len(script_texts()) > 40


@pytest.mark.parametrize(
    "source", [texts_of_templates, texts_of_handlers, texts_of_tables, script_texts], ids=lambda f: f.__name__
)
def test_every_text_has_its_english(source: object) -> None:
    assert callable(source)
    english = catalogue("en")
    missing = sorted(text for text in source() if JAPANESE.search(text) and text not in english)
    assert missing == []


def test_english_keeps_the_names_to_be_filled_in() -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    wrong = [text for text, english in catalogue("en").items() if names(english) - names(text)]
    assert wrong == []


def test_japanese_is_said_as_it_stands_and_filled_in() -> None:
    assert translator("ja")("{n}件", n="12") == "12件"
    assert translator("en")("保存しました。") == "Saved."
    assert script_catalogue("ja") == {}
    assert script_catalogue("en")["接続中"] == "Connected"


def test_braces_of_a_value_are_not_filled_in_again() -> None:
    assert translator("ja")("リスト「{name}」に追加", name="{x}") == "リスト「{x}」に追加"


@pytest.mark.parametrize("dirty", ["", "3.12E+09", "03-1234", "+1 202 555 0100", "0312345678901234", "不明"])
def test_a_rows_refusal_is_said_in_english(dirty: str) -> None:
    found = numbers.normalise(dirty)
    assert isinstance(found, numbers.Problem)
    said = [store_words.told(text, translator("en")) for text in (found.reason, found.fix)]
    assert all(said)
    assert not any(JAPANESE.search(text) for text in said)
    assert store_words.told(found.reason, translator("ja")) == found.reason


def test_names_and_numbers_of_a_refusal_stay_as_they_are() -> None:
    english = translator("en")
    assert store_words.told("リスト「冬{1}9」に登録済みです", english) == "Already in the list 「冬{1}9」"
    assert (
        store_words.told("応答待ちは0.5〜5秒にしてください。", english) == "Answer window: 0.5 to 5 seconds."
    )
    assert store_words.told("知らない文です。", english) == "知らない文です。"
