"""A disk that fills while the floor works: recordings stop, then new calls; no result is lost; it recovers.

The same ladder runs on a real data partition in tests/appliance; here it is a small tmpfs.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import ipc
from appliance.audio.recording_file import RecordingReader
from appliance.dialer import messages
from appliance.monitoring import ballast, space
from appliance.settings import Home, load
from appliance.store import compare, recordings
from appliance.store.models import Recording
from appliance.store.open import Store, open_store
from tests.simulation.test_floor_crashes import START_WITHIN_S, Floor, new_home

DISK_BYTES = 240_000_000
WITHIN_S = 30.0

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(480)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Home, Path]]:
    """A home whose data directory is a small disk of its own."""
    home, people = new_home(tmp_path)
    data = home.directory("data")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(data)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if os.geteuid() != 0 and done.returncode:
        pytest.skip("a small disk takes root")
    assert done.returncode == 0, f"root, and yet no small disk: {done.stderr.strip()}"
    try:
        yield home, people
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def free(path: Path) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def fill(path: Path, *, leaving: int) -> None:
    """Take all of the disk but `leaving` bytes; nothing left to take is taken as done."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while (more := free(path.parent) - leaving) > 0:
            if not file.write(bytes(min(more, 1_000_000))):
                break


class Watched(Floor):
    """The floor, and what its board says holds dialling back."""

    def limits(self) -> set[str]:
        with contextlib.suppress(ipc.PeerGone):
            client = ipc.BlockingClient(self.home.socket("dialer"), messages.Union, name="test")
            try:
                found = client.request(messages.AskBoard())
            finally:
                client.close()
            return {project.reason.limit for project in found.projects}
        return set()


def lost(store: Store) -> int:
    return int(store.value("SELECT count(*) FROM recording WHERE lost_reason != ''"))


def answered(store: Store) -> int:
    return int(store.value("SELECT count(*) FROM attempt WHERE connected_at > 0"))


def test_a_filling_disk_stops_recordings_then_calls_and_loses_no_result(
    small_disk: tuple[Home, Path],
) -> None:
    home, people = small_disk
    floor = Watched(home, people)
    data, filler = home.root / "data", home.root / "data" / "filler"
    try:
        floor.until(lambda: floor.talking_after(0), "the first conversation", timeout_s=START_WITHIN_S)
        least = load(home).limits.disk_free_min_bytes
        floor.until((data / ballast.NAME).exists, "the ballast", timeout_s=WITHIN_S)
        pids = floor.pids()
        with contextlib.closing(open_store(home)) as store:
            assert lost(store) == 0

            fill(filler, leaving=int(least * 0.9))
            floor.until(lambda: lost(store) > 0, "a recording that is not made", timeout_s=WITHIN_S)
            talks = answered(store)
            floor.until(
                lambda: answered(store) > talks + 2, "conversations without recordings", timeout_s=WITHIN_S
            )
            assert "disk" not in floor.limits(), "recordings stop before calls do"

            fill(filler, leaving=int(least * 0.4))
            floor.until(
                lambda: floor.limits() == {"disk"}, "dialling that stops, and says why", timeout_s=WITHIN_S
            )
            floor.until(lambda: not floor.talking_after(0), "the end of the talks", timeout_s=WITHIN_S)
            ended = answered(store)

            fill(filler, leaving=0)
            floor.until(
                lambda: not (data / ballast.NAME).exists(), "the ballast thrown off", timeout_s=WITHIN_S
            )
            floor.until(lambda: free(data) > space.ballast_bytes(least) // 2, "its room", timeout_s=WITHIN_S)
            assert floor.limits() == {"disk"}, "the ballast's room is for results, not for new calls"
            assert answered(store) == ended

            filler.unlink()
            floor.until(lambda: floor.talking_after(0), "conversations again", timeout_s=WITHIN_S)
            floor.until((data / ballast.NAME).exists, "the ballast again", timeout_s=WITHIN_S)
            before = lost(store)
            floor.until(lambda: answered(store) > ended + 4, "more conversations", timeout_s=WITHIN_S)
            assert lost(store) <= before + 2, "only what was being lost when room came back"
        assert floor.pids() == pids, "nothing had to be started again"
        assert floor.lost_events() == 0
        assert not any(alarm.startswith("space:") for alarm in floor.alarms)
    finally:
        floor.stop()
    assert floor.child.returncode == 0, floor.told()
    _books_are_whole(home)


def _books_are_whole(home: Home) -> None:
    with contextlib.closing(open_store(home)) as store:
        assert compare.compare(store) == []
        assert store.tuples("SELECT id FROM attempt WHERE end = ''") == []
        doubled = "SELECT attempt_id FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"
        assert store.tuples(doubled) == []
        for recording in store.all(Recording, "FROM recording ORDER BY id"):
            if not recording.lost_reason:
                RecordingReader(recordings.path_of(store, recording.path), recording.key).read_wav()
