"""The flight recorder's frames as a pcap file that Wireshark and tshark read as LAPD and Q.931.

One span a file keeps the two directions of one data link together; several spans in one file are told apart
by time only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from appliance.errors import BadInput
from appliance.pri_card import flight
from appliance.pri_card.flight import Recorded

LINKTYPE_LINUX_LAPD: Final = 177
FILE_HEADER: Final = struct.Struct("<IHHiIII")
PACKET_HEADER: Final = struct.Struct("<IIII")
PSEUDO_HEADER: Final = struct.Struct(
    ">HHH8sH"
)  # packet type, hardware type, address length, address, protocol
MAGIC_MICROSECONDS: Final = 0xA1B2C3D4
SNAP_BYTES: Final = 65_535
FROM_NETWORK: Final = 0
SENT_BY_US: Final = 4
ARPHRD_LAPD: Final = 8445
ETH_P_LAPD: Final = 0x0030


def export(
    trace: Path,
    target: Path,
    *,
    span: int | None = None,
    from_at: float | None = None,
    to_at: float | None = None,
) -> int:
    """Write the frames of `trace` (the home's trace directory) to `target`; how many there were.

    Times are seconds since 1970, `from_at` included and `to_at` not.  Raises BadInput naming the file when
    it cannot be written.
    """
    chosen = select(flight.read(trace), span=span, from_at=from_at, to_at=to_at)
    count = 0
    try:
        with target.open("wb") as file:
            file.write(FILE_HEADER.pack(MAGIC_MICROSECONDS, 2, 4, 0, 0, SNAP_BYTES, LINKTYPE_LINUX_LAPD))
            for record in chosen:
                file.write(packet(record))
                count += 1
    except OSError as error:
        raise BadInput(
            f"{target} cannot be written: {error.strerror}.", remedy="Choose another file."
        ) from error
    return count


def select(
    records: Iterable[Recorded], *, span: int | None, from_at: float | None, to_at: float | None
) -> Iterator[Recorded]:
    """The records of a span and a time."""
    for record in records:
        if span is not None and record.span != span:
            continue
        if from_at is not None and record.at < from_at:
            continue
        if to_at is not None and record.at >= to_at:
            continue
        yield record


def packet(record: Recorded) -> bytes:
    """One packet with its headers."""
    kind = SENT_BY_US if record.is_sent else FROM_NETWORK
    data = PSEUDO_HEADER.pack(kind, ARPHRD_LAPD, 1, bytes(8), ETH_P_LAPD) + record.frame
    seconds, microseconds = divmod(round(record.at * 1_000_000), 1_000_000)
    return PACKET_HEADER.pack(seconds, microseconds, len(data), len(data)) + data
