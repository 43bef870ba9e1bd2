"""Who carries no call waits for the dialer, and not for ever."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from appliance import turn


def test_nobody_waits_where_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(turn.AFTER, raising=False)
    begun = time.monotonic()
    turn.wait()
    assert time.monotonic() - begun < turn.LOOK_S


def test_the_turn_comes_with_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dialer.sock"
    monkeypatch.setenv(turn.AFTER, str(path))
    monkeypatch.setattr(turn, "MORE_S", 0.1)
    waiting = threading.Thread(target=turn.wait)
    waiting.start()
    waiting.join(2 * turn.LOOK_S)
    assert waiting.is_alive()

    path.touch()

    waiting.join(5.0)
    assert not waiting.is_alive()


def test_a_dialer_that_does_not_come_up_keeps_nobody_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "WAIT_S", 0.1)
    monkeypatch.setenv(turn.AFTER, str(tmp_path / "never"))
    begun = time.monotonic()
    turn.wait()
    assert time.monotonic() - begun < 5.0
