"""The box dials on the real driver: two spans of DAHDI joined in the kernel, our exchange on the second."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from tests.appliance import floor
from tests.appliance.box import Box

pytestmark = [pytest.mark.short, pytest.mark.timeout(1500)]
DIALLED = 20


@pytest.fixture(scope="module")
def dialling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("dialling") / "box") as made:
        made.to("dialling")
        made.wait(
            lambda: floor.judge(made)["dialled"] >= DIALLED, 400.0, f"{DIALLED} numbers were not dialled"
        )
        made.run("systemctl stop yobirin-test-robots")  # operators put their handsets down; calls end
        made.wait(lambda: floor.judge(made)["open"] == 0, 90.0, "calls did not end")
        yield made


def test_conversations_came_about_and_each_attempt_ended_once(dialling: Box) -> None:
    judged = floor.judge(dialling)
    assert judged["talks"] >= 3, judged
    assert judged["twice"] == []
    assert judged["differences"] == []


def test_speech_reached_the_recording_on_both_sides(dialling: Box) -> None:
    recorded = floor.judge(dialling)["recordings"]
    assert recorded, "no conversation of three seconds was recorded"
    for each in recorded:
        assert each["right_hz"] in CALLEE_TONES_HZ, each
        assert each["left_hz"] not in CALLEE_TONES_HZ, each
        assert each["left_level"] > 300, each


def test_the_report_counts_what_was_dialled(dialling: Box) -> None:
    report = dialling.run("yobirin report hourly --csv - --home /var/lib/yobirin")
    rows = {row.split(",")[0]: row.split(",") for row in report.splitlines()}
    assert int(rows["発信数"][1]) == floor.judge(dialling)["dialled"]


def test_the_d_channel_passes_tshark(dialling: Box, tmp_path: Path) -> None:
    dialling.run("yobirin trace export --pcap /run/d.pcap --home /var/lib/yobirin")
    capture = tmp_path / "d.pcap"
    capture.write_bytes(dialling.guest.get("/run/d.pcap"))
    assert shutil.which("tshark"), "tshark is in tools/packages-test.txt"
    assert tshark(capture, "_ws.malformed || _ws.expert") == ""
    assert len(tshark(capture, "q931.message_type == 0x05").splitlines()) >= DIALLED


def tshark(capture: Path, wanted: str) -> str:
    words = ["tshark", "-r", str(capture), "-Y", wanted]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
