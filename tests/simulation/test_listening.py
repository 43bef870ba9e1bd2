"""A supervisor's phone beside an operator's, over real processes: who hears whom, judged at each end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.dialer import messages as dialer
from appliance.store import compare, listenings
from appliance.store.open import open_store
from tests.simulation.phones_floor import OPERATOR_HZ, SUPERVISOR, SUPERVISOR_HZ, Scene, sit_down_and_talk

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(300)]

SECOND = 16_000  # bytes that a phone hears in one


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_listening_whispering_and_barging_over_calls_and_a_killed_audio_process(scene: Scene) -> None:
    scene.until(lambda: all(seat.is_registered for seat in scene.board().seats), "both phones registered")
    sit_down_and_talk(scene)

    scene.listen("listen")
    scene.until(lambda: scene.seat().listeners and scene.seat().listeners[0].is_on, "his handset is up")
    voice = scene.customer_hz()
    scene.until(
        lambda: scene.phone_hears("supervisor", heard=(voice, OPERATOR_HZ)), "both, at the supervisor"
    )
    scene.until(lambda: scene.phone_hears("operator", heard=(voice,), unheard=(SUPERVISOR_HZ,)), "him alone")

    scene.listen("whisper")
    scene.until(lambda: scene.phone_hears("operator", heard=(voice, SUPERVISOR_HZ)), "the whisper")
    scene.until(
        lambda: scene.customer_hears(OPERATOR_HZ) - scene.customer_hears(SUPERVISOR_HZ) > 40,
        "the operator alone, at the customer's end",
    )
    scene.listen("barge")
    scene.until(lambda: scene.customer_hears(SUPERVISOR_HZ) > -30, "the supervisor, at the customer's end")
    scene.until(lambda: scene.phone_hears("operator", heard=(voice, SUPERVISOR_HZ)), "both, at the operator")

    the_next_call_is_listened_to_by_itself(scene)
    a_killed_audio_process_heals(scene)

    scene.phones["supervisor"].command("hangup")
    scene.until(lambda: not scene.seat().listeners, "his handset is down")
    voice = scene.customer_hz()
    scene.until(lambda: scene.phone_hears("operator", heard=(voice,), unheard=(SUPERVISOR_HZ,)), "him alone")
    scene.close()
    judge(scene)


def the_next_call_is_listened_to_by_itself(scene: Scene) -> None:
    first = scene.seat().attempt_id
    scene.listen("listen")
    scene.ask(dialer.HangUp(scene.seat().seat_id))
    scene.until(lambda: scene.is_state("wrapup"), "the operator's hang-up")
    scene.ask(dialer.EnterCode(scene.seat().seat_id, first, "08", is_next=True))
    scene.until(lambda: scene.is_state("talking") and scene.seat().attempt_id != first, "the next call")
    scene.until(scene.customer_hz, "the next customer's voice")
    voice = scene.customer_hz()
    scene.until(lambda: scene.phone_hears("supervisor", heard=(voice, OPERATOR_HZ)), "the next call, unasked")


def a_killed_audio_process_heals(scene: Scene) -> None:
    scene.listen("whisper")
    voice = scene.customer_hz()
    killed = int(scene.supervisor.states()["audio"]["pid"])
    os.kill(killed, signal.SIGKILL)
    scene.until(lambda: int(scene.supervisor.states()["audio"]["pid"]) not in (0, killed), "a new one")
    before = len(scene.phones["supervisor"].heard())  # in silence the last half second stays
    scene.until(lambda: len(scene.phones["supervisor"].heard()) > before + SECOND, "speech again")
    scene.until(lambda: scene.phone_hears("supervisor", heard=(voice, OPERATOR_HZ)), "both again")
    scene.until(lambda: scene.phone_hears("operator", heard=(voice, SUPERVISOR_HZ)), "the whisper again")
    scene.until(
        lambda: scene.customer_hears(OPERATOR_HZ) - scene.customer_hears(SUPERVISOR_HZ) > 40,
        "the operator alone, at the customer's end",
    )


def judge(scene: Scene) -> None:
    store = open_store(scene.home)
    rows = listenings.every(store, scene.tenant_id, from_at=0, to_at=2**60)
    assert [(row.how, row.ended) for row in reversed(rows)] == [
        ("listen", "changed"),
        ("whisper", "changed"),
        ("barge", "changed"),
        ("listen", "changed"),
        ("whisper", "hung-up"),
    ]
    assert {(row.user_id, row.operator_id) for row in rows} == {(SUPERVISOR, scene.operator[0])}
    assert compare.compare(store) == []
    store.close()
