"""The trunk in real time over sockets, polled only when its descriptor is readable or its time has come."""

from __future__ import annotations

import select
import time
from pathlib import Path

from appliance.pri_card import flight
from appliance.pri_card.d_events import SetupArrived
from appliance.pri_card.libpri import DChannel
from appliance.pri_card.pri_trunk import PriTrunk, open_trunk
from appliance.pri_card.span import open_span
from appliance.pri_card.trunk import Cleared, PlaceCall
from appliance.settings import Home, Settings
from tests.crowd import crowd

PATIENCE_S = 20.0
SETTINGS = Settings()


class BusyExchange:
    """Refuses every call as busy."""

    def __init__(self, home: Home) -> None:
        self.span = open_span(SETTINGS.spans[0], home, "network")
        self.span.open_d(time.monotonic())
        self.d = DChannel("network", time.monotonic())

    def poll(self) -> None:
        now = time.monotonic()
        for frame in self.span.receive_d(now):
            for event in self.d.feed(frame, now):
                if isinstance(event, SetupArrived):
                    self.d.reject(event.call, 17, now)
        self.d.run(now)
        for frame in self.d.take_frames():
            self.span.send_d(frame, now)


def busy_call(trunk: PriTrunk, exchange: BusyExchange, call_id: int) -> None:
    """Place a call and wait for its end as a shell does."""
    trunk.place(PlaceCall(call_id, "0312345678", "0300001111"), time.monotonic())
    deadline = time.monotonic() + PATIENCE_S * crowd()
    while True:
        now = time.monotonic()
        assert now < deadline, f"call {call_id} does not end"
        if select.select(trunk.files(), [], [], 0.0)[0] or (trunk.due() or deadline) <= now:
            for event in trunk.poll(now):
                if isinstance(event, Cleared) and event.is_line_fault:
                    trunk.place(PlaceCall(call_id, "0312345678", "0300001111"), now)  # as the dialer does
                elif isinstance(event, Cleared):
                    assert event == Cleared(call_id, 17)
                    return
        exchange.poll()
        dues = [trunk.due(), exchange.span.due(), exchange.d.due(), now + 1.0]
        wait_s = max(0.0, min(due for due in dues if due is not None) - now)
        select.select([*trunk.files(), *exchange.span.files()], [], [], wait_s)


def test_calls_pass_and_the_exchange_may_go_and_come_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    exchange = BusyExchange(home)
    trunk, recorder = open_trunk(
        SETTINGS, home, gate=lambda _call, _now: True, now=time.monotonic(), wall=time.time
    )
    descriptors = trunk.files()
    busy_call(trunk, exchange, 1)
    exchange.span.close()
    exchange = BusyExchange(home)
    busy_call(trunk, exchange, 2)
    assert trunk.files() == descriptors
    trunk.close()
    recorder.close()
    exchange.span.close()
    frames = list(flight.read(home.trace))
    assert any(record.is_sent for record in frames)
    assert not all(record.is_sent for record in frames)
    assert frames[-1].at - frames[0].at < 2 * PATIENCE_S
