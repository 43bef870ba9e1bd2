"""Alarms as a table, flap detection, the schedule, causes, the panel: pure, no clock and no check is real."""

from __future__ import annotations

import pytest

from appliance.errors import BadInput
from appliance.gpio_leds.messages import Disks, Fault, Line, Worst
from appliance.monitoring import board, front_panel, letters, watch
from appliance.monitoring.alarm import TRANSITIONS, Alarm, Change, Input, State
from appliance.monitoring.flap import FlapDetector
from appliance.monitoring.messages import CheckHealth
from appliance.monitoring.plugin import Status, Verdict
from appliance.monitoring.stuck import StuckChannels
from appliance.monitoring.table import BY_NAME, CHECKS
from appliance.monitoring.watch import Watch

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def fed(*results: Status) -> tuple[Alarm, list[str]]:
    """An alarm after results a second apart, and the events it told."""
    alarm = Alarm("mirror")
    told = [
        change.event for at, status in enumerate(results) for change in alarm.feed(status, at=float(at + 1))
    ]
    return alarm, [str(event) for event in told]


@pytest.mark.parametrize(
    ("results", "state", "events"),
    [
        ((OK,), State.FINE, []),
        ((OK, CRITICAL), State.DOUBTFUL, []),
        ((CRITICAL, CRITICAL), State.DOUBTFUL, []),
        ((CRITICAL, OK), State.FINE, []),
        ((CRITICAL, OK, CRITICAL, CRITICAL), State.DOUBTFUL, []),
        ((CRITICAL, CRITICAL, CRITICAL), State.RAISED, ["raised"]),
        ((WARNING, CRITICAL, UNKNOWN), State.RAISED, ["raised"]),
        ((CRITICAL,) * 9, State.RAISED, ["raised"]),
        ((WARNING, WARNING, WARNING, CRITICAL), State.RAISED, ["raised", "worse"]),
        ((CRITICAL, CRITICAL, CRITICAL, WARNING), State.RAISED, ["raised", "eased"]),
        ((CRITICAL, CRITICAL, CRITICAL, OK), State.FINE, ["raised", "cleared"]),
    ],
)
def test_an_alarm_is_raised_by_the_third_bad_result(
    results: tuple[Status, ...], state: State, events: list[str]
) -> None:
    alarm, told = fed(*results)
    assert (alarm.state, told) == (state, events)


def test_an_acknowledgement_is_quiet_until_it_gets_worse() -> None:
    alarm, _ = fed(WARNING, WARNING, WARNING)
    [change] = alarm.acknowledge("田中", "ディスク手配済み", at=9.0)
    assert (change.event, change.who, change.note) == ("acknowledged", "田中", "ディスク手配済み")
    assert alarm.feed(WARNING, at=10.0) == []
    assert (alarm.state, alarm.who) == (State.ACKNOWLEDGED, "田中")
    assert [change.event for change in alarm.feed(CRITICAL, at=11.0)] == ["worse"]
    assert (alarm.state, alarm.who) == (State.RAISED, "")


def test_only_what_stands_can_be_acknowledged() -> None:
    for results in ((OK,), (CRITICAL,), (CRITICAL, CRITICAL, CRITICAL, OK)):
        with pytest.raises(BadInput):
            fed(*results)[0].acknowledge("田中", "", at=9.0)


def test_a_problem_begins_with_its_first_bad_result() -> None:
    alarm, _ = fed(OK, CRITICAL, CRITICAL, CRITICAL)
    assert alarm.problem_at == 2.0
    alarm.feed(OK, at=9.0)
    assert alarm.problem_at == 0.0


def test_what_another_alarm_explains_is_not_raised() -> None:
    alarm = Alarm("phones")
    for at in range(9):
        assert alarm.feed(CRITICAL, at=float(at), is_explained=True) == []
    assert alarm.state is State.FINE


def test_an_alarm_stands_on_after_a_restart_and_tells_nobody_again() -> None:
    alarm = Alarm("ping")
    alarm.restore(State.ACKNOWLEDGED, WARNING, problem_at=5.0, who="田中", note="", acknowledged_at=6.0)
    assert alarm.feed(WARNING, at=9.0) == []
    assert [change.event for change in alarm.feed(OK, at=10.0)] == ["cleared"]


def test_the_table_is_whole() -> None:
    assert set(TRANSITIONS) == set(State)
    for state, rows in TRANSITIONS.items():
        missing = set(Input) - set(rows)
        assert missing <= {Input.CONFIRMED, Input.WORSE, Input.EASED, Input.ACKNOWLEDGE}, state


