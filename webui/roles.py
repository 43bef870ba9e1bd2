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
CALLERS: Final = MANAGERS | {"OP"}  # MGR and SV switch to the operators' side and call there
CLERKS: Final = CALLERS | {"BY"}  # the back office looks customers up and writes entries, and never calls

OPEN: Final = "open"  # before log-in: the log-in page itself, static files, health
MONITOR: Final = "monitor"  # an enrolled monitor PC, known by its device cookie, no person

# What "own" and "permitted" mean is decided by appliance/store/visibility.py: a right opens the page,
# visibility says which rows are on it.
RIGHTS: Final[dict[str, frozenset[str]]] = {
    "self": EVERYONE,  # one's own password, language, side, log-out
    # --- the managers' side ---
    "board": MANAGERS,
    "supervise": MANAGERS,  # listen, whisper, barge, end a call, answer a call for help, messages to a seat
    "seats.change": MANAGERS,  # force a log-out
    "layout": MANAGERS,  # where seats stand on the map
    "monitors.enrol": MANAGERS,
    "lists.view": MANAGERS,
    "lists.change": MANAGER,
    "projects.view": MANAGERS,
    "projects.change": MANAGER,
    "incoming.view": MANAGERS,  # who answers which dialled number, and when
    "incoming": MANAGER,  # and to change it
    "report-mail.view": MANAGERS,  # to whom a project's reports go, and their words
    "report-mail": MANAGER,  # and to change it
    "users": MANAGERS,  # SV: lower roles alone, and no retirement (webui/users.py)
    "users.retire": MANAGER,
    "history.all": MANAGERS,
    "reports.all": MANAGERS,
    "recordings": MANAGER,  # their page: totals, saving, deletion
    "export": MANAGER,
    "blocked": MANAGERS,
    "security": MANAGER,  # password age, addresses, log-out by itself
    "audit": MANAGER,
    "contract": MANAGER,
    "device.view": MANAGERS,  # and to acknowledge an alarm
    "device.change": MANAGER,
    # --- the operators' side ---
    "seat": CALLERS,  # take a seat from the page, breaks, call for help
    "call": CALLERS,  # the call screen and all that is done with a call in hand
    "search": CLERKS,  # choose a list, look for customers, see one
    "recalls": CALLERS,  # prospects and promised calls
    "transfers": CALLERS,  # the in-house inbox
    "manual": CALLERS,  # dial any number
    "missed": CALLERS,  # callers whom nobody answered
    "monitoring": CALLERS,  # the operators' simplified monitor
    # --- both sides ---
    "add-history": CLERKS,  # an entry without a call; OP and BY: customers of permitted lists
    "report-history": EVERYONE,  # reports sent to oneself
    "history.view": EVERYONE,  # OP, BIZ and BY: their own entries alone
    "recordings.play": EVERYONE,  # MGR: all; others: their own calls, and on the call screen its customer's
    "reports.view": CLERKS,  # OP and BY: own figures alone
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
    if may(role, "call"):
        return "/call"
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
