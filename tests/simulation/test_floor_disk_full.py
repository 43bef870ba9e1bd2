"""A disk that fills while the floor works: it goes on, says so, and writes everything once there is space."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audio.recording_file import RecordingReader
from appliance.settings import Home
from appliance.store import compare, recordings
from appliance.store.models import Recording
from appliance.store.open import open_store
from tests.simulation.test_floor_crashes import START_WITHIN_S, Floor, new_home

DISK_BYTES = 48_000_000
TALKS_WITHIN_S = 30.0
ALARM_WITHIN_S = 60.0  # until the log has used up the room that it had already

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(240)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Home, Path]]:
    """A home whose data directory is a small disk of its own."""
    home, people = new_home(tmp_path)
    data = home.directory("data")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(data)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield home, people
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def fill(path: Path) -> None:
    """Take the last byte of the disk."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1_000_000, 4_096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    os.sync()


def test_a_full_disk_stops_nobody_and_loses_nothing_written_later(small_disk: tuple[Home, Path]) -> None:
    home, people = small_disk
    floor = Floor(home, people)
    filler = home.root / "data" / "filler"
    try:
        floor.until(lambda: floor.talking_after(0), "the first conversation", timeout_s=START_WITHIN_S)
        fill(filler)
        floor.until(
            lambda: any("The disk is full" in alarm for alarm in floor.alarms),
            "the alarm",
            timeout_s=ALARM_WITHIN_S,
        )
        pids = floor.pids()
        # What was written ahead may still be dialled; what cannot be written is not dialled at all.
        floor.until(lambda: not floor.talking_after(0), "the end of the talks", timeout_s=TALKS_WITHIN_S)
        filler.unlink()
        floor.until(lambda: floor.talking_after(0), "conversations again", timeout_s=TALKS_WITHIN_S)
        floor.until(
            lambda: not any("The disk is full" in alarm for alarm in floor.alarms), "no alarm", timeout_s=20.0
        )
        assert floor.pids() == pids, "nothing had to be started again"
        assert floor.lost_events() == 0
    finally:
        floor.stop()
    assert floor.child.returncode == 0, floor.told()
    with contextlib.closing(open_store(home)) as store:
        assert compare.compare(store) == []
        assert store.tuples("SELECT id FROM attempt WHERE end = ''") == []
        doubled = "SELECT attempt_id FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"
        assert store.tuples(doubled) == []
        for recording in store.all(Recording, "FROM recording ORDER BY id"):
            if not recording.lost_reason:
                RecordingReader(recordings.path_of(store, recording.path), recording.key).read_wav()
