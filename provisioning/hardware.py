"""What the box is made of, as the kernel shows it: the card's lines and the disks.  Reads only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from provisioning.messages import CardSpan

SPANS: Final = Path("/sys/bus/dahdi_spans/devices")
LINES: Final = Path("/proc/dahdi")
BLOCKS: Final = Path("/sys/block")
DISK_NAME: Final = r"(sd[a-z]+|vd[a-z]+|nvme[0-9]+n[0-9]+|hd[a-z])"


def card(spans: Path = SPANS, lines: Path = LINES) -> tuple[CardSpan, ...]:
    """The lines that DAHDI drives, by number.  Line mode: J1, T1 or E1 where the driver tells."""
    found = []
    for path in sorted(lines.iterdir(), key=lambda each: each.name.zfill(4)) if lines.is_dir() else ():
        if not path.name.isdigit():
            continue
        number = int(path.name)
        head = _first_line(path)
        described = re.search(r'"([^"]*)"\s*$|"([^"]*)"', head)
        found.append(
            CardSpan(
                number=number,
                line_mode=_first_line(spans / f"span-{number}" / "spantype"),
                description=(described.group(1) or described.group(2) or "") if described else head[:60],
            )
        )
    return tuple(found)


def disks(blocks: Path = BLOCKS) -> tuple[str, ...]:
    """Whole disks, such as /dev/sda; no sticks."""
    if not blocks.is_dir():
        return ()
    return tuple(
        f"/dev/{path.name}"
        for path in sorted(blocks.iterdir())
        if re.fullmatch(DISK_NAME, path.name) and _first_line(path / "removable") == "0"
    )


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
    except OSError:
        return ""
