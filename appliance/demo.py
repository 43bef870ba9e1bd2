"""The demonstration floor: sets a home up once, starts every process, says what to click first, measures.

What it makes is ordinary: a tenant, users, seats, a project and an imported list, as a technician and a
manager would make them.  Passwords are made anew at each start and printed once.
"""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import json
import shutil
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Final

from appliance import demo_figures, demo_floor, processes
from appliance import settings as site
from appliance.errors import BadInput, DeviceError
from appliance.settings import Home, Settings
from appliance.simulator import population
from appliance.supervisor_client import SupervisorGone

READY_TIMEOUT_S: Final = 60.0
FREE_MIN_SHARE: Final = 20
LAN_BITS: Final = 24


def run(home: Home, options: argparse.Namespace) -> int:
    """Set up, start, wait, stop.  Raises BadInput, DeviceError naming what is in the way."""
    settings = write_site(home, options)
    check_ports(settings)
    population.install(home, _population(options), seed=options.seed)
    floor = demo_floor.prepare(home, seats=options.seats, at=int(time.time() * 1000))
    supervisor = processes.Supervisor(home)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    supervisor.start(processes.BOX + processes.DEMONSTRATION)
    try:
        supervisor.wait_running(READY_TIMEOUT_S)
        if not options.headless:
            print(demo_floor.words(settings, floor), flush=True)
        _wait(stop, supervisor, options.seconds)
        figures = demo_figures.collect(home, supervisor)
    finally:
        supervisor.stop()
    if options.json:
        Path(options.json).write_text(
            json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    if not options.headless:
        print("\nStopped.  `make run` goes on with the same data.", flush=True)
    return 0


def write_site(home: Home, options: argparse.Namespace) -> Settings:
    """The site file of a demonstration, written anew from the options at each start."""
    home.directory()
    spans = "".join(f'\n[[spans]]\nnumber = {n}\nkind = "simulated"\n' for n in range(1, options.spans + 1))
    home.site_file.write_text(
        f"""\
# Written by `yobirin demo` at each start.
site_name = "Yobirin デモ"
{spans}
[phones]
address = "{options.address}"
sip_port = {options.sip_port}
allowed_networks = {json.dumps(networks(options.address))}

[web]
address = "{options.address}"
port = {options.web_port}

[limits]
disk_free_min_bytes = {_free_min_bytes(home)}

[lamps]
kind = "recorded"
""",
        encoding="utf-8",
    )
    home.site_file.chmod(0o600)
    return site.load(home)


def networks(address: str) -> list[str]:
    """The settings' own, and the LAN of the address where it is in none of them.  Raises BadInput."""
    known = site.Phones().allowed_networks
    try:
        own = ipaddress.IPv4Interface(f"{address}/{LAN_BITS}")
    except ValueError as error:
        raise BadInput(
            f"{address!r} is no IPv4 address.", remedy="Give --address one of `ip -4 address`."
        ) from error
    is_known = any(own.ip in ipaddress.ip_network(network) for network in known)
    return [*known] if is_known else [*known, str(own.network)]


def _free_min_bytes(home: Home) -> int:
    """The box's limit, or its share of a disk that is a laptop's corner or a test's."""
    total = shutil.disk_usage(home.directory("data")).total
    return min(site.Limits().disk_free_min_bytes, total // FREE_MIN_SHARE)


def check_ports(settings: Settings) -> None:
    """Both ports must be free: told here, before every process fails.  Raises DeviceError."""
    phones, web = settings.phones, settings.web
    for kind, address, port, option in (
        (socket.SOCK_DGRAM, phones.address, phones.sip_port, "--sip-port"),
        (socket.SOCK_STREAM, web.address, web.port, "--web-port"),
    ):
        with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise DeviceError(
                    f"Port {port} on {address} is taken or not ours ({error.strerror}).",
                    remedy=f"Stop what uses it, or choose another with {option}.",
                ) from error


def _population(options: argparse.Namespace) -> Path:
    if options.population is None:
        return population.SHIPPED
    path = Path(options.population)
    if not path.exists():
        raise BadInput(f"{path} does not exist.", remedy="Give a population file (TOML).")
    return path


def _wait(stop: threading.Event, supervisor: processes.Supervisor, seconds: float) -> None:
    """Until told to stop, or for so long; an end of supervisord is an error of its own."""
    deadline = time.monotonic() + seconds if seconds else None
    while not stop.is_set() and (deadline is None or time.monotonic() < deadline):
        if not supervisor.is_alive():
            raise SupervisorGone("supervisord ended by itself.", remedy="See logs/supervisord.log.")
        stop.wait(0.5)
