"""The ladder of a filling disk, and the ballast that is thrown off and made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.monitoring import ballast, space
from appliance.monitoring.ballast import Ballast
from appliance.monitoring.messages import SpaceWord
from appliance.settings import Home

LEAST = 1_000


@pytest.mark.parametrize(
    ("free", "before", "word"),
    [
        (5000, "plenty", "plenty"),
        (1000, "plenty", "plenty"),
        (999, "plenty", "no_recordings"),
        (1099, "no_recordings", "no_recordings"),
        (1101, "no_recordings", "plenty"),
        (499, "no_recordings", "no_calls"),
        (549, "no_calls", "no_calls"),
        (551, "no_calls", "no_recordings"),
        (99, "no_calls", "last"),
        (105, "last", "last"),
        (300, "last", "no_calls"),
        (2000, "last", "plenty"),
        (0, "plenty", "last"),
    ],
)
def test_the_rungs_have_hysteresis(free: int, before: SpaceWord, word: SpaceWord) -> None:
    assert space.rung(free, LEAST, before) == word


def test_recordings_stop_before_calls_and_calls_before_the_ballast() -> None:
    found: list[SpaceWord] = []
    for free in range(3000, -1, -1):
        word = space.rung(free, LEAST, found[-1] if found else "plenty")
        if not found or found[-1] != word:
            found.append(word)
    assert found == ["plenty", "no_recordings", "no_calls", "last"]
    assert [space.may_call(word) for word in found] == [True, True, False, False]


def test_throwing_off_the_ballast_does_not_start_calls_again() -> None:
    least = 500_000_000
    free = int(least * 0.1) - 1 + space.ballast_bytes(least)
    assert not space.may_call(space.rung(free, least, "last"))


def test_the_ballast_follows_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    least = 4_000_000
    free = [50_000_000]
    kept = Ballast(Home(tmp_path), least=least)
    monkeypatch.setattr(kept, "_free", lambda: free[0])
    path = tmp_path / "data" / ballast.NAME

    assert kept.tend() == "plenty"
    assert path.stat().st_blocks * 512 >= 1_000_000, "its blocks are taken, not only its length"
    free[0] = 1_900_000
    assert kept.tend() == "no_calls"
    assert path.exists()
    free[0] = 300_000
    assert kept.tend() == "last"
    assert not path.exists()
    free[0] = 4_500_000
    assert kept.tend() == "plenty"
    assert not path.exists(), "there is no room for it yet"
    free[0] = 9_000_000
    kept.tend()
    assert path.exists()


def test_a_disk_without_room_gets_no_ballast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Ballast(Home(tmp_path), least=4_000_000)
    monkeypatch.setattr(kept, "_free", lambda: 50_000_000)

    def no_room(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    kept.tend()
    assert not (tmp_path / "data" / ballast.NAME).exists()
