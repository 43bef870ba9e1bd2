"""Changes one section of a box's site file, as provisioning would, and starts again who reads it."""

from __future__ import annotations

from tests.appliance.box import Box
from tests.appliance.floor import wait_running

EDIT = """
import re
from pathlib import Path

path = Path("/data/yobirin/site.toml")
kept = re.sub({old!r}, "", path.read_text(encoding="utf-8"))
path.write_text(kept.rstrip() + {new!r}, encoding="utf-8")
"""


def put_section(box: Box, name: str, body: str, *, process: str) -> None:
    """Replace `[name]` by `body`, and restart the process."""
    old = rf"(?ms)^\[{name}\]\n.*?(?=^\[|\Z)"
    box.python(EDIT.format(old=old, new=f"\n\n[{name}]\n{body}\n"))
    supervisor(box, f"restart {process}")
    wait_running(box)


def supervisor(box: Box, words: str) -> str:
    """One command of supervisorctl."""
    return box.run(f"supervisorctl -s unix:///var/lib/yobirin/run/supervisor.sock {words}", timeout_s=120.0)
