"""Drives the lamps by hand: `python -m appliance.gpio_leds --kind pca9555 --bus 0 running`, until SIGTERM.

For the time before the box's own processes run (booting, waiting for the key), and for trying a panel.
Only one program may drive a panel at a time.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from appliance import settings
from appliance.gpio_leds.keeper import LampKeeper
from appliance.gpio_leds.messages import BoxState, Disks, Fault, Line, Phase, Worst
from appliance.settings import Home


def options(arguments: list[str]) -> argparse.Namespace:
    """The words of the command line."""
    words = argparse.ArgumentParser(prog="python -m appliance.gpio_leds", description=__doc__)
    words.add_argument("phase", choices=[phase.value for phase in Phase])
    words.add_argument("--home", default="/run/yobirin-lamps", help="where a factory reset is asked for")
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


def main(arguments: list[str]) -> int:
    """Show the state, print the button's events, end at SIGTERM or SIGINT."""
    words = options(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    site = settings.Lamps(kind=words.kind, bus=words.bus, address=words.address, gpio_chip=words.gpio_chip)
    keeper = LampKeeper(
        site, home=Home(Path(words.home)), on_event=lambda event: print(event, file=sys.stderr, flush=True)
    )
    keeper.show(state(words))
    stopped.wait()
    keeper.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
