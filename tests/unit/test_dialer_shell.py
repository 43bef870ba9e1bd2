"""The shell around the machine: order, timers and alarms, with a trunk and a machine of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from appliance.clock import SystemClock, VirtualClock
from appliance.dialer import inputs, outputs, shell_reads
from appliance.dialer.attempt import Attempt, State
from appliance.dialer.messages import (
    Board,
    ChannelTried,
    EngineBoard,
    Figures,
    SeatBoard,
    SeatChanged,
    TenantAlarm,
)
from appliance.dialer.shell import Shell
from appliance.dialer.shell_board import BoardServer
from appliance.dialer.shell_lines import Lines
from appliance.dialer.shell_load import Load
from appliance.dialer.shell_sums import Sums
from appliance.pri_card.trunk import Alerting, Line, PlaceCall, SetupSent, SpanState
from appliance.settings import Home, Span


class Script:
    """A machine that answers inputs from a table and writes down what it was fed."""

    def __init__(self, answers: dict[type, list[Any]] | None = None) -> None:
        self.answers = answers or {}
        self.fed: list[Any] = []
        self.next_due: float | None = None

    def feed(self, what: Any, now: float) -> list[Any]:
        self.fed.append(what)
        if isinstance(what, inputs.Tick):
            self.next_due = None
        return self.answers.get(type(what), [])

    def due(self, now: float) -> float | None:
        return self.next_due

    def may_setup(self, call_id: int, now: float) -> bool:
        return call_id != 13


class Wire:
    """A trunk that keeps what it is told and reports what the test wants."""

    def __init__(self) -> None:
        self.placed: list[PlaceCall] = []
        self.events: list[Any] = []
        self.total = 23
        self.polls = 0

    def place(self, call: PlaceCall, now: float) -> None:
        self.placed.append(call)

    def clear(self, call_id: int, cause: int, now: float) -> None:
        self.events.append(("cleared", call_id, cause))

    def answer(self, call_id: int, now: float) -> None: ...

    def poll(self, now: float) -> list[Any]:
        self.polls += 1
        found, self.events = self.events, []
        return [event for event in found if not isinstance(event, tuple)]

    def due(self) -> float | None:
        return None

    def files(self) -> list[int]:
        return []

    def channels_total(self) -> int:
        return self.total

    def channels_free(self) -> int:
        return self.total


def on_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 10))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never happened")


def test_an_input_that_comes_while_an_output_is_carried_out_waits_its_turn() -> None:
    async def work() -> None:
        machine = Script({inputs.Tick: [outputs.Alarm("a", True), outputs.Alarm("b", True)]})
        shell = Shell(machine=machine, trunk=Wire(), clock=SystemClock())
        seen: list[str] = []

        def carry(output: outputs.Alarm) -> None:
            seen.append(output.name)
            if output.name == "a":
                shell.feed(inputs.Channels(7))
                assert inputs.Channels(7) not in machine.fed

        shell.carries_out({outputs.Alarm: carry})
        shell.feed(inputs.Tick())
        assert seen == ["a", "b"]
        assert machine.fed == [inputs.Tick(), inputs.Channels(7)]
        shell.stop()

    on_loop(work)


def test_the_machine_is_asked_again_when_its_time_has_come() -> None:
    async def work() -> None:
        machine = Script()
        clock = SystemClock()
        shell = Shell(machine=machine, trunk=Wire(), clock=clock)
        machine.next_due = clock.monotonic() + 0.02
        shell.feed(inputs.Channels(1))
        await until(lambda: inputs.Tick() in machine.fed)
        shell.stop()

    on_loop(work)


def test_what_the_trunk_reports_is_fed_in_order_and_channels_are_told_when_they_change() -> None:
    async def work() -> None:
        machine, wire = Script(), Wire()
        shell = Shell(machine=machine, trunk=wire, clock=SystemClock())
        wire.events = [SetupSent(1, Line(1, 5), late_s=0.004), Alerting(1)]
        shell.poll()
        wire.total = 46
        shell.poll()
        kinds = [what for what in machine.fed if not isinstance(what, inputs.Tick)]
        assert kinds == [
            SetupSent(1, Line(1, 5), 0.004),
            Alerting(1),
            inputs.Channels(23),
            inputs.Channels(46),
        ]
        assert shell.slot_errors_ms.values() == (4.0,)
        shell.stop()

    on_loop(work)


def test_a_call_that_is_placed_goes_out_in_the_same_turn_of_the_loop() -> None:
    async def work() -> None:
        machine, wire = Script({inputs.Tick: [PlaceCall(1, "0300000001", "0300009000")]}), Wire()
        shell = Shell(machine=machine, trunk=wire, clock=SystemClock())
        shell.feed(inputs.Tick())
        before = wire.polls
        await asyncio.sleep(0)
        assert wire.placed == [PlaceCall(1, "0300000001", "0300009000")]
        assert wire.polls == before + 1
        assert shell.gate(12, 0.0)
        assert not shell.gate(13, 0.0)
        shell.stop()

    on_loop(work)


def test_the_loop_says_what_the_last_minute_was_like_and_forgets_what_was_before() -> None:
    load = Load(now=100.0)
    load.note(100.5, 0.250)
    for turn in range(59):
        load.note(101.0 + turn, 0.002)
    assert load.board(160.0) == EngineBoard(1.0, 250.0)
    for turn in range(120):
        load.note(160.0 + turn / 2, 0.003)
    assert load.board(220.0) == EngineBoard(2.0, 3.0)
    assert load.board(400.0) == EngineBoard()


def test_the_shell_measures_each_step() -> None:
    clock = VirtualClock()

    class Slow(Script):
        def feed(self, what: Any, now: float) -> list[Any]:
            clock.advance_to(now + 0.004)
            return super().feed(what, now)

    async def work() -> None:
        shell = Shell(machine=Slow(), trunk=Wire(), clock=clock)
        shell.feed(inputs.Tick(), inputs.Channels(2))
        found = shell.load.board(clock.monotonic())
        assert (found.inputs_per_s, round(found.longest_ms, 6)) == (2.0, 4.0)
        shell.stop()

    on_loop(work)


def test_an_output_has_exactly_one_that_carries_it_out() -> None:
    shell = Shell(machine=Script(), trunk=Wire(), clock=SystemClock())
    shell.carries_out({outputs.Alarm: print})
    with pytest.raises(AssertionError, match="twice"):
        shell.carries_out({outputs.Alarm: print})
    with pytest.raises(AssertionError, match="SaveSeat"):
        shell.check([outputs.Alarm, outputs.SaveSeat])


def attempt(channel: int, state: State) -> Attempt:
    made = Attempt(channel, 1, 1, 1, inputs.Customer(1, "0300000001"), 0.0)
    made.line, made.state = Line(1, channel), state
    return made


def test_each_channel_shows_what_it_does() -> None:
    calls = [
        attempt(1, State.SETUP),
        attempt(2, State.RINGING),
        attempt(3, State.CONNECTED),
        attempt(4, State.OWED),
    ]
    lines = Lines([Span(number=1)], lambda: calls)
    assert lines.boards(0.0)[0].is_up is False
    lines.note(SpanState(1, is_up=True))
    lines.note_slot(1, 0.04)
    board = lines.boards(0.0)[0]
    assert (board.is_up, board.channels, board.slot_ms) == (True, "srt" + "." * 20, 40)
    assert lines.call_on(1, 2) == 2
    assert lines.call_on(1, 4) is None


async def _nothing(_what: object) -> None: ...


async def _no_try(_what: object) -> ChannelTried:
    return ChannelTried("busy_channel")


def test_an_alarm_stands_on_the_board_for_its_tenant_or_for_all_until_it_is_over(tmp_path: Path) -> None:
    async def work() -> None:
        shell = Shell(machine=Script(), trunk=Wire(), clock=SystemClock())
        server = BoardServer(
            shell,
            Home(tmp_path),
            board=lambda now: Board(0, now),
            lines=Lines([], list),
            figures=lambda: Figures(0, 0, 0, 0, 0, 0, 0, (), (), (), 0),
            reload=_nothing,
            preview=_nothing,
            try_channel=_no_try,
        )
        server.alarm("span-1", True, "down")
        server.alarm("phone-201", True, "locked", 7)
        assert server.board().alarms == ("span-1: down",)
        assert server.board().tenant_alarms == (TenantAlarm(7, "phone-201: locked"),)
        server.alarm("phone-201", False)
        assert server.board().tenant_alarms == ()
        shell.stop()

    on_loop(work)


def saved(attempt_id: int, **values: Any) -> outputs.SaveAttempt:
    return outputs.SaveAttempt(attempt_id, **values)


def test_seconds_of_a_running_conversation_count_too_and_once() -> None:
    async def work() -> None:
        def seat(state: Any, since_at: float) -> SeatChanged:
            return SeatChanged(1, since_at, SeatBoard(7, "A-07", "207", state=state, since_at=since_at))

        answers: dict[type, list[Any]] = {
            inputs.Tick: [
                seat("waiting", 1000.0),
                outputs.SaveInterval("wait", 1, 7, 3, 1, 1000.0, 10.0, 0, 0),
                seat("talking", 1010.0),
                seat("talking", 1010.0),  # a digit typed
            ],
            inputs.DiskSpace: [
                outputs.SaveInterval("talk", 1, 7, 3, 1, 1010.0, 30.0, 0, 0),
                seat("wrapup", 1040.0),
            ],
        }
        shell = Shell(machine=Script(answers), trunk=Wire(), clock=SystemClock())
        shell.carries_out({kind: lambda _output: None for kind in (SeatChanged, outputs.SaveInterval)})
        sums = Sums(shell)
        samples: dict[str, Any] = {
            "answer_to_packet_ms": (),
            "setup_slot_error_ms": (),
            "events_to_disk_ms": (),
            "lost_events": 0,
        }
        sums._wall = lambda: 1030.0
        shell.feed(inputs.Tick())
        running = sums.figures(**samples)
        assert (running.wait_s, running.talk_s, running.wrap_s) == (10.0, 20.0, 0.0)
        sums._wall = lambda: 1045.0
        shell.feed(inputs.DiskSpace(is_short=True))
        ended = sums.figures(**samples)
        assert (ended.wait_s, ended.talk_s, ended.wrap_s) == (10.0, 30.0, 5.0)
        shell.stop()

    on_loop(work)


def test_a_step_of_an_attempt_counts_once_however_often_it_is_saved() -> None:
    async def work() -> None:
        answers: dict[type, list[Any]] = {
            inputs.Tick: [
                saved(1, setup_at=1.0, answered_at=2.0),
                saved(1, setup_at=1.0, answered_at=2.0, connected_at=2.0),
                saved(1, setup_at=1.0, answered_at=2.0, connected_at=2.0, result="01", end="result"),
                saved(2, setup_at=1.0, answered_at=3.0, result="96", end="result"),
            ]
        }
        wire = Wire()
        shell = Shell(machine=Script(answers), trunk=wire, clock=SystemClock())
        shell.carries_out({outputs.SaveAttempt: lambda _output: None})
        sums = Sums(shell)
        wire.events = [SetupSent(1, Line(1, 1)), SetupSent(2, Line(1, 2))]
        shell.poll()
        shell.feed(inputs.Tick())
        found = sums.figures(
            answer_to_packet_ms=(), setup_slot_error_ms=(), events_to_disk_ms=(), lost_events=0
        )
        assert (found.attempts, found.answered, found.connected, found.abandoned) == (2, 2, 1, 1)
        shell.stop()

    on_loop(work)


def test_a_recording_that_cannot_be_read_after_a_crash_is_no_reason_not_to_start(tmp_path: Path) -> None:
    (tmp_path / "51.rec").mkdir()  # any error of the system, whoever runs the test
    assert shell_reads._seconds_of(tmp_path / "51.rec", bytes(32)) == 0.0
