"""Counts of lists and minutes, the flight's lines, and what the pacer is told."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.audio.messages import Digit
from appliance.dialer import flight, inputs
from appliance.dialer.inputs import ListToday
from appliance.dialer.minutes import MINUTES_KEPT, Minutes
from appliance.dialer.pacing import Pacer, SeatsSeen, Verdict
from appliance.errors import BadInput
from appliance.pri_card import trunk
from tests.unit.dialer_floor import MONDAY_9H, Floor


def test_a_minute_and_the_day_count_alike() -> None:
    minutes = Minutes()
    minutes.go_on_from(ListToday(1, attempts=10, answered=4))
    for second in (0, 30, 60):
        minutes.count_attempt(1, MONDAY_9H + second)
    minutes.count_answer(1, MONDAY_9H + 61)
    minutes.count_wait(1, MONDAY_9H + 61, 8.0)
    minutes.count_wait(1, MONDAY_9H + 62, 4.0)
    minutes.count_code(1, MONDAY_9H + 63, is_contact=True, is_sales=False)

    today = minutes.today(1)
    assert (today.attempts, today.answered, today.talks, today.wins, today.wait_s_mean) == (13, 5, 1, 0, 6.0)
    first, second_minute = minutes.points(1, MONDAY_9H + 90)
    assert (first.at, first.attempts, second_minute.attempts, second_minute.answered) == (MONDAY_9H, 2, 1, 1)


def test_an_hour_of_minutes_is_kept_and_a_clock_that_steps_back_adds_none() -> None:
    minutes = Minutes()
    for minute in range(100):
        minutes.count_attempt(1, MONDAY_9H + 60 * minute)
    minutes.count_attempt(1, MONDAY_9H)

    points = minutes.points(1, MONDAY_9H + 60 * 99)
    assert len(points) == MINUTES_KEPT
    assert points[-1].attempts == 2
    assert minutes.rate(1, MONDAY_9H + 60 * 99) == 1.0
    assert minutes.points(1, MONDAY_9H + 7 * 86_400) == [], "a list that rested shows nothing old"


def test_counters_begin_anew_at_midnight() -> None:
    floor = Floor()
    floor.ready()
    floor.talk()
    assert floor.machine.board(floor.now).lists[0].attempts == 1

    floor.wait(15 * 3600)  # from 9:00 to midnight

    assert floor.machine.board(floor.now).lists[0].attempts == 0
    assert floor.seat().talks_today == 0


@pytest.mark.parametrize(
    "what",
    [
        inputs.Tick(),
        inputs.WallClock(MONDAY_9H),
        inputs.Configure((), (), (inputs.SeatSettings(1, "201", "A-01"),)),
        inputs.Remembered(1, {"rates": [0.25]}),
        trunk.Answered(7, trunk.Line(2, 23)),
        trunk.Cleared(7, 42, is_line_fault=True),
        Digit("p1", "#"),
    ],
)
def test_inputs_survive_the_flight(what: Any) -> None:
    assert flight.decode(flight.encode(12.5, what)) == (12.5, what)


def test_a_secret_key_is_masked() -> None:
    line = flight.encode(1.0, Digit("p1", "7"), is_secret=True)
    assert flight.decode(line) == (1.0, Digit("p1", "0"))


@pytest.mark.parametrize(
    "line", [b"", b'{"now":1,"kind":"Tick"', b'{"now":1,"kind":"Nothing","body":{}}', b"\xff"]
)
def test_a_torn_or_foreign_line_is_named(line: bytes) -> None:
    with pytest.raises(BadInput, match="flight"):
        flight.decode(line)


class Listener:
    """A pacer that notes what it is told and asks for one call a waiting seat."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def note(*args: Any, **named: Any) -> None:
            self.told.append((name, *args, *named.values()))

        return note

    def calls_to_place(self, now: float, seen: SeatsSeen, *, callable: int, channels_free: int) -> Verdict:
        out = sum((t[0] == "placed") - (t[0] in ("ended", "withdrawn")) for t in self.told)
        return Verdict(min(max(0, seen.waiting - out), callable, channels_free), "target")

    def due(self, now: float) -> None:
        return None


def test_the_pacer_hears_of_every_call_and_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    monkeypatch.setattr("appliance.dialer.machine.Pacer", lambda **_options: listener)
    floor = Floor(mode="adaptive")
    floor.ready()
    floor.ring(1)
    floor.answer(1)
    floor.clear(1, after=30.0)
    floor.keys("06*", after=5.0)

    assert listener.told == [
        ("placed", 1, 1, 9, 0.0),
        ("ended", 1, 5.0, True),
        ("connected", 5.0, False),
        ("seat_talked", 30.0),
        ("seat_wrapped", 5.0),
        ("placed", 2, 1, 9, 40.0),
    ]


def test_faults_and_withdrawals_teach_the_pacer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    monkeypatch.setattr("appliance.dialer.machine.Pacer", lambda **_options: listener)
    floor = Floor(mode="adaptive", offer=2)
    floor.ready()
    floor.ring(1)
    floor.feed(trunk.Cleared(1, 42, is_line_fault=True))

    assert ("withdrawn", 1) in listener.told
    assert not [told for told in listener.told if told[0] == "ended"]


def test_a_congested_morning_does_not_lower_the_answer_rate() -> None:
    pacer = Pacer(target=0.03)
    for attempt_id in range(0, 800, 2):
        pacer.placed(attempt_id, 1, 9, attempt_id * 10.0)
        pacer.placed(attempt_id + 1, 1, 9, attempt_id * 10.0)
        pacer.withdrawn(attempt_id)
        pacer.ended(attempt_id + 1, attempt_id * 10.0 + 8.0, is_answered=attempt_id % 4 == 0)

    verdict = pacer.calls_to_place(9_000.0, SeatsSeen(5), callable=100, channels_free=100)
    assert verdict.figures["answer_rate"] == pytest.approx(0.5, abs=0.1)
    assert verdict.figures["ringing"] == 0.0
