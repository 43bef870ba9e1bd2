"""A working floor on a bad day: every process is killed in turn, and the floor talks again within a bound.

Judged from outside: seats on the dialer's socket while it happens, the database and recordings afterwards.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from appliance import ipc
from appliance.audio.recording_file import RecordingReader
from appliance.dialer import messages
from appliance.processes import Supervisor
from appliance.settings import Home
from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from appliance.store import attempts, compare, recordings
from appliance.store.models import Recording
from appliance.store.open import Store, open_store
from appliance.supervisor_client import SupervisorGone
from tests.crowd import crowd

SEATS = 5
START_WITHIN_S = 40.0
BOUND_S: Final = {
    "worker": 15.0,
    "web": 15.0,
    "audio": 30.0,  # whose keys fell into the gap puts the handset down after 15 s, and dials in again
    "robots": 20.0,
    "exchange": 20.0,
    "phones": 20.0,
    "dialer": 20.0,
}
"""Victims in order, and seconds until a seat talks on a call that was begun afterwards."""
DIALLING_AGAIN_S = 10.0
GONE_WITHIN_S = 20.0
RATE_HZ = 8000
WAV_HEADER_BYTES = 44
PEOPLE = """
[answer]
rate = 0.8
[ring]
floor_s = 0.3
mean_s = 0.8
[busy]
share = 0.05
[voicemail]
share = 0.0
[talk]
mean_s = 4.0
cv = 0.3
min_s = 2.5
callee_clears = 1.0
[speech]
tone_share = 1.0
[keys]
share = 0.0
[incoming]
per_hour = 0.0
"""
HABITS = """
start_s_max = 1.0
read_s = 0.5
wrap_s_mean = 1.2
wrap_s_least = 0.5
breaks_share = 0.0
forgets_share = 0.0
"""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(600)]


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Floor:
    """A running demonstration and what its seats show, and what was seen after each crash."""

    def __init__(self, home: Home, people: Path) -> None:
        self.home = home
        self.supervisor = Supervisor(home)
        self.seats: dict[str, messages.SeatBoard] = {}
        self.alarms: tuple[str, ...] = ()
        self.heard_at = 0.0
        self.after: dict[str, tuple[float, int]] = {}  # victim to (seconds, attempt)
        self.dialling_again_s = 0.0
        words = (
            "demo", "--headless", "--seats", str(SEATS), "--home", str(home.root),
            "--population", str(people),
            "--sip-port", str(free_port(socket.SOCK_DGRAM)), "--web-port", str(free_port(socket.SOCK_STREAM)),
        )  # fmt: skip
        self.output = (home.root / "demo.out").open("ab")
        self.child = subprocess.Popen(
            [sys.executable, "-m", "appliance", *words], stdout=self.output, stderr=self.output
        )
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._is_over = threading.Event()
        self._watcher.start()

    def _watch(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(ipc.PeerGone):
                client = ipc.BlockingClient(
                    self.home.socket("dialer"), messages.Union, name="test", timeout_s=5.0
                )
                for body in client.events():
                    self._see(body)
                client.close()
            self._is_over.wait(0.1)

    def _see(self, body: Any) -> None:
        self.heard_at = time.monotonic()
        if isinstance(body, messages.Board):
            self.seats = {seat.extension: seat for seat in body.seats}
            self.alarms = body.alarms
        elif isinstance(body, messages.SeatChanged):
            self.seats = {**self.seats, body.seat.extension: body.seat}

    def talking_after(self, attempt_id: int) -> int:
        """A call begun after `attempt_id` that a seat talks on now, or 0."""
        talks = [seat.attempt_id for seat in self.seats.values() if seat.state == "talking"]
        return max((talk for talk in talks if talk > attempt_id), default=0)

    def until(self, condition: Callable[[], Any], what: str, *, timeout_s: float) -> float:
        """Seconds it took."""
        begun = time.monotonic()
        while not condition():
            waited = time.monotonic() - begun
            assert waited < timeout_s * crowd(), f"{what}: not within {timeout_s:g} s\n{self.told()}"
            assert self.child.poll() is None, f"the demonstration ended\n{self.told()}"
            time.sleep(0.02)
        return time.monotonic() - begun

    def is_talking(self, attempt_id: int) -> bool:
        """Whether a seat talks on this call."""
        return any(seat.state == "talking" and seat.attempt_id == attempt_id for seat in self.seats.values())

    def last_attempt(self) -> int:
        with contextlib.closing(open_store(self.home)) as store:
            return attempts.next_id(store) - 1

    def lost_events(self) -> int:
        """What the dialer that runs now could not write."""
        client = ipc.BlockingClient(self.home.socket("dialer"), messages.Union, name="figures")
        with contextlib.closing(client):
            figures: messages.Figures = client.request(messages.AskFigures())
        return figures.lost_events

    def pids(self) -> dict[str, int]:
        return {name: int(state["pid"]) for name, state in self.supervisor.states().items()}

    def crash(self, victim: str) -> None:
        """Kill one process in the midst of conversations; wait until there are new ones."""
        self.until(lambda: self.talking_after(0), "a conversation to interrupt", timeout_s=20.0)
        pid, last = self.pids()[victim], self.last_attempt()
        os.kill(pid, signal.SIGKILL)
        if victim == "dialer":
            self.seats = {}
            self.dialling_again_s = self.until(
                lambda: self.last_attempt() > last, "dialling again", timeout_s=DIALLING_AGAIN_S
            )
        seconds = self.until(
            lambda: self.talking_after(last), f"a new conversation after {victim}", timeout_s=BOUND_S[victim]
        )
        talk = self.talking_after(last)
        self.after[victim] = seconds, talk
        assert self.pids()[victim] not in (0, pid)
        # To its end, whatever other seats do: the next victim must not cut what is listened to afterwards.
        self.until(lambda: not self.is_talking(talk), "the end of that conversation", timeout_s=15.0)

    def told(self) -> str:
        logs = sorted(self.home.logs.glob("*.log"))
        words = "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in logs)
        return f"{self.after}\n{self.seats}\n{words}"

    def stop(self) -> None:
        """In order, as Ctrl-C does."""
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(30 * crowd())
        finally:
            self._is_over.set()
            self.child.kill()
            self.output.close()
            self._watcher.join(10)


def of_home(home: Home) -> list[int]:
    """Processes whose command line names the home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(home.root).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def new_home(root: Path) -> tuple[Home, Path]:
    home = Home(root / "home")
    home.directory()
    (home.root / "robots.toml").write_text(HABITS, encoding="utf-8")
    people = root / "people.toml"
    people.write_text(PEOPLE, encoding="utf-8")
    return home, people


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    """A floor on which everything was killed once, and that was then stopped in order."""
    standing = Floor(*new_home(tmp_path_factory.mktemp("crashes")))
    try:
        standing.until(lambda: standing.talking_after(0), "the first conversation", timeout_s=START_WITHIN_S)
        for victim in BOUND_S:
            standing.crash(victim)
        assert standing.lost_events() == 0
    finally:
        standing.stop()
    assert standing.child.returncode == 0, standing.told()
    return standing


