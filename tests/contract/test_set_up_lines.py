"""The box's script for the card, on a pretended /proc/dahdi: no card, J1, a card with another line mode."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "image-build/root/usr/lib/yobirin/set-up-lines"
PLACES = ("/proc/dahdi", "/data/box/dahdi", "/etc/dahdi", "/usr/lib/yobirin/say")


class Machine:
    """A copy of the script that sees places of ours; `says` is what stands on the console."""

    def __init__(self, root: Path) -> None:
        self.root = root
        text = SCRIPT.read_text(encoding="utf-8")
        for place in PLACES:
            assert place in text, place
            text = text.replace(place, str(root) + place)
        self._script = root / "set-up-lines"
        self._script.write_text(text, encoding="utf-8")
        self._write("/usr/lib/yobirin/say", f'say() {{ echo "$2" >>{root}/said; }}\n')
        self._write("/bin/dahdi_cfg", f"#!/bin/sh\necho configured >>{root}/said\nexit $DAHDI_CFG\n")
        (root / "bin/dahdi_cfg").chmod(0o755)

    def _write(self, place: str, text: str) -> None:
        path = self.root / place.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def span(self, number: int, channels: int) -> None:
        """A line as the driver shows it."""
        lines = "".join(f"  {n:4} LINE/0/{number}/{n} Clear\n" for n in range(1, channels + 1))
        self._write(f"/proc/dahdi/{number}", f'Span {number}: L/0/{number} "Line"\n\n{lines}')

    def site(self, text: str) -> None:
        self._write("/data/box/dahdi/system.conf", text)

    def run(self, *, refuses: bool = False) -> str:
        """What the console says; the unit must never fail, or nothing behind it starts."""
        environ = {
            **os.environ,
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "DAHDI_CFG": str(int(refuses)),
        }
        done = subprocess.run(["/bin/sh", str(self._script)], env=environ, check=False, timeout=20)
        assert done.returncode == 0
        said = self.root / "said"
        return said.read_text(encoding="utf-8") if said.exists() else ""

    def configuration(self) -> str:
        path = self.root / "etc/dahdi/system.conf"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_card_is_told_and_is_no_error(machine: Machine) -> None:
    assert machine.run() == "No line card was found.\n"
    assert machine.configuration() == ""


def test_a_site_with_lines_and_no_card_is_told(machine: Machine) -> None:
    machine.site("span=1,1,0,esf,b8zs\n")
    assert machine.run() == "No line card was found, but the site has lines.\n"


def test_two_j1_lines_are_numbered_through(machine: Machine) -> None:
    machine.span(1, 24)
    machine.span(2, 24)
    assert machine.run() == "configured\n"
    assert machine.configuration().splitlines()[:6] == [
        *("span=1,1,0,esf,b8zs", "bchan=1-23", "dchan=24"),
        *("span=2,2,0,esf,b8zs", "bchan=25-47", "dchan=48"),
    ]


def test_a_line_of_another_mode_is_named_and_the_next_one_is_set_up(machine: Machine) -> None:
    machine.span(1, 31)
    machine.span(2, 24)
    assert machine.run() == "Span 1 has 31 channels: its line mode is not J1.\nconfigured\n"
    assert machine.configuration().startswith("span=2,2,0,esf,b8zs\nbchan=32-54\ndchan=55\n")


def test_the_sites_own_lines_go_first_and_a_refusal_is_told(machine: Machine) -> None:
    machine.span(1, 31)
    machine.site("span=1,1,0,ccs,hdb3\nbchan=1-15,17-31\n")
    assert "could not be set up" in machine.run(refuses=True)
    assert machine.configuration() == "span=1,1,0,ccs,hdb3\nbchan=1-15,17-31\n"
