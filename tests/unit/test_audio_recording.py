"""Recordings on the disk: round trip, growing, torn, changed, and the disk's own troubles."""

from __future__ import annotations

import io
import os
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.audio import messages, mulaw, recording, recording_file, tones
from appliance.audio.recording import DiskRecorder
from appliance.audio.recording_file import (
    FRAME_BYTES,
    SEAL_BYTES,
    BadRecording,
    RecordingReader,
    RecordingWriter,
)

KEY = bytes(range(32))
OTHER_KEY = bytes(32)


def stereo(seconds: float) -> bytes:
    """A tone left, noise right."""
    left = np.frombuffer(tones.encoded(tones.sine(700, seconds, -10)), np.uint8)
    right = np.random.default_rng(1).integers(0, 256, len(left), np.uint8)
    return np.stack([left, right], axis=1).tobytes()


def write(path: Path, speech: bytes, *, session: bytes = b"aaaa") -> RecordingWriter:
    writer = RecordingWriter(path, KEY, session=session)
    for at in range(0, len(speech), 5_000):
        writer.write(speech[at : at + 5_000])
    return writer


def test_a_recording_is_read_back_whole_and_in_ranges(tmp_path: Path) -> None:
    path, speech = tmp_path / "a" / "1.rec", stereo(5.04)
    writer = write(path, speech)
    seconds = writer.seconds
    assert writer.finish() == path.stat().st_size
    reader = RecordingReader(path, KEY)
    assert reader.is_complete
    assert reader.seconds == seconds == pytest.approx(5.04)
    assert reader.plain(0, reader.plain_bytes) == speech
    whole = reader.read_wav()
    assert len(whole) == reader.wav_size
    with wave.open(io.BytesIO(whole)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        assert file.readframes(file.getnframes()) == mulaw.decode(speech).astype("<i2").tobytes()
    for start, stop in ((0, 1), (0, 44), (43, 45), (44, 47), (45, 48), (25_643, 25_646), (77_001, 90_000)):
        assert reader.read_wav(start, stop) == whole[start:stop], (start, stop)
    assert reader.read_wav(len(whole) - 3, len(whole) + 100) == whole[-3:]
    assert reader.read_wav(len(whole), len(whole) + 1) == b""


def test_nothing_of_the_speech_is_on_the_disk_in_clear(tmp_path: Path) -> None:
    path = tmp_path / "1.rec"
    write(path, b"\xff" * 40_000).finish()
    stored = path.read_bytes()
    assert b"\xff" * 8 not in stored
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_waveform_has_ten_peaks_a_second_and_channel(tmp_path: Path) -> None:
    path = tmp_path / "1.rec"
    silent, loud = b"\xff\xff" * 8_000, b"\xff\x00" * 8_000
    write(path, silent + loud).finish()
    peaks = RecordingReader(path, KEY).peaks()
    assert peaks.shape == (20, 2)
    assert not peaks[:, 0].any()
    assert not peaks[:10, 1].any()
    assert (peaks[10:, 1] > 240).all()


def test_it_is_playable_while_it_grows(tmp_path: Path) -> None:
    path, speech = tmp_path / "1.rec", stereo(4.0)
    writer = RecordingWriter(path, KEY, session=b"aaaa")
    assert RecordingReader(path, KEY).seconds == 0
    seen = []
    for at in range(0, len(speech), 16_000):
        writer.write(speech[at : at + 16_000])
        reader = RecordingReader(path, KEY)
        assert not reader.is_complete
        assert reader.plain(0, reader.plain_bytes) == speech[: reader.plain_bytes]
        assert len(reader.peaks()) == reader.plain_bytes // 1_600
        seen.append(writer.seconds - reader.seconds)
    assert max(seen) < 0.8
    writer.abandon()


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 5_000, FRAME_BYTES + SEAL_BYTES - 1])
def test_a_torn_tail_is_cut(tmp_path: Path, cut: int) -> None:
    path, speech = tmp_path / "1.rec", stereo(4.0)
    write(path, speech).abandon()
    os.truncate(path, path.stat().st_size - cut)
    reader = RecordingReader(path, KEY)
    assert reader.plain_bytes == 4 * FRAME_BYTES
    assert reader.plain(0, reader.plain_bytes) == speech[: 4 * FRAME_BYTES]


