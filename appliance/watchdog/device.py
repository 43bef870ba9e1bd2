"""The watchdog timer of the hardware, as a seam: a real one, a recorded one, none.

`open_device` chooses by the site file: a path, the word `recorded`, or nothing.  Once opened, a real one
resets the box unless it is petted in time or disarmed in order.
"""

from __future__ import annotations

from typing import Final, Protocol

from appliance.settings import Home, Watchdog

OVERHEAT: Final = 0x0001  # WDIOF_OVERHEAT of linux/watchdog.h: the last reset was for heat
CARD_RESET: Final = 0x0020  # WDIOF_CARDRESET: the last reset was this timer's
RECORDED: Final = "recorded"
TIMEOUT_MIN_S: Final = 10  # a look takes a second, and a start of this process three


class Device(Protocol):
    """One watchdog timer; tests/contract/test_watchdog_device.py says how all behave.

    Every method raises DeviceError naming the device.
    """

    name: str
    timeout_s: int

    def boot_status(self) -> int:
        """Why the box started, as WDIOF_ bits; 0 where the hardware does not know."""

    def pet(self) -> None:
        """Another `timeout_s` from now."""

    def disarm(self) -> None:
        """An ordered end: the box is not reset (magic close).  Nothing else may follow."""

    def close(self) -> None:
        """Let go without disarming: the time runs on."""


class AbsentDevice:
    """No timer: nothing is reset."""

    name = ""

    def __init__(self, *, timeout_s: int) -> None:
        self.timeout_s = timeout_s

    def boot_status(self) -> int:
        return 0

    def pet(self) -> None:
        return None

    def disarm(self) -> None:
        return None

    def close(self) -> None:
        return None


def open_device(settings: Watchdog, home: Home) -> Device:
    """The timer of the site file, armed.  Raises DeviceError."""
    from appliance.watchdog.device_linux import LinuxDevice
    from appliance.watchdog.device_recorded import RecordedDevice

    timeout_s = max(settings.timeout_s, TIMEOUT_MIN_S)
    if not settings.device:
        return AbsentDevice(timeout_s=timeout_s)
    if settings.device == RECORDED:
        return RecordedDevice(home.run / "watchdog.recorded", timeout_s=timeout_s)
    return LinuxDevice(settings.device, timeout_s=timeout_s)
