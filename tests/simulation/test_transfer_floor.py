"""Hold, transfer and three-way over real processes: one desk phone, two callees, what each of them hears.

The phone is baresip with a tone for a voice; customer and third party are the simulated exchange's, each with
a tone of its own, and the exchange's ear tells how loud a frequency is at either end.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audio.recording_file import RecordingReader
from appliance.dialer import messages as dialer
from appliance.simulator import exchange_messages as exchange
from appliance.store import compare, projects, recordings, transfers
from appliance.store.models import Transfer
from appliance.store.open import Store, open_store
from tests.simulation import phones_floor
from tests.simulation.phones_floor import OPERATOR_HZ, UNHEARD_DB, levels_db, sit_down_and_talk

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(300)]

HEARD_DBM0, UNHEARD_DBM0 = -35.0, -55.0
MUSIC_DBM0 = -45.0
NUMBERS = ("0355550001", "0355550002", "0355550003", "0355550004", "0355550005")
CODE = "06"

Place = tuple[int, int]


class Scene(phones_floor.Scene):
    """… with short dials, and an ear at any channel."""

    def _set_up(self, phone_id: str) -> None:
        super()._set_up(phone_id)
        store = open_store(self.home)
        for number in NUMBERS:
            transfers.add_target(
                store, self.tenant_id, self.project_id, name=f"転送先 {number}", number=number, code=CODE
            )
        self.targets = [target.id for target in transfers.targets(store, self.tenant_id, self.project_id)]
        projects.change(store, self.tenant_id, self.project_id, mode="progressive")
        store.close()

    def places(self) -> set[Place]:
        """Channels on which somebody talks."""
        return {
            (board.span, index + 1)
            for board in self.board().spans
            for index, letter in enumerate(board.channels)
            if letter == "t"
        }

    def ear(self, place: Place, hz: int = 0) -> exchange.HeardOn:
        heard: exchange.HeardOn = self._exchange.request(exchange.AskHeard(*place, float(hz)))
        return heard

    def is_heard(self, place: Place, *hz: int) -> bool:
        return all(self.ear(place, each).asked_dbm0 > HEARD_DBM0 for each in hz)

    def is_unheard(self, place: Place, *hz: int) -> bool:
        return all(self.ear(place, each).asked_dbm0 < UNHEARD_DBM0 for each in hz)

    def has_music(self, place: Place) -> bool:
        return self.ear(place).level_dbm0 > MUSIC_DBM0 and self.is_unheard(place, OPERATOR_HZ)

    def is_deaf_to(self, hz: int) -> bool:
        """Whether the operator does not hear a tone."""
        return levels_db(self.phones["operator"], hz)[0] < UNHEARD_DB

    def party(self) -> str:
        party = self.seat().party
        return party.state if party is not None else ""

    def key(self, digits: str) -> None:
        """On the phone itself, at a person's pace."""
        for digit in digits:
            before = self.seat().last_action_at
            self.phones["operator"].command("sndcode", digit)
            time.sleep(0.2)
            self.until(lambda at=before: self.seat().last_action_at > at + 0.05, f"the key {digit}")  # type: ignore[misc]  # a lambda of a loop


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_a_customer_is_held_joined_and_handed_over_and_all_hear_whom_they_should(scene: Scene) -> None:
    scene.until(lambda: scene.seat().is_registered, "the phone registered")
    sit_down_and_talk(scene)
    attempt_id, seat_id = scene.seat().attempt_id, scene.seat().seat_id
    (customer,), voice = scene.places(), scene.customer_hz()

    scene.ask(dialer.HoldCall(seat_id, is_on=True))
    scene.until(lambda: scene.has_music(customer), "music for the customer")
    scene.until(lambda: scene.is_deaf_to(voice), "nothing for the operator")
    third, other = consult(scene, customer, voice)
    scene.until(lambda: scene.is_heard(third, OPERATOR_HZ), "the operator, at the third party's end")
    assert scene.is_unheard(third, voice)
    assert scene.has_music(customer)
    assert scene.is_unheard(customer, other)

    scene.ask(dialer.JoinAll(seat_id))
    scene.until(lambda: scene.is_heard(customer, OPERATOR_HZ, other), "both, at the customer's end")
    scene.until(lambda: scene.is_heard(third, OPERATOR_HZ, voice), "both, at the third party's end")
    scene.until(lambda: scene.phone_hears("operator", heard=(voice, other)), "both, at the phone")

    scene.ask(dialer.HandOver(seat_id))
    scene.until(lambda: scene.is_state("paused"), "the operator is free")
    assert scene.seat().saved_code == CODE
    hear_each_other(scene, {customer: other, third: voice})
    scene.until(lambda: scene.is_unheard(customer, OPERATOR_HZ), "no operator any more")
    killed = int(scene.supervisor.states()["audio"]["pid"])
    os.kill(killed, signal.SIGKILL)
    scene.until(lambda: int(scene.supervisor.states()["audio"]["pid"]) not in (0, killed), "a new process")
    hear_each_other(scene, {customer: other, third: voice})

    scene.ask(dialer.ClearChannel(*third))
    scene.until(lambda: not scene.places(), "both lines are free")
    by_keys_alone(scene)
    scene.close()
    judge(scene, attempt_id)