def test_a_tail_of_zeros_from_a_power_cut_is_cut(tmp_path: Path) -> None:
    path, speech = tmp_path / "1.rec", stereo(1.6)
    write(path, speech).abandon()
    with path.open("ab") as file:
        file.write(bytes(3 * (FRAME_BYTES + SEAL_BYTES) + 7))
    assert RecordingReader(path, KEY).plain_bytes == 2 * FRAME_BYTES


def test_a_recording_cut_off_is_gone_on_with_in_another_session(tmp_path: Path) -> None:
    path, speech = tmp_path / "1.rec", stereo(4.0)
    write(path, speech[:30_000]).abandon()
    with path.open("ab") as file:
        file.write(b"torn")
    writer = write(path, speech[2 * FRAME_BYTES :], session=b"bbbb")
    writer.finish()
    reader = RecordingReader(path, KEY)
    assert reader.plain(0, reader.plain_bytes) == speech
    assert reader.peaks().tobytes() == recording_file.peaks_of(speech).tobytes()


def test_a_finished_recording_can_be_gone_on_with(tmp_path: Path) -> None:
    path, speech = tmp_path / "1.rec", stereo(3.0)
    write(path, speech[:20_000]).finish()
    write(path, speech[20_000:], session=b"bbbb").finish()
    reader = RecordingReader(path, KEY)
    assert reader.is_complete
    assert reader.plain(0, reader.plain_bytes) == speech


def test_another_key_or_a_changed_byte_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "1.rec"
    write(path, stereo(3.0)).finish()
    with pytest.raises(BadRecording, match=r"1\.rec.*not its key"):
        RecordingReader(path, OTHER_KEY)
    with pytest.raises(BadRecording, match="32 bytes"):
        RecordingReader(path, b"short")
    stored = bytearray(path.read_bytes())
    stored[30_000] ^= 1
    path.write_bytes(stored)
    with pytest.raises(BadRecording, match="frame 2"):
        RecordingReader(path, KEY).read_wav()


def test_frames_that_changed_places_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "1.rec"
    write(path, stereo(3.2)).finish()
    stored, head, size = path.read_bytes(), recording_file.HEADER.size, FRAME_BYTES + SEAL_BYTES
    path.write_bytes(
        stored[:head]
        + stored[head + size : head + 2 * size]
        + stored[head : head + size]
        + stored[head + 2 * size :]
    )
    with pytest.raises(BadRecording, match="changed"):
        RecordingReader(path, KEY)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"YOBIREC1", b"YOBIREC1" + bytes(8), b"x" * 100])
def test_what_is_no_recording_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.rec"
    path.write_bytes(data)
    with pytest.raises(BadRecording, match=r"x\.rec"):
        RecordingReader(path, KEY)
    with pytest.raises(BadRecording, match="cannot be read"):
        RecordingReader(tmp_path / "none.rec", KEY)


# --- the recorder beside the tick -----------------------------------------------------------------------


def until(recorder: DiskRecorder, count: int = 1) -> list[messages.RecordingDone | messages.RecordingLost]:
    results: list[messages.RecordingDone | messages.RecordingLost] = []
    deadline = time.monotonic() + 5
    while len(results) < count and time.monotonic() < deadline:
        results += recorder.take_results()
        time.sleep(0.001)
    assert len(results) == count
    return results


def open_recorder(root: Path, *, free_bytes: Callable[[Path], int] = lambda _: 10**12) -> DiskRecorder:
    return DiskRecorder(root, disk_free_min_bytes=1_000_000, free_bytes=free_bytes)


