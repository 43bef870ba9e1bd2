"""Robot operators against the real phones process and a dialer by hand: keys, a tone, hang-up, and again."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import ipc
from appliance.dialer import messages as dialer_messages
from appliance.dialer.messages import Board, SeatBoard, SeatState
from appliance.phones import messages
from appliance.settings import Home
from tests.contract.phones_rig import PASSWORD, PYTHON, ROOT, Dialer, Phones, RtpEnd, is_tone, phones, wait
from tests.crowd import crowd

ROBOT_HZ, BOX_HZ = 2_050, 1_300  # 201's own tone


class Monitors:
    """The dialer's own socket, with a board that the test writes."""

    def __init__(self, home: Home) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = ipc.Server(
            home.socket("dialer"),
            dialer_messages.Union,
            name="dialer",
            on_request=self._refuse,
            on_connect=lambda peer: peer.send(self._board("logged_out")),
        )
        self._loop.run_until_complete(self._server.start())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _refuse(self, _peer: ipc.Peer, _body: Any) -> Any:
        raise ipc.Refused("a monitor shows, it does not act.")

    @staticmethod
    def _board(state: SeatState) -> Board:
        return Board(seq=1, now_at=time.time(), seats=(SeatBoard(1, "A-01", "201", state=state),))

    def show(self, state: SeatState) -> None:
        self._loop.call_soon_threadsafe(self._server.publish, self._board(state))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.run_until_complete(self._server.stop())


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[tuple[Phones, Dialer, Monitors]]:
    with phones(tmp_path / "home", "201") as (running, dialer):
        home = running.home
        home.directory("secrets").joinpath("robots.json").write_text(
            json.dumps([{"extension": "201", "sip_password": PASSWORD, "phone_id": "1001", "pin": "2468"}])
        )
        (home.root / "robots.toml").write_text(
            "start_s_max = 0.0\nread_s = 0.1\nwrap_s_mean = 0.2\nwrap_s_least = 0.1\nends_share = 0.0\n"
            "unknown_share = 0.0\ncorrects_share = 0.0\nforgets_share = 0.0\nbreaks_share = 0.0\n"
        )
        monitors = Monitors(home)
        with (home.root / "robots.log").open("wb") as log:
            robots = subprocess.Popen(
                [PYTHON, "-m", "appliance", "robots", "--home", str(home.root)],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield running, dialer, monitors
        finally:
            robots.send_signal(signal.SIGTERM)
            code = robots.wait(10 * crowd())
            monitors.close()
        told = (home.root / "robots.log").read_text()
        assert (code, "Traceback" in told) == (0, False), told


def test_a_robot_s_whole_cycle_at_its_telephone(floor: tuple[Phones, Dialer, Monitors]) -> None:
    _running, dialer, monitors = floor
    box = RtpEnd(BOX_HZ)
    try:
        assert dialer.expect(messages.Registered).extension == "201"
        invited = dialer.expect(messages.Invited)
        assert (invited.extension, invited.dialled) == ("201", "9000")
        box.remote = invited.media
        dialer.ask(messages.AnswerLeg(invited.leg, box.media))

        monitors.show("login")
        wait(lambda: box.keys == "1001#2468#", f"ID and PIN, heard {box.keys!r}")
        monitors.show("paused")
        wait(lambda: box.keys == "1001#2468#*", "the star")
        monitors.show("waiting")
        monitors.show("talking")
        wait(lambda: is_tone(box.heard(), ROBOT_HZ), "the robot's own tone")
        monitors.show("wrapup")
        wait(lambda: len(box.keys) == 14, f"a code and the star, heard {box.keys!r}")
        assert box.keys[11:13].isdecimal()
        assert box.keys[13] == "*"
        assert not is_tone(box.heard(), ROBOT_HZ)
        monitors.show("waiting")

        dialer.ask(messages.HangUpLeg(invited.leg))
        again = dialer.expect(messages.Invited)
        assert again.leg != invited.leg
    finally:
        box.close()
