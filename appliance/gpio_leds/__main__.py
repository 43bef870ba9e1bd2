"""Drives the lamps without the monitor: `python -m appliance.gpio_leds --bus 0 running`, until SIGTERM.

For the time before the box's own processes run (`--board`, `--waits-for`), and for trying a panel by hand.
Only one program may drive a panel at a time.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance import settings
from appliance.gpio_leds.keeper import LampKeeper
from appliance.gpio_leds.messages import BoxState, Disks, Fault, Line, Phase, Worst
from appliance.settings import Home

LOCKED_AFTER_S: Final = 45.0  # the key stick is found within seconds of the disks
LOOK_EVERY_S: Final = 1.0

LOCKED: Final = BoxState(phase=Phase.LOCKED, worst=Worst.CRITICAL, fault=Fault.KEY)


def options(arguments: list[str]) -> argparse.Namespace:
    """The words of the command line."""
    words = argparse.ArgumentParser(prog="python -m appliance.gpio_leds", description=__doc__)
    words.add_argument("phase", choices=[phase.value for phase in Phase])
    words.add_argument("--home", default="/run/yobirin-lamps", help="where a factory reset is asked for")
    words.add_argument("--board", type=Path, help="the board's description; it names the panel")
    words.add_argument("--waits-for", help="a mount point: while it stays away, the key is missing")
    words.add_argument("--kind", default="pca9555", choices=["pca9555", "gpio", "recorded", "absent"])
    words.add_argument("--bus", type=int, default=0)
    words.add_argument("--address", type=lambda text: int(text, 0), default=0x20)
    words.add_argument("--gpio-chip", default="/dev/gpiochip0")
    words.add_argument("--lines", default="", help="such as up,down,alarm")
    words.add_argument("--disks", default="unknown", choices=[disks.value for disks in Disks])
    words.add_argument("--worst", default="ok", choices=[worst.value for worst in Worst])
    words.add_argument("--fault", type=int, default=0, choices=[fault.value for fault in Fault])
    words.add_argument("--acknowledged", action="store_true")
    words.add_argument("--locate", action="store_true")
    words.add_argument("--box-address", default="", help="the IPv4 address that the button shows")
    return words.parse_args(arguments)


def state(words: argparse.Namespace) -> BoxState:
    """The state of the box that the words describe."""
    return BoxState(
        phase=Phase(words.phase),
        lines=tuple(Line(word) for word in words.lines.split(",") if word),
        disks=Disks(words.disks),
        worst=Worst(words.worst),
        is_acknowledged=words.acknowledged,
        fault=Fault(words.fault),
        is_located=words.locate,
        address=words.box_address,
    )


def panel(words: argparse.Namespace) -> settings.Lamps:
    """The panel that the board's description names, or the words."""
    if words.board is None:
        return settings.Lamps(
            kind=words.kind, bus=words.bus, address=words.address, gpio_chip=words.gpio_chip
        )
    board: dict[str, Any] = tomllib.loads(words.board.read_text(encoding="utf-8"))
    named = {"kind": "lamps", "bus": "lamps_bus", "address": "lamps_address", "gpio_chip": "lamps_gpio_chip"}
    return msgspec.convert({key: board[name] for key, name in named.items() if name in board}, settings.Lamps)


def waiting(begun: BoxState, *, is_there: bool, waited_s: float) -> BoxState:
    """What to show of a box that waits for its data."""
    return LOCKED if not is_there and waited_s >= LOCKED_AFTER_S else begun


def main(arguments: list[str]) -> int:
    """Show the state, print the button's events, end at SIGTERM or SIGINT."""
    words = options(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    keeper = LampKeeper(
        panel(words),
        home=Home(Path(words.home)),
        on_event=lambda event: print(event, file=sys.stderr, flush=True),
    )
    begun_at = time.monotonic()
    while True:
        is_there = words.waits_for is None or os.path.ismount(words.waits_for)
        keeper.show(waiting(state(words), is_there=is_there, waited_s=time.monotonic() - begun_at))
        if stopped.wait(LOOK_EVERY_S):
            break
    keeper.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
