"""After the set-up: does the box work as described?  Looks at each part from outside, changes nothing."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from cryptography import x509

from appliance.clock import NOT_BEFORE
from appliance.errors import YobirinError
from appliance.settings import Home, Settings
from appliance.supervisor_client import SupervisorClient
from provisioning import authority, hardware
from provisioning.commands import NOT_INSTALLED, Commands
from provisioning.messages import Finding

CONNECT_S: Final = 3.0
LAN_PAGE_PORT: Final = 443  # nginx's, on the box


SETTLE_S: Final = 90.0  # programs that were just restarted, an address that was just given
LOOK_EVERY_S: Final = 1.0

Look = Callable[[], Finding]


def findings(
    home: Home, settings: Settings, commands: Commands, *, settle_s: float = SETTLE_S
) -> tuple[Finding, ...]:
    """Everything that was looked at, what is not right after `settle_s` included."""
    looks: list[Look] = [
        lambda: _processes(home),
        lambda: _address(settings.phones.address),
        *[partial(_ping, target, commands) for target in settings.monitor.ping],
        lambda: _page(home, settings),
    ]
    until = time.monotonic() + settle_s
    return (*[_settled(look, until) for look in looks], _lines(settings), _clock())


def _settled(look: Look, until: float) -> Finding:
    found = look()
    while not found.is_good and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)  # a box that comes up, not a test: there is nothing to be told by
        found = look()
    return found


def _processes(home: Home) -> Finding:
    try:
        programs = SupervisorClient(home).programs()
    except YobirinError as error:
        return Finding(name="processes", is_good=False, seen=error.what)
    late = [name for name, program in sorted(programs.items()) if program.state != "RUNNING"]
    seen = ", ".join(f"{name} {programs[name].state}" for name in late) or f"{len(programs)} running"
    return Finding(name="processes", is_good=not late, seen=seen)


def _address(address: str) -> Finding:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        return Finding(name="address", is_good=False, seen=f"{address}: {error.strerror}")
    return Finding(name="address", is_good=True, seen=address)


def _ping(target: str, commands: Commands) -> Finding:
    ran = commands.run("ping", "-n", "-c", "2", "-W", "2", target)
    if ran.code == NOT_INSTALLED:
        return Finding(name="gateway", is_good=False, seen=ran.reason)
    seen = f"{target} answers" if ran.is_good else f"{target} does not answer"
    return Finding(name="gateway", is_good=ran.is_good, seen=seen)


def _page(home: Home, settings: Settings) -> Finding:
    """The page's certificate as a PC would get it."""
    file = authority.authority_file(home)
    context = ssl.create_default_context()
    if authority.is_ours(home, settings.web):
        context = ssl.create_default_context(cafile=str(file))
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the customer's PCs know it
    for address, port in (
        (settings.phones.address, LAN_PAGE_PORT),
        (settings.web.address, settings.web.port),
    ):
        try:
            with (
                socket.create_connection((address, port), CONNECT_S) as plain,
                context.wrap_socket(plain, server_hostname=address) as tls,
            ):
                raw = tls.getpeercert(binary_form=True)
        except (OSError, ssl.SSLError) as error:
            seen = f"https://{address}:{port}/: {error}"
            continue
        assert raw is not None, "a server always has a certificate"
        shown = authority.fingerprint(x509.load_der_x509_certificate(raw))
        return Finding(name="page", is_good=True, seen=f"https://{address}:{port}/ {shown[:23]}…")
    return Finding(name="page", is_good=False, seen=seen)


def _lines(settings: Settings) -> Finding:
    wanted = sum(span.kind == "dahdi" for span in settings.spans)
    found = hardware.card()
    listed = ", ".join(f"{span.number} {span.line_mode or span.description}" for span in found) or "no card"
    return Finding(name="lines", is_good=len(found) >= wanted, seen=f"{listed} ({wanted} described)")


def _clock() -> Finding:
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    return Finding(name="clock", is_good=now >= NOT_BEFORE, seen=shown)
