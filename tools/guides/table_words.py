"""State tables of the code as values: which machines there are, their states, and what each event does."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
MEMBER: Final = re.compile(r"^    (\w+) = auto\(\)(?:  # (.*))?$", re.MULTILINE)


class Arrow(NamedTuple):
    """From a state, on any of these events: what is done, and the state that follows."""

    state: str
    events: tuple[str, ...]
    does: str
    follows: str


class Machine(NamedTuple):
    """One table.  Notes are the comments beside the members of both enums."""

    module: str
    title: str
    states: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    state_notes: Mapping[str, str]
    event_notes: Mapping[str, str]

    @property
    def name(self) -> str:
        """Of its files: `dialer-seat`."""
        return self.module.removeprefix("appliance.").replace(".", "-")


def machines() -> list[Machine]:
    """Every module of the appliance that has `TRANSITIONS`, the dialer's first."""
    paths = sorted(path for path in (ROOT / "appliance").rglob("*.py") if _has_table(path))
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return [read(name) for name in sorted(modules, key=lambda name: (".dialer." not in name, name))]


def read(module: str) -> Machine:
    """The table of one module."""
    code = importlib.import_module(module)
    table: Mapping[Enum, Mapping[Enum, tuple[Any, Enum]]] = code.TRANSITIONS
    events = {type(event) for rows in table.values() for event in rows}
    title = (code.__doc__ or "").strip().splitlines()[0]
    arrows = [arrow for state, rows in table.items() for arrow in _arrows(state.name, rows)]
    states = tuple(state.name for state in table)
    return Machine(
        module, title, states, tuple(arrows), _notes({type(state) for state in table}), _notes(events)
    )


def _notes(kinds: set[type[Enum]]) -> dict[str, str]:
    return {name: note for kind in kinds for name, note in MEMBER.findall(inspect.getsource(kind)) if note}


def _arrows(state: str, rows: Mapping[Enum, tuple[Any, Enum]]) -> list[Arrow]:
    """Events that do the same are one arrow, in the table's order."""
    found: dict[tuple[str, str], list[str]] = {}
    for event, (does, follows) in rows.items():
        found.setdefault((_word(does), follows.name), []).append(event.name)
    return [Arrow(state, tuple(events), does, follows) for (does, follows), events in found.items()]


def _word(does: Any) -> str:
    """What is done, as the code calls it; nothing where it says so."""
    word = does.name if isinstance(does, Enum) else getattr(does, "__name__", str(does))
    return "" if word in ("NOTHING", "None") else word.lstrip("_")


def _has_table(path: Path) -> bool:
    return re.search(r"^TRANSITIONS\b", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
