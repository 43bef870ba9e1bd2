"""Limits, hysteresis and patience of every alarm of the chassis, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.chassis.judge import Change, Judge, level
from appliance.chassis.messages import Readings, Relay, RelayState, Severity, Supply
from appliance.chassis.rules import RULES, Seen

GOOD = Supply(is_present=True, is_ok=True, volts=12.0, amperes=4.0)
HEALTHY = Readings(
    supplies=(GOOD, GOOD),
    fans_rpm=(3000, 3000, 3000, None),
    inlet_c=25.0,
    cpu_c=50.0,
    card_c=None,
    relay=RelayState(Relay.BOX_A, Relay.BOX_A),
)
FINE = Seen(HEALTHY, 0.3, 10.0, "", "node 16 on can0", has_line_relay=True)
BY_NAME = {rule.name: rule for rule in RULES}


def seen(**changes: object) -> Seen:
    """A healthy chassis with these readings changed."""
    return replace(FINE, readings=msgspec.structs.replace(HEALTHY, **changes))


@dataclass
class Bench:
    """A judge that looks ten times a second."""

    judge: Judge = field(default_factory=Judge)
    now: float = 0.0

    def run(self, look: Seen, seconds: float) -> list[Change]:
        changes: list[Change] = []
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            changes += self.judge.look(look, self.now)
        return changes


FAULTS: dict[str, tuple[Seen, Severity, str]] = {
    "supply_a": (
        seen(supplies=(msgspec.structs.replace(GOOD, is_ok=False, volts=0.0), GOOD)),
        Severity.CRITICAL,
        "Power supply A has failed",
    ),
    "supply_b": (
        seen(supplies=(GOOD, Supply(is_present=False, is_ok=False, volts=0.0, amperes=0.0))),
        Severity.CRITICAL,
        "Power supply B is missing",
    ),
    "voltage_a": (
        seen(supplies=(msgspec.structs.replace(GOOD, volts=11.3), GOOD)),
        Severity.WARNING,
        "11.30 V, 6 % off",
    ),
    "voltage_b": (
        seen(supplies=(GOOD, msgspec.structs.replace(GOOD, volts=13.5))),
        Severity.CRITICAL,
        "13.50 V, 12 % off",
    ),
    "fan_1": (seen(fans_rpm=(0, 3000, 3000, None)), Severity.CRITICAL, "Fan 1 stands"),
    "fan_2": (seen(fans_rpm=(3000, 900, 3000, None)), Severity.WARNING, "Fan 2 turns too slowly: 900/min"),
    "fan_3": (seen(fans_rpm=(3000, 3000, 499, None)), Severity.CRITICAL, "Fan 3 stands"),
    "fan_4": (seen(fans_rpm=(3000, 3000, 3000, 10)), Severity.CRITICAL, "Fan 4 stands"),
    "temperature_inlet": (seen(inlet_c=41.0), Severity.WARNING, "41.0 °C"),
    "temperature_cpu": (seen(cpu_c=96.5), Severity.CRITICAL, "96.5 °C (warning from 85, critical from 95)"),
    "temperature_card": (seen(card_c=70.0), Severity.WARNING, "Line card: 70.0 °C"),
    "relay": (
        seen(relay=RelayState(Relay.BOX_B, Relay.BOX_A)),
        Severity.CRITICAL,
        "told box_b and stands at box_a",
    ),
    "controller": (replace(FINE, age_s=5.0), Severity.WARNING, "node 16 on can0) has been silent for 5 s"),
    "bus_flooded": (replace(FINE, frames_per_s=900.0), Severity.WARNING, "flooded: 900 frames/s"),
    "bus": (replace(FINE, bus_fault="can0 is bus-off."), Severity.WARNING, "can0 is bus-off."),
}


def test_every_rule_has_a_fault_here() -> None:
    assert sorted(FAULTS) == sorted(BY_NAME)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_raises_its_alarm_alone_and_clears_it(name: str) -> None:
    broken, severity, what = FAULTS[name]
    bench = Bench()
    assert bench.run(FINE, 20) == []

    raised = bench.run(broken, 20)
    cleared = bench.run(FINE, 20)

    assert [(change.name, change.severity) for change in raised] == [(name, severity)]
    assert what in raised[0].what
    assert [(change.name, change.severity) for change in cleared] == [(name, None)]
    assert bench.judge.standing() == {}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_what_lasts_less_than_the_patience_is_no_alarm(name: str) -> None:
    broken = FAULTS[name][0]
    bench = Bench()
    for _ in range(50):
        assert bench.run(FINE, 0.3) == []
        assert bench.run(broken, BY_NAME[name].raise_s - 0.2) == []


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_an_alarm_that_comes_and_goes_stands(name: str) -> None:
    broken = FAULTS[name][0]
    bench = Bench()
    bench.run(broken, 10)
    for _ in range(50):
        assert bench.run(FINE, BY_NAME[name].clear_s - 0.2) == []
        assert bench.run(broken, 0.3) == []


def flicker(low: float, high: float) -> Callable[[float], list[Change]]:
    """A CPU whose temperature swings between two values."""
    bench = Bench()

    def run(seconds: float) -> list[Change]:
        changes: list[Change] = []
        for _ in range(round(seconds / 30)):
            changes += bench.run(seen(cpu_c=low), 15) + bench.run(seen(cpu_c=high), 15)
        return changes

    return run


def test_a_value_that_swings_within_the_hysteresis_raises_once() -> None:
    assert [change.severity for change in flicker(82.5, 85.5)(600)] == [Severity.WARNING]


def test_a_value_that_swings_wider_than_the_hysteresis_is_told_each_time() -> None:
    assert len(flicker(81.5, 85.5)(600)) > 10


def test_it_gets_worse_and_better_in_steps() -> None:
    bench = Bench()
    severities = [
        [change.severity for change in bench.run(seen(cpu_c=value), 20)] for value in (90, 97, 93, 91, 83, 80)
    ]

    assert severities == [[Severity.WARNING], [Severity.CRITICAL], [], [Severity.WARNING], [], [None]]


def test_alarms_of_readings_stand_while_the_controller_is_silent() -> None:
    bench = Bench()
    bench.run(seen(cpu_c=97.0), 10)

    changes = bench.run(replace(FINE, age_s=60.0), 120)

    assert [change.name for change in changes] == ["controller"]
    assert bench.judge.standing() == {"controller": Severity.WARNING, "temperature_cpu": Severity.CRITICAL}


def test_a_controller_that_never_spoke_is_silent_and_nothing_else() -> None:
    bench = Bench()

    assert [change.name for change in bench.run(replace(FINE, readings=None, age_s=30.0), 60)] == [
        "controller"
    ]


def test_a_box_without_a_relay_has_no_alarm_of_one() -> None:
    differs = FAULTS["relay"][0]

    assert Bench().run(replace(differs, has_line_relay=False), 60) == []


def test_contacts_that_say_nothing_are_an_alarm() -> None:
    changes = Bench().run(seen(relay=RelayState(Relay.BOX_B, None)), 60)

    assert "stands at between" in changes[0].what


def test_a_fan_that_was_taken_out_of_the_plan_clears_its_alarm() -> None:
    bench = Bench()
    bench.run(seen(fans_rpm=(0, 3000, 3000, None)), 10)

    assert [change.severity for change in bench.run(seen(fans_rpm=(None, 3000, 3000, None)), 10)] == [None]


@given(value=st.floats(-1e6, 1e6), standing=st.sampled_from([None, *Severity]))
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_level_once_found_is_stable(rule: object, value: float, standing: Severity | None) -> None:
    tested = next(each for each in RULES if each is rule)
    found = level(tested, value, standing)

    assert level(tested, value, found) == found
