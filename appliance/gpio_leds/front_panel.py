"""Draws the figure of the front panel, `front-panel.svg`, from the tables in `lamps.py` and `patterns.py`.

`python -m appliance.gpio_leds.front_panel` writes it; a test fails while file and tables differ.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

from appliance.gpio_leds import button, lamps
from appliance.gpio_leds.lamps import Lamp, Scene
from appliance.gpio_leds.messages import BoxState, Disks, Fault, Line, Worst
from appliance.gpio_leds.patterns import STEPS, Light, Pattern, code_steps

FIGURE: Final = Path(__file__).with_name("front-panel.svg")

Words = tuple[str, str]  # Japanese, English

LABELS: Final[dict[Lamp, Words]] = {
    Lamp.POWER: ("電源", "POWER"),
    Lamp.STATUS: ("動作", "STATUS"),
    Lamp.SPAN_1: ("回線1", "LINE 1"),
    Lamp.SPAN_2: ("回線2", "LINE 2"),
    Lamp.SPAN_3: ("回線3", "LINE 3"),
    Lamp.SPAN_4: ("回線4", "LINE 4"),
    Lamp.SPAN_5: ("回線5", "LINE 5"),
    Lamp.DISKS: ("ディスク", "DISKS"),
    Lamp.ALARM: ("警報", "ALARM"),
}
SCENE_WORDS: Final[dict[Scene, Words]] = {
    Scene.LOCATED: ("画面の「この装置を探す」", "find this box (asked for on the page)"),
    Scene.FACTORY_RESET: (
        "初期化の要求 : コンソールで確認を待つ",
        "factory reset asked for: confirm at the console",
    ),
    Scene.ADDRESS: (
        "アドレスの最後の数(0 は 10 回)",
        "last number of the address (0: ten flashes)",
    ),
    Scene.BOOTING: ("起動中", "booting"),
    Scene.LOCKED: ("データの鍵を待つ", "waiting for the key of the data"),
    Scene.STOPPING: ("停止中", "stopping"),
    Scene.RUNNING: ("運転中(電源だけ点灯なら停止)", "running; power lamp alone: stopped"),
}
LINE_WORDS: Final[dict[Line, Words]] = {
    Line.ABSENT: ("使わない回線", "line not used"),
    Line.UP: ("正常", "in service"),
    Line.DOWN: ("D チャネル断", "D channel down"),
    Line.ALARM: ("回線断・警報・カードなし", "no signal, alarm, or no card"),
}
DISK_WORDS: Final[dict[Disks, Words]] = {
    Disks.UNKNOWN: ("確認前", "not checked yet"),
    Disks.OK: ("正常", "both disks work"),
    Disks.REBUILDING: ("ミラー再構築中", "mirror is rebuilding"),
    Disks.FULL: ("空き容量なし", "no space left"),
    Disks.DEGRADED: ("片方が故障・なし", "one disk failed or missing"),
    Disks.FAILED: ("使えるディスクなし", "no disk works"),
}
WORST_WORDS: Final[dict[Worst, Words]] = {
    Worst.OK: ("警報なし", "no alarm"),
    Worst.WARNING: ("注意", "warning"),
    Worst.CRITICAL: ("重大", "critical"),
}
FAULT_WORDS: Final[dict[Fault, Words]] = {
    Fault.NONE: ("", ""),
    Fault.CARD: ("回線カードなし・種別違い", "line card missing or of another mode"),
    Fault.LINES: ("回線", "lines"),
    Fault.DISKS: ("ディスク", "disks"),
    Fault.PROCESSES: ("プログラム・データベース", "a process, or the database"),
    Fault.CHASSIS: ("電源ユニット・ファン・温度", "power supply, fan, temperature"),
    Fault.CONTROLLER: ("筐体コントローラ応答なし", "chassis controller is silent"),
    Fault.KEY: ("USB キーなし", "USB key missing"),
    Fault.NETWORK: ("ネットワーク・時刻・メール", "network, clock, mail"),
    Fault.OTHER: ("その他", "other"),
}
PATTERN_WORDS: Final[dict[Pattern, Words]] = {
    Pattern.OFF: ("消灯", "off"),
    Pattern.ON: ("点灯", "on"),
    Pattern.SLOW: ("ゆっくり点滅", "slow blink"),
    Pattern.FAST: ("速い点滅", "fast blink"),
    Pattern.CODE: ("回点滅", "flashes"),
}
for _words, _whole in (
    (LABELS, Lamp),
    (SCENE_WORDS, Scene),
    (LINE_WORDS, Line),
    (DISK_WORDS, Disks),
    (WORST_WORDS, Worst),
    (FAULT_WORDS, Fault),
    (PATTERN_WORDS, Pattern),
):
    assert set(_words) == set(_whole), f"{_whole.__name__} is not wholly described"

WIDTH: Final = 1000
ROW: Final = 24
STRIP_S: Final = 8
LIT, DARK, INK, FAINT = "#2ca02c", "#d8dde3", "#1c2530", "#5b6875"

Row = tuple[str, str, Words]  # which lamp, what it does, what that means


def rows() -> Iterable[Row]:
    """Every line of the figure's table, read out of `lamps.py`."""
    for scene in Scene:
        yield "全体", _scene_text(scene), SCENE_WORDS[scene]
    for line in Line:
        yield "回線1-5", pattern_text(lamps.LINES[line]), LINE_WORDS[line]
    for disks in Disks:
        yield LABELS[Lamp.DISKS][0], pattern_text(lamps.DISKS[disks]), DISK_WORDS[disks]
    for worst in Worst:
        yield LABELS[Lamp.ALARM][0], pattern_text(lamps.ALARMS[worst]), WORST_WORDS[worst]
    seen = lamps.alarm_light(BoxState(worst=Worst.CRITICAL, is_acknowledged=True), Lamp.ALARM)
    yield LABELS[Lamp.ALARM][0], pattern_text(seen), ("確認済みの警報", "alarm seen by a person")
    for fault in list(Fault)[1:]:
        light = lamps.alarm_light(BoxState(worst=Worst.CRITICAL, fault=fault), Lamp.ALARM)
        yield LABELS[Lamp.ALARM][0], pattern_text(light), FAULT_WORDS[fault]


