"""The console's loop at a line that behaves badly: what is to be shown stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from appliance.settings import Home, Settings
from provisioning.console.line import WRITE_BYTES, Console
from provisioning.console.terminal import CLEAR
from provisioning.serial_port import SerialPort

TURNS = 100


class Line:
    """A port that takes a little each turn and gives `answer` to what it took."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._coming = bytearray(b"l")
        self.turns = self.taken = 0
        self.last = b""

    def read(self, timeout_s: float) -> bytes:
        del timeout_s
        self.turns += 1
        came, self._coming = bytes(self._coming), bytearray()
        return came if self.turns <= TURNS else b""

    def write(self, data: bytes) -> None:
        assert len(data) <= WRITE_BYTES
        self.taken += len(data)
        self.last = (self.last + data)[-5_000:]
        self._coming += self._answer(data)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "answer", [lambda data: data, lambda _data: b"l" * 100], ids=["a plug that sends back", "noise"]
)
def test_a_line_that_answers_itself_is_not_answered_ever_more(
    tmp_path: Path, answer: Callable[[bytes], bytes]
) -> None:
    line = Line(answer)
    console = Console(
        Home(tmp_path),
        Settings(language="en"),
        beat=lambda: None,
        should_stop=lambda: line.turns >= TURNS + 20,
    )
    console.serve(cast("SerialPort", line))
    console.close()

    page = line.last[line.last.rindex(CLEAR) :]
    assert b"PIN" in page, "once the line is quiet the page stands there whole"
