"""The command line `yobirin …`: reads the words, calls the room that does the work, prints usable errors.

Every command takes `--home DIR`, the data directory.  Exit code 0 is done; an error's own code otherwise.
"""

from __future__ import annotations

import argparse
import errno
import faulthandler
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from appliance import cli_box, cli_words
from appliance import settings as site
from appliance.clock import SystemClock, check_is_set
from appliance.errors import BadInput, YobirinError
from appliance.settings import Home

PROCESS_MODULES: Final = {
    "phones": "appliance.phones.process",
    "audio": "appliance.audio.process",
    "dialer": "appliance.dialer.process",
    "worker": "appliance.worker",
    "web": "webui.process",
    "watchdog": "appliance.watchdog.process",
    "chassis": "appliance.chassis.process",
    "monitor": "appliance.monitoring.process",
    "setup": "provisioning.setup_process",
    "console": "provisioning.console.process",
    "exchange": "appliance.simulator.exchange_process",
    "robots": "appliance.simulator.robot_process",
}
"""Each has `run(home, settings)`, which blocks until SIGTERM.  supervisord starts them by these names, and
systemd the watchdog."""

KEEPS_TIMES: Final = frozenset({"dialer", "worker", "web"})
"""Processes that write times into the store: they wait for a clock that is set.  The monitor tells of it."""

SYSTEM_SAYS: Final = {
    errno.ENOSPC: "Free space on that disk.",
    errno.EDQUOT: "Free space, or raise the quota.",
    errno.EACCES: "Give the user of this program the right, or start it as the user who owns the directory.",
    errno.EPERM: "Give the user of this program the right, or start it as the user who owns the directory.",
    errno.EROFS: "The disk is mounted read-only: look at `dmesg`, then mount it for writing.",
    errno.EIO: "The disk fails: look at `dmesg`.",
    errno.ENOTDIR: "Give another directory, or move the file away.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`).",
}
"""What a person can do about errors of the system that can meet any command."""

