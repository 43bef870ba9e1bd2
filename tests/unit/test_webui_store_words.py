"""Every refusal the store can write has its English: its sentences are collected from its own source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from webui.store_words import told
from webui.words import translator

STORE = Path(__file__).resolve().parents[2] / "appliance" / "store"
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
REFUSING = ("BadInput", "Problem", "Cancelled", "Stopped", "error", "_error")
NO_PAGE_YET = ("seats.py",)  # desks are made on the command line


def sentences() -> Iterator[tuple[str, str]]:
    """(file, sentence as a person would read it, with 7 for every value)."""
    for path in sorted(STORE.glob("*.py")):
        if path.name in NO_PAGE_YET:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node) in REFUSING:
                for argument in (*node.args, *(word.value for word in node.keywords)):
                    yield from ((path.name, text) for text in _texts(argument) if JAPANESE.search(text))


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def test_the_stores_sentences_are_found() -> None:
    found = list(sentences())
    assert len(found) > 120
    assert ("moves.py", "処理から7日を過ぎました。") in found


def test_every_refusal_of_the_store_has_its_english() -> None:
    english = translator("en")
    # A whole clause that is filled in (an import's differing headers, a number's reason) is told by itself.
    lacking = [
        f"{name}: {text}"
        for name, text in sentences()
        if JAPANESE.search(told(text.replace("7。", ""), english))
    ]
    assert lacking == []


@pytest.mark.parametrize(
    ("text", "english"),
    [
        (
            "リストの見出しと一致しません。足りない見出し「住所、年齢」。余分な見出し「TEL」。",
            "The headers are not those of the list. Missing: 「住所、年齢」. Too many: 「TEL」.",
        ),
        (
            "取り込みは中断されました。  一覧を更新してください。",
            "The import was stopped. Reload the page.",
        ),
        (
            "発信元番号が正しくありません。桁数が足りません（3桁）。",
            "The caller number is not right. Too short (3 digits).",
        ),
        ("「a。b」にする列がありません。", "No column becomes 「a。b」."),
        ("知らない文です。変更できません。", "知らない文です。変更できません。"),
    ],
)
def test_several_sentences_are_told_each_for_itself(text: str, english: str) -> None:
    assert told(text, translator("en")) == english
    assert told(text, translator("ja")) == text
