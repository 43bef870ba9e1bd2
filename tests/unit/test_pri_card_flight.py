"""The flight recorder's ring on disk, and its export."""

from __future__ import annotations

import itertools
import os
import struct
from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.pri_card import flight, pcap
from appliance.pri_card.flight import FlightRecorder, Recorded

FRAME = bytes(range(40))


def recorder(path: Path, *, bytes_max: int = 10_000_000) -> FlightRecorder:
    times = itertools.count(1_795_000_000)
    return FlightRecorder(path, bytes_max=bytes_max, wall=lambda: float(next(times)))


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    ring = recorder(tmp_path)
    ring.record(1, True, FRAME)
    ring.record(5, False, b"")
    ring.close()
    assert list(flight.read(tmp_path)) == [
        Recorded(1_795_000_000.0, 1, True, FRAME),
        Recorded(1_795_000_001.0, 5, False, b""),
    ]


def test_frames_are_on_disk_a_second_after_the_last_flush_without_a_clean_end(tmp_path: Path) -> None:
    ring = recorder(tmp_path)
    ring.record(1, True, FRAME)
    ring.flush(10.0)
    assert len(list(flight.read(tmp_path))) == 1
    ring.record(1, True, FRAME)
    ring.flush(10.5)
    assert len(list(flight.read(tmp_path))) == 1
    assert ring.due() == 11.0
    ring.flush(11.0)
    assert len(list(flight.read(tmp_path))) == 2
    assert ring.due() is None


def test_a_torn_end_costs_one_record_and_the_next_start_goes_on(tmp_path: Path) -> None:
    ring = recorder(tmp_path)
    for _ in range(3):
        ring.record(1, True, FRAME)
    ring.close()
    segment = flight.segments(tmp_path)[0]
    segment.write_bytes(segment.read_bytes()[:-5])
    again = recorder(tmp_path)
    again.record(2, False, FRAME)
    again.close()
    assert [record.span for record in flight.read(tmp_path)] == [1, 1, 2]
    assert len(flight.segments(tmp_path)) == 2


def test_the_ring_keeps_its_bound_and_forgets_the_oldest(tmp_path: Path) -> None:
    ring = recorder(tmp_path, bytes_max=200_000)
    now = 0.0
    for number in range(20_000):
        ring.record(number % 5 + 1, True, FRAME)
        if number % 50 == 0:
            now += 1.0
            ring.flush(now)
    ring.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200_000
    times = [record.at for record in flight.read(tmp_path)]
    assert times == sorted(times)
    assert times[-1] == 1_795_000_000 + 19_999
    assert len(times) * (flight.HEADER.size + len(FRAME)) > 150_000


def test_only_the_owner_can_read_the_trace(tmp_path: Path) -> None:
    ring = recorder(tmp_path)
    ring.record(1, True, FRAME)
    ring.close()
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


def test_a_full_disk_stops_the_recording_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ring = recorder(tmp_path)
    ring.record(1, True, FRAME)
    ring.flush(1.0)

    def full(_file: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        ring.record(1, True, FRAME)
        ring.flush(2.0)
    assert "No space left on device" in caplog.text
    ring.record(1, False, FRAME)
    ring.flush(3.0)
    assert [record.is_sent for record in flight.read(tmp_path)] == [True, False]


def test_a_disk_that_stalls_does_not_fill_the_memory(tmp_path: Path) -> None:
    ring = recorder(tmp_path)
    for _ in range(30_000):
        ring.record(1, True, FRAME)
    assert ring.lost_frames > 0
    ring.close()
    assert sum(1 for _ in flight.read(tmp_path)) == 30_000 - ring.lost_frames


def test_strange_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "d-00000001.trace").write_bytes(b"garbage that is no segment")
    (tmp_path / "d-00000002.trace").write_bytes(flight.MAGIC + flight.HEADER.pack(1.0, 1, 1, 9999) + FRAME)
    (tmp_path / "d-x.trace").write_bytes(b"")
    assert list(flight.read(tmp_path)) == []


def test_an_export_has_the_headers_of_lapd_and_only_what_was_asked_for(tmp_path: Path) -> None:
    ring = recorder(tmp_path)
    for span in (1, 2, 1, 2):
        ring.record(span, span == 1, FRAME)
    ring.close()
    target = tmp_path / "out.pcap"
    start = 1_795_000_000.0
    assert pcap.export(tmp_path, target) == 4
    assert pcap.export(tmp_path, target, from_at=start + 1, to_at=start + 3) == 2
    assert pcap.export(tmp_path, target, span=1) == 2
    data = target.read_bytes()
    assert struct.unpack_from("<IHHiIII", data) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 177)
    assert struct.unpack_from("<IIII", data, 24) == (1_795_000_000, 0, 56, 56)
    assert data[40:56] == bytes.fromhex("0004 20fd 0001 0000000000000000 0030")
    assert data[56:96] == FRAME


def test_an_export_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere/x\.pcap"):
        pcap.export(tmp_path, tmp_path / "nowhere" / "x.pcap")