def test_flapping_is_weighed_as_nagios_does() -> None:
    """Twenty changes of twenty weigh 100 %; the newest change alone 6 %, the oldest alone 4 %."""
    detector = FlapDetector()
    for step in range(21):
        detector.feed(CRITICAL if step % 2 else OK)
    assert detector.percent() == pytest.approx(100.0)

    newest, oldest = FlapDetector(), FlapDetector()
    for step in range(21):
        newest.feed(CRITICAL if step == 20 else OK)
        oldest.feed(OK if step else CRITICAL)
    assert newest.percent() == pytest.approx(6.0)
    assert oldest.percent() == pytest.approx(4.0)


def test_flapping_begins_with_the_third_outage_and_ends_in_quiet() -> None:
    alarm, told = fed(OK, *([CRITICAL] * 3 + [OK] * 2) * 3)
    assert told.count("flapping") == 1
    assert alarm.flap.is_flapping
    quiet = [change for at in range(3) for change in alarm.feed(CRITICAL, at=100.0 + at)]
    assert [(change.event, change.is_quiet) for change in quiet] == [("raised", True)]
    calm = [change.event for at in range(21) for change in alarm.feed(CRITICAL, at=200.0 + at)]
    assert calm == ["steady"]


def verdict(status: Status, key: str = "load") -> Verdict:
    return Verdict(status, key, {"load": "1", "cores": "2"})


def test_a_check_is_due_at_its_interval_and_sooner_while_in_doubt() -> None:
    watched = Watch([BY_NAME["load"], BY_NAME["mirror"]], interval_s=30, now=0.0)
    assert [check.name for check in watched.due(10.0)] == ["load", "mirror"]
    assert watched.due(10.0) == [], "they are running"
    watched.feed("load", verdict(OK), now=10.0, at=0.0)
    watched.feed("mirror", verdict(CRITICAL), now=10.0, at=0.0)
    assert watched.due(10.9) == []
    assert [check.name for check in watched.due(11.0)] == ["mirror"]
    assert [check.name for check in watched.due(40.0)] == ["load"]


def test_a_pulled_disk_is_an_alarm_within_ten_seconds() -> None:
    """The bound of the product, at the table's own intervals and half a second for every look."""
    watched, now, raised_at = Watch([BY_NAME["mirror"]], interval_s=30, now=0.0), 0.0, None
    pulled_at = 3.6  # just after a look
    while raised_at is None and now < 60:
        for check in watched.due(now):
            result = verdict(CRITICAL if now >= pulled_at else OK)
            if watched.feed(check.name, result, now=now + 0.5, at=0.0):
                raised_at = now + 0.5
        now += 0.2
    assert raised_at is not None
    assert raised_at - pulled_at < 8.0


def test_a_dead_dialer_is_one_alarm_and_not_three() -> None:
    """`pri` and `phones` fail first; before they alarm, their cause is looked at and takes the blame."""
    names = ("processes", "pri", "phones", "ping")
    watched = Watch([BY_NAME[name] for name in names], interval_s=10, now=0.0)
    told: list[Change] = []
    now = 0.0
    while now < 90:
        for check in watched.due(now):
            is_bad = now > 20 and check.name != "ping"
            told += watched.feed(check.name, verdict(CRITICAL if is_bad else OK), now=now, at=now)
        now += 0.5
    assert [(change.check, change.event) for change in told] == [("processes", "raised")]
    assert {check.name: check.held_by for check in watched.health()}["pri"] == "processes"


def test_a_box_that_is_coming_up_alarms_nobody_about_its_lines() -> None:
    watched, now = Watch([BY_NAME["pri"]], interval_s=10, now=0.0), 0.0
    told: list[Change] = []
    while now < 100:
        for check in watched.due(now):
            told += watched.feed(check.name, verdict(CRITICAL), now=now, at=now)
        now += 0.5
    assert [change.event for change in told] == ["raised"]
    assert 45.0 < told[0].at < 65.0


def test_the_worst_alarm_comes_first_and_what_is_seen_to_comes_last() -> None:
    def check(name: str, status: Status, alarm: str, at: float) -> CheckHealth:
        return CheckHealth(name, status, alarm, "load", problem_at=at)  # type: ignore[arg-type]  # a word

    rows = [
        check("load", OK, "fine", 0), check("ping", WARNING, "raised", 1),
        check("mirror", CRITICAL, "acknowledged", 2), check("pri", CRITICAL, "raised", 5),
    ]  # fmt: skip
    found = watch.worst(rows)
    assert found is not None
    assert found.name == "pri"
    assert watch.worst(rows[:1]) is None
    seen_to = watch.worst(rows[:3])
    assert seen_to is not None
    assert seen_to.name == "ping", "an unseen warning comes before a critical that somebody sees to"


