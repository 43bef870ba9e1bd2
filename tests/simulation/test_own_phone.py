"""A soft phone that nobody here wrote takes calls on a floor without robots: baresip is the operator.

Log in, `*`, talk, two digits, `*`; speech is judged at the phone and in the recording.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance import demo_floor, ipc, processes
from appliance import settings as site
from appliance.audio.recording_file import RecordingReader
from appliance.dialer import messages as dialer
from appliance.settings import Home
from appliance.simulator import population
from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from appliance.store import compare, recordings
from appliance.store.open import open_store
from tests.contract.baresip_rig import Baresip
from tests.crowd import crowd
from tests.simulation.test_demo_floor import free_port, loudest_hz, voices

PHONE_HZ = 2_450  # no callee's tone
WITHIN_S = 40.0
PEOPLE = """
[answer]
rate = 1.0
[ring]
floor_s = 0.2
mean_s = 0.5
[busy]
share = 0.0
[vacant]
cause = 0.0
progress = 0.0
disconnect = 0.0
changed = 0.0
[voicemail]
share = 0.0
[talk]
mean_s = 4.0
cv = 0.1
min_s = 3.5
callee_clears = 1.0
[speech]
tone_share = 1.0
[keys]
share = 0.0
[incoming]
per_hour = 0.0
"""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(300)]


class Watch:
    """The seat as the dialer shows it."""

    def __init__(self, home: Home, extension: str) -> None:
        self._client = ipc.BlockingClient(home.socket("dialer"), dialer.Union, name="test")
        self._extension = extension

    def seat(self) -> dialer.SeatBoard:
        board: dialer.Board = self._client.request(dialer.AskBoard())
        return next(seat for seat in board.seats if seat.extension == self._extension)

    def until(self, condition: Callable[[dialer.SeatBoard], Any], what: str) -> dialer.SeatBoard:
        deadline = time.monotonic() + WITHIN_S * crowd()
        while not condition(seat := self.seat()):
            assert time.monotonic() < deadline, f"{what} did not happen: {seat}"
            time.sleep(0.05)
        return seat


class Floor:
    """Every process of the box and the exchange; the free seat's login."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        self.home.directory()
        self.sip_port = free_port(socket.SOCK_DGRAM)
        web_port = free_port(socket.SOCK_STREAM)
        self.home.site_file.write_text(f"[phones]\nsip_port = {self.sip_port}\n[web]\nport = {web_port}\n")
        people = root / "people.toml"
        people.write_text(PEOPLE)
        population.install(self.home, people, seed=1)
        made = demo_floor.prepare(self.home, seats=0, at=int(time.time() * 1000))
        assert made.own_phone is not None
        self.login = made.own_phone.login
        site.load(self.home)
        self.supervisor = processes.Supervisor(self.home)
        self.supervisor.start(processes.BOX + processes.DEMONSTRATION[:1])
        self.supervisor.wait_running(40)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    try:
        yield made
    finally:
        made.supervisor.stop()


def keys(phone: Baresip, digits: str, watch: Watch) -> None:
    for digit in digits:
        before = watch.seat().last_action_at
        phone.command("sndcode", digit)
        time.sleep(0.2)  # a person's pace: baresip holds a key for 0.1 s and queues none
        watch.until(lambda seat, at=before: seat.last_action_at > at + 0.05, f"the key {digit}")  # type: ignore[misc]  # a lambda of a loop


def heard_hz(phone: Baresip) -> int:
    samples = np.frombuffer(phone.heard()[-16_000:], np.int16).astype(float)
    return loudest_hz(samples) if len(samples) == 8_000 else 0


def test_an_own_phone_logs_in_talks_and_keys_results(floor: Floor, tmp_path: Path) -> None:
    login = floor.login
    phone = Baresip(
        tmp_path / "baresip", floor.sip_port, login.extension, tone_hz=PHONE_HZ, password=login.sip_password
    )
    try:
        watch = Watch(floor.home, login.extension)
        watch.until(lambda seat: seat.is_registered, "registration")
        phone.command("dial", "9000")
        watch.until(lambda seat: seat.state == "login", "off hook")
        watch.until(lambda _seat: phone.heard(), "sound at the phone: no key leaves it before")
        keys(phone, f"{login.phone_id}#", watch)
        keys(phone, f"{login.pin}#", watch)
        watch.until(lambda seat: seat.state == "paused", "the log-in")
        keys(phone, "*", watch)
        for code in ("08", "11"):
            watch.until(lambda seat: seat.state == "talking", "a call")
            watch.until(lambda _seat: heard_hz(phone) in CALLEE_TONES_HZ, "the customer's voice at the phone")
            watch.until(lambda seat: seat.state == "wrapup", "the customer's hang-up")
            keys(phone, code, watch)
            assert watch.until(lambda seat: len(seat.typed) == 2, "two digits on the monitor").typed == code
            keys(phone, "*", watch)
            assert watch.until(lambda seat: seat.saved_code, "the code was saved").saved_code == code
    finally:
        phone.stop()
    watch.until(lambda seat: seat.state == "logged_out", "handset down")
    floor.supervisor.stop()
    judge(floor.home)


def judge(home: Home) -> None:
    store = open_store(home)
    coded = store.tuples(
        "SELECT code, recording.id FROM history JOIN recording USING (attempt_id) ORDER BY at"
    )
    assert [code for code, _ in coded[:2]] == ["08", "11"]
    recording = recordings.get(store, 1, coded[0][1])
    assert recording is not None
    path = recordings.path_of(store, recording.path)
    left, right = voices(path, recording.key)
    assert loudest_hz(right) in CALLEE_TONES_HZ
    assert loudest_hz(left) == PHONE_HZ
    assert RecordingReader(path, recording.key).seconds > 2
    assert compare.compare(store) == []
    store.close()
