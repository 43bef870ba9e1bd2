"""The box dials on the real driver: two spans of DAHDI joined in the kernel, our exchange on the second."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from tests.appliance import floor
from tests.appliance.box import Box

pytestmark = [pytest.mark.short, pytest.mark.timeout(1500)]
DIALLED = 20


@pytest.fixture(scope="module")
def dialled(dialling: Box) -> Box:
    """A floor that has dialled, and whose operators have put their handsets down."""
    dialling.wait(
        lambda: floor.judge(dialling)["dialled"] >= DIALLED, 400.0, f"{DIALLED} numbers were not dialled"
    )
    dialling.run("systemctl stop yobirin-test-robots")
    dialling.wait(lambda: floor.judge(dialling)["open"] == 0, 90.0, "calls did not end")
    return dialling


def test_conversations_came_about_and_each_attempt_ended_once(dialled: Box) -> None:
    judged = floor.judge(dialled)
    assert judged["talks"] >= 3, judged
    assert judged["twice"] == []
    assert judged["differences"] == []


def test_speech_reached_the_recording_on_both_sides(dialled: Box) -> None:
    recorded = floor.judge(dialled)["recordings"]
    assert recorded, "no conversation of three seconds was recorded"
    for each in recorded:
        assert each["right_hz"] in CALLEE_TONES_HZ, each
        assert each["left_hz"] not in CALLEE_TONES_HZ, each
        assert each["left_level"] > 300, each


def test_the_report_counts_what_was_dialled(dialled: Box) -> None:
    report = dialled.run("yobirin report hourly --csv - --home /var/lib/yobirin")
    rows = {row.split(",")[0]: row.split(",") for row in report.splitlines()}
    assert int(rows["発信数"][1]) == floor.judge(dialled)["dialled"]


def test_the_d_channel_passes_tshark(dialled: Box, tmp_path: Path) -> None:
    dialled.run("yobirin trace export --pcap /run/d.pcap --home /var/lib/yobirin")
    capture = tmp_path / "d.pcap"
    capture.write_bytes(dialled.guest.get("/run/d.pcap"))
    assert shutil.which("tshark"), "tshark is in tools/packages-test.txt"
    assert tshark(capture, "_ws.malformed || _ws.expert") == ""
    assert len(tshark(capture, "q931.message_type == 0x05").splitlines()) >= DIALLED


def tshark(capture: Path, wanted: str) -> str:
    words = ["tshark", "-r", str(capture), "-Y", wanted]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
