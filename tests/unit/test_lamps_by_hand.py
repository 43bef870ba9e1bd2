"""The lamps before the box's own processes run: the board's panel, and a key that is missing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from appliance import settings
from appliance.gpio_leds import __main__ as by_hand
from appliance.gpio_leds.messages import BoxState, Disks, Fault, Line, Phase, Worst

BOOTING = BoxState(phase=Phase.BOOTING)


def test_the_words_make_a_state() -> None:
    words = by_hand.options(
        ["running", "--lines", "up,alarm", "--disks", "full", "--worst", "warning", "--fault", "3"]
    )

    assert by_hand.state(words) == BoxState(
        phase=Phase.RUNNING,
        lines=(Line.UP, Line.ALARM),
        disks=Disks.FULL,
        worst=Worst.WARNING,
        fault=Fault.DISKS,
    )


def test_a_word_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        by_hand.options(["running", "--disks", "broken"])
    assert "degraded" in capsys.readouterr().err


def test_the_board_names_the_panel(tmp_path: Path) -> None:
    board = tmp_path / "board.toml"
    board.write_text(
        'name = "one"\nlamps = "pca9555"\nlamps_bus = 3\nlamps_address = 0x21\nchassis = "can"\n'
    )

    words = by_hand.options(["booting", "--board", str(board)])

    assert by_hand.panel(words) == settings.Lamps(kind="pca9555", bus=3, address=0x21)


def test_a_board_with_a_panel_that_is_none_is_refused(tmp_path: Path) -> None:
    board = tmp_path / "board.toml"
    board.write_text('lamps = "many"\n')

    with pytest.raises(msgspec.ValidationError, match="many"):
        by_hand.panel(by_hand.options(["booting", "--board", str(board)]))


@pytest.mark.parametrize(
    ("is_there", "waited_s", "phase"),
    [(False, 44.0, Phase.BOOTING), (False, 45.0, Phase.LOCKED), (True, 900.0, Phase.BOOTING)],
)
def test_data_that_stays_away_lacks_its_key(is_there: bool, waited_s: float, phase: Phase) -> None:
    shown = by_hand.waiting(BOOTING, is_there=is_there, waited_s=waited_s)

    assert shown.phase is phase
    assert (shown.fault is Fault.KEY) == (phase is Phase.LOCKED)