HOME_DEFAULT: Final = "/var/lib/yobirin"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code.  Errors go to standard error in one or two lines."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = parser(words[0] if words else "").parse_args(words)
    home = Home(Path(options.home))
    try:
        return int(options.command(home, options) or 0)
    except YobirinError as error:
        print(f"yobirin: {error.what}", file=sys.stderr)
        if error.remedy:
            print(f"  {error.remedy}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno not in SYSTEM_SAYS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"yobirin: {where}{error.strerror}.\n  {SYSTEM_SAYS[error.errno]}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser(word: str = "") -> argparse.ArgumentParser:
    """The whole command line.  A process of the box is a command only where `word` names it: it is
    supervisord's, and nothing to be offered to people."""
    top = argparse.ArgumentParser(prog="yobirin", description="Outbound call-centre appliance.")
    commands = top.add_subparsers(dest="name", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_prepare(commands)
    _add_demo(commands)
    _add_simulate(commands)
    _add_import(commands)
    _add_report(commands)
    _add_backup(commands)
    _add_trace(commands)
    cli_box.add_check(commands, _command)
    cli_box.add_support_bundle(commands, _command)
    if word in PROCESS_MODULES:
        _command(commands, word, run_process, None).set_defaults(module=PROCESS_MODULES[word])
    return top


def _command(commands: Any, name: str, function: Any, text: str | None) -> argparse.ArgumentParser:
    # A process of the box is started by supervisord, not by people: no help line, so it is not listed.
    words = {} if text is None else {"help": text, "description": text}
    command: argparse.ArgumentParser = commands.add_parser(name, **words)
    command.add_argument(
        "--home",
        default=os.environ.get("YOBIRIN_HOME", HOME_DEFAULT),
        metavar="DIR",
        help="data directory (default: $YOBIRIN_HOME or %(default)s)",
    )
    command.set_defaults(command=function)
    return command


def _add_run(commands: Any) -> None:
    _command(commands, "run", run_box, "start the box: every process under supervisord")


def _add_prepare(commands: Any) -> None:
    prepare = _command(
        commands, "prepare", run_prepare, "give a home's directories to the box's users (as root)"
    )
    prepare.add_argument(
        "--sysusers", action="store_true", help="print the users and groups, as sysusers.d(5)"
    )


def _add_demo(commands: Any) -> None:
    demo = _command(commands, "demo", run_demo, "start a demonstration floor on a simulated line")
    demo.add_argument("--headless", action="store_true", help="no words for people; for benches and tests")
    demo.add_argument(
        "--seats", type=cli_words.between(1, site.SEATS_MAX), default=8, help="robot operators (8)"
    )
    demo.add_argument(
        "--spans", type=cli_words.between(1, site.SPANS_MAX), default=1, help="simulated spans (1)"
    )
    demo.add_argument(
        "--seconds", type=cli_words.seconds, default=0.0, help="stop after this long (0: until Ctrl-C)"
    )
    demo.add_argument(
        "--json", type=cli_words.file_to_write, metavar="FILE", help="write the figures here at the end"
    )
    demo.add_argument("--web-port", type=cli_words.between(1, 65_535), default=8443, help="HTTPS port (8443)")
    demo.add_argument("--sip-port", type=cli_words.between(1, 65_535), default=5060, help="SIP port (5060)")
    demo.add_argument(
        "--address", default="127.0.0.1", help="address to serve on; a LAN address lets others in"
    )
    demo.add_argument("--population", metavar="FILE", help="callees of the simulated exchange (TOML)")
    demo.add_argument("--seed", type=int, default=1, help="seed of exchange and robots (1)")


def _add_simulate(commands: Any) -> None:
    simulate = _command(
        commands, "simulate", run_simulate, "run a shift in virtual time on the real dialer core"
    )
    simulate.add_argument("--seats", type=cli_words.between(1, 500), default=20, help="operators (20)")
    simulate.add_argument(
        "--hours",
        type=cli_words.over(0.5, 24, "hours"),
        default=8.0,
        help="length of the shift (8); figures leave the first half hour out",
    )
    simulate.add_argument("--answer", type=cli_words.share, default=0.25, help="answer rate, 0-1 (0.25)")
    mean_s = cli_words.over(0, 3600, "seconds")
    simulate.add_argument("--talk", type=mean_s, default=90.0, help="mean seconds of talk (90)")
    simulate.add_argument("--wrap", type=mean_s, default=20.0, help="mean seconds of wrap-up (20)")
    simulate.add_argument(
        "--target", type=cli_words.share, default=0.03, help="abandoned / answered, 0-1 (0.03)"
    )
    simulate.add_argument(
        "--mode",
        choices=("preview", "progressive", "overdial", "ratio", "adaptive"),
        default="adaptive",
        help="dial mode (adaptive)",
    )
    simulate.add_argument("--seed", type=int, default=1, help="seed of callees and operators (1)")
    simulate.add_argument(
        "--json",
        type=cli_words.file_to_write,
        metavar="FILE",
        help="write the figures here, not to the screen",
    )


def _add_import(commands: Any) -> None:
    load = _command(commands, "import", run_import, "import a customer list from CSV, TSV or XLSX")
    load.add_argument("file", metavar="FILE")
    load.add_argument("--project", required=True, help="project name or number")
    load.add_argument("--list", required=True, dest="list_name", help="list to make, or to append to")
    load.add_argument("--dry-run", action="store_true", help="check only; nothing is stored")


def _add_report(commands: Any) -> None:
    report = _command(commands, "report", run_report, "print a report")
    report.add_argument("kind", choices=("hourly", "codes", "operators"))
    report.add_argument("--from", dest="first", metavar="YYYY-MM-DD", help="first day (today)")
    report.add_argument("--to", dest="last", metavar="YYYY-MM-DD", help="last day (the first)")
    report.add_argument("--project", help="project name or number (all)")
    report.add_argument("--compat", action="store_true", help="Open Dialer's formulas")
    report.add_argument("--csv", metavar="FILE", help="write CSV there ('-': standard output)")


def _add_backup(commands: Any) -> None:
    backup = _command(commands, "backup", run_backup, "back up now to the site file's target")
    backup.add_argument(
        "--drill", action="store_true", help="only restore the newest one as a test, and compare"
    )
    backup.add_argument("--key", action="store_true", help="only print the recovery key, for the safe")
    restore = _command(commands, "restore", run_restore, "restore a backup onto a blank box")
    restore.add_argument(
        "--from", dest="source", required=True, metavar="TARGET", help="directory or ssh://…"
    )
    restore.add_argument("--until", default="", metavar="TIME", help="not a later one: 20261121T180000Z")
    restore.add_argument("--key-file", metavar="FILE", help="holds the recovery key (else it is asked for)")


def _add_trace(commands: Any) -> None:
    trace = _command(commands, "trace", run_trace, "read the flight recorder")
    trace.add_argument("action", choices=("export",))
    trace.add_argument(
        "--pcap", metavar="FILE", required=True, help="D-channel frames for tshark or Wireshark"
    )
    trace.add_argument("--span", type=cli_words.between(1, site.SPANS_MAX), help="one span only")
    trace.add_argument("--from", dest="first", metavar="'YYYY-MM-DD HH:MM'")
    trace.add_argument("--to", dest="last", metavar="'YYYY-MM-DD HH:MM'")


def run_box(home: Home, _options: argparse.Namespace) -> int:
    """Become supervisord, with every process of the box."""
    from appliance import processes, rights

    settings = site.load(home)  # a typo is told here, not by seven processes
    if not home.database.exists():
        raise BadInput(
            f"{home.database} does not exist.",
            remedy="Set the box up first, or try `yobirin demo --home DIR`.",
        )
    with processes.only_one(home, processes.FLOOR) as lock:
        is_box = rights.is_box()
        if is_box:
            _prepare(home, settings)
        path = processes.write_configuration(home, processes.BOX, is_box=is_box)
        processes.become_supervisord(path, lock)


def run_prepare(home: Home, options: argparse.Namespace) -> int:
    """Owners, groups and modes of a home, as `rights.py` says; what was changed."""
    from appliance import rights

    if options.sysusers:
        print(rights.sysusers(), end="")
        return 0
    for path in _prepare(home, site.load(home)):
        print(path)
    return 0


def _prepare(home: Home, settings: site.Settings) -> list[str]:
    """Make what root alone can (certificate, backup key), then owners and modes; what was changed."""
    from appliance import rights
    from provisioning import prepared

    rights.apply(home)
    if not prepared.is_good(home, settings):
        from appliance.backup import key  # here, not for every start: they load the ciphers
        from provisioning import authority

        key.ensure(home)
        authority.ensure_leaf(home, settings.web, site_name=settings.site_name)
        prepared.note(home, settings)
    return rights.apply(home)


def run_process(home: Home, options: argparse.Namespace) -> int:
    """One process of the box, as supervisord starts it."""
    from appliance import processes

    faulthandler.enable()  # the watchdog ends one that hangs by SIGABRT: its log then says where it hung
    if processes.is_supervised():
        processes.die_with_parent()  # alone, nobody would stop it or start it again
    processes.limit(options.name)
    settings = site.load(home)
    if options.name in KEEPS_TIMES:
        check_is_set(SystemClock())
    with processes.only_one(home, options.name):
        module = importlib.import_module(options.module)
        module.run(home, settings)
    return 0


def run_demo(home: Home, options: argparse.Namespace) -> int:
    """The demonstration floor."""
    from appliance import demo, processes

    check_is_set(SystemClock())
    with processes.only_one(home, processes.FLOOR):
        return demo.run(home, options)


def run_simulate(_home: Home, options: argparse.Namespace) -> int:
    """A shift in virtual time; figures as JSON."""
    from appliance.simulator.shift import simulate

    figures = simulate(
        seats=options.seats,
        hours=options.hours,
        answer=options.answer,
        talk=options.talk,
        wrap=options.wrap,
        target=options.target,
        mode=options.mode,
        seed=options.seed,
    )
    write_json(figures, options.json)
    return 0


def run_import(home: Home, options: argparse.Namespace) -> int:
    """Import a list in the foreground, with progress."""
    from appliance import cli_store

    return cli_store.import_file(home, options)


def run_report(home: Home, options: argparse.Namespace) -> int:
    """A report as a table, or as CSV."""
    from appliance import cli_store

    return cli_store.report(home, options)


def run_backup(home: Home, options: argparse.Namespace) -> int:
    """A backup, a test restore, or the recovery key."""
    from appliance import cli_backup  # here, not for every process: it loads store and ciphers

    return cli_backup.backup(home, options)


def run_restore(home: Home, options: argparse.Namespace) -> int:
    """A backup onto a blank box."""
    from appliance import cli_backup

    return cli_backup.restore_home(home, options)


def run_trace(home: Home, options: argparse.Namespace) -> int:
    """The flight recorder's D-channel frames as pcap."""
    from appliance import cli_store

    return cli_store.export_trace(home, options)


def write_json(figures: dict[str, Any], path: str | None) -> None:
    """Figures to a file, and to standard output where none is named."""
    text = json.dumps(figures, ensure_ascii=False, indent=2, sort_keys=True)
    if path is None:
        print(text)
    else:
        Path(path).write_text(text + "\n", encoding="utf-8")
