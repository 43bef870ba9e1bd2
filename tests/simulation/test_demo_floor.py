"""The whole floor, as `make run` starts it: every process, real SIP phones, real RTP, a real D channel.

Judged from outside: by what was heard and recorded, by the database, by tshark, by the report.
"""

from __future__ import annotations

import csv
import json
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance import heartbeat, processes
from appliance.audio.recording_file import RecordingReader
from appliance.settings import Home
from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from appliance.store import compare, recordings, users
from appliance.store.open import Store, open_store
from tests.crowd import crowd

SEATS = 6
SECONDS = 60
RATE_HZ = 8000
WAV_HEADER_BYTES = 44
PEOPLE = """
[answer]
rate = 0.7
[ring]
floor_s = 0.5
mean_s = 1.5
[busy]
share = 0.1
[voicemail]
share = 0.0
[talk]
mean_s = 7.0
cv = 0.3
min_s = 4.0
callee_clears = 1.0
[speech]
tone_share = 1.0
[keys]
share = 0.0
[incoming]
per_hour = 120.0
"""


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def yobirin(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance", *words, "--home", str(home.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=150 * crowd())


class Watched(threading.Thread):
    """Keeps each process's last beat while a floor works: some take theirs away when they end in order."""

    def __init__(self, home: Home) -> None:
        super().__init__(daemon=True)
        self.last: dict[str, float] = {}
        self.is_over = threading.Event()
        self._home = home

    def run(self) -> None:
        while not self.is_over.wait(0.2):
            self.last |= heartbeat.beats(self._home)


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, Any]]:
    """A floor that worked for a minute and was stopped in order; its home and its figures."""
    root = tmp_path_factory.mktemp("floor")
    home = Home(root / "home")
    watched = Watched(home)
    watched.start()
    people = root / "people.toml"
    people.write_text(PEOPLE, encoding="utf-8")
    done = yobirin(
        home, "demo", "--headless", "--seats", str(SEATS), "--seconds", str(SECONDS),
        "--population", str(people),
        "--sip-port", str(free_port(socket.SOCK_DGRAM)), "--web-port", str(free_port(socket.SOCK_STREAM)),
        "--json", str(root / "figures.json"),
    )  # fmt: skip
    watched.is_over.set()
    watched.join()
    logs = "\n".join(
        f"== {path.name}\n{path.read_text()[-2000:]}" for path in sorted(home.logs.glob("*.log"))
    )
    assert done.returncode == 0, f"{done.stderr}\n{logs}"
    return home, json.loads((root / "figures.json").read_text()) | {"last_beats": watched.last}


@pytest.fixture
def store(floor: tuple[Home, dict[str, Any]]) -> Any:
    opened = open_store(floor[0])
    yield opened
    opened.close()


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(240)]


def test_the_figures_are_those_of_a_working_floor(floor: tuple[Home, dict[str, Any]]) -> None:
    figures = floor[1]
    assert figures["attempts"] >= figures["answered"] >= figures["connected"] >= SEATS
    assert figures["lost_events"] == 0
    assert 0 < figures["utilisation"] < 1
    assert figures["answer_to_packet_ms_p50"] > 0
    assert {process.name for process in processes.BOX + processes.DEMONSTRATION} == set(figures["cpu_s"])


def test_every_process_showed_that_its_loop_went_round_until_the_end(
    floor: tuple[Home, dict[str, Any]],
) -> None:
    last = floor[1]["last_beats"]
    assert set(last) == set(floor[1]["cpu_s"])
    assert max(last.values()) - min(last.values()) < 12.0 * crowd(), last  # the page asks itself every 4 s


def test_every_attempt_ended_once_and_counters_equal_the_rows(store: Store) -> None:
    doubled = "SELECT attempt_id, count(*) FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"
    assert store.tuples(doubled) == []
    assert store.tuples("SELECT id FROM attempt WHERE end = 'result' AND result = ''") == []
    coded = store.value("SELECT count(*) FROM history WHERE code BETWEEN '01' AND '89' AND talk_ms > 0")
    assert coded >= SEATS // 2
    assert compare.compare(store) == []


def test_both_voices_are_in_the_recording_each_on_its_side(store: Store) -> None:
    tenant = users.tenants(store)[0]
    found = store.tuples("SELECT id FROM recording WHERE duration_ms > 3000 ORDER BY id LIMIT 3")
    assert found, "no conversation of three seconds was recorded"
    for (recording_id,) in found:
        recording = recordings.get(store, tenant.id, recording_id)
        assert recording is not None
        left, right = voices(recordings.path_of(store, recording.path), recording.key)
        assert loudest_hz(right) in CALLEE_TONES_HZ, "the customer's own tone is on the right"
        assert loudest_hz(left) not in CALLEE_TONES_HZ, "the customer is not on the left"
        assert level(left) > 300, "the operator speaks"


def voices(path: Path, key: bytes) -> tuple[Any, Any]:
    wav = RecordingReader(path, key).read_wav()
    samples = np.frombuffer(wav[WAV_HEADER_BYTES:], dtype="<i2").astype(float).reshape(-1, 2)
    return samples[:, 0], samples[:, 1]


def level(samples: Any) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def loudest_hz(samples: Any) -> int:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(np.argmax(spectrum)) * RATE_HZ / len(samples) / 10) * 10


def test_the_d_channel_passes_tshark(floor: tuple[Home, dict[str, Any]], tmp_path: Path) -> None:
    capture = tmp_path / "d.pcap"
    assert yobirin(floor[0], "trace", "export", "--pcap", str(capture)).returncode == 0
    tshark = shutil.which("tshark")
    assert tshark, "tshark is in tools/packages-test.txt"
    bad = run_tshark(tshark, capture, "_ws.malformed || _ws.expert")
    assert bad == ""
    setups = run_tshark(tshark, capture, "q931.message_type == 0x05").splitlines()
    assert len(setups) >= SEATS


def run_tshark(tshark: str, capture: Path, wanted: str) -> str:
    done = subprocess.run(
        [tshark, "-r", str(capture), "-Y", wanted], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_the_report_adds_up_to_the_rows(
    floor: tuple[Home, dict[str, Any]], store: Store, tmp_path: Path
) -> None:
    out = tmp_path / "hourly.csv"
    first = str(store.value("SELECT min(day) FROM hour_counter"))
    last = str(store.value("SELECT max(day) FROM hour_counter"))
    days = [f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in (first, last)]
    done = yobirin(floor[0], "report", "hourly", "--from", days[0], "--to", days[1], "--csv", str(out))
    assert done.returncode == 0, done.stderr
    rows = {row[0]: row for row in csv.reader(out.read_text(encoding="utf-8-sig").splitlines())}
    assert int(rows["発信数"][1]) == store.value("SELECT count(*) FROM attempt WHERE setup_at > 0")
    assert int(rows["発信数"][1]) == sum(int(cell or 0) for cell in rows["発信数"][2:])
    assert int(rows["TALK"][1]) == pytest.approx(
        store.value("SELECT sum(duration_ms) / 1000.0 FROM seat_interval WHERE kind = 'talk'"), abs=24
    )


def test_callers_are_answered_by_the_announcement_and_listed(store: Store) -> None:
    assert store.value("SELECT count(*) FROM incoming_call") >= 1
