"""The board on its way to a browser: merging, cutting to a tenant, differences, sentences, ranges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from appliance.clock import VirtualClock
from appliance.dialer.messages import (
    Board,
    Limit,
    ListBoard,
    MinutePoint,
    ProjectBoard,
    Reason,
    SeatBoard,
    SeatChanged,
    TenantAlarm,
)
from appliance.errors import YobirinError
from webui.live import Live, merged
from webui.monitor import chosen_facts, masked
from webui.reasons import told
from webui.recordings import asked_range
from webui.streams import Slots, Stream, View, difference
from webui.views import board_view
from webui.words import translator
from webui.yesterday import compared

MINE, THEIRS = 1, 2


def project(project_id: int, tenant_id: int) -> ProjectBoard:
    return ProjectBoard(
        project_id=project_id,
        tenant_id=tenant_id,
        mode="adaptive",
        overdial=1,
        ratio=1.5,
        abandon_target=0.03,
        channel_share=23,
        reason=Reason("channels", {"used": 23, "total": 23}),
        seats_ready=1,
        seats_talking=1,
        calls_out=2,
        abandon_ratio_30min=0.0,
        answered_30min=0,
        answer_rate=0.3,
        ring_s_mean=9.0,
    )


def in_list(list_id: int, project_id: int) -> ListBoard:
    return ListBoard(list_id, project_id, True, 10, 1, 1, 1, 0, 0, 0, 0, 2.0)


def board() -> Board:
    seats = (
        SeatBoard(1, "A-01", "201", tenant_id=MINE, number="0312345678", state="talking"),
        SeatBoard(2, "A-02", "202", tenant_id=THEIRS, number="0699999999", user_name="よその人"),
        SeatBoard(3, "A-03", "203"),
    )
    return Board(
        seq=1,
        now_at=1000.0,
        projects=(project(7, MINE), project(8, THEIRS)),
        lists=(in_list(70, 7), in_list(80, 8)),
        seats=seats,
        minutes=(MinutePoint(960.0, 70, 1, 1, 1, 0, 2.0), MinutePoint(960.0, 80, 9, 9, 9, 0, 2.0)),
    )


def test_a_changed_seat_replaces_itself_and_nothing_else() -> None:
    changed = merged(board(), SeatChanged(2, 1001.0, SeatBoard(3, "A-03", "203", state="login")))
    assert [seat.state for seat in changed.seats] == ["talking", "logged_out", "login"]
    assert (changed.seq, changed.now_at) == (2, 1001.0)
    assert changed.projects == board().projects


def test_a_tenant_sees_its_own_and_free_seats_alone() -> None:
    view = board_view(board(), tenant_id=MINE, translate=translator("ja"))
    assert list(view["projects"]) == ["7"]
    assert list(view["lists"]) == ["70"]
    assert list(view["seats"]) == ["1", "3"]
    assert list(view["minutes"]) == ["70:960"]
    assert "よその" not in json.dumps(view, ensure_ascii=False)
    assert view["seats"]["1"]["number_shown"] == "03-1234-5678"
    assert "number" not in view["seats"]["1"]


def test_alarms_of_the_box_are_everybodys_and_those_of_a_tenant_its_own() -> None:
    told_of = msgspec.structs.replace(
        board(),
        alarms=("span-1: Span 1 is down.",),
        tenant_alarms=(TenantAlarm(MINE, "phone-201: mine"), TenantAlarm(THEIRS, "phone-202: theirs")),
    )
    view = board_view(told_of, tenant_id=MINE, translate=translator("ja"))
    assert list(view["alarms"].values()) == ["span-1: Span 1 is down.", "phone-201: mine"]


def test_only_what_changed_is_sent_and_what_went_away_is_none() -> None:
    old: View = {"seats": {"1": {"state": "waiting"}, "2": {"state": "talking"}}, "spans": {"1": {}}}
    new: View = {"seats": {"1": {"state": "ringing"}}, "spans": {"1": {}}}
    assert difference(old, new) == {"seats": {"1": {"state": "ringing"}, "2": None}}
    assert difference(new, new) == {}


@pytest.mark.parametrize("limit", get_args(Limit))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_limit_is_said_in_both_languages(limit: Limit, language: str) -> None:
    plain = told(Reason(limit), translator(language))
    assert plain.sentence
    assert "{" not in plain.sentence + plain.remedy
    assert language == "ja" or plain.sentence.isascii()


def test_figures_fill_the_sentence() -> None:
    words = told(Reason("channels", {"used": 41, "total": 46}), translator("ja"))
    assert words.sentence == "回線（46ch中41ch使用）。"
    words = told(Reason("target", {"target": 0.03, "waiting": 3, "ringing": 9}), translator("ja"))
    assert "3.0%" in words.sentence
    assert "待機3席" in words.sentence


class Shown:
    """A stand-in for the wait alone: time passes, nothing happens."""

    def __init__(self, clock: VirtualClock) -> None:
        self.version, self.is_closing, self.is_up, self._clock = 1, False, True, clock

    def wait(self, _version: int, timeout_s: float) -> int:
        self._clock.advance_to(self._clock.monotonic() + timeout_s)
        return self.version


def events(stream: Stream) -> Iterator[tuple[str, dict[str, object]]]:
    for chunk in stream:
        lines = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if ": " in line)
        yield lines["event"], json.loads(lines["data"])


def test_a_stream_begins_with_a_snapshot_beats_each_second_and_ends_by_itself() -> None:
    clock = VirtualClock()
    live = Shown(clock)
    slots = Slots(1)
    view = {"seats": {"1": {"state": "waiting"}}}
    stream = Stream(live, lambda: view, slots=slots, clock=clock)  # type: ignore[arg-type]  # a stand-in
    told_events = list(events(stream))
    assert told_events[0][0] == "snapshot"
    assert told_events[0][1]["view"] == view
    assert [kind for kind, _ in told_events[1:]] == ["beat"] * 180
    stream.close()
    stream.close()
    slots.take()  # given back once, and only once
    with pytest.raises(YobirinError):
        slots.take()


def test_a_stream_tells_of_a_change_as_a_delta() -> None:
    clock = VirtualClock()
    live = Shown(clock)
    views = iter([{"a": {"1": 1}}, {"a": {"1": 2}}])
    stream = Stream(live, lambda: next(views), slots=Slots(1), clock=clock)  # type: ignore[arg-type]
    found = events(stream)
    assert next(found)[0] == "snapshot"
    live.version = 2
    kind, data = next(found)
    assert (kind, data["view"]) == ("delta", {"a": {"1": 2}})


def test_without_a_dialer_requests_say_so_and_telling_is_no_error(tmp_path: Path) -> None:
    live = Live(tmp_path / "dialer.sock", clock=VirtualClock())
    assert live.tell(object()) is False
    with pytest.raises(YobirinError, match="not running"):
        live.request(object())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", (0, 99, False)),
        ("bytes=0-", (0, 99, True)),
        ("bytes=10-19", (10, 19, True)),
        ("bytes=90-500", (90, 99, True)),
        ("bytes=-10", (90, 99, True)),
        ("bytes=-", (0, 99, False)),
        ("bytes=200-", (0, 99, False)),
        ("items=1-2", (0, 99, False)),
    ],
)
def test_ranges(header: str, expected: tuple[int, int, bool]) -> None:
    assert asked_range(header, 100) == expected


def test_a_pane_shows_address_age_and_sex_before_the_rest() -> None:
    fields = [
        ("電話番号", "0312345678"),
        ("顧客番号", "C1"),
        ("備考", ""),
        ("性別", "男"),
        ("住所1", "東京都"),
    ]
    assert chosen_facts(fields, []) == [("住所1", "東京都"), ("性別", "男"), ("顧客番号", "C1")]
    assert chosen_facts([], []) == []
    assert chosen_facts(fields, ["顧客番号", "ない項目", "住所1"]) == [
        ("顧客番号", "C1"),
        ("住所1", "東京都"),
    ]
    assert [masked(number) for number in ("03-1234-5678", "5678", "")] == ["••-••••-5678", "5678", ""]


def test_yesterdays_ratios_need_something_to_divide_by() -> None:
    from appliance.store.report_formulas import Figures

    assert compared(Figures()) == {}
    found = compared(Figures(attempts=10, answered=4, contact=2, sales=1, wait_s=30))
    assert found == {"wait": 15.0, "talk_rate": 50.0, "win_rate": 50.0, "answered": 4.0}
    assert compared(Figures(attempts=10))["talk_rate"] is None
