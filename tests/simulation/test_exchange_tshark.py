"""A morning of the exchange goes through tshark, which nobody here wrote: nothing malformed, no complaint."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import msgspec

from appliance.pri_card import pcap
from appliance.pri_card.flight import FlightRecorder
from appliance.pri_card.trunk import Incoming, TrunkEvent
from appliance.simulator import population
from tests.simulation.exchange_rig import Rig

STARTED_AT = 1_795_000_000.0


def morning(recorder: FlightRecorder) -> Rig:
    """Every kind of callee, callers, moved channels, lost frames, congestion and restarts."""
    people = msgspec.structs.replace(
        population.load(population.BRISK),
        signalling=population.Signalling(moved_share=0.2),
        vacant=population.Vacant(cause=0.1, progress=0.1, disconnect=0.1, changed=0.1, announcement_s=3.0),
        incoming=population.Incoming(per_hour=400.0),
        faults=population.Faults(frame_loss=0.005),
    )
    rig = Rig(people, seed=21, record=recorder.record)
    rig.on_event = lambda event: answer(rig, event)
    rig.settle()
    rng = random.Random(21)
    for n in range(150):
        rig.until(lambda: rig.trunk.channels_free() > 0, limit_s=300.0)
        rig.place(f"030000{n:04d}")
        rig.run_for(rng.random() * 2)
        rig.exchange.line(1).gate.forced_cause = 34 if n % 20 == 19 else 0
    rig.exchange.line(1).restart(5, rig.now)
    rig.run_for(5.0)
    rig.exchange.line(1).restart(0, rig.now)
    rig.run_for(5.0)
    return rig


def answer(rig: Rig, event: TrunkEvent) -> None:
    if isinstance(event, Incoming):
        rig.trunk.answer(event.call_id, rig.now)


def tshark(path: Path, *words: str) -> str:
    command = ["tshark", "-r", str(path), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_tshark_finds_nothing_malformed_in_a_morning(tmp_path: Path) -> None:
    rigs: list[Rig] = []
    recorder = FlightRecorder(
        tmp_path, bytes_max=50_000_000, wall=lambda: STARTED_AT + (rigs[0].now if rigs else 0.0)
    )
    rigs.append(morning(recorder))
    recorder.close()
    target = tmp_path / "line.pcap"

    assert pcap.export(tmp_path, target, span=1) > 1_000
    assert tshark(target, "-Y", "_ws.malformed || _ws.expert") == ""
    types = {int(word, 16) for word in tshark(target, "-T", "fields", "-e", "q931.message_type").split()}
    # ALERTING to STATUS, all that a morning has: Q.931 table 4-2.
    assert types >= {0x01, 0x02, 0x03, 0x05, 0x07, 0x0F, 0x45, 0x46, 0x4D, 0x4E, 0x5A}
