"""The object dictionary of the chassis controller, as a table: what it has, and which frame carries it.

CiA 301 for the communication part (1000h-1FFFh); 2000h upwards is our own.  `chassis-controller.eds` is
written from this table by `eds.py`, for who builds a controller or looks at the bus with their own tools.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

FANS: Final = 4
NO_FAN: Final = 0xFFFF
NO_SENSOR: Final = -0x8000
NO_RELAY: Final = 0xFF
SUPPLY_PRESENT, SUPPLY_OK = 1 << 0, 1 << 1
RELAY_A, RELAY_B, RELAY_BETWEEN = 0, 1, 2

HEARTBEAT_MS: Final = 500
PDO_MS: Final = 500  # the event timer of each PDO: a fan that stops is known within a second
BITRATE_KBIT: Final = 250  # 10 frames a second fill half a percent of it; it reaches 250 m

NMT, TPDO_1, SDO_ANSWER, SDO_REQUEST, HEARTBEAT = 0x000, 0x180, 0x580, 0x600, 0x700
"""The predefined connection set (CiA 301 7.3.3): the node's number is added, but for NMT."""


class Type(Enum):
    """Name to CiA 301's number of the type, its bytes, and the letter of `struct`."""

    INTEGER16 = (0x03, 2, "h")
    UNSIGNED8 = (0x05, 1, "B")
    UNSIGNED16 = (0x06, 2, "H")
    UNSIGNED32 = (0x07, 4, "I")
    VISIBLE_STRING = (0x09, 0, "s")

    @property
    def number(self) -> int:
        return self.value[0]

    @property
    def size(self) -> int:
        return self.value[1]

    @property
    def letter(self) -> str:
        return self.value[2]


@dataclass(frozen=True)
class Entry:
    """One sub-index.  `default` may hold `$NODEID+`, as EDS files write it."""

    name: str
    type: Type
    access: str
    default: str
    unit: str = ""

    @property
    def is_mapped(self) -> bool:
        return bool(self.unit)


@dataclass(frozen=True)
class Object:
    """One index: a record or array of entries from sub-index 1 on, or a single value (`entries` of one)."""

    name: str
    entries: tuple[Entry, ...]
    is_record: bool = True


def _value(name: str, kind: Type, access: str, default: str) -> Object:
    return Object(name, (Entry(name, kind, access, default),), is_record=False)


def _supply(letter: str) -> Object:
    return Object(
        f"Power supply {letter}",
        (
            Entry("Flags", Type.UNSIGNED8, "ro", "0x03", "bit 0 present, bit 1 power good"),
            Entry("Voltage", Type.UNSIGNED16, "ro", "12000", "mV"),
            Entry("Current", Type.UNSIGNED16, "ro", "4000", "mA"),
        ),
    )


FANS_OBJECT: Final = Object(
    "Fans",
    tuple(
        Entry(f"Fan {number}", Type.UNSIGNED16, "ro", "3000", "1/min, FFFFh: not fitted")
        for number in range(1, FANS + 1)
    ),
)
TEMPERATURES_OBJECT: Final = Object(
    "Temperatures",
    tuple(
        Entry(name, Type.INTEGER16, "ro", default, "0.1 °C, -8000h: not fitted")
        for name, default in (("Inlet", "250"), ("CPU", "500"), ("Card", "400"))
    ),
)
RELAY_OBJECT: Final = Object(
    "Line relay",
    (
        Entry("Command", Type.UNSIGNED8, "rw", "0", "0: box A (rest), 1: box B, FFh: not fitted"),
        Entry("Read-back", Type.UNSIGNED8, "ro", "0", "0: box A, 1: box B, 2: between, FFh: not fitted"),
    ),
)

SUPPLY_A, SUPPLY_B, FANS_INDEX, TEMPERATURES, RELAY = 0x2001, 0x2002, 0x2010, 0x2020, 0x2030

OWN: Final[dict[int, Object]] = {
    SUPPLY_A: _supply("A"),
    SUPPLY_B: _supply("B"),
    FANS_INDEX: FANS_OBJECT,
    TEMPERATURES: TEMPERATURES_OBJECT,
    RELAY: RELAY_OBJECT,
}

TPDOS: Final[tuple[tuple[int, ...], ...]] = ((SUPPLY_A,), (SUPPLY_B,), (FANS_INDEX,), (TEMPERATURES, RELAY))
"""Which objects each TPDO carries, whole and in order of their sub-indexes."""


def _pdo_objects() -> dict[int, Object]:
    made: dict[int, Object] = {}
    for place, indexes in enumerate(TPDOS):
        made[0x1800 + place] = Object(
            f"TPDO {place + 1} communication parameter",
            (
                Entry("COB-ID", Type.UNSIGNED32, "ro", f"$NODEID+0x{0x40000000 + tpdo_base(place):08X}"),
                Entry("Transmission type", Type.UNSIGNED8, "ro", "0xFF"),
                Entry("Inhibit time", Type.UNSIGNED16, "ro", "0"),
                Entry("Compatibility entry", Type.UNSIGNED8, "ro", "0"),
                Entry("Event timer", Type.UNSIGNED16, "rw", str(PDO_MS)),
            ),
        )
        made[0x1A00 + place] = Object(
            f"TPDO {place + 1} mapping parameter",
            tuple(
                Entry(
                    f"Mapping {number}", Type.UNSIGNED32, "ro", f"0x{index << 16 | sub << 8 | 8 * size:08X}"
                )
                for number, (index, sub, size) in enumerate(mapped(indexes), start=1)
            ),
        )
    return made


def mapped(indexes: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Index, sub-index and bytes of each value that these objects put into a PDO."""
    return [
        (index, sub, entry.type.size)
        for index in indexes
        for sub, entry in enumerate(OWN[index].entries, start=1)
    ]


def tpdo_base(place: int) -> int:
    """COB-ID of a TPDO, counted from 0, without the node's number."""
    return TPDO_1 + 0x100 * place


OBJECTS: Final[dict[int, Object]] = {
    0x1000: _value("Device type", Type.UNSIGNED32, "ro", "0"),
    0x1001: _value("Error register", Type.UNSIGNED8, "ro", "0"),
    0x1008: _value("Manufacturer device name", Type.VISIBLE_STRING, "const", "Yobirin chassis controller"),
    0x1017: _value("Producer heartbeat time", Type.UNSIGNED16, "rw", str(HEARTBEAT_MS)),
    0x1018: Object(
        "Identity object",
        (
            Entry("Vendor-ID", Type.UNSIGNED32, "ro", "0"),
            Entry("Product code", Type.UNSIGNED32, "ro", "1"),
            Entry("Revision number", Type.UNSIGNED32, "ro", "0x00010000"),
        ),
    ),
    **_pdo_objects(),
    **OWN,
}
"""Vendor-ID 0: CiA has given us none."""

assert all(sum(size for _, _, size in mapped(indexes)) <= 8 for indexes in TPDOS), "a PDO holds 8 bytes"
assert sorted(index for indexes in TPDOS for index in indexes) == sorted(OWN), "each value is told once"
