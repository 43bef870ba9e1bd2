"""What the menu's pages show: the box's answers so far, what is being typed, its last words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from provisioning.console.facts import Facts
from provisioning.console.menu_table import What
from provisioning.console.terminal import BODY_ROWS
from provisioning.messages import LogLines
from provisioning.words import Language, Text

NOTHING: Final = Text("", "")
LOG_ROWS: Final = BODY_ROWS - 1


@dataclass
class Seen:
    """What the pages show: the answers so far, what is being typed, and the last words of the box."""

    language: Language = "ja"
    values: dict[What, Any] = field(default_factory=dict)
    told: Text = NOTHING
    typed: str = ""
    answers: tuple[str, ...] = ()
    at: int = 0
    left_s: int = 0

    def turn(self, by: int) -> None:
        """Turn the pages of a log; 0 is the newest."""
        lines = self.values.get(What.READ_LOG)
        pages = len(lines.lines) // LOG_ROWS if isinstance(lines, LogLines) else 0
        self.at = max(0, min(self.at + by, pages))

    def facts(self) -> Facts:
        """The last look at the box."""
        found = self.values.get(What.LOOK)
        return found if isinstance(found, Facts) else Facts()
