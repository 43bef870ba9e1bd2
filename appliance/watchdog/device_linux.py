"""A hardware watchdog through the kernel's interface (Documentation/watchdog/watchdog-api.rst).

Opening arms it.  Closing leaves it armed, but for `disarm`, which writes the magic `V` first; a driver with
`nowayout` goes on all the same, and the shutdown has `timeout_s` to finish.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from typing import Final

from appliance.errors import DeviceError

# linux/watchdog.h
WDIOC_GETBOOTSTATUS: Final = 0x8004_5702
WDIOC_KEEPALIVE: Final = 0x8004_5705
WDIOC_SETTIMEOUT: Final = 0xC004_5706
WDIOC_GETTIMEOUT: Final = 0x8004_5707
MAGIC_CLOSE: Final = b"V"

REMEDIES: Final = {
    errno.ENOENT: "Load the driver of this board's watchdog, or set watchdog.device in site.toml.",
    errno.EBUSY: "Another program has it: look at RuntimeWatchdogSec of systemd, and for a second watchdog.",
    errno.EACCES: "Give the group of the watchdog's user the device (udev).",
}


class LinuxDevice:
    """`/dev/watchdog…`."""

    def __init__(self, path: str, *, timeout_s: int) -> None:
        """Open and arm.  `timeout_s` becomes what the hardware can do nearest to it."""
        self.name = path
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceError(
                f"The watchdog {path} cannot be opened: {error.strerror}.",
                remedy=REMEDIES.get(error.errno or 0, "Look at `dmesg`."),
            ) from error
        try:
            self.timeout_s = self._set_timeout(timeout_s)
        except DeviceError:
            os.close(self._file)
            raise

    def boot_status(self) -> int:
        return self._ioctl(WDIOC_GETBOOTSTATUS, 0)

    def pet(self) -> None:
        self._ioctl(WDIOC_KEEPALIVE, 0)

    def disarm(self) -> None:
        try:
            os.write(self._file, MAGIC_CLOSE)
        except OSError as error:
            raise self._failed(error) from error
        finally:
            os.close(self._file)

    def close(self) -> None:
        os.close(self._file)

    def _set_timeout(self, timeout_s: int) -> int:
        try:
            return self._ioctl(WDIOC_SETTIMEOUT, timeout_s)
        except DeviceError:
            return self._ioctl(WDIOC_GETTIMEOUT, 0)  # a timer whose time is fixed, or shorter

    def _ioctl(self, request: int, value: int) -> int:
        word = bytearray(struct.pack("i", value))
        try:
            fcntl.ioctl(self._file, request, word)
        except OSError as error:
            raise self._failed(error) from error
        return int(struct.unpack("i", word)[0])

    def _failed(self, error: OSError) -> DeviceError:
        return DeviceError(f"The watchdog {self.name}: {error.strerror}.", remedy="Look at `dmesg`.")
