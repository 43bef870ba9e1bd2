"""What the chassis process and its clients say to each other.  The monitor is one.

A connection begins with `ChassisSnapshot`; then come changes; after a reconnect
the snapshot is whole again.  The relay moves by `SetRelay` alone.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    """Base of all."""


class Severity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


class Relay(StrEnum):
    """Which box of a redundant pair the INS1500 lines are led to.  A is the rest position, without power."""

    BOX_A = "box_a"
    BOX_B = "box_b"


class Supply(msgspec.Struct, frozen=True):
    """One power supply.  `is_ok` is its own power-good signal."""

    is_present: bool
    is_ok: bool
    volts: float
    amperes: float


class RelayState(msgspec.Struct, frozen=True):
    """`commanded` is what the controller was told; `read_back` what the contacts say (None: moving)."""

    commanded: Relay
    read_back: Relay | None


class Readings(msgspec.Struct, frozen=True):
    """What the controller says.  None: that fan, sensor or relay is not fitted."""

    supplies: tuple[Supply, Supply]
    fans_rpm: tuple[int | None, ...]
    inlet_c: float | None
    cpu_c: float | None
    card_c: float | None
    relay: RelayState | None


class Alarm(msgspec.Struct, frozen=True):
    """One standing alarm.

    `name` is one of `rules.RULES` ("supply_a", "fan_2", "temperature_cpu", "controller", "bus", …); `what`
    is a sentence with the figure and its limit; `since` is seconds since 1970-01-01 UTC.
    """

    name: str
    severity: Severity
    what: str
    since: float


class ChassisSnapshot(Message, frozen=True):
    """All that is known.  `kind` is the back end; with "absent" there is never a reading nor an alarm.

    `readings` is None until the controller has told everything once; `age_s` is the age of its last word.
    """

    kind: str
    readings: Readings | None
    age_s: float | None
    alarms: tuple[Alarm, ...]
    has_line_relay: bool = False


class ReadingsSeen(Message, frozen=True):
    """New readings, at most one in `process.READINGS_EVERY_S`."""

    readings: Readings


class AlarmRaised(Message, frozen=True):
    """An alarm is new, or has changed its severity."""

    alarm: Alarm


class AlarmCleared(Message, frozen=True):
    """An alarm stands no longer."""

    name: str


class GetChassis(Message, frozen=True):
    """Request; answered by `ChassisSnapshot`."""


class SetRelay(Message, frozen=True):
    """Request: lead the lines to a box.  Answered by `RelaySet` once the contacts say so, or Failed.

    `by` is who asked, for the log.
    """

    position: Relay
    by: str


class RelaySet(Message, frozen=True):
    """The contacts have moved, and say so."""

    position: Relay


Union = ChassisSnapshot | ReadingsSeen | AlarmRaised | AlarmCleared | GetChassis | SetRelay | RelaySet
