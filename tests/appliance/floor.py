"""A small floor in the box: two spans joined in the kernel, the public network on the second, operators.

The short way to a dialling box, through the command channel; how a technician does it over the serial line
is a scenario of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.appliance.box import Box

GUEST: Final = Path(__file__).resolve().parent / "guest"
ROWS: Final = 50
SEATS: Final = 4
LINES: Final = """\
dynamic=loc,1:0,24,0
dynamic=loc,1:1,24,0
bchan=1-23
dchan=24
bchan=25-47
dchan=48
loadzone=jp
defaultzone=jp
"""


def provision(box: Box, *, rows: int = ROWS, seats: int = SEATS) -> None:
    """Lines, site file, people and a started list; nobody has logged in yet."""
    box.run("systemctl stop yobirin.service")
    box.guest.put("/data/box/dahdi/system.conf", LINES)
    make = (GUEST / "make_floor.py").read_text(encoding="utf-8")
    box.guest.put("/run/make_floor.py", make)
    box.run(f"umask 077; python /run/make_floor.py {rows} {seats}", timeout_s=180.0)
    box.run(
        "systemctl start yobirin-test-lines && systemctl restart yobirin-dahdi"
        " && systemctl start yobirin-test-exchange yobirin"
    )
    wait_running(box)


def wait_running(box: Box, timeout_s: float = 600.0) -> float:
    """Until every process under supervisord runs; the seconds it took."""

    def all_run() -> bool:
        states = box.processes()
        return bool(states) and set(states.values()) == {"RUNNING"}

    return box.wait(all_run, timeout_s, "not every process came up")


def dial(box: Box) -> None:
    """Operators lift their handsets: the list is dialled, in this start and in later ones."""
    box.run("install -m 0600 /data/test/robots.json /data/yobirin/secrets/robots.json")
    box.run("systemctl start yobirin-test-robots")
    box.wait(lambda: judge(box)["talks"] > 0, 600.0, "no conversation came about")


def wait_dialling(box: Box, timeout_s: float = 900.0) -> None:
    """Until an answered call of this start is recorded.

    The box looks by itself: to be asked again and again costs an emulated one more than its start.
    """
    box.guest.put("/run/wait_dialling", (GUEST / "wait_dialling").read_text(encoding="utf-8"))
    box.run(f"sh /run/wait_dialling {timeout_s:.0f}", timeout_s=timeout_s + 30.0)


def judge(box: Box) -> dict[str, Any]:
    """What the database and recordings say (guest/judge_floor.py)."""
    box.guest.put("/run/judge_floor.py", (GUEST / "judge_floor.py").read_text(encoding="utf-8"))
    judged: dict[str, Any] = json.loads(box.run("python /run/judge_floor.py", timeout_s=120.0))
    return judged