def consult(scene: Scene, customer: Place, voice: int) -> tuple[Place, int]:
    """Call short dials until one speaks with another tone than the customer; its channel, its tone."""
    for target_id in scene.targets:
        scene.ask(dialer.CallTarget(scene.seat().seat_id, target_id=target_id))
        scene.until(lambda: scene.party() == "private", "the private talk")
        scene.until(scene.customer_hz, "the third party's voice at the phone")
        other = scene.customer_hz()
        if other != voice:
            (third,) = scene.places() - {customer}
            return third, other
        scene.ask(dialer.DropTarget(scene.seat().seat_id))
        scene.until(lambda: scene.places() == {customer}, "the third party is cleared")
    raise AssertionError("all third parties have the customer's voice")


def hear_each_other(scene: Scene, heard: dict[Place, int]) -> None:
    for place, hz in heard.items():
        scene.until(lambda at=place, tone=hz: scene.is_heard(at, tone), f"{hz} Hz on {place}")  # type: ignore[misc]  # a lambda of a loop


def ready_again(scene: Scene) -> None:
    """`*`, pressed again while nothing happens: a key meant for the killed audio process is nobody's."""
    pressed_at = 0.0

    def is_ready() -> bool:
        nonlocal pressed_at
        is_paused = scene.is_state("paused")
        if is_paused and time.monotonic() > pressed_at + 5.0:
            scene.phones["operator"].command("sndcode", "*")
            pressed_at = time.monotonic()
        return not is_paused

    scene.until(is_ready, "the operator is ready")


def by_keys_alone(scene: Scene) -> None:
    """The next customer: `*` ready, `*1001` calls, `*2` hands over; the customer hears no key."""
    ready_again(scene)
    scene.until(lambda: scene.is_state("talking"), "a call")
    scene.until(scene.customer_hz, "the customer's voice at the phone")
    (customer,) = scene.places()
    scene.key("*1001")
    scene.until(lambda: scene.party() == "private", "the private talk")
    assert scene.has_music(customer)
    scene.key("*2")
    scene.until(lambda: scene.is_state("paused"), "the operator is free")
    assert len(scene.places()) == 2
    scene.phones["operator"].command("hangup")
    scene.until(lambda: scene.is_state("logged_out"), "handset down")
    assert len(scene.places()) == 2
    scene.ask(dialer.ClearChannel(*customer))
    scene.until(lambda: not scene.places(), "both lines are free")


def judge(scene: Scene, attempt_id: int) -> None:
    store = open_store(scene.home)
    rows = transfers.of_attempt(store, scene.tenant_id, attempt_id)
    assert [row.outcome for row in rows][-1] == "handed"
    last = rows[-1]
    assert last.is_joined
    assert 0 < last.answered_at < last.handed_at < last.cleared_at
    codes = [
        code for (code,) in store.tuples("SELECT code FROM history WHERE attempt_id >= ?", (attempt_id,))
    ]
    assert codes == [CODE, CODE]
    recorded_after_the_hand_over(store, attempt_id, last)
    assert store.value("SELECT count(*) FROM transfer WHERE cleared_at = 0") == 0
    assert store.value("SELECT count(*) FROM attempt WHERE end = ''") == 0
    assert compare.compare(store) == []
    store.close()


def recorded_after_the_hand_over(store: Store, attempt_id: int, row: Transfer) -> None:
    """The recording goes on with customer and third party, up to the moment audio was killed at least."""
    recording_id = store.value("SELECT min(id) FROM recording WHERE attempt_id = ?", (attempt_id,))
    recording = recordings.get(store, 1, int(recording_id))
    assert recording is not None
    seconds = RecordingReader(recordings.path_of(store, recording.path), recording.key).seconds
    assert seconds * 1000 > row.handed_at - row.answered_at
