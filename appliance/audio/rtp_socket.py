"""UDP sockets for RTP, one a phone, on even ports of the site's range.

Never blocks; sending and receiving never raise.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from typing import Final

from appliance.audio.rtp import Address
from appliance.errors import DeviceError

DATAGRAM_BYTES_MAX: Final = 2_048
BUFFER_BYTES: Final = 65_536  # the kernel books about 0.8 kB a packet: over a second of speech
EXPEDITED: Final = 0xB8  # DSCP EF (RFC 3246) in the upper six bits: switches put speech first


def is_own(host: str) -> bool:
    """Whether an IPv4 address is this machine's: the kernel would speak to it from the address itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))  # "discard"; nothing is sent
        except OSError:
            return False
        return bool(probe.getsockname()[0] == host)


class RtpSocket:
    """One bound socket."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self.port: int = bound.getsockname()[1]

    def receive(self) -> tuple[bytes, Address] | None:
        """The oldest datagram, None when there is none."""
        try:
            data, sender = self._socket.recvfrom(DATAGRAM_BYTES_MAX)
        except OSError:
            return None
        return data, (sender[0], sender[1])

    def send(self, packet: bytes, to: Address) -> bool:
        """False when the network does not take it; the phone misses 20 ms."""
        try:
            self._socket.sendto(packet, to)
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


class PortRange:
    """Hands out sockets; a port that was just closed is used again last, for late packets of its old call."""

    def __init__(self, address: str, first: int, last: int) -> None:
        self._address = address
        self._ports = range(first + first % 2, last + 1, 2)
        self._next = 0

    def open(self, wanted: int = 0) -> RtpSocket:
        """A socket on the port `wanted`, else on the next free even one.  Raises DeviceError without any."""
        if wanted in self._ports:
            with contextlib.suppress(_Taken):
                return RtpSocket(self._bound(wanted))
        for _ in self._ports:
            port = self._ports[self._next]
            self._next = (self._next + 1) % len(self._ports)
            with contextlib.suppress(_Taken):
                return RtpSocket(self._bound(port))
        raise DeviceError(
            f"all RTP ports {self._ports[0]}-{self._ports[-1]} on {self._address} are taken.",
            remedy="Widen phones.rtp_port_first to rtp_port_last in site.toml.",
        )

    def address_for(self, remote: str) -> str:
        """The box's own address as that phone sees it."""
        if not ipaddress.ip_address(self._address).is_unspecified:
            return self._address
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((remote, 9))  # sends nothing: asks the routing table
            except OSError as error:
                raise DeviceError(f"{remote} cannot be reached: {error.strerror}.") from error
            return str(probe.getsockname()[0])

    def _bound(self, port: int) -> socket.socket:
        fresh = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        fresh.setblocking(False)
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        with contextlib.suppress(OSError):
            fresh.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
        try:
            fresh.bind((self._address, port))
        except OSError as error:
            fresh.close()
            if error.errno == errno.EADDRINUSE:
                raise _Taken from error
            raise DeviceError(
                f"RTP cannot listen on {self._address}: {error.strerror}.",
                remedy="Set phones.address in site.toml to an address of this box.",
            ) from error
        return fresh


class _Taken(Exception):
    """Somebody else has this port."""