def test_the_tick_hands_over_both_sides_and_learns_when_it_is_safe(tmp_path: Path) -> None:
    recorder = open_recorder(tmp_path)
    take = recorder.begin(messages.Recording(5, "2026/5.rec", KEY))
    for _ in range(100):
        take.add(b"\x11" * 160, b"\x22" * 160)
    take.close()
    done = until(recorder)[0]
    assert isinstance(done, messages.RecordingDone)
    assert (done.recording_id, done.seconds) == (5, 2.0)
    assert done.size_bytes == (tmp_path / "2026" / "5.rec").stat().st_size
    reader = RecordingReader(tmp_path / "2026" / "5.rec", KEY)
    assert reader.plain(0, reader.plain_bytes) == b"\x11\x22" * 16_000
    recorder.close()


def test_what_is_open_at_the_end_is_finished(tmp_path: Path) -> None:
    recorder = open_recorder(tmp_path)
    take = recorder.begin(messages.Recording(5, "5.rec", KEY))
    for _ in range(45):
        take.add(b"\x11" * 160, b"\x22" * 160)
    recorder.close()
    assert RecordingReader(tmp_path / "5.rec", KEY).is_complete
    assert RecordingReader(tmp_path / "5.rec", KEY).seconds == 0.8


def lost(results: list[messages.RecordingDone | messages.RecordingLost]) -> str:
    assert isinstance(results[0], messages.RecordingLost)
    return results[0].reason


def test_a_full_disk_costs_the_recording_and_says_so(tmp_path: Path) -> None:
    recorder = open_recorder(tmp_path, free_bytes=lambda _: 500_000)
    take = recorder.begin(messages.Recording(5, "5.rec", KEY))
    take.add(b"\x11" * 160, b"\x22" * 160)
    take.close()
    assert "free on the disk" in lost(until(recorder))
    assert recorder.take_results() == []
    recorder.close()


class FullDisk(io.RawIOBase):
    """Takes the header and half a frame."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self._left = 8_000

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all that is written here
        if not self._left:
            raise OSError(28, os.strerror(28))
        taken = data[: self._left]
        self._left -= len(taken)
        return self._file.write(taken) or 0

    def truncate(self, size: int | None = None) -> int:
        return self._file.truncate(size)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


def test_a_disk_that_fills_up_in_the_middle_leaves_a_readable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fdopen", lambda *a, **k: FullDisk(io.FileIO(a[0], "wb")))
    recorder = open_recorder(tmp_path)
    take = recorder.begin(messages.Recording(5, "5.rec", KEY))
    for _ in range(200):
        take.add(b"\x11" * 160, b"\x22" * 160)
    assert "No space left" in lost(until(recorder))
    assert RecordingReader(tmp_path / "5.rec", KEY).seconds == 0
    take.close()
    recorder.close()
    assert recorder.take_results() == []


def test_a_disk_too_slow_costs_the_recording_never_the_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "QUEUE_MAX", 2)
    monkeypatch.setattr(recording, "STOP_WAIT_S", 0.05)
    recorder = open_recorder(tmp_path, free_bytes=lambda _: time.sleep(0.3) or 10**12)  # type: ignore[func-returns-value]  # a disk that hangs
    take = recorder.begin(messages.Recording(5, "5.rec", KEY))
    began = time.monotonic()
    for _ in range(40 * 5):
        take.add(b"\x11" * 160, b"\x22" * 160)
    take.close()
    assert time.monotonic() - began < 0.25
    assert "too slow" in lost(until(recorder))
    recorder.close()


def test_a_path_outside_and_an_id_twice_are_refused(tmp_path: Path) -> None:
    recorder = open_recorder(tmp_path / "recordings")
    recorder.begin(messages.Recording(5, "../5.rec", KEY))
    assert "outside" in lost(until(recorder))
    assert not (tmp_path / "5.rec").exists()
    recorder.close()
