"""Looks into the box of a scenario that runs: `python -m tests.appliance.look "ps aux"`, as root in it.

It has a command channel of its own beside the scenario's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.appliance.lines import Guest


def newest() -> Path:
    """The look.sock of the box that was switched on last.  Raises SystemExit when there is none."""
    places = Path(tempfile.gettempdir())
    found = [*places.glob("pytest-of-*/pytest-*/*/*/look.sock"), *places.glob("yobirin-*/**/look.sock")]
    if not found:
        raise SystemExit("no box is switched on")
    return max(found, key=lambda path: path.stat().st_mtime)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("command", help="for the box's shell")
    options.add_argument("--timeout-s", type=float, default=60.0)
    chosen = options.parse_args()
    done = Guest(newest()).run(chosen.command, chosen.timeout_s)
    print(done.out, end="")
    return done.code


if __name__ == "__main__":
    sys.exit(main())
