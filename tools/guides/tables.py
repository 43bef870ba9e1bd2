"""Draws the state tables: `python -m tools.guides.tables` writes docs/state-tables.md and docs/tables/*.svg.

A test compares them with the code, so that they cannot grow old.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.guides.table_svg import drawn
from tools.guides.table_words import ROOT, Machine, machines

PAGE: Final = "docs/state-tables.md"
HEAD: Final = """# State tables

Drawn from the code by `make tables`; a test says when they no longer agree. Each machine of the box is one
table, `{State: {Event: (what is done, State)}}`, checked whole when its file is imported: what is not in the
table cannot happen. In the drawings a line is a row: events, `→` what is done, and along its bus to the state
that follows; `↺` stays; a grey box is an end.
"""


def written() -> dict[str, str]:
    """Every file by its path in the checkout."""
    found = machines()
    files = {f"docs/tables/{machine.name}.svg": drawn(machine) for machine in found}
    contents = [f"- [{machine.module}](#{machine.name}): {machine.title}" for machine in found]
    sections = [line for machine in found for line in _section(machine)]
    files[PAGE] = "\n".join([HEAD, *contents, "", *sections])
    return files


def _section(machine: Machine) -> Iterator[str]:
    yield f'<a id="{machine.name}"></a>'
    yield ""
    yield f"## {machine.module}"
    yield ""
    yield f"{machine.title} (`{machine.module.replace('.', '/')}.py`)"
    yield ""
    yield f"![{machine.module}](tables/{machine.name}.svg)"
    yield ""
    yield "| State | Event | What is done | Then |"
    yield "| --- | --- | --- | --- |"
    for state in machine.states:
        rows = [arrow for arrow in machine.arrows if arrow.state == state]
        first = f"**{state}**{_note(machine, state)}"
        if not rows:
            yield f"| {first} | | the end | |"
        for arrow in rows:
            stays = "" if arrow.follows == state else arrow.follows
            yield f"| {first} | {', '.join(arrow.events)} | {arrow.does or '–'} | {stays or '↺'} |"
            first = ""
    yield ""
    events = {event for arrow in machine.arrows for event in arrow.events}
    noted = [f"{name} {machine.event_notes[name]}" for name in sorted(events & machine.event_notes.keys())]
    if noted:
        yield "Events: " + "; ".join(noted) + "."
        yield ""


def _note(machine: Machine, state: str) -> str:
    note = machine.state_notes.get(state, "")
    return f" {note}" if note else ""


def main() -> None:
    """Write them; drawings of machines that are gone go."""
    files = written()
    for stale in (ROOT / "docs/tables").glob("*.svg"):
        if f"docs/tables/{stale.name}" not in files:
            stale.unlink()
    for name, text in files.items():
        path = ROOT / Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{PAGE} and {len(files) - 1} drawings")


if __name__ == "__main__":
    main()
