"""A beat is seen, grows old, and ends without a trace."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from pytest_mock import MockerFixture

from appliance.heartbeat import Heartbeat, ages_s, beats
from appliance.settings import Home


def test_a_beat_grows_old_until_the_next(tmp_path: Path, mocker: MockerFixture) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=100.0)
    home = Home(tmp_path)
    heartbeat = Heartbeat(home, "dialer")
    heartbeat.beat()

    clock.return_value = 107.5
    assert ages_s(home) == {"dialer": 7.5}
    assert beats(home) == {"dialer": 100.0}

    heartbeat.beat()
    assert ages_s(home) == {"dialer": 0.0}


def test_a_process_that_starts_has_no_age_though_its_predecessor_died_long_ago(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=100.0)
    home = Home(tmp_path)
    Heartbeat(home, "dialer").beat()
    clock.return_value = 900.0

    Heartbeat(home, "dialer")

    assert ages_s(home) == {}


def test_a_beat_from_before_the_restart_of_the_machine_is_none(tmp_path: Path, mocker: MockerFixture) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=86_400.0)
    home = Home(tmp_path)
    Heartbeat(home, "dialer").beat()
    clock.return_value = 20.0

    assert beats(home) == ages_s(home) == {}


def test_a_beat_that_falls_into_the_look_itself_is_seen(tmp_path: Path, mocker: MockerFixture) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=100.0)
    home = Home(tmp_path)
    heartbeat = Heartbeat(home, "dialer")
    heartbeat.beat()
    read = os.read

    def read_late(file: int, size: int) -> bytes:
        clock.return_value = 101.5  # a loaded box: the looker was held up, the process was not
        heartbeat.beat()
        return read(file, size)

    mocker.patch("appliance.heartbeat.os.read", read_late)

    assert beats(home) == {"dialer": 101.5}


def test_beats_within_a_second_write_nothing(tmp_path: Path, mocker: MockerFixture) -> None:
    clock = mocker.patch("appliance.heartbeat.time.monotonic", return_value=100.0)
    heartbeat = Heartbeat(Home(tmp_path), "audio")
    heartbeat.beat()
    write = mocker.patch("appliance.heartbeat.os.pwrite")

    for tick in range(40):
        clock.return_value = 100.0 + tick * 0.02
        heartbeat.beat()

    assert write.call_count == 0


def test_an_ordered_end_leaves_nobody_waiting(tmp_path: Path) -> None:
    home = Home(tmp_path)
    heartbeat = Heartbeat(home, "web")
    heartbeat.beat()

    heartbeat.end()
    heartbeat.beat()  # the loop's last turn

    assert ages_s(home) == {}


def test_a_half_written_beat_is_passed_by(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Heartbeat(home, "phones").beat()
    (home.run / "heartbeat" / "worker").write_bytes(b"")

    assert set(ages_s(home)) == {"phones"}


def test_a_full_disk_stops_no_loop(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch(
        "appliance.heartbeat.os.pwrite", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    )
    Heartbeat(Home(tmp_path), "dialer").beat()


def test_a_beat_is_for_the_owner_alone_unless_the_box_shares_its_directory(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Heartbeat(home, "dialer")
    beating = home.run / "heartbeat"
    assert (beating / "dialer").stat().st_mode & 0o777 == 0o600

    beating.chmod(0o3770)
    Heartbeat(home, "audio")
    assert (beating / "audio").stat().st_mode & 0o777 == 0o640


def test_what_is_no_beat_holds_nobody_up(tmp_path: Path) -> None:
    """Every process may put something into the directory; the watchdog that reads it may not stand still."""
    home = Home(tmp_path)
    Heartbeat(home, "dialer").beat()
    there = home.run / "heartbeat"
    os.mkfifo(there / "pipe")
    (there / "directory").mkdir()
    (there / "long").write_bytes(b"1" * 100_000)
    (there / "link").symlink_to(there / "dialer")
    assert beats(home).keys() == {"dialer"}
