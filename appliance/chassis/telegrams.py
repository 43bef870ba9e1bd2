"""Frames of CiA 301 as values and back: heartbeat, NMT, expedited SDO, and our four TPDOs.  Pure.

A frame that is not of the dictionary is `None`: a peer's mistake, not ours.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.chassis import dictionary as od
from appliance.chassis.messages import Relay, RelayState, Supply
from appliance.chassis.wire import Frame

OPERATIONAL: Final = 5  # CiA 301 table 108: NMT states in a heartbeat
NMT_START: Final = 1
DOWNLOAD_U8: Final = 0x2F  # CiA 301 7.2.4.3.3: expedited, size given, one byte
DOWNLOADED: Final = 0x60
ABORTED: Final = 0x80

RELAY_CODES: Final[dict[int, Relay]] = {od.RELAY_A: Relay.BOX_A, od.RELAY_B: Relay.BOX_B}
RELAY_VALUES: Final[dict[Relay, int]] = {relay: code for code, relay in RELAY_CODES.items()}
assert set(RELAY_VALUES) == set(Relay)


@dataclass(frozen=True)
class Heartbeat:
    """The controller lives; `state` is its NMT state."""

    state: int


@dataclass(frozen=True)
class SdoAnswer:
    """Answer to our write: `abort_code` is 0 when it was done (CiA 301 table 22 otherwise)."""

    index: int
    sub: int
    abort_code: int


@dataclass(frozen=True)
class SupplyTold:
    """TPDO 1 and 2."""

    place: int
    supply: Supply


@dataclass(frozen=True)
class FansTold:
    """TPDO 3; None where no fan is fitted."""

    rpm: tuple[int | None, ...]


@dataclass(frozen=True)
class ClimateTold:
    """TPDO 4: temperatures in °C, and the relay."""

    inlet_c: float | None
    cpu_c: float | None
    card_c: float | None
    relay: RelayState | None


Telegram = Heartbeat | SdoAnswer | SupplyTold | FansTold | ClimateTold


def parse(frame: Frame, node: int) -> Telegram | None:
    """What a frame of this node says."""
    data = frame.data
    if frame.can_id == od.HEARTBEAT + node:
        return Heartbeat(data[0] & 0x7F) if len(data) == 1 else None
    if frame.can_id == od.SDO_ANSWER + node:
        return _sdo_answer(data)
    for place, indexes in enumerate(od.TPDOS):
        if frame.can_id == od.tpdo_base(place) + node:
            values = _unpack(indexes, data)
            return None if values is None else PDO_READERS[place](values)
    return None


def start(node: int) -> Frame:
    """NMT: become operational, that is, send PDOs."""
    return Frame(od.NMT, bytes((NMT_START, node)))


def move_relay(node: int, position: Relay) -> Frame:
    """SDO: write the relay's command."""
    data = struct.pack("<BHBB3x", DOWNLOAD_U8, od.RELAY, 1, RELAY_VALUES[position])
    return Frame(od.SDO_REQUEST + node, data)


def _sdo_answer(data: bytes) -> SdoAnswer | None:
    if len(data) != 8:
        return None
    command, index, sub, code = struct.unpack("<BHBI", data)
    if command == DOWNLOADED:
        return SdoAnswer(index, sub, 0)
    return SdoAnswer(index, sub, code or 0x08000000) if command == ABORTED else None


def _unpack(indexes: tuple[int, ...], data: bytes) -> tuple[int, ...] | None:
    letters = "".join(entry.type.letter for index in indexes for entry in od.OWN[index].entries)
    layout = struct.Struct("<" + letters)
    return layout.unpack(data) if len(data) == layout.size else None


def _supply(place: int, values: tuple[int, ...]) -> SupplyTold:
    flags, millivolts, milliamperes = values
    return SupplyTold(
        place,
        Supply(
            is_present=bool(flags & od.SUPPLY_PRESENT),
            is_ok=bool(flags & od.SUPPLY_OK),
            volts=millivolts / 1000,
            amperes=milliamperes / 1000,
        ),
    )


def _fans(values: tuple[int, ...]) -> FansTold:
    return FansTold(tuple(None if rpm == od.NO_FAN else rpm for rpm in values))


def _climate(values: tuple[int, ...]) -> ClimateTold:
    *tenths, command, read_back = values
    inlet, cpu, card = (None if value == od.NO_SENSOR else value / 10 for value in tenths)
    relay = None
    if command in RELAY_CODES:
        relay = RelayState(RELAY_CODES[command], RELAY_CODES.get(read_back))
    return ClimateTold(inlet, cpu, card, relay)


PDO_READERS: Final[tuple[Callable[[tuple[int, ...]], Telegram], ...]] = (
    lambda values: _supply(0, values),
    lambda values: _supply(1, values),
    _fans,
    _climate,
)
assert len(PDO_READERS) == len(od.TPDOS)
