"""Words of the page.  The Japanese text itself is the key; `en.po` and `en.*.po` say it in English.

`{name}` in a text is filled by keyword.  A text without its English fails a test, and is shown in Japanese
rather than not at all.  Texts in JavaScript are looked up in the same catalogue, sent with the page.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from babel.messages.pofile import read_po

LANGUAGES: Final = ("ja", "en")
STATIC: Final = Path(__file__).resolve().parent.parent / "static"
IN_SCRIPT: Final = re.compile(r"""\bt\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`$]*)`)""")


class Translate(Protocol):
    """A text in the page's language, its `{names}` filled in."""

    def __call__(self, text: str, /, **values: Any) -> str: ...


@cache
def catalogue(language: str) -> dict[str, str]:
    """Japanese text to the language's; empty in Japanese."""
    if language != "en":
        return {}
    words: dict[str, str] = {}
    for path in sorted(Path(__file__).parent.glob("en*.po")):
        with path.open("rb") as file:
            found = read_po(file, abort_invalid=True)
        words |= {str(one.id): str(one.string).strip() for one in found if one.id}
    return words


def translator(language: str) -> Translate:
    """The function that a page calls `_`."""
    words = catalogue(language)

    def translate(text: str, /, **values: Any) -> str:
        found = words.get(text, text)
        return found.format(**values) if values else found

    return translate


@cache
def script_texts() -> frozenset[str]:
    """Every text that our JavaScript says through `t("…")`."""
    found: set[str] = set()
    for path in STATIC.glob("*.js"):
        found |= {one or two for one, two in IN_SCRIPT.findall(path.read_text(encoding="utf-8"))}
    return frozenset(found)


@cache
def script_catalogue(language: str) -> dict[str, str]:
    """What a page of this language sends to its scripts; empty in Japanese."""
    words = catalogue(language)
    return {text: words[text] for text in sorted(script_texts()) if text in words}
