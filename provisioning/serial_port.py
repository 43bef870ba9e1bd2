"""A serial line, or what stands for one: the one file that imports pyserial.

`open_port` takes a device, pyserial's URLs (`socket://host:port`), or `unix:/path`, where QEMU serves an
emulated line.  Errors become PortGone, which names the port.
"""

from __future__ import annotations

import contextlib
import select
import socket
from typing import Any, Final, Protocol

import serial

from appliance.errors import DeviceError

CHUNK: Final = 4_096
WRITE_S: Final = 30.0  # 20 kB at 9,600 baud
UNIX: Final = "unix:"


class PortGone(DeviceError):
    """The port cannot be opened, or went away."""


class Port(Protocol):
    """One end of a line."""

    def read(self, timeout_s: float) -> bytes:
        """What came within `timeout_s`, b'' for nothing.  Raises PortGone."""

    def write(self, data: bytes) -> None:
        """Send all of it.  Raises PortGone."""

    def close(self) -> None:
        """Let go of it."""


class SerialPort:
    """A tty or one of pyserial's URLs.  A write that nobody takes raises PortGone after `write_s`."""

    def __init__(self, url: str, baud: int, *, write_s: float = WRITE_S) -> None:
        self._url = url
        try:
            self._serial: Any = serial.serial_for_url(
                url, baudrate=baud, timeout=0, write_timeout=write_s, xonxoff=False, rtscts=False
            )
        except (OSError, ValueError) as error:
            raise PortGone(
                f"The port {url} cannot be opened: {_reason(error)}.",
                remedy="Look at the cable, the name (`ls /dev/ttyUSB*`) and your group `dialout`.",
            ) from error

    def fileno(self) -> int:
        """For poll."""
        return int(self._serial.fileno())

    def read(self, timeout_s: float) -> bytes:
        try:
            self._serial.timeout = timeout_s
            first = bytes(self._serial.read(1))
            if not first:
                return b""
            self._serial.timeout = 0
            return first + bytes(self._serial.read(CHUNK))
        except (OSError, TypeError) as error:  # TypeError: pyserial, where another thread has closed it
            raise self._gone(error) from error

    def write(self, data: bytes) -> None:
        try:
            for at in range(0, len(data), CHUNK):
                self._serial.write(data[at : at + CHUNK])
        except (OSError, TypeError) as error:
            raise self._gone(error) from error

    def close(self) -> None:
        with contextlib.suppress(OSError, TypeError):
            self._serial.close()

    def _gone(self, error: Exception) -> PortGone:
        return PortGone(f"The port {self._url} went away: {_reason(error)}.", remedy="Look at the cable.")


class UnixPort:
    """A Unix socket that carries an emulated line."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise PortGone(f"{path} cannot be opened: {error}.", remedy="Start the machine first.") from error
        self._socket.settimeout(WRITE_S)

    def fileno(self) -> int:
        """For poll."""
        return self._socket.fileno()

    def read(self, timeout_s: float) -> bytes:
        try:
            if not select.select([self._socket], [], [], timeout_s)[0]:
                return b""
            data = self._socket.recv(CHUNK)
        except (OSError, ValueError) as error:
            raise PortGone(f"{self._path} went away: {error}.") from error
        if not data:
            raise PortGone(f"{self._path} was closed.")
        return data

    def write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise PortGone(f"{self._path} went away: {error}.") from error

    def close(self) -> None:
        self._socket.close()


def open_port(url: str, baud: int) -> SerialPort | UnixPort:
    """Open a port.  Raises PortGone with the remedy."""
    return UnixPort(url.removeprefix(UNIX)) if url.startswith(UNIX) else SerialPort(url, baud)


def _reason(error: Exception) -> str:
    text = str(error).split(": ")[-1].rstrip(".")
    return text or type(error).__name__
