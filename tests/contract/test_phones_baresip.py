"""Phones judged by baresip: it registers, dials the service code, speaks and hears, presses keys, is rung."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.audio import mulaw
from appliance.phones import messages
from appliance.simulator import callee_hearing
from tests.contract.baresip_rig import Baresip
from tests.contract.phones_rig import Dialer, Phones, RtpEnd, is_tone, phones, wait

PHONE_HZ, BOX_HZ = 700, 1_300


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[tuple[Phones, Dialer]]:
    with phones(tmp_path / "home", "201") as running:
        yield running


@pytest.fixture
def box() -> Iterator[RtpEnd]:
    end = RtpEnd(BOX_HZ)
    yield end
    end.close()


def heard_by(phone: Baresip) -> callee_hearing.Heard:
    """The last half second that baresip played."""
    samples = np.frombuffer(phone.heard()[-8_000:], np.int16)
    return callee_hearing.hear([mulaw.encode(samples)] if len(samples) else [])


def test_login_keys_speech_both_ways_hold_and_hang_up(
    floor: tuple[Phones, Dialer], box: RtpEnd, tmp_path: Path
) -> None:
    running, dialer = floor
    phone = Baresip(tmp_path / "baresip", running.port, "201", tone_hz=PHONE_HZ)
    try:
        registered = dialer.expect(messages.Registered)
        assert (registered.extension, "baresip" in registered.user_agent) == ("201", True)

        phone.command("dial", "9000")
        invited = dialer.expect(messages.Invited)
        assert (invited.extension, invited.dialled) == ("201", "9000")
        box.remote = invited.media
        dialer.ask(messages.AnswerLeg(invited.leg, box.media))

        wait(lambda: is_tone(box.heard(), PHONE_HZ), "the phone's tone at the box")
        wait(lambda: is_tone(heard_by(phone), BOX_HZ), "the box's tone at the phone")

        for key in "12#*":
            phone.command("sndcode", key)
        wait(lambda: box.keys == "12#*", f"the keys, heard {box.keys!r}")

        phone.command("hold")
        assert dialer.expect(messages.MediaChanged).media.is_held
        phone.command("resume")
        assert not dialer.expect(messages.MediaChanged).media.is_held

        phone.command("hangup")
        assert dialer.expect(messages.LegEnded).leg == invited.leg
    finally:
        phone.stop()


def test_it_is_rung_picks_up_and_is_hung_up(
    floor: tuple[Phones, Dialer], box: RtpEnd, tmp_path: Path
) -> None:
    running, dialer = floor
    phone = Baresip(tmp_path / "baresip", running.port, "201", tone_hz=PHONE_HZ, answermode="auto")
    try:
        dialer.expect(messages.Registered)
        placed = dialer.ask(messages.RingPhone("201", box.media, "0312345678"))
        answered = dialer.expect(messages.LegAnswered)
        assert answered.leg == placed.leg
        box.remote = answered.media
        wait(lambda: is_tone(heard_by(phone), BOX_HZ), "the box's tone at the phone")

        dialer.ask(messages.HangUpLeg(placed.leg))
        wait(lambda: "terminated" in phone.log() or "session closed" in phone.log(), "its end at the phone")
    finally:
        phone.stop()


def test_a_wrong_password_is_locked_out_and_told(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    running, _dialer = floor
    phone = Baresip(tmp_path / "baresip", running.port, "201", tone_hz=PHONE_HZ, password="wrong")
    try:
        wait(lambda: "403 Forbidden" in phone.log(), "the refusal")
        assert running.dialer().snapshot.registered == {}
    finally:
        phone.stop()
