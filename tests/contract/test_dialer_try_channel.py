"""A technician tries a channel: the real dialer, audio and exchange; the call is in no list and no report."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import ipc
from appliance.dialer import messages as dialer
from appliance.settings import Home
from appliance.simulator import population
from tests.contract.provisioning_rig import wait_for
from tests.contract.test_dialer_process import EVERYBODY_ANSWERS, prepare, process, rows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    people = tmp_path / "people.toml"
    people.write_text(EVERYBODY_ANSWERS, encoding="utf-8")
    made.directory()
    population.install(made, people, seed=1)
    return made


def is_up(home: Home) -> bool:
    try:
        client = ipc.BlockingClient(home.socket("dialer"), dialer.Union, name="test")
    except ipc.PeerGone:
        return False
    try:
        board = client.request(dialer.AskBoard())
        return bool(board.spans and board.spans[0].is_up)
    except ipc.PeerGone:
        return False
    finally:
        client.close()


def test_a_channel_is_tried_heard_and_cleared_and_no_customer_is_called(home: Home) -> None:
    prepare(home, customers=3)
    children = [process(name, home) for name in ("exchange", "audio", "dialer")]
    try:
        wait_for(lambda: is_up(home), "the span")
        client = ipc.BlockingClient(home.socket("dialer"), dialer.Union, name="test", timeout_s=60.0)
        tried = client.request(dialer.TryChannel(1, 7, "03-9999-0001"))
        assert (tried.outcome, tried.channel, tried.cause) == ("answered", 7, 16)
        assert 0 < tried.ringing_s < tried.answered_s
        assert -60 < tried.speech_dbm0 <= tried.speech_peak_dbm0 < 4
        again = client.request(dialer.TryChannel(1, 23, "0399990001"))
        assert (again.outcome, again.channel) == ("answered", 23)
        with pytest.raises(ipc.Refused, match="a customer's"):
            client.request(dialer.TryChannel(1, 7, "03-0000-0001"))
        with pytest.raises(ipc.Refused, match="no channel 24"):
            client.request(dialer.TryChannel(1, 24, "0399990001"))
        board = client.request(dialer.AskBoard())
        assert set(board.spans[0].channels) == {"."}
        client.close()
    finally:
        for child in reversed(children):
            child.terminate()
        for child in children:
            child.wait(10)
    assert rows(home, "SELECT count(*) FROM attempt") == [(0,)]
    assert rows(home, "SELECT count(*) FROM history") == [(0,)]
