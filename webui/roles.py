"""Who may do what: one table of rights, and the routes that name one each.  Deny by default.

Source: the roles and rights of the product's manual (MGR manager, SV supervisor, OP operator, BIZ client's
reader, BY back office).  A route without a right cannot be made; a right without roles is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

Role = Literal["MGR", "SV", "OP", "BIZ", "BY"]
EVERYONE: Final = frozenset(("MGR", "SV", "OP", "BIZ", "BY"))
MANAGERS: Final = frozenset(("MGR", "SV"))
MANAGER: Final = frozenset(("MGR",))

OPEN: Final = "open"  # before log-in: the log-in page itself, static files, health
MONITOR: Final = "monitor"  # an enrolled monitor PC, known by its device cookie, no person

RIGHTS: Final[dict[str, frozenset[str]]] = {
    "self": EVERYONE,  # one's own password, language, log-out
    "board": MANAGERS,
    "seats.change": MANAGERS,
    "monitors.enrol": MANAGERS,
    "lists.view": MANAGERS,
    "lists.change": MANAGER,
    "projects.view": MANAGERS,
    "projects.change": MANAGER,
    "history.view": EVERYONE,  # OP, BIZ and BY: their own entries alone
    "history.all": MANAGERS,
    "recordings": MANAGER,
    "reports.view": MANAGERS | {"OP"},  # OP: own figures alone
    "reports.all": MANAGERS,
    "export": MANAGER,
    "blocked": MANAGERS,
    "device.view": MANAGERS,  # and to acknowledge an alarm
    "device.change": MANAGER,
}

ROLE_WORDS: Final[dict[str, str]] = {
    "MGR": "マネージャー",
    "SV": "スーパーバイザー",
    "OP": "オペレーター",
    "BIZ": "閲覧者",
    "BY": "バックオフィス",
}


def may(role: str, right: str) -> bool:
    """Whether a role holds a right.  An unknown right is a mistake of ours, not a refusal."""
    return role in RIGHTS[right]


def home_of(role: str) -> str:
    """The first page after log-in."""
    if may(role, "board"):
        return "/board"
    return "/reports/hourly" if may(role, "reports.view") else "/history"


@dataclass(frozen=True)
class Route:
    """One address.  `right` is a key of RIGHTS, or OPEN, or MONITOR."""

    method: Literal["GET", "POST"]
    path: str
    right: str
    handler: Callable[..., Any]

    def __post_init__(self) -> None:
        assert self.right in RIGHTS or self.right in (OPEN, MONITOR), (
            f"{self.path}: unknown right {self.right}"
        )
