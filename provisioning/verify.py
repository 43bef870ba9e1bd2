"""After the set-up: does the box work as described?  Looks at each part from outside, changes nothing."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
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


def findings(home: Home, settings: Settings, commands: Commands) -> tuple[Finding, ...]:
    """Everything that was looked at, what is not right included."""
    return (
        *_processes(home),
        _address(settings.phones.address),
        *_ping(settings, commands),
        _page(home, settings),
        _lines(settings),
        _clock(),
    )


def _processes(home: Home) -> Iterator[Finding]:
    try:
        programs = SupervisorClient(home).programs()
    except YobirinError as error:
        yield Finding(name="processes", is_good=False, seen=error.what)
        return
    late = [name for name, program in sorted(programs.items()) if program.state != "RUNNING"]
    seen = ", ".join(f"{name} {programs[name].state}" for name in late) or f"{len(programs)} running"
    yield Finding(name="processes", is_good=not late, seen=seen)


def _address(address: str) -> Finding:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        return Finding(name="address", is_good=False, seen=f"{address}: {error.strerror}")
    return Finding(name="address", is_good=True, seen=address)


def _ping(settings: Settings, commands: Commands) -> Iterator[Finding]:
    for target in settings.monitor.ping:
        ran = commands.run("ping", "-n", "-c", "2", "-W", "2", target)
        if ran.code == NOT_INSTALLED:
            yield Finding(name="gateway", is_good=False, seen=ran.reason)
        else:
            seen = f"{target} answers" if ran.is_good else f"{target} does not answer"
            yield Finding(name="gateway", is_good=ran.is_good, seen=seen)


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
