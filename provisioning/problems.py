"""What is wrong with a site description: one Problem a mistake, all of them at once in BadSite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.errors import BadInput
from provisioning.words import Language, Text

SHOWN_MAX: Final = 60  # characters of a value that is told back
SECRET_KEYS: Final = frozenset({"password", "pin"})


@dataclass(frozen=True)
class Problem:
    """One mistake: the table as it is written in the file, the key, the value, what is wrong, the remedy."""

    table: str
    key: str
    value: object
    what: Text
    remedy: Text

    def in_(self, language: Language) -> str:
        """One line for people.  A secret is never shown."""
        shown = "" if self.value is None else f" = {_shown(self.key, self.value)}"
        return f"{self.table} {self.key}{shown}: {self.what.in_(language)} {self.remedy.in_(language)}"


def _shown(key: str, value: object) -> str:
    if key in SECRET_KEYS:
        return "…"
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


class BadSite(BadInput):
    """The description cannot be used; nothing was touched."""

    def __init__(self, where: str, problems: Sequence[Problem], *, language: Language = "ja") -> None:
        lines = "\n".join(f"  {number}. {each.in_(language)}" for number, each in enumerate(problems, 1))
        what = Text(
            f"{where} に {len(problems)} 件の誤りがあります。", f"{where} has {len(problems)} mistakes."
        )
        remedy = Text(
            "直してからやり直してください。装置には何もしていません。",
            "Correct them and try again. The box was not touched.",
        )
        super().__init__(f"{what.in_(language)}\n{lines}\n", remedy=remedy.in_(language))
        self.problems = tuple(problems)
