"""A sentence in Japanese and in English: what the technician's script, sheet and console say.

Both stand side by side, so that none is forgotten; who shows it picks one.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Language = Literal["ja", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("ja", "en")


class Text(NamedTuple):
    """One sentence, twice."""

    ja: str
    en: str

    def in_(self, language: Language) -> str:
        """The sentence in one language."""
        return self.ja if language == "ja" else self.en
