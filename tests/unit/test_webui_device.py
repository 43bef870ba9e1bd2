"""装置 as data, /metrics as Prometheus reads it, and who may see either."""

from __future__ import annotations

import re

import msgspec
import pytest

from appliance.dialer.messages import Board, SeatBoard, SpanBoard
from appliance.monitoring.plugin import Status
from tests.browser import box
from webui import device, device_view, metrics
from webui.words import translator

JA = translator("ja")
NOW = 1_795_000_000.0
BOARD = Board(
    1, 5.0, seats=(SeatBoard(1, "A-01", "201", state="talking"), SeatBoard(2, "A-02", "202")),
    spans=(SpanBoard(1, True, "", "st.x" + "." * 19, 20), SpanBoard(2, False, "RED", "." * 23, 20)),
)  # fmt: skip
SAMPLE = re.compile(
    r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+-]+'
)


def test_the_first_sentence_is_the_worst_problem_and_what_to_do() -> None:
    well = box.health(NOW)
    assert device_view.headline(well, JA, "ja") == {"weight": "ok", "sentence": "正常です。", "remedy": ""}
    warned = box.raised(well, "ping", Status.WARNING, "ping_slow", {"rtt": "200"})
    broken = box.raised(warned, "pri", Status.CRITICAL, "pri_down", {"down": "2", "alarm": "RED"})
    first = device_view.headline(broken, JA, "ja")
    assert (first["weight"], first["sentence"]) == ("bad", "回線（INS1500）: 回線2が不通です（RED）。")
    assert "ケーブル" in first["remedy"]
    assert device_view.headline(None, JA, "ja")["weight"] == "bad"


def test_what_is_bad_once_is_looked_at_again_and_lights_no_lamp() -> None:
    doubted = {"status": Status.WARNING, "alarm": "doubtful", "key": "backup_none", "values": {}}
    checks = tuple(
        msgspec.structs.replace(check, **doubted) if check.name == "backup" else check
        for check in box.health(NOW).checks
    )
    found = msgspec.structs.replace(box.health(NOW), checks=checks)
    said = "確認中です。バックアップ: バックアップがまだ1つもありません。"
    assert device_view.headline(found, JA, "ja") == {"weight": "doubt", "sentence": said, "remedy": ""}
    assert (device_view.lamp(found, JA, "ja")["weight"], device_view.lamp(found, JA, "ja")["count"]) == (
        "ok",
        0,
    )
    broken = box.raised(found, "mirror", Status.CRITICAL, "mirror_broken", {})
    assert device_view.headline(broken, JA, "ja")["weight"] == "bad"


def test_what_is_not_set_up_is_told_apart_from_what_is_not_fitted() -> None:
    found = box.health(NOW)
    unset = {"key": "unset", "is_fitted": False}
    checks = tuple(
        msgspec.structs.replace(check, **unset) if check.name == "ping" else check for check in found.checks
    )
    shown = device_view.cards(msgspec.structs.replace(found, checks=checks), BOARD, {}, JA, "ja")
    rows = {row.name: row for card in shown for row in card.rows}
    assert (rows["ping"].weight, rows["ping"].sentence) == ("none", "設定されていません。")
    assert rows["panel"].sentence == "この装置にはありません。"


def test_every_check_stands_in_one_card() -> None:
    shown = [name for card in device_view.CARDS for name in card.checks]
    assert sorted(shown) == sorted(check.name for check in box.health(NOW).checks)


def test_cells_show_what_each_channel_does() -> None:
    found = msgspec.structs.replace(box.health(NOW), stuck=("1/2",))
    lines = device_view.cards(found, BOARD, {}, JA, "ja")[0]
    assert [channel.word for channel in lines.spans[0].channels[:4]] == ["発信", "残留", "空", "障害"]
    assert (lines.spans[0].busy, lines.spans[1].is_up) == (2, False)


def test_a_curve_is_cut_at_a_pause_and_ends_now() -> None:
    now = box.health(NOW).now_at
    points = tuple((now - 86_000 + 300 * step, float(step)) for step in (0, 1, 2, 100, 101, 286))
    found = msgspec.structs.replace(box.health(NOW), now_at=now)
    line = device_view.cards(found, BOARD, {"pri": points}, JA, "ja")[0].line
    assert len(line.parts) == 2, "a lone point is no curve"
    assert (line.low, line.high) == ("0", "286")


def test_the_cards_stand_without_a_monitor() -> None:
    found = device_view.cards(None, Board(0, 0.0), {}, JA, "ja")
    assert [card.weight for card in found] == ["none"] * 6
    assert device_view.lamp(None, JA, "ja")["weight"] == "bad"


def test_what_explains_an_alarm_is_named() -> None:
    found = box.health(NOW)
    checks = tuple(
        msgspec.structs.replace(
            check, status=Status.CRITICAL, key="unanswered", values={"what": "x"}, held_by="processes"
        )
        if check.name == "pri"
        else check
        for check in found.checks
    )
    lines = device_view.cards(msgspec.structs.replace(found, checks=checks), BOARD, {}, JA, "ja")[0]
    assert lines.rows[0].sentence.endswith("（原因：プログラム）")


def test_metrics_keep_to_prometheus_form() -> None:
    found = box.raised(box.health(NOW), "mirror", Status.CRITICAL, "mirror_broken", {"array": 'md"0\\\n'})
    lines = metrics.text(found, BOARD, is_up=True).splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert [line for line in samples if not SAMPLE.fullmatch(line)] == []
    assert 'yobirin_check_status{check="mirror"} 2' in samples
    assert 'yobirin_check_value{check="disk",figure="free",unit="MB"} 184000' in samples
    assert 'yobirin_channels{span="1",state="talking"} 1' in samples
    assert 'yobirin_span_up{span="2"} 0' in samples
    assert 'yobirin_seats{state="talking"} 1' in samples
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert not any("201" in line or "A-01" in line for line in samples), "no telephone, no person"


def test_metrics_say_who_is_away() -> None:
    assert metrics.text(None, BOARD, is_up=False) == (
        "# HELP yobirin_process_up Whether a process answers the page.\n# TYPE yobirin_process_up gauge\n"
        'yobirin_process_up{process="dialer"} 0\nyobirin_process_up{process="monitor"} 0\n'
    )


@pytest.mark.parametrize(
    ("address", "networks", "may"),
    [
        ("192.168.1.7", (), False),
        ("192.168.1.7", ("192.168.1.0/24",), True),
        ("192.168.2.7", ("192.168.1.0/24",), False),
        ("192.168.2.7", ("192.168.1.0/24", "192.168.2.7"), True),
        ("fe80::1", ("192.168.1.0/24",), False),
        ("nonsense", ("0.0.0.0/0",), False),
    ],
)
def test_metrics_are_for_the_allow_list_alone(address: str, networks: tuple[str, ...], may: bool) -> None:
    assert device._is_allowed(address, networks) is may
