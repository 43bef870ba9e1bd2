"""The box's own commands: `yobirin check …`, `yobirin support-bundle`.  Reads words, calls the room at work.

Each `add_*` puts one command on the command line; `cli.py` hands in how a command is made.  Rooms are
imported where they are used: every process of the box starts through here, and few need them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from appliance import settings as site
from appliance.errors import BadInput, SettingsError
from appliance.settings import Home

if TYPE_CHECKING:
    from appliance.monitoring.plugin import Thresholds
    from appliance.monitoring.table import Check

MakeCommand = Callable[[Any, str, Any, str], argparse.ArgumentParser]
TIMEOUT_MAX_S: Final = 300.0
UNKNOWN: Final = 3  # guidelines 2.3: wrong arguments; argparse's own 2 would be read as CRITICAL


def add_check(commands: Any, make: MakeCommand) -> None:
    """`yobirin check NAME [-w RANGE] [-c RANGE] [--timeout S]`, a Nagios plugin."""
    check = make(commands, "check", run_check, "one check in Nagios' plugin form (exit 0-3, one line)")
    check.add_argument("check", nargs="?", metavar="NAME", help="database, ping, load, disk, mirror, pri, …")
    check.add_argument("-w", "--warning", metavar="RANGE", help="threshold of WARNING, such as 10 or 10:")
    check.add_argument("-c", "--critical", metavar="RANGE", help="threshold of CRITICAL")
    check.add_argument("-t", "--timeout", metavar="S", help="seconds until it gives up")
    check.add_argument("--nrpe", action="store_true", help="print NRPE's configuration of all checks")
    vars(check)["error"] = _wrong_arguments


def add_support_bundle(commands: Any, make: MakeCommand) -> None:
    """`yobirin support-bundle [--output FILE]`."""
    bundle = make(
        commands, "support-bundle", run_support_bundle, "logs and state for support, customers' data masked"
    )
    bundle.add_argument("--output", metavar="FILE", default="yobirin-support.tar.gz", help="(%(default)s)")


def run_support_bundle(home: Home, options: argparse.Namespace) -> int:
    """Write the bundle and print what is in it."""
    from provisioning import support_bundle
    from provisioning.commands import SystemCommands

    path = Path(options.output)
    names = support_bundle.make(home, SystemCommands(), path)
    print(f"{path}: {path.stat().st_size:,} bytes")
    for name in names:
        print(f"  {name}")
    return 0


def run_check(home: Home, options: argparse.Namespace) -> int:
    """Run one check and print its line; 0-3.  With `--nrpe` the configuration."""
    from appliance.monitoring import nrpe, plugin, runner, words
    from appliance.monitoring.box import Box

    try:
        settings = site.load(home)
        if options.nrpe:
            print(nrpe.configuration(settings, home=str(home.root)), end="")
            return 0
        check = _known(options.check)
        limits = _limits(check, settings, options)
        timeout_s = _timeout(check, options.timeout)
    except (BadInput, SettingsError) as error:
        _wrong_arguments(str(error))
    verdict = runner.run_once(check, Box(home, settings), limits, timeout_s=timeout_s)
    text = words.sentence(verdict.key, verdict.values, "en")
    print(plugin.line(check.name, verdict.status, text, verdict.figures))
    return int(verdict.status)


def _known(name: str | None) -> Check:
    from appliance.monitoring.table import BY_NAME

    if name not in BY_NAME:
        raise BadInput(
            f"There is no check {name}." if name else "Name a check.",
            remedy=f"One of {', '.join(BY_NAME)}.",
        )
    return BY_NAME[name]


def _limits(check: Check, settings: site.Settings, options: argparse.Namespace) -> Thresholds:
    from appliance.monitoring.plugin import Thresholds

    own = check.thresholds(settings)
    return Thresholds.parse(options.warning or own.warn.text, options.critical or own.crit.text)


def _timeout(check: Check, text: str | None) -> float:
    if text is None:
        return check.timeout_s
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= TIMEOUT_MAX_S:
        raise BadInput(f"The time-out {text!r} is none.", remedy=f"Give seconds, at most {TIMEOUT_MAX_S:g}.")
    return seconds


def _wrong_arguments(message: str) -> NoReturn:
    print(f"CHECK UNKNOWN - {' '.join(message.split())}")
    sys.exit(UNKNOWN)