def pattern_text(light: Light) -> str:
    """A pattern in both languages."""
    japanese, english = PATTERN_WORDS[light.pattern]
    if light.pattern is not Pattern.CODE:
        return f"{japanese} {english}"
    return f"{light.code} {japanese} {light.code} {english if light.code > 1 else 'flash'}"


def _scene_text(scene: Scene) -> str:
    row = lamps.SCENES[scene]
    shown = (
        ("電源", Lamp.POWER),
        ("動作", Lamp.STATUS),
        ("回線・ディスク", Lamp.DISKS),
        ("警報", Lamp.ALARM),
    )
    if len(set(row.values())) == 1:
        return f"すべて {_source_text(row[Lamp.POWER])}"
    return " · ".join(f"{word} {_source_text(row[lamp])}" for word, lamp in shown)


def _source_text(source: lamps.Source) -> str:
    if isinstance(source, Light):
        return PATTERN_WORDS[source.pattern][0]
    return "数えて点滅" if source is lamps.address_light else "下記"


def draw() -> str:
    """The whole figure as SVG text."""
    table = list(rows())
    height = 330 + ROW * (len(table) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<title>Yobirin 前面パネル / front panel</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *_panel(),
        *_strips(),
        *_table(table, top=330),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel() -> Iterable[str]:
    yield '<rect x="20" y="20" width="960" height="110" rx="8" fill="#eef1f4" stroke="#5b6875"/>'
    for place, (lamp, (japanese, english)) in enumerate(LABELS.items()):
        x = 75 + place * 88
        yield f'<circle id="{lamp.value}" cx="{x}" cy="58" r="11" fill="{LIT}" stroke="{INK}"/>'
        yield _text(x, 92, japanese, size=15, anchor="middle")
        yield _text(x, 112, english, size=11, anchor="middle", fill=FAINT)
    yield f'<circle id="button" cx="900" cy="58" r="15" fill="#fff" stroke="{INK}" stroke-width="3"/>'
    yield _text(900, 92, "保守ボタン", size=15, anchor="middle")
    held = f"{button.ADDRESS_HELD_S:g} 秒 address · {button.FACTORY_RESET_HELD_S:g} 秒 reset"
    yield _text(900, 112, held, size=10, anchor="middle", fill=FAINT)


def _strips() -> Iterable[str]:
    yield _text(20, 165, f"点滅のしかた({STRIP_S} 秒) / blinking, {STRIP_S} s", size=15)
    shown = [(PATTERN_WORDS[pattern], STEPS[pattern]) for pattern in Pattern if pattern is not Pattern.CODE]
    shown.append((("2 回点滅", "2 flashes"), code_steps(2)))
    for row, ((japanese, english), steps) in enumerate(shown):
        y = 178 + row * 26
        yield _text(20, y + 14, f"{japanese} {english}", size=13)
        for tick in range(STRIP_S * 10):
            fill = LIT if steps[tick % len(steps)] else DARK
            yield f'<rect x="{230 + tick * 9}" y="{y}" width="9" height="16" fill="{fill}"/>'


def _table(table: list[Row], *, top: int) -> Iterable[str]:
    previous = ""
    for place, (lamp, does, (japanese, english)) in enumerate(table):
        y = top + ROW * place
        if lamp != previous:
            yield f'<line x1="20" x2="980" y1="{y}" y2="{y}" stroke="{FAINT}"/>'
            yield _text(20, y + 17, lamp, size=14)
        previous = lamp
        yield _text(85, y + 17, does, size=12)
        yield _text(450, y + 17, japanese, size=12)
        yield _text(735, y + 17, english, size=11, fill=FAINT)


def _text(x: int, y: int, text: str, *, size: int, anchor: str = "start", fill: str = INK) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'
    )


if __name__ == "__main__":
    FIGURE.write_text(draw(), encoding="utf-8")
    sys.stdout.write(f"{FIGURE}\n")
