"""Calls that come in, over real processes: who rings, who hears whom, and what is written down of it.

The caller is the simulated exchange's; one phone's handset is down and lifts by itself, the other belongs to
an operator who waits.  Tests follow one another on one floor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance import ipc
from appliance.demo_floor import CALLER as CALLED
from appliance.dialer import messages as dialer
from appliance.simulator import exchange_messages as exchange
from appliance.simulator.callee_plan import CALLEE_TONES_HZ
from appliance.store import incoming, incoming_routes, recordings
from appliance.store.incoming_checks import Wanted
from appliance.store.open import Store, open_store
from appliance.store.routing import Tier
from tests.simulation import phones_floor
from tests.simulation.phones_floor import EXTENSION, HEARD_DB, OPERATOR_HZ, SUPERVISOR_HZ, levels_db

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("floor"), pytest.mark.timeout(300)]


RETRY_S = 8.0


class Scene(phones_floor.Scene):
    """… with an eye on what is written."""

    store: Store

    def start(self) -> None:
        super().start()
        self.store = open_store(self.home)
        self.known = self.store.tuples("SELECT id, number, list_id FROM customer WHERE number <> '' LIMIT 1")[
            0
        ]
        self.until(lambda: len([s for s in self.board().seats if s.is_registered]) == 2, "both phones")
        self.until(lambda: all(span.is_up for span in self.board().spans), "the line")

    def close(self) -> None:
        super().close()
        self.store.close()

    def answers(self, *tiers: Tier) -> None:
        """From the next call on these tiers answer, round the clock."""
        for line in incoming_routes.every(self.store, self.tenant_id):
            incoming_routes.remove(self.store, self.tenant_id, line.id)
        wanted = Wanted("検査", weekdays=127, on_holidays="same", from_minute=0, to_minute=1440, tiers=tiers)
        incoming_routes.save(self.store, self.tenant_id, wanted, at=1)

    def call(self, number: str) -> None:
        """Until the box knows of it: a link that comes up once more takes the first try with it."""
        before, tried_at = self.count("SELECT count(*) FROM incoming_call"), -RETRY_S

        def has_come() -> bool:
            nonlocal tried_at
            if self.count("SELECT count(*) FROM incoming_call") > before:
                return True
            if time.monotonic() > tried_at + RETRY_S and self._placed(number):
                tried_at = time.monotonic()
            return False

        self.until(has_come, "a call to the box")

    def _placed(self, number: str) -> bool:
        try:
            self._exchange.request(exchange.PlaceIncoming(CALLED, number))
        except ipc.Refused:  # the link has come up, and comes up once more
            return False
        return True

    def desk(self, extension: str) -> dialer.SeatBoard:
        return next(seat for seat in self.board().seats if seat.extension == extension)

    def newest(self) -> incoming.Line:
        return incoming.every(self.store, self.tenant_id, limit=1)[0]

    def caller_hz(self, phone: str) -> bool:
        """Whether a phone hears the caller."""
        return max(levels_db(self.phones[phone], *CALLEE_TONES_HZ)) > HEARD_DB

    def keys(self, seat_id: int, digits: str) -> None:
        for digit in digits:
            self.ask(dialer.PressKey(seat_id, digit))
            time.sleep(0.05)

    def count(self, sql: str, *values: Any) -> int:
        return int(self.store.value(sql, values) or 0)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("callers"))
    try:
        made.start()
        yield made
    finally:
        made.close()


def test_a_phone_whose_handset_is_down_rings_and_talks_with_a_known_customer(scene: Scene) -> None:
    customer_id, number, _list = scene.known
    scene.answers(Tier(place=1, kind="ring", extensions=(EXTENSION,), ring_s=20))

    scene.call(number)

    scene.until(lambda: scene.desk(EXTENSION).state == "talking", "the answer")
    seat = scene.desk(EXTENSION)
    assert (seat.customer_id, seat.attempt_kind, seat.user_id) == (customer_id, "incoming", 0)
    scene.until(lambda: scene.caller_hz("supervisor"), "the caller's voice at the phone")
    scene.until(lambda: scene.customer_hears(SUPERVISOR_HZ) > -30, "the phone, at the caller's end")
    scene.keys(seat.seat_id, "#")
    scene.until(lambda: scene.desk(EXTENSION).state == "wrapup", "the end")
    scene.keys(seat.seat_id, "01*")
    scene.until(lambda: scene.desk(EXTENSION).state == "logged_out", "the code")
    scene.until(lambda: scene.newest().outcome == "answered" and scene.newest().ended_at > 0, "the row")
    line = scene.newest()
    assert (line.customer_id, line.tier) == (customer_id, 1)
    assert scene.store.value("SELECT kind FROM attempt WHERE id = ?", (line.attempt_id,)) == "incoming"
    codes = "SELECT count(*) FROM history WHERE attempt_id = ? AND code = '01' AND customer_id = ?"
    scene.until(lambda: scene.count(codes, line.attempt_id, customer_id) == 1, "the entry")
    kept = scene.store.tuples(
        "SELECT path, duration_ms FROM recording WHERE attempt_id = ?", (line.attempt_id,)
    )
    assert len(kept) == 1
    assert kept[0][1] > 0
    sealed = recordings.path_of(scene.store, kept[0][0]).read_bytes()
    assert sealed[:4] != b"RIFF"


def test_a_seat_that_waits_hears_it_ring_and_a_page_takes_the_caller(scene: Scene) -> None:
    user_id, name = scene.operator
    scene.ask(dialer.TakeSeat(scene.seat().seat_id, user_id, name, scene.tenant_id, (scene.project_id,)))
    scene.until(lambda: scene.is_state("paused"), "the log-in from the page")
    scene.store.run("UPDATE list SET is_enabled = 0")  # nobody is dialled: the seat waits for callers
    scene.answers(Tier(place=1, kind="ring", extensions=(scene.seat().extension,), ring_s=30))
    scene.until(lambda: not scene.board().lists, "the lists, which stop")
    scene.ask(dialer.SetReady(scene.seat().seat_id, is_on=True))
    scene.until(lambda: scene.is_state("waiting"), "readiness")

    scene.call("")

    scene.until(lambda: scene.is_state("ringing"), "the ringing")
    seat = scene.seat()
    assert (seat.incoming_id, seat.customer_id, seat.number) == (scene.board().incoming[0].incoming_id, 0, "")
    scene.ask(dialer.AnswerCaller(seat.seat_id, seat.incoming_id))
    scene.until(lambda: scene.is_state("talking"), "the answer")
    scene.until(lambda: scene.caller_hz("operator"), "the caller's voice")
    scene.until(lambda: scene.customer_hears(OPERATOR_HZ) > -30, "the operator, at the caller's end")
    customer_id, _number, _list = scene.known
    scene.ask(dialer.NameCaller(seat.seat_id, scene.seat().attempt_id, customer_id))
    scene.until(lambda: scene.seat().customer_id == customer_id, "the customer, whom the page named")
    attempt_id = scene.seat().attempt_id
    scene.ask(dialer.HangUp(seat.seat_id))
    scene.until(lambda: scene.is_state("wrapup"), "the end")
    scene.ask(dialer.EnterCode(seat.seat_id, attempt_id, "10", is_next=False))
    found = "SELECT count(*) FROM history WHERE attempt_id = ? AND code = '10' AND customer_id = ?"
    scene.until(lambda: scene.count(found, attempt_id, customer_id) == 1, "the entry")


def test_who_is_answered_by_the_announcement_alone_is_missed(scene: Scene) -> None:
    before = incoming.open_count(scene.store, scene.tenant_id)
    scene.answers(Tier(place=1, kind="announce", text="ただいま留守です。"))
    scene.call("0355559999")
    scene.until(lambda: incoming.open_count(scene.store, scene.tenant_id) == before + 1, "the missed call")
    scene.until(lambda: not scene.board().incoming, "the line, which is free again")
    assert (scene.newest().caller, scene.newest().outcome) == ("0355559999", "missed")
