"""The network: who must answer a ping, and how long the page's certificate is still good.

Thresholds: ping is milliseconds to the slowest answer; certificate is days left.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from appliance.errors import DeviceError
from appliance.monitoring.box import Box, NotFitted, NotSetUp
from appliance.monitoring.plugin import Figure, Status, Thresholds, Verdict, limited

ECHO_REQUEST, ECHO_REPLY = 8, 0  # RFC 792
TRIES: Final = 3
ANSWER_WITHIN_S: Final = 1.0


@dataclass(frozen=True)
class Answer:
    """One address: the best round trip of three tries in ms, None where none came back."""

    address: str
    rtt_ms: float | None


@dataclass(frozen=True)
class Certificate:
    """The page's own: who it is for, and when it ends (seconds since 1970)."""

    subject: str
    ends_at: float
    now_at: float


def read_ping(box: Box) -> tuple[Answer, ...]:
    """Raises NotSetUp where nobody is to be asked, DeviceError where the kernel forbids asking."""
    addresses = box.settings.monitor.ping
    if not addresses:
        raise NotSetUp("monitor.ping names no address.")
    return tuple(Answer(address, ping(address)) for address in addresses)


def ping(address: str) -> float | None:
    """The best of three round trips in ms; None where nothing comes back.  Raises DeviceError."""
    with _icmp_socket() as probe:
        found = [_once(probe, address, number) for number in range(TRIES)]
    return min((rtt for rtt in found if rtt is not None), default=None)


def _icmp_socket() -> socket.socket:
    """Without any right where net.ipv4.ping_group_range allows it (icmp(7)), else raw."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
        except PermissionError:
            continue
    raise DeviceError(
        "No ping can be sent: the kernel does not permit it.",
        remedy="Set net.ipv4.ping_group_range to the group of this process.",
    )


def _once(probe: socket.socket, address: str, number: int) -> float | None:
    mark = os.urandom(8)
    begun = time.monotonic()
    try:
        probe.sendto(_request(number, mark), (address, 0))
    except OSError:
        return None  # no route, or no such name: it does not answer
    while (left := begun + ANSWER_WITHIN_S - time.monotonic()) > 0:
        if not select.select([probe], [], [], left)[0]:
            return None
        data = probe.recv(1024)
        if data[0] >> 4 == 4:  # a raw socket hands up the IP header too
            data = data[(data[0] & 15) * 4 :]
        if data[:1] == bytes([ECHO_REPLY]) and mark in data:
            return (time.monotonic() - begun) * 1000
    return None


def _request(number: int, mark: bytes) -> bytes:
    head = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, os.getpid() & 0xFFFF, number)
    return struct.pack("!BBHHH", ECHO_REQUEST, 0, checksum(head + mark), os.getpid() & 0xFFFF, number) + mark


def checksum(data: bytes) -> int:
    """RFC 1071: the one's complement of the one's complement sum of 16-bit words."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def judge_ping(seen: tuple[Answer, ...], limits: Thresholds) -> Verdict:
    silent = [answer.address for answer in seen if answer.rtt_ms is None]
    figures = [
        limited(f"rtt_{answer.address}", answer.rtt_ms, "ms", limits)
        for answer in seen
        if answer.rtt_ms is not None
    ]
    figures.append(Figure("silent", len(silent), "", "", "0", "0", str(len(seen))))
    slowest = max((answer.rtt_ms for answer in seen if answer.rtt_ms is not None), default=0.0)
    values = {"addresses": ", ".join(silent), "count": str(len(seen)), "rtt": f"{slowest:.1f}"}
    if silent:
        return Verdict(Status.CRITICAL, "ping_silent", values, tuple(figures))
    status = limits.status(slowest)
    return Verdict(status, "ping" if status is Status.OK else "ping_slow", values, tuple(figures))


def read_certificate(box: Box) -> Certificate:
    """Raises NotFitted before the page was started once, ValueError for a file that is none."""
    path = box.home.root / box.settings.web.certificate
    if not path.exists():
        raise NotFitted(f"{path} does not exist yet.")
    found = x509.load_pem_x509_certificate(path.read_bytes())
    return Certificate(
        found.subject.rfc4514_string(), found.not_valid_after_utc.timestamp(), datetime.now(UTC).timestamp()
    )


def judge_certificate(seen: Certificate, limits: Thresholds) -> Verdict:
    days = (seen.ends_at - seen.now_at) / 86_400
    status = limits.status(days)
    key = "certificate" if status is Status.OK else "certificate_over" if days < 0 else "certificate_ends"
    day = datetime.fromtimestamp(seen.ends_at, UTC).strftime("%Y/%m/%d")
    values = {"days": f"{days:.0f}", "day": day, "subject": seen.subject}
    return Verdict(status, key, values, (limited("days", days, "", limits, low=""),))
