"""Phones judged by sipp: registration, calls, loss, hold, keys, and what a phone should not do."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import ipc
from appliance.phones import messages
from appliance.phones.messages import Media
from tests.contract import sipp_scenarios as sipp
from tests.contract.phones_rig import Dialer, Phones, free_port, phones, wait

OWN = Media("127.0.0.1", 26_100)
EXTENSIONS = tuple(str(number) for number in range(201, 221))


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[tuple[Phones, Dialer]]:
    with phones(tmp_path / "home", *EXTENSIONS) as running:
        yield running


class Answering:
    """Answers every call at once and keeps everything told."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self.events: list[object] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            event = self._dialer.next(within_s=0.05)
            if event is not None:
                if isinstance(event, messages.Invited):
                    self._dialer.ask(messages.AnswerLeg(event.leg, OWN))
                self.events.append(event)

    def of(self, kind: type) -> list[object]:
        return [event for event in self.events if isinstance(event, kind)]

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def test_a_hundred_registrations_with_digest(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    running, dialer = floor

    screen = sipp.run(tmp_path, sipp.REGISTER, running.port, "-m", "100", "-r", "50", extensions=EXTENSIONS)

    assert sipp.successes(screen) == 100
    told = {dialer.expect(messages.Registered).extension for _ in EXTENSIONS}
    assert told == set(EXTENSIONS)


def test_calls_are_answered_and_end(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    running, dialer = floor
    answering = Answering(dialer)

    screen = sipp.run(
        tmp_path, sipp.call(sipp.pause(100)), running.port, "-m", "100", "-r", "50", extensions=EXTENSIONS
    )

    assert sipp.successes(screen) == 100
    wait(lambda: len(answering.of(messages.LegEnded)) == 100, "the end of every leg")
    answering.stop()
    invited = answering.of(messages.Invited)
    assert len({event.leg for event in invited if isinstance(event, messages.Invited)}) == 100
    assert running.dialer().snapshot.legs == ()


def test_a_hundred_calls_survive_a_tenth_of_the_packets_lost(
    floor: tuple[Phones, Dialer], tmp_path: Path
) -> None:
    running, dialer = floor
    answering = Answering(dialer)

    screen = sipp.run(
        tmp_path,
        sipp.call(sipp.pause(100)),
        running.port,
        "-m", "100", "-r", "25", "-lost", "10", "-default_behaviors", "all,-abortunexp",
        extensions=EXTENSIONS,
    )  # fmt: skip

    assert sipp.successes(screen) == 100
    wait(lambda: len(answering.of(messages.LegEnded)) == 100, "the end of every leg")
    answering.stop()


def test_hold_keys_update_and_refer_leave_the_leg_standing(
    floor: tuple[Phones, Dialer], tmp_path: Path
) -> None:
    running, dialer = floor
    answering = Answering(dialer)
    kind = "Content-Type: application/sdp\n"
    hold = sipp.sdp(version=2, direction="sendonly")
    scenario = sipp.call(
        sipp.send("INFO", 3, more="Content-Type: application/dtmf-relay\n",
                  body="Signal=5\nDuration=160\n", is_inside=True),
        sipp.receive(200),
        sipp.send("INFO", 4, more="Content-Type: application/dtmf\n", body="*\n", is_inside=True),
        sipp.receive(200),
        sipp.send("INVITE", 5, more=kind, body=hold, is_inside=True),
        sipp.receive(100, is_optional=True),
        sipp.receive(200, more=sipp.expect("a=recvonly")),
        sipp.send("ACK", 5, is_inside=True),
        sipp.send("UPDATE", 6, more=kind, body=sipp.sdp(version=3, direction="sendrecv"), is_inside=True),
        sipp.receive(200, more=sipp.expect("a=sendrecv")),
        sipp.send("REFER", 7, more="Refer-To: <sip:1@127.0.0.1>\n", is_inside=True),
        sipp.receive(603),
        sipp.send("OPTIONS", 8, is_inside=True),
        sipp.receive(200),
    )  # fmt: skip

    sipp.run(tmp_path, scenario, running.port, "-m", "1")

    wait(lambda: answering.of(messages.LegEnded), "the end of the leg")
    answering.stop()
    keys = [event.digit for event in answering.events if isinstance(event, messages.InfoDigit)]
    held = [event.media.is_held for event in answering.events if isinstance(event, messages.MediaChanged)]
    assert (keys, held) == (["5", "*"], [True, False])


def test_a_session_timer_is_agreed_with_the_phone_as_refresher(
    floor: tuple[Phones, Dialer], tmp_path: Path
) -> None:
    running, dialer = floor
    answering = Answering(dialer)
    asked = "Supported: timer\nSession-Expires: 600\n"
    scenario = (
        sipp.dial(more=asked)
        + sipp.answered("600;refresher=uac")
        + sipp.send("ACK", 2, is_inside=True)
        + sipp.send("BYE", 3, is_inside=True)
        + sipp.receive(200)
    )

    sipp.run(tmp_path, scenario, running.port, "-m", "1")
    sipp.run(tmp_path, sipp.dial(more=asked.replace("600", "60")) + sipp.receive(422)
             + sipp.refused(2), running.port, "-m", "1")  # fmt: skip
    answering.stop()


def test_no_common_codec_is_488_and_a_refused_call_its_status(
    floor: tuple[Phones, Dialer], tmp_path: Path
) -> None:
    running, dialer = floor
    only_g729 = sipp.dial(offer=sipp.sdp(formats="18 101")) + sipp.receive(488)
    sipp.run(tmp_path, only_g729 + sipp.refused(2), running.port, "-m", "1")

    refusing = threading.Thread(
        target=lambda: dialer.ask(messages.RejectLeg(dialer.expect(messages.Invited).leg, 486))
    )
    refusing.start()
    refused = sipp.dial() + sipp.receive(486) + sipp.refused(2)
    sipp.run(tmp_path, refused, running.port, "-m", "1")
    refusing.join()
    assert running.dialer().snapshot.legs == ()


def test_a_cancelled_call_ends_its_leg(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    running, dialer = floor
    scenario = (
        sipp.dial(is_trying_needed=True)
        + sipp.send("CANCEL", 2).replace("[branch]", "[branch-2]")
        + sipp.receive(200)
        + sipp.receive(487)
        + sipp.refused(2).replace("[branch]", "[branch-5]")
    )

    sipp.run(tmp_path, scenario, running.port, "-m", "1")

    leg = dialer.expect(messages.Invited).leg
    assert dialer.expect(messages.LegEnded).leg == leg


def test_methods_that_a_desk_phone_does_not_need(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    running, _dialer = floor
    scenario = (
        sipp.send("SUBSCRIBE", 1)
        + sipp.receive(405, more=sipp.expect("Allow: INVITE"))
        + sipp.send("FROBNICATE", 2)
        + sipp.receive(501)
        + sipp.send("OPTIONS", 3)
        + sipp.receive(200)
        + sipp.send("BYE", 4)
        + sipp.receive(481)
    )

    sipp.run(tmp_path, scenario, running.port, "-m", "5", "-r", "20")


def test_a_phone_is_rung_picked_up_and_hung_up(floor: tuple[Phones, Dialer], tmp_path: Path) -> None:
    running, dialer = floor
    port = free_port()
    sipp.run(tmp_path, sipp.REGISTER, running.port, "-m", "1", "-p", str(port))
    with pytest.raises(ipc.Refused, match="202 is not registered"):
        dialer.ask(messages.RingPhone("202", OWN))
    words = ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL) as phone:
        placed = dialer.ask(messages.RingPhone("201", OWN, "0312345678"))
        answered = dialer.expect(messages.LegAnswered)
        assert (answered.leg, answered.media.address) == (placed.leg, "127.0.0.1")
        dialer.ask(messages.HangUpLeg(placed.leg))
        assert phone.wait(20) == 0
    assert running.dialer().snapshot.legs == ()
