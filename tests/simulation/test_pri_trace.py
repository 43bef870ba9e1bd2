"""Every kind of call goes through the flight recorder; tshark, which nobody here wrote, finds no fault."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from appliance.pri_card import pcap
from appliance.pri_card.flight import FlightRecorder
from appliance.pri_card.trunk import Cleared, Incoming
from tests.simulation.pri_rig import Rig


def traffic(recorder: FlightRecorder) -> Rig:
    """All the cases of a line, one after the other, on a line that loses one frame in a hundred."""
    noise = random.Random(7)
    rig = Rig(record=recorder.record, is_lost=lambda _frame: noise.random() < 0.01)
    clock(recorder, rig)
    d = rig.network.d
    for cause in (1, 17, 18, 19, 31, 34, 42):
        for how in (d.hangup, d.release, d.reject):
            call, far = rig.set_up()
            if how != d.reject:
                d.proceed(far, rig.now)
            how(far, cause, rig.now)
            rig.one(Cleared, call)
    for description, cause in ((1, 0), (8, 0), (8, 1)):
        call, far = rig.set_up()
        d.proceed(far, rig.now, channel=5)
        d.progress(far, rig.now, description=description, cause=cause)
        d.alert(far, rig.now, is_in_band=True)
        d.disconnect_in_band(far, 1, rig.now)
        rig.advance(3.0)
        rig.trunk.clear(call, 16, rig.now)
        rig.one(Cleared, call)
    call, far = rig.converse()
    d.enquire(far, rig.now)
    rig.advance(1.0)
    rig.trunk.clear(call, 16, rig.now)
    rig.place(is_presented=False)
    rig.place(caller="")
    rig.advance(12.0)
    d.place(number="0300001111", caller="0451112222", channel=1, now=rig.now, is_exclusive=True)
    incoming = rig.one(Incoming)
    rig.trunk.answer(incoming.call_id, rig.now)
    rig.advance(1.0)
    d.restart(1, rig.now)
    rig.advance(1.0)
    d.restart(0, rig.now)
    rig.advance(1.0)
    rig.converse()
    rig.cut()
    rig.advance(15.0)
    rig.mend()
    rig.advance(10.0)
    return rig


def clock(recorder: FlightRecorder, rig: Rig) -> None:
    recorder._wall = lambda: 1_795_000_000.0 + rig.now


def test_tshark_finds_nothing_malformed_in_any_case(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path, bytes_max=10_000_000, wall=lambda: 1_795_000_000.0)
    traffic(recorder)
    recorder.close()
    target = tmp_path / "line.pcap"
    frames = pcap.export(tmp_path, target, span=1)
    assert frames > 200
    faults = tshark(target, "-Y", "_ws.malformed || _ws.expert")
    assert faults == ""
    seen = set(tshark(target, "-Y", "q931", "-T", "fields", "-e", "q931.message_type").split())
    named = {int(value, 16) for value in seen}
    assert named >= {0x01, 0x02, 0x03, 0x05, 0x07, 0x0F, 0x45, 0x46, 0x4D, 0x4E, 0x5A, 0x75, 0x7D}
    setups = tshark(
        target, "-Y", "q931.message_type == 0x05", "-T", "fields", "-e", "q931.called_party_number.digits"
    )
    assert {"0312345678", "0300001111"} <= set(setups.split())


def tshark(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["tshark", "-r", str(path), *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout
