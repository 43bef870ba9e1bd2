"""What the monitor tells the front panel, and what the panel's button tells the monitor.

`BoxState` is the whole state of the box as nine lamps can show it; who shows what and why is `lamps.py`'s
table.  Plain values: no hardware, no files.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

import msgspec

from appliance import settings

SPANS: Final = settings.SPANS_MAX


class Phase(StrEnum):
    """Where the box is between power-on and power-off."""

    BOOTING = "booting"
    LOCKED = "locked"  # the data partition waits for its key
    RUNNING = "running"
    STOPPING = "stopping"


class Line(StrEnum):
    """One INS1500 line."""

    ABSENT = "absent"  # not in the site file
    UP = "up"  # layer 1 and the D channel stand
    DOWN = "down"  # layer 1 stands, the D channel does not; or the dialer does not say
    ALARM = "alarm"  # RED, YELLOW, no card, card removed


class Disks(StrEnum):
    """Both disks, their mirror and the space on them; the worst that is true."""

    UNKNOWN = "unknown"
    OK = "ok"
    REBUILDING = "rebuilding"
    FULL = "full"
    DEGRADED = "degraded"  # one of the two is missing or failing
    FAILED = "failed"


class Worst(StrEnum):
    """The worst standing alarm."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


class Fault(IntEnum):
    """What the alarm lamp counts out in flashes, for who stands before the box with a telephone.

    A lower number is shown before a higher one.
    """

    NONE = 0
    CARD = 1  # no line card, or a card with another line mode
    LINES = 2
    DISKS = 3
    PROCESSES = 4  # a process does not run, or the database does not answer
    CHASSIS = 5  # power supply, fan, temperature
    CONTROLLER = 6  # the chassis controller is silent, its bus flooded
    KEY = 7  # the USB key is absent
    NETWORK = 8  # gateway, telephone gateways, clock, mail
    OTHER = 9


class BoxState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the lamps show.  `address` is the box's IPv4 address, shown when the button is held."""

    phase: Phase = Phase.BOOTING
    lines: tuple[Line, ...] = ()
    disks: Disks = Disks.UNKNOWN
    worst: Worst = Worst.OK
    is_acknowledged: bool = False  # a person has seen every standing alarm
    fault: Fault = Fault.NONE
    is_located: bool = False  # somebody looks for this box in a rack
    address: str = ""


class AddressShown(msgspec.Struct, frozen=True):
    """The button was held for 5 s: the status lamp counts out the last number of the address."""

    address: str


class FactoryResetAsked(msgspec.Struct, frozen=True):
    """The button was held for 15 s.  Nothing is deleted before the console has confirmed it."""

    asked_at: float  # seconds since 1970-01-01 UTC


class PanelFailed(msgspec.Struct, frozen=True):
    """The panel does not answer; `what` names bus and address.  It is tried again by itself."""

    what: str


class PanelRecovered(msgspec.Struct, frozen=True):
    """The panel answers again, and shows the present state."""


Event = AddressShown | FactoryResetAsked | PanelFailed | PanelRecovered
