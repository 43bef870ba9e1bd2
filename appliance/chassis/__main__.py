"""Asks the chassis process from a command line: `python -m appliance.chassis --home DIR status`.

`status` prints the snapshot as JSON, `relay box_b` moves the line relay and prints where its contacts are.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sys
from pathlib import Path

import msgspec

from appliance.chassis import messages
from appliance.chassis.messages import GetChassis, Relay, SetRelay
from appliance.errors import YobirinError
from appliance.ipc import BlockingClient
from appliance.settings import Home


def main(arguments: list[str]) -> int:
    """One question; the exit code is the error's own."""
    words = argparse.ArgumentParser(prog="python -m appliance.chassis", description=__doc__)
    words.add_argument("--home", type=Path, default=Path("/var/lib/yobirin"))
    commands = words.add_subparsers(dest="command", required=True)
    commands.add_parser("status")
    commands.add_parser("relay").add_argument("position", choices=[position.value for position in Relay])
    options = words.parse_args(arguments)
    request = (
        GetChassis() if options.command == "status" else SetRelay(Relay(options.position), getpass.getuser())
    )
    try:
        client = BlockingClient(Home(options.home).socket("chassis"), messages.Union, name="command line")
        with contextlib.closing(client):
            print(msgspec.json.encode(client.request(request)).decode())
    except YobirinError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
