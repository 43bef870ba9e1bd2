"""Writes the electronic data sheet `chassis-controller.eds` (CiA 306-1) from the table in `dictionary.py`.

`python -m appliance.chassis.eds` writes it; a test fails while file and table differ.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from appliance.chassis.dictionary import BITRATE_KBIT, OBJECTS, OWN, TPDOS, Entry, Object, Type

FILE: Final = Path(__file__).with_name("chassis-controller.eds")

VAR, RECORD = 0x7, 0x9
MANDATORY: Final = (0x1000, 0x1001, 0x1018)
BITRATES_KBIT: Final = (10, 20, 50, 125, 250, 500, 800, 1000)


def text() -> str:
    """The whole file."""
    optional = [index for index in OBJECTS if index not in MANDATORY and index not in OWN]
    lines = [
        *_section("FileInfo", FileName=FILE.name, FileVersion=1, FileRevision=0, EDSVersion="4.0"),
        *_device_info(),
        *_list("MandatoryObjects", MANDATORY),
        *_list("OptionalObjects", optional),
        *_list("ManufacturerObjects", OWN),
    ]
    for index, described in sorted(OBJECTS.items()):
        lines += _object(index, described)
    return "\n".join(lines) + "\n"


def _device_info() -> Iterable[str]:
    rates = {f"BaudRate_{rate}": int(rate == BITRATE_KBIT) for rate in BITRATES_KBIT}
    return _section(
        "DeviceInfo",
        VendorName="Yobirin",
        VendorNumber=0,
        ProductName="Chassis controller",
        ProductNumber=1,
        RevisionNumber="0x00010000",
        **rates,
        SimpleBootUpMaster=0,
        SimpleBootUpSlave=1,
        Granularity=0,
        DynamicChannelsSupported=0,
        GroupMessaging=0,
        NrOfRXPDO=0,
        NrOfTXPDO=len(TPDOS),
        LSS_Supported=0,
    )


def _section(name: str, **values: str | int) -> Iterable[str]:
    yield f"[{name}]"
    yield from (f"{key}={value}" for key, value in values.items())
    yield ""


def _list(name: str, indexes: Iterable[int]) -> Iterable[str]:
    listed = sorted(indexes)
    numbered = {str(place): f"0x{index:04X}" for place, index in enumerate(listed, start=1)}
    return _section(name, SupportedObjects=len(listed), **numbered)


def _object(index: int, described: Object) -> Iterable[str]:
    if not described.is_record:
        yield from _entry(f"{index:04X}", described.entries[0])
        return
    count = len(described.entries)
    yield from _section(
        f"{index:04X}", ParameterName=described.name, ObjectType=f"0x{RECORD:X}", SubNumber=count + 1
    )
    highest = Entry("Highest sub-index supported", Type.UNSIGNED8, "const", str(count))
    for sub, entry in enumerate((highest, *described.entries)):
        yield from _entry(f"{index:04X}sub{sub:X}", entry)


def _entry(section: str, entry: Entry) -> Iterable[str]:
    if entry.unit:
        yield f"; {entry.name}: {entry.unit}"
    yield from _section(
        section,
        ParameterName=entry.name,
        ObjectType=f"0x{VAR:X}",
        DataType=f"0x{entry.type.number:04X}",
        AccessType=entry.access,
        DefaultValue=entry.default,
        PDOMapping=int(entry.is_mapped),
    )


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
