"""Several numbers at once over real processes: a desk phone, the exchange's callees, what is written of each.

Who answers first is heard at the phone; the others' lines are free again at once, and each has an honest end.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import ipc
from appliance.dialer import messages as dialer
from appliance.store import call_days, compare, projects
from appliance.store.open import Store, open_store
from tests.crowd import crowd
from tests.simulation import phones_floor

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(300)]

AT_ONCE = 3


class Scene(phones_floor.Scene):
    """… whose project dials three at once, and whose callees take a few seconds to answer."""

    PEOPLE = phones_floor.PEOPLE.replace("floor_s = 0.2\nmean_s = 0.5", "floor_s = 1.0\nmean_s = 4.0")

    def _set_up(self, phone_id: str) -> None:
        super()._set_up(phone_id)
        store = open_store(self.home)
        projects.change(store, self.tenant_id, self.project_id, mode="preview", dials_at_once=AT_ONCE)
        found = store.tuples("SELECT id FROM customer WHERE project_id = ? ORDER BY id", (self.project_id,))
        self.customers = [int(customer_id) for (customer_id,) in found]
        store.close()

    def sit_down(self) -> None:
        self.until(lambda: any(board.is_up for board in self.board().spans), "a span is up")
        self.until(lambda: self.seat().is_registered, "the phone registered")
        user_id, name = self.operator
        seat_id = self.seat().seat_id
        self.ask(dialer.TakeSeat(seat_id, user_id, name, self.tenant_id, (self.project_id,)))
        self.until(lambda: self.is_state("paused"), "the log-in from the page")

    def dial(self, turn: int) -> tuple[int, ...]:
        chosen = tuple(self.customers[turn * AT_ONCE : (turn + 1) * AT_ONCE])
        self.ask(dialer.SetReady(self.seat().seat_id, is_on=True))
        self.ask(dialer.DialForOperator(self.seat().seat_id, chosen))
        return chosen

    def kill_dialer(self) -> None:
        """… and wait until the next one answers."""
        os.kill(int(self.supervisor.states()["dialer"]["pid"]), signal.SIGKILL)
        deadline = time.monotonic() + phones_floor.WITHIN_S * crowd()
        while True:
            try:
                self._dialer = ipc.BlockingClient(self.home.socket("dialer"), dialer.Union, name="test")
                self._dialer.request(dialer.AskBoard())
                return
            except ipc.PeerGone:
                assert time.monotonic() < deadline, "no dialer came back"
                time.sleep(0.2)

    def busy(self) -> int:
        """Channels in use."""
        return sum(letter != "." for board in self.board().spans for letter in board.channels)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def ends_of(store: Store, customers: tuple[int, ...]) -> list[tuple[str, str, bool, bool]]:
    """(end, result, was answered, was connected) of each attempt."""
    marks = ", ".join("?" * len(customers))
    rows = store.tuples(
        f"SELECT end, result, answered_at > 0, connected_at > 0 FROM attempt WHERE customer_id IN ({marks})",
        customers,
    )
    return [(end, result, bool(answered), bool(connected)) for end, result, answered, connected in rows]


def test_the_first_of_three_is_talked_to_and_the_others_are_let_go(scene: Scene) -> None:
    scene.sit_down()
    first = scene.dial(0)
    scene.until(
        lambda: len(scene.seat().dialling) == AT_ONCE or scene.is_state("talking"), "three are called"
    )
    scene.until(lambda: scene.is_state("talking"), "an answer")
    winner = scene.seat().customer_id
    assert winner in first
    scene.until(scene.customer_hz, "the customer's voice at the phone")
    scene.until(lambda: scene.busy() == 1, "the others' lines are free")

    attempt_id, seat_id = scene.seat().attempt_id, scene.seat().seat_id
    scene.ask(dialer.HangUp(seat_id))
    scene.until(lambda: scene.is_state("wrapup"), "the end of the talk")
    scene.ask(dialer.EnterCode(seat_id, attempt_id, "06", is_next=False))
    scene.until(lambda: scene.is_state("paused") and not scene.busy(), "the code")

    second = killed_while_they_ring(scene)
    scene.close()
    judge(scene, first, second)


def killed_while_they_ring(scene: Scene) -> tuple[int, ...]:
    """The dialer is killed with three calls out: it comes back, and dials nobody by itself."""
    chosen = scene.dial(1)
    scene.until(lambda: any(one.state == "ringing" for one in scene.seat().dialling), "one rings")
    scene.kill_dialer()
    scene.until(lambda: scene.is_state("paused") and not scene.seat().dialling, "the seat stands again")
    return chosen


def judge(scene: Scene, first: tuple[int, ...], second: tuple[int, ...]) -> None:
    store = open_store(scene.home)
    ends = ends_of(store, first)
    assert len(ends) == AT_ONCE
    assert [end for end in ends if end[3]] == [("result", "06", True, True)]
    for end, result, is_answered, _ in (one for one in ends if not one[3]):
        assert (end, result, is_answered) in (("outrun", "", False), ("result", "96", True))
    after = ends_of(store, second)
    assert len(after) == AT_ONCE, "each was dialled once"
    assert {end for end, *_ in after} <= {"interrupted", "outrun", "withdrawn", "result"}
    assert store.value("SELECT count(*) FROM attempt WHERE end = ''") == 0
    day = call_days.of_user(store, scene.tenant_id, scene.operator[0], since_at=0)
    assert day.calls >= AT_ONCE
    assert compare.compare(store) == []
    store.close()
