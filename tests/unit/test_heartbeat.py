"""A beat is seen, grows old, and ends without a trace."""

from __future__ import annotations

from pathlib import Path

from pytest_mock import MockerFixture

from appliance.heartbeat import Heartbeat, ages_s
from appliance.settings import Home


def test_a_beat_grows_old_until_the_next(tmp_path: Path, mocker: MockerFixture) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=100.0)
    home = Home(tmp_path)
    heartbeat = Heartbeat(home, "dialer")

    clock.return_value = 107.5
    assert ages_s(home) == {"dialer": 7.5}

    heartbeat.beat()
    assert ages_s(home) == {"dialer": 0.0}


def test_beats_within_a_second_write_nothing(tmp_path: Path, mocker: MockerFixture) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=100.0)
    heartbeat = Heartbeat(Home(tmp_path), "audio")
    write = mocker.patch("appliance.heartbeat.os.pwrite")

    for tick in range(40):
        clock.return_value = 100.0 + tick * 0.02
        heartbeat.beat()

    assert write.call_count == 0


def test_an_ordered_end_leaves_nobody_waiting(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Heartbeat(home, "web").end()

    assert ages_s(home) == {}


def test_a_half_written_beat_is_passed_by(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Heartbeat(home, "phones")
    (home.run / "heartbeat" / "worker").write_bytes(b"")

    assert set(ages_s(home)) == {"phones"}