def test_the_figure_of_the_day_is_the_greatest_of_its_kind() -> None:
    watched = Watch([BY_NAME["load"]], interval_s=30, now=0.0)
    judge = BY_NAME["load"].judge
    from appliance.monitoring.checks.machine import Load
    from appliance.settings import Settings

    watched.feed("load", judge(Load((1, 3, 2), 2), BY_NAME["load"].thresholds(Settings())), now=0.0, at=0.0)
    assert watched.figures() == {"load": 1.5}


# --- the panel ------------------------------------------------------------------------------------------


def health(**raised: tuple[Status, str]) -> list[CheckHealth]:
    rows = []
    for check in CHECKS:
        status, key = raised.get(check.name, (OK, check.name))
        rows.append(CheckHealth(check.name, status, "raised" if status else "fine", key))
    return rows


def test_every_check_has_its_flashes() -> None:
    assert set(front_panel.FAULTS) == set(BY_NAME)


def test_the_panel_shows_the_box() -> None:
    spans = (board.Span(1, True, "", "." * 23), board.Span(2, False, "RED", ""))
    state = front_panel.state(health(), spans, span_count=3, address="192.168.1.9")
    assert state.lines == (Line.UP, Line.ALARM, Line.DOWN)
    assert (state.disks, state.worst, state.fault) == (Disks.OK, Worst.OK, Fault.NONE)

    state = front_panel.state(
        health(mirror=(CRITICAL, "mirror_broken"), ping=(WARNING, "ping_slow")),
        None,
        span_count=1,
        address="",
    )
    assert (state.lines, state.disks, state.worst) == ((Line.DOWN,), Disks.DEGRADED, Worst.CRITICAL)
    assert (state.fault, state.is_acknowledged) == (Fault.DISKS, False)

    assert (
        front_panel.state(health(disk=(CRITICAL, "disk_low")), None, span_count=1, address="").disks
        is Disks.FULL
    )
    dying = front_panel.state(health(smart=(CRITICAL, "smart_failing")), None, span_count=1, address="")
    assert dying.disks is Disks.DEGRADED
    silent = front_panel.state(health(chassis=(CRITICAL, "chassis_silent")), None, span_count=1, address="")
    assert silent.fault is Fault.CONTROLLER


# --- channels and letters -------------------------------------------------------------------------------


def test_a_channel_is_stuck_when_no_call_lasts_that_long() -> None:
    found = StuckChannels()
    found.feed([board.Span(1, True, "", "s.t")], 0.0)
    found.feed([board.Span(1, True, "", "s.t")], 89.0)
    assert list(found.channels) == []
    found.feed([board.Span(1, True, "", "s.t")], 91.0)
    assert list(found.channels) == ["1/1"]
    found.feed([board.Span(1, True, "", "r.t")], 92.0)
    assert list(found.channels) == [], "another state is another time"
    found.forget()
    found.feed([board.Span(1, True, "", "r.t")], 999.0)
    assert list(found.channels) == []


def test_letters_are_written_for_what_somebody_must_know() -> None:
    broken = Verdict(
        CRITICAL, "mirror_broken", {"array": "md0", "working": "1", "wanted": "2", "failed": "vdb"}
    )

    def letter(event: str, *, is_quiet: bool = False) -> letters.Letter | None:
        change = Change("mirror", event, CRITICAL, 5.0, is_quiet=is_quiet)  # type: ignore[arg-type]  # a word
        return letters.of_change(change, broken, site="本社", when="2026/11/24 18:30:05", language="ja")

    raised = letter("raised")
    assert raised is not None
    assert raised.subject == "[Yobirin 本社] 警報 ミラー（RAID 1）: 発生"
    assert "ミラーの片方が外れています（md0：1/2台、故障 vdb）。" in raised.body
    assert "電源を切らずに" in raised.body
    cleared = letter("cleared")
    assert cleared is not None
    assert "復旧" in cleared.subject
    assert letter("acknowledged") is None
    assert letter("raised", is_quiet=True) is None


def test_the_daily_letter_lists_what_the_box_has() -> None:
    rows = [
        CheckHealth("load", OK, "fine", "load", {"load": "0.5", "cores": "2"}),
        CheckHealth("panel", OK, "fine", "absent", is_fitted=False),
    ]
    found = letters.alive(rows, site="本社", day="2026/11/24", language="ja")
    assert found.subject == "[Yobirin 本社] 定時報告 2026/11/24: 正常"
    assert found.body == "正常 負荷: 負荷 0.5（2コア）。\n"