@pytest.fixture
def store(floor: Floor) -> Iterator[Store]:
    with contextlib.closing(open_store(floor.home)) as opened:
        yield opened


def test_each_crash_is_followed_by_new_conversations(floor: Floor) -> None:
    assert set(floor.after) == set(BOUND_S)
    assert floor.dialling_again_s > 0


def test_no_result_is_there_twice_and_none_is_missing(store: Store) -> None:
    doubled = "SELECT attempt_id FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"
    assert store.tuples(doubled) == []
    without = (
        "SELECT id FROM attempt WHERE end = 'result'"
        " AND NOT EXISTS (SELECT 1 FROM history WHERE attempt_id = attempt.id)"
    )
    assert store.tuples(without) == []
    assert compare.compare(store) == []


def test_nobody_who_was_spoken_to_is_dialled_again_because_of_a_crash(store: Store) -> None:
    often = "SELECT customer_id FROM attempt WHERE answered_at > 0 GROUP BY 1 HAVING count(*) > 1"
    assert store.tuples(often) == []


def test_a_stop_in_order_leaves_no_attempt_open_and_no_code_owed(store: Store) -> None:
    assert store.tuples("SELECT id, seat_id, answered_at FROM attempt WHERE end = ''") == []


def test_every_recording_plays_or_says_why_not(store: Store) -> None:
    found = store.all(Recording, "FROM recording WHERE deleted_at = 0 ORDER BY id")
    assert len(found) >= SEATS
    for recording in found:
        if recording.lost_reason:
            continue
        reader = RecordingReader(recordings.path_of(store, recording.path), recording.key)
        assert len(reader.read_wav()) == WAV_HEADER_BYTES + 2 * reader.plain_bytes
        assert recording.finished_at, f"{recording.path} is shown as if it still grew"
        assert recording.duration_ms == pytest.approx(reader.seconds * 1000, abs=1), recording.path


def test_both_are_heard_in_the_conversation_after_each_crash(floor: Floor, store: Store) -> None:
    for victim, (_seconds, attempt_id) in floor.after.items():
        found = store.all(Recording, "FROM recording WHERE attempt_id = ? ORDER BY id", (attempt_id,))
        assert found, f"after {victim}: attempt {attempt_id} has no recording"
        left, right = voices(recordings.path_of(store, found[-1].path), found[-1].key)
        assert loudest_hz(right) in CALLEE_TONES_HZ, f"after {victim}: the customer"
        assert float(np.sqrt(np.mean(left**2))) > 300, f"after {victim}: the operator"


def voices(path: Path, key: bytes) -> tuple[Any, Any]:
    wav = RecordingReader(path, key).read_wav()
    samples = np.frombuffer(wav[WAV_HEADER_BYTES:], dtype="<i2").astype(float).reshape(-1, 2)
    return samples[:, 0], samples[:, 1]


def loudest_hz(samples: Any) -> int:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(np.argmax(spectrum)) * RATE_HZ / len(samples) / 10) * 10


def test_nothing_is_left_running(floor: Floor) -> None:
    assert of_home(floor.home) == []
    with pytest.raises(SupervisorGone):
        floor.supervisor.states()


@pytest.mark.parametrize("victim", ["demonstration", "supervisord"])
def test_a_killed_parent_leaves_nothing_behind(tmp_path: Path, victim: str) -> None:
    standing = Floor(*new_home(tmp_path))
    try:
        standing.until(lambda: standing.heard_at, "the dialer", timeout_s=START_WITHIN_S)
        parent = standing.child.pid
        if victim == "supervisord":
            parent = int((standing.home.run / "supervisord.pid").read_text())
        os.kill(parent, signal.SIGKILL)
        deadline = time.monotonic() + GONE_WITHIN_S * crowd()
        while (left := of_home(standing.home)) and time.monotonic() < deadline:
            time.sleep(0.05)
            standing.child.poll()  # a child that ended is not left behind
        assert left == []
    finally:
        standing.stop()
        for pid in of_home(standing.home):
            os.kill(pid, signal.SIGKILL)
