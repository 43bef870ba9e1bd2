"""Patterns, scenes and priorities of the front panel, and the figure drawn from them."""

from __future__ import annotations

import itertools
import math

import msgspec
import pytest

from appliance.gpio_leds import front_panel, lamps
from appliance.gpio_leds.lamps import ALARMS, DISKS, LINES, Asked, Lamp, Scene
from appliance.gpio_leds.messages import BoxState, Disks, Fault, Line, Phase, Worst
from appliance.gpio_leds.patterns import (
    FAST,
    OFF,
    ON,
    SLOW,
    TICK_S,
    Light,
    Pattern,
    code_steps,
    is_lit,
    round_s,
)


def flashes(code: int) -> list[int]:
    """How a person reads a code: flashes per group, groups told apart by a dark of a second or more."""
    steps = code_steps(code)
    groups: list[int] = []
    dark = 10
    for before, lit in itertools.pairwise((False, *steps)):
        if lit and not before:
            if dark >= 10:
                groups.append(0)
            groups[-1] += 1
        dark = 0 if lit else dark + 1
    return groups


@pytest.mark.parametrize(
    ("code", "groups"), [(1, [1]), (9, [9]), (0, [10]), (12, [1, 2]), (105, [1, 10, 5]), (255, [2, 5, 5])]
)
def test_a_code_is_counted_digit_by_digit(code: int, groups: list[int]) -> None:
    assert flashes(code) == groups


def test_a_code_ends_with_a_longer_dark_than_between_digits() -> None:
    steps = code_steps(11) * 2
    darks = [len(list(run)) for lit, run in itertools.groupby(steps) if not lit]

    assert darks == [25, 13, 28, 13, 3]  # the pause that begins, and those after a flash's own dark


@pytest.mark.parametrize("light", [OFF, ON, SLOW, FAST, Light(Pattern.CODE, 42)])
def test_a_pattern_is_the_same_one_round_later(light: Light) -> None:
    times = [tick * TICK_S for tick in range(200)]

    assert [is_lit(light, at) for at in times] == [is_lit(light, at + round_s(light)) for at in times]


@pytest.mark.parametrize(("light", "edges"), [(OFF, 0), (ON, 0), (SLOW, 10), (FAST, 50)])
def test_blinking_in_ten_seconds(light: Light, edges: int) -> None:
    lit = [is_lit(light, tick * TICK_S) for tick in range(101)]

    assert sum(before != after for before, after in itertools.pairwise(lit)) == edges


def test_fast_stays_below_three_flashes_a_second() -> None:
    assert 1 / round_s(FAST) < 3


def test_only_a_code_blink_has_a_code() -> None:
    with pytest.raises(AssertionError):
        Light(Pattern.SLOW, 3)


RUNNING = BoxState(phase=Phase.RUNNING, lines=(Line.UP, Line.ALARM), disks=Disks.OK, address="192.168.1.105")


def test_a_running_box() -> None:
    assert lamps.lights(RUNNING) == {
        Lamp.POWER: ON,
        Lamp.STATUS: SLOW,
        Lamp.SPAN_1: ON,
        Lamp.SPAN_2: FAST,
        Lamp.SPAN_3: OFF,
        Lamp.SPAN_4: OFF,
        Lamp.SPAN_5: OFF,
        Lamp.DISKS: ON,
        Lamp.ALARM: OFF,
    }


@pytest.mark.parametrize("line", list(Line))
def test_each_state_of_a_line(line: Line) -> None:
    state = BoxState(phase=Phase.RUNNING, lines=(Line.UP, Line.UP, line))

    assert lamps.lights(state)[Lamp.SPAN_3] == LINES[line]


def test_states_that_differ_look_different() -> None:
    assert len(set(LINES.values())) == len(LINES)
    assert len(set(DISKS.values())) == len(DISKS)
    assert len(set(ALARMS.values())) == len(ALARMS)


def test_no_two_scenes_look_alike_when_nothing_is_wrong() -> None:
    healthy = BoxState(lines=(Line.UP,), disks=Disks.OK, address="10.0.0.7")
    pictures = [lamps.lights(msgspec.structs.replace(healthy, phase=phase)) for phase in Phase]
    pictures += [lamps.lights(RUNNING, asked) for asked in (Asked.ADDRESS, Asked.FACTORY_RESET)]
    pictures.append(lamps.lights(msgspec.structs.replace(healthy, is_located=True)))

    assert all(left != right for left, right in itertools.combinations(pictures, 2))
    assert len(pictures) == len(Scene)


def test_a_fault_is_counted_until_a_person_has_seen_it() -> None:
    state = BoxState(phase=Phase.RUNNING, worst=Worst.CRITICAL, fault=Fault.CHASSIS)
    seen = BoxState(phase=Phase.RUNNING, worst=Worst.CRITICAL, fault=Fault.CHASSIS, is_acknowledged=True)

    assert lamps.lights(state)[Lamp.ALARM] == Light(Pattern.CODE, 5)
    assert lamps.lights(seen)[Lamp.ALARM] == ON


@pytest.mark.parametrize("phase", list(Phase))
def test_an_alarm_shows_in_every_phase(phase: Phase) -> None:
    state = BoxState(phase=phase, worst=Worst.WARNING)

    assert lamps.lights(state)[Lamp.ALARM] == SLOW


def test_a_leftover_fault_without_an_alarm_is_dark() -> None:
    assert lamps.lights(BoxState(fault=Fault.KEY))[Lamp.ALARM] == OFF


def test_priorities() -> None:
    everything = BoxState(phase=Phase.STOPPING, is_located=True, worst=Worst.CRITICAL)

    assert lamps.scene(everything, Asked.FACTORY_RESET) is Scene.LOCATED
    assert lamps.scene(BoxState(phase=Phase.STOPPING), Asked.FACTORY_RESET) is Scene.FACTORY_RESET
    assert lamps.scene(BoxState(phase=Phase.BOOTING), Asked.ADDRESS) is Scene.ADDRESS
    assert lamps.scene(BoxState(phase=Phase.BOOTING)) is Scene.BOOTING


@pytest.mark.parametrize(("address", "light"), [("192.168.1.105", Light(Pattern.CODE, 105)), ("", FAST)])
def test_the_address_is_counted(address: str, light: Light) -> None:
    assert lamps.lights(BoxState(address=address), Asked.ADDRESS)[Lamp.STATUS] == light


def test_a_pattern_begins_when_it_was_asked_for() -> None:
    state = BoxState(address="10.0.0.1")
    asked_at = 1234.56
    first = next(
        tick
        for tick in range(100)
        if Lamp.STATUS in lamps.lamps(state, asked_at + tick * TICK_S, asked=Asked.ADDRESS, since=asked_at)
    )

    assert math.isclose(first * TICK_S, 2.5)  # the pause stands first


def test_a_running_box_never_stands_still() -> None:
    pictures = {lamps.lamps(RUNNING, tick * TICK_S) for tick in range(40)}

    assert len({Lamp.STATUS in picture for picture in pictures}) == 2


def test_the_figure_is_the_table() -> None:
    assert front_panel.FIGURE.read_text(encoding="utf-8") == front_panel.draw(), (
        "run python -m appliance.gpio_leds.front_panel"
    )


def test_the_figure_shows_every_lamp_and_every_state() -> None:
    figure = front_panel.draw()

    assert all(f'id="{lamp.value}"' in figure for lamp in Lamp)
    for words in (front_panel.LINE_WORDS, front_panel.DISK_WORDS, front_panel.WORST_WORDS):
        assert all(japanese in figure and english in figure for japanese, english in words.values())
